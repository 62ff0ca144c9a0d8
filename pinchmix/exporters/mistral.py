"""mistral-finetune: the data block of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml


@dataclass(frozen=True)
class Mistral:
    """The ``data`` block of mistral-finetune, which reads one file of settings: this one and the user's, joined.

    A list of files is one text there, with ``,`` between files and ``:`` before a weight, and knows no escape: for a
    folder with either in its path there is nothing to be written. Equal weights suit shards, which are of one size.

    Example:
        >>> print(Mistral().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["mistral.yaml"])
        # cat trainers/mistral.yaml YOURS.yaml > RUN.yaml; torchrun -m train RUN.yaml
        data:
          instruct_data: "data/messages/train.jsonl"
        <BLANKLINE>
    """

    name: str = "mistral"
    version: str = "1"
    title: str = "mistral-finetune"
    usage: str = "cat trainers/mistral.yaml YOURS.yaml > RUN.yaml; torchrun -m train RUN.yaml"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file, or none where it cannot say the paths."""
        train, valid = export.files("train"), export.files("valid")
        if not train or {",", ":"} & set("".join(train)):
            return {}
        data = {"instruct_data": ",".join(train), **({"eval_instruct_data": ",".join(valid)} if valid else {})}
        return {"mistral.yaml": to_yaml({"data": data}, comments=(self.usage,))}
