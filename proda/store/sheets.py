"""Sheets for readers who do not see the key: a file of items in Markdown, and the answers that come back.

    sheets(items, seed=0, size=120)             # {"sheet-01.md": "# Sheet 1 of 8 …"}
    numbered({"sheet-01.md": …})                # {1: "0f3a5c2b11aa9e01", …}
    read_answers(Path("answers.yaml"), numbers) # {"0f3a5c2b11aa9e01": ItemReading("B", 0.4)}
    draw(samples, 100, 0, "samples")            # a random 100, by id

A sheet shows the content hash, the stem and the four options of each item, and nothing else. An id would tell kind, chain and split; an
operator or a reason would tell which options are wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from proda.errors import InputError
from proda.findings import Violation
from proda.records import LETTERS, Item, Sample, Statement
from proda.stable_hash import by_weight
from proda.store.validation import HASH, ItemReading, Letter
from proda.yamlio import load_as
from proda.yamlio.schema import refuse

Read = TypeVar("Read", Sample, Statement)

_HEADING = re.compile(r"^## ([1-9][0-9]*) · ([0-9a-f]{16})$", re.MULTILINE)
_TASK = """\
# Sheet {number} of {count}

Answer each question from your own knowledge of the field. Do not look at the repository, at other sheets or at the web.
One option is meant to be right. Write one line for each question into a file of your own:

```yaml
answers:
  - {{item: {first}, answer: B, guess: 0.3}}
  - {{item: {next}, answer: C, guess: 0.7, second: A, note: "A holds as well if the gas is cold"}}
```

- `answer` is the best option. Choose one even if you doubt it.
- `guess` is your estimate of how likely somebody without knowledge of the field picks the best option by good sense. Chance is 0.25.
- `second`, only if there is one, is another option that a specialist could defend as right.
- `note`, in one sentence, says what is wrong with the question, or why the second option can be defended.
"""


class SheetAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a reader's file."""

    item: str | int  # a number of the sheets, or a content hash
    answer: Letter
    guess: float
    second: Letter | None = None
    note: str | None = None


class AnswersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    answers: tuple[SheetAnswer, ...]


def sheets(items: Iterable[Item], seed: int, size: int) -> dict[str, str]:
    """Return file name → text of sheets of at most `size` items each, in an order drawn by `seed`.

    Items of one chain often give each other away, so they are spread: first one of each chain, then a second one of each, and so on. The
    numbers run through all sheets. Items of the same content are asked once.
    """
    ordered = _spread({item.content_hash: item for item in items}.values(), seed)
    parts = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    digits = max(2, len(str(len(parts))))
    texts = {}
    for number, part in enumerate(parts, start=1):
        first = (number - 1) * size + 1
        task = _TASK.format(number=number, count=len(parts), first=first, next=first + 1)
        texts[f"sheet-{number:0{digits}}.md"] = "\n".join([task, *map(_question, range(first, first + len(part)), part)])
    return texts


def _spread(items: Iterable[Item], seed: int) -> list[Item]:
    drawn = by_weight(items, seed, "sheets", name=lambda item: item.content_hash)
    seen: Counter[str] = Counter()
    turns: list[tuple[int, Item]] = []
    for item in drawn:
        turns.append((seen[item.chain], item))
        seen[item.chain] += 1
    return [item for _, item in sorted(turns, key=lambda turn: turn[0])]


def _question(number: int, item: Item) -> str:
    options = "\n".join(f"- {letter}. {option.text}" for letter, option in zip(LETTERS, item.options, strict=True))
    return f"## {number} · {item.content_hash}\n\n{item.stem}\n\n{options}\n"


def numbered(texts: Iterable[str]) -> dict[int, str]:
    """Return number → content hash of the items on sheets. Raises InputError if two sheets give one number to different items."""
    found: dict[int, str] = {}
    for text in texts:
        for number, item_hash in _HEADING.findall(text):
            if found.setdefault(int(number), item_hash) != item_hash:
                raise InputError(f"Two sheets have a question {number}. Keep the sheets of one draw in a folder, or answer by hash.")
    return found


def read_answers(path: Path, numbers: Mapping[int, str]) -> dict[str, ItemReading]:
    """Return content hash → reading of a reader's file. `numbers` are those of the sheets. Raises InputError with every fault."""
    answers = load_as(path, AnswersFile, numbers=True).answers
    refuse(_faults(answers, numbers), str(path), path.read_bytes(), "answers")
    return {_hash(a.item, numbers): ItemReading(a.answer, a.guess, a.second, (a.note or "").strip()) for a in answers}


def _faults(answers: Iterable[SheetAnswer], numbers: Mapping[int, str]) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        where = ("answers", index)
        item = _hash(answer.item, numbers)
        if not item:
            message = f"Got '{str(answer.item)[:80]}', expected a number of the sheets (is --sheets given?) or a content hash."
            yield Violation((*where, "item"), message)
        elif item in seen:
            yield Violation((*where, "item"), f"'{answer.item}' is answered above. Keep one answer.")
        if not 0 <= answer.guess <= 1:
            yield Violation((*where, "guess"), f"Got {answer.guess:g}, expected a share from 0 to 1. Fix it.")
        if answer.second == answer.answer:
            yield Violation((*where, "second"), f"{answer.second} is the answer itself. Remove `second`, or name another.")
        seen.add(item)


def _hash(item: str | int, numbers: Mapping[int, str]) -> str:
    """The content hash that an answer names; empty if none. A hash of digits only is read as a number."""
    text = str(item)
    if HASH.fullmatch(text):
        return text
    return numbers.get(int(text), "") if text.isdecimal() else ""


def draw(records: Iterable[Read], count: int, seed: int, what: str) -> list[Read]:
    """Return `count` of the records, drawn by a hash of `seed`, `what` and the id, in the order of the draw."""
    return by_weight(records, seed, what, name=lambda record: record.id)[:count]
