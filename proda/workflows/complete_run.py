"""Complete run.json and the MLflow run after a build, whichever stages DVC took from its cache.

    complete_run(Path("."))        Completed(run_id="8c1f…", changed=True)

Scores, curves, data digests and parameters are read from the results on disk, params.yaml and dvc.lock, and what the run lacks is logged.
If no store knows the run (a fresh clone), a new run gets everything. With a server, the run is copied there too. Doing it twice changes
nothing.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.adapter import adapter_folders, read_card
from proda.compiler.fit import Point
from proda.compiler.run_stores import known_run, own_store, own_uri, shared_name, shared_store, warn_own, warn_shared
from proda.compiler.tracking import Tracker, open_run, own_run, send_once
from proda.errors import InputError, NotFoundError, ProdaError
from proda.history.provenance import provenance
from proda.params import load_params
from proda.records import Record, content_hash
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses
from proda.store.json_results import read_result, remedy
from proda.store.public_url import public_url
from proda.store.run_record import file_hash, read_run, versions, write_run
from proda.tester.metrics import flat_metrics
from proda.workflows.build_run import TESTED_ON, TRAINED_ON, flat_params, log_data, run_tags
from proda.yamlio import load_yaml

RESULTS = Path("benchmarks/results")
METRICS, BREAKDOWNS, CURVES = RESULTS / "metrics.json", RESULTS / "breakdowns.json", RESULTS / "training.csv"
ADAPTERS = Path("build/adapters")
DATA = TRAINED_ON | TESTED_ON


class Completed(Record, frozen=True):
    """What `complete_run` did. `run_id` is None if the run cannot be logged."""

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
    origin = provenance(root)

    def log(resume: str | None) -> str | None:
        with open_run(root, params, name=origin.name, tags=run_tags(origin), resume=resume) as tracker:
            _log(root, tracker, metrics, parts, digests)
            tracker.tags({**run_tags(origin), "mlflow.runName": origin.name, "proda.results": results})
        return tracker.run_id

    run_id, complete = _logged(root, record.get("run_id"), results, current, log)
    known = run_id or record.get("run_id")
    if not current:
        source = {
            "commit": origin.commit or None,
            "branch": origin.branch or None,
            "dirty": origin.dirty,
            "dvc_lock": origin.dvc_lock or None,
        }
        record |= {**source, "results": results, "versions": versions(), **parts}
    if not current or known != record.get("run_id"):
        record |= {"run_id": known, "store": store_of(root, known)}
    changed = write_run(root, record)
    return Completed(run_id, changed or (run_id is not None and not complete))


def store_of(root: Path, run_id: str | None) -> str:
    """Return the store that holds a run, in a form that may be committed: the repository's own database, or the server."""
    try:
        mine = known_run(own_store(root), run_id) is not None
    except Exception:  # the caller has warned of it
        mine = True
    return public_url(own_uri(root), root) if mine else shared_name(root)


def _logged(
    root: Path, run_id: str | None, results: str, current: bool, log: Callable[[str | None], str | None]
) -> tuple[str | None, bool]:
    """The run of the current results, and whether it was complete; otherwise `log` completes it. None if it cannot be logged."""
    try:
        own = own_store(root)
        run = own_run(own, run_id)
    except Exception as error:
        warn_own(root, error)
        return None, False
    if run is not None and _complete(run, results):
        return send_once(root, own, run) or run_id, True
    if run is None and run_id:  # made on another machine
        try:
            server = shared_store(root)
            there = known_run(server, run_id) if server is not None else None
        except Exception as error:
            if current:
                warn_shared(root, error)
                return None, False
            there = None
        if there is not None and _complete(there, results):
            return run_id, True
    return log(run_id), False


def _complete(run: Any, results: str) -> bool:
    """Whether the run is finished and holds these results."""
    return bool(run.info.status == "FINISHED" and run.data.tags.get("proda.results") == results)


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
    log_data(tracker, {name: digests[path] for name, path in DATA.items() if path in digests}, rows)
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
    found: dict[str, Any] = read_result(path.parents[2], path.name)
    try:
        flat_metrics(msgspec.convert(found, dict[str, dict[str, dict[str, Any]]]))
    except (msgspec.ValidationError, ValueError, TypeError):
        raise InputError(f"{path}\n  Expected blocks of named numbers. {remedy(path.name, b'')}") from None
    return found


def _bytes(path: Path) -> str:
    return file_hash(path) if path.is_file() else ""
