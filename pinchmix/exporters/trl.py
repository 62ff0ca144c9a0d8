"""TRL: ``trl sft`` reads the folder of the rows, or their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml

# Files of these names are what ``datasets`` takes them for when it is given their folder.
PLAIN = {"train": "train", "valid": "validation", "test": "test"}


@dataclass(frozen=True)
class TRL:
    """The data set of TRL's script arguments (trl 1.16, ``ScriptArguments``).

    The folder of the rows is named, whose splits ``datasets`` knows by the names of the files: so a split for
    validation is evaluated on with ``--eval_strategy epoch``. (The top of the export, with its card, can be named by
    its absolute path only: ``.`` is no name of a data set.) Where other splits are beside them, whose names could be
    taken for these, the files are named as a mixture of one, from which TRL cuts a split for evaluation itself
    (``--test_split_size``).

    Example:
        >>> print(TRL().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["trl.yaml"])
        # trl sft --config trainers/trl.yaml --model_name_or_path MODEL --output_dir OUT
        dataset_name: "data/messages"
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
        train, valid = export.files("train"), export.files("valid")
        if not train:
            return {}
        stems = {shard.partition("-")[0] for shards in export.splits.values() for shard in shards}
        comments = [self.usage]
        if stems <= PLAIN.keys() and "train" in stems:
            settings = {"dataset_name": export.at("data/messages"), "dataset_train_split": PLAIN["train"]}
            if valid:
                settings["dataset_test_split"] = PLAIN["valid"]
                comments.append("with evaluation: --eval_strategy epoch")
            return {"trl.yaml": to_yaml({**settings, "assistant_only_loss": True}, comments=tuple(comments))}
        mixture = {"datasets": [{"path": "json", "data_files": train, "split": "train"}], "assistant_only_loss": True}
        return {"trl.yaml": to_yaml(mixture, comments=tuple(comments))}
