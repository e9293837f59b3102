"""Complete run.json and the MLflow run after a build, whichever stages DVC took from its cache.

    complete_run(Path("."))        Completed(run_id="8c1f…", changed=True)

Scores, curves, data digests and parameters are read from the results on disk, params.yaml and dvc.lock, and what the run lacks is logged.
If the store does not know the run (a fresh clone, or a build without a server), a new run gets everything. Doing it twice changes nothing.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.adapter import adapter_folders, read_card
from proda.compiler.fit import Point
from proda.compiler.tracking import Tracker, known_run, open_run, store, store_uri
from proda.errors import InputError, NotFoundError, ProdaError
from proda.history.provenance import provenance
from proda.params import load_params
from proda.records import Record, content_hash
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses
from proda.store.public_url import public_url
from proda.store.run_record import file_hash, read_run, versions, write_run
from proda.tester.metrics import flat_metrics
from proda.workflows.build_run import flat_params, run_tags
from proda.yamlio import load_yaml

RESULTS = Path("benchmarks/results")
METRICS, BREAKDOWNS, CURVES = RESULTS / "metrics.json", RESULTS / "breakdowns.json", RESULTS / "training.csv"
ADAPTERS = Path("build/adapters")
# Name in the run → the path whose digest dvc.lock holds.
DATA = {
    "corpus": "samples/corpus",
    "patches": "samples/patches",
    "replay": "build/curriculum/replay.jsonl",
    "items": "benchmarks/items",
    "suite": "benchmarks/general/suite.jsonl",
    "knowledge": "build/knowledge",
}


class Completed(Record, frozen=True):
    """What `complete_run` did. `run_id` is None if the store cannot be reached."""

    run_id: str | None
    changed: bool  # whether the run or run.json lacked anything


def complete_run(root: Path) -> Completed:
    """Make run.json and the run of the current results complete. Raises NotFoundError before the first build, InputError for bad files."""
    metrics = _metrics(root / METRICS)
    params = flat_params(load_params(root / "params.yaml"))
    digests = _locked(root)
    results = content_hash([metrics, _bytes(root / DIAGNOSIS), _bytes(root / CURVES), digests, params])
    record = read_run(root)
    parts = {"train": _train(root, record), "evaluate": _evaluate(root, record, metrics), "diagnose": _diagnose(root, record)}
    parts = {name: part for name, part in parts.items() if part}
    current = record.get("results") == results and all(record.get(name) == part for name, part in parts.items())
    with store(root) as client:
        reached = client is not None
        if reached and current and _complete(client, record.get("run_id"), results):
            return Completed(record["run_id"], False)
    found = provenance(root)
    run_id = record.get("run_id")
    if reached:
        with open_run(root, params, name=found.name, tags=run_tags(found), resume=run_id) as tracker:
            _log(root, tracker, metrics, parts, digests)
            tracker.tags({**run_tags(found), "mlflow.runName": found.name, "proda.results": results})
        run_id = tracker.run_id or run_id
    if current and run_id == record.get("run_id"):
        return Completed(run_id if reached else None, reached)
    origin = {"commit": found.commit or None, "branch": found.branch or None, "dirty": found.dirty, "dvc_lock": found.dvc_lock or None}
    head = {"run_id": run_id, "store": public_url(store_uri(root), root), **origin, "results": results, "versions": versions()}
    changed = write_run(root, {**record, **head, **parts})
    return Completed(run_id if reached else None, changed or reached)


def _complete(client: Any, run_id: str | None, results: str) -> bool:
    """Whether the store holds the run, finished, with these results."""
    try:
        run = known_run(client, run_id)
    except Exception:  # the store fails; the caller logs, and warns once
        return False
    return run is not None and run.info.status == "FINISHED" and run.data.tags.get("proda.results") == results


def _log(root: Path, tracker: Tracker, metrics: Mapping[str, Any], parts: Mapping[str, Any], digests: Mapping[str, str]) -> None:
    breakdowns = _metrics(root / BREAKDOWNS) if (root / BREAKDOWNS).is_file() else {}
    tracker.metrics(flat_metrics(metrics) | flat_metrics(breakdowns))
    tracker.metrics({f"diagnose/{name}": float(count) for name, count in parts.get("diagnose", {}).get("categories", {}).items()})
    for seed, points in _curves(root).items():
        tracker.curve(f"seed-{seed}", points)
    rows = {
        "corpus": parts.get("train", {}).get("samples"),
        "items": parts["evaluate"].get("items"),
        "suite": parts["evaluate"].get("suite"),
    }
    for name, path in DATA.items():
        if path in digests:
            tracker.dataset(name, digests[path], rows=rows.get(name))
    if ADAPTERS.as_posix() in digests:
        tracker.model("adapters", digests[ADAPTERS.as_posix()])


def _train(root: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `train`: as recorded, or without its times if it was recorded for other adapters."""
    try:
        inputs = read_card(adapter_folders(root / ADAPTERS)[0][1]).inputs
    except NotFoundError:
        return {}
    known = record.get("train", {})
    return dict(known) if known.get("inputs") == inputs else {"inputs": inputs}


