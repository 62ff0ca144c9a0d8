"""What is known about each expected language, as arrays: its profile, its competitors, its scripts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinchmix.language import script_of
from pinchmix.validators.langid.neighbours import candidates, column
from pinchmix.validators.langid.profiles import profiles
from pinchmix.validators.langid.script import COUNT, SCRIPTS, columns_of, script_decides


@dataclass(frozen=True)
class Tongues:
    """The expected languages of a call, one row each.

    Attributes:
        tags: Their canonical tags.
        supported: Whether a profile stands for the language.
        profile: The flag of that profile's column.
        own: The flags of all columns that count as the language: both of Chinese.
        candidates: The flags of the columns that compete, the own ones among them.
        accepted: The flags of the scripts that the language is written in.
        decides: Whether its script alone decides.
        chinese: Whether it is written in Chinese characters only.
        japanese: Whether it is written in Chinese characters and kana.
    """

    tags: tuple[str, ...]
    supported: NDArray[np.bool_]
    profile: NDArray[np.bool_]
    own: NDArray[np.bool_]
    candidates: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    decides: NDArray[np.bool_]
    chinese: NDArray[np.bool_]
    japanese: NDArray[np.bool_]

    @classmethod
    def of(cls, tags: tuple[str, ...], languages: frozenset[str]) -> Tongues:
        """Return what is known about some languages in a data set of some languages.

        Args:
            tags: The expected languages, canonical.
            languages: The languages of the data set, canonical.

        Example:
            >>> two = Tongues.of(("eu", "zh"), frozenset())
            >>> two.supported.tolist(), two.own.sum(axis=1).tolist(), two.chinese.tolist()
            ([False, True], [0, 2], [False, True])
        """
        known = profiles().languages
        chinese = np.array([script_of(tag) in ("Hans", "Hant") for tag in tags], dtype=bool)
        profile = np.array([[number == column(tag) for number in range(len(known))] for tag in tags], dtype=bool)
        profile = profile.reshape(len(tags), len(known))
        both = np.array([script_of(tag) in ("Hans", "Hant") for tag in known])
        supported: NDArray[np.bool_] = np.any(profile, axis=1)
        own = profile | (supported & chinese)[:, None] & both
        competing = np.array([candidates(tag, languages) for tag in tags], dtype=bool).reshape(own.shape)
        accepted = np.zeros((len(tags), COUNT), dtype=bool)
        for number, tag in enumerate(tags):
            accepted[number, list(columns_of(script_of(tag)))] = True
        return cls(
            tags=tags,
            supported=supported,
            profile=profile,
            own=own,
            candidates=competing | own,
            accepted=accepted,
            decides=np.array([script_decides(tag, languages) for tag in tags], dtype=bool),
            chinese=chinese,
            japanese=np.array([script_of(tag) == "Jpan" for tag in tags], dtype=bool),
        )


def columns_by_script() -> NDArray[np.bool_]:
    """Return which profiles are written in each script, one row a script as in ``SCRIPTS``.

    Chinese characters alone are Chinese here, kana are Japanese.

    Example:
        >>> flags = columns_by_script()[SCRIPTS["Hang"]]
        >>> [profiles().languages[number] for number in flags.nonzero()[0]]
        ['ko']
    """
    flags = np.zeros((COUNT, len(profiles().languages)), dtype=bool)
    for number, tag in enumerate(profiles().languages):
        for script in columns_of(script_of(tag)):
            flags[script, number] = script != SCRIPTS["Hani"] or script_of(tag) != "Jpan"
    return flags
