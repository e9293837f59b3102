"""Samples on disk: `samples/corpus/<discipline>/<topic>.yaml`, derived from the knowledge.

Patches change what is trained on: see proda/store/patches.py.

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
from proda.records import LETTERS, Overridden, Sample, Wording
from proda.store.files import data_files, write_tree
from proda.yamlio import dump_yaml, load_list

CORPUS = Path("samples/corpus")
PATCHES = Path("samples/patches")


def load_corpus(root: Path) -> list[Sample]:
    """The derived samples alone, sorted by file and order within it."""
    paths = data_files(root / CORPUS, "*/*.yaml")
    return [decode_sample(raw, path) for path in paths for raw in load_list(path, "samples")]


def samples_files(samples: Mapping[tuple[str, str], Iterable[Sample]]) -> dict[str, str]:
    """(discipline, topic) → samples becomes relative path → content."""
    return {f"{d}/{t}.yaml": dump_yaml({"samples": [encode_sample(s) for s in group]}) for (d, t), group in samples.items()}


def write_corpus(root: Path, samples: Mapping[tuple[str, str], Iterable[Sample]]) -> int:
    """Make samples/corpus hold exactly these; returns how many files changed."""
    return write_tree(root / CORPUS, samples_files(samples), ".yaml")


def encode_sample(sample: Sample) -> dict[str, Any]:
    """A sample as it stands in YAML: options by letter, defaults left out."""
    raw: dict[str, Any] = {"id": sample.id, "format": sample.format, **encode_wording(sample), "nodes": list(sample.nodes)}
    if sample.plan:
        raw["plan"] = sample.plan
    return raw


def encode_wording(said: Sample | Wording) -> dict[str, Any]:
    """What a sample says, as it stands in YAML."""
    raw: dict[str, Any] = {"question": said.question}
    if said.options:
        raw["options"] = dict(zip(LETTERS, said.options, strict=False))
        raw["answer"] = LETTERS[said.options.index(said.answer)]
    else:
        raw["answer"] = said.answer
    if said.explanation:
        raw["explanation"] = said.explanation
    return raw


def decode_sample(raw: Mapping[str, Any], path: Path) -> Sample:
    """The record of one YAML entry. Raises InputError with file and sample id."""
    try:
        return msgspec.convert(_unlettered(raw), Sample)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}  {raw.get('id', '?')}\n  Not a sample: {error!s}. Mend the entry, or rebuild the corpus.") from None


def decode_overridden(raw: Mapping[str, Any], path: Path) -> Overridden:
    """The record of one entry of a patch's `override`. Raises InputError with file and sample id."""
    try:
        return msgspec.convert({**raw, "by": _unlettered(raw["by"])}, Overridden)
    except (KeyError, TypeError, AttributeError, ValueError, msgspec.ValidationError) as error:
        where = raw.get("sample", "?") if isinstance(raw, Mapping) else "?"
        raise InputError(f"{path}  override  {where}\n  Not a wording: {error!s}. Restore the file as it was committed.") from None


def _unlettered(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a sample or wording, options and answer as text."""
    fields = dict(raw)
    if "options" in fields:
        options = fields["options"]
        fields["answer"] = options[fields["answer"]]
        fields["options"] = tuple(options[letter] for letter in LETTERS[: len(options)])
    return fields


def by_topic(samples: Iterable[tuple[tuple[str, str], Sample]]) -> dict[tuple[str, str], list[Sample]]:
    """Group ((discipline, topic), sample) pairs, keeping their order."""
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for key, sample in samples:
        groups[key].append(sample)
    return dict(groups)
