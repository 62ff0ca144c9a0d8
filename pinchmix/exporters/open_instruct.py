"""open-instruct: its ``finetune.py`` reads the JSON lines as a mixture in which every row is used once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class OpenInstruct:
    """The data arguments of open-instruct's ``finetune.py``, which takes a YAML file before its other arguments.

    ``"1.0"`` means all rows of a file; ``"1"`` would mean one row. There is no set for validation. Those other
    arguments must then be written with ``=``.

    Example:
        >>> export = Exported("mix", "0", "", {"train": ["train"]}, {"train": 9})
        >>> print(OpenInstruct().files(export)["open_instruct.yaml"])
        # accelerate launch open_instruct/finetune.py trainers/open_instruct.yaml --model_name_or_path=MODEL
        dataset_mixer_list:
          - "data/messages/train.jsonl"
          - "1.0"
        dataset_mixer_list_splits:
          - "train"
        <BLANKLINE>
    """

    name: str = "open_instruct"
    version: str = "1"
    title: str = "open-instruct"
    usage: str = "accelerate launch open_instruct/finetune.py trainers/open_instruct.yaml --model_name_or_path=MODEL"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        train = export.files("train")
        if not train:
            return {}
        settings = {
            "dataset_mixer_list": [word for path in train for word in (path, "1.0")],
            "dataset_mixer_list_splits": ["train"],
        }
        return {"open_instruct.yaml": to_yaml(settings, comments=(self.usage,))}
