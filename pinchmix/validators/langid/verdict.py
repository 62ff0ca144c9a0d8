"""The verdict on each text: in the language it should be in, not in it, or nobody can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinchmix.errors import ArgumentError
from pinchmix.language import normalise_language
from pinchmix.validators.langid.clean import MAX_CHARACTERS as CLEANED_CHARACTERS
from pinchmix.validators.langid.clean import clean_text, lower_capitals
from pinchmix.validators.langid.codes import Codes, batches, encode
from pinchmix.validators.langid.profiles import profiles
from pinchmix.validators.langid.scorer import DIGITS, MAX_CHARACTERS, posterior, score_codes
from pinchmix.validators.langid.script import SCRIPTS, script_letters
from pinchmix.validators.langid.segments import segment_shares, stays_wrong
from pinchmix.validators.langid.tongues import Tongues, columns_by_script

OK, UNSURE, MISMATCH = 0, 1, 2
_OPEN = -1

REASONS = (
    "language",  # by the words
    "script",  # by the script alone
    "mixed",  # a good part is in another language or script
    "segments",  # by its sentences, taken one by one
    "names",  # little is left beside names, which have no language
    "short",  # too few letters to say
    "no letters",  # numbers, signs, nothing
    "code only",  # nothing is left beside code, formulas and addresses
    "unsupported",  # no profile, and the script fits
    "variant",  # Chinese, but in the other of its two scripts
)
_CODE = {reason: number for number, reason in enumerate(REASONS)}

# More likely than all others together: 0.2 % of near-neighbour text passes, at 0.45 it is 0.3 %.
ACCEPT = 0.5
# Text that 0.05 would reject and 0.02 does not is right as often as not (loan words, short noun phrases), and what is
# untranslated is far below either.
REJECT = 0.02
# Under 30 letters no detector measured is right often enough to throw a text away; 12 n-grams guard against
# letters that the profiles do not know.
REJECT_LETTERS, REJECT_GRAMS = 30, 12
# A word of fewer letters is shared by many languages.
SHORT_LETTERS = 4
# What must be left after cleaning for the words to count, and be gone for code to be the reason.
CODE_LETTERS = 8
# Below a fifth the script is another one, below a half it is not clearly the right one.
OTHER_SCRIPT, HALF_SCRIPT = 0.2, 0.5
# A foreign name in a short answer is no foreign answer.
SCRIPT_LETTERS = 25
# Chinese text quotes some kana, Japanese text has at least a fifth of it unless it is a heading.
FEW_KANA, MANY_KANA = 0.05, 0.2
# Sentences of a rejected text: mostly right passes, a fifth right is mixed.
SEGMENTS_RIGHT, SEGMENTS_MIXED = 0.8, 0.2


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


@dataclass(frozen=True)
class _Seen:
    """What a batch of texts shows before its words are looked at, one entry a text."""

    cleaned: list[str]
    codes: Codes
    letters: NDArray[np.int64]
    total: NDArray[np.int64]
    raw_total: NDArray[np.int64]


def judge_texts(texts: Sequence[str], expected: Sequence[str], *, languages: Sequence[str] = ()) -> TextVerdicts:
    """Judge whether texts are in the languages they should be in.

    Each verdict depends on the text, its expected language and ``languages`` only: not on the other texts, on their
    order or on the process.

    Args:
        texts: The texts.
        expected: The language of each, as a tag.
        languages: The languages of the data set. They compete with the expected one, together with English and the
            languages that are easily taken for it.

    Returns:
        One verdict a text.

    Raises:
        ArgumentError: There are not as many languages as texts.
        UnknownLanguage: A language is no language tag.

    Example:
        >>> texts = ["Domani andiamo tutti al mare.", "Tomorrow all of us will go to the seaside.", "42"]
        >>> found = judge_texts(texts, ["it"] * 3)
        >>> found.verdict.tolist(), [REASONS[code] for code in found.reason], found.top.tolist()
        ([0, 2, 1], ['language', 'language', 'no letters'], ['it', 'en', ''])
    """
    if len(texts) != len(expected):
        raise ArgumentError(f"{len(texts):,} texts, but {len(expected):,} expected languages: give one for each text.")
    canonical = {tag: normalise_language(tag) for tag in set(expected)}
    tongues = Tongues.of(tuple(sorted(set(canonical.values()))), frozenset(map(normalise_language, languages)))
    number_of = {tag: tongues.tags.index(name) for tag, name in canonical.items()}
    width = max(len(tongues.tags), 1)
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
        first, last = np.searchsorted(pairs, [batch.start * width, batch.stop * width])
        text_of, tongue_of = np.divmod(pairs[first:last], width)
        part = _judge(distinct[batch], text_of - batch.start, tongues, tongue_of)
        verdict[first:last], reason[first:last], score[first:last], top[first:last] = part
    return TextVerdicts(verdict[place], reason[place], score[place], top[place])


def _judge(
    texts: Sequence[str], text_of: NDArray[np.int64], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.float64], NDArray[np.object_]]:
    """Judge distinct pairs of text and language."""
    seen = _look(texts)
    verdict, reason = _by_script(seen, text_of, tongues, tongue_of)
    chinese = tongues.chinese[tongue_of]
    # Chinese passes by its script, but which of its two scripts it is the words tell.
    wanted = (verdict != OK) | chinese
    wanted &= seen.total[text_of] >= SHORT_LETTERS
    need = np.zeros(len(texts), dtype=bool)
    need[text_of[wanted]] = True
    scores = np.zeros((len(texts), len(profiles().languages)))
    counts = np.zeros(len(texts), dtype=np.int64)
    if need.any():
        scores[need], counts[need] = score_codes(seen.codes.select(need))

    def probability(rows: NDArray[np.int64], rivals: NDArray[np.bool_], own: NDArray[np.bool_]) -> NDArray[np.float64]:
        shares = posterior(scores[text_of[rows]], counts[text_of[rows]], rivals[tongue_of[rows]])
        # The sum of two rounded numbers is not one.
        share: NDArray[np.float64] = np.round(np.where(own[tongue_of[rows]], shares, 0.0).sum(axis=1), DIGITS)
        return share

    score = np.full(len(text_of), np.nan)
    rows = np.flatnonzero(verdict == _OPEN)
    share = score[rows] = probability(rows, tongues.candidates, tongues.own)
    enough = (seen.total[text_of[rows]] >= REJECT_LETTERS) & (counts[text_of[rows]] >= REJECT_GRAMS)
    verdict[rows] = np.where(share >= ACCEPT, OK, np.where(enough & (share <= REJECT), MISMATCH, UNSURE))
    reason[rows] = np.where((share >= ACCEPT) | enough, _CODE["language"], _CODE["short"])
    _second_look(seen, text_of, tongues, tongue_of, verdict, reason)
    rows = np.flatnonzero(chinese & (verdict == OK) & (seen.total[text_of] >= REJECT_LETTERS))
    rows = rows[probability(rows, tongues.own, tongues.profile) <= REJECT]
    verdict[rows], reason[rows] = UNSURE, _CODE["variant"]
    by_script = (verdict == OK) & (reason == _CODE["script"])
    return verdict, reason, score, _top(seen, text_of, tongues, tongue_of, need & (counts > 0), scores, by_script)


def _look(texts: Sequence[str]) -> _Seen:
    cleaned = [clean_text(text) for text in texts]
    codes = lower_capitals(encode([text[:MAX_CHARACTERS] for text in cleaned]))
    letters = script_letters(codes)
    total = letters.sum(axis=1)
    raw_total = total.copy()
    raw = [text[:CLEANED_CHARACTERS] for text in texts]
    changed = [number for number, text in enumerate(raw) if text != cleaned[number]]
    if changed:
        raw_total[changed] = script_letters(encode([raw[number] for number in changed])).sum(axis=1)
    return _Seen(cleaned, codes, letters, total, raw_total)


def _by_script(
    seen: _Seen, text_of: NDArray[np.int64], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the verdicts and reasons that need no look at the words; _OPEN where one is needed."""
    letters, total, raw_total = seen.letters[text_of], seen.total[text_of], seen.raw_total[text_of]
    share = (letters * tongues.accepted[tongue_of]).sum(axis=1) / np.maximum(total, 1)
    kana = (letters[:, SCRIPTS["Hira"]] + letters[:, SCRIPTS["Kana"]]) / np.maximum(total, 1)
    hangul = letters[:, SCRIPTS["Hang"]] / np.maximum(total, 1)
    chinese, japanese = tongues.chinese[tongue_of], tongues.japanese[tongue_of]
    # A heading in Japanese may have no kana; a longer text without them is left to the words.
    decides = tongues.decides[tongue_of] | chinese & (kana < FEW_KANA) & (hangul < FEW_KANA)
    decides |= japanese & ((kana >= FEW_KANA) | (total < REJECT_LETTERS))
    other = (share < OTHER_SCRIPT) | chinese & (kana >= MANY_KANA)
    long = total >= SCRIPT_LETTERS
    known_script: NDArray[np.bool_] = np.any(tongues.accepted, axis=1)[tongue_of]
    rules = (
        (raw_total == 0, UNSURE, "no letters"),
        ((total < CODE_LETTERS) & (raw_total >= total + CODE_LETTERS), UNSURE, "code only"),
        (~known_script, UNSURE, "unsupported"),
        ((total < SHORT_LETTERS), UNSURE, "short"),
        (other & long, MISMATCH, "script"),
        (other, UNSURE, "script"),
        (share < HALF_SCRIPT, UNSURE, "mixed"),
        (decides, OK, "script"),
        (~tongues.supported[tongue_of], UNSURE, "unsupported"),
    )
    conditions = [condition for condition, _, _ in rules]
    verdict = np.select(conditions, [verdict for _, verdict, _ in rules], _OPEN).astype(np.int8)
    reason = np.select(conditions, [_CODE[reason] for _, _, reason in rules], 0).astype(np.int8)
    return verdict, reason


