"""The processes of Ray on this machine, and the reason to skip tests where it is not installed."""

from __future__ import annotations

import contextlib
import os
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

RAY = find_spec("ray")
needs_ray = pytest.mark.skipif(RAY is None, reason="Ray is not installed: pip install -c constraints.txt -e '.[ray]'")


def below(parent: int) -> dict[psutil.Process, str]:
    """The Ray processes that a process started, directly or through others: process → command line."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return {process: line for process, line in _lines(psutil.Process(parent).children(recursive=True)).items() if _of_ray(line)}
    return {}


def in_session(leader: int) -> dict[psutil.Process, str]:
    """All processes of the session that a process began, also when it has ended: process → command line."""
    return _lines([process for process in psutil.process_iter() if _session(process.pid) == leader])


def ended(processes: dict[psutil.Process, str]) -> bool:
    """Whether the processes end within three minutes. After a kill, an agent of Ray notices in about one that its node is gone."""
    deadline = time.monotonic() + 180
    while left := [line for process, line in processes.items() if _runs(process)]:
        if time.monotonic() > deadline:
            print(*left, sep="\n")
            return False
        time.sleep(0.2)
    return True


def _of_ray(line: str) -> bool:
    """Ray's servers are files of its package; its workers rename themselves. Any other path may have `ray` in it."""
    assert RAY and RAY.origin
    return line.startswith("ray::") or f"{Path(RAY.origin).parent}{os.sep}" in line


def _lines(processes: list[psutil.Process]) -> dict[psutil.Process, str]:
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since it was listed
            found[process] = " ".join(process.cmdline())
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
