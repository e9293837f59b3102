"""benchmarks/general/<name>.jsonl and <name>.yaml: a general suite that was imported, and where it comes from.

    suite_files("mmlu", SuiteCard("Massive Multitask …", "github.com/hendrycks/test", "MIT", …), items)      # path → text

<name>.jsonl has one item a line, in the form of benchmarks/general/suite.jsonl (see proda/store/suite.py). <name>.yaml is its card:

    title: MMLU
    origin: https://github.com/hendrycks/test
    licence: MIT
    items: 14001
    sha256: 41c0…            # of the jsonl file
    files: {astronomy_test.csv: 77d0…}
    subjects: {astronomy: 152}
    options: {'3': 7, '4': 1160}                       # how many questions have 3 and 4 options; left out if all have 4
    tasks: {arc_easy: {library: 0.4.13, version: '1.0', …}}     # of a suite from lm-evaluation-harness
    readings: {readings: 304, validated: 150, …}       # of a suite that is kept in benchmarks/suites, if it was read

The stage `evaluate` scores the suites that `evaluate.general` in params.yaml names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from proda.records import LETTERS, Item, Record
from proda.yamlio import dump_yaml

FOLDER = "benchmarks/general"
RESERVED = ("suite",)  # the suite that the curriculum stage writes


class SuiteReadings(Record, frozen=True):
    """What readers without the key answered to a suite (proda/store/suite_readings.py). Shares are over all readings."""

    readings: int
    validated: int  # items of two or more readings, none of which disputes the key
    unread: int  # items of fewer
    agreement: float  # share of readings that pick the key
    second: float  # share of readings that can defend another option as well
    guess: float  # mean estimate of how likely somebody picks the key without being able to answer
    easy_to_guess: int  # items for which all readers estimate 0.8 or more


class SuiteTask(Record, frozen=True):
    """A task of lm-evaluation-harness that a suite was read from."""

    library: str  # version of lm-evaluation-harness
    version: str  # of the task; empty if it has none
    questions: int  # that were read, those that could not be used included
    asked_alike: int  # of them, those that get the harness's own prompt
    sha256: str  # of the questions that were read, with choices and answers


class SuiteCard(Record, frozen=True):
    """Where a suite comes from. `files` maps the imported files to their SHA-256, `subjects` and `options` count questions."""

    title: str
    origin: str
    licence: str
    items: int
    sha256: str
    files: dict[str, str]
    subjects: dict[str, int]
    options: dict[str, int] = msgspec.field(default_factory=dict)  # by number of options; left out if all questions have four
    readings: SuiteReadings | None = None
    tasks: dict[str, SuiteTask] = {}  # noqa: RUF012


def suite_files(
    name: str,
    title: str,
    origin: str,
    licence: str,
    files: Mapping[str, str],
    items: Iterable[Item],
    readings: SuiteReadings | None = None,
    tasks: Mapping[str, SuiteTask] | None = None,
) -> dict[str, str]:
    """Return path → text of a suite and its card. Items are sorted by id, so equal items give equal bytes."""
    ordered = sorted(items, key=lambda item: item.id)
    body = b"".join(msgspec.json.encode(item) + b"\n" for item in ordered)
    subjects = dict(sorted(Counter(item.topic for item in ordered).items()))
    counts = sorted(Counter(len(item.options) for item in ordered).items())
    options = {str(size): count for size, count in counts if len(counts) > 1 or size != len(LETTERS)}
    digest = hashlib.sha256(body).hexdigest()
    told = dict(sorted(files.items()))
    card = SuiteCard(title, origin, licence, len(ordered), digest, told, subjects, options, readings, dict(tasks or {}))
    return {f"{FOLDER}/{name}.jsonl": body.decode(), f"{FOLDER}/{name}.yaml": dump_yaml(msgspec.to_builtins(card))}
