"""The house: which module may import which, what `import pinchmix` costs, the face, and a page length."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pinchmix
from pinchmix import errors
from tests.parsing import parsed

ROOT = Path(pinchmix.__file__).parent
TESTS = Path(__file__).parent

# From the ground up. A module imports from its own floor or from those below, never from above; a folder is one room.
FLOORS = (
    ("canonical", "data", "exact", "exported", "progress", "schemas", "text"),
    ("errors", "grid", "uncompared", "words"),
    ("cells", "content", "exclude", "language", "pool", "settings", "written"),
    ("plugins", "policy", "toys", "weave"),
    ("budget", "own", "request", "sources"),
    ("allocators", "formats", "samplers", "tokenizers", "validators"),
    ("recipe_text", "rows", "scan"),
    ("reading", "recipe"),
    ("family", "plan", "weaving"),
    ("judging", "measure", "mixture", "planning", "recipe_file", "recipes"),
    ("arguments", "exporting", "families", "manifest"),
    ("audit", "card", "exporters", "prepare", "testing", "verifying"),
    ("export", "road"),
    ("build", "verify"),
    ("sweep",),
    ("rebuild",),
    ("comparing",),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}
SHELVES = ("allocators", "exporters", "formats", "recipes", "samplers", "sources", "tokenizers", "validators")

# The only files that import a heavy library, or one whose API is not to spread; everything else asks them.
OWNERS = {
    "datasets": {"mixture.py"},
    "duckdb": {"sources/database.py"},
    "fsspec": {"sources/locate.py", "sources/opened.py", "sources/source.py", "sources/values.py"},
    "langcodes": {"language.py"},
    "fasttext": {"validators/langid/backends/fasttext.py"},
    "langdetect": {"validators/langid/profiles.py", "validators/langid/backends/exact.py"},
    "lingua": {"validators/langid/backends/lingua.py"},
    "matplotlib": {"comparing/drawing.py"},
    "pandas": {
        *("audit.py", "mixture.py", "plan.py", "sweep/__init__.py"),
        *("comparing/comparison.py", "comparing/lengths.py", "comparing/matrix.py"),
    },
    "polars": set(),
    "py3langid": {"validators/langid/backends/py3langid.py"},
    "pycld2": {"validators/langid/backends/cld2.py"},
    "scipy": {"exact/cells.py", "exact/flow.py", "exact/joint.py", "exact/program.py", "validators/langid/scorer.py"},
    "sentencepiece": {"tokenizers/sentencepiece.py"},
    "tokenizers": {"tokenizers/huggingface.py"},
    "torch": set(),
    "yaml": {"written/yaml_text.py"},
    "tqdm": {"progress.py"},
    "typer": {
        "cli/__init__.py",
        "cli/exports.py",
        "cli/mixtures.py",
        "cli/sources.py",
        "cli/sweeps.py",
        "cli/words.py",
    },
    "zstandard": {"sources/opened.py", "sources/unpack.py"},
}
# Imported inside functions only: a build needs them where it is asked for tables or tokens, and not before.
LAZY = ("datasets", "pandas", "sentencepiece", "tokenizers")
# Library → the extra that brings it; who needs it and lacks it is told so.
OPTIONAL = {
    "fasttext": "fasttext",
    "lingua": "lingua",
    "matplotlib": "plot",
    "py3langid": "py3langid",
    "pycld2": "cld2",
    "tokenizers": "tokenizers",
}
EVERYWHERE = {"numpy", "pyarrow"}

FACE = [
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


def modules():
    """Dotted name without the package → path, of every module."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
        found[name] = path
    return found


MODULES = modules()


