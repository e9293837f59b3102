"""Score items by the letter that a model generates: greedy decoding, at most 15 tokens, strict parsing (paper §4.1).

    letter_items(model, tokenizer, items, name="base", new_tokens=15)
    read_letter("B. thermal expansion")         "B"
    read_letter("A bimetal strip bends")        None: an article, not an answer
    read_letter("A or B")                       None
    read_letter("E")                            None: the default is four options
    read_letter("E", "ABCDE")                   "E"

An item is unscored if the reply is not clearly one letter. Letters later in the reply, in an explanation, are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from proda.records import LETTERS, SUITE_LETTERS, Item, Outcome
from proda.runtime.causal_lm import context_length
from proda.runtime.prompts import prompt_tokens, uses_chat_template
from proda.tester.scoring import outcome

ANSWER = "\nAnswer:"
REQUEST = "Answer with the letter of the right option."  # a chat model would otherwise answer in a sentence
# The letter comes first, alone, in brackets or in asterisks, optionally after "Answer:" or "The answer is", and is followed by the end of
# the reply or by punctuation. "A thermal …" has no punctuation, so it is a sentence.
REPLY = r"""\s*
    (?:(?:the\ )?(?:correct\ |right\ |best\ )?(?:answer|option|choice)(?:\ is)?\s*:?\s*)?
    [*_]{0,2}(?P<open>[(\[])?(?P<letter>[A-D])(?P<close>[)\]])?[*_]{0,2}
    (?P<rest>\Z|[.:,;)\n].*|\s*\Z)"""
# More than one letter, or a list of options.
ANOTHER = r"\A\W*(?:(?:or|and|&|/)\W*)?[(\[*_]*[A-D](?:[)\].:,;*_]|\s*\Z|\s+(?:or|and)\b)|^\s*[(\[]?[A-D][.):]"


def read_letter(reply: str, letters: str = LETTERS) -> str | None:
    """Return the letter that a reply gives, or None if it is not clearly one of `letters`, which begin with A and B."""
    reply_is, another = _patterns(letters)
    match = reply_is.match(reply)
    if match is None or match["letter"] not in letters:  # a small letter
        return None
    if match["open"] and not match["close"]:  # "B) …", without an opening bracket, is common
        return None
    return None if another.search(match["rest"].lstrip(".:,;)")) else match["letter"]


def letter_text(item: Item, *, without_stem: bool = False) -> str:
    """Return the prompt for letter scoring. `without_stem` leaves out its first part, the question."""
    return item.letter_prompt.removeprefix(f"Question: {item.stem}\n") if without_stem else item.letter_prompt


def chat_letter_text(item: Item, *, without_stem: bool = False) -> str:
    """Return the prompt for letter scoring of a model that is asked through its chat template: `letter_text`, with REQUEST."""
    return f"{letter_text(item, without_stem=without_stem).removesuffix(ANSWER)}\n{REQUEST}{ANSWER}"


@cache
def _patterns(letters: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """REPLY and ANOTHER for a question whose options have these letters."""
    reply, another = (pattern.replace("A-D", f"A-{letters[-1]}") for pattern in (REPLY, ANOTHER))
    return re.compile(reply, re.VERBOSE | re.IGNORECASE | re.DOTALL), re.compile(another, re.MULTILINE)


def letter_items(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    *,
    name: str,
    new_tokens: int = 15,
    batch_tokens: int = 8192,
    without_stem: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Return outcomes in the order of the items. They have no margins, since options are not compared.

    `without_stem` shows the options only.
    """
    text = chat_letter_text if uses_chat_template(tokenizer) else letter_text
    prompts = [text(i, without_stem=without_stem) for i in items]
    replies = greedy(model, tokenizer, prompts, new_tokens=new_tokens, batch_tokens=batch_tokens, advance=advance)
    letters = [SUITE_LETTERS[: len(item.options)] for item in items]
    return [outcome(item, name, read_letter(reply, x), None) for item, reply, x in zip(items, replies, letters, strict=True)]


def greedy(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    new_tokens: int,
    batch_tokens: int = 8192,
    advance: Callable[[int], None] = lambda _: None,
) -> list[str]:
    """Return the greedy continuation of each prompt, in their order; empty if a prompt leaves no room in the context.

    Of the decoding settings of the model (generation_config.json) only the end tokens are used: a repetition penalty or suppressed tokens
    would change which letter comes first.

    Prompts of equal length form a batch, so that none is padded and replies do not depend on the batch.
    """
    import torch

    rows = prompt_tokens(tokenizer, prompts)
    context = context_length(model)
    replies = [""] * len(rows)
    order = sorted((n for n, r in enumerate(rows) if len(r) > 0 and len(r) + new_tokens <= context), key=lambda n: len(rows[n]))
    advance(len(rows) - len(order))
    device = next(model.parameters()).device
    with torch.inference_mode(), _plain_decoding(model, tokenizer, new_tokens) as plain:
        while order:
            length = len(rows[order[0]])
            size = max(1, batch_tokens // (length + new_tokens))
            group = [n for n in order[:size] if len(rows[n]) == length]
            order = order[len(group) :]
            tokens = torch.tensor([rows[n] for n in group], device=device)
            made = model.generate(input_ids=tokens, attention_mask=torch.ones_like(tokens), generation_config=plain)
            texts = tokenizer.batch_decode(made[:, length:], skip_special_tokens=True)
            for n, text in zip(group, texts, strict=True):
                replies[n] = text
            advance(len(group))
    return replies


@contextmanager
def _plain_decoding(model: Any, tokenizer: Any, new_tokens: int) -> Iterator[Any]:
    """The settings of greedy decoding, which the model has as its own meanwhile: `generate` fills what is None from the model's own."""
    from transformers import GenerationConfig

    own = model.generation_config
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    plain = GenerationConfig(max_new_tokens=new_tokens, do_sample=False, num_beams=1, pad_token_id=pad, eos_token_id=own.eos_token_id)
    model.generation_config = plain
    try:
        yield plain
    finally:
        model.generation_config = own
