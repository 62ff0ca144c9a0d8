"""Tokens by a function of the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchmix.errors import ArgumentError


class FunctionTokenizer:
    """Counts by a function that takes one text and returns its number of tokens.

    Args:
        function: Text → whole number, not negative; its result must depend on the text alone.

    Attributes:
        name: The function's module and qualified name.
        version: Always empty: nobody knows it.
        digest: The same.

    Example:
        >>> FunctionTokenizer(len).count(["one", "", "three"]), FunctionTokenizer(len).name
        (array([3, 0, 5]), 'builtins.len')
    """

    version = ""
    digest = ""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self._function = function
        named = function if hasattr(function, "__qualname__") else type(function)
        self.name = ".".join(filter(None, (getattr(named, "__module__", None), named.__qualname__)))

    def __repr__(self) -> str:
        return f"FunctionTokenizer({self.name})"

    def count(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the function's answer for each text, shape ``(texts,)``, int64.

        Raises:
            ArgumentError: An answer that is no count.
        """
        found = [self._function(text) for text in texts]
        for text, answer in zip(texts, found, strict=True):
            if isinstance(answer, bool) or not isinstance(answer, (int, np.integer)) or answer < 0:
                shown = f"{answer:,}" if isinstance(answer, (int, float)) else f"a {type(answer).__name__}"
                way = "give tokenizer=lambda text: len(...)" if hasattr(answer, "__len__") else "it must be 0 or more"
                raise ArgumentError(
                    f"tokenizer: {self.name} says {shown} of {text[:40]!r}, which is no number of tokens; {way}."
                )
        return np.array(found, dtype=np.int64)
