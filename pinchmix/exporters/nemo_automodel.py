"""NeMo AutoModel: the ``dataset`` and ``validation_dataset`` of a recipe's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class NemoAutomodel:
    """The data sets of NeMo AutoModel 0.7, which learns the assistant's turns.

    A recipe takes one file of settings, in which the later of two blocks of a name counts. Paths are in a list, since
    a single one that does not exist would be looked for on a hub.

    Example:
        >>> files = NemoAutomodel().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))
        >>> print(files["nemo_automodel.yaml"])
        # (cat RECIPE.yaml; echo; cat trainers/nemo_automodel.yaml) > MINE.yaml && automodel MINE.yaml
        dataset:
          _target_: "nemo_automodel.components.datasets.llm.chat_dataset.ChatDataset"
          path_or_dataset_id:
            - "data/messages/train.jsonl"
        <BLANKLINE>
    """

    name: str = "nemo_automodel"
    version: str = "1"
    title: str = "NeMo AutoModel"
    usage: str = "(cat RECIPE.yaml; echo; cat trainers/nemo_automodel.yaml) > MINE.yaml && automodel MINE.yaml"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        settings: dict[str, Any] = {}
        for block, use in (("dataset", "train"), ("validation_dataset", "valid")):
            if paths := export.files(use):
                target = "nemo_automodel.components.datasets.llm.chat_dataset.ChatDataset"
                settings[block] = {"_target_": target, "path_or_dataset_id": paths}
        return {"nemo_automodel.yaml": to_yaml(settings, comments=(self.usage,))}
