"""open_tokenizer: from whatever a user gives as a tokenizer to one that counts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pinchmix.errors import ArgumentError
from pinchmix.plugins import Tokenizer, find_plugin, list_plugins
from pinchmix.text.wording import listing, near
from pinchmix.tokenizers.function import FunctionTokenizer
from pinchmix.tokenizers.huggingface import HuggingFaceTokenizer, of_transformers
from pinchmix.tokenizers.sentencepiece import SentencePieceTokenizer

ACCEPTED = (
    "Give the path of a SentencePiece model (.model), of a tokenizer.json or of its folder, a tokenizer of the "
    "libraries sentencepiece, tokenizers or transformers, a function from a text to its number of tokens, "
    "or the name of a plugin"
)
JSON = "tokenizer.json"
ENDINGS = (".model", ".json")


def open_tokenizer(value: Any) -> Tokenizer:
    """Return the tokenizer that a value stands for.

    Args:
        value: One of these, tried in this order:

            - an object that keeps the protocol :class:`~pinchmix.plugins.Tokenizer`: itself;
            - a ``SentencePieceProcessor``, a ``tokenizers.Tokenizer`` or a transformers tokenizer;
            - any other function of one text that returns its number of tokens;
            - a path: a file that ends in ``.model`` (SentencePiece) or ``.json`` (tokenizers), or a folder that holds a
              ``tokenizer.json``;
            - the name of a plugin.

    Raises:
        ArgumentError: It is none of these, a file is not there or is no model, or a library is missing.

    Example:
        >>> open_tokenizer(len)
        FunctionTokenizer(builtins.len)
    """
    if isinstance(value, (str, os.PathLike)):
        return _of_text(os.fspath(value))
    if isinstance(value, type):
        raise ArgumentError(f"tokenizer: {value.__qualname__} is a class. Make one of it, and give that. {ACCEPTED}.")
    if isinstance(value, Tokenizer):
        return value
    if hasattr(value, "serialized_model_proto"):
        return SentencePieceTokenizer.from_object(value)
    if hasattr(value, "encode_batch") and hasattr(value, "to_str"):
        return HuggingFaceTokenizer.from_object(value)
    if callable(value) and hasattr(value, "convert_tokens_to_ids"):
        return of_transformers(value)
    if callable(value):
        return FunctionTokenizer(value)
    kind = "None" if value is None else f"of type {type(value).__name__}"
    raise ArgumentError(f"tokenizer is {kind}. {ACCEPTED}.")


def _of_text(text: str | bytes) -> Tokenizer:
    if not isinstance(text, str) or not text.strip():
        raise ArgumentError(f"tokenizer={text!r} is no path. {ACCEPTED}.")
    path = Path(text).expanduser()
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return _of_file(path)
    known = list_plugins()["tokenizers"]
    if text not in known:
        raise _not_there(text, path, sorted(known))
    found = find_plugin("tokenizers", text)
    if not isinstance(found, Tokenizer):
        raise ArgumentError(
            f"tokenizer: the plugin {text!r} ({known[text]}) is no tokenizer; "
            "it needs name, version, digest and count()."
        )
    return found


def _not_there(text: str, path: Path, plugins: Sequence[str]) -> ArgumentError:
    """Say that neither a file nor a plugin is called so, and what there is."""
    folder = path.parent
    if not folder.is_dir():
        return ArgumentError(f"tokenizer: {text} does not exist; nor does its folder {str(folder)!r}.")
    files = sorted(entry.name for entry in folder.iterdir() if entry.suffix in ENDINGS or entry.is_dir())
    models = [name for name in files if name.endswith(ENDINGS)]
    plain = len(path.parts) == 1  # so it may be meant for a plugin
    there = f" Its folder holds {listing(models, 5)}." if models and not plain else ""
    if plain:
        there = f" Plugins are called {listing(plugins, 5)}." if plugins else " No plugin is installed either."
    guess = near(path.name, [*files, *(plugins if plain else ())])
    return ArgumentError(f"tokenizer: {text} does not exist.{guess}{there} {ACCEPTED}.")


def _of_folder(folder: Path) -> Tokenizer:
    if (folder / JSON).is_file():
        return _of_file(folder / JSON)
    models = sorted(entry.name for entry in folder.iterdir() if entry.suffix in ENDINGS)
    way = f"Give the path of a model in it, such as {str(folder / models[0])!r}" if models else ACCEPTED
    raise ArgumentError(f"tokenizer: the folder {folder} holds no {JSON}. {way}.")


def _of_file(path: Path) -> Tokenizer:
    if path.suffix not in ENDINGS:
        raise ArgumentError(
            f"tokenizer: the name of {path} does not tell which kind it is. "
            "A SentencePiece model ends in .model, one of tokenizers in .json; rename it."
        )
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ArgumentError(f"tokenizer: {path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    return (SentencePieceTokenizer if path.suffix == ".model" else HuggingFaceTokenizer)(model, str(path))
