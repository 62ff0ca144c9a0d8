"""Axolotl: a ``datasets`` entry a file, and a place for prepared rows that no other mixture shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml

USE = (
    "axolotl train trainers/axolotl.yaml --base-model MODEL --sequence-len TOKENS --micro-batch-size N "
    "--gradient-accumulation-steps N --learning-rate RATE --output-dir OUT"
)
ROWS = {
    # A type that is not stated is guessed from the file's name, and a role that is not mapped is looked for elsewhere.
    "ds_type": "json",
    "type": "chat_template",
    "field_messages": "messages",
    "message_property_mappings": {"role": "role", "content": "content"},
}


@dataclass(frozen=True)
class Axolotl:
    """The ``datasets`` and ``test_datasets`` of Axolotl 0.19, which learns the assistant's turns.

    Axolotl keeps prepared rows under a name made from the paths, not from what the files hold; the digest of the
    mixture in the folder's name keeps it from training on an earlier mixture. The folder is beside the export, for
    nothing may be added to an export. Rows longer than ``sequence_len``, which is 512 unless something else is said,
    are left out.

    Example:
        >>> text = Axolotl().files(Exported("mix_1f", "1f", "", {"train": ["train"]}, {"train": 9}))["axolotl.yaml"]
        >>> print(*text.splitlines()[1:], sep=chr(10))
        datasets:
          - path: "data/messages/train.jsonl"
            ds_type: "json"
            type: "chat_template"
            field_messages: "messages"
            message_property_mappings:
              role: "role"
              content: "content"
        dataset_prepared_path: "../axolotl_prepared/mix_1f"
    """

    name: str = "axolotl"
    version: str = "1"
    title: str = "Axolotl"
    usage: str = USE
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        valid = [{"path": path, **ROWS, "split": "train"} for path in export.files("valid")]
        settings = {
            "datasets": [{"path": path, **ROWS} for path in export.files("train")],
            **({"test_datasets": valid} if valid else {}),
            "dataset_prepared_path": export.at(f"../axolotl_prepared/{export.name}"),
        }
        return {"axolotl.yaml": to_yaml(settings, comments=(self.usage,))}
