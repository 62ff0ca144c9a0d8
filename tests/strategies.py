"""Hypothesis strategies shared by tests: awkward texts, ids and small parallel grids."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from pinchmix.budget import Budget
from pinchmix.family import Family
from pinchmix.policy import MISMATCH, UNSURE, Check
from pinchmix.recipe import COUNTED, PARALLEL, Recipe

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


# Recipes ------------------------------------------------------------------------------------------------------------

TAGS = ("en", "no", "zh-Hant", "fil", "he", "sw")  # of which YAML takes one for false
WOVEN = ("fi>en", "zh-Hant>no", "translate(en>fi)", "translate(en>fi,response)", "switch(en,fi)")
NAMES = (*TAGS, *WOVEN)  # whatever a budget may name
UNITS = ("examples", "tokens", "characters", "bytes")


def fractions() -> st.SearchStrategy[Fraction]:
    """Return fractions above 0, of which few are decimals."""
    return st.fractions(min_value=Fraction(1, 10**9), max_value=50, max_denominator=10**9)


@st.composite
def budgets(draw: st.DrawFn) -> Budget:
    """Return a budget of any kind, with and without bounds, groups, other units and woven columns."""
    common: dict[str, Any] = {"unit": draw(st.sampled_from(UNITS))}
    for name in ("minimum", "maximum"):
        bound = st.one_of(st.integers(0, 9), st.dictionaries(st.sampled_from(["*", *NAMES]), st.integers(0, 9)))
        common |= {name: draw(bound)} if draw(st.booleans()) else {}
    groups = {"1e3": ["it", "es"], "a: #b": ["ar", "ar>it", "switch(ar,it)"]}
    grouped = draw(st.booleans())
    common |= {"groups": groups} if grouped else {}
    total = draw(st.integers(1, 10**12))
    sizes = draw(st.none() | st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10**18), min_size=1))
    names = st.lists(st.sampled_from(["*", *NAMES, *(groups if grouped else ())]), min_size=1, unique=True)
    kind = draw(st.sampled_from(sorted(KINDS)))
    return KINDS[kind](draw, total, sizes, draw(names), common)


def _shares(draw: st.DrawFn, total: int, sizes: Any, names: list[str], common: dict[str, Any]) -> Budget:
    parts = [draw(fractions()) for _ in names]
    origin = {"file": draw(texts(6)).translate({47: None, 92: None}) + "x", "sha256": "0" * 64, "note": draw(texts())}
    more = {"origin": origin} if draw(st.booleans()) else {}
    return Budget.shares({name: part / sum(parts) for name, part in zip(names, parts, strict=True)}, total=total,
                         **common, **more)  # fmt: skip


def _pinch(draw: st.DrawFn, total: int, sizes: Any, names: list[str], common: dict[str, Any]) -> Budget:
    size = {"percent": draw(fractions())} if draw(st.booleans()) else {"examples": draw(st.integers(0, total))}
    some = [name for name in names if name != "*"] or None
    pivot = draw(st.sampled_from([None, "en"]))
    pool = draw(st.sampled_from(["others", "all"]))
    return Budget.pinch(total, **size, pool=pool, pivot=pivot, languages=some, **common)


def _allocated(draw: st.DrawFn, total: int, sizes: Any, names: list[str], common: dict[str, Any]) -> Budget:
    made = Budget.allocated(draw(st.sampled_from(["uniform", "1e3"])), total, sizes=sizes, **common)
    return made.with_total(draw(st.integers(1, 10**6)))


KINDS: dict[str, Any] = {
    "counts": lambda draw, total, sizes, names, common: Budget.counts(
        {name: draw(st.integers(1, 10**9)) for name in names}, **common
    ),
    "shares": _shares,
    "pinch": _pinch,
    "uniform": lambda draw, total, sizes, names, common: Budget.uniform(total, **common),
    "proportional": lambda draw, total, sizes, names, common: Budget.proportional(total, sizes, **common),
    "temperature": lambda draw, total, sizes, names, common: Budget.temperature(
        total, alpha=draw(fractions()), sizes=sizes, **common
    ),
    "unimax": lambda draw, total, sizes, names, common: Budget.unimax(
        total, max_epochs=draw(fractions()), sizes=sizes, **common
    ),
    "allocated": _allocated,
}


def parameters() -> st.SearchStrategy[dict[str, Any]]:
    """Return parameters of a plugin: whatever JSON holds, under awkward names."""
    scalar = st.one_of(
        st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False),
        texts(), st.sampled_from(["no", "y", "off", "~", "", "1e3", "0o17", "1_000", "12:30", "<<", "=", "*a", "- x"]),
    )  # fmt: skip
    inner = st.recursive(
        scalar,
        lambda one: st.one_of(st.lists(one, max_size=3), st.dictionaries(texts(6), one, max_size=3)),
        max_leaves=6,
    )
    return st.dictionaries(st.one_of(texts(6), st.sampled_from(["no", "y", "1e3", "<<", "="])), inner, max_size=3)


def checks() -> st.SearchStrategy[Check]:
    """Return a check with any outcome and parameters."""
    return st.builds(Check, texts(6), st.sampled_from(MISMATCH), st.sampled_from(UNSURE), parameters())


def wordings() -> st.SearchStrategy[dict[str, str]]:
    """Return what asks for translations, of languages and of columns."""
    asked = texts(6).map(lambda text: f"{text.replace('{', '')} {{text}}")
    names = [*TAGS, *(name for name in WOVEN if name.startswith("translate"))]
    return st.dictionaries(st.sampled_from(names), asked, max_size=3)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Return a recipe that differs from the default in anything."""
    names = draw(st.lists(st.sampled_from(["train", "valid", "n", "1e3", "true"]), unique=True, max_size=3))
    parts = [draw(fractions()) for _ in names]
    shares: dict[str, Any] = {name: part / sum(parts) for name, part in zip(names, parts, strict=True)}
    counts: dict[str, Any] = {name: draw(st.integers(0, 10**9)) for name in names}
    content = draw(st.sampled_from(["disjoint", "overlap(2)", "exactly(12)", "union", "cover", "same"]))
    return Recipe(
        budget=draw(budgets()),
        languages=draw(st.lists(st.sampled_from(TAGS), unique=True)),  # type: ignore[arg-type]
        pivot=draw(st.sampled_from(TAGS)),
        content=content,
        repeat=draw(st.integers(1, 10**6)),
        tokenizer=draw(st.sampled_from([{}, {"name": "no", "digest": "1e3"}])),
        counted=draw(st.sampled_from(COUNTED)),
        sampler=draw(texts(6)),
        settings=draw(parameters()),
        validators=draw(st.lists(checks(), max_size=3, unique_by=lambda check: check.name)),  # type: ignore[arg-type]
        parallel=draw(st.sampled_from(PARALLEL)),
        split=draw(st.sampled_from([shares, counts])),
        exclude=draw(st.sampled_from(["", "1e3", "0" * 32])),
        wording=draw(wordings()),
        seed=draw(st.integers(-(10**20), 10**20)),
    )


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Return a family, of alike recipes with laws or of any without."""
    shown = texts(6).map(lambda text: f"{''.join(filter(str.isprintable, text))}x")
    names = draw(st.lists(st.one_of(shown, st.sampled_from(["no", "10", "1e3"])), min_size=1, max_size=3, unique=True))
    base = draw(recipes())
    if draw(st.booleans()):
        members = {name: draw(st.just(base) | recipes()) for name in names}
        return Family(draw(shown), members, source=draw(shown | st.just("")))
    alike = {
        name: Recipe(Budget.counts({"no": number + 1, "en": 9}), settings=base.settings, seed=base.seed)
        for number, name in enumerate(names)
    }
    return Family(draw(shown), alike, constant=draw(st.booleans()), nested=[names])  # type: ignore[arg-type]
