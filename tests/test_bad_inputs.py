"""Every bad input is refused with the message that its golden file holds, and with nothing but a PinchmixError.

To change a message, change the code, run with ``PINCHMIX_UPDATE_GOLDEN=1``, and read the difference as a user would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pinchmix import PinchmixError, build_mixture
from tests.bad.cases import CASES

GOLDEN = Path(__file__).parent / "bad" / "golden"


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("name", CASES)
def test_message_is_golden(name: str) -> None:
    source, budget, options = CASES[name]()
    with pytest.raises(PinchmixError) as caught:
        build_mixture(source, budget, **options)
    message = f"{type(caught.value).__name__}: {caught.value}\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("PINCHMIX_UPDATE_GOLDEN"):
        golden.write_text(message)
    assert message == golden.read_text()


def test_golden_files_are_those_of_the_cases() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)
    assert len(CASES) >= 70
