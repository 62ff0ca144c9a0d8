"""Tokens by a SentencePiece model; the only file that imports sentencepiece."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pinchmix.errors import ArgumentError


class SentencePieceTokenizer:
    """Counts the pieces of a SentencePiece model, without begin and end marks and without sampling.

    Args:
        model: The bytes of a model file.
        shown: How messages name it.

    Attributes:
        name: ``"sentencepiece"``.
        version: That of the library.
        digest: SHA-256 of the model's bytes, in hexadecimal digits.

    Raises:
        ArgumentError: The bytes are no such model.
    """

    name = "sentencepiece"

    def __init__(self, model: bytes, shown: str = "the model") -> None:
        import sentencepiece

        self.version: str = sentencepiece.__version__
        self.digest = hashlib.sha256(model).hexdigest()
        why = "it is empty"
        if model:  # of none, the library makes a processor that complains on standard error
            try:
                self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
                return
            except (RuntimeError, ValueError) as error:  # what the library makes of bytes that it cannot read
                why = "it cannot be parsed"
                cause: Exception | None = error
        else:
            cause = None
        raise ArgumentError(
            f"tokenizer: {shown} ({len(model):,} bytes) is no SentencePiece model, or only a part of one: {why}. "
            "Give the .model file that the trainer wrote, whole."
        ) from cause

    @classmethod
    def from_object(cls, processor: Any) -> SentencePieceTokenizer:
        """Return the tokenizer of a ``SentencePieceProcessor``; its options stay aside, its model counts."""
        return cls(processor.serialized_model_proto(), "the SentencePieceProcessor")

    def __repr__(self) -> str:
        return f"SentencePieceTokenizer({self._processor.get_piece_size():,} pieces, {self.digest[:12]})"

    def count(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the pieces of each text, shape ``(texts,)``, int64; threads share the texts."""
        pieces = self._processor.encode(list(texts), out_type=int, num_threads=-1)
        return np.fromiter(map(len, pieces), dtype=np.int64, count=len(texts))
