"""Hypothesis strategies shared by tests: awkward texts, ids and small parallel grids."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

# What has broken readers before: other line ends, quotes, separators, marks of direction, combining marks, escapes.
_AWKWARD = [
    *"aZ0 ,;\t\n\r\"'\\{}|\u0000\u0085\u2028\u2029\ufeff\u200d\u202e\u0301éßİ中ا",
    *("😀", "👩‍👩‍👧", "\r\n", '""', "NA"),
]
_WHOLE = (
    "NA",
    "null",
    "007",
    "1e5",
    "2020-01-01",
    "True",
    "-",
    "'",
    '"',
    "a,b",
    "=1+1",
    " both ends ",
    "{lang}",
    "\\N",
    "0x1f",
)


def _shows(text: str) -> bool:
    return any(char.isprintable() and not char.isspace() for char in text)


def texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Return texts that show something, however strange."""
    pieces = st.one_of(st.sampled_from(_AWKWARD), st.characters(exclude_categories=["Cs"]))
    made = st.lists(pieces, min_size=1, max_size=max_size).map("".join).filter(_shows)
    return st.one_of(st.sampled_from(_WHOLE), made)


class Cells(NamedTuple):
    """Prompt and response of each cell: language → id → (prompt, response); every language has an id."""

    of: dict[str, dict[str, tuple[str, str]]]

    def rows(self, language: str) -> list[dict[str, str]]:
        """Return the rows of a language."""
        return [
            {"id": key, "prompt": prompt, "response": response} for key, (prompt, response) in self.of[language].items()
        ]

    @property
    def ids(self) -> list[str]:
        """All ids, each once."""
        return list(dict.fromkeys(key for rows in self.of.values() for key in rows))


@st.composite
def grids(draw: st.DrawFn) -> Cells:
    """Return parallel data in two to four languages with gaps."""
    languages = draw(
        st.lists(st.sampled_from(["en", "sw", "zh-Hant", "id", "he"]), min_size=2, max_size=4, unique=True)
    )
    ids = draw(st.lists(texts(6), min_size=1, max_size=5, unique=True))
    chosen = {language: draw(st.lists(st.sampled_from(ids), min_size=1, unique=True)) for language in languages}
    return Cells({language: {key: (draw(texts()), draw(texts())) for key in keys} for language, keys in chosen.items()})
