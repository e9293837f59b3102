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
SHIPPED = "everyday"  # the suite that `proda init` writes into a new repository


def usable_options(texts: Sequence[str]) -> bool:
    """Whether a question of a general suite can have these options: 2 to 10 texts, none blank, no two the same."""
    return 2 <= len(texts) <= len(SUITE_LETTERS) and all(text.strip() for text in texts) and len(set(texts)) == len(texts)


def chance(items: Sequence[Item]) -> float:
    """Return the accuracy of guessing: the mean of 1 / number of options. Raises ZeroDivisionError without items."""
    return sum(1 / len(item.options) for item in items) / len(items)


def load_suite(root: Path, name: str = CURRICULUM) -> list[Item]:
    """Return the items of a suite. Raises NotFoundError if there is none, InputError naming file and line."""
    path = root / FOLDER / f"{name}.jsonl"
    again = _again(name)
    if not path.is_file():
        if name == CURRICULUM:
            raise NotFoundError(f"{path}\n  There is no general suite yet. {again} (or `make repro`) first.")
        raise NotFoundError(f"{path}\n  {missing_suite(root, name)}")
    items = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            items.append(msgspec.json.decode(line, type=Item))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}:{number}\n  {error}. {again}.") from None
        if fault := _fault(items[-1]):
            raise InputError(f"{path}:{number}\n  {items[-1].id}: {fault} {again}.")
    return items


def missing_suite(root: Path, name: str) -> str:
    """What is wrong with the name of a suite in evaluate.general, and what to do; empty if the suite is there or a stage writes it."""
    if name == CURRICULUM or (root / FOLDER / f"{name}.jsonl").is_file():
        return ""
    there = ", ".join(sorted({CURRICULUM, *(p.stem for p in (root / FOLDER).glob("*.jsonl"))}))
    return f"evaluate.general in params.yaml names '{name}'. Suites there are: {there}. {_again(name)}, or remove the name."


def _again(name: str) -> str:
    """What brings a suite back."""
    if name == CURRICULUM:
        return "Run `dvc repro curriculum`"
    if name == SHIPPED:
        return f"Make a new repository elsewhere with `proda init DIR`, and copy DIR/{FOLDER.as_posix()}/{name}.* to {FOLDER.as_posix()}"
    return f"Import the suite with `proda import mmlu` or `proda import lm-eval`, and `--topic {name}`"


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
