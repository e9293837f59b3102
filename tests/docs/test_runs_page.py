"""docs/how-to/runs.md, followed: its commands are run in a repository with one run, and each has to lead to that run.

The ids and numbers of the page are replaced by those of the run. `make ui` has a separate test (tests/workflows/test_mlflow_ui.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from mlflow.cli import server as mlflow_server_command

from proda.params import load_params
from proda.store.digests import Digests
from proda.store.run_record import RUN_RECORD, read_run, record_part
from proda.workflows.build_run import build_run
from proda.workflows.complete_run import complete_run
from proda.workflows.find_runs import list_runs
from tests.docs.pages import ROOT, blocks, code_spans
from tests.mlflowserver import mlflow_server
from tests.toyresults import base_wrong_tuned_right, commit, make_results
from tests.toyworld import make_repository

PAGE = (ROOT / "docs/how-to/runs.md").read_text(encoding="utf-8")
LINES = [line for block in blocks(PAGE) for line in block.text.splitlines()]
# As on the page: a run, the digest of data, a score.
RUN, DIGEST, SCORE = "62b39526", "1f0c5e3a", "0.708"


class Made(NamedTuple):
    """A repository, the run of its results, and what stands for the ids and numbers of the page."""

    root: Path
    run: str
    here: dict[str, str]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    root = make_results(make_repository(tmp_path), base_wrong_tuned_right)
    (root / RUN_RECORD).unlink(missing_ok=True)
    commit(root, "Data")
    with build_run(root, load_params(root / "params.yaml")) as tracker:
        pass
    record_part(root, "train", {}, run_id=tracker.run_id)
    complete_run(root)
    commit(root, "Results")
    for number in (1, 2):
        (root / "README.md").write_text(f"{number}\n")
        commit(root, f"Edit {number}")
    (run,) = list_runs(root, 10)
    score = f"{run.metrics['tuned/twin/accuracy']:.3f}"
    return Made(root, run.run_id, {RUN: run.run_id[:8], DIGEST: str(Digests(root).of("samples/corpus"))[:8], SCORE: score})


def say(made: Made, command: str, **variables: str) -> str:
    """Run a command of the page, and return what it prints."""
    tools = made.root.parent / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "proda").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m proda.cli.main "$@"\n')
    (tools / "proda").chmod(0o755)
    for theirs, ours in made.here.items():
        command = command.replace(theirs, ours)
    env = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(["bash", "-c", command], cwd=made.root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout + done.stderr


def test_each_way_to_find_a_run_leads_to_it(made: Made) -> None:
    found = [code for _, code in code_spans(PAGE) if code.startswith("proda runs ") and " --" not in code]
    assert {code.split()[-1] for code in found} == {"main~2", f"tuned/twin/accuracy={SCORE}", SCORE, DIGEST, RUN}
    assert "proda runs          # the ten newest" in LINES
    for command in ("proda runs", *dict.fromkeys(found)):
        assert made.run[:8] in say(made, command), command


def test_a_run_is_sent_to_a_server_later_and_run_json_then_names_the_copy(made: Made, tmp_path: Path) -> None:
    exported = [line for line in LINES if line.startswith("export MLFLOW_TRACKING_URI=")]
    uploads = [line for line in LINES if line.startswith("proda runs --upload")]
    assert len(exported) == 1 and [line.split("#")[0].split() for line in uploads] == [
        ["proda", "runs", "--upload"],
        ["proda", "runs", "--upload", RUN],
    ]
    (tmp_path / "server").mkdir()
    with mlflow_server(tmp_path / "server") as url:
        export = re.sub(r"http\S+", url, exported[0])
        assert "1 sent, 0 there already" in say(made, f"{export}; {uploads[0]}", MLFLOW_HTTP_REQUEST_TIMEOUT="600")
        assert "0 sent, 1 there already" in say(made, f"{export}; {uploads[1]}", MLFLOW_HTTP_REQUEST_TIMEOUT="600")
        copy = str(read_run(made.root)["run_id"])
        assert copy != made.run
        for one in (copy, made.run):
            assert one in say(made, f"{export}; proda runs {one}", MLFLOW_HTTP_REQUEST_TIMEOUT="600"), "proda runs takes both ids"


def test_mlflow_takes_the_options_with_which_the_page_starts_it() -> None:
    (line,) = [line for line in LINES if line.startswith("mlflow server ")]
    context = click.Context(mlflow_server_command)
    values, rest, _ = mlflow_server_command.make_parser(context).parse_args(line.split()[2:])
    assert not rest and values["host"] == "0.0.0.0" and values["backend_store_uri"] == "sqlite:///runs.db"
