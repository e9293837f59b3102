"""`proda write --items` against an endpoint on loopback: what it asks, refuses and freezes, and what the stage `benchmark` makes of it."""

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
from proda.store.validation import load_validation, verdict_of
from proda.store.written_items import load_written_items
from proda.workflows.check_repository import check_repository
from tests.calls.endpoint import ROOT, Running, endpoint
from tests.killing import kill_when
from tests.tester.worded_items import OPENING
from tests.toyresults import make_items_and_samples, make_readings
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
    """Items as the stage `benchmark` writes them, samples, and two readings of each item."""
    root = make_items_and_samples(make_repository(tmp_path_factory.mktemp("built")))
    before = Path.cwd()
    os.chdir(root)
    try:
        _benchmark(root)
    finally:
        os.chdir(before)
    make_readings(root)
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Path(shutil.copytree(built, tmp_path / "toy"))
    monkeypatch.chdir(made)
    return made


def _benchmark(root: Path) -> list[Item]:
    assert compile_knowledge(root, root / "build/knowledge").ok
    benchmark.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return load_items(root)


def _settings(root: Path, server: Running, **more: object) -> None:
    lines = [f"  {name}: {value}" for name, value in {"endpoint": server.url, "model": "toy", "mode": "json_schema", **more}.items()]
    (root / "documents.yaml").write_text("\n".join(["llm:", *lines, ""]))


