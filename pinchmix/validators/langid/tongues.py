"""What is known about each expected language, as arrays: its columns, its competitors, its scripts, its thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pinchmix.language import script_of
from pinchmix.validators.langid.backend import Backend, Thresholds
from pinchmix.validators.langid.codes import frozen
from pinchmix.validators.langid.neighbours import candidates, chinese, column, everything, own_columns, related
from pinchmix.validators.langid.script import COUNT, SCRIPTS, columns_of, other_scripts, script_decides


@dataclass(frozen=True)
class Tongues:
    """The expected languages of a call, one row each.

    Attributes:
        tags: Their canonical tags.
        backend: Who tells languages apart.
        supported: Whether a column of the backend stands for the language.
        profile: The flag of that column.
        own: The flags of all columns that count as the language: its group, both of Chinese.
        candidates: The flags of the columns that compete, the own ones among them.
        related: The flags of the columns that are easily taken for it.
        accepted: The flags of the scripts that the language is written in.
        decides: Whether its script alone decides.
        chinese: Whether it is written in Chinese characters only.
        japanese: Whether it is written in Chinese characters and kana.
        variant: Whether the other of the two Chinese scripts is a mismatch.
        sibling: Whether Chinese in the other of its two scripts is a doubt at least: where the data set has it apart,
            and for ``zh``, which is what a source's ``zh-Hans`` is called by the time it is judged.
        others: The rows of the same language in its other scripts, as long as all rows; -1 beyond the last.
        aside: Whether a row is a language in a script that is not its usual one, and not asked for.
        accept: The least probability of a text that is in the language.
        reject: The greatest probability of a text that is not.
        evidence: The least evidence for a rejection.
    """

    tags: tuple[str, ...]
    backend: Backend
    supported: NDArray[np.bool_]
    profile: NDArray[np.bool_]
    own: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    related: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    decides: NDArray[np.bool_]
    chinese: NDArray[np.bool_]
    japanese: NDArray[np.bool_]
    variant: NDArray[np.bool_]
    sibling: NDArray[np.bool_]
    others: NDArray[np.int64]
    aside: NDArray[np.bool_]
    accept: NDArray[np.float64]
    reject: NDArray[np.float64]
    evidence: NDArray[np.int64]

    @property
    def english_at(self) -> int:
        """The column of English, 0 if there is none."""
        known = self.backend.languages
        return known.index("en") if "en" in known else 0

    @property
    def english(self) -> NDArray[np.bool_]:
        """Whether English competes for each language."""
        at = self.english_at
        flags: NDArray[np.bool_] = self.candidates[:, at] & (self.backend.languages[at] == "en")
        return flags

    @classmethod
    def of(
        cls,
        tags: tuple[str, ...],
        languages: frozenset[str],
        backend: Backend,
        *,
        asked: Sequence[bool] = (),
        strict: bool = False,
        candidates_from: str | Sequence[str] = "",
        thresholds: Mapping[str, Thresholds] = MappingProxyType({}),
    ) -> Tongues:
        """Return what is known about some languages in a data set of some languages.

        Args:
            tags: The expected languages, canonical.
            languages: The languages of the data set, canonical.
            backend: Who tells languages apart.
            asked: Whether each tag names its script, so that it is held to it; as long as tags. A tag that does not
                stands for its language in all its scripts, which follow as further rows.
            strict: Whether only the language itself counts, where the backend tells it from its group, and only its
                own Chinese script.
            candidates_from: ``"neighbours"``, ``"open"`` or canonical tags that compete as well; "" for what the
                backend says.
            thresholds: By canonical tag or ``"*"``, instead of the backend's; how much evidence is enough the backend
                says all the same.

        Example:
            >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
            >>> two = Tongues.of(("eu", "zh"), frozenset(), LangdetectBackend())
            >>> two.supported.tolist(), two.own.sum(axis=1).tolist(), two.chinese.tolist()
            ([False, True], [0, 2], [False, True])
            >>> Tongues.of(("sr",), frozenset(), LangdetectBackend()).tags
            ('sr', 'sr-Latn')
        """
        named = np.array(asked or [False] * len(tags), dtype=bool)
        beside = [() if flag else other_scripts(tag) for tag, flag in zip(tags, named.tolist(), strict=True)]
        usual_rows = len(tags)
        others = np.full((usual_rows + sum(map(len, beside)), max(map(len, beside), default=0)), -1, dtype=np.int64)
        for number, some in enumerate(beside):
            others[number, : len(some)] = len(tags) + np.arange(len(some))
            tags += some
        named = np.append(named, np.ones(len(tags) - usual_rows, dtype=bool))
        known = backend.languages
        width = (len(tags), len(known))
        how = candidates_from or backend.candidates
        data = languages if isinstance(how, str) else languages.union(how)
        own = np.array([own_columns(tag, known, strict) for tag in tags], dtype=bool).reshape(width)
        competing = [everything(tag, known) if how == "open" else candidates(tag, data, known) for tag in tags]
        profile = np.array([np.arange(len(known)) == column(tag, known) for tag in tags], dtype=bool).reshape(width)
        accepted = np.zeros((len(tags), COUNT), dtype=bool)
        for number, tag in enumerate(tags):
            accepted[number, list(columns_of(script_of(tag)))] = True
        usual = [backend.thresholds.get(tag, backend.thresholds["*"]) for tag in tags]
        limits = [thresholds.get(tag, thresholds.get("*", limit)) for tag, limit in zip(tags, usual, strict=True)]
        return cls(
            tags=tags,
            backend=backend,
            supported=np.any(own, axis=1),
            profile=profile,
            own=own,
            candidates=np.array(competing, dtype=bool).reshape(width) | own,
            related=np.array([related(tag, known) for tag in tags], dtype=bool).reshape(width),
            accepted=accepted,
            decides=np.array([script_decides(tag, languages) for tag in tags], dtype=bool),
            chinese=np.array([chinese(tag) for tag in tags], dtype=bool),
            japanese=np.array([script_of(tag) == "Jpan" for tag in tags], dtype=bool),
            variant=named | strict,
            sibling=np.array([_doubts_other_chinese(tag, languages) for tag in tags], dtype=bool),
            others=others,
            aside=np.arange(len(tags)) >= usual_rows,
            accept=np.array([limit.accept for limit in limits], dtype=np.float64),
            reject=np.array([limit.reject for limit in limits], dtype=np.float64),
            evidence=np.array([limit.evidence for limit in usual], dtype=np.int64),
        )

    def in_script(self, letters: NDArray[np.int64], tongue_of: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows that texts are judged by: of the script that most of their letters are in.

        Args:
            letters: Weighted letters by script, one row a text.
            tongue_of: The expected language of each text.

        Example:
            >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
            >>> serbian = Tongues.of(("sr",), frozenset(), LangdetectBackend())
            >>> letters = np.zeros((2, COUNT), dtype=np.int64)
            >>> letters[0, SCRIPTS["Latn"]] = letters[1, SCRIPTS["Cyrl"]] = 9
            >>> serbian.in_script(letters, np.array([0, 0])).tolist()
            [1, 0]
        """
        best: NDArray[np.int64] = tongue_of.copy()
        most = (letters * self.accepted[tongue_of]).sum(axis=1)
        for other in self.others[tongue_of].T:
            found = np.where(other >= 0, (letters * self.accepted[other]).sum(axis=1), -1)
            best, most = np.where(found > most, other, best), np.maximum(found, most)
        return best


def _doubts_other_chinese(tag: str, languages: frozenset[str]) -> bool:
    """Whether text in the other of the two Chinese scripts is a doubt at least."""
    return tag == "zh" or (chinese(tag) and not languages.isdisjoint(_siblings(tag)))


def _siblings(tag: str) -> frozenset[str]:
    """Return the other tags of a language in Chinese characters."""
    base = tag.split("-")[0]
    return frozenset((base, f"{base}-Hans", f"{base}-Hant")) - {tag}


@cache
def columns_by_script(known: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which languages are written in each script, one row a script as in ``SCRIPTS``.

    Chinese characters alone are Chinese here, kana are Japanese.

    Example:
        >>> columns_by_script(("en", "ja", "ko", "zh"))[SCRIPTS["Hani"]].tolist()
        [False, False, False, True]
    """
    flags = np.zeros((COUNT, len(known)), dtype=bool)
    for number, tag in enumerate(known):
        for script in columns_of(script_of(tag)):
            flags[script, number] = script != SCRIPTS["Hani"] or script_of(tag) != "Jpan"
    return frozen(flags)
