"""The judge: asks the validators about each chosen cell once, and remembers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pinchmix.errors import ArgumentError
from pinchmix.grid import Grid
from pinchmix.plugins import Cells, Validator, Verdict
from pinchmix.progress import progress_bar
from pinchmix.texts import Texts

EXCERPT = 120  # characters of a text that are kept as evidence
FINDINGS = pa.schema(
    [
        ("address", pa.int64()),
        ("id", pa.string()),
        ("language", pa.string()),
        ("field", pa.string()),
        ("check", pa.string()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("score", pa.float32()),
        ("seen", pa.string()),
        ("excerpt", pa.string()),
    ]
)


class Judge:
    """Asks the validators about cells, each cell once.

    Attributes:
        rejected: Cells with a mismatch so far, by language.
        by_check: The same by check and language; a cell that several checks reject counts for the first.
    """

    def __init__(
        self, validators: Sequence[Validator], languages: Sequence[str], texts: Texts, progress: bool | None = None
    ) -> None:
        self.rejected: dict[str, int] = dict.fromkeys(languages, 0)
        self.by_check: dict[str, dict[str, int]] = {check.name: dict.fromkeys(languages, 0) for check in validators}
        self._validators, self._languages, self._texts, self._progress = validators, languages, texts, progress
        self._judged = np.zeros(0, dtype=np.int64)
        self._found: list[pa.Table] = []

    def reject(self, grid: Grid, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the addresses of those cells that have a mismatch, after judging the ones not judged before.

        Args:
            grid: Where the cells are.
            cells: Chosen cells, whose texts have been fetched.
        """
        if not self._validators:
            return np.zeros(0, dtype=np.int64)
        new = cells[~np.isin(grid.address[cells], self._judged)]
        rejected: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        with progress_bar("checking", len(new), "cell", self._progress) as step:
            place_of = dict(zip(grid.address[new].tolist(), new.tolist(), strict=True))
            for address, prompts, responses in self._texts.pairs(grid.address[new]):
                places = np.array([place_of[one] for one in address], dtype=np.int64)
                languages = [grid.languages[number] for number in grid.language[places].tolist()]
                ids = grid.ids.take(pa.array(grid.instruction[places])).to_pylist()
                rejected.append(self._judge(np.array(address), Cells(ids, languages, languages, prompts, responses)))
                step(len(address))
        self._judged = np.union1d(self._judged, grid.address[new])
        found = np.unique(np.concatenate(rejected))
        counts = np.bincount(grid.language[np.isin(grid.address, found)], minlength=len(grid.languages))
        for language, count in zip(grid.languages, counts.tolist(), strict=True):
            self.rejected[language] += count
        return found

    def _judge(self, address: npt.NDArray[np.int64], cells: Cells) -> npt.NDArray[np.int64]:
        rejected = [np.zeros(0, dtype=np.int64)]
        known: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        for validator in self._validators:
            found = validator.judge(cells, self._languages)
            places = found.place.tolist()
            if strange := [place for place in places if not 0 <= place < len(cells.ids)]:
                raise ArgumentError(
                    f"validator {validator.name}: it found something in cell {strange[0]} of {len(cells.ids):,}."
                )
            if odd := sorted(set(found.verdict.tolist()).difference(Verdict)):
                raise ArgumentError(f"validator {validator.name}: {odd[0]} is no verdict (0, 1 or 2).")
            texts = {"prompt": cells.prompts, "response": cells.responses}
            self._found.append(
                pa.table(
                    [
                        address[found.place],
                        [cells.ids[place] for place in places],
                        [cells.response_languages[place] for place in places],
                        list(found.field),
                        [validator.name] * len(places),
                        [Verdict(verdict).name.lower() for verdict in found.verdict.tolist()],
                        list(found.reason),
                        found.score.astype(np.float32),
                        list(found.seen),
                        [
                            texts.get(field, cells.responses)[place][:EXCERPT]
                            for place, field in zip(places, found.field, strict=True)
                        ],
                    ],
                    schema=FINDINGS,
                )
            )
            wrong = np.setdiff1d(found.place[found.verdict == Verdict.MISMATCH], known)
            known = np.union1d(known, wrong)
            for place in wrong.tolist():
                self.by_check[validator.name][cells.response_languages[place]] += 1
            rejected.append(address[wrong])
        return np.unique(np.concatenate(rejected))

    def findings(self) -> pa.Table:
        """Return everything that was found, by language, id and field; without addresses."""
        whole = pa.concat_tables([FINDINGS.empty_table(), *self._found])
        return whole.sort_by([(name, "ascending") for name in ("language", "id", "field", "check")]).drop(["address"])

    def doubted(self) -> npt.NDArray[np.int64]:
        """Return the addresses of the cells that a validator was unsure of, ascending."""
        whole = pa.concat_tables([FINDINGS.empty_table(), *self._found])
        return np.unique(whole.filter(pc.field("verdict") == "unsure").column("address").to_numpy())
