"""The processes of Ray on this machine, and the reason to skip tests where it is not installed."""

from __future__ import annotations

import time
from importlib.util import find_spec

import psutil
import pytest

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -c constraints.txt -e '.[ray]'")


def below(parent: int) -> dict[int, str]:
    """The Ray processes that a process started, directly or through others: process id → command line."""
    found = {}
    for process in psutil.Process(parent).children(recursive=True):
        line = " ".join(process.cmdline())
        if "ray" in line:
            found[process.pid] = line
    return found


def ended(processes: dict[int, str]) -> bool:
    """Whether the processes end within a minute."""
    deadline = time.monotonic() + 60
    while left := [line for pid, line in processes.items() if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]:
        if time.monotonic() > deadline:
            print(*left, sep="\n")
            return False
        time.sleep(0.2)
    return True
