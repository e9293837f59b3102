"""Tokenise documents and pack them into rows in which no document attends to another, so that little of a batch is padding.

    examples = tokenise(documents, tokenizer, max_length=256)
    rows = pack([len(e.tokens) for e in examples], 256, seed=0)       # [[3, 17, 8], [0, 5], …]: example numbers
    batch = collate([[examples[i] for i in row] for row in rows[:8]], pad=0)

    tokens      <bos> Q u e s t i o n … A n s w e r :  heat <eos> <bos> …      a row of two documents
    documents     1   1 …                              1    1     2  …       0 is padding
    positions     0   1 …                             27   28     0  …
    targets       .   .  …                            heat <eos>  .  …       at the position that predicts; -100 elsewhere

Attention is block-diagonal and causal (a boolean 4D mask), positions start from 0 in each document, and the loss is the mean over
supervised tokens. A packed batch therefore has the same loss and gradient as its documents one by one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.errors import InputError, NotFoundError
from proda.records import Record
from proda.runtime.prompts import answer_tokens, end_tokens, head_tokens, prompt_tokens

if TYPE_CHECKING:
    import torch

IGNORED = -100


class Document(Record, frozen=True):
    """A training text with loss on its completion. With an empty prompt it is plain text, with loss on all tokens."""

    prompt: str
    completion: str


class Example(NamedTuple):
    """A tokenised document with loss from token `start` on. If `soft`, the target is the base's distribution instead of the token."""

    tokens: tuple[int, ...]
    start: int
    soft: bool = False


class Batch(NamedTuple):
    """Rows as tensors of shape [rows, length], and [rows, 1, length, length] for `mask`, where True allows attention."""

    tokens: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    mask: torch.Tensor | None  # None for one document per row and plain causal attention


def load_documents(path: Path) -> list[Document]:
    """Read the documents of a JSON-lines file. Raises NotFoundError if there is no file, InputError naming file and line."""
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There is no training text yet. Run `dvc repro curriculum` (or `make repro`) first.")
    documents = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            documents.append(msgspec.json.decode(line, type=Document))
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError(f'{path}:{number}\n  {error}. Expected {{"prompt": text, "completion": text}}.') from None
    return documents


def tokenise(documents: Iterable[Document], tokenizer: Any, max_length: int) -> list[Example]:
    """Return one example per document; plain text longer than `max_length` tokens is cut into several.

    Prompt and completion are tokenised separately, as in scoring (proda/runtime/prompts.py). The loss is on the completion and on what ends
    it. If they do not fit, the question loses its beginning and the completion its end, since a completion begins with the answer.
    """
    documents = list(documents)
    if not documents:
        return []
    prompts = iter(prompt_tokens(tokenizer, [d.prompt for d in documents if d.prompt]))
    answers = iter(answer_tokens(tokenizer, [d.completion for d in documents if d.prompt]))
    plain = [d.completion for d in documents if not d.prompt]
    texts = iter(tokenizer(plain, add_special_tokens=False, verbose=False)["input_ids"] if plain else ())
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    last = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    head, end = len(head_tokens(tokenizer)), end_tokens(tokenizer)
    examples = []
    for document in documents:
        if not document.prompt:
            learned = [*next(texts), *last]
            room = max_length - len(first)
            examples += [Example((*first, *learned[at : at + room]), len(first)) for at in range(0, len(learned), room)]
            continue
        asked, learned = next(prompts), [*next(answers), *end]
        learned = learned[: max((max_length - head) // 2, max_length - len(asked))]
        cut = max(0, len(asked) + len(learned) - max_length)
        prompt = [*asked[:head], *asked[head + cut :]]
        examples.append(Example((*prompt, *learned), len(prompt)))
    return examples


def too_long(documents: Iterable[Document], tokenizer: Any, max_length: int) -> int:
    """Return the number of documents with a prompt that `tokenise` cuts, because they have more than `max_length` tokens."""
    asked = [d for d in documents if d.prompt]
    prompts, answers = prompt_tokens(tokenizer, [d.prompt for d in asked]), answer_tokens(tokenizer, [d.completion for d in asked])
    end = len(end_tokens(tokenizer))
    return sum(len(prompt) + len(answer) + end > max_length for prompt, answer in zip(prompts, answers, strict=True))


def pack(lengths: Sequence[int], room: int, *, seed: int) -> list[list[int]]:
    """Return the indexes of the examples in each row, by best-fit decreasing; ties and the order of rows are drawn by `seed`.

    Every index occurs exactly once. Raises ValueError if an example is longer than a row.
    """
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    order.sort(key=lambda i: -lengths[i])
    if order and lengths[order[0]] > room:
        raise ValueError(f"an example has {lengths[order[0]]} tokens, expected at most {room} (a row): tokenise with max_length={room}.")
    rows: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(room + 1)]  # free tokens → rows with that many
    some = 0  # bit k is set if with_room[k] is not empty
    for number in order:
        need = lengths[number]
        fitting = some >> need
        if fitting:
            free = need + (fitting & -fitting).bit_length() - 1  # the lowest set bit is the tightest fit
            row = with_room[free].pop()
            if not with_room[free]:
                some &= ~(1 << free)
        else:
            free, row = room, len(rows)
            rows.append([])
        rows[row].append(number)
        if left := free - need:
            with_room[left].append(row)
            some |= 1 << left
    rng.shuffle(rows)
    return rows


def learned_tokens(example: Example) -> int:
    """Return the number of tokens with loss. The first token has none, since nothing precedes it."""
    return len(example.tokens) - max(example.start, 1)


def collate(rows: Sequence[Sequence[Example]], pad: int, device: Any = "cpu", *, packed: bool = True) -> Batch:
    """Return rows as tensors, padded to the longest row. Padding attends to itself, so that no row of the mask is empty.

    Without `packed` each row is one document and there is no mask: padding comes last, where no token of a causal model attends to it.
    """
    import torch

    width = max(sum(len(e.tokens) for e in row) for row in rows)
    tokens = torch.full((len(rows), width), pad, dtype=torch.long)
    positions = torch.zeros((len(rows), width), dtype=torch.long)
    targets = torch.full((len(rows), width), IGNORED, dtype=torch.long)
    documents = torch.zeros((len(rows), width), dtype=torch.long)
    for r, row in enumerate(rows):
        at = 0
        for number, (ids, start, _) in enumerate(row, start=1):
            end = at + len(ids)
            line = torch.tensor(ids)
            tokens[r, at:end] = line
            positions[r, at:end] = torch.arange(len(ids))
            documents[r, at:end] = number
            first = max(start, 1)
            targets[r, at + first - 1 : end - 1] = line[first:]
            at = end
    if not packed:
        return Batch(tokens.to(device), positions.to(device), targets.to(device), None)
    same = (documents[:, :, None] == documents[:, None, :]) & (documents > 0)[:, None, :]
    mask = (same & torch.ones(width, width, dtype=torch.bool).tril()) | torch.eye(width, dtype=torch.bool)
    return Batch(tokens.to(device), positions.to(device), targets.to(device), mask[:, None].to(device))
