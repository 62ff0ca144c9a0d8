"""Recipe and family files: read_recipe and read_family, and the JSON Schemas of what is written to them."""

from __future__ import annotations

import os
from pathlib import Path

from pinchmix.errors import ArgumentError
from pinchmix.family import Family
from pinchmix.recipe import Recipe
from pinchmix.recipe_text.reading import read_written
from pinchmix.written.reading import Reading, text_of_file

FORMS = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Return the recipe of a YAML or JSON file.

    The file says a budget, and of the rest what is not as it is by default; see ``docs/recipes.md``. A recipe holds no
    paths: where the data is, and a tokenizer or an exclusion of which it has the digest, are given to the build.

    Args:
        path: A file that ends in ``.yaml``, ``.yml`` or ``.json``.

    Raises:
        BadFile: It makes no recipe; the error names every fault with its line.
        ArgumentError: There is no such file, it is called otherwise, or it holds a family.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = Path(place, "r.yaml").write_text("budget: {en: 4600, '*': 40}", encoding="utf-8")
        ...     read_recipe(Path(place, "r.yaml")).budget
        Budget.counts({'en': 4600, '*': 40})
    """
    reading = _read(path, "a recipe")
    if "members" in reading.written.value:
        raise ArgumentError(f"{reading.written.file} holds a family, as it has members; read it with read_family.")
    return Recipe.of_written(reading)


def read_family(path: str | os.PathLike[str]) -> Family:
    r"""Return the family of a YAML or JSON file: a name, and members by name; see ``docs/recipes.md``.

    Args:
        path: A file that ends in ``.yaml``, ``.yml`` or ``.json``.

    Raises:
        BadFile: It makes no family; the error names every fault with its line.
        ArgumentError: There is no such file, it is called otherwise, or it holds one recipe.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     _ = Path(place, "f.yaml").write_text("name: f\nmembers: {a: {budget: {en: 5}}}", encoding="utf-8")
        ...     read_family(Path(place, "f.yaml"))
        Family('f', 1 member)
    """
    reading = _read(path, "a family")
    if "members" not in reading.written.value and "budget" in reading.written.value:
        raise ArgumentError(f"{reading.written.file} holds one recipe, as it has no members; read it with read_recipe.")
    return Family.of_written(reading)


def holds_family(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file holds a family rather than a recipe: it has members.

    Args:
        path: As for :func:`read_recipe`, which raises what this does.
    """
    return "members" in _read(path, "a recipe or a family").written.value


def _read(path: str | os.PathLike[str], what: str) -> Reading:
    form = FORMS.get(Path(path).suffix.lower()) if isinstance(path, (str, os.PathLike)) else None
    if form is None:
        raise ArgumentError(f"{path!r}: name {what} in a file that ends in .yaml, .yml or .json.")
    name, text, _ = text_of_file(path, what)
    return read_written(text, name, form)
