"""The JSON files of benchmarks/results: read, or refused with one message that says what is wrong and how to get the file back.

read_result(root, "metrics.json")          # {"base": {"dev": {"accuracy": 0.61, …}, …}, …}; {} if there is no such file

benchmarks/results/metrics.json
  The file is empty. Restore it with `git restore benchmarks/results/metrics.json`, or run `dvc repro`, which writes it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.yamlio.load import has_conflict

RESULTS = Path("benchmarks/results")
KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def read_result(root: Path, name: str, revision: str = "") -> dict[str, Any]:
    """Return the content of a file in benchmarks/results; empty if it is absent. Raises InputError unless it is a JSON object.

    `revision` is the one that `root` was unpacked from; empty for a work tree.
    """
    path = root / RESULTS / name
    if not path.is_file():
        return {}
    data = path.read_bytes()
    if fault := object_fault(data):
        where = f"{RESULTS / name}{f' in {revision}' if revision else ''}"
        raise InputError(f"{where}\n  {fault} {'Name another revision.' if revision else remedy(name, data)}")
    return msgspec.json.decode(data, type=dict[str, Any])


def object_fault(data: bytes) -> str:
    """Return in one sentence why `data` is no JSON object; empty if it is one."""
    if not data.strip():
        return "The file is empty."
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "A merge conflict is not resolved here." if has_conflict(data) else "Not JSON: the file was cut off, or edited by hand."
    return "" if isinstance(found, dict) else f"The file holds {KINDS[type(found)]}; a JSON object was expected."


def remedy(name: str, data: bytes) -> str:
    """Return what to do about a damaged file of benchmarks/results."""
    path = RESULTS / name
    again = "run `dvc repro`, which writes it again" if name != "run.json" else "write it again with `proda runs --complete`"
    if has_conflict(data):
        return f"Take the file of one side (`git checkout --ours {path}`), then {again}."
    return f"Restore it with `git restore {path}`, or {again}."
