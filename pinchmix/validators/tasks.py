"""The tasks check: tasks about the words of one language, which translation destroys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinchmix.plugins import Cells, Cost, Finding, Findings, Verdict
from pinchmix.validators.columns import Column, starts_in_english

_TASKS = {
    "rhyme": r"\brhym(?:e|es|ing)\b|\blimerick\b|\bhaiku\b|\bsonnet\b|\bacrostic\b|\balliterat\w+|\biambic\b|\bpuns?\b",
    "spelling": r"\bspell(?:ing|ed)?\b|\bmisspell\w*|\banagrams?\b|\bpalindromes?\b|\bvowels?\b|\bconsonants?\b"
    r"|\bsyllables?\b|\bhow many (?:letters|characters)\b|\b(?:starts?|starting|begins?|beginning|ends?|ending) with "
    r"(?:the )?letters?\b|\bpig latin\b|\bscrambled?\b|\bcapitali[sz]e\b",
    "grammar": r"\bgrammar\b|\bgrammatical\w*|\bpunctuat\w+|\b(?:past|present|future) (?:perfect )?tense\b"
    r"|\bpassive voice\b|\bactive voice\b|\bpart of speech\b|\b(?:nouns?|verbs?|adjectives?|adverbs?|prepositions?)\b"
    r"|\bplural (?:form )?of\b|\bsubject[- ]verb\b|\bhomophones?\b|\bidioms?\b",
    "words": r"\bsynonyms?\b|\bantonyms?\b|\bthesaurus\b|\bprefix\b|\bsuffix\b|\betymolog\w+|\bcontractions?\b",
    "translation": r"\btranslat(?:e|ing) (?:\w+ ){0,8}(?:in)?to\b|\btranslate (?:this|the following)\b"
    r"|\b(?:say|write|respond|answer|reply)\b[^.?!\n]{0,40} in (?:english|french|german|spanish|italian|chinese"
    r"|japanese|russian|arabic|hindi|portuguese|latin|korean|finnish|hebrew)\b",
}
_SIEVE = "|".join(_TASKS.values())
_ANY = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _TASKS.items()), re.IGNORECASE)
# Text to be mended is left as it is where the task is about its language.
_MEND = re.compile(
    r"\b(?:correct|fix|proofread)\b[^\n]{0,60}\b(?:sentences?|texts?|paragraph|phrases?|passage|errors?|mistakes?)\b",
    re.IGNORECASE,
)
START = 400  # characters of the prompt in which a task is said


def is_task(text: str) -> bool:
    """Whether an English text asks for something about the words of a language, such as to translate or to correct it.

    Example:
        >>> is_task("Correct the sentence: 'He go.'"), is_task("Who won the game?")
        (True, False)
    """
    return bool(_ANY.search(text) or _MEND.search(text))


@dataclass(frozen=True)
class TasksValidator:
    """Finds tasks of rhyme, spelling, grammar, synonyms and translation in an English pivot's prompt; each is a doubt.

    Example:
        >>> cells = Cells(["a"], ["en"], ["en"], ["Find a word that rhymes with orange: rhyme it."], ["None."])
        >>> TasksValidator().judge(cells, ["en"]).reason
        ['rhyme']
    """

    name: str = "tasks"
    version: str = "1"
    cost = Cost.CHEAP
    scope = "content"
    needs_pivot = compares = True

    def judge(self, cells: Cells, languages: Sequence[str]) -> Findings:
        """Return cells whose task is about the words of the pivot."""
        starts = starts_in_english(cells, "prompt", START)
        found = []
        for place in np.flatnonzero(Column.of(starts).matches(f"(?i){_SIEVE}")).tolist():
            match = _ANY.search(starts[place] or "")
            if match and match.lastgroup:
                found.append(Finding(place, "prompt", Verdict.UNSURE, match.lastgroup, seen=match[0].lower()))
        return Findings.of(found)
