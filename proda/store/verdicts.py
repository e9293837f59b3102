"""Verdicts on disk: benchmarks/verdicts/round-N.yaml for a round, <patch>.yaml for each of its patches. Training does not read them.

$ cat benchmarks/verdicts/1-bimetal-strip-bends-s1-3f0c9a1e.yaml
patch: 1-bimetal-strip-bends-s1-3f0c9a1e
round: 1
says: unproven
why: One rebuild with 214 patches cannot judge each of them.

What attribution found replaces that (`write_verdict`), and a later `write_round` leaves it alone:

says: necessary
retrained: {seeds: [3, 4, 5, 6, 7], full: 5f0c…, without: 81aa…, none: 0b3e…, only: 77c2…}   # seeds, and what each training read
items:
  physics/bimetal-strip-bends:dev-path: {hash: 9b1c…, full: 5, without: 0, none: 0, only: 5, shown: necessary and sufficient}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proda.store.files import data_files, write_file
from proda.yamlio import dump_yaml, load_yaml

VERDICTS = Path("benchmarks/verdicts")


def write_round(root: Path, number: int, verdict: Mapping[str, Any]) -> list[Path]:
    """The round's file, and one for each of its patches that has none yet: what attribution found is kept. Returns what changed."""
    patches = list(verdict["patches"])
    files: dict[Path, dict[str, Any]] = {root / VERDICTS / f"round-{number}.yaml": dict(verdict)}
    why = f"One rebuild with {len(patches)} patches cannot judge each of them." if len(patches) > 1 else "Not attributed yet."
    for patch in patches:
        path = root / VERDICTS / f"{patch}.yaml"
        if not path.is_file():
            files[path] = {"patch": patch, "round": number, "says": "unproven", "why": why}
    return [path for path, document in files.items() if write_file(path, dump_yaml(document))]


def write_verdict(root: Path, verdict: Mapping[str, Any]) -> bool:
    """A patch's file, from retraining: False, and nothing done, where the verdict that is there rests on more seeds."""
    path = root / VERDICTS / f"{verdict['patch']}.yaml"
    before = load_yaml(path) if path.is_file() else None
    if isinstance(before, dict) and seeds_of(before) > seeds_of(verdict):
        return False
    write_file(path, dump_yaml(verdict))
    return True


def read_verdicts(root: Path) -> dict[str, dict[str, Any]]:
    """Patch → its verdict, sorted; what is no verdict on a patch is left out."""
    found = (load_yaml(path) for path in data_files(root / VERDICTS, "*.yaml"))
    return {str(raw["patch"]): dict(raw) for raw in found if isinstance(raw, dict) and "patch" in raw}


def read_rounds(root: Path) -> dict[int, dict[str, Any]]:
    """Round → its verdict, in the order of the rounds; files that hold no verdict on a round are left out."""
    found = (load_yaml(path, numbers=True) for path in sorted((root / VERDICTS).glob("round-*.yaml")))
    rounds = [raw for raw in found if isinstance(raw, dict) and isinstance(raw.get("round"), int)]
    return {raw["round"]: raw for raw in sorted(rounds, key=lambda raw: raw["round"])}


def seeds_of(verdict: Mapping[str, Any]) -> int:
    """Over how many seeds it was retrained; 0 if it was not."""
    retrained = verdict.get("retrained")
    return len(retrained.get("seeds", ())) if isinstance(retrained, Mapping) else 0


def shown_by(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Content hash of an item → what retraining showed of it: necessary, redundant, harmed, …; nothing without retraining.

    By hash, since a verdict speaks of the item as it was asked: one that reads differently now is another.
    """
    items = verdict.get("items") if seeds_of(verdict) else None
    rows = [row for row in items.values() if isinstance(row, Mapping)] if isinstance(items, Mapping) else []
    return {str(row["hash"]): str(row["shown"]) for row in rows if row.get("shown") and "hash" in row}
