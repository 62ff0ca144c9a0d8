"""torchtune: the ``dataset`` of a recipe's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pinchmix.plugins import Exported
from pinchmix.written.yaml_text import to_yaml

USE = (
    "python -c \"from omegaconf import OmegaConf as O; c = O.load('CONFIG.yaml'); "
    "c.update(O.load('trainers/torchtune.yaml')); O.save(c, 'MINE.yaml')\" && tune run RECIPE --config MINE.yaml"
)


@dataclass(frozen=True)
class Torchtune:
    """The ``dataset`` block of torchtune 0.6, which learns the assistant's turns and has no evaluation rows.

    A recipe takes one file of settings, so the block is put into that (``tune cp`` makes it) in place of its own.
    Rows longer than the tokenizer's ``max_seq_len`` are cut; the tokenizer of Llama 3 strips the ends of each turn, and
    those of Qwen compose its characters (NFC).

    Example:
        >>> text = Torchtune().files(Exported("mix", "0", "", {"train": ["train"]}, {"train": 9}))["torchtune.yaml"]
        >>> print(*text.splitlines()[1:], sep=chr(10))
        dataset:
          _component_: "torchtune.datasets.chat_dataset"
          source: "json"
          data_files:
            - "data/messages/train.jsonl"
          split: "train"
          conversation_column: "messages"
          conversation_style: "openai"
          train_on_input: false
    """

    name: str = "torchtune"
    version: str = "1"
    title: str = "torchtune"
    usage: str = USE
    shards: bool = True

    def files(self, export: Exported) -> Mapping[str, str]:
        """Return the one file."""
        if export.split_for("train") is None:
            return {}
        block = {
            "_component_": "torchtune.datasets.chat_dataset",
            "source": "json",
            "data_files": export.files("train"),
            "split": "train",
            "conversation_column": "messages",
            "conversation_style": "openai",
            "train_on_input": False,
        }
        return {"torchtune.yaml": to_yaml({"dataset": block}, comments=(self.usage,))}
