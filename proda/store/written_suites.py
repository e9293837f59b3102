"""benchmarks/suites/<suite>/: general suites written by hand. items/<group>.yaml has the items of a group, suite.yaml the suite's title.

    written_suite(Path("."), "everyday")                  # the items of all groups, sorted by id
    written_suite_files(Path("."), "everyday", readings)  # {"benchmarks/general/everyday.jsonl": …, "benchmarks/general/everyday.yaml": …}

    items:
      - passage: Nadia missed the train because her alarm did not ring. …       # optional; printed before the question
        stem: How did Nadia get to the office?
        options: {A: by train, B: by bus, C: on foot, D: by bicycle}
        answer: B

An item's id ends with the hash of its text, so it stays when others are added or moved. Items with the same passage form one chain: the
shortcut audit and confidence intervals treat them as dependent. Every other item is a chain of its own.

`scripts/write_suite.py` writes the suite and its card to benchmarks/general, where imported suites are. Their form is in
proda/store/suites.py.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from proda.errors import NotFoundError
from proda.findings import Violation
from proda.records import LETTERS, Item, Option, content_hash
from proda.store.files import data_files
from proda.store.suites import SuiteReadings, suite_files
from proda.store.validation import Letter, Validation, counted, disputed, verdict_of
from proda.yamlio import load_as
from proda.yamlio.schema import refuse

FOLDER = Path("benchmarks/suites")
DISCIPLINE = "general"
EASY = 0.8  # a reader's estimate from which an item counts as easy to guess


class WrittenQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question of a group."""

    stem: str
    options: dict[Letter, str]
    answer: Letter
    passage: str = ""


class WrittenGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file."""

    items: tuple[WrittenQuestion, ...]


class WrittenTitle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """suite.yaml."""

    title: str
    origin: str
    licence: str


def group_files(root: Path, suite: str) -> list[Path]:
    """Return the files of a suite, sorted. Raises NotFoundError if there are none."""
    folder = root / FOLDER / suite / "items"
    if not (found := list(data_files(folder, "*.yaml"))):
        raise NotFoundError(
            f"{folder}\n  There is no such suite. Expected one YAML file for each group of items; see proda/store/written_suites.py."
        )
    return found


def written_suite(root: Path, suite: str) -> list[Item]:
    """Return the items of a suite, sorted by id. Raises NotFoundError without files, InputError with every fault of a file."""
    items: list[Item] = []
    for path in group_files(root, suite):
        group = load_as(path, WrittenGroup)
        refuse(_faults(group.items), str(path), path.read_bytes(), "suite")
        items += [_item(suite, path.stem, question) for question in group.items]
    return sorted(items, key=lambda item: item.id)


def written_suite_files(root: Path, suite: str, validation: Validation) -> dict[str, str]:
    """Return path → text of the suite in the form of an imported one, and of its card. Items that a reader disputes are left out.

    `validation` are the readings of the suite (proda/store/suite_readings.py). Raises NotFoundError or InputError as `written_suite` does.
    """
    items = written_suite(root, suite)
    without = disputed(items, validation)
    about = load_as(root / FOLDER / suite / "suite.yaml", WrittenTitle)
    digests = {f"items/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in group_files(root, suite)}
    kept = [item for item in items if item.id not in without]
    return suite_files(suite, about.title, about.origin, about.licence, digests, kept, _summary(items, validation))


def _summary(items: list[Item], validation: Validation) -> SuiteReadings | None:
    """What the card says about the readings; None if nobody has read the items."""
    found = counted(items, validation)
    if found.agreement is None or found.second is None or found.guess is None:
        return None
    read = [validation.readings[item.content_hash].values() for item in items if verdict_of(item, validation) == "validated"]
    easy = sum(all(reading.guess >= EASY for reading in readings) for readings in read)
    return SuiteReadings(
        found.readings, found.validated, found.unread, round(found.agreement, 3), round(found.second, 3), round(found.guess, 3), easy
    )


def _faults(questions: tuple[WrittenQuestion, ...]) -> Iterator[Violation]:
    often = Counter((q.passage, q.stem, *sorted(q.options.values())) for q in questions)
    for index, question in enumerate(questions):
        where = ("items", index)
        texts = [text.strip() for text in question.options.values()]
        if not question.stem.strip():
            yield Violation((*where, "stem"), "Got no text, expected a question. Write one, or remove the item.")
        if set(question.options) != set(LETTERS) or not all(texts) or len(set(texts)) < len(LETTERS):
            yield Violation((*where, "options"), f"Got {_shown(question.options)}, expected four different texts under A, B, C and D.")
        if often[question.passage, question.stem, *sorted(question.options.values())] > 1:
            yield Violation((*where, "stem"), "The same question is in this file twice. Remove one of them.")


def _shown(options: Mapping[Letter, str]) -> str:
    return ", ".join(f"{letter}: {text[:30]}" for letter, text in options.items()) or "nothing"


def _item(suite: str, group: str, question: WrittenQuestion) -> Item:
    """The record of a question. It rests on no statement and mentions no node."""
    stem = f"{question.passage.strip()} {question.stem.strip()}".strip()
    texts = [question.options[letter].strip() for letter in ("A", "B", "C", "D")]
    options = tuple(Option(text, None if letter == question.answer else "authored") for letter, text in zip(LETTERS, texts, strict=True))
    name = f"{suite}/{group}:{content_hash([stem, texts, question.answer])}"
    chain = f"{suite}/{group}-{content_hash(question.passage.strip())}" if question.passage.strip() else name
    return Item(name, "dev", "recall", DISCIPLINE, group, chain, (), (), stem, options, question.answer)
