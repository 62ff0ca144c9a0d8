"""Does TRL train on an export as it was written? Real optimiser steps, and the text and loss mask that they saw.

A tiny random Llama and a tokenizer trained on the rows: what matters is not what is learnt but on which tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import torch
from comparing import Row, report
from datasets import load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
    "{{ '\n' }}"
    "{% endfor %}"
)
# A row as training sees it: the whole text, and the parts of it that are trained on.
Seen = tuple[str, tuple[str, ...]]


def make_tokenizer(rows: list[Row]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE that every text goes through unchanged.

    A line end is a token of its own: if one token held the template's line end and the first blank of an answer, no
    mask of tokens could say where the answer begins.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator((turn["content"] for row in rows for turn in row), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
    )


def make_model(vocabulary: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=2,
    )
    return LlamaForCausalLM(config)


def as_written(row: Row) -> Seen:
    """Return how a row should be seen: by string concatenation, without the template."""
    text = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in row)
    return text, tuple(turn["content"] + END for turn in row if turn["role"] == "assistant")


class Watching(SFTTrainer):
    """An SFTTrainer that notes what goes into each loss."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen: list[Seen] = []
        self.losses: list[float] = []

    def compute_loss(self, model, inputs, *args, **kwargs):
        decode = self.processing_class.decode
        for ids, labels, real in zip(
            inputs["input_ids"].tolist(), inputs["labels"].tolist(), inputs["attention_mask"].tolist(), strict=True
        ):
            tokens = [(token, label) for token, label, use in zip(ids, labels, real, strict=True) if use]
            padding = [label for label, use in zip(labels, real, strict=True) if not use]
            assert all(label == -100 for label in padding), "padding is trained on"
            assert all(label in (-100, token) for token, label in tokens), "a label is another token"
            parts = groupby(tokens, key=lambda pair: pair[1] != -100)
            trained = tuple(decode([token for token, _ in part]) for learnt, part in parts if learnt)
            self.seen.append((decode([token for token, _ in tokens]), trained))
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        self.losses.append(float((loss[0] if isinstance(loss, tuple) else loss).detach()))
        return loss


def checks(export: Path, wanted: list[Row]) -> dict[str, Callable[[], tuple[int, list[str]]]]:
    def check() -> tuple[int, list[str]]:
        rows = load_dataset("json", data_files=str(export / "data/messages/train.jsonl"), split="train")
        tokenizer = make_tokenizer(wanted)
        model = make_model(len(tokenizer))
        before = [value.detach().clone() for value in model.parameters()]
        trainer = Watching(
            model=model,
            processing_class=tokenizer,
            train_dataset=rows,
            args=SFTConfig(
                output_dir="trained",
                assistant_only_loss=True,
                max_length=None,
                num_train_epochs=1,
                per_device_train_batch_size=8,
                train_sampling_strategy="sequential",  # so that the order too can be compared
                learning_rate=1e-3,
                gradient_checkpointing=False,
                bf16=False,
                use_cpu=True,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
        )
        trainer.train()

        problems = []
        if trainer.state.global_step < 3:
            problems.append(f"{trainer.state.global_step} optimiser steps only")
        if not all(0 < loss < 100 for loss in trainer.losses):
            problems.append(f"the losses are {trainer.losses}")
        if any(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)):
            problems.append("training left some weights as they were")
        if len(trainer.seen) != len(wanted):
            problems.append(f"{len(trainer.seen)} rows were trained on, not {len(wanted)}")
        for number, (row, seen) in enumerate(zip(wanted, trainer.seen), 1):  # noqa: B905 (the lengths were compared)
            problems += [
                f"row {number}: {what} {other!a}, not {good!a}"
                for what, good, other in zip(("the text is", "trained on"), as_written(row), seen, strict=True)
                if other != good
            ]
        return len(trainer.seen), problems

    return {"JSONL, one epoch: texts, loss masks, order": check}


if __name__ == "__main__":
    report("trl", checks)
