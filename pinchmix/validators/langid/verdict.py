"""The verdict on each text: in the language it should be in, not in it, or nobody can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinchmix.errors import ArgumentError
from pinchmix.language import normalise_language
from pinchmix.text.wording import near
from pinchmix.validators.langid.backend import DIGITS, Backend, Thresholds, posterior
from pinchmix.validators.langid.backends import find_backend
from pinchmix.validators.langid.codes import batches
from pinchmix.validators.langid.gates import (
    CODE,
    FEW_KANA,
    MISMATCH,
    OK,
    OPEN,
    REJECT_LETTERS,
    SHORT_LETTERS,
    UNSURE,
    Seen,
    by_script,
    look,
)
from pinchmix.validators.langid.neighbours import chinese
from pinchmix.validators.langid.script import SCRIPTS
from pinchmix.validators.langid.segments import (
    WINDOWED_LETTERS,
    borrowing,
    foreign_letters,
    framed,
    name_or_list,
    repeating,
    segment_shares,
)
from pinchmix.validators.langid.tongues import Tongues, columns_by_script

# Sentences of a rejected text: mostly right passes, a fifth right is mixed.
SEGMENTS_RIGHT, SEGMENTS_MIXED = 0.8, 0.2
# A text is mixed when this much of it is in another language, in weighted letters and as a share: a sentence, no title.
FOREIGN_LETTERS, FOREIGN_SHARE = 45, 0.3
# Which of the two Chinese scripts: as sure as this the text is in the other one.
VARIANT = 0.1
# English that is nothing else.
PLAIN = 0.99


@dataclass(frozen=True)
class TextVerdicts:
    """Verdicts on texts, as arrays of equal length.

    Attributes:
        verdict: 0 ok, 1 unsure, 2 mismatch.
        reason: The position in ``REASONS``.
        score: The probability of the expected language, NaN where words did not decide.
        top: The most likely language, "" where words were not looked at.
    """

    verdict: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    score: NDArray[np.float32]
    top: NDArray[np.object_]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.verdict)


def judge_texts(
    texts: Sequence[str],
    expected: Sequence[str],
    *,
    languages: Sequence[str] = (),
    backend: str | Backend = "langdetect",
    cascade: str | Backend | None = None,
    strict: bool = False,
    candidates: str | Sequence[str] = "",
    thresholds: Mapping[str, Thresholds] | None = None,
) -> TextVerdicts:
    """Judge whether texts are in the languages they should be in.

    Each verdict depends on the text, its expected language and the other arguments only: not on the other texts, on
    their order or on the process.

    Args:
        texts: The texts.
        expected: The language of each, as a tag. One that names a Chinese script, such as ``zh-Hans`` or ``zh-TW``,
            makes the other script a mismatch; so does ``sr-Latn``. One that names none, such as ``sr`` or ``yue``,
            stands for every script that its language is written in; for ``zh``, which by CLDR is Simplified, text that
            is plainly Traditional is a doubt.
        languages: The languages of the data set. They compete with the expected one, together with English and the
            languages that are easily taken for it.
        backend: Who tells languages apart, by name or as an object.
        cascade: Another backend, asked about texts that the first is unsure of by their words; it can only accept.
        strict: Whether Bosnian is no Croatian, as far as the backend can tell, and Traditional Chinese no Simplified.
        candidates: Which languages compete: ``"neighbours"`` for those above, ``"open"`` for all of the backend, tags
            for others beside the neighbours; "" for what suits the backend.
        thresholds: By canonical tag or ``"*"``, instead of those of the backend.

    Returns:
        One verdict a text.

    Raises:
        ArgumentError: There are not as many languages as texts, or an option means nothing.
        UnknownLanguage: A language is no language tag.
        UnknownPlugin: There is no backend of that name.

    Example:
        >>> from pinchmix.validators.langid import REASONS
        >>> texts = ["Domani andiamo tutti al mare.", "Tomorrow all of us will go to the seaside.", "42"]
        >>> found = judge_texts(texts, ["it"] * 3)
        >>> found.verdict.tolist(), [REASONS[code] for code in found.reason], found.top.tolist()
        ([0, 2, 1], ['language', 'language', 'no letters'], ['it', 'en', ''])
    """
    if len(texts) != len(expected):
        raise ArgumentError(f"{len(texts):,} texts, but {len(expected):,} expected languages: give one for each text.")
    first = find_backend(backend)
    second = None if cascade is None else find_backend(cascade)
    canonical = {tag: (normalise_language(tag), _names_script(tag)) for tag in set(expected)}
    wanted = sorted(set(canonical.values()))
    tags, asked = tuple(tag for tag, _ in wanted), [flag for _, flag in wanted]
    data = frozenset(map(normalise_language, languages))
    rivals = check_candidates(candidates)
    sets = [
        Tongues.of(tags, data, one, asked=asked, strict=strict, candidates_from=rivals, thresholds=limits)
        for one, limits in ((first, thresholds or {}), (second, {}))
        if one is not None
    ]
    number_of = {tag: wanted.index(pair) for tag, pair in canonical.items()}
    width = max(len(tags), 1)
    known: dict[str, int] = {}
    text_at = np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)
    tongue_at = np.array([number_of[tag] for tag in expected], dtype=np.int64)
    pairs, place = np.unique(text_at * width + tongue_at, return_inverse=True)
    distinct = list(known)
    verdict = np.zeros(len(pairs), dtype=np.uint8)
    reason = np.zeros(len(pairs), dtype=np.uint8)
    score = np.zeros(len(pairs), dtype=np.float32)
    top = np.full(len(pairs), "", dtype=object)
    for batch in batches(distinct):
        begin, end = np.searchsorted(pairs, [batch.start * width, batch.stop * width])
        text_of, tongue_of = np.divmod(pairs[begin:end], width)
        part = _judge(distinct[batch], text_of - batch.start, sets, tongue_of)
        verdict[begin:end], reason[begin:end], score[begin:end], top[begin:end] = part
    return TextVerdicts(verdict[place], reason[place], score[place], top[place])


def check_candidates(candidates: str | Sequence[str]) -> str | tuple[str, ...]:
    """Return the candidates in canonical form.

    Raises:
        ArgumentError: A text that is no word for a choice.
        UnknownLanguage: A language is no language tag.

    Example:
        >>> check_candidates("open"), check_candidates(["nb"])
        ('open', ('no',))
    """
    words = ("", "neighbours", "open")
    if not isinstance(candidates, str):
        return tuple(map(normalise_language, candidates))
    if candidates not in words:
        raise ArgumentError(
            f"candidates={candidates!r} is neither 'neighbours' nor 'open' nor a list of languages."
            f"{near(candidates, words)}"
        )
    return candidates


def check_thresholds(thresholds: Mapping[str, Sequence[float]]) -> dict[str, Thresholds]:
    """Return thresholds as given by a user, under canonical tags.

    Args:
        thresholds: Language, or ``"*"`` for all others, → [accept, reject].

    Raises:
        ArgumentError: They are not two probabilities, or the second is not below the first.
        UnknownLanguage: A language is no language tag.

    Example:
        >>> check_thresholds({"nb": [0.6, 0.01]})
        {'no': Thresholds(accept=0.6, reject=0.01, evidence=1)}
    """
    found = {}
    for tag, pair in thresholds.items():
        if len(pair) != 2 or not 0 <= pair[1] < pair[0] <= 1:
            raise ArgumentError(
                f"thresholds[{tag!r}] is {list(pair)}: give [accept, reject], two probabilities, the second smaller."
            )
        found[tag if tag == "*" else normalise_language(tag)] = Thresholds(float(pair[0]), float(pair[1]))
    return found


def _names_script(tag: str) -> bool:
    """Whether a tag as given says which script is meant: by name, or as the region does for Chinese."""
    canonical = normalise_language(tag)
    parts = tag.replace("_", "-").split("-")[1:]
    named = any(len(part) == 4 and part.isalpha() for part in (*parts, *canonical.split("-")[1:]))
    return named or (chinese(canonical) and any(len(part) == 2 for part in parts))


def _judge(
    texts: Sequence[str], text_of: NDArray[np.int64], sets: Sequence[Tongues], tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.float64], NDArray[np.object_]]:
    """Judge distinct pairs of text and language."""
    tongues = sets[0]
    backend = tongues.backend
    seen = look(texts)
    usual_of, tongue_of = tongue_of, tongues.in_script(seen.letters[text_of], tongue_of)
    verdict, reason = by_script(seen, text_of, tongues, tongue_of)
    both = tongues.chinese[tongue_of]
    # Chinese passes by its script, but which of its two scripts it is the words tell.
    wanted = (verdict != OK) | both
    wanted &= seen.total[text_of] >= SHORT_LETTERS
    need = np.zeros(len(texts), dtype=bool)
    need[text_of[wanted]] = True
    scores, counts = _scores(seen, need, backend)

    def probabilities(rows: NDArray[np.int64], rivals: NDArray[np.bool_]) -> NDArray[np.float64]:
        return posterior(scores[text_of[rows]], rivals[tongue_of[rows]])

    # Kazakh in Latin letters has no profile, but plain English in their place is not Kazakh.
    rows = np.flatnonzero(tongues.aside[tongue_of] & (reason == CODE["unsupported"]))
    rows = rows[(seen.total[text_of[rows]] >= REJECT_LETTERS) & tongues.english[tongue_of[rows]]]
    plain = rows[probabilities(rows, tongues.candidates)[:, tongues.english_at] >= PLAIN]
    verdict[plain], reason[plain] = MISMATCH, CODE["script"]
    tongue_of[plain] = usual_of[plain]
    score = np.full(len(text_of), np.nan)
    rows = np.flatnonzero(verdict == OPEN)
    share, right = _accepted(probabilities(rows, tongues.candidates), counts[text_of[rows]], tongues, tongue_of[rows])
    score[rows] = share
    enough = seen.total[text_of[rows]] >= REJECT_LETTERS
    enough &= counts[text_of[rows]] >= tongues.evidence[tongue_of[rows]]
    wrong = enough & (share <= tongues.reject[tongue_of[rows]])
    verdict[rows] = np.where(right, OK, np.where(wrong, MISMATCH, UNSURE))
    reason[rows] = np.where(right | enough, CODE["language"], CODE["short"])
    _second_look(seen, text_of, tongues, tongue_of, verdict, reason)
    # A backend with one column for both scripts cannot tell them apart.
    told = both & (tongues.own.sum(axis=1) > 1)[tongue_of]
    rows = np.flatnonzero(told & (verdict == OK) & (seen.total[text_of] >= REJECT_LETTERS))
    rows = rows[
        np.where(tongues.profile[tongue_of[rows]], probabilities(rows, tongues.own), 0.0).sum(axis=1) <= VARIANT
    ]
    held = tongues.variant[tongue_of[rows]]
    rows, held = rows[held | tongues.sibling[tongue_of[rows]]], held[held | tongues.sibling[tongue_of[rows]]]
    verdict[rows] = np.where(held, MISMATCH, UNSURE)
    reason[rows] = CODE["variant"]
    _part_by_part(seen, text_of, tongues, tongue_of, verdict, reason)
    for second in sets[1:]:
        rows = np.flatnonzero((verdict == UNSURE) & np.isin(reason, (CODE["language"], CODE["short"])))
        rows = rows[second.supported[tongue_of[rows]]]
        rows = rows[_second_opinion(seen, text_of[rows], second, tongue_of[rows])]
        verdict[rows], reason[rows] = OK, CODE["cascade"]
    script = (verdict == OK) & (reason == CODE["script"])
    return verdict, reason, score, _top(seen, text_of, tongues, tongue_of, need & (counts > 0), scores, script)


def _scores(seen: Seen, need: NDArray[np.bool_], backend: Backend) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Ask the backend about some of the texts."""
    scores = np.zeros((len(need), len(backend.languages)))
    counts = np.zeros(len(need), dtype=np.int64)
    if need.any():
        scores[need], counts[need] = backend.log_scores([seen.scored[number] for number in np.flatnonzero(need)])
    return scores, counts


