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

The stage `evaluate` scores the suites that `evaluate.general` in params.yaml names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from proda.records import Item, Record
from proda.yamlio import dump_yaml

FOLDER = "benchmarks/general"
RESERVED = ("suite",)  # the suite that the curriculum stage writes


class SuiteCard(Record, frozen=True):
    """Where a suite comes from. `files` maps the imported files to their SHA-256."""

    title: str
    origin: str
    licence: str
    items: int
    sha256: str
    files: dict[str, str]
    subjects: dict[str, int]


def suite_files(name: str, title: str, origin: str, licence: str, files: Mapping[str, str], items: Iterable[Item]) -> dict[str, str]:
    """Return path → text of a suite and its card. Items are sorted by id, so equal items give equal bytes."""
    ordered = sorted(items, key=lambda item: item.id)
    body = b"".join(msgspec.json.encode(item) + b"\n" for item in ordered)
    subjects = dict(sorted(Counter(item.topic for item in ordered).items()))
    card = SuiteCard(title, origin, licence, len(ordered), hashlib.sha256(body).hexdigest(), dict(sorted(files.items())), subjects)
    return {f"{FOLDER}/{name}.jsonl": body.decode(), f"{FOLDER}/{name}.yaml": dump_yaml(msgspec.to_builtins(card))}
