"""Samples on disk: `samples/corpus/<discipline>/<topic>.yaml`, derived from the knowledge.

Training reads these samples as changed by patches: see proda/store/patches.py.

samples = load_corpus(Path("."))

samples:
  - id: physics/bimetal-strip-bends.s1:open-1
    format: open
    question: What does heating cause?
    answer: thermal expansion
    explanation: Heating a metal strip causes thermal expansion along its length.
    nodes: [physics/bimetal-strip-bends.s1]
    unit: physics/bimetal-strip-bends.s1
    chain: physics/bimetal-strip-bends
    number: 1
    plan: 0f3a…

The discipline of a derived sample is the name of its folder. A sample in a patch states it.
"""

from __future__ import annotations

import re
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
# The id that the builder gives to a sample: unit, format and number.
ID = re.compile(r"(?P<unit>(?P<chain>[^:+~]+)\.[^.:+~/]+(?:[+~][2-9])?|[^:+~]+):(?:open|choice|true-false)-(?P<number>[1-9][0-9]*)")


def load_corpus(root: Path) -> list[Sample]:
    """Read the derived samples, without patches, in order of file and then of entry."""
    paths = data_files(root / CORPUS, "*/*.yaml")
    return [decode_sample(raw, path) for path in paths for raw in load_list(path, "samples")]


def as_before(sample: Sample) -> Sample:
    """Remove what `recovered` fills in, where it is what the id says. The hash of a patch covers its samples in this form."""
    bare = msgspec.structs.replace(sample, unit="", chain="", discipline="", number=0)
    return bare if recovered(bare) == sample else sample


def recovered(sample: Sample) -> Sample:
    """Fill in unit, chain, discipline and number of a sample that was written before they were recorded, from its id.

    Patches of earlier rounds and corpora of earlier commits have samples without these fields. This is the only function that parses the
    id of a sample. A sample with a recorded unit is returned unchanged but for its discipline; of an id that the builder did not make,
    the part before the colon is the unit.
    """
    first = sample.id if "/" in sample.id else next(iter(sample.nodes), "")
    discipline = sample.discipline or first.partition("/")[0]
    if sample.unit:
        return msgspec.structs.replace(sample, discipline=discipline)
    found = ID.fullmatch(sample.id)
    if found is None:
        return msgspec.structs.replace(sample, unit=sample.id.partition(":")[0], discipline=discipline)
    return msgspec.structs.replace(
        sample, unit=found["unit"], chain=found["chain"] or "", discipline=discipline, number=int(found["number"])
    )


def samples_files(samples: Mapping[tuple[str, str], Iterable[Sample]]) -> dict[str, str]:
    """Return relative path → content of the corpus files; `samples` maps (discipline, topic) to samples."""
    return {f"{d}/{t}.yaml": dump_yaml({"samples": [_derived(s) for s in group]}) for (d, t), group in samples.items()}


def _derived(sample: Sample) -> dict[str, Any]:
    raw = encode_sample(sample)
    raw.pop("discipline", None)  # the folder
    return raw


def write_corpus(root: Path, samples: Mapping[tuple[str, str], Iterable[Sample]]) -> int:
    """Write `samples` to samples/corpus and delete all other files there. Returns the number of files that changed."""
    return write_tree(root / CORPUS, samples_files(samples), ".yaml")


def encode_sample(sample: Sample) -> dict[str, Any]:
    """Return the YAML entry of a sample: options by letter, fields with default values omitted."""
    raw: dict[str, Any] = {"id": sample.id, "format": sample.format, **encode_wording(sample), "nodes": list(sample.nodes)}
    if sample.accept:
        raw["accept"] = list(sample.accept)
    for field in ("unit", "chain", "discipline", "number", "plan"):
        if value := getattr(sample, field):
            raw[field] = value
    return raw


def encode_wording(said: Sample | Wording) -> dict[str, Any]:
    """Return the YAML fields of the text of a sample."""
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
    """Return the sample of one YAML entry, with what it was made from (see `recovered`). Raises InputError with file and sample id."""
    try:
        sample = msgspec.convert(_unlettered(raw), Sample)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}  {raw.get('id', '?')}\n  Not a sample: {error!s}. Fix the entry, or rebuild the corpus.") from None
    if path.parent.parent.name == CORPUS.name and not sample.discipline:
        sample = msgspec.structs.replace(sample, discipline=path.parent.name)
    return recovered(sample)


def decode_overridden(raw: Mapping[str, Any], path: Path) -> Overridden:
    """Return the record of one entry of `override` in a patch. Raises InputError with file and sample id."""
    try:
        return msgspec.convert({**raw, "by": _unlettered(raw["by"])}, Overridden)
    except (KeyError, TypeError, AttributeError, ValueError, msgspec.ValidationError) as error:
        where = raw.get("sample", "?") if isinstance(raw, Mapping) else "?"
        raise InputError(f"{path}  override  {where}\n  Not the text of a sample: {error!s}. Restore the committed file.") from None


def _unlettered(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a sample or wording, with options and answer as texts."""
    fields = dict(raw)
    if "options" in fields:
        options = fields["options"]
        fields["answer"] = options[fields["answer"]]
        fields["options"] = tuple(options[letter] for letter in LETTERS[: len(options)])
    return fields
