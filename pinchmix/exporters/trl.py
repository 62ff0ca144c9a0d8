"""TRL: ``trl sft`` reads the export as a data set by its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.yaml_text import to_yaml


@dataclass(frozen=True)
class TRL:
    """The data set of TRL's script arguments (trl 1.16, ``ScriptArguments``).

    The whole folder is named, not its files as a mixture of one (``datasets:``): so the card declares the features, and
    a split for validation is evaluated on with ``--eval_strategy epoch``. TRL would cut one from the rows of a mixture.

    Example:
        >>> print(TRL().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["trl.yaml"])
        # trl sft --config trainers/trl.yaml --model_name_or_path MODEL --output_dir OUT
        dataset_name: "."
        dataset_train_split: "train"
        assistant_only_loss: true
        <BLANKLINE>
    """

    name: str = "trl"
    version: str = "2"
    title: str = "TRL"
    usage: str = "trl sft --config trainers/trl.yaml --model_name_or_path MODEL --output_dir OUT"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        train, valid = export.split_for("train"), export.split_for("valid")
        if train is None:
            return {}
        settings = {
            "dataset_name": export.at("."),
            "dataset_train_split": train,
            **({"dataset_test_split": valid} if valid else {}),
            "assistant_only_loss": True,
        }
        comments = (self.usage, *(("with evaluation: --eval_strategy epoch",) if valid else ()))
        return {"trl.yaml": to_yaml(settings, comments=comments)}
