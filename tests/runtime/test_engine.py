"""The choice of the engine, and Ray on this machine: results, errors, lost processes, Ctrl-C, and no process left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest

from proda.errors import UsageError
from proda.runtime.engine import VARIABLE, ShareError
from proda.runtime.parallel import spread
from tests.runtime.cluster import below, ended, in_session, needs_ray
from tests.runtime.tasks import dies, dies_once, divides, fails_at_two, place, priority, square

ROOT = Path(__file__).resolve().parents[2]
TINY = 1_000  # parameters
HOST = "127.0.0.2"  # for 127.0.0.1 Ray takes another address of the machine
INTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell in the background makes it ignored


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


@contextmanager
def _silent() -> Iterator[tuple[str, socket.socket]]:
    """A program that lets others connect and never answers: its address, and its socket."""
    with socket.create_server((HOST, 0)) as server:
        yield f"{HOST}:{server.getsockname()[1]}", server


@contextmanager
def _http() -> Iterator[tuple[str, socket.socket]]:
    with ThreadingHTTPServer((HOST, 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{HOST}:{server.server_port}", server.socket
        server.shutdown()


@contextmanager
def _closed() -> Iterator[tuple[str, socket.socket]]:
    """An address at which nothing listens: the port is taken, so that no other program gets it."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield f"{HOST}:{taken.getsockname()[1]}", taken


# Both run without torch, whose import takes longer than the rest. CLUSTER_S is short only where it has to pass.
RUN = """
from proda import ray_engine
ray_engine.CLUSTER_S = {seconds}
run = partial(ray_engine.on_ray, abs, [1, 2], threads=1, memory_bytes=1, what="size")
"""
AS_PRODA = f"""{RUN}
import click
from proda.cli.main import main
main(click.Command("train", callback=lambda: list(run())))
"""
NOT_FOUND = "(Name or service not known|Temporary failure in name resolution|No address associated with hostname)"
BAD_FORM = "the address is not of the form host:port, ray://host:port or auto"


@needs_ray
@pytest.mark.parametrize(
    ("scheme", "place", "fault"),
    [
        pytest.param("", _closed, "Connection refused", id="nothing listens"),
        pytest.param("ray://", _closed, "Connection refused", id="nothing listens for clients"),
        pytest.param("", lambda: nullcontext(("no-such-machine.invalid:6379", None)), NOT_FOUND, id="unknown host"),
        pytest.param("", lambda: nullcontext(("10.0.0.5", None)), BAD_FORM, id="no port"),
        pytest.param("http://", _closed, BAD_FORM, id="another scheme"),
        pytest.param("", _silent, "no cluster answered within 3 s.*", id="silent"),
        pytest.param("", _http, "no cluster answered within 3 s.*", id="HTTP"),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_named(
    scheme: str, place: Callable[[], AbstractContextManager[tuple[str, socket.socket | None]]], fault: str
) -> None:
    with place() as (host, _):
        address = scheme + host
        seconds = 3 if fault.startswith("no cluster") else 600
        line, env = command(AS_PRODA.format(seconds=seconds), PRODA_ENGINE="ray", RAY_ADDRESS=address)
        child = subprocess.Popen(line, env=env, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = child.communicate(timeout=300)[0]  # Ray itself tries for ten minutes
    message = rf"RAY_ADDRESS={re.escape(address)}\n  No connection to a Ray cluster: {fault}\. Expected the address that .*\n"
    assert re.fullmatch(message, said), said
    assert child.returncode == 2
    assert ended(in_session(child.pid))


@needs_ray
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended_while_it_connects_leaves_no_process(by: signal.Signals) -> None:
    with _silent() as (address, server):
        server.settimeout(300)
        line, env = command(f"{INTERRUPTIBLE}{RUN.format(seconds=600)}list(run())", PRODA_ENGINE="ray", RAY_ADDRESS=address)
        child = subprocess.Popen(line, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with server.accept()[0]:
            os.killpg(child.pid, by) if by == signal.SIGINT else child.send_signal(by)
            said = child.communicate(timeout=120)[1]
            assert ended(in_session(child.pid))
    assert by == signal.SIGKILL or said.rstrip().endswith("KeyboardInterrupt")


@needs_ray
def test_ctrl_c_while_the_cluster_of_this_machine_starts_leaves_no_process() -> None:
    line, env = command(f"{INTERRUPTIBLE}{RUN.format(seconds=600)}list(run())", PRODA_ENGINE="ray", RAY_ADDRESS="")
    child = subprocess.Popen(line, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 240
    while not below(child.pid) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    started = below(child.pid)
    assert started
    os.killpg(child.pid, signal.SIGINT)
    child.wait(timeout=120)
    assert ended(started | in_session(child.pid))


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
def test_the_cluster_of_this_machine_cannot_be_reached_from_others(on_ray: None) -> None:
    list(spread(square, [1], parameters=TINY, what="square"))
    listening = {c.laddr.ip for p in below(os.getpid()) for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening and all(ip_address(ip.removeprefix("::ffff:")).is_loopback for ip in listening), listening


@needs_ray
def test_a_task_has_the_priority_of_the_command(on_ray: None) -> None:
    assert dict(spread(priority, [1], parameters=TINY, what="priority")) == {1: os.nice(0)}


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
def test_a_cluster_that_runs_already_is_used() -> None:
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:  # not tmp_path: Ray's sockets need short names
        free.bind((HOST, 0))
        address = f"{HOST}:{free.getsockname()[1]}"
        free.close()
        variables = {"TMPDIR": folder, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5eed" * 16, "PRODA_ENGINE": "ray"}
        env = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", **variables}
        ray = [sys.executable, "-P", "-c", "from ray.scripts.scripts import main; main()"]
        options = f"--head --block --node-ip-address={HOST} --port={address.rpartition(':')[2]} --num-cpus=1 --include-dashboard=false"
        log = Path(folder, "log")
        with log.open("w") as out:
            head = subprocess.Popen([*ray, "start", *options.split()], env=env, start_new_session=True, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 240
            while "Ray runtime started" not in log.read_text() and head.poll() is None and time.monotonic() < deadline:
                time.sleep(0.2)
            for wanted in (address, "auto"):
                line, env = command("print(dict(spread(tasks.square, [3], parameters=1, what='square')))", RAY_ADDRESS=wanted, **variables)
                done = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
                assert done.stdout.startswith("{3: (9, "), (done.stderr, log.read_text())
            assert head.poll() is None  # it goes on
        finally:
            for process in (started := in_session(head.pid)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            head.wait()
        assert ended(started)


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
    body = f"{INTERRUPTIBLE}list(spread(partial(tasks.waits, Path({str(tmp_path)!r})), [1, 2], parameters=1, what='wait'))"
    line, env = command(body, PRODA_ENGINE="ray", RAY_ADDRESS="")
    child = subprocess.Popen(line, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while len(list(tmp_path.glob("*.pid"))) < 2 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    started = below(child.pid)
    assert {int(p.read_text()) for p in tmp_path.glob("*.pid")} <= {process.pid for process in started} and len(started) > 2
    os.killpg(child.pid, by) if by == signal.SIGINT else child.send_signal(by)
    said = child.communicate(timeout=120)[1]
    assert ended(started | in_session(child.pid))
    assert by == signal.SIGKILL or "KeyboardInterrupt" in said
