"""MLX-LM: ``mlx_lm.lora`` reads train.jsonl and, where they are, valid.jsonl and test.jsonl of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class MLXLora:
    """Settings of ``mlx_lm.lora`` (mlx-lm 0.32): the folder of the rows.

    It looks for these names of files and no others, so a split cannot be cut into shards and the one to train on must
    be called train. ``mask_prompt`` trains on the last answer of a dialogue alone; mlx-lm has no setting for all.

    Example:
        >>> print(MLXLora().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["mlx_lora.yaml"])
        # mlx_lm.lora --config trainers/mlx_lora.yaml --train --model MODEL
        data: "data/messages"
        mask_prompt: true
        <BLANKLINE>
    """

    name: str = "mlx_lora"
    version: str = "1"
    title: str = "MLX-LM"
    usage: str = "mlx_lm.lora --config trainers/mlx_lora.yaml --train --model MODEL"
    shards: bool = False

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file, or none where the rows to train on have another name."""
        if list(export.splits.get("train", ())) != ["train"]:
            return {}
        settings = {"data": export.at("data/messages"), "mask_prompt": True}
        return {"mlx_lora.yaml": to_yaml(settings, comments=(self.usage,))}
