"""A run that is killed twice: no stored call is repeated or lost, the totals are exact, and the output is that of an uninterrupted run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proda.calls.reply_store import ReplyStore
from proda.calls.spending import ledger_lines
from tests.calls.colours import ANSWER, toy_settings
from tests.calls.endpoint import ROOT, Running, endpoint
from tests.killing import interruptible, kill_when

FAULTS = {
    **{"429-ms": 0.02, "429": 0.005, "500": 0.01, "503": 0.01, "reset": 0.02, "cut-body": 0.01, "bad-body": 0.01, "hang": 0.003},
    **{"slow": 0.01, "wrong": 0.04, "malformed": 0.02, "cut": 0.02, "empty": 0.02, "fences": 0.05, "think": 0.05, "prose": 0.05},
}
CONCURRENCY = 32


def _command(server: Running, root: Path, count: int) -> list[str]:
    settings = toy_settings(server.url, mode="auto", concurrency=CONCURRENCY, timeout_s=2.0, input_price=1.0, output_price=2.0)
    return [sys.executable, "-P", "-m", "tests.calls.colours", str(root), msgspec.json.encode(settings).decode(), str(count)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _finish(server: Running, root: Path, count: int) -> dict[str, Any]:
    done = subprocess.run(_command(server, root, count), env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _stored(root: Path) -> int:
    return sum(1 for _ in (root / "build/replies").glob("??/*.json"))


def _killed_twice(tmp_path: Path, count: int, latency_s: float) -> None:
    config: dict[str, Any] = {"answer": ANSWER, "faults": FAULTS, "seed": 5, "latency_s": latency_s, "retry_after_s": 0.1}
    with endpoint(**config) as server:
        undisturbed = _finish(server, tmp_path / "whole", count)
    assert undisturbed["tally"]["answered"] == count and len(undisturbed["tally"]["faults"]) >= 8
    root = tmp_path / "killed"
    with endpoint(**config) as server:
        for share in (0.25, 0.6):
            kill_when(lambda most=int(count * share): _stored(root) >= most, _command(server, root, count), cwd=ROOT, env=_environment())
            time.sleep(2.5)  # the server finishes the requests in flight
        kept = {reply.key: reply for reply in ReplyStore(root).replies()}
        assert len(kept) == _stored(root)  # every file is complete
        before = len(server.requests())
        last = _finish(server, root, count)
        rows = server.requests()

    # The output is that of the uninterrupted run, and nothing that was stored is asked again.
    assert last["values"] == undisturbed["values"]
    assert (last["tally"]["answered"], last["tally"]["cached"]) == (count, len(kept))
    asked = {row["text"] for row in rows[before:]}
    assert len(asked) == count - len(kept)
    assert {key: reply for key, reply in ((r.key, r) for r in ReplyStore(root).replies()) if key in kept} == kept

    # The totals of the last run are those that the server counted. Requests without a row broke off or hung.
    spend, usages = last["tally"]["stages"]["colours"], [row["usage"] for row in rows[before:] if row["usage"]]
    broken = sum(last["tally"]["faults"].get(reason, 0) for reason in ("connection", "time-out"))
    assert len(rows) - before <= spend["requests"] <= len(rows) - before + broken
    known = Counter(line.reply for line in ledger_lines(root) if line.reply)
    assert max(known.values()) == 1
    mine = [row["usage"] for row in rows[before:] if f"chatcmpl-{row['n']}" in known]
    assert [spend["input_tokens"], spend["output_tokens"]] == [sum(u[n] for u in mine) for n in (0, 1)]
    assert len(usages) == len(mine)

    # Over all three runs the ledger holds every reply that the server sent, except those in flight at a kill.
    sent = {f"chatcmpl-{row['n']}": row["usage"] for row in rows if row["usage"]}
    assert known.keys() <= sent.keys() and len(sent) - len(known) <= 2 * CONCURRENCY
    in_ledger = [(line.input_tokens, line.output_tokens) for line in ledger_lines(root) if line.reply]
    assert sorted(in_ledger) == sorted(tuple(usage) for name, usage in sent.items() if name in known)
    # A stored reply carries what its question cost in the run that stored it.
    assert all(reply.tries >= 1 and reply.input_tokens > 0 for reply in ReplyStore(root).replies())


def test_a_run_killed_twice_repeats_and_loses_nothing(tmp_path: Path) -> None:
    _killed_twice(tmp_path, 160, 0.04)


@pytest.mark.slow
def test_a_thousand_questions_killed_twice_repeat_and_lose_nothing(tmp_path: Path) -> None:
    _killed_twice(tmp_path, 1000, 0.05)


def test_an_interrupted_run_keeps_what_was_answered(tmp_path: Path) -> None:
    with endpoint(answer=ANSWER, latency_s=0.1) as server:
        command = _command(server, tmp_path, 300)
        child = subprocess.Popen(
            command,
            env=_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=interruptible,  # noqa: PLW1509
        )
        while _stored(tmp_path) < 20:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=20) != 0
        kept = _stored(tmp_path)
        last = _finish(server, tmp_path, 300)
    assert 20 <= kept < 300 and (last["tally"]["cached"], last["tally"]["answered"]) == (kept, 300)
