"""`proda write --solve` against an endpoint on loopback: what it asks and records, and what the stage `benchmark` makes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.benchmark import main as benchmark
from proda.cli.write import write
from proda.errors import EmptyBenchmarkError, InputError, NotFoundError, UsageError
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import Item
from proda.store.items import load_items
from proda.store.solved import PATH, Solved, load_solved
from proda.workflows.check_repository import check_repository
from tests.calls.endpoint import ROOT, Running, endpoint
from tests.killing import kill_when
from tests.toyresults import make_items_and_samples
from tests.toyworld import make_repository

TOPIC = "ovens/ovens-basics"
KEY = "sk-planted-90ab12"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PRODA_REPLIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_items_and_samples(make_repository(tmp_path_factory.mktemp("built")))


@pytest.fixture
def root(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Path(shutil.copytree(built, tmp_path / "toy"))
    params = made / "params.yaml"
    params.write_text(params.read_text().replace("sealed_share: 0.4", "sealed_share: 0.33"))  # that of make_items_and_samples
    monkeypatch.chdir(made)
    return made


def _settings(root: Path, server: Running, **more: object) -> None:
    lines = [f"  {name}: {value}" for name, value in {"endpoint": server.url, "model": "toy", "mode": "json_schema", **more}.items()]
    (root / "documents.yaml").write_text("\n".join(["llm:", *lines, ""]))


def _solve(root: Path, *args: str) -> dict[str, Any]:
    """What the command prints as JSON. Errors are raised."""
    done = CliRunner().invoke(write, ["--solve", *args, "--json", "--root", str(root)], catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _asked(root: Path, *args: str, answer: str = "good", **settings: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with endpoint(answer=f"tests.tester.solvers:{answer}") as server:
        _settings(root, server, **settings)
        return _solve(root, *args), server.requests()


def _benchmark(root: Path) -> tuple[str, list[Item], dict[str, Any]]:
    """The line of the stage `benchmark`, its items and its audit."""
    assert compile_knowledge(root, root / "build/knowledge").ok
    line: str = benchmark.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return line, load_items(root), json.loads((root / "benchmarks/results/shortcuts.json").read_text())


def test_items_are_voted_on_once_and_what_is_solved_changes_nothing(root: Path) -> None:
    line, before, _ = _benchmark(root)
    open_items = [i for i in before if i.topic == "ovens-basics" and i.split != "sealed"]
    found, rows = _asked(root, TOPIC, "--votes", "3")
    assert found["voted"] == found["to_ask"] == len(open_items) and len(rows) == 6 * len(open_items)
    assert (found["open"], found["unsolved"], found["unanswered"]) == (1.0, [], {}) and 0 < found["closed"] < 1
    solved = load_solved(root)
    assert set(solved.votes) == {i.content_hash for i in open_items}
    for item in open_items:
        votes = solved.votes[item.content_hash]["toy"]
        assert votes.open == {item.answer: 3} and votes.closed_share in (0.0, 1.0) and votes.prompt == "solve@1"
    again, rows = _asked(root, TOPIC)
    assert (again["voted_before"], again["to_ask"], rows, again["files"]) == (len(open_items), 0, [], [])
    after = _benchmark(root)
    assert after[1] == before and after[0].partition(";")[2] == line.partition(";")[2]
    assert after[2]["votes"] == {
        "voted": len(open_items), "withheld": 0, "models": ["toy"], "open": 1.0, "closed": pytest.approx(found["closed"], abs=1e-3),
    }  # fmt: skip
    assert not [f for f in check_repository(root).findings if f.severity == "error"]


def test_an_item_that_is_not_solved_with_the_facts_leaves_the_benchmark_with_the_reason(root: Path) -> None:
    before = _benchmark(root)[1]
    found, _ = _asked(root, "--sealed", answer="stubborn")
    wrong = {i.id for i in before if i.kind in ("condition", "effect")}
    assert wrong and set(found["unsolved"]) == wrong and found["voted"] == len(before)
    line, items, audit = _benchmark(root)
    assert {i.id for i in items} == {i.id for i in before} - wrong
    assert f"; {len(wrong)} withheld because a model with the facts does not solve them; " in line
    reasons = {q["item"]: q["reason"] for q in audit["quarantined"]}
    condition = next(i for i in before if i.kind == "condition")
    assert reasons[condition.id].startswith("toy picks ") and f"the key is {condition.answer} (It is what" in reasons[condition.id]
    assert (audit["votes"]["voted"], audit["votes"]["withheld"]) == (len(items), len(wrong))
    # The votes are kept although the items are withheld; without votes the items would return.
    assert _solve(root, "--prune")["files"] == [] and _benchmark(root)[1] == items
    (root / PATH).unlink()
    assert _benchmark(root)[1] == before and "votes" not in _benchmark(root)[2]


def test_votes_on_items_that_are_gone_are_counted_and_pruned(root: Path) -> None:
    _asked(root, TOPIC, "--votes", "1")
    count = len(load_solved(root).votes)
    path = next((root / "benchmarks/items/dev/ovens").glob("*.yaml"))
    path.unlink()
    gone = count - sum(i.topic == "ovens-basics" and i.split == "twin" for i in load_items(root))
    assert gone > 0 and _solve(root, "--dry-run")["stale"] == gone
    assert _solve(root, "--prune", "--dry-run")["files"] == [PATH.as_posix()] and len(load_solved(root).votes) == count
    assert _solve(root, "--prune")["files"] == [PATH.as_posix()] and len(load_solved(root).votes) == count - gone


def test_sealed_items_are_asked_on_request_only(root: Path) -> None:
    items = load_items(root)
    dry = _solve(root, "--dry-run")
    sealed = sum(i.split == "sealed" for i in items)
    assert sealed and (dry["sealed"], dry["to_ask"]) == (sealed, len(items) - sealed)
    assert _solve(root, "--dry-run", "--sealed")["to_ask"] == len(items)
    with endpoint(answer="tests.tester.solvers:good") as server:
        _settings(root, server)
        assert _solve(root, "--dry-run", "--limit", "4")["estimate"]["calls"] == 40 and not server.requests()


def test_a_solver_with_a_favourite_letter_is_named_as_weak(root: Path) -> None:
    with endpoint(answer="tests.tester.solvers:favourite") as server:
        _settings(root, server)
        done = CliRunner().invoke(write, [TOPIC, "--solve", "--votes", "4", "--root", str(root)])
    assert done.exit_code == 0 and "This model solves 0 of " in done.stderr and "not solved: ovens/" in done.stdout


def test_another_model_votes_beside_the_first_and_an_invalid_vote_is_asked_again(root: Path) -> None:
    first, _ = _asked(root, TOPIC, "--votes", "1")
    second, rows = _asked(root, TOPIC, "--votes", "1", answer="unsure", model="org/other:7b")
    assert second["voted"] == first["voted"] and len(rows) == 4 * first["voted"]
    assert all(set(found) == {"toy", "org/other:7b"} for found in load_solved(root).votes.values())


def test_the_cap_holds_whole_items_are_recorded_and_the_next_run_goes_on(root: Path) -> None:
    found, rows = _asked(root, TOPIC, "--votes", "2", max_calls=10, concurrency=1)
    assert (found["voted"], len(rows)) == (2, 10) and "llm.max_calls" in found["stopped"] and set(found["unanswered"]) == {"not-asked"}
    rest, rows = _asked(root, TOPIC, "--votes", "2")
    assert rest["voted"] == found["unanswered"]["not-asked"] and len(rows) == 4 * rest["voted"] - 2  # two were answered before


def test_what_cannot_be_done_is_said_before_anything_is_asked(root: Path) -> None:
    with pytest.raises(InputError, match=r"llm\.model"):
        _solve(root, TOPIC)
    with pytest.raises(NotFoundError, match="Did you mean ovens/ovens-basics"):
        _solve(root, "ovens/oven-basics")
    for wrong in (["--cases"], ["--prune", "--limit", "3"], ["--prune", TOPIC]):
        with pytest.raises(UsageError):
            _solve(root, *wrong)
    (root / PATH).write_text("votes: {x: {}}\n")
    assert any(f.file == PATH.as_posix() and f.severity == "error" for f in check_repository(root).findings)
    with pytest.raises(InputError, match="sixteen hex digits"):
        _benchmark(root)
    (root / PATH).unlink()
    shutil.rmtree(root / "benchmarks/items")
    with pytest.raises(EmptyBenchmarkError, match="dvc repro benchmark"):
        _solve(root)


FAULTS = {"429-ms": 0.05, "500": 0.05, "reset": 0.05, "wrong": 0.1, "malformed": 0.05, "fences": 0.1, "think": 0.1, "prose": 0.1}


def test_a_killed_run_asks_nothing_twice_and_ends_as_an_undisturbed_one(root: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copytree(root, tmp_path / "whole"))
    config: dict[str, Any] = {"answer": "tests.tester.solvers:stubborn", "faults": FAULTS, "seed": 3, "key": KEY}
    command = [sys.executable, "-P", "-m", "proda.cli.main", "write", TOPIC, "--solve", "--votes", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PRODA_API_KEY": KEY}

    def stored() -> int:
        return sum(1 for _ in (root / "build/replies").glob("??/*.json"))

    with endpoint(**config) as server:
        _settings(whole, server)
        assert subprocess.run(command, cwd=whole, env=env, capture_output=True, check=False).returncode == 0
    with endpoint(**config, latency_s=0.02) as server:
        _settings(root, server, concurrency=4)
        kill_when(lambda: stored() >= 10, command, cwd=root, env=env)
        kept = stored()
        assert load_solved(root) == Solved()
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    items = sum(i.topic == "ovens-basics" and i.split != "sealed" for i in load_items(root))
    assert done.returncode == 0 and f"Votes: {4 * items - kept} calls ({kept} more in build/replies)" in done.stderr
    assert (root / PATH).read_bytes() == (whole / PATH).read_bytes()
    files = [p for p in root.rglob("*") if p.is_file()]
    assert KEY not in done.stdout + done.stderr and not [p for p in files if KEY.encode() in p.read_bytes()]
