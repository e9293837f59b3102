"""`proda write --cases` against an endpoint on loopback: what it asks, refuses and proposes, and what acceptance writes."""

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

import proda
from pipelines.benchmark import main as benchmark
from proda.cli.write import write
from proda.errors import EmptyBenchmarkError, InputError, NotFoundError, UsageError
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.store.case_proposals import load_case_proposals
from proda.store.items import load_items
from proda.workflows.check_repository import check_repository
from tests.calls.endpoint import ROOT, Running, endpoint
from tests.killing import kill_when
from tests.tester.written_cases import OPTIONS
from tests.toyresults import make_items_and_samples
from tests.toyworld import make_repository

TOPIC = "ovens/ovens-basics"
FILE = f"proposals/cases/{TOPIC}.yaml"
KNOWLEDGE = f"knowledge/{TOPIC}.yaml"
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
    monkeypatch.chdir(made)
    return made


def _settings(root: Path, server: Running, **more: object) -> None:
    lines = [f"  {name}: {value}" for name, value in {"endpoint": server.url, "model": "toy", "mode": "json_schema", **more}.items()]
    (root / "documents.yaml").write_text("\n".join(["llm:", *lines, ""]))


def _cases(root: Path, *args: str) -> dict[str, Any]:
    """What the command prints as JSON. Errors are raised."""
    done = CliRunner().invoke(write, ["--cases", *args, "--json", "--root", str(root)], catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _errors(root: Path) -> list[str]:
    return [str(f) for f in check_repository(root).findings if f.severity == "error"]


def test_each_chain_gets_a_case_a_second_one_next_time_and_then_nothing_is_asked(root: Path) -> None:
    before = (root / KNOWLEDGE).read_bytes()
    with endpoint(answer="tests.tester.written_cases:good") as server:
        _settings(root, server)
        open_ones = _cases(root, TOPIC, "--dry-run")
        assert (open_ones["chains"], open_ones["full"], open_ones["to_ask"], open_ones["sealed"]) == (6, 0, 3, 3)
        assert open_ones["estimate"]["calls"] == 3 and not server.requests() and not (root / "proposals").exists()
        first = _cases(root, TOPIC, "--sealed", "--limit", "5")
        assert (len(first["proposed"]), first["refused"], first["unanswered"], first["beyond_limit"]) == (5, {}, {}, 1)
        assert first["files"] == [FILE] and len(server.requests()) == 5
        rest = [_cases(root, TOPIC, "--sealed") for _ in range(2)]
        # Twelve cases in all; two of them are in the knowledge.
        assert [len(found["proposed"]) for found in rest] == [5, 0]
        assert (rest[1]["full"], rest[1]["to_ask"]) == (6, 0) and len(server.requests()) == 10
    found = load_case_proposals(root, TOPIC)
    assert len(found.cases) == 10 and all(c.is_open and (c.model, c.prompt) == ("toy", "case@1") for c in found.cases.values())
    text = (root / FILE).read_text()
    assert "127.0.0.1" not in text and "status" not in text and not _errors(root)
    assert (root / KNOWLEDGE).read_bytes() == before  # nothing becomes knowledge unreviewed


def test_chains_without_a_case_come_first(root: Path) -> None:
    with endpoint(answer="tests.tester.written_cases:good") as server:
        _settings(root, server)
        _cases(root, TOPIC, "--sealed", "--limit", "4")
    chains = {case.chain for case in load_case_proposals(root, TOPIC).cases.values()}
    assert len(chains) == 4 and not chains & {"heat-sets-crumb", "steam-glazes-crust"}


def _propose(root: Path, *args: str, answer: str = "good", **settings: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with endpoint(answer=f"tests.tester.written_cases:{answer}") as server:
        _settings(root, server, **settings)
        return _cases(root, TOPIC, "--sealed", *args), server.requests()


def test_an_accepted_case_is_written_as_a_hand_written_one_and_becomes_items(root: Path) -> None:
    path = root / KNOWLEDGE
    path.write_text(f"# Read by two people.\n{path.read_text()}# The end.\n")
    before = path.read_text()
    key = _propose(root, "--limit", "6")[0]["proposed"][0].rpartition("/")[2]
    case = load_case_proposals(root, TOPIC).cases[key]
    dry = _cases(root, "--accept", key, "--dry-run")
    assert dry["files"] == [KNOWLEDGE, FILE] and path.read_text() == before
    done = _cases(root, TOPIC, "--accept", key)
    assert done["accepted"] == {key: f"ovens/{key}"} and not _errors(root)
    after = path.read_text()
    head, tail = before.removesuffix("# The end.\n"), "# The end.\n"
    assert after.startswith(f"{head}  {key}:\n    chain: {case.chain}\n") and after.endswith(tail)
    written = [c for c in proda.open(str(root)).knowledge.cases if c.id == f"ovens/{key}"]
    assert [c.variant for c in written] == [1, 2] and written[0].situation == case.variants[0].situation
    assert [o.breaks for o in written[0].options] == ["", *[f"ovens/{case.chain}.s{n}" for n in (1, 2, 2)]]
    assert load_case_proposals(root, TOPIC).cases[key].status == "accepted"
    with pytest.raises(InputError, match="accepted already"):
        _cases(root, "--accept", key)
    items = {item.id for item in _benchmark(root)}
    assert [i for i in items if f"-case-{key}-1" in i]


def _benchmark(root: Path) -> list[Any]:
    assert compile_knowledge(root, root / "build/knowledge").ok
    benchmark.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return load_items(root)


def test_accepting_moves_no_case_to_another_split(root: Path) -> None:
    before = {i.id: i.split for i in load_items(root) if i.kind == "case"}
    _propose(root)
    keys = [key for key, case in load_case_proposals(root, TOPIC).cases.items() if case.chain == "heat-sets-crumb"]
    path = root / FILE
    path.write_text(path.read_text().replace(f"  {keys[0]}:", "  a-cold-morning:"))  # sorts before the case that the chain has
    done = _cases(root, "--accept", "a-cold-morning")
    assert done["accepted"] == {"a-cold-morning": "ovens/a-hotter-oven-and-a-cold-morning"}
    after = {i.id: i.split for i in _benchmark(root) if i.kind == "case"}
    assert before.items() <= after.items() and len(after) > len(before)


def test_a_rejected_case_is_told_to_the_model_with_its_reason(root: Path) -> None:
    key = _propose(root, "--limit", "1")[0]["proposed"][0]
    with pytest.raises(UsageError, match="needs --reason"):
        _cases(root, "--reject", key)
    assert _cases(root, "--reject", key, "--reason", "No miller would do that.")["rejected"] == [key]
    listed = _cases(root, TOPIC, "--list")["cases"]
    assert [(c["status"], c["reason"]) for c in listed] == [("rejected", "No miller would do that.")]
    found, rows = _propose(root, "--limit", "1")
    assert len(found["proposed"]) == 1 and found["proposed"] != [key] and "No miller would do that." in rows[0]["text"]


def test_a_refused_reply_is_asked_again_with_its_reason_and_counted(root: Path) -> None:
    found, rows = _propose(root, "--limit", "3", answer="corrected")
    assert len(found["proposed"]) == 3 and found["refused"] == {"breaks": 3, "rules": 3} and len(rows) == 9
    told = "\n".join(row["last"] for row in rows if row["rounds"] > 2)
    assert told.count("Two variants have the same answer") == 3 and told.count("“s9” is no label of the task") >= 3


def test_a_chain_without_a_good_reply_is_set_aside_until_it_changes(root: Path) -> None:
    found, rows = _propose(root, "--limit", "2", answer="wrong")
    assert (found["proposed"], found["unanswered"], len(rows)) == ([], {"invalid": 2}, 6) and found["refused"] == {"key-in-stem": 2}
    aside = load_case_proposals(root, TOPIC).set_aside
    assert {why.reason for why in aside.values()} == {"invalid"} and "contains the right option" in next(iter(aside.values())).detail
    shown = _cases(root, TOPIC, "--list")
    assert set(shown["set_aside"]) == {f"ovens/{chain}" for chain in aside} and shown["cases"] == []
    dry = _cases(root, TOPIC, "--sealed", "--dry-run")
    assert (dry["set_aside"], dry["to_ask"]) == (2, 4)
    chain = sorted(aside)[0]
    steps = proda.open(str(root)).knowledge.chains[f"ovens/{chain}"].explains
    path = root / KNOWLEDGE
    path.write_text(path.read_text().replace(steps, f"{steps} at night", 1))
    assert _cases(root, TOPIC, "--sealed", "--dry-run")["set_aside"] == 1
    assert len(_propose(root)[0]["proposed"]) == 5
    assert set(load_case_proposals(root, TOPIC).set_aside) == set(aside) - {chain}


def test_a_reply_that_repeats_the_example_of_the_prompt_is_never_proposed(root: Path) -> None:
    found, _ = _propose(root, "--limit", "2", answer="copying")
    assert found["proposed"] == [] and found["refused"] == {"example": 2} and "oak" not in (root / FILE).read_text()


def test_a_case_whose_chain_has_changed_is_withdrawn(root: Path) -> None:
    key = _propose(root, "--limit", "1")[0]["proposed"][0].rpartition("/")[2]
    case = load_case_proposals(root, TOPIC).cases[key]
    path = root / KNOWLEDGE
    path.write_text(path.read_text().replace(proda.open(str(root)).knowledge.chains[f"ovens/{case.chain}"].explains, "what happens", 1))
    with pytest.raises(InputError, match=r"withdrawn already\. The chain has changed"):
        _cases(root, "--accept", key)
    found, _ = _propose(root, "--limit", "1")
    after = load_case_proposals(root, TOPIC).cases
    assert after[key].status == "withdrawn" and len(found["proposed"]) == 1 and len(after) == 2


def test_a_case_that_gives_an_item_away_is_asked_again(root: Path) -> None:
    found, rows = _propose(root, answer="leaking")
    assert len(found["proposed"]) == 6 and found["refused"] == {"overlap": 1} and len(rows) == 7
    told = [case.options["a"] for case in load_case_proposals(root, TOPIC).cases.values() if case.chain == "heat-sets-crumb"]
    assert told == [OPTIONS[0]] and "too close to a text that is kept apart" in rows[-1]["last"]


def test_a_case_that_the_check_refuses_is_not_accepted_and_nothing_is_written(root: Path) -> None:
    key = _propose(root, "--limit", "1")[0]["proposed"][0].rpartition("/")[2]
    path, before = root / FILE, (root / KNOWLEDGE).read_bytes()
    path.write_text(path.read_text().replace(f"b: {OPTIONS[1]}", f"b: {OPTIONS[0]}"))
    edited = path.read_bytes()
    with pytest.raises(InputError, match="Two options are the same"):
        _cases(root, "--accept", key)
    assert (root / KNOWLEDGE).read_bytes() == before and path.read_bytes() == edited
    path.write_text("cases: [1]\n")
    assert any(FILE in error for error in _errors(root))


def test_what_cannot_be_done_is_said_before_anything_is_asked(root: Path) -> None:
    with pytest.raises(InputError, match=r"llm\.model"):
        _cases(root, TOPIC)
    with pytest.raises(NotFoundError, match="Did you mean ovens/ovens-basics"):
        _cases(root, "ovens/oven-basics")
    with pytest.raises(NotFoundError, match="No proposed case has this key"):
        _cases(root, "--accept", "no-such-case")
    with pytest.raises(UsageError, match="belong to --cases"):
        CliRunner().invoke(write, ["--list", "--root", str(root)], catch_exceptions=False, standalone_mode=False)
    for wrong in (["--list", "--accept", "x"], ["--prune"], ["--accept", "x", "--reject", "x", "--reason", "so"]):
        with pytest.raises(UsageError):
            _cases(root, *wrong)
    shutil.rmtree(root / "benchmarks/items")
    with endpoint(answer="tests.tester.written_cases:good") as server:
        _settings(root, server)
        with pytest.raises(EmptyBenchmarkError, match="dvc repro benchmark"):
            _cases(root, TOPIC)
        assert not server.requests()


def test_the_cap_holds_and_the_next_run_goes_on(root: Path) -> None:
    found, rows = _propose(root, max_calls=4, concurrency=1)
    assert (len(found["proposed"]), len(rows), found["unanswered"]) == (4, 4, {"not-asked": 2}) and "llm.max_calls" in found["stopped"]
    assert not load_case_proposals(root, TOPIC).set_aside
    found, rows = _propose(root)
    assert len(found["proposed"]) >= 2


FAULTS = {"429-ms": 0.1, "500": 0.1, "reset": 0.1, "wrong": 0.2, "malformed": 0.1, "fences": 0.1, "think": 0.1, "prose": 0.1}


def test_a_killed_run_asks_nothing_twice_and_ends_as_an_undisturbed_one(root: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copytree(root, tmp_path / "whole"))
    config: dict[str, Any] = {"answer": "tests.tester.written_cases:good", "faults": FAULTS, "seed": 3, "key": KEY}
    command = [sys.executable, "-P", "-m", "proda.cli.main", "write", "--cases", "--sealed"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PRODA_API_KEY": KEY}

    def stored() -> int:
        return sum(1 for _ in (root / "build/replies").glob("??/*.json"))

    with endpoint(**config) as server:
        _settings(whole, server)
        assert subprocess.run(command, cwd=whole, env=env, capture_output=True, check=False).returncode == 0
    with endpoint(**config, latency_s=0.05) as server:
        _settings(root, server, concurrency=2)
        kill_when(lambda: stored() >= 3, command, cwd=root, env=env)
        kept, sent = stored(), len(server.requests())
        assert not (root / "proposals").exists()
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        asked = {row["text"] for row in server.requests()[sent:]}
    assert done.returncode == 0 and f"({kept} more in build/replies)" in done.stderr and len(asked) <= 11 - kept + 2
    for path in (whole / "proposals").rglob("*.yaml"):
        assert (root / path.relative_to(whole)).read_bytes() == path.read_bytes()
    files = [p for p in root.rglob("*") if p.is_file()]
    assert KEY not in done.stdout + done.stderr and not [p for p in files if KEY.encode() in p.read_bytes()]
