"""Megatron-Bridge: its data set, as an object that its own loader of settings makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml

BUILDERS = "megatron.bridge.data.builders"


@dataclass(frozen=True)
class MegatronBridge:
    """A ``DirectHFSFTDatasetConfig`` of Megatron-Bridge 0.6, which reads files of any name by ``datasets``.

    Its other set for text, ``GPTSFTDatasetConfig``, wants ``training.jsonl`` and ``validation.jsonl``: a second copy of
    every row, as an export has no links. Recipes are Python, so the file is used from there::

        from megatron.bridge.utils.instantiate_utils import instantiate
        from omegaconf import OmegaConf

        recipe.dataset = instantiate(OmegaConf.load("trainers/megatron_bridge.yaml"), seq_length=4096)

    Example:
        >>> files = MegatronBridge().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))
        >>> [line for line in files["megatron_bridge.yaml"].splitlines() if ".jsonl" in line]
        ['        - "data/messages/train.jsonl"']
    """

    name: str = "megatron_bridge"
    version: str = "1"
    title: str = "Megatron-Bridge"
    usage: str = 'recipe.dataset = instantiate(OmegaConf.load("trainers/megatron_bridge.yaml"), seq_length=LENGTH)'
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        train, valid, test = (export.files(use) for use in ("train", "valid", "test"))
        if not train:
            return {}
        settings = {
            "_target_": f"{BUILDERS}.DirectHFSFTDatasetConfig",
            "source": _source("train", train),
            **({"validation_source": _source("validation", valid)} if valid else {}),
            **({"test_source": _source("test", test)} if test else {}),
            "do_validation": bool(valid),
            "do_test": bool(test),
            "preprocessing": {"_target_": f"{BUILDERS}.ChatSFTPreprocessingConfig", "loss_mode": "assistant"},
        }
        comments = (self.usage, "from megatron.bridge.utils.instantiate_utils import instantiate")
        return {"megatron_bridge.yaml": to_yaml(settings, comments=comments)}


def _source(split: str, paths: Sequence[str]) -> dict[str, Any]:
    return {
        "_target_": f"{BUILDERS}.HFDatasetSourceConfig",
        "path_or_dataset": "json",
        "split": split,
        "load_kwargs": {"data_files": {split: list(paths)}},
    }
