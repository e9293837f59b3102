"""Copies of a process: the same results as in one process, data that need not be picklable, one error for all, and none is left behind.

Each test runs a new Python, because a process with other threads (that of the tests has some) is not copied.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.killing import kill_when

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
START = "import os, signal, sys, threading, time\nfrom proda.runtime.forked import forked\n"


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-c", START + code], env=ENVIRONMENT, capture_output=True, text=True, check=False)


def _printed(code: str) -> str:
    done = _run(code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("jobs", [1, 2, 3, 9])
def test_results_are_in_the_order_of_the_tasks_for_any_number_of_processes(jobs: int) -> None:
    code = f"print(forked(lambda n: n * n, range(7), 'squares', jobs={jobs}))"
    assert _printed(code) == str([n * n for n in range(7)])


def test_no_task_gives_no_result() -> None:
    assert _printed("print(forked(lambda n: n, [], 'nothing', jobs=2))") == "[]"


def test_each_process_has_the_data_of_this_one_also_what_cannot_be_pickled() -> None:
    code = """
lock = threading.Lock()  # cannot be pickled
seen = forked(lambda n: (lock.locked(), os.getpid()), range(4), 'look', jobs=2)
print([locked for locked, _ in seen], len({pid for _, pid in seen} - {os.getpid()}))
"""
    assert _printed(code) == "[False, False, False, False] 2"


def test_a_process_with_other_threads_does_the_work_itself() -> None:
    code = """
end = threading.Event()
threading.Thread(target=end.wait, daemon=True).start()
print(set(forked(lambda n: os.getpid(), range(4), 'look', jobs=2)) == {os.getpid()})
end.set()
"""
    assert _printed(code) == "True"


def test_one_failure_ends_the_others_and_has_the_message_of_the_task() -> None:
    code = """
from proda.errors import InputError

def work(n):
    if n == 1:
        raise InputError('page 1 is empty')
    time.sleep(60)

start = time.monotonic()
try:
    forked(work, range(2), 'pages', jobs=2)
except Exception as error:
    print(type(error).__name__, error, time.monotonic() - start < 30)
"""
    assert _printed(code) == "ShareError pages, process 2: page 1 is empty True"


def test_a_process_that_is_killed_is_named_with_the_signal() -> None:
    code = "forked(lambda n: n and os.kill(os.getpid(), signal.SIGKILL), range(2), 'pages', jobs=2)"
    done = _run(code)
    assert done.returncode == 1
    assert "pages, process 2: its process was ended by SIGKILL. The machine may be out of memory; one process needs less" in done.stderr


def test_no_process_outlives_one_that_is_killed(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path

def work(n):
    (Path({str(tmp_path)!r}) / f'{{os.getpid()}}.pid').touch()
    time.sleep(600)

forked(work, range(2), 'wait', jobs=2)
"""
    kill_when(lambda: len(list(tmp_path.glob("*.pid"))) == 2, [sys.executable, "-P", "-c", START + code], env=ENVIRONMENT)
    below = [psutil.Process(int(path.stem)) for path in tmp_path.glob("*.pid") if psutil.pid_exists(int(path.stem))]
    _, left = psutil.wait_procs(below, timeout=60)
    assert not left
