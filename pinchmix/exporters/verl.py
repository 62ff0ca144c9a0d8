"""verl: its SFT trainer reads the Parquet files, by a configuration that extends its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.exporting.shards import PARQUET
from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class Verl:
    """A Hydra configuration for ``verl.trainer.sft_trainer`` (verl 0.9), on top of its ``sft_trainer_engine``.

    A file rather than arguments, since Hydra's command line has a grammar of its own, in which a path with a blank or a
    comma must be quoted twice. ``--config-dir`` is looked up from the current folder.

    Example:
        >>> print(Verl().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["verl.yaml"])
        # torchrun --nproc_per_node=1 -m verl.trainer.sft_trainer --config-dir trainers --config-name verl model.path=MODEL
        defaults:
          - "sft_trainer_engine"
          - "_self_"
        data:
          train_files:
            - "data/messages_parquet/train.parquet"
          messages_key: "messages"
        <BLANKLINE>
    """  # noqa: E501

    name: str = "verl"
    version: str = "1"
    title: str = "verl"
    usage: str = (
        "torchrun --nproc_per_node=1 -m verl.trainer.sft_trainer "
        "--config-dir trainers --config-name verl model.path=MODEL"
    )
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        train, valid = export.files("train", PARQUET), export.files("valid", PARQUET)
        if not train:
            return {}
        data = {"train_files": train, **({"val_files": valid} if valid else {}), "messages_key": "messages"}
        settings = {"defaults": ["sft_trainer_engine", "_self_"], "data": data}
        return {"verl.yaml": to_yaml(settings, comments=(self.usage,))}
