"""Edited exports: what a verification notices where somebody edits a manifest and makes every digest fit again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pinchmix
from pinchmix import Mixture, build_mixture, export_mixture, verify_export
from pinchmix.errors import ArgumentError, VerificationFailed
from pinchmix.manifest import NAME, Manifest

ROOTS = ("/srv/mix", "/", "/žluť 数据/mix's", "/a: b #c", '/a"b', "/a, b")


@pytest.fixture(scope="module")
def mixture() -> Mixture:
    return build_mixture(pinchmix.sample(), {"en": 6, "fi": 3}, sampler="longest", validate=["numbers", "length"])


def edited(folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """Change a manifest so that its digest fits, and return what a verification says."""
    manifest = Manifest.of_bytes((folder / NAME).read_bytes())
    whole = json.loads(json.dumps([manifest.identity, manifest.source, manifest.provenance]))
    change(whole[0])
    (folder / NAME).write_bytes(Manifest(*whole).to_bytes())
    with pytest.raises(VerificationFailed) as caught:
        verify_export(folder)
    return str(caught.value)


@pytest.mark.parametrize("root", ROOTS)
def test_settings_verify_wherever_they_say_that_the_folder_stands(mixture: Mixture, tmp_path: Path, root: str) -> None:
    export_mixture(mixture, tmp_path / "out", root=root)
    verify_export(tmp_path / "out")
    said = edited(tmp_path / "out", lambda identity: identity["export"].update(rooted=False))
    assert "trainers/trl.yaml: not what the exporter trl writes for this mixture\n" in said


def test_a_root_that_the_settings_do_not_hold_is_found(mixture: Mixture, tmp_path: Path) -> None:
    export_mixture(mixture, tmp_path / "out")
    said = edited(tmp_path / "out", lambda identity: identity["export"].update(rooted=True))
    assert "identity.export: rooted, and no settings hold a place as exporters write it" in said


@pytest.mark.parametrize("name", ["exporters/trl", "validators/numbers", "samplers/longest"])
def test_another_version_of_a_plugin_of_pinchmix_is_found(mixture: Mixture, tmp_path: Path, name: str) -> None:
    export_mixture(mixture, tmp_path / "out")
    said = edited(tmp_path / "out", lambda identity: identity["plugins"].update({name: "99"}))
    assert f"{name} is said to be of version 99, and that of pinchmix {pinchmix.__version__} is " in said


@pytest.mark.parametrize("more", [-1, 1, 1000])
def test_other_instructions_of_the_grid_are_found(mixture: Mixture, tmp_path: Path, more: int) -> None:
    export_mixture(mixture, tmp_path / "out")

    def change(identity: dict[str, Any]) -> None:
        identity["grid"]["instructions"] += more

    assert f"of {66 + more:,} instructions" in edited(tmp_path / "out", change)


@pytest.mark.parametrize("sign", ["${HOME}", "$x", "a*b", "a?", "[ab]", "{a,b}", "s3::x", "%TEMP%"])
def test_a_root_with_signs_that_trainers_replace_or_match_is_refused(
    mixture: Mixture, tmp_path: Path, sign: str
) -> None:
    with pytest.raises(ArgumentError, match="which trainers read as a variable, a pattern or another address"):
        export_mixture(mixture, tmp_path / "out", root=f"/srv/{sign}/mix")
    assert not (tmp_path / "out").exists()
