"""Unsloth: the ``data`` of ``unsloth train``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class Unsloth:
    """Settings of ``unsloth train`` (unsloth 2026.10), told to learn the answers only; it has no evaluation rows.

    Where it cannot find out how the model's template marks an answer, it warns and learns the prompts too. Rows longer
    than ``max_seq_length`` (2048) are cut. The output folder is relative to its own, in the home folder.

    Example:
        >>> print(Unsloth().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["unsloth.yaml"])
        # unsloth train --config trainers/unsloth.yaml --model MODEL --output-dir OUT
        data:
          local_dataset:
            - "data/messages/train.jsonl"
          format_type: "chatml"
        training:
          train_on_completions: true
        <BLANKLINE>
    """

    name: str = "unsloth"
    version: str = "1"
    title: str = "Unsloth"
    usage: str = "unsloth train --config trainers/unsloth.yaml --model MODEL --output-dir OUT"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        settings = {
            "data": {"local_dataset": export.files("train"), "format_type": "chatml"},
            "training": {"train_on_completions": True},
        }
        return {"unsloth.yaml": to_yaml(settings, comments=(self.usage,))}
