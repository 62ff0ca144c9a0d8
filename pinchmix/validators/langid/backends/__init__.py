"""Who tells languages apart: the built-in backends, and those of other packages, by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, cast

from pinchmix.errors import ArgumentError, UnknownPlugin
from pinchmix.validators.langid.backend import Backend

GROUP = "pinchmix.language_backends"
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        name: f"pinchmix.validators.langid.backends.{module}:{attribute}"
        for name, module, attribute in (
            ("cld2", "cld2", "Cld2Backend"),
            ("fasttext", "fasttext", "FastTextBackend"),
            ("langdetect", "langdetect", "LangdetectBackend"),
            ("langdetect-exact", "exact", "ExactBackend"),
            ("lingua", "lingua", "LinguaBackend"),
            ("py3langid", "py3langid", "Py3langidBackend"),
        )
    }
)


def find_backend(backend: str | Backend, **settings: Any) -> Backend:
    """Return a backend by its name, or the one given.

    Args:
        backend: A built-in name, a name that an installed package declares in the entry points of the group
            ``pinchmix.language_backends``, or a backend.
        settings: What a named one is made with.

    Raises:
        UnknownPlugin: There is none of that name; the error carries the names there are.
        ArgumentError: It is no backend, takes no such settings, or needs a library that is not installed.

    Example:
        >>> find_backend("langdetect").name
        'langdetect'
    """
    found: Any = backend
    if isinstance(backend, str):
        known = {**BUILT_IN, **{point.name: point.value for point in entry_points(group=GROUP)}}
        if backend not in known:
            raise UnknownPlugin("language backend", backend, sorted(known))
        module, _, attribute = known[backend].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        try:
            found = found(**settings) if isinstance(found, type) else found
        except TypeError as error:
            raise ArgumentError(f"language backend {backend}: {error}.") from None
    elif settings:
        raise ArgumentError(f"{backend!r} is made already; {', '.join(sorted(settings))} cannot be set any more.")
    # The profiles of a built-in one are read at the first look at its languages, not here.
    if not (isinstance(backend, str) and backend in BUILT_IN) and not isinstance(found, Backend):
        raise ArgumentError(
            f"{found!r} is no language backend; it needs name, version, languages, thresholds, candidates and "
            "log_scores()."
        )
    if "*" not in found.thresholds:
        raise ArgumentError(f'language backend {found.name}: thresholds["*"] is missing, for all other languages.')
    return cast(Backend, found)
