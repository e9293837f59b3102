"""The MLflow run of a build, as its stages open it.

with build_run(root, params) as tracker:                    # `train` starts a run
    …
with build_run(root, params, resume=True) as tracker:       # `evaluate` and `diagnose` continue the run that run.json names
    …
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.tracking import Tracker, open_run
from proda.history.provenance import Provenance, provenance
from proda.params import Params
from proda.store.run_record import read_run

IRRELEVANT = frozenset({"guard"})  # sections that can stop a build but do not change its results


def build_run(root: Path, params: Params, *, resume: bool = False) -> Tracker:
    """Start the run of a build, or continue it, named after branch and commit; a Tracker, to be used as a context manager."""
    found = provenance(root)
    run_id = read_run(root).get("run_id") if resume else None
    return open_run(root, flat_params(params), name=found.name, tags=run_tags(found), resume=run_id)


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
