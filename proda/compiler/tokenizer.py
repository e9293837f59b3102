"""Train a byte-level BPE tokenizer in the format of transformers.

    tokenizer = train_tokenizer(["Heating causes expansion. …"], vocabulary=2048)
    tokenizer("Question: What")["input_ids"]

A byte-level tokenizer encodes any text, also with words that it was not trained on. The same texts give the same file, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BOS, EOS, PAD = "<s>", "</s>", "<pad>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, context: int = 256) -> Any:
    """Return a `PreTrainedTokenizerFast` with at most `vocabulary` tokens, including bos, eos and pad.

    Raises ValueError if the vocabulary has no room for the 256 bytes and these three tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if vocabulary < 256 + 3:
        raise ValueError(f"vocabulary: got {vocabulary}, expected at least 259 for the 256 bytes and {BOS}, {EOS}, {PAD}.")
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
