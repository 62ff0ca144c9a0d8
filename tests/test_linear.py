"""The checks are linear: no text, however odd, makes one take much longer than another of its length."""

from __future__ import annotations

import time

import pytest

from pinchmix.cells import Cells
from pinchmix.plugins import BUILT_IN, find_plugin

# What patterns begin with, again and again; a quadratic check needs minutes for so long a text, a linear one less
# than a second.
LENGTH = 150_000
LIMIT = 3.0  # seconds of processor time, for all of these texts of a kind
RUNS = [
    "\\[", "\\(", "$", "$a", "$a ", "$1", "\\begin{a}", "\\a{", "<", "< ", "<b ", "<b a=", "<s>", "</", "`", "``` ",
    "`a\n", "{", "{a", "{ ", "%(", "%(a", "##", "##\n", "#\n", "\n", " ", " \n", "##\n ", "1", "1 ", "1.", "1,", "11 ",
    "&", "&#1", "a@", "a.", "@a.", "http://", "www.", "-", ". ", "…", "Ã\x80", "Ã»", "â", "\u202e", "\u0300", "ab ",
    "<|", "<|a", "1. ", "User", "select ", "git a ", "a: ", "\u2047", "中", "-1a", "^ ", "* ",
]  # fmt: skip
CHECKS = sorted(set(BUILT_IN["validators"]) - {"language", "duplicates", "repeated"})


@pytest.mark.parametrize("name", CHECKS)
def test_no_run_of_signs_makes_a_check_slow(name: str) -> None:
    check = find_plugin("validators", name)
    for run in RUNS:
        # The signs alone, after each sign that a sieve lets through, and before one that a pattern has to reach.
        text = (run * (LENGTH // len(run)))[:LENGTH]
        texts = [text, f"## `$<&@12 {{a}} www. \\( {text}x", f"{text} 12 word </s>\nUser: $ ` @ </i> \\)"]
        for one, pivot in zip(texts, [texts[1], texts[2], texts[1]], strict=True):
            cells = Cells(["a"], ["fi"], ["fi"], [one], [one], pivot_prompts=[pivot], pivot_responses=[pivot])
            start = time.process_time()
            check.judge(cells, ["en", "fi"])
            taken = time.process_time() - start
            assert taken < LIMIT, f"{name}: {taken:.1f} s for {LENGTH:,} characters of {run!r}"
