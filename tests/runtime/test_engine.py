"""The choice of the engine, and Ray on this machine: results, errors, lost processes, Ctrl-C, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from proda.errors import UsageError
from proda.runtime.engine import VARIABLE, ShareError
from proda.runtime.parallel import spread
from tests.runtime.cluster import below, ended, needs_ray
from tests.runtime.tasks import dies, dies_once, divides, fails_at_two, place, square

ROOT = Path(__file__).resolve().parents[2]
TINY = 1_000  # parameters


def command(body: str, **variables: str) -> tuple[list[str], dict[str, str]]:
    """A Python process that runs `body`, and its environment."""
    names = "from functools import partial\nfrom pathlib import Path\nimport sys\n"
    code = f"{names}from proda.runtime.parallel import spread\nfrom tests.runtime import tasks\n{body}\n"
    return [sys.executable, "-P", "-c", code], {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def test_an_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "slurm")
    with pytest.raises(UsageError, match="PRODA_ENGINE=slurm\n  There is no engine of this name, expected local or ray"):
        list(spread(square, [1, 2], parameters=TINY, what="square"))


def test_local_processes_import_nothing_of_ray() -> None:
    line, env = command("list(spread(abs, [1, 2], parameters=1, what='size'))\nprint('ray' in sys.modules)", PRODA_ENGINE="")
    assert subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout == "False\n"


def test_without_ray_the_message_says_how_to_install_it() -> None:
    body = "sys.modules['ray'] = None\nlist(spread(abs, [1, 2], parameters=1, what='size'))"  # None: as if it were not installed
    line, env = command(body, PRODA_ENGINE="ray")
    done = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    assert "PRODA_ENGINE=ray\n  Ray is not installed here. Install it with `pip install" in done.stderr


@needs_ray
def test_a_cluster_that_cannot_be_reached_is_named() -> None:
    line, env = command("list(spread(abs, [1, 2], parameters=1, what='size'))", PRODA_ENGINE="ray", RAY_ADDRESS="127.0.0.1:9")
    env["RAY_gcs_rpc_server_connect_timeout_s"] = "1"
    done = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    assert "RAY_ADDRESS=127.0.0.1:9\n  No connection to a Ray cluster: " in done.stderr


@needs_ray
def test_a_task_has_a_process_of_its_own_in_the_folder_and_with_the_threads_of_the_caller(
    on_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = dict(spread(square, [1, 2, 3], parameters=TINY, what="square"))
    assert {key: value for key, (value, _) in found.items()} == {1: 1, 2: 4, 3: 9}
    assert len({pid for _, pid in found.values()} | {os.getpid()}) == 4
    monkeypatch.chdir(tmp_path)
    there = dict(spread(place, [1], parameters=TINY, what="place", together=999))  # one of many tasks: one thread
    assert there == {1: (str(tmp_path), 1, "local")}


@needs_ray
def test_a_task_that_raises_gives_one_message_with_its_name_and_ends_the_others(on_ray: None) -> None:
    with pytest.raises(ShareError) as caught:
        list(spread(fails_at_two, [1, 2], parameters=TINY, what="count"))
    assert str(caught.value) == "count 2: two is no good"
    with pytest.raises(ShareError, match=r"(?s)ratio 0: Traceback .*ZeroDivisionError: division by zero"):
        list(spread(divides, [0], parameters=TINY, what="ratio"))


@needs_ray
def test_a_task_whose_process_is_killed_is_started_again(on_ray: None, tmp_path: Path) -> None:
    found = dict(spread(partial(dies_once, tmp_path), [1, 2], parameters=TINY, what="count"))
    assert found == {1: 1, 2: 4} and (tmp_path / "begun-1").exists()


@needs_ray
def test_code_that_differs_from_the_sender_s_is_refused(on_ray: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from proda import ray_engine

    mine = ray_engine._versions()
    monkeypatch.setattr(ray_engine, "_versions", lambda: {**mine, "torch": "0.1"})  # what this process sends; workers read theirs
    with pytest.raises(ShareError, match=r"square 1: the machine \S+ has torch \S+, expected 0\.1\. Install the same versions"):
        list(spread(square, [1], parameters=TINY, what="square"))


@needs_ray
@pytest.mark.slow
def test_a_task_whose_process_is_always_killed_is_given_up_with_its_name(on_ray: None) -> None:
    with pytest.raises(ShareError, match=r"count 1: its process was lost 4 times, perhaps for lack of memory\. Run the command again"):
        list(spread(dies, [1], parameters=TINY, what="count"))


@needs_ray
@pytest.mark.slow
def test_progress_of_tasks_is_shown_here() -> None:
    line, env = command("list(spread(tasks.reports, [1, 2], parameters=1, what='count'))", PRODA_ENGINE="ray", RAY_ADDRESS="")
    done = subprocess.run(line, env=env, capture_output=True, text=True, check=True)
    assert "count 1: 1/2 steps" in done.stderr and "count 2: 1/2 steps" in done.stderr


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_no_process(by: signal.Signals, tmp_path: Path) -> None:
    body = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell in the background makes it ignored
    body += f"list(spread(partial(tasks.waits, Path({str(tmp_path)!r})), [1, 2], parameters=1, what='wait'))"
    line, env = command(body, PRODA_ENGINE="ray", RAY_ADDRESS="")
    child = subprocess.Popen(line, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while len(list(tmp_path.glob("*.pid"))) < 2 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    started = below(child.pid)
    assert {int(p.read_text()) for p in tmp_path.glob("*.pid")} <= set(started) and len(started) > 2
    os.killpg(child.pid, by) if by == signal.SIGINT else child.send_signal(by)
    said = child.communicate(timeout=120)[1]
    assert ended(started)
    assert by == signal.SIGKILL or "KeyboardInterrupt" in said
