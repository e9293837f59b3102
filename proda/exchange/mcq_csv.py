"""Multiple-choice questions as CSV → items of a general suite.

    question,A,B,C,D,answer                        MMLU as its authors distribute it: no header, the answer a letter
    question,choice0,choice1,choice2,choice3,answer   with a header; the answer a letter, the number of the option, or its text

A header names 2 to 10 options: choice0 to choice9, option1 to option10, or A to J. A row with fewer leaves the last ones empty.

    for item in mcq_items(Path("astronomy_test.csv"), "mmlu", "general", faults): …

An item's id ends with the hash of its text, so it stays when rows are added or moved.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proda.errors import InputError
from proda.exchange.faults import Faults
from proda.exchange.text_lines import text_lines
from proda.records import SUITE_LETTERS, Item, Option, content_hash
from proda.store.suite import usable_options

MAX_FIELD = 1024 * 1024  # characters
_OPTION_NAME = re.compile(r"(?:choice|option|answer|ans|opt)?[ _-]?(?P<which>1?[0-9]|[a-k])")
_ANSWER_NAMES = frozenset({"answer", "target", "label", "gold", "key", "correct", "correct_answer", "correct answer"})
_QUESTION_NAMES = frozenset({"question", "input", "prompt", "stem"})
# How options are counted, one further than a question may have, so that an eleventh is noticed.
_COUNTED = (tuple(map(str, range(11))), tuple(map(str, range(1, 12))), tuple(f"{SUITE_LETTERS.lower()}k"))


class McqColumns(NamedTuple):
    """Where a row has its parts, from 0. `first` is the number of the first option where the answer is a number."""

    question: int
    options: tuple[int, ...]
    answer: int
    first: int


def subject_of(path: Path) -> str:
    """Return the subject that a file of MMLU is about, as an id: `astronomy_test.csv` is `astronomy`."""
    stem = re.sub(r"[_-](?:test|dev|val|validation|train)$", "", path.stem.casefold())
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "questions"


def mcq_items(path: Path, name: str, discipline: str, encoding: str, faults: Faults) -> Iterator[Item]:
    """Yield the items of one file. Rows that cannot be used are faults with their line.

    Raises InputError if the header does not name a question, 2 to 10 options without a gap, and an answer.
    """
    csv.field_size_limit(MAX_FIELD)
    numbers = [0]

    def lines() -> Iterator[str]:
        for number, line in text_lines(path, encoding, faults):
            numbers[0] = number
            yield f"{line}\n"

    reader = csv.reader(lines(), strict=True)
    columns: McqColumns | None = None
    while True:
        start = numbers[0] + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(path.name, start, "malformed", f"{error}.")
            continue
        if not any(field.strip() for field in row):
            continue
        if columns is None:
            columns = _header(row, path)
            if columns is not None:
                continue
            columns = McqColumns(0, (1, 2, 3, 4), 5, 0)
        if len(row) <= max(columns.question, *columns.options, columns.answer):
            faults.add(path.name, start, "malformed", f"Got {len(row)} columns: {', '.join(row)}")
            continue
        question, options = row[columns.question].strip(), [row[k].strip() for k in columns.options]
        while options and not options[-1]:
            options.pop()
        answer = row[columns.answer].strip()
        key = _key(answer, options, columns)
        if not question:
            faults.add(path.name, start, "no-question", ", ".join(options))
        elif not usable_options(options):
            faults.add(path.name, start, "options", f"{question[:60]}: {', '.join(options)}")
        elif key is None:
            faults.add(path.name, start, "no-key", f"Got '{answer}' as the answer of: {question}")
        else:
            yield suite_item(name, discipline, subject_of(path), question, options, key)


def suite_item(name: str, discipline: str, subject: str, question: str, options: list[str], key: int) -> Item:
    """Return an item of a suite. It rests on no statement and mentions no node."""
    digest = content_hash([question, options, SUITE_LETTERS[key]])
    chain = f"{name}/{subject}"
    made = tuple(Option(text, None if k == key else "authored") for k, text in enumerate(options))
    return Item(f"{chain}:{digest}", "dev", "recall", discipline, subject, chain, (), (), question, made, SUITE_LETTERS[key])


def _key(answer: str, options: list[str], columns: McqColumns) -> int | None:
    """The index of the right option, from its letter, its number or its text; None if that names none of the row's options."""
    letters, numbers = SUITE_LETTERS[: len(columns.options)], [str(n) for n in range(len(columns.options) + 1)]
    if answer in (*letters, *letters.lower()):
        key = letters.index(answer.upper())
    elif answer in numbers:
        key = int(answer) - columns.first
    else:
        return options.index(answer) if answer in options else None
    return key if 0 <= key < len(options) else None


def _header(row: list[str], path: Path) -> McqColumns | None:
    """Columns of question, options and answer, by their names; None if the first row is no header."""
    names = [field.strip().casefold() for field in row]
    if not _QUESTION_NAMES & set(names):
        return None
    options, first = _option_columns(names)
    answers = [n for n, name in enumerate(names) if name in _ANSWER_NAMES]
    if not options or len(answers) != 1:
        raise InputError(
            f"{path}:1\n  The header names {', '.join(names)[:200]}; expected a question, 2 to 10 options (choice0 to choice9, or A to J,"
            " without a gap) and one answer. Rename the columns."
        )
    question = next(n for n, name in enumerate(names) if name in _QUESTION_NAMES)
    return McqColumns(question, options, answers[0], first)


def _option_columns(names: list[str]) -> tuple[tuple[int, ...], int]:
    """Where the options are, and the number of the first one. Nowhere, if there are fewer than 2 or more than 10, or one is missing."""
    places = {m["which"]: n for n, name in enumerate(names) if (m := _OPTION_NAME.fullmatch(name))}
    for counted in _COUNTED:
        named = tuple(which for which in counted if which in places)
        if named[:2] == counted[:2]:
            complete = named == counted[: len(named)] and len(named) <= len(SUITE_LETTERS)
            return tuple(places[which] for which in named) if complete else (), int(counted[0] == "1")
    return (), 0