def _word(root: Path, *args: str) -> dict[str, Any]:
    """What the command prints as JSON. Errors are raised."""
    done = CliRunner().invoke(write, ["--items", *args, "--json", "--root", str(root)], catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _asked(root: Path, *args: str, answer: str = "good", **settings: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with endpoint(answer=f"tests.tester.worded_items:{answer}") as server:
        _settings(root, server, **settings)
        return _word(root, *args), server.requests()


def _files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted((root / "benchmarks").rglob("*")) if p.is_file()}


def test_wordings_are_frozen_used_by_the_build_and_not_asked_for_again(root: Path) -> None:
    before, files = load_items(root), _files(root)
    open_ones = [i for i in before if i.topic == "ovens-basics" and i.split != "sealed" and i.kind != "case"]
    found, rows = _asked(root, TOPIC)
    assert (found["to_word"], found["worded"], len(rows)) == (len(open_ones),) * 3 and (found["refused"], found["unanswered"]) == ({}, {})
    assert found["read"] == len(open_ones) and found["sealed"] > 0
    assert found["files"] == [f"benchmarks/written/{split}/{TOPIC}.yaml" for split in ("dev", "twin")]
    assert _files(root).items() >= files.items()  # the items change with the next build only
    again, rows = _asked(root, TOPIC)
    assert (again["frozen"], again["to_word"], rows, again["files"]) == (len(open_ones), 0, [], [])
    after = {i.id: i for i in _benchmark(root)}
    assert set(after) == {i.id for i in before}
    validation = load_validation(root)
    for item in before:
        new = after[item.id]
        if item in open_ones:
            assert new.stem.startswith(OPENING) and new.answer == item.answer
            assert [(o.triples, o.breaks, o.operator) for o in new.options] == [(o.triples, o.breaks, o.operator) for o in item.options]
            assert (verdict_of(item, validation), verdict_of(new, validation)) == ("validated", "unread")
        else:
            assert new == item
    assert _word(root, TOPIC, "--dry-run")["frozen"] == len(open_ones) and not [
        f for f in check_repository(root).findings if f.severity == "error"
    ]
    # A clone has neither the stored replies nor an endpoint; without the texts, the items are byte for byte what they were.
    shutil.rmtree(root / "build")
    worded = {name: data for name, data in _files(root).items() if "/items/" in name}
    _benchmark(root)
    assert {name: data for name, data in _files(root).items() if "/items/" in name} == worded
    for path in (root / "benchmarks/written").rglob("*.yaml"):
        path.unlink()
    _benchmark(root)
    assert _files(root) == files


def test_a_refused_reply_is_asked_again_with_its_reason_and_counted(root: Path) -> None:
    found, rows = _asked(root, TOPIC, "--limit", "6", answer="corrected")
    assert found["worded"] == 6 and len(rows) == 18
    assert {reason: found["refused"][reason] for reason in ("options", "unchanged")} == {"options": 6, "unchanged": 6}
    told = [row["last"] for row in rows if row["rounds"] > 2]
    assert sum("is that of the template" in text for text in told) == 6 and not any("key" in text for text in told)


def test_a_text_that_is_never_right_leaves_the_templates_text(root: Path) -> None:
    before = _files(root)
    found, rows = _asked(root, TOPIC, "--limit", "5", answer="wrong")
    assert (found["worded"], found["unanswered"], found["files"], len(rows)) == (0, {"invalid": 5}, [], 15) and _files(root) == before
    assert found["refused"]["option-in-question"] == 5


def test_a_text_that_prints_the_key_of_another_item_is_asked_again_and_never_frozen(root: Path) -> None:
    found, rows = _asked(root, TOPIC, "--sealed", answer="leaking")
    texts = {one.id: one.stem for one in load_written_items(root).values()}
    assert found["refused"]["overlap"] > 0 and "overlap" not in found["unanswered"]
    case = next(i for i in load_items(root) if i.kind == "case" and i.options[i.key].text == "The loaf is hard to press.")
    near = [i for i in load_items(root) if i.chain == case.chain and i.kind != "case" and i.split != case.split]
    assert (
        near and not any("hard to press" in texts.get(i.id, "") for i in near) and any("hard to press" in text for text in texts.values())
    )
    kept = len(load_items(root))
    assert len(_benchmark(root)) == kept  # no item is lost to a leak
    told = [row["text"] for row in rows if "too close" in row["text"]]
    assert told and not any(case.chain in text or "hard to press" in text for text in told)


def test_an_edited_statement_makes_its_texts_stale_and_pruning_removes_them(root: Path) -> None:
    _asked(root, TOPIC)
    count = len(load_written_items(root))
    path = root / f"knowledge/{TOPIC}.yaml"
    path.write_text(path.read_text().replace("explains: how steam glazes the crust", "explains: how steam glazes it", 1))
    _benchmark(root)
    assert _word(root, "--dry-run", TOPIC)["stale"] == 0  # no item words what the chain explains
    path.write_text(path.read_text().replace("term: oven heat", "term: heat of the oven", 1))
    with pytest.raises(InputError, match="older than the knowledge"):
        _word(root, "--dry-run", TOPIC)
    _benchmark(root)
    dry = _word(root, "--dry-run", TOPIC)
    assert 0 < dry["stale"] < count and dry["frozen"] <= count - dry["stale"] and len(load_written_items(root)) == count
    assert _word(root, "--prune", "--dry-run")["files"] and len(load_written_items(root)) == count
    items = load_items(root)
    _word(root, "--prune")
    assert len(load_written_items(root)) == count - dry["stale"] and _benchmark(root) == items


def test_an_item_with_an_exception_keeps_the_text_that_the_exception_was_made_for(root: Path) -> None:
    item = next(i for i in load_items(root) if i.topic == "ovens-basics" and i.split == "dev" and i.kind == "bridge")
    entry = f"{{item: '{item.id}', hash: '{item.content_hash}', action: amend, reason: so, stem: 'What is it, after all?'}}"
    (root / "benchmarks/exceptions.yaml").write_text(f"exceptions:\n  - {entry}\n")
    _benchmark(root)
    found, _ = _asked(root, TOPIC)
    assert found["bound"] == 1 and item.id not in {one.id for one in load_written_items(root).values()}
    assert next(i.stem for i in _benchmark(root) if i.id == item.id) == "What is it, after all?"


def test_the_cap_holds_over_all_rounds_and_the_next_run_goes_on(root: Path) -> None:
    found, rows = _asked(root, TOPIC, "--limit", "10", max_calls=4, concurrency=1)
    assert (found["worded"], len(rows), found["unanswered"]) == (4, 4, {"not-asked": 6}) and "llm.max_calls" in found["stopped"]
    found, rows = _asked(root, TOPIC, "--limit", "6")
    assert (found["worded"], len(rows), found["frozen"]) == (6, 6, 4)


def test_what_cannot_be_done_is_said_before_anything_is_asked(root: Path) -> None:
    with pytest.raises(InputError, match=r"llm\.model"):
        _word(root, TOPIC)
    with pytest.raises(NotFoundError, match="Did you mean ovens/ovens-basics"):
        _word(root, "ovens/oven-basics")
    for wrong in (["--cases"], ["--solve"], ["--votes", "3"], ["--accept", "x"], ["--prune", "--limit", "3"]):
        with pytest.raises(UsageError):
            _word(root, *wrong)
    path = root / f"benchmarks/written/dev/{TOPIC}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("items:\n  - id: ovens/x:dev-bridge\n    stem: What?\n")
    (found,) = [f for f in check_repository(root).findings if f.severity == "error"]
    assert "ovens/x:dev-bridge" in str(found) and "Not a written item" in str(found)
    path.unlink()
    shutil.rmtree(root / "benchmarks/items")
    with pytest.raises(EmptyBenchmarkError, match="dvc repro benchmark"):
        _word(root)


def test_people_are_told_what_happened_and_that_the_items_are_unread(root: Path) -> None:
    with endpoint(answer="tests.tester.worded_items:corrected") as server:
        _settings(root, server)
        done = CliRunner().invoke(write, [TOPIC, "--items", "--limit", "2", "--root", str(root)])
    assert done.exit_code == 0 and done.stdout.splitlines()[1:3] == ["worded 2", "refused replies by reason: options 2, unchanged 2"]
    assert "2 of these items have been read; with another text they are unread again." in done.stderr


FAULTS = {"429-ms": 0.1, "500": 0.1, "reset": 0.1, "wrong": 0.2, "malformed": 0.1, "fences": 0.1, "think": 0.1, "prose": 0.1}


def test_a_killed_run_asks_nothing_twice_and_ends_as_an_undisturbed_one(root: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copytree(root, tmp_path / "whole"))
    config: dict[str, Any] = {"answer": "tests.tester.worded_items:leaking", "faults": FAULTS, "seed": 3, "key": KEY}
    command = [sys.executable, "-P", "-m", "proda.cli.main", "write", TOPIC, "--items", "--sealed"]
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
        assert not load_written_items(root)
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and f"({kept} more in build/replies)" in done.stderr
    written = {name: data for name, data in _files(root).items() if "/written/" in name}
    assert written == {name: data for name, data in _files(whole).items() if "/written/" in name} and len(written) == 4
    files = [p for p in root.rglob("*") if p.is_file()]
    assert KEY not in done.stdout + done.stderr and not [p for p in files if KEY.encode() in p.read_bytes()]
