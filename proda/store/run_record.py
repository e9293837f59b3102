"""Read and write benchmarks/results/run.json, the record of the run that made the results beside it.

    {"run_id": "8c1f…", "store": "sqlite:///mlflow.db", "commit": "9ab2…", "branch": "main", "dirty": false, "dvc_lock": "a688…",
     "results": "51d0…", "versions": {"torch": "2.13.0", …},
     "train": {"seconds": 101.3, "inputs": "a41f…", "samples": 15466, "seeds": {"0": {"seconds": 71.2, "tokens": 981223, …}, …}},
     "evaluate": {"seconds": 66.7, "items": 2315, "suite": 2000, "models": ["base", "seed-0", …]},
     "diagnose": {"seconds": 41.0, "failed": 256}}

The file is in git but not a DVC output, since it holds times. Each stage replaces its own part, so the part of a stage that DVC takes from
its cache stays as it was. Where MLflow could not be reached, `run_id` is null and the file is the whole record.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec

from proda.store.files import write_file

RUN_RECORD = Path("benchmarks/results/run.json")
PACKAGES = ("proda", "torch", "transformers", "peft", "tokenizers", "mlflow", "numpy")
ORDER = ("run_id", "store", "commit", "branch", "dirty", "dvc_lock", "results", "versions", "train", "evaluate", "diagnose")
Part = Literal["train", "evaluate", "diagnose"]


def read_run(root: Path) -> dict[str, Any]:
    """Return the record of a repository; empty if there is none, or the file is damaged and has to be written again."""
    try:
        data = (root / RUN_RECORD).read_bytes()
    except OSError:
        return {}
    return msgspec.json.decode(data, type=dict[str, Any]) if is_record(data) else {}


def is_record(data: bytes) -> bool:
    """Whether `data` is a JSON object, as a record is."""
    try:
        return isinstance(msgspec.json.decode(data), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def record_part(root: Path, part: Part, values: Mapping[str, Any], *, run_id: str | None) -> None:
    """Replace the part of one stage, and the run id unless it is None. `results` is removed until the record is completed again."""
    record = read_run(root)
    record.pop("results", None)
    # A training begins another run, so that the run of an earlier one must not keep its place.
    known = None if part == "train" else record.get("run_id")
    write_run(root, record | {"run_id": run_id or known, "versions": versions(), part: dict(values)})


def write_run(root: Path, record: Mapping[str, Any]) -> bool:
    """Write the record with its keys in a fixed order; returns whether the file changed."""
    ordered = {key: record[key] for key in ORDER if key in record}
    return write_file(root / RUN_RECORD, msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n")


def file_hash(path: Path) -> str:
    """Return sixteen hex digits over a file's content, by which a part of the record names the results it was recorded for."""
    return sha256(path.read_bytes()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that scores depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