def _evaluate(root: Path, record: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `evaluate`: as recorded, or without its time if it was recorded for other results."""
    output = file_hash(root / METRICS)
    known = record.get("evaluate", {})
    if known.get("output") == output:
        return dict(known)
    tuned = metrics.get("tuned", {})
    models = ["base", *(f"seed-{seed}" for seed, _ in adapter_folders(root / ADAPTERS))] if (root / ADAPTERS).is_dir() else []
    items = sum(int(part.get("n", 0)) for part in tuned.values())
    return {"output": output, "items": items, "suite": int(metrics.get("general", {}).get("base", {}).get("n", 0)), "models": models}


def _diagnose(root: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `diagnose`: as recorded, or without its time if it was recorded for another diagnosis."""
    if not (root / DIAGNOSIS).is_file():
        return {}
    output = file_hash(root / DIAGNOSIS)
    known = record.get("diagnose", {})
    if known.get("output") == output:
        return dict(known)
    found = load_diagnoses(root)
    return {"output": output, "failed": sum(bool(d.failed_by) for d in found), "categories": dict(Counter(d.category for d in found))}


def _curves(root: Path) -> dict[int, list[Point]]:
    """The training curves of training.csv by seed; rows that are not numbers are left out."""
    found: dict[int, list[Point]] = {}
    if (root / CURVES).is_file():
        with (root / CURVES).open(newline="", encoding="utf-8", errors="replace") as lines:
            for row in csv.DictReader(lines):
                try:
                    point = Point(int(row["step"]), float(row["loss"]), float(row["learning_rate"]))
                    found.setdefault(int(row["seed"]), []).append(point)
                except (KeyError, TypeError, ValueError):
                    continue
    return found


def _locked(root: Path) -> dict[str, str]:
    """Path → digest in dvc.lock, of the data that a run reads and of the adapters; empty without the file."""
    wanted = {*DATA.values(), ADAPTERS.as_posix()}
    path = root / "dvc.lock"
    if not path.is_file():
        return {}
    try:
        stages = load_yaml(path)["stages"].values()
        entries = [entry for stage in stages for kind in ("deps", "outs") for entry in stage.get(kind, ())]
        return {str(e["path"]): str(e["md5"]) for e in entries if e["path"] in wanted and "md5" in e}
    except (ProdaError, AttributeError, KeyError, TypeError):
        raise InputError(f"{path}\n  The file is damaged. Run `git checkout dvc.lock`, then `dvc repro`.") from None


def _metrics(path: Path) -> dict[str, Any]:
    """Nested numbers of metrics.json or breakdowns.json."""
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There are no results yet. Run `dvc repro` (or `make repro`) first.")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, dict[str, Any]]])
        flat_metrics(found)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise InputError(f"{path}\n  The file is damaged: {error}. Run `dvc repro evaluate`.") from None
    return found


def _bytes(path: Path) -> str:
    return file_hash(path) if path.is_file() else ""
