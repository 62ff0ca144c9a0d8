"""A tiny model and a tokenizer trained on the rows: what matters is not what is learnt but on which tokens.

What a trainer makes of a row is compared as text: the whole of it, and the parts that it is trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from comparing import Row
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:  # torchtune comes without transformers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}"
    "{{ '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# A row as training sees it: the whole text, and the parts of it that are trained on.
Seen = tuple[str, tuple[str, ...]]


def make_bpe(rows: list[Row]) -> Tokenizer:
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
    return bpe


def make_tokenizer(rows: list[Row]) -> PreTrainedTokenizerFast:
    """Return the same with a chat template that marks what the assistant says."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=make_bpe(rows),
        eos_token=END,
        pad_token=PAD,
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def make_config(vocabulary: int) -> LlamaConfig:
    from transformers import LlamaConfig

    return LlamaConfig(
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


def make_model(vocabulary: int) -> LlamaForCausalLM:
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(make_config(vocabulary))


def save_model(rows: list[Row], folder: Path) -> PreTrainedTokenizerFast:
    """Write model and tokenizer as a folder that stands for a model on a hub."""
    tokenizer = make_tokenizer(rows)
    make_model(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return tokenizer


def as_written(row: Row) -> Seen:
    """Return how a row should be seen: by string concatenation, without the template."""
    text = "".join(f"{START}{turn['role']}\n{turn['content']}{END}\n" for turn in row)
    return text, tuple(turn["content"] + END for turn in row if turn["role"] == "assistant")


def seen_as(decode: Callable[[list[int]], str], ids: Sequence[int], labels: Sequence[int]) -> Seen:
    """Return what token ids and labels say: the text, and the runs of tokens that are trained on."""
    tokens = list(zip(map(int, ids), map(int, labels), strict=True))
    assert all(label in (-100, token) for token, label in tokens), "a label is another token"
    parts = groupby(tokens, key=lambda pair: pair[1] != -100)
    trained = tuple(decode([token for token, _ in part]) for learnt, part in parts if learnt)
    return decode([token for token, _ in tokens]), trained


def compare_seen(
    wanted: Sequence[Row], seen: Sequence[Seen], expected: Callable[[Row], Seen] = as_written
) -> list[str]:
    """Return what is different, row by row."""
    problems = [] if len(seen) == len(wanted) else [f"{len(seen)} rows were trained on, not {len(wanted)}"]
    for number, (row, other) in enumerate(zip(wanted, seen), 1):  # noqa: B905 (the lengths were compared)
        problems += [
            f"row {number}: {what} {got!a}, not {good!a}"
            for what, good, got in zip(("the text is", "trained on"), expected(row), other, strict=True)
            if got != good
        ]
    return problems


def in_order(wanted: Sequence[Row], seen: Sequence[Seen], expected: Callable[[Row], Seen] = as_written) -> list[Seen]:
    """Return rows that a trainer has shuffled in the order of the rows as they should be; what fits none comes last."""
    left = list(seen)
    found = []
    for row in wanted:
        if (good := expected(row)) in left:
            left.remove(good)
            found.append(good)
    return found + left
