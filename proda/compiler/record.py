"""benchmarks/results/run.json: which run made the scores beside it. In git, but no DVC output, since it names times and places.

    {"run_id": "8c1f…", "store": "sqlite:///mlflow.db", "commit": "9ab2…", "dirty": false, "versions": {"torch": "2.13.0", …},
     "train": {"inputs": "a41f…", "seeds": {"0": {"seconds": 71.2, "tokens": 981223, "fresh": true}}, …}, "evaluate": {…}}

Where MLflow could not be reached, `run_id` is null and this is the whole record.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.tracking import provenance, store_uri, without_password
from proda.store.files import write_file

PATH = Path("benchmarks/results/run.json")
PACKAGES = ("proda", "torch", "transformers", "peft", "tokenizers", "mlflow", "numpy")


def read_record(root: Path) -> dict[str, Any]:
    """The record, or nothing where there is none that can be read."""
    try:
        found = msgspec.json.decode((root / PATH).read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def begin_record(root: Path, run_id: str | None, train: Mapping[str, Any]) -> None:
    """Start the record anew with what `train` did; what an earlier run's evaluation said goes."""
    found = provenance(root)
    record = {
        "run_id": run_id,
        "store": public_uri(root),
        "commit": found.get("mlflow.source.git.commit"),
        "dirty": found.get("proda.dirty") == "true",
        "dvc_lock": found.get("proda.dvc_lock"),
        "versions": versions(),
        "train": dict(train),
    }
    _write(root, record)


def extend_record(root: Path, run_id: str | None, part: str, values: Mapping[str, Any]) -> None:
    """Add what another stage did. The run that went on is named, should it be another one."""
    record = read_record(root)
    record |= {"run_id": run_id or record.get("run_id"), "store": public_uri(root), "versions": versions(), part: dict(values)}
    _write(root, record)


def public_uri(root: Path) -> str:
    """Where runs are kept, without a password and without this machine's folders."""
    return without_password(store_uri(root).replace(f"{root.resolve()}/", ""))


def versions() -> dict[str, str]:
    """Python and the packages that a score depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _write(root: Path, record: Mapping[str, Any]) -> None:
    write_file(root / PATH, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
