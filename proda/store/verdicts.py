"""Verdicts on disk: benchmarks/verdicts/round-N.yaml for a round, <patch>.yaml for each of its patches. Training does not read them.

$ cat benchmarks/verdicts/1-bimetal-strip-bends-s1-3f0c9a1e.yaml
patch: 1-bimetal-strip-bends-s1-3f0c9a1e
round: 1
says: unproven
why: One rebuild with 214 patches cannot judge each of them.

`write_verdict` replaces this by what attribution found, which a later `write_round` keeps:

says: necessary
retrained: {seeds: [3, 4, 5, 6, 7], full: 5f0c…, without: 81aa…, none: 0b3e…, only: 77c2…}   # seeds, and hashes of what each training read
items:
  physics/bimetal-strip-bends:dev-bridge: {hash: 9b1c…, full: 5, without: 0, none: 0, only: 5, shown: necessary and sufficient}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.store.files import data_files, write_file
from proda.yamlio import dump_yaml, load_yaml
from proda.yamlio.schema import first_fault

VERDICTS = Path("benchmarks/verdicts")
RESTORE = "Restore the file from git, or delete it and run `proda verify`."


class _Retrained(msgspec.Struct):
    seeds: list[Any]


class _Shown(msgspec.Struct):
    hash: str
    shown: str = ""  # left out of the file where retraining showed nothing of the item


class _Verdict(msgspec.Struct):
    """The keys that code reads; others are kept as they are. A file that was cut off lacks one of them."""

    patch: str
    round: Any
    says: str
    why: str = ""
    retrained: _Retrained | msgspec.UnsetType = msgspec.UNSET
    items: dict[str, _Shown] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.retrained is msgspec.UNSET and not self.why:
            raise ValueError("`why`, the reason, is missing")
        if self.retrained is not msgspec.UNSET and self.items is msgspec.UNSET:
            raise ValueError("`items`, what retraining showed for each item, is missing")


def write_round(root: Path, number: int, verdict: Mapping[str, Any]) -> list[Path]:
    """Write the round's file, and one for each of its patches that has none yet. Return the files that changed.

    The file of a patch may hold what attribution found, so an existing one is kept.
    """
    patches = list(verdict["patches"])
    files: dict[Path, dict[str, Any]] = {root / VERDICTS / f"round-{number}.yaml": dict(verdict)}
    why = f"One rebuild with {len(patches)} patches cannot judge each of them." if len(patches) > 1 else "Not attributed yet."
    for patch in patches:
        path = root / VERDICTS / f"{patch}.yaml"
        if not path.is_file():
            files[path] = {"patch": patch, "round": number, "says": "unproven", "why": why}
    return [path for path, document in files.items() if write_file(path, dump_yaml(document))]


def write_verdict(root: Path, verdict: Mapping[str, Any]) -> bool:
    """Write a patch's file from retraining. Return False, and write nothing, if the existing verdict rests on more seeds."""
    path = root / VERDICTS / f"{verdict['patch']}.yaml"
    if path.is_file() and seeds_of(_read(path)) > seeds_of(verdict):
        return False
    write_file(path, dump_yaml(verdict))
    return True


def read_verdicts(root: Path) -> dict[str, dict[str, Any]]:
    """Return patch → its verdict, sorted; the files of rounds are left out. Raises InputError naming a malformed file."""
    paths = (path for path in data_files(root / VERDICTS, "*.yaml") if not path.name.startswith("round-"))
    return {path.stem: _read(path) for path in paths}


def _read(path: Path) -> dict[str, Any]:
    raw = load_yaml(path)
    where = path.relative_to(path.parents[2]).as_posix()
    try:
        found = msgspec.convert(raw, _Verdict)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}\n  Not a verdict. {first_fault(raw, _Verdict, f'{error}.')} {RESTORE}") from None
    if found.patch != path.stem:
        raise InputError(f"{where}\n  got the verdict of the patch {found.patch}, expected that of {path.stem}. {RESTORE}")
    return dict(raw)


def read_rounds(root: Path) -> dict[int, dict[str, Any]]:
    """Round → its verdict, in the order of the rounds; files that hold no verdict on a round are left out."""
    found = (load_yaml(path, numbers=True) for path in sorted((root / VERDICTS).glob("round-*.yaml")))
    rounds = [raw for raw in found if isinstance(raw, dict) and isinstance(raw.get("round"), int)]
    return {raw["round"]: raw for raw in sorted(rounds, key=lambda raw: raw["round"])}


def seeds_of(verdict: Mapping[str, Any]) -> int:
    """Return over how many seeds the patch was retrained; 0 if it was not."""
    retrained = verdict.get("retrained")
    return len(retrained.get("seeds", ())) if isinstance(retrained, Mapping) else 0


def shown_by(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Return content hash of an item → what retraining showed for it: necessary, redundant, harmed, …; empty without retraining.

    The key is the hash, since a verdict is about the item as it was asked: with another text it is another item.
    """
    items = verdict.get("items") if seeds_of(verdict) else None
    rows = [row for row in items.values() if isinstance(row, Mapping)] if isinstance(items, Mapping) else []
    return {str(row["hash"]): str(row["shown"]) for row in rows if row.get("shown") and "hash" in row}
