"""LLaMA-Factory: a ``dataset_info.json`` that names the files, and the settings that name the data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.yaml_text import to_yaml

# Naming one column or tag sets the others to nothing, so all are named.
TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "tool",
    "function_tag": "function",
    "system_tag": "system",
}


@dataclass(frozen=True)
class LlamaFactory:
    """Settings of LLaMA-Factory 0.9; a data set a shard, as an entry of ``dataset_info.json`` is one file.

    Example:
        >>> files = LlamaFactory().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))
        >>> json.loads(files["llamafactory/dataset_info.json"])["mix_train"]["file_name"]
        '../../data/messages/train.jsonl'
    """

    name: str = "llamafactory"
    version: str = "1"
    title: str = "LLaMA-Factory"
    usage: str = "llamafactory-cli train trainers/llamafactory/sft.yaml model_name_or_path=MODEL template=TEMPLATE"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the two files."""
        entries, named = {}, {}
        for use in ("train", "valid"):
            found = export.files(use, up=2)
            names = [f"{export.name}_{use}" + (f"_{n}" if len(found) > 1 else "") for n in range(len(found))]
            named[use] = ",".join(names)
            for name, path in zip(names, found, strict=True):
                columns = {"messages": "messages"}
                entries[name] = {"file_name": path, "formatting": "sharegpt", "columns": columns, "tags": TAGS}
        settings = {
            "stage": "sft",
            "do_train": True,
            "dataset_dir": export.at("trainers/llamafactory"),
            "dataset": named["train"],
            **({"eval_dataset": named["valid"]} if named["valid"] else {}),
        }
        return {
            # It is opened without an encoding, so that it must be ASCII.
            "llamafactory/dataset_info.json": json.dumps(entries, indent=2, ensure_ascii=True) + "\n",
            "llamafactory/sft.yaml": to_yaml(settings, comments=(self.usage,)),
        }
