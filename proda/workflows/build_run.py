"""The MLflow run of a build, as its stages open it.

with build_run(root, params) as tracker:                    # `train` starts a run
    …
with build_run(root, params, resume=True) as tracker:       # `evaluate` and `diagnose` continue the run that run.json names
    …

The run names the commit, the parameters, and the digests of the data that the stage reads, before the stage does anything: a run that fails
or is interrupted can be traced too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.tracking import Tracker, open_run
from proda.history.provenance import Provenance, provenance
from proda.params import Params
from proda.store.digests import Digests
from proda.store.run_record import read_run

IRRELEVANT = frozenset({"guard"})  # sections that can stop a build but do not change its results
# Name in the run → path of the data.
TRAINED_ON = {"corpus": "samples/corpus", "patches": "samples/patches", "replay": "build/curriculum/replay.jsonl"}
TESTED_ON = {"items": "benchmarks/items", "suite": "benchmarks/general/suite.jsonl", "knowledge": "build/knowledge"}
DATA_TAG = "proda.data."  # a tag for each data set holds the digest that was read last


def build_run(root: Path, params: Params, *, resume: bool = False) -> Tracker:
    """Start the run of a build, or continue it, named after branch and commit; a Tracker, to be used as a context manager."""
    found = provenance(root)
    run_id = read_run(root).get("run_id") if resume else None
    tracker = open_run(root, flat_params(params), name=found.name, tags=run_tags(found), resume=run_id)
    now = Digests(root, cached=False)
    digests = {name: now.of(path) for name, path in (TESTED_ON if resume else TRAINED_ON).items()}
    log_data(tracker, {name: digest for name, digest in digests.items() if digest})
    return tracker


def log_data(tracker: Tracker, digests: Mapping[str, str], rows: Mapping[str, int | None] | None = None) -> None:
    """Log data sets by their names in TRAINED_ON and TESTED_ON: digests, and numbers of rows where they are known."""
    for name, digest in digests.items():
        tracker.dataset(name, digest, path=(TRAINED_ON | TESTED_ON)[name], rows=(rows or {}).get(name))
    tracker.tags({f"{DATA_TAG}{name}": digest for name, digest in digests.items()})


def flat_params(params: Params) -> dict[str, str]:
    """Return every parameter that decides results as text: {"seed": "0", "train.epochs": "1", …}."""
    flat: dict[str, str] = {}
    for name, section in msgspec.to_builtins(params).items():
        if name not in IRRELEVANT:
            values: dict[str, Any] = section if isinstance(section, dict) else {"": section}
            flat |= {f"{name}.{key}".rstrip("."): str(value) for key, value in values.items()}
    return flat


def run_tags(found: Provenance) -> dict[str, str]:
    """Return the tags that say where a run comes from, under MLflow's own names where it has any."""
    tags = {"mlflow.source.type": "LOCAL", "mlflow.source.name": "dvc repro", "proda.dvc_lock": found.dvc_lock}
    if found.commit:
        tags |= {"mlflow.source.git.commit": found.commit, "mlflow.source.git.dirty": str(found.dirty).lower()}
        tags["mlflow.source.git.branch"] = found.branch
    return {key: value for key, value in tags.items() if value}
