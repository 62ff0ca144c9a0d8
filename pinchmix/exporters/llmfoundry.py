"""llm-foundry: the loaders of its training settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class LLMFoundry:
    """The loaders of llm-foundry 0.22, which reads one file of settings: this one and the user's, joined.

    The length of a row is ``max_seq_len`` of the user's settings. All answers of a dialogue are trained on; left alone,
    llm-foundry trains on the last. It asks for a number of workers, and fails on 0.

    Example:
        >>> files = LLMFoundry().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))
        >>> print(files["llmfoundry.yaml"])
        # cat trainers/llmfoundry.yaml YOURS.yaml > RUN.yaml; composer train.py RUN.yaml
        train_loader:
          name: "finetuning"
          dataset:
            hf_name: "json"
            hf_kwargs:
              data_files:
                train:
                  - "data/messages/train.jsonl"
            split: "train"
            max_seq_len: "${max_seq_len}"
            decoder_only_format: true
            target_responses: "all"
            shuffle: true
          drop_last: false
          num_workers: 8
        <BLANKLINE>
    """

    name: str = "llmfoundry"
    version: str = "1"
    title: str = "llm-foundry"
    usage: str = "cat trainers/llmfoundry.yaml YOURS.yaml > RUN.yaml; composer train.py RUN.yaml"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        train, valid = export.files("train"), export.files("valid")
        if not train:
            return {}
        settings = {"train_loader": _loader("train", train)}
        if valid:
            settings["eval_loader"] = _loader("valid", valid)
        return {"llmfoundry.yaml": to_yaml(settings, comments=(self.usage,))}


def _loader(split: str, paths: Sequence[str]) -> dict[str, Any]:
    dataset = {
        "hf_name": "json",
        "hf_kwargs": {"data_files": {split: list(paths)}},
        "split": split,
        "max_seq_len": "${max_seq_len}",
        "decoder_only_format": True,
        "target_responses": "all",
        "shuffle": split == "train",
    }
    return {"name": "finetuning", "dataset": dataset, "drop_last": False, "num_workers": 8}
