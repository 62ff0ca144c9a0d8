"""What the language check is asked for: refused where it means nothing, and a backend as a recipe records it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinchmix.errors import ArgumentError
from pinchmix.own import check_own, check_same, is_record
from pinchmix.settings import plain_settings
from pinchmix.text.wording import near
from pinchmix.validators.langid.backend import Backend, Thresholds
from pinchmix.validators.langid.backends import BUILT_IN, find_backend

_CANDIDATES = ("neighbours", "open")


def record_of(backend: Backend | None) -> dict[str, Any]:
    """Return all that a backend declares, as plain data: two that differ in it are two recipes.

    Raises:
        ArgumentError: It has parameters and no ``settings`` that say them.

    Example:
        >>> from pinchmix.validators.langid.backends import find_backend
        >>> sorted(record_of(find_backend("langdetect")))
        ['candidates', 'languages', 'name', 'settings', 'thresholds', 'version']
    """
    if backend is None:
        return {}
    check_own("language backend", backend, BUILT_IN)
    return {
        "name": backend.name,
        "version": backend.version,
        "settings": plain_settings(f"language backend {backend.name}", getattr(backend, "settings", {})),
        "languages": list(backend.languages),
        "candidates": backend.candidates,
        "thresholds": {tag: [one.accept, one.reject, one.evidence] for tag, one in sorted(backend.thresholds.items())},
    }


def open_backend(asked: str | Backend | Mapping[str, Any], options: Mapping[str, Any] | None = None) -> Backend:
    """Return the backend of a name, of an object, or of the record of one that a package declares.

    Raises:
        UnknownPlugin: Nothing is declared under the name.
        ArgumentError: It is no backend, or not the one of the record.

    Example:
        >>> open_backend("langdetect").name
        'langdetect'
    """
    if not isinstance(asked, Mapping):
        found = find_backend(asked, **(options or {}))
        if not isinstance(asked, str):
            check_backend(found)
        return found
    if not is_record(asked):
        raise ArgumentError(f"language backend {dict(asked)!r}: give a name or an object.")
    found = find_backend(str(asked["name"]), **dict(asked["settings"]))
    check_same(f"language backend {asked['name']}", asked, record_of(found))
    return found


def check_backend(backend: Backend) -> None:
    """Refuse an object whose attributes are not those of a backend.

    Raises:
        ArgumentError: One of them is something else; the message says which, and what it is to be.
    """
    check_own("language backend", backend, BUILT_IN)
    owner = f"language backend {backend.name}"
    languages = backend.languages
    if not isinstance(languages, (list, tuple)) or not all(isinstance(tag, str) for tag in languages):
        raise ArgumentError(f"{owner}: languages is {languages!r}; give a tuple of tags, such as ('en', 'fi').")
    if twice := [tag for tag in languages if list(languages).count(tag) > 1]:
        raise ArgumentError(f"{owner}: {twice[0]!r} is in languages twice; one column is one language.")
    if not isinstance(backend.candidates, str) or backend.candidates not in _CANDIDATES:
        raise ArgumentError(
            f"{owner}: candidates is {backend.candidates!r}, neither 'neighbours' nor 'open'."
            f"{near(str(backend.candidates), _CANDIDATES)}"
        )
    wrong = [tag for tag, one in backend.thresholds.items() if not isinstance(one, Thresholds)]
    if wrong:
        raise ArgumentError(
            f"{owner}: thresholds[{wrong[0]!r}] is {backend.thresholds[wrong[0]]!r}; give Thresholds(accept, reject)."
        )


def check_asked(backend: Any, cascade: Any, strict: Any, candidates: Any, thresholds: Any, options: Any) -> None:
    """Refuse arguments of the language check that are of another kind than they can be.

    Raises:
        ArgumentError: One of them is; the message says which.

    Example:
        >>> check_asked("langdetect", None, False, "all", None, None)
        Traceback (most recent call last):
        pinchmix.errors.ArgumentError: check language: candidates='all' is neither 'neighbours' nor 'open' (all that \
the backend knows) nor a list of languages.
    """
    for name, value in (("backend", backend), ("cascade", cascade)):
        if isinstance(value, type):
            raise ArgumentError(f"check language: {name} is the class {value.__name__}; give an object of it.")
        if isinstance(value, str) and not value:
            raise ArgumentError(f"check language: {name} is {value!r}; give a name or an object.")
    if not isinstance(strict, bool):
        raise ArgumentError(f"check language: strict={strict!r} is neither True nor False.")
    if isinstance(candidates, str):
        if candidates and candidates not in _CANDIDATES:
            raise ArgumentError(
                f"check language: candidates={candidates!r} is neither 'neighbours' nor 'open' (all that the backend "
                f"knows) nor a list of languages.{near(candidates, _CANDIDATES)}"
            )
    elif not _texts(candidates):
        raise ArgumentError(f"check language: candidates={candidates!r}: give a word or a list of languages.")
    if thresholds is not None:
        if not isinstance(thresholds, Mapping):
            raise ArgumentError(
                f"check language: thresholds={thresholds!r}: give language → [accept, reject], such as "
                "{'*': [0.4, 0.02]}."
            )
        for tag, pair in thresholds.items():
            if not isinstance(tag, str) or not isinstance(pair, (list, tuple)) or not all(map(_number, pair)):
                raise ArgumentError(
                    f"check language: thresholds[{tag!r}] is {pair!r}: give [accept, reject], two probabilities."
                )
    if options is not None and (not isinstance(options, Mapping) or not _texts(list(options))):
        raise ArgumentError(f"check language: options={options!r}: give what the backend is made with, by name.")


def _texts(value: Any) -> bool:
    return isinstance(value, Sequence) and all(isinstance(one, str) for one in value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
