"""Diagnoses on disk: benchmarks/results/diagnosis.yaml, one entry for each item that most seeds fail.

seeds: [seed-0, seed-1, seed-2]
failed: 331
categories: {concept gap: 270, reasoning deficit: 21, …}
probes:                   # failures on suspected and on control nodes; a kind of probe that does not tell them apart is ignored
  concept: {suspected: 663, unknown: 581, controls: 417, controls_unknown: 342, telling: false}
kinds:                    # the same for kinds of item: failed with and without an unknown statement
  effect: {suspected: 31, unknown: 23, controls: 30, controls_unknown: 22, telling: false}
diagnoses:
  - item: physics/bimetal-strip-bends:dev-bridge
    category: concept gap
    reason: '9 of 12 probe answers about “heating causes thermal expansion” are wrong. Most frequent wrong answer: thermal contraction.'
    nodes: [physics/bimetal-strip-bends.s1]
    confidence: 0.67
    …
noticed:                  # what most seeds do not know or samples contradict, whether or not an item fails
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
from proda.yamlio.schema import first_fault

DIAGNOSIS = Path("benchmarks/results/diagnosis.yaml")
Part = TypeVar("Part")
HEAD = """\
# Why most seeds fail items of dev. Written by the stage `diagnose`, read by `proda repair`.
# probes: how many suspected nodes and how many control nodes (of correctly answered items) most models fail, by kind of probe. A kind with
#   `telling: false` fails about as often on controls, so it is ignored. Statements count if `kinds` shows that items hang on them.
# kinds: how many items of which a statement is unknown, and how many of which all are known (controls), most models fail, by kind of item.
#   Items of a kind with `telling: false` blame no statement. After a repair the kinds that it served are telling.
# diagnoses: `nodes` are blamed. `confidence` is the share of the seeds in `failed_by` with this category. In `evidence`, `failed` of
#   `asked` answers are wrong; `preferred` is the most frequent wrong one: a concept, inversion, skip (a shortcut that skips the step),
#   early (the step after it), or the id of a sample that contradicts. `margin`: mean log-likelihood per character, right minus best other.
# noticed: nodes that most seeds do not know or that samples contradict, whether or not an item fails.
"""
ORDER = ("item", "category", "reason", "nodes", "confidence", "failed_by", "chosen", "chain", "hash", "evidence")


def load_diagnoses(root: Path) -> list[Diagnosis]:
    """Return the diagnoses, sorted by item. Raises NotFoundError if there are none yet, InputError if the file is malformed."""
    return _part(root, "diagnoses", list[Diagnosis])


def load_noticed(root: Path) -> list[Evidence]:
    """Return what was noticed, by kind of probe and node. Raises what `load_diagnoses` raises."""
    return _part(root, "noticed", list[Evidence])


def load_silent_kinds(root: Path) -> list[str]:
    """Return the kinds of item whose failures say nothing about statements, sorted. Raises what `load_diagnoses` raises."""
    return sorted(kind for kind, found in _part(root, None, _Kinds).kinds.items() if not found.telling)


def load_findings(root: Path, about: Collection[str] | None = None) -> tuple[list[Diagnosis], list[Evidence]]:
    """Diagnoses and noticed evidence, from one reading of the file. Raises what `load_diagnoses` raises.

    With `about`, only entries that mention one of these ids are parsed: of a large file that takes a small part of the time.
    """
    found = _part(root, None, _Findings, about)
    return found.diagnoses, found.noticed


class _Telling(msgspec.Struct):
    telling: bool


class _Kinds(msgspec.Struct):
    kinds: dict[str, _Telling] = {}  # older files have none


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
        raise NotFoundError(f"{DIAGNOSIS}\n  There are no diagnoses yet. Run `dvc repro diagnose` (or `make repro`) first.")
    try:
        if about is None:
            raw = load_yaml(path, numbers=True)
        else:
            raw = load_yaml_text(_mentioning(read_bytes(path).decode("utf-8", "replace"), about), str(DIAGNOSIS), numbers=True)
        part = raw if key is None else raw[key]
        return msgspec.convert(part, kind)
    except KeyError:
        fault = f"'{key}' is missing."
    except TypeError:
        fault = "Expected keys and values."
    except msgspec.ValidationError as error:
        fault = first_fault(part, kind, f"{error}.")
    raise InputError(f"{DIAGNOSIS}\n  Not diagnoses. {fault} Restore it from git, or run `dvc repro --force diagnose`.")


def write_diagnoses(
    root: Path,
    diagnoses: Sequence[Diagnosis],
    seeds: Sequence[str],
    probes: Mapping[str, Record] | None = None,
    noticed: Sequence[Evidence] = (),
    kinds: Mapping[str, Record] | None = None,
) -> bool:
    """Write the file and return whether it changed. Equal diagnoses give equal bytes.

    `probes` tell how reliable each kind of probe is, `kinds` whether failing an item of a kind says something about its statements.
    """
    counts = Counter(d.category for d in diagnoses)
    document = {
        "seeds": list(seeds),
        "failed": sum(bool(d.failed_by) for d in diagnoses),
        "categories": {c: counts[c] for c in CATEGORIES},
        "probes": {kind: msgspec.to_builtins(found) for kind, found in (probes or {}).items()},
        "kinds": {kind: msgspec.to_builtins(found) for kind, found in (kinds or {}).items()},
        "diagnoses": [_entry(d) for d in diagnoses],
        "noticed": [msgspec.to_builtins(e) for e in noticed],
    }
    return write_file(root / DIAGNOSIS, HEAD + dump_yaml(document))


def _entry(diagnosis: Diagnosis) -> dict[str, Any]:
    raw = msgspec.to_builtins(diagnosis)
    return {name: raw[name] for name in ORDER if name in raw}
