"""Parallel processes: results by key, one error for all, and no more processes than memory holds."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import psutil
import pytest

from proda.runtime.engine import ShareError
from proda.runtime.local_processes import result_of, side_by_side
from proda.runtime.parallel import processes, spread
from tests.killing import kill_when
from tests.runtime.tasks import dies, dies_while_it_answers, fails_at_two, square, variable_and_imports

ROOT = Path(__file__).resolve().parents[2]


def test_each_key_has_its_result_from_a_process_of_its_own() -> None:
    found = dict(side_by_side(square, [1, 2, 3], threads=1, what="square"))
    assert {key: value for key, (value, _) in found.items()} == {1: 1, 2: 4, 3: 9}
    assert len({pid for _, pid in found.values()} | {os.getpid()}) == 4


def test_a_model_too_large_to_have_twice_works_here_and_in_turn() -> None:
    assert [(key, value) for key, (value, pid) in spread(square, [1, 2], parameters=1 << 60, what="square") if pid == os.getpid()] == [
        (1, 1),
        (2, 4),
    ]


def test_one_failure_ends_the_others_and_says_whose_it_was() -> None:
    with pytest.raises(ShareError, match="count 2: two is no good"):
        list(side_by_side(fails_at_two, [1, 2], threads=1, what="count"))
    assert not multiprocessing.active_children()  # the other would sleep for a minute


def test_a_child_that_is_killed_is_named_with_the_signal() -> None:
    with pytest.raises(ShareError, match=r"count 1: its process was ended by SIGKILL\. The machine may be out of memory"):
        list(side_by_side(dies, [1], threads=1, what="count"))


def test_a_child_that_is_killed_while_it_answers_is_named_with_the_signal() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=dies_while_it_answers, args=(theirs,), name="count 1")
    child.start()
    theirs.close()
    with pytest.raises(ShareError, match=r"count 1: its process was ended by SIGKILL\. The machine may be out of memory; less is more\."):
        result_of(child, ours, "less is more")


def test_tasks_have_the_environment_of_now_and_what_all_of_them_import(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("before", "after"):
        monkeypatch.setenv("PRODA_TEST", value)
        found = dict(side_by_side(variable_and_imports, [1, 2], threads=1, what="look"))
        assert found == dict.fromkeys([1, 2], (value, sys.platform == "linux"))
    monkeypatch.delenv("PRODA_TEST")
    assert dict(side_by_side(variable_and_imports, [1], threads=1, what="look"))[1][0] is None


def test_no_process_outlives_a_command_that_is_killed(tmp_path: Path) -> None:
    body = f"""
from functools import partial
from pathlib import Path
from proda.runtime.local_processes import result_of, side_by_side
from tests.runtime.tasks import waits
if __name__ == "__main__":
    list(side_by_side(partial(waits, Path({str(tmp_path)!r})), [1, 2], threads=1, what="wait"))
"""
    (tmp_path / "run.py").write_text(body)
    below: set[psutil.Process] = set()

    def waiting() -> bool:
        if len(list(tmp_path.glob("*.pid"))) < 2:
            return False
        below.update(*(p.children(recursive=True) for p in psutil.process_iter() if str(tmp_path / "run.py") in _command(p)))
        return True

    kill_when(waiting, [sys.executable, str(tmp_path / "run.py")], env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"})
    assert len(below) >= 2  # the two, and what has started them
    _, left = psutil.wait_procs(below, timeout=60)
    assert not left


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:  # it has ended, or belongs to somebody else
        return []


def test_processes_fit_into_half_of_the_memory() -> None:
    assert processes(3, 1_000_000, cores=2, memory=24 << 30) == (3, 1)
    assert processes(3, 1_000_000_000, cores=8, memory=24 << 30) == (1, 8)
    assert processes(2, 1_000_000, cores=8, memory=24 << 30) == (2, 4)
    assert processes(1, 1, cores=2, memory=24 << 30) == (1, 2)
