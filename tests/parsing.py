"""Python source as a syntax tree, for tests that read code."""

from __future__ import annotations

import ast
import gc
from functools import lru_cache
from pathlib import Path


@lru_cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file.

    CPython 3.11 raises SystemError when a finalizer runs while it makes one (python/cpython#106905), and the mixtures
    of other tests have finalizers; so no garbage is collected meanwhile.
    """
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()
