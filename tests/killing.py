"""Kills a command with SIGKILL as soon as a condition holds, and makes sure that a command can be interrupted."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_S = 300


def kill_when(there: Callable[[], bool], command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run `command` in a new session, kill it once `there()` is true, and return its process id. Its child processes are not killed."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=said)
        deadline = time.monotonic() + PATIENCE_S
        while not there():
            if child.poll() is not None or time.monotonic() > deadline:
                child.kill()
                said.seek(0)
                raise AssertionError(f"it ended before it could be killed in the middle, and said\n{said.read().decode(errors='replace')}")
            time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return child.pid


def interruptible() -> None:
    """Let a child process end on SIGINT (`preexec_fn`). A shell that starts the tests in the background has made it ignore the signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