def imports_of(path):
    """Everything a file imports, wherever it stands in it, `if TYPE_CHECKING:` and functions included."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            # `from a import b` may import the module a.b.
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole.removeprefix("pinchmix.") in MODULES else str(node.module)


def ours(path):
    """The modules of pinchmix that a file imports, as names in MODULES."""
    for name in imports_of(path):
        if name == "pinchmix":
            yield "__init__"
        elif name.startswith("pinchmix."):
            yield name.removeprefix("pinchmix.")


GRAPH = {name: sorted(set(ours(path))) for name, path in MODULES.items()}


def top(name):
    return name.split(".")[0]


# Floors -------------------------------------------------------------------------------------------------------------


def test_the_imports_are_read_from_the_source():
    """The tests below would pass on an empty graph."""
    assert "errors" in GRAPH["plan"]
    assert "sources.locate" in GRAPH["sources.source"]
    assert "build" in GRAPH["__init__"]  # under TYPE_CHECKING
    assert sum(map(len, GRAPH.values())) > 100


def test_every_module_stands_on_a_floor_and_every_floor_has_its_modules():
    assert {top(name) for name in MODULES} == set(FLOOR)


@pytest.mark.parametrize("name", GRAPH)
def test_imports_never_go_up(name):
    for imported in GRAPH[name]:
        assert imported in MODULES, f"{name} imports {imported}, which is none of ours"
        assert FLOOR[top(imported)] <= FLOOR[top(name)], f"{name} imports {imported}, which is above it"


def test_imports_make_no_circle():
    done: set[str] = set()

    def visit(name, above):
        assert name not in above, f"a circle: {' -> '.join([*above, name])}"
        if name not in done:
            for imported in GRAPH[name]:
                visit(imported, [*above, name])
            done.add(name)

    for name in GRAPH:
        visit(name, [])
    assert done == set(MODULES)


def test_rooms_make_no_circle():
    """Files may make none while the folders that they stand in do."""
    rooms: dict[str, set[str]] = {}
    for name, imported in GRAPH.items():
        rooms.setdefault(top(name), set()).update({top(one) for one in imported} - {top(name)})
    while ground := {room for room, below in rooms.items() if not below & rooms.keys()}:
        rooms = {room: below for room, below in rooms.items() if room not in ground}
    assert rooms == {}


@pytest.mark.parametrize("shelf", SHELVES)
def test_a_shelf_never_imports_another_shelf(shelf):
    mine = [name for name in GRAPH if top(name) == shelf]
    assert mine
    for name in mine:
        assert not {top(imported) for imported in GRAPH[name]} & (set(SHELVES) - {shelf}), name


def test_every_folder_of_modules_is_a_shelf_or_a_room_of_several_files():
    assert {top(name) for name in MODULES if "." in name} == {
        *SHELVES,
        *(
            "budget",
            "card",
            "cli",
            "comparing",
            "errors",
            "exact",
            "exclude",
            "exporting",
            "judging",
            "planning",
            "reading",
        ),
        *("recipe_text", "schemas", "sweep", "testing", "text", "verifying", "weaving", "written"),
    }


def test_what_is_exact_imports_nothing_else_of_ours():
    for name in GRAPH:
        if top(name) == "exact":
            assert all(top(other) == "exact" for other in GRAPH[name])


# Libraries ----------------------------------------------------------------------------------------------------------


def libraries():
    found: dict[str, set[str]] = {}
    for path in MODULES.values():
        for name in imports_of(path):
            if top(name) not in sys.stdlib_module_names and top(name) != "pinchmix":
                found.setdefault(top(name), set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_a_heavy_library_is_imported_only_by_the_files_that_own_it():
    found = libraries()
    assert {name: found.get(name, set()) for name in OWNERS} == OWNERS
    assert found.keys() - OWNERS.keys() == EVERYWHERE


def test_what_is_imported_is_declared_as_a_dependency():
    project = (ROOT.parent / "pyproject.toml").read_text()
    given = set(
        re.findall(r'"(?:py(?=yaml))?([a-z]+)[><=]', re.search(r"(?ms)^dependencies = \[(.*?)\]$", project).group(1))
    )
    assert given >= libraries().keys() - OPTIONAL.keys()
    for library, extra in OPTIONAL.items():
        (needs,) = re.findall(rf'(?m)^{extra} = \["([a-z0-9-]+)>=', project)
        assert needs.startswith(library)


def loaded_by(statement):
    """The top-level modules that a fresh interpreter holds after a statement."""
    script = f"import sys; sys.path.insert(0, {str(ROOT.parent)!r}); {statement}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return {top(name) for name in said.stdout.split()}


def test_import_pinchmix_loads_nothing_that_takes_time():
    loaded = loaded_by("import pinchmix; dir(pinchmix); pinchmix.__all__")
    assert "pinchmix" in loaded
    assert not loaded & {*OWNERS, *EVERYWHERE, "rich", "click", "asyncio", "concurrent", "transformers"}


def test_the_functions_load_no_table_library_that_they_do_not_use():
    loaded = loaded_by("from pinchmix import build_mixture, export_mixture, verify_export")
    assert "duckdb" in loaded
    assert not loaded & {*LAZY, "matplotlib", "polars", "torch", "typer"}


# The face -----------------------------------------------------------------------------------------------------------


def test_the_face_is_these_names_in_order():
    assert pinchmix.__all__ == FACE == sorted(FACE)


@pytest.mark.parametrize("name", FACE)
def test_each_name_of_the_face_is_there_and_documented(name):
    value = getattr(pinchmix, name)
    assert value.__name__ == name
    assert inspect.getdoc(value)
    assert value.__module__.startswith("pinchmix")


def test_type_checkers_see_the_face_that_is_loaded_on_demand():
    tree = parsed(ROOT / "__init__.py")
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == {name: f"pinchmix.{module}" for name, module in pinchmix._FACE.items()}
    assert sorted(seen) == FACE


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'build_mix'"):
        _ = pinchmix.build_mix
    assert set(FACE) <= set(dir(pinchmix))


def test_the_version_is_that_of_the_project():
    (version,) = re.findall(r'(?m)^version = "(.*)"', (ROOT.parent / "pyproject.toml").read_text())
    assert pinchmix.__version__ == version


# Errors -------------------------------------------------------------------------------------------------------------


def family(root):
    return {root, *(one for child in root.__subclasses__() for one in family(child))}


def test_the_tree_of_errors_is_the_one_that_is_drawn():
    drawn, stack = {}, []
    for depth, name in re.findall(r"(?m)^    ([│├└─ ]*)([A-Z]\w+)", errors.__doc__):
        level = len(depth) // 4
        stack[level:] = [name]
        drawn[name] = stack[level - 1] if level else "Exception"
    real = {one.__name__: one.__base__.__name__ for one in family(errors.PinchmixError)}
    assert real == drawn


def test_all_errors_are_declared_in_one_file():
    assert {one.__module__ for one in family(errors.PinchmixError)} == {"pinchmix.errors"}


# Pages --------------------------------------------------------------------------------------------------------------


def public_definitions(tree):
    """Public functions and classes of a module, and public methods of its classes."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name[0] != "_")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_and_everything_public_in_it_is_documented(name):
    tree = parsed(MODULES[name])
    if MODULES[name].read_text(encoding="utf-8").strip():
        assert ast.get_docstring(tree), f"{name} has no docstring"
    assert [node.name for node in public_definitions(tree) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("name", MODULES)
def test_no_file_is_longer_than_four_hundred_lines(name):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", MODULES)
def test_no_file_holds_a_path_of_somebody_s_machine(name):
    assert not re.findall(r"(?:/home/|/root/|/Users/|[A-Z]:\\\\Users)\w+", MODULES[name].read_text(encoding="utf-8"))


def test_every_module_can_be_imported_by_itself():
    for name in MODULES.keys() - {"__main__", "__init__"}:
        assert importlib.import_module(f"pinchmix.{name}")


@pytest.mark.parametrize("path", sorted(TESTS.glob("*.py")), ids=lambda path: path.name)
def test_every_test_file_has_tests_and_every_other_file_is_used_by_one(path):
    if path.name in ("__init__.py", "conftest.py"):
        return
    if path.name.startswith("test_"):
        tree = parsed(path)
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        tests = [name for name in names if name.startswith("test_")]
        assert tests
        assert len(set(tests)) == len(tests), "a test hides another of the same name"
    else:
        name = f"tests.{path.stem}"
        users = [
            other
            for other in TESTS.glob("*.py")
            if name in other.read_text(encoding="utf-8").replace("from tests import ", "tests.")
        ]
        assert users
