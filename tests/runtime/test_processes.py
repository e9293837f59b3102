"""Several processes for one task: the result, errors, a process that stops answering, and no process left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from proda.errors import UsageError
from proda.runtime.engine import PROCESSES, VARIABLE, ShareError
from proda.runtime.parallel import spread
from proda.runtime.processes import Rank, process_count, rank_in_environment, run_together, started_by_torchrun, this_rank
from tests.killing import kill_when
from tests.runtime.tasks import fails_at_rank_one, square, stops_at_rank_one, sums_ranks

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_of_processes_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(PROCESSES, value)
    with pytest.raises(UsageError, match=rf"PRODA_PROCESSES={value}\n  Expected the number of processes"):
        process_count()


def test_several_processes_are_refused_with_ray_and_inside_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROCESSES, "2")
    assert process_count() == 2 and not started_by_torchrun() and rank_in_environment() == Rank(0, 1)
    monkeypatch.setenv(VARIABLE, "ray")
    with pytest.raises(UsageError, match="unset PRODA_ENGINE"):
        process_count()
    monkeypatch.delenv(VARIABLE)
    for name, value in {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "4", "RANK": "3"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="torchrun has started the processes already"):
        process_count()
    assert rank_in_environment() == Rank(3, 4) and not rank_in_environment().first


def test_a_process_outside_a_group_is_alone() -> None:
    assert this_rank() == Rank(0, 1) and this_rank().first


def test_a_divisible_task_runs_in_all_processes_and_another_one_in_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROCESSES, "2")
    found = list(spread(sums_ranks, [10, 20], parameters=1, what="sum", divisible=True))
    assert found == [(10, (22, 0, "1")), (20, (42, 0, "1"))]  # of rank 0, in the order of the keys
    assert dict(spread(square, [3], parameters=1, what="square"))[3] == (9, os.getpid())


def test_an_error_in_one_process_ends_the_others_and_is_the_only_message(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ShareError) as caught:
        run_together(fails_at_rank_one, 7, 2, what="count", timeout_s=60)
    assert str(caught.value) == "count 7: rank one is no good" and capfd.readouterr().err == ""


def test_a_process_that_no_longer_answers_ends_the_run_after_the_time_out() -> None:
    with pytest.raises(ShareError, match=r"count 7: the process of rank [01] has waited for the others for more than 10 s"):
        run_together(stops_at_rank_one, 7, 2, what="count", timeout_s=10.0)


def test_the_processes_of_a_command_that_is_killed_end_too(tmp_path: Path) -> None:
    body = f"""
from functools import partial
from pathlib import Path
from proda.runtime.processes import run_together
from tests.runtime.tasks import waits_at_every_rank
if __name__ == "__main__":
    run_together(partial(waits_at_every_rank, Path({str(tmp_path)!r})), 0, 2, what="count")
"""
    (tmp_path / "run.py").write_text(body)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    kill_when(lambda: len(list(tmp_path.glob("*.pid"))) == 2, [sys.executable, str(tmp_path / "run.py")], env=environment)
    children = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    deadline = time.monotonic() + 60
    while [pid for pid in children if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]:
        assert time.monotonic() < deadline, "a process outlived its parent"
        time.sleep(0.05)
