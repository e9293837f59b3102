"""Texts → a byte-level BPE tokenizer of a given size, saved as transformers reads it.

    tokenizer = train_tokenizer(["Heating causes expansion. …"], vocabulary=2048)
    tokenizer("Question: What")["input_ids"]

Byte-level: any text can be written, also one with words it has never met. The same texts give the same file, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BOS, EOS, PAD = "<s>", "</s>", "<pad>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, context: int = 256) -> Any:
    """A `PreTrainedTokenizerFast` with at most `vocabulary` tokens, bos, eos and pad among them.

    Raises ValueError for a vocabulary without room for the 256 bytes and the three marks.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if vocabulary < 256 + 3:
        raise ValueError(f"vocabulary: got {vocabulary}, expected at least 259: every byte, and the marks {BOS} {EOS} {PAD}.")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
