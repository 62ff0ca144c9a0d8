"""The second look at a text that seems to be in another language: its sentences one by one, its names, its lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pinchmix.validators.langid.backend import DIGITS, posterior
from pinchmix.validators.langid.clean import lowered
from pinchmix.validators.langid.scorer import MAX_CHARACTERS
from pinchmix.validators.langid.script import script_letters
from pinchmix.validators.langid.tongues import Tongues

_BREAK = re.compile(r"[\r\n]+|(?<=[.!?:;…।؟])\s+|[。！？；]|[\"“”„«»「」『』‹›]")
_WORD = re.compile(r"[^\W\d_]+")
# A capitalised word that does not begin a sentence or a line; an initial ends no sentence.
_NAME = re.compile(r"(?:(?<=[^\s.!?¿¡])|(?<=\b[^\W\d_]\.))([^\S\n]+[^\w\s]?)([^\W\d_]+)")
_UNSPACED = "[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}"
# Three words in a row on a line, or eight characters of a script that writes words together: a sentence, no list.
_PROSE = re.compile(
    r"""(?<![^\W\d_])(?:[^\W\d_]{1,60}(?:['’‘\-][^\W\d_]{1,60}){0,3}[,;:."'”»)\]]{0,3}"""
    r"""[ \u00a0]["'“„«(\[¿¡]{0,2}){2}[^\W\d_]"""
    "|" + _UNSPACED
)
# What stands between the items of a list, and how many words they have: on average, the longest, where there are
# at least so many.
_ITEMS = re.compile(r"[,;|\n\r،؛、，；•·]")
_ITEM_WORDS, _MOST_WORDS, _FEWEST_ITEMS = 2.0, 4, 4
# Quoted sentences, and how sentences end.
_QUOTED = re.compile(
    r'"[^"]{20,2000}"|“[^”]{20,2000}”|„[^“”]{20,2000}[“”]|«[^»]{20,2000}»|「[^」]{12,2000}」|『[^』]{12,2000}』'
)
_HEAD = re.compile(r"[^:：\n]{6,300}[:：](?=\s|[\"“„«「『])")
_SENTENCE_END = (".", "?", "!", ":", "…", "。", "？", "！", "：", "।", "؟", "۔")
# Where a text is short, its words are judged one by one: a quarter of what they say, for the language, is no accident
# in a text that seems English; a little more, in one that seems to be in a language that lends fewer words.
_OWN_WORDS, _OWN_WORDS_ELSE, _FEW_LETTERS = 0.24, 0.28, 300
# Borrowed are nouns and verbs: a text of which a fifth is words such as "the" and "with" is English. Some of them are
# words of other languages too, but not a fifth of any text.
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """
    the of and that with from this these those have has had been were was are is you your my his her our their they
    them which who what when where would should could will there here it its we she he not into about before after
    because than then also every other some any more most such only very just how why if but or on for be by at an as
    to in do does did can may must""",
    )
)
_ENGLISH_SHARE, _ENGLISH_WORDS = 0.2, 2
# Of a text that says the same words again and again, no more than these are different.
_DISTINCT_WORDS = 0.85
# A segment of fewer letters than three or four words is likely to be taken for anything.
_SEGMENT_LETTERS = 12
# What must be left of a text beside names to be the ground of a rejection, in words and in letters.
_SMALL_SHARE, _REST_LETTERS = 0.15, 8
# What is judged by itself in every text that is long enough: about a sentence, so that the words can tell.
_WINDOW = re.compile(r".{1,80}(?:\s|\Z)|.{80}", re.DOTALL)
# Texts of fewer weighted letters are judged as a whole: no window of theirs is sure enough.
WINDOWED_LETTERS = 100
# A window is foreign when its language is this unlikely and it has the letters to say so.
_FOREIGN, _FOREIGN_LETTERS = 0.05, 30
# A segment counts for the language or against it when the odds are three to one.
_RIGHT, _WRONG = 0.5, 0.25


