"""Verdicts on disk: benchmarks/verdicts/round-N.yaml for a round, <patch>.yaml for each of its patches. Training does not read them.

$ cat benchmarks/verdicts/1-bimetal-strip-bends-s1-3f0c9a1e.yaml
patch: 1-bimetal-strip-bends-s1-3f0c9a1e
round: 1
says: unproven
why: One rebuild with 214 patches cannot judge each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proda.files import write_file
from proda.yamlio import dump_yaml

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
