"""Does NeMo AutoModel read an export by ``trainers/nemo_automodel.yaml``, put into the settings of a recipe?

The labels of its data set are those of the next token; they are moved back to be compared.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from comparing import Row, report
from nemo_automodel.components.config._arg_parser import parse_args_and_load_config
from tiny import Seen, as_written, compare_seen, make_tokenizer, seen_as

RECIPE = """\
step_scheduler:
  global_batch_size: 8
dataset:
  _target_: nemo_automodel.components.datasets.llm.hellaswag.HellaSwag
  path_or_dataset: rowan/hellaswag
  split: train"""  # with no line end, as many a file has none


def without_end(row: Row) -> Seen:
    """Return how a row should be seen: nothing follows the line end after the last turn, so it is only a label."""
    text, trained = as_written(row)
    return text.removesuffix("\n"), trained


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        line = (export / "trainers/nemo_automodel.yaml").read_text(encoding="utf-8").splitlines()[0]
        command = line.removeprefix("# ").split(" && ")[0]
        recipe, mine = Path("RECIPE.yaml").resolve(), Path("MINE.yaml").resolve()
        recipe.write_text(RECIPE, encoding="utf-8")
        command = command.replace(recipe.name, str(recipe)).replace(mine.name, str(mine))
        os.chdir(export)
        subprocess.run(command, shell=True, check=True)  # what the file says
        settings = parse_args_and_load_config(str(mine), argv=[])
        assert settings.step_scheduler.global_batch_size == 8, "the recipe's own settings are changed"
        tokenizer = make_tokenizer(wanted)
        rows = settings.dataset.instantiate(tokenizer=tokenizer)
        seen = []
        for number in range(len(rows)):
            ids, following = rows[number]["input_ids"], rows[number]["labels"]
            assert following[-1] == -100, "the line end of the template is learnt"
            seen.append(seen_as(tokenizer.decode, ids, [-100, *following[:-1]]))
        return len(seen), compare_seen(wanted, seen, without_end)

    return {"nemo_automodel.yaml in a recipe: texts, loss masks, order": check}


if __name__ == "__main__":
    report("nemo-automodel", checks)
