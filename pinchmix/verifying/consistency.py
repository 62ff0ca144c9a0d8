"""Consistency: what the rows of provenance say of each other, whatever the manifest says of them.

Rows stand in the order that the seed gives; copies of a cell are the same in all; no row of the source is two cells;
and the verdicts are as many as were counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pinchmix.canonical import hash_of_id, key_of
from pinchmix.exact.order import row_keys
from pinchmix.exporting.provenance import SHOWN, Origins
from pinchmix.manifest import NAME, Manifest
from pinchmix.sources.database import Database
from pinchmix.text.wording import number_of

SAME = ("source", "row", "tokens", "verdict", "digest")  # in all copies of a cell


def consistency_faults(manifest: Manifest, tables: Mapping[str, pa.Table], origins: Origins) -> Iterator[str]:
    """Yield what does not fit together in the provenance of an export.

    Args:
        manifest: Of the right shape.
        tables: Shard → its provenance, split by split.
        origins: The same rows.
    """
    whole = pa.concat_tables(tables.values())
    whole = whole.append_column("split", pa.array(origins.splits).take(pa.array(origins.split)))
    database = Database(keep_order=True)
    try:
        name = database.register(whole.append_column("n", pa.array(np.arange(len(whole)))))
        yield from _order_faults(database, origins, manifest.identity["recipe"]["seed"])
        yield from _cell_faults(database, name, origins)
        yield from _verdict_faults(database, name, manifest)
    finally:
        database.close()


def _order_faults(database: Database, origins: Origins, seed: int) -> Iterator[str]:
    """Yield rows that stand before one that the seed puts before them."""
    ids = database.register(pa.table({"id": origins.ids}))
    hashes = database.columns(f"SELECT md5_number_lower(id) AS hash FROM {ids}")["hash"].astype(np.uint64)
    tags = np.array([hash_of_id(tag) for tag in origins.languages], dtype=np.uint64)
    of_row = hashes[origins.instruction], tags[origins.language], origins.copy - 1
    keys = row_keys(*of_row, key_of(seed, "shuffle"))
    late = (keys[1:] < keys[:-1]) & (origins.split[1:] == origins.split[:-1])
    for row in (np.flatnonzero(late) + 1)[:SHOWN].tolist():
        yield f"{origins.where(row)}: it does not belong after the row before it, by the seed {seed}"


def _cell_faults(database: Database, name: str, origins: Origins) -> Iterator[str]:
    """Yield cells whose copies are different, and rows of the source that are two cells."""
    other = " OR ".join(f"min({column}) <> max({column})" for column in SAME)
    for row, copies in database.rows(
        f'SELECT max(n), count(*) FROM {name} GROUP BY id, "column" HAVING {other} ORDER BY 1 LIMIT {SHOWN}'
    ):
        yield f"{origins.where(row)}: its text or its origin is not that of all {copies:,} copies"
    for row, source, line in database.rows(
        f'SELECT max(n), source, row FROM {name} GROUP BY source, row, "column" '
        f"HAVING min(id) <> max(id) OR row < 1 ORDER BY 1 LIMIT {SHOWN}"
    ):
        yield f"{origins.where(row)}: row {line:,} of {source} is another instruction too, or is no row"


def _verdict_faults(database: Database, name: str, manifest: Manifest) -> Iterator[str]:
    """Yield verdicts without a validator, or the other way round, and counts of doubts that are others."""
    judged = bool(manifest.identity["recipe"]["validators"])
    (unchecked,) = database.rows(f"SELECT count(*) FROM {name} WHERE (verdict = 'unchecked') = {str(judged).lower()}")[
        0
    ]
    if unchecked:
        wrong = f"the recipe has {'' if judged else 'no '}validators"
        yield f"{NAME}: {wrong}, and {number_of(unchecked, 'row')} of provenance say otherwise"
    noted: dict[tuple[Any, ...], int] = {
        tuple(key): count
        for *key, count in database.rows(
            f'SELECT verdict, split, "column", count(DISTINCT id) FROM {name} GROUP BY ALL'
        )
    }
    for split, languages in manifest.counts.items():
        for language, figures in languages.items():
            for verdict in ("unsure", "flagged"):
                found = noted.get((verdict, split, language), 0)
                if found != figures[verdict]:
                    yield (
                        f"{NAME}: {split}: {figures[verdict]:,} of {language} are said to be {verdict}, and provenance "
                        f"has {found:,}"
                    )
