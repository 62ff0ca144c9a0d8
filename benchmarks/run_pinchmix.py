"""The pinchmix script: an even split over the languages, exact, with its record.

    python benchmarks/run_pinchmix.py FOLDER OUT [--rows 1000000]

Validators are off, as nothing the baselines do stands against them; loading checks stay on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pinchmix import Budget, build_mixture, export_mixture

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    mix = build_mixture(f"{arguments.folder}/{{lang}}.parquet", Budget.uniform(arguments.rows), validate=False)
    export_mixture(mix, arguments.out, overwrite=True)
