"""Exact, validated, reproducible instruction-tuning mixtures from parallel multilingual data.

    from pinchmix import build_mixture, export_mixture

    mix = build_mixture("data/{lang}.jsonl", {"en": 4600, "*": 40})
    export_mixture(mix, "out")

Parallel data is a grid: each row an instruction, each column a language, each cell that instruction in that language. A
mixture is a choice of cells; a budget says how much of it each language gets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinchmix.audit import Audit, audit_source
    from pinchmix.budget import Budget
    from pinchmix.build import build_mixture, plan_mixture
    from pinchmix.comparing.compare import compare_mixtures
    from pinchmix.comparing.comparison import Comparison
    from pinchmix.comparing.matrix import Matrix, compare_sweep
    from pinchmix.data import sample
    from pinchmix.errors import BadRows, InfeasibleBudget, PinchmixError
    from pinchmix.export import export_mixture
    from pinchmix.family import Family
    from pinchmix.mixture import Example, Mixture
    from pinchmix.plan import Plan
    from pinchmix.plugins import list_plugins
    from pinchmix.rebuild import rebuild_mixture
    from pinchmix.recipe import Recipe
    from pinchmix.recipe_file import read_family, read_recipe
    from pinchmix.sweep import Sweep, sweep_mixtures
    from pinchmix.sweep.folder import export_sweep, verify_sweep
    from pinchmix.verify import verify_export

__version__ = "0.1.0"

# Each name is loaded when it is first asked for, so that importing pinchmix costs nothing.
_FACE = {
    "Audit": "audit",
    "BadRows": "errors",
    "Budget": "budget",
    "Comparison": "comparing.comparison",
    "Example": "mixture",
    "Family": "family",
    "InfeasibleBudget": "errors",
    "Matrix": "comparing.matrix",
    "Mixture": "mixture",
    "PinchmixError": "errors",
    "Plan": "plan",
    "Recipe": "recipe",
    "Sweep": "sweep",
    "audit_source": "audit",
    "build_mixture": "build",
    "compare_mixtures": "comparing.compare",
    "compare_sweep": "comparing.matrix",
    "export_mixture": "export",
    "export_sweep": "sweep.folder",
    "list_plugins": "plugins",
    "plan_mixture": "build",
    "read_family": "recipe_file",
    "read_recipe": "recipe_file",
    "rebuild_mixture": "rebuild",
    "sample": "data",
    "sweep_mixtures": "sweep",
    "verify_export": "verify",
    "verify_sweep": "sweep.folder",
}

__all__ = [
    "Audit",
    "BadRows",
    "Budget",
    "Comparison",
    "Example",
    "Family",
    "InfeasibleBudget",
    "Matrix",
    "Mixture",
    "PinchmixError",
    "Plan",
    "Recipe",
    "Sweep",
    "audit_source",
    "build_mixture",
    "compare_mixtures",
    "compare_sweep",
    "export_mixture",
    "export_sweep",
    "list_plugins",
    "plan_mixture",
    "read_family",
    "read_recipe",
    "rebuild_mixture",
    "sample",
    "sweep_mixtures",
    "verify_export",
    "verify_sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'pinchmix' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"pinchmix.{_FACE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
