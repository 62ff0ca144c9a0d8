"""Notebooks run from top to bottom, and what is stored in them is what they say; pictures are only made again."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]


def said(notebook: Any) -> list[list[str]]:
    """What each cell shows as text, and which kinds of picture."""
    found = []
    for cell in notebook.cells:
        shown = []
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                if output.name == "stdout":  # libraries' warnings differ
                    shown.append(output.text)
                continue
            assert output.output_type != "error"
            picture = sorted(kind for kind in output.data if kind.startswith("image/"))
            shown.append(" ".join(picture) or output.data["text/plain"])
        found.append(shown)
    return found


@pytest.mark.parametrize("page", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_says_what_is_stored_in_it(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(page, as_version=4)
    nbformat.validate(notebook)
    stored = said(notebook)
    assert any(shown for shown in stored)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    assert said(notebook) == stored


@pytest.mark.parametrize("page", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_holds_no_path_of_somebody_s_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"(?:/home/|/root/|/Users/|/tmp/|site-packages)", text)