def _accepted(
    shares: NDArray[np.float64], counts: NDArray[np.int64], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the probability of the expected languages, and whether that is enough: high, and the highest."""
    own = tongues.own[tongue_of]
    # The sum of two rounded numbers is not one.
    share: NDArray[np.float64] = np.round(np.where(own, shares, 0.0).sum(axis=1), DIGITS)
    rival = np.where(own, 0.0, shares).max(axis=1, initial=0.0)
    return share, (counts > 0) & (share >= tongues.accept[tongue_of]) & (share > rival)


def _second_look(
    seen: Seen,
    text_of: NDArray[np.int64],
    tongues: Tongues,
    tongue_of: NDArray[np.int64],
    verdict: NDArray[np.int8],
    reason: NDArray[np.int8],
) -> None:
    """Take back mismatches that names and lists make, and those of texts that are right in a part of them."""
    wrong = np.flatnonzero(verdict == MISMATCH)
    if not len(wrong):
        return
    cleaned = [seen.cleaned[number] for number in text_of[wrong]]
    names, lists = name_or_list(cleaned, tongues, tongue_of[wrong])
    for flags, why in ((names, "names"), (~names & lists, "list")):
        verdict[wrong[flags]], reason[wrong[flags]] = UNSURE, CODE[why]
    rows = np.flatnonzero((verdict == MISMATCH) & (reason == CODE["language"]))
    share = segment_shares([seen.cleaned[number] for number in text_of[rows]], tongues, tongue_of[rows])
    mixed = rows[(share >= SEGMENTS_MIXED) & (share < SEGMENTS_RIGHT)]
    verdict[mixed], reason[mixed] = UNSURE, CODE["mixed"]
    right = rows[share >= SEGMENTS_RIGHT]
    verdict[right], reason[right] = OK, CODE["segments"]
    rows = np.flatnonzero(verdict == MISMATCH)
    quoting = rows[framed([seen.cleaned[number] for number in text_of[rows]], tongues, tongue_of[rows])]
    verdict[quoting], reason[quoting] = UNSURE, CODE["mixed"]
    # Word by word only scores that add up mean something.
    rows = np.flatnonzero((verdict == MISMATCH) & (reason == CODE["language"]))
    if len(rows) and tongues.backend.candidates == "neighbours":
        loans = rows[borrowing([seen.cleaned[number] for number in text_of[rows]], tongues, tongue_of[rows])]
        verdict[loans], reason[loans] = UNSURE, CODE["loanwords"]
        rows = np.flatnonzero((verdict == MISMATCH) & (reason == CODE["language"]))
        again = rows[repeating([seen.cleaned[number] for number in text_of[rows]], tongues, tongue_of[rows])]
        verdict[again], reason[again] = UNSURE, CODE["repeats"]


def _part_by_part(
    seen: Seen,
    text_of: NDArray[np.int64],
    tongues: Tongues,
    tongue_of: NDArray[np.int64],
    verdict: NDArray[np.int8],
    reason: NDArray[np.int8],
) -> None:
    """Doubt texts of which a good part is in another language, however right they are as a whole."""
    rows = np.flatnonzero((verdict == OK) & (seen.total[text_of] >= WINDOWED_LETTERS))
    if not len(rows):
        return
    foreign = foreign_letters([seen.scored[number] for number in text_of[rows]], tongues, tongue_of[rows])
    mixed = rows[(foreign >= FOREIGN_LETTERS) & (foreign >= FOREIGN_SHARE * seen.total[text_of[rows]])]
    verdict[mixed], reason[mixed] = UNSURE, CODE["mixed"]


def _second_opinion(
    seen: Seen, text_of: NDArray[np.int64], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which pairs another backend accepts."""
    need = np.zeros(len(seen.scored), dtype=bool)
    need[text_of] = True
    scores, counts = _scores(seen, need, tongues.backend)
    shares = posterior(scores[text_of], tongues.candidates[tongue_of])
    return _accepted(shares, counts[text_of], tongues, tongue_of)[1]


def _top(
    seen: Seen,
    text_of: NDArray[np.int64],
    tongues: Tongues,
    tongue_of: NDArray[np.int64],
    scored: NDArray[np.bool_],
    scores: NDArray[np.float64],
    by_script: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return the likeliest language of each pair's text among those of its main script."""
    known = tongues.backend.languages
    letters = seen.letters.copy()
    kana = letters[:, SCRIPTS["Hira"]] + letters[:, SCRIPTS["Kana"]]
    # Japanese text may have more Chinese characters than kana.
    letters[kana >= FEW_KANA * np.maximum(seen.total, 1), SCRIPTS["Hani"]] = 0
    rivals = columns_by_script(known)[letters.argmax(axis=1)]
    likeliest = np.where(rivals, scores, -np.inf).argmax(axis=1)
    told = (scored & rivals.any(axis=1))[text_of]
    top = np.full(len(text_of), "", dtype=object)
    top[told] = np.array(known, dtype=object)[likeliest[text_of[told]]]
    # One language of a group stands for the others; the one that was asked for is the better name.
    same = told & tongues.profile[tongue_of, likeliest[text_of]]
    same |= by_script & ~(told & tongues.chinese[tongue_of])
    top[same] = np.array(tongues.tags, dtype=object)[tongue_of[same]]
    return top
