"""Tokens by Hugging Face tokenizers; the only file that imports tokenizers, and transformers is never imported."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchmix.errors import ArgumentError

INSTALL = "pip install 'pinchmix[tokenizers]'"


class HuggingFaceTokenizer:
    """Counts the tokens of a ``tokenizers.Tokenizer``, without special tokens, cutting, padding or dropout.

    Args:
        model: The bytes of a ``tokenizer.json``.
        shown: How messages name it.

    Attributes:
        name: ``"huggingface"``.
        version: That of the library.
        digest: SHA-256 of these bytes, in hexadecimal digits.

    Raises:
        ArgumentError: The bytes are no tokenizer, or the library is not installed.
    """

    name = "huggingface"

    def __init__(self, model: bytes, shown: str = "the model") -> None:
        try:
            import tokenizers
        except ImportError as error:
            raise ArgumentError(f"tokenizer: {shown} needs the library tokenizers. Get it: {INSTALL}") from error
        self.version: str = tokenizers.__version__
        self.digest = hashlib.sha256(model).hexdigest()
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(model.decode())
        except Exception as error:  # the library raises nothing narrower
            raise ArgumentError(
                f"tokenizer: {shown} is no tokenizer of the library tokenizers {self.version}: "
                f"{str(error).splitlines()[0]}. Save it anew (tokenizer.save), or install a newer library."
            ) from error
        # Files often keep these from training; each would make a count depend on more than the text.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if getattr(self._tokenizer.model, "dropout", None):
            self._tokenizer.model.dropout = None

    @classmethod
    def from_object(cls, tokenizer: Any) -> HuggingFaceTokenizer:
        """Return the tokenizer that a ``tokenizers.Tokenizer`` is now; the object itself is left alone.

        Raises:
            ArgumentError: It has parts written in Python, which cannot be copied.
        """
        try:
            model = tokenizer.to_str()
        except Exception as error:  # the library raises nothing narrower
            raise ArgumentError(
                f"tokenizer: the tokenizers.Tokenizer cannot be saved: {str(error).splitlines()[0]}. "
                "Give a function that counts: tokenizer=lambda text: len(tokenizer.encode(text).ids)"
            ) from error
        return cls(model.encode(), "the tokenizers.Tokenizer")

    def __repr__(self) -> str:
        return f"HuggingFaceTokenizer({self._tokenizer.get_vocab_size():,} tokens, {self.digest[:12]})"

    def count(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the tokens of each text, shape ``(texts,)``, int64; threads share the texts."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return np.fromiter(map(len, found), dtype=np.int64, count=len(texts))


class TransformersTokenizer:
    """Counts the tokens of a transformers tokenizer, without special tokens, cutting or padding.

    Args:
        tokenizer: The object; nothing of it is changed.

    Attributes:
        name: ``"transformers"``.
        version: That of the library which the object comes from, or ``""``.
        digest: SHA-256 of the fast tokenizer inside or, in a slow one, of its vocabulary, and of the chat template.

    Raises:
        ArgumentError: It leaves out merges at random, so that counts would not depend on the text alone.
    """

    name = "transformers"

    def __init__(self, tokenizer: Any) -> None:
        inner = getattr(tokenizer, "backend_tokenizer", None)
        if dropout := getattr(getattr(inner, "model", None), "dropout", None):
            raise ArgumentError(
                f"tokenizer: {type(tokenizer).__name__} leaves out merges at random (dropout={dropout:g}), so the same "
                "text has other counts each time. Switch it off: tokenizer.backend_tokenizer.model.dropout = None"
            )
        self._tokenizer = tokenizer
        library = sys.modules.get(type(tokenizer).__module__.partition(".")[0])
        self.version: str = str(getattr(library, "__version__", ""))
        self.digest = hashlib.sha256(_state(tokenizer).encode()).hexdigest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._tokenizer).__name__}, {self.digest[:12]})"

    def count(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the tokens of each text, shape ``(texts,)``, int64."""
        if not len(texts):  # which the library refuses
            return np.zeros(0, dtype=np.int64)
        found = self._tokenizer(
            list(texts),
            add_special_tokens=False,
            padding=False,
            truncation=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return np.fromiter(map(len, found["input_ids"]), dtype=np.int64, count=len(texts))


class ChatTokenizer(TransformersTokenizer):
    """A transformers tokenizer with a chat template: it counts whole conversations too."""

    def count_chat(self, conversations: Sequence[Sequence[Mapping[str, str]]]) -> npt.NDArray[np.int64]:
        """Return the tokens of each conversation as the chat template writes it, with all marks of its own.

        Args:
            conversations: Turns with ``role`` (system, user or assistant) and ``content``.

        Returns:
            Shape ``(conversations,)``, int64.

        Raises:
            ArgumentError: The template refuses a conversation, such as one with a system turn.
        """
        try:
            texts = [self._tokenizer.apply_chat_template(list(turns), tokenize=False) for turns in conversations]
        except Exception as error:  # templates raise whatever they like
            raise ArgumentError(
                f"tokenizer: the chat template refuses a conversation: {error}. Count the turns instead: 'both'."
            ) from error
        return self.count(texts)


def of_transformers(tokenizer: Any) -> TransformersTokenizer:
    """Return the tokenizer of a transformers object, with ``count_chat`` if the object has a chat template."""
    return (ChatTokenizer if _template(tokenizer) else TransformersTokenizer)(tokenizer)


def _template(tokenizer: Any) -> Any:
    """Return the chat template, or True for an object that can apply one and does not show it."""
    return callable(getattr(tokenizer, "apply_chat_template", None)) and getattr(tokenizer, "chat_template", True)


def _state(tokenizer: Any) -> str:
    """Return all that counts depend on, as far as the object tells it."""
    inner = getattr(tokenizer, "backend_tokenizer", None)
    if inner is not None:
        model = inner.to_str()
    else:
        model = repr(sorted(tokenizer.get_vocab().items())) if hasattr(tokenizer, "get_vocab") else ""
    return f"{model}\n{_template(tokenizer)!r}"
