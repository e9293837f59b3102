"""Samples on disk: `samples/corpus/<discipline>/<topic>.yaml`, derived. What is trained on is this as patches leave it: see proda.patches.

samples = load_corpus(Path("."))

samples:
  - id: physics/bimetal-strip-bends.s1:open-1
    format: open
    question: What does heating cause?
    answer: thermal expansion
    explanation: Heating a metal strip causes thermal expansion along its length.
    nodes: [physics/bimetal-strip-bends.s1]
    plan: 0f3a…
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.files import write_tree
from proda.records import LETTERS, Sample
from proda.yamlio import dump_yaml, load_list

CORPUS = Path("samples/corpus")
PATCHES = Path("samples/patches")


def load_corpus(root: Path) -> list[Sample]:
    """The derived samples alone, sorted by file and order within it."""
    paths = sorted((root / CORPUS).glob("*/*.yaml"))
    return [decode_sample(raw, path) for path in paths for raw in load_list(path, "samples")]


def samples_files(samples: Mapping[tuple[str, str], Iterable[Sample]]) -> dict[str, str]:
    """(discipline, topic) → samples becomes relative path → content."""
    return {f"{d}/{t}.yaml": dump_yaml({"samples": [encode_sample(s) for s in group]}) for (d, t), group in samples.items()}


def write_corpus(root: Path, samples: Mapping[tuple[str, str], Iterable[Sample]]) -> int:
    """Make samples/corpus hold exactly these; returns how many files changed."""
    return write_tree(root / CORPUS, samples_files(samples), ".yaml")


def encode_sample(sample: Sample) -> dict[str, Any]:
    """A sample as it stands in YAML: options by letter, defaults left out."""
    raw: dict[str, Any] = {"id": sample.id, "format": sample.format, "question": sample.question}
    if sample.options:
        raw["options"] = dict(zip(LETTERS, sample.options, strict=False))
        raw["answer"] = sample.key
    else:
        raw["answer"] = sample.answer
    if sample.explanation:
        raw["explanation"] = sample.explanation
    raw["nodes"] = list(sample.nodes)
    if sample.plan:
        raw["plan"] = sample.plan
    return raw


def decode_sample(raw: Mapping[str, Any], path: Path) -> Sample:
    """The record of one YAML entry. Raises InputError with file and sample id."""
    fields = dict(raw)
    try:
        if "options" in fields:
            options = fields["options"]
            fields["answer"] = options[fields["answer"]]
            fields["options"] = tuple(options[letter] for letter in LETTERS[: len(options)])
        return msgspec.convert(fields, Sample)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}  {fields.get('id', '?')}\n  Not a sample: {error!s}. Mend the entry, or rebuild the corpus.") from None


def by_topic(samples: Iterable[tuple[tuple[str, str], Sample]]) -> dict[tuple[str, str], list[Sample]]:
    """Group ((discipline, topic), sample) pairs, keeping their order."""
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for key, sample in samples:
        groups[key].append(sample)
    return dict(groups)
