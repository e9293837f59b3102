"""Read benchmarks/general/<name>.jsonl, the items of a general suite, one JSON object per line. An item has 2 to 10 options.

load_suites(root, ("suite", "mmlu"))          {"suite": [Item, …], "mmlu": [Item, …]}

The curriculum stage writes the suite named `suite`; `proda import` writes others (see proda/store/suites.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from proda.errors import InputError, NotFoundError
from proda.records import SUITE_LETTERS, Item

FOLDER = Path("benchmarks/general")
CURRICULUM = "suite"  # the name of the suite that the curriculum stage writes
SUITE = FOLDER / f"{CURRICULUM}.jsonl"


def usable_options(texts: Sequence[str]) -> bool:
    """Whether a question of a general suite can have these options: 2 to 10 texts, none blank, no two the same."""
    return 2 <= len(texts) <= len(SUITE_LETTERS) and all(text.strip() for text in texts) and len(set(texts)) == len(texts)


def chance(items: Sequence[Item]) -> float:
    """Return the accuracy of guessing: the mean of 1 / number of options. Raises ZeroDivisionError without items."""
    return sum(1 / len(item.options) for item in items) / len(items)


def load_suite(root: Path, name: str = CURRICULUM) -> list[Item]:
    """Return the items of a suite. Raises NotFoundError if there is none, InputError naming file and line."""
    path = root / FOLDER / f"{name}.jsonl"
    imported = f"Import the suite again with `proda import mmlu` or `proda import lm-eval`, and `--topic {name}`"
    again = "Run `dvc repro curriculum`" if name == CURRICULUM else imported
    if not path.is_file():
        if name == CURRICULUM:
            raise NotFoundError(f"{path}\n  There is no general suite yet. {again} (or `make repro`) first.")
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.jsonl"))) or "none"
        raise NotFoundError(f"{path}\n  evaluate.general in params.yaml names '{name}'. Suites there are: {there}. {again}, or remove it.")
    items = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            items.append(msgspec.json.decode(line, type=Item))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}:{number}\n  {error}. {again}.") from None
        if fault := _fault(items[-1]):
            raise InputError(f"{path}:{number}\n  {items[-1].id}: {fault} {again}.")
    return items


def _fault(item: Item) -> str:
    """What is wrong with the options or the answer of an item; empty if nothing is."""
    texts = [option.text for option in item.options]
    if not usable_options(texts):
        return f"Got {len(texts)} options ({', '.join(texts)[:80]}), expected 2 to 10 different texts."
    if item.answer not in tuple(SUITE_LETTERS[: len(texts)]):
        return f"Got the answer {item.answer!r:.20}, expected a letter from A to {SUITE_LETTERS[len(texts) - 1]}."
    return ""


def load_suites(root: Path, names: Iterable[str]) -> dict[str, list[Item]]:
    """Return name → items, in the order of the names.

    Raises NotFoundError for a suite that is not there, InputError for one that is malformed or shares an item with another one.
    """
    suites: dict[str, list[Item]] = {}
    seen: dict[str, str] = {}
    for name in names:
        suites[name] = load_suite(root, name)
        for item in suites[name]:
            if item.id in seen:
                raise InputError(
                    f"{root / FOLDER / name}.jsonl\n  Item {item.id} is in the suite '{seen[item.id]}' too. Remove one of them."
                )
            seen[item.id] = name
    return suites
