"""oumi: the ``data`` of a training configuration, a data set a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class Oumi:
    """The ``data`` of oumi 0.9, told to learn all of the assistant's turns; by itself it learns the prompts too.

    It learns the template's line ends around an answer with it. Rows longer than ``model.model_max_length`` are cut.

    Example:
        >>> print(Oumi().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["oumi.yaml"])
        # oumi train -c trainers/oumi.yaml --model.model_name MODEL --training.output_dir OUT
        data:
          train:
            datasets:
              - dataset_name: "text_sft_jsonl"
                dataset_path: "data/messages/train.jsonl"
            collator_name: "text_completions_only_with_padding"
            train_target: "ALL_ASSISTANT_TURNS"
        <BLANKLINE>
    """

    name: str = "oumi"
    version: str = "1"
    title: str = "oumi"
    usage: str = "oumi train -c trainers/oumi.yaml --model.model_name MODEL --training.output_dir OUT"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        data: dict[str, Any] = {}
        for split, use in (("train", "train"), ("validation", "valid")):
            if paths := export.files(use):
                data[split] = {
                    "datasets": [{"dataset_name": "text_sft_jsonl", "dataset_path": path} for path in paths],
                    "collator_name": "text_completions_only_with_padding",
                    "train_target": "ALL_ASSISTANT_TURNS",
                }
        return {"oumi.yaml": to_yaml({"data": data}, comments=(self.usage,))}
