"""`make ui` and `proda runs --ui`: a real MLflow server that shows the runs, or a message that there is nothing to show."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from proda.compiler.tracking import open_run
from tests.killing import interruptible

CODE = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge/relations.yaml").write_text("")
    return tmp_path


def environment(root: Path) -> dict[str, str]:
    """The command `proda` runs the code beside these tests, whatever is installed."""
    script = root / "bin/proda"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m proda.cli.main "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PYTHONPATH": str(CODE), "PATH": f"{script.parent}:{os.environ['PATH']}"}


def test_it_shows_the_runs_to_this_machine_alone_and_ends_with_ctrl_c(root: Path) -> None:
    with open_run(root, {"seed": "0"}, name="main: A commit") as tracker:
        tracker.metrics({"tuned/twin/accuracy": 0.71})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        used = taken.getsockname()[1]
        command = ["proda", "runs", "--ui", "--port", str(used), "--root", str(root)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        child = subprocess.Popen(command, env=environment(root), text=True, preexec_fn=interruptible, **pipes)  # noqa: PLW1509
        try:
            assert child.stdout is not None
            url = child.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:") and f":{used}/" not in url, child.stderr.read() if child.stderr else ""
            base, _, path = url.partition("/#")
            experiment = path.rpartition("/")[2]
            with urllib.request.urlopen(base, timeout=60) as page:
                assert b"<html" in page.read().lower()
            body = json.dumps({"experiment_ids": [experiment]}).encode()
            request = urllib.request.Request(f"{base}/api/2.0/mlflow/runs/search", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                [run] = json.load(answer)["runs"]
            assert run["info"]["run_id"] == tracker.run_id
            processes = psutil.Process(child.pid).children(recursive=True)
            listening = [c.laddr.ip for p in processes for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
            assert listening and set(listening) == {"127.0.0.1"}
            assert len(processes) <= 3, "one server and its worker, no job runner"
        finally:
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=120)
    assert child.returncode == 0 and said.splitlines()[-1] == "Stopped."
    assert not [process for process in processes if process.is_running()]


@pytest.mark.parametrize("makefile", ["Makefile", "proda/templates/repository/Makefile"])
def test_make_ui_says_that_there_is_nothing_yet(root: Path, makefile: str) -> None:
    (root / ".venv/bin").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "constraints.txt").touch()
    (root / ".venv/installed").touch()
    done = subprocess.run(
        ["make", "--no-print-directory", "-f", str(CODE / makefile), "ui"],
        check=False,
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "There are no runs yet. Run `make repro` (or `dvc repro`) first.\n"), done.stderr
    assert not (root / "mlflow.db").exists()


def test_with_a_server_its_address_is_printed_without_secrets(root: Path) -> None:
    secret = {**environment(root), "MLFLOW_TRACKING_URI": "https://ada:SECRET@mlflow.example.org/SECRET"}
    done = subprocess.run(["proda", "runs", "--ui", "--root", str(root)], check=False, env=secret, capture_output=True, text=True)
    assert done.returncode == 0 and "https://mlflow.example.org" in done.stdout and "SECRET" not in done.stdout + done.stderr
