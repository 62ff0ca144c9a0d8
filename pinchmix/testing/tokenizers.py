"""The laws of tokenizers."""

from __future__ import annotations

import numpy as np

from pinchmix.plugins import Tokenizer
from pinchmix.testing.laws import hold

AWKWARD = (
    *("", " ", "\n", "\r\n", "\t\t", "a\0b", "\ufeff", "\u2028", "word", "Word.", "two words", "e\u0301", "\u0301"),
    *(
        "😀",
        "👩‍👩‍👧",
        "🏳️‍🌈🇫🇮",
        "مرحبا بالعالم",
        "שלום",
        "\u202eabc\u202c",
        "नमस्ते",
        "你好，世界",
        "\U0010ffff",
        "</s>",
        "<|endoftext|>",
    ),
    *("word " * 20_000, "w" * 20_000, "中" * 20_000),
)


def check_tokenizer(tokenizer: Tokenizer) -> None:
    """Raise AssertionError unless a tokenizer keeps its laws on awkward texts.

    Counts are int64, not negative, one a text, the same twice, in any order and for each text alone.

    Example:
        >>> from pinchmix.tokenizers.function import FunctionTokenizer
        >>> check_tokenizer(FunctionTokenizer(len))
    """
    hold(isinstance(tokenizer, Tokenizer), f"{tokenizer!r} lacks name, version, digest or count()")
    counts = tokenizer.count(AWKWARD)
    hold(counts.dtype == np.int64, f"counts are int64, not {counts.dtype}")
    hold(counts.shape == (len(AWKWARD),), f"one count a text: {(len(AWKWARD),)}, not {counts.shape}")
    hold(bool((counts >= 0).all()), f"a count is 0 or more, not {counts.min()}")
    hold(np.array_equal(counts, tokenizer.count(AWKWARD)), "the same texts, other counts")
    backwards = tokenizer.count(AWKWARD[::-1])[::-1]
    hold(np.array_equal(counts, backwards), "a count must not depend on the order of the texts")
    for text, count in zip(AWKWARD, counts.tolist(), strict=True):
        alone = tokenizer.count([text]).tolist()
        hold(alone == [count], f"{text[:40]!r} has {count} tokens among others, and alone {alone}")
    hold(tokenizer.count([]).shape == (0,), "of no texts there are no counts")
