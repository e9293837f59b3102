"""Diagnoses on disk: benchmarks/results/diagnosis.yaml, readable in review, one entry for each item that most seeds fail.

seeds: [seed-0, seed-1, seed-2]
failed: 331
categories: {concept gap: 270, reasoning deficit: 21, …}
probes:                   # nodes that failures point at, beside nodes under items answered rightly: what fails as often there blames nobody
  concept: {suspected: 663, unknown: 581, controls: 417, controls_unknown: 342, telling: false}
diagnoses:
  - item: physics/bimetal-strip-bends:dev-path
    category: concept gap
    reason: 'Asked for “heating causes thermal expansion”: 9 of 12 answers are wrong, most often thermal contraction.'
    nodes: [physics/bimetal-strip-bends.s1]
    confidence: 0.67
    …
noticed:                  # statements and steps of the base that most seeds do not know, and what samples contradict; asked for or not
  - {node: physics/bimetal-strip-bends.s1, probe: statement, asked: 15, failed: 11, margin: -0.1, preferred: physics/thermal-contraction}
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from proda.errors import InputError, NotFoundError
from proda.records import CATEGORIES, Diagnosis, Evidence, Record
from proda.store.files import write_file
from proda.yamlio import dump_yaml, load_yaml, load_yaml_text, read_bytes

DIAGNOSIS = Path("benchmarks/results/diagnosis.yaml")
Part = TypeVar("Part")
HEAD = """\
# Why items of dev failed that most seeds fail. Written by the stage `diagnose`, read by `proda repair`.
# probes: nodes that failures point at, beside controls, nodes under items answered rightly; a kind that is not telling blames nobody.
# diagnoses: nodes are blamed; of the seeds in failed_by the share `confidence` says so. Of its evidence's answers `failed` of `asked` were
#   wrong, most often `preferred`: a concept, inversion, skip (a short cut past the step), early (the step after it), or a sample that says
#   otherwise. margin: log-likelihood per character of the right answer less that of the best other, mean.
# noticed: what most seeds do not know, or samples contradict, whether or not an item asks for it.
"""
ORDER = ("item", "category", "reason", "nodes", "confidence", "failed_by", "chosen", "chain", "hash", "evidence")


def load_diagnoses(root: Path) -> list[Diagnosis]:
    """Diagnoses in order of item. Raises NotFoundError if there are none yet, InputError if the file is not what `diagnose` writes."""
    return _part(root, "diagnoses", list[Diagnosis])


def load_noticed(root: Path) -> list[Evidence]:
    """What most seeds do not know and samples contradict, by kind of probe and node. Raises what `load_diagnoses` raises."""
    return _part(root, "noticed", list[Evidence])


def load_findings(root: Path, about: Collection[str] | None = None) -> tuple[list[Diagnosis], list[Evidence]]:
    """Diagnoses and noticed evidence, from one reading of the file. Raises what `load_diagnoses` raises.

    With `about`, only entries that mention one of these ids are parsed: of a large file that takes a small part of the time.
    """
    found = _part(root, None, _Findings, about)
    return found.diagnoses, found.noticed


class _Findings(msgspec.Struct):
    diagnoses: list[Diagnosis]
    noticed: list[Evidence]


def _mentioning(text: str, ids: Collection[str]) -> str:
    """The document without the entries of its lists that mention none of the ids; as it is if it is not laid out as written here."""
    parts = re.split(r"(?m)^(diagnoses|noticed):\n", text)
    if [*parts[1::2]] != ["diagnoses", "noticed"]:
        return text
    kept = []
    for key, body in zip(parts[1::2], parts[2::2], strict=True):
        entries = [entry for entry in re.split(r"(?m)^(?=  - )", body) if any(i in entry for i in ids)]
        kept.append(f"{key}:\n{''.join(entries)}" if entries else f"{key}: []\n")
    return "".join(kept)


def _part(root: Path, key: str | None, kind: type[Part], about: Collection[str] | None = None) -> Part:
    path = root / DIAGNOSIS
    if not path.is_file():
        raise NotFoundError(f"{DIAGNOSIS}\n  No diagnoses here. Run `dvc repro diagnose` (or `make repro`) first.")
    try:
        if about is None:
            raw = load_yaml(path, numbers=True)
        else:
            raw = load_yaml_text(_mentioning(read_bytes(path).decode("utf-8", "replace"), about), str(DIAGNOSIS), numbers=True)
        return msgspec.convert(raw if key is None else raw[key], kind)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise InputError(f"{DIAGNOSIS}\n  Not diagnoses: {error}. It is derived: run `dvc repro --force diagnose`.") from None


def write_diagnoses(
    root: Path,
    diagnoses: Sequence[Diagnosis],
    seeds: Sequence[str],
    probes: Mapping[str, Record] | None = None,
    noticed: Sequence[Evidence] = (),
) -> bool:
    """Write the file; returns whether it changed. Equal diagnoses give equal bytes. `probes` say what each kind of probe is worth."""
    counts = Counter(d.category for d in diagnoses)
    document = {
        "seeds": list(seeds),
        "failed": sum(bool(d.failed_by) for d in diagnoses),
        "categories": {c: counts[c] for c in CATEGORIES},
        "probes": {kind: msgspec.to_builtins(found) for kind, found in (probes or {}).items()},
        "diagnoses": [_entry(d) for d in diagnoses],
        "noticed": [msgspec.to_builtins(e) for e in noticed],
    }
    return write_file(root / DIAGNOSIS, HEAD + dump_yaml(document))


def _entry(diagnosis: Diagnosis) -> dict[str, Any]:
    raw = msgspec.to_builtins(diagnosis)
    return {name: raw[name] for name in ORDER if name in raw}
