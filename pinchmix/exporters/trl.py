"""TRL: ``trl sft`` reads the JSON lines as a mixture of one data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.yaml_text import to_yaml


@dataclass(frozen=True)
class TRL:
    """The ``datasets`` block of TRL's script arguments (trl 1.16, ``DatasetMixtureConfig``).

    TRL cuts its evaluation rows from the training rows (``test_split_size``); rows that are already split are found by
    ``--dataset_name`` and the card instead, as the comment says.

    Example:
        >>> print(TRL().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["trl.yaml"])
        # trl sft --config trainers/trl.yaml --model_name_or_path MODEL --output_dir OUT
        datasets:
          - path: "json"
            data_files:
              - "data/messages/train.jsonl"
            split: "train"
        assistant_only_loss: true
        <BLANKLINE>
    """

    name: str = "trl"
    version: str = "1"
    title: str = "TRL"
    usage: str = "trl sft --config trainers/trl.yaml --model_name_or_path MODEL --output_dir OUT"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        comments = [self.usage]
        if valid := export.split_for("valid"):
            comments += [
                "with evaluation: leave out the datasets below, and add",
                f"--dataset_name {export.at('.') if export.root else '.'} --dataset_train_split "
                f"{export.split_for('train')} --dataset_test_split {valid} --eval_strategy epoch",
            ]
        settings = {
            "datasets": [{"path": "json", "data_files": export.files("train"), "split": "train"}],
            "assistant_only_loss": True,
        }
        return {"trl.yaml": to_yaml(settings, comments=tuple(comments))}