def _second_look(
    seen: _Seen,
    text_of: NDArray[np.int64],
    tongues: Tongues,
    tongue_of: NDArray[np.int64],
    verdict: NDArray[np.int8],
    reason: NDArray[np.int8],
) -> None:
    """Take back mismatches that names make, and those of texts that are right in a good part of their sentences."""
    wrong = np.flatnonzero(verdict == MISMATCH)
    if not len(wrong):
        return
    names = wrong[~stays_wrong([seen.cleaned[number] for number in text_of[wrong]], tongues, tongue_of[wrong])]
    verdict[names], reason[names] = UNSURE, _CODE["names"]
    rows = np.flatnonzero((verdict == MISMATCH) & (reason == _CODE["language"]))
    share = segment_shares([seen.cleaned[number] for number in text_of[rows]], tongues, tongue_of[rows])
    mixed = rows[(share >= SEGMENTS_MIXED) & (share < SEGMENTS_RIGHT)]
    verdict[mixed], reason[mixed] = UNSURE, _CODE["mixed"]
    right = rows[share >= SEGMENTS_RIGHT]
    verdict[right], reason[right] = OK, _CODE["segments"]


def _top(
    seen: _Seen,
    text_of: NDArray[np.int64],
    tongues: Tongues,
    tongue_of: NDArray[np.int64],
    scored: NDArray[np.bool_],
    scores: NDArray[np.float64],
    by_script: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return the likeliest language of each pair's text among those of its main script."""
    letters = seen.letters.copy()
    kana = letters[:, SCRIPTS["Hira"]] + letters[:, SCRIPTS["Kana"]]
    # Japanese text may have more Chinese characters than kana.
    letters[kana >= FEW_KANA * np.maximum(seen.total, 1), SCRIPTS["Hani"]] = 0
    rivals = columns_by_script()[letters.argmax(axis=1)]
    likeliest = np.where(rivals, scores, -np.inf).argmax(axis=1)
    told = (scored & rivals.any(axis=1))[text_of]
    top = np.full(len(text_of), "", dtype=object)
    top[told] = np.array(profiles().languages, dtype=object)[likeliest[text_of[told]]]
    # One language of a group stands for the others; the one that was asked for is the better name.
    same = told & tongues.profile[tongue_of, likeliest[text_of]]
    same |= by_script & ~(told & tongues.chinese[tongue_of])
    top[same] = np.array(tongues.tags, dtype=object)[tongue_of[same]]
    return top
