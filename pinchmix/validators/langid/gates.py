"""What a text shows before its words are looked at: its letters, its script, and the verdicts that these decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.clean import MAX_CHARACTERS as CLEANED_CHARACTERS
from pinchmix.validators.langid.clean import clean_texts, lowered, sampled
from pinchmix.validators.langid.codes import encode
from pinchmix.validators.langid.scorer import MAX_CHARACTERS
from pinchmix.validators.langid.script import SCRIPTS, script_letters
from pinchmix.validators.langid.tongues import Tongues

OK, UNSURE, MISMATCH, OPEN = 0, 1, 2, -1

REASONS = (
    "language",  # by the words
    "script",  # by the script alone
    "mixed",  # a good part is in another language or script
    "segments",  # by its sentences, taken one by one
    "names",  # little is left beside names, which have no language
    "list",  # no sentence: cells of a table, labels, single words
    "loanwords",  # a good part of its words are of the language, the others may be borrowed
    "repeats",  # the same words again and again; each counted once, they are of the language
    "short",  # too few letters to say
    "no letters",  # numbers, signs, nothing
    "code only",  # nothing is left beside code, formulas and addresses
    "unsupported",  # the backend does not know the language, and the script fits
    "variant",  # Chinese, but in the other of its two scripts
    "cascade",  # by the second backend
)
CODE = {reason: number for number, reason in enumerate(REASONS)}

# A word of fewer letters is shared by many languages.
SHORT_LETTERS = 4
# What must be left after cleaning for the words to count, and be gone for code to be the reason.
CODE_LETTERS = 8
# Below a fifth the script is another one, below a half it is not clearly the right one.
OTHER_SCRIPT, HALF_SCRIPT = 0.2, 0.5
# A foreign name in a short answer is no foreign answer.
SCRIPT_LETTERS = 25
# Under 30 letters no detector measured is right often enough to throw a text away.
REJECT_LETTERS = 30
# Chinese text quotes some kana, Japanese text has at least a fifth of it unless it is a heading.
FEW_KANA, MANY_KANA = 0.05, 0.2


@dataclass(frozen=True)
class Seen:
    """What a batch of texts shows, one entry a text.

    Attributes:
        cleaned: What is left of each text for identification.
        scored: The same, cut to what is scored, and in lower case where it is all capitals.
        letters: Weighted letters by script.
        total: Weighted letters.
        raw_total: The same before cleaning.
    """

    cleaned: list[str]
    scored: list[str]
    letters: NDArray[np.int64]
    total: NDArray[np.int64]
    raw_total: NDArray[np.int64]


def look(texts: Sequence[str]) -> Seen:
    """Return what at least one text shows.

    Example:
        >>> look(["Esegui `ls -l` adesso."]).total.tolist()
        [12]
    """
    raw = [sampled(text, CLEANED_CHARACTERS) for text in texts]
    cleaned = [sampled(text, MAX_CHARACTERS) for text in clean_texts(raw)]
    scored, codes = lowered(cleaned)
    letters = script_letters(codes)
    total = letters.sum(axis=1)
    raw_total = total.copy()
    changed = [number for number, text in enumerate(raw) if text != cleaned[number]]
    if changed:
        raw_total[changed] = script_letters(encode([raw[number] for number in changed])).sum(axis=1)
    return Seen(cleaned, scored, letters, total, raw_total)


def by_script(
    seen: Seen, text_of: NDArray[np.int64], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the verdicts and reasons that need no look at the words; OPEN where one is needed.

    Args:
        seen: The texts.
        text_of: The text of each pair to be judged.
        tongues: The expected languages.
        tongue_of: The expected language of each pair.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> two = Tongues.of(("he", "it"), frozenset(), LangdetectBackend())
        >>> seen = look(["Domani andiamo tutti al mare, amici."])
        >>> by_script(seen, np.array([0, 0]), two, np.array([0, 1]))[0].tolist()
        [2, -1]
    """
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
    verdict = np.select(conditions, [verdict for _, verdict, _ in rules], OPEN).astype(np.int8)
    reason = np.select(conditions, [CODE[reason] for _, _, reason in rules], 0).astype(np.int8)
    return verdict, reason