def segment_shares(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return which share of each text is in its expected language, sentence by sentence.

    Args:
        texts: The cleaned texts.
        tongues: The expected languages.
        tongue_of: The expected language of each text, one that has a profile.

    Returns:
        The letters of the segments in the language, over those of all segments that could be told; 0 where none could.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> english = Tongues.of(("en",), frozenset({"cs"}), LangdetectBackend())
        >>> segment_shares(["The weather is fine. Dneska je opravdu krásné počasí."], english, np.array([0])).round(1)
        array([0.4])
    """
    pieces: list[str] = []
    text_of: list[int] = []
    for number, text in enumerate(texts):
        found = [piece for piece in _BREAK.split(text[:MAX_CHARACTERS]) if len(piece) > 3]
        pieces += found
        text_of += [number] * len(found)
    if not pieces:
        return np.zeros(len(texts))
    at = np.array(text_of)
    share, total = _shares(pieces, tongues, tongue_of[at])
    right = (total >= _SEGMENT_LETTERS) & (share >= _RIGHT)
    wrong = (total >= _SEGMENT_LETTERS) & (share <= _WRONG)
    of_right = np.bincount(at[right], weights=total[right], minlength=len(texts))
    of_told = of_right + np.bincount(at[wrong], weights=total[wrong], minlength=len(texts))
    share_right: NDArray[np.float64] = of_right / np.maximum(of_told, 1)
    return share_right


def foreign_letters(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many letters of each text stand in stretches of about 80 characters that are in another language.

    Sentences would end where the language changes, but some are two words long, and cut texts have none.

    Args:
        texts: The cleaned texts, as they are scored.
        tongues: The expected languages.
        tongue_of: The expected language of each text.

    Returns:
        Weighted letters, one number a text; stretches of names or of lists are not among them.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> english = Tongues.of(("en",), frozenset({"cs"}), LangdetectBackend())
        >>> texts = ["The weather is fine today, so all of us go out and walk along the old river. "
        ...     "Dneska je opravdu krásné počasí, a tak jdeme všichni ven a půjdeme kolem řeky."]
        >>> foreign_letters(texts, english, np.array([0])).tolist()
        [63]
    """
    found = [_WINDOW.findall(text) for text in texts]
    at = np.repeat(np.arange(len(texts)), [len(pieces) for pieces in found])
    pieces = [piece for some in found for piece in some]
    letters = np.zeros(len(texts), dtype=np.int64)
    if not pieces:
        return letters
    share, total = _shares(pieces, tongues, tongue_of[at], by_script=True)
    wrong = np.flatnonzero((total >= _FOREIGN_LETTERS) & (share <= _FOREIGN))
    if len(wrong):
        names, lists = name_or_list([pieces[number] for number in wrong], tongues, tongue_of[at[wrong]])
        wrong = wrong[~names & ~lists]
    np.add.at(letters, at[wrong], total[wrong])
    return letters


def name_or_list(
    texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which texts seem to be in another language by their names only, and which have no sentence at all.

    Args:
        texts: The cleaned texts.
        tongues: The expected languages.
        tongue_of: The expected language of each text.

    Returns:
        One flag a text for each.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> german = Tongues.of(("de",), frozenset({"en"}), LangdetectBackend())
        >>> texts = ["Barack Obama und Angela Merkel", "this is not what I wanted", "front | back | rounded"]
        >>> names, lists = name_or_list(texts, german, np.array([0, 0, 0]))
        >>> names.tolist(), lists.tolist()
        ([True, False, False], [False, False, True])
    """
    share, total = _shares([without_names(text) for text in texts], tongues, tongue_of)
    sentences = np.array([_small_share(text) >= _SMALL_SHARE for text in texts], dtype=bool)
    lists = np.array([not _PROSE.search(text) or _is_list(text) for text in texts], dtype=bool)
    return ~(sentences & (total >= _REST_LETTERS) & (share <= _WRONG)), lists


def framed(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which texts quote another language in a sentence of their own: tasks of translation, correction, analysis.

    Args:
        texts: The cleaned texts, mostly in another language than expected.
        tongues: The expected languages.
        tongue_of: The expected language of each text.

    Returns:
        Whether what is outside the quotes, before the colon, or the first or last paragraph if it is a sentence, is in
        the expected language.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> german = Tongues.of(("de",), frozenset({"en"}), LangdetectBackend())
        >>> texts = ["Übersetze diesen Satz: The weather was fine and we all went out.", "See: the weather was fine."]
        >>> framed(texts, german, np.array([0, 0])).tolist()
        [True, False]
    """
    frames: list[str] = []
    text_of: list[int] = []
    for number, text in enumerate(texts):
        found = _frames(text)
        frames += found
        text_of += [number] * len(found)
    right = np.zeros(len(texts), dtype=bool)
    if frames:
        at = np.array(text_of)
        share, total = _shares(frames, tongues, tongue_of[at], by_script=True)
        right[at[(total >= _SEGMENT_LETTERS) & (share >= _RIGHT)]] = True
    return right


def _frames(text: str) -> list[str]:
    """Return the parts of a text that may be its author's own words beside a quotation."""
    outside = _QUOTED.sub(" ", text)
    found = [outside] if len(outside) < len(text) else []
    head = _HEAD.match(outside)
    if head:
        found.append(head[0])
    paragraphs = outside.strip().split("\n\n")
    if len(paragraphs) > 1:
        found += [part for part in (paragraphs[0], paragraphs[-1]) if part.rstrip().endswith(_SENTENCE_END)]
    return found


def borrowing(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which short texts have enough words of their own language for the others to be borrowed.

    Args:
        texts: The cleaned texts, which seem to be in another language.
        tongues: The expected languages, each with a profile.
        tongue_of: The expected language of each text.

    Returns:
        One flag a text: each distinct word speaks for the expected language or for the likeliest other one, and of all
        that they say a quarter speaks for the expected one. In plain text of another language that is a tenth.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> czech = Tongues.of(("cs",), frozenset({"en"}), LangdetectBackend())
        >>> texts = ["Marketing manager má meeting s teamem, řeší feedback", "Martians and earthlings have met."]
        >>> borrowing(texts, czech, np.array([0, 0])).tolist()
        [True, False]
    """
    scored, codes = lowered(texts)
    short = np.flatnonzero(script_letters(codes).sum(axis=1) < _FEW_LETTERS)
    found = [sorted({word.lower() for word in _WORD.findall(scored[number])}) for number in short]
    at = np.repeat(short, [len(words) for words in found])
    flags = np.zeros(len(texts), dtype=bool)
    if not len(at):
        return flags
    backend = tongues.backend
    own = tongues.own[tongue_of]
    whole, _ = backend.log_scores(scored)
    rival = np.where(tongues.candidates[tongue_of] & ~own, whole, -np.inf).argmax(axis=1)
    # Related languages have their words in common: that is no borrowing.
    apart = ~tongues.related[tongue_of, rival]
    apart &= ~np.array([_has_english(text) for text in scored], dtype=bool)
    mine = np.where(own, whole, -np.inf).argmax(axis=1)
    words, _ = backend.log_scores([word for some in found for word in some])
    lead = words[np.arange(len(at)), mine[at]] - words[np.arange(len(at)), rival[at]]
    said = np.bincount(at, weights=np.abs(lead), minlength=len(texts))
    spoken = np.bincount(at, weights=np.maximum(lead, 0.0), minlength=len(texts))
    enough = np.where(rival == tongues.english_at, _OWN_WORDS, _OWN_WORDS_ELSE)
    flags[:] = apart & (said > 0) & (np.round(spoken / np.maximum(said, 1e-9), DIGITS) >= enough)
    return flags


def repeating(texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which texts are in their own language once each of their words counts once.

    A few words that come again and again outweigh all others: "barua pepe 6 asubuhi, barua pepe 3 mchana ..." is
    Swahili, and the repeated words could be Indonesian.

    Args:
        texts: The cleaned texts, which seem to be in another language.
        tongues: The expected languages, each with a profile.
        tongue_of: The expected language of each text.

    Returns:
        One flag a text.

    Example:
        >>> from pinchmix.validators.langid.backends.langdetect import LangdetectBackend
        >>> swahili = Tongues.of(("sw",), frozenset({"en"}), LangdetectBackend())
        >>> mail = "Jack alipokea barua pepe 6 asubuhi, barua pepe 3 mchana, na barua pepe 5 jioni."
        >>> texts = [mail, "Dia menerima surel pagi, surel siang, dan surel malam."]
        >>> repeating(texts, swahili, np.array([0, 0])).tolist()
        [True, False]
    """
    words = [[word.lower() for word in _WORD.findall(text[:MAX_CHARACTERS])] for text in texts]
    distinct = [list(dict.fromkeys(some)) for some in words]
    flags = np.zeros(len(texts), dtype=bool)
    rows = np.flatnonzero(
        [len(once) <= _DISTINCT_WORDS * len(some) for once, some in zip(distinct, words, strict=True)]
    )
    if len(rows):
        share, _ = _shares([" ".join(distinct[row]) for row in rows], tongues, tongue_of[rows])
        flags[rows] = share >= tongues.accept[tongue_of[rows]]
    return flags


def _has_english(text: str) -> bool:
    words = _WORD.findall(text.lower())
    count = sum(word in _ENGLISH for word in words)
    return count >= _ENGLISH_WORDS and count >= _ENGLISH_SHARE * len(words)


def _is_list(text: str) -> bool:
    """Whether a text is many items of hardly more than one word."""
    words = [len(_WORD.findall(item)) for item in _ITEMS.split(text)]
    items = [count for count in words if count]
    short = len(items) >= _FEWEST_ITEMS and max(items) <= _MOST_WORDS and sum(items) <= _ITEM_WORDS * len(items)
    return short and not re.search(_UNSPACED, text)


def _shares(
    texts: Sequence[str], tongues: Tongues, tongue_of: NDArray[np.int64], by_script: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the probability of the expected language, 0 where the script is another one, and the weighted letters.

    With ``by_script``, a language whose script decides is not asked for its words.
    """
    scored, codes = lowered(texts)
    letters = script_letters(codes)
    total: NDArray[np.int64] = letters.sum(axis=1)
    inside = (letters * tongues.accepted[tongue_of]).sum(axis=1) * 2 >= total
    # A language without a profile is known by its script only; what competes for it is of no account.
    words = tongues.supported[tongue_of]
    if by_script:
        words &= ~(tongues.decides | tongues.chinese | tongues.japanese)[tongue_of]
    share = inside.astype(np.float64)
    rows = np.flatnonzero(inside & words)
    if len(rows):
        scores, _ = tongues.backend.log_scores([scored[number] for number in rows])
        found = posterior(scores, tongues.candidates[tongue_of[rows]])
        share[rows] = np.where(tongues.own[tongue_of[rows]], found, 0.0).sum(axis=1)
    return share, total


def _small_share(text: str) -> float:
    """Return what part of a text is words that are not capitalised; texts in capitals have sentences like others.

    By letters: in titles and in names joined by "and" and "of", small words are many, but short.
    """
    words = _WORD.findall(text[:MAX_CHARACTERS])
    if _in_capitals(words):
        return 1.0
    small = sum(len(word) for word in words if not word[0].isupper())
    return small / max(sum(map(len, words)), 1)


def _in_capitals(words: Sequence[str]) -> bool:
    return sum(len(word) > 1 and word.isupper() for word in words) * 2 > len(words)


def without_names(text: str) -> str:
    """Return a text without the capitalised words inside its sentences, which are names more often than not.

    Args:
        text: A cleaned text.

    Returns:
        What is left. A text in capitals is returned as it is.

    Example:
        >>> without_names("Wo liegt die Harvard School of Public Health?")
        'Wo liegt die   of  ?'
    """
    text = text[:MAX_CHARACTERS]
    if _in_capitals(_WORD.findall(text)):
        return text
    return _NAME.sub(lambda word: word[1] if word[2][0].isupper() else word[0], text)
