"""ms-swift: the files as ``dataset`` and ``val_dataset``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class Swift:
    """Settings of ms-swift 4.6, which learns the assistant's turns.

    The templates of some models give a row without a system turn one of their own. For a row longer than
    ``max_length`` another one, chosen at random, is taken.

    Example:
        >>> print(Swift().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["swift.yaml"])
        # swift sft trainers/swift.yaml --model MODEL --output_dir OUT
        dataset:
          - "data/messages/train.jsonl"
        split_dataset_ratio: 0
        <BLANKLINE>
    """

    name: str = "swift"
    version: str = "1"
    title: str = "ms-swift"
    usage: str = "swift sft trainers/swift.yaml --model MODEL --output_dir OUT"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        valid = export.files("valid")
        settings = {
            "dataset": export.files("train"),
            **({"val_dataset": valid} if valid else {}),
            "split_dataset_ratio": 0,  # older versions take a part of the training rows for evaluation
        }
        return {"swift.yaml": to_yaml(settings, comments=(self.usage,))}
