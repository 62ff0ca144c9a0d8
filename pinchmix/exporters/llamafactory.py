"""LLaMA-Factory: the data sets of an export in its ``dataset_info.json``, and a file of settings that names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml

# Naming one column or tag sets the others to nothing, so all that are used are named.
TOOLS = {"observation_tag": "tool", "function_tag": "function"}
CHAT = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
SHAREGPT = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"}
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "messages": {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {**CHAT, **TOOLS, "system_tag": "system"},
    },
    "sharegpt": {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations"},
        "tags": {**SHAREGPT, **TOOLS, "system_tag": "system"},
    },
    "alpaca": {
        "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output"},
    },
    "prompt_completion": {
        "formatting": "alpaca",
        "columns": {"prompt": "prompt", "response": "completion"},
    },
}


@dataclass(frozen=True)
class LlamaFactory:
    """Settings of LLaMA-Factory 0.9; a data set a shard, as an entry of ``dataset_info.json`` is one file.

    The settings train on ``messages``; other formats of the export are data sets too, with their name at the end. The
    file of data sets is JSON, which has no comments; the settings beside it say how to use both.

    Example:
        >>> files = LlamaFactory().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))
        >>> json.loads(files["llamafactory/dataset_info.json"])["mix_train"]["file_name"]
        '../../data/messages/train.jsonl'
    """

    name: str = "llamafactory"
    version: str = "2"
    title: str = "LLaMA-Factory"
    usage: str = "llamafactory-cli train trainers/llamafactory/sft.yaml model_name_or_path=MODEL template=TEMPLATE"
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the two files."""
        if not export.files("train"):
            return {}
        entries: dict[str, Mapping[str, Any]] = {}
        named: dict[str, str] = {}
        for form in SHAPES:
            for use in ("train", "valid") if form in export.formats else ():
                found = export.files(use, f"data/{form}/{{}}.jsonl", up=2)
                whole = f"{export.name}_{use}" + (f"_{form}" if form != "messages" else "")
                names = [whole + (f"_{number}" if len(found) > 1 else "") for number in range(len(found))]
                entries.update(
                    {name: {"file_name": path, **SHAPES[form]} for name, path in zip(names, found, strict=True)}
                )
                if form == "messages":
                    named[use] = ",".join(names)
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
