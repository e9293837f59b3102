"""Open MLflow's user interface on the runs of this repository, with no more processes and memory than it needs.

    open_ui(Path("."), port=5000)         prints http://127.0.0.1:5000/#/experiments/1 and returns when the user presses Ctrl-C

One worker, no job runner, no artifacts to serve, and only this machine can connect.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from proda.compiler.run_stores import DATABASE, EXPERIMENT, all_runs, own_store, own_uri, shared_name, shared_uri
from proda.compiler.tracking import end_killed_runs
from proda.errors import ProdaError

HOST = "127.0.0.1"
PATIENCE_S = 180
LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def open_ui(root: Path, port: int, say: Callable[[str], None]) -> None:
    """Start the server, say its address once it answers, and stop it on Ctrl-C. Another free port is taken if `port` is in use.

    Only a message is said if there are no runs yet, or if the runs are on a server. Raises ProdaError if MLflow does not start.
    """
    if shared_uri(root) is not None:
        say(f"Runs are on {shared_name(root)} (MLFLOW_TRACKING_URI): open it in a browser. Unset the variable to see runs of this machine.")
        return
    if not (root / DATABASE).is_file():
        say("There are no runs yet. Run `make repro` (or `dvc repro`) first.")
        return
    own = own_store(root)
    end_killed_runs(root, own)
    if not all_runs(own, most=1):
        say("There are no runs yet. Run `make repro` (or `dvc repro`) first.")
        return
    experiment = own.get_experiment_by_name(EXPERIMENT).experiment_id
    port = _free_port(port)
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1", "--no-serve-artifacts"]
    command += ["--backend-store-uri", own_uri(root), "--default-artifact-root", (root / "mlruns").resolve().as_uri()]
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")} | LEAN
    print("Starting MLflow …", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile() as log:
        # A session of its own, so that the server and its worker are ended together.
        child = subprocess.Popen(command, env=quiet, cwd=root, stdout=log, stderr=log, start_new_session=True)
        previous = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            _wait(child, f"http://{HOST}:{port}/health", log)
            say(f"http://{HOST}:{port}/#/experiments/{experiment}")
            print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)
            if child.wait():
                raise ProdaError(f"MLflow stopped (exit status {child.returncode}):\n{_last_lines(log)}")
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
        finally:
            signal.signal(signal.SIGTERM, previous)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _wait(child: subprocess.Popen[bytes], url: str, log: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError), opener.open(url, timeout=5):
            return
        time.sleep(0.2)
    raise ProdaError(f"MLflow did not start:\n{_last_lines(log)}")


def _last_lines(log: object) -> str:
    assert hasattr(log, "seek") and hasattr(log, "read")
    log.seek(0)
    return "\n".join(f"  {line}" for line in log.read().decode(errors="replace").strip().splitlines()[-5:])


def _free_port(wanted: int) -> int:
    """The port, or a free one if it is in use."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProdaError(f"No free port on {HOST}.")
