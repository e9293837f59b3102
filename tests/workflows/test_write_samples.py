"""`proda write` against an endpoint on loopback: what it asks, refuses and freezes, and what the stage `synthesize` makes of it."""

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

from pipelines.synthesize import main as synthesize
from proda.builder.briefs import plan_key
from proda.builder.build import planned
from proda.cli.write import write
from proda.errors import EmptyBenchmarkError, InputError, NotFoundError, UsageError
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import Dropped, Patch
from proda.store.allocation import load_allocation
from proda.store.corpus import load_corpus
from proda.store.patches import load_samples, named, patch_text, sample_hash
from proda.store.written import load_written
from proda.workflows.check_repository import check_repository
from tests.builder.wordings import CASE, WHY
from tests.calls.endpoint import ROOT, Running, endpoint
from tests.toyresults import make_items_and_samples
from tests.toyworld import make_repository

TOPIC = "milling/milling-basics"
FILE = f"samples/written/{TOPIC}.yaml"
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


def _write(root: Path, *args: str) -> dict[str, Any]:
    """What the command prints as JSON. Errors are raised."""
    done = CliRunner().invoke(write, [*args, "--json", "--root", str(root)], catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _built(root: Path) -> dict[str, bytes]:
    """What the stages check and synthesize make: the files of the corpus."""
    assert compile_knowledge(root, root / "build/knowledge").ok
    synthesize.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted((root / "samples/corpus").rglob("*.yaml"))}


def test_checked_texts_are_frozen_used_by_the_build_and_not_asked_for_again(root: Path) -> None:
    before = _built(root)
    with endpoint(answer="tests.builder.wordings:good") as server:
        _settings(root, server)
        found = _write(root, TOPIC)
        asked = len(server.requests())
        assert (found["planned"], found["worded"], found["refused"], found["files"]) == (40, 40, {}, [FILE]) and asked == 40
        text = (root / FILE).read_bytes()
        again = _write(root, TOPIC)
        assert (again["frozen"], again["to_word"], again["files"]) == (40, 0, []) and len(server.requests()) == asked
        limited = _write(root, "ovens/ovens-basics", "--limit", "3")
        assert (limited["worded"], limited["beyond_limit"]) == (3, 37)
    after = _built(root)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"samples/corpus/{TOPIC}.yaml", "samples/corpus/ovens/ovens-basics.yaml"} and set(before) == set(after)
    written = load_written(root)
    samples = {s.id: s for s in load_corpus(root)}
    for one in written.values():
        made = samples[one.id]
        assert (made.question, made.options, made.answer, made.explanation) == (
            one.wording.question, one.wording.options, one.wording.answer, one.wording.explanation,
        )  # fmt: skip
        assert made.explanation.startswith(WHY) and (one.model, one.prompt) == ("toy", "sample@1")
    # A clone has neither the stored replies nor an endpoint.
    assert (root / FILE).read_bytes() == text and b"127.0.0.1" not in text
    assert _built(root) == after
    for path in (root / "samples/written").rglob("*.yaml"):
        path.unlink()
    assert _built(root) == before


def test_an_edited_statement_makes_its_texts_stale_and_only_they_are_asked_again(root: Path) -> None:
    with endpoint(answer="tests.builder.wordings:good") as server:
        _settings(root, server)
        _write(root, TOPIC)
        path = root / f"knowledge/{TOPIC}.yaml"
        old = next(line for line in path.read_text().splitlines() if "text:" in line and "sail" in line.lower())
        said = old.split("text:", 1)[1].strip()
        path.write_text(path.read_text().replace(f"text: {said}", f"text: {said.rstrip('.')} on the hill.", 1))
        dry = _write(root, TOPIC, "--dry-run")
        assert 0 < dry["stale"] == dry["to_word"] < 40 and dry["frozen"] == 40 - dry["stale"] and dry["estimate"]["calls"] == dry["to_word"]
        built = _built(root)[f"samples/corpus/{TOPIC}.yaml"].decode()
        assert built.count(WHY) == 40 - dry["stale"]  # the others have the templates' text again
        sent = len(server.requests())
        again = _write(root, TOPIC)
        assert again["worded"] == dry["to_word"] == len(server.requests()) - sent and again["stale"] == dry["stale"]
        assert _built(root)[f"samples/corpus/{TOPIC}.yaml"].decode().count(WHY) == 40
        size = len(load_written(root))
        assert size == 40 + dry["stale"]
        would = _write(root, "--prune", "--dry-run")
        assert would["files"] == [FILE] and len(load_written(root)) == size
        built = _built(root)[f"samples/corpus/{TOPIC}.yaml"].decode()
        assert _write(root, "--prune")["files"] == [FILE] and len(load_written(root)) == 40
        assert _built(root)[f"samples/corpus/{TOPIC}.yaml"].decode() == built and len(server.requests()) == sent + again["worded"]
    plans = [p for group in planned(*_knowledge(root)).values() for p in group]
    assert set(load_written(root)) <= {plan_key(_knowledge(root)[0], plan) for plan in plans}


def _knowledge(root: Path) -> Any:
    import proda

    return proda.open(str(root)).knowledge, load_allocation(root), load_params(root / "params.yaml")


def test_a_refused_reply_is_asked_again_with_its_reason_and_counted(root: Path) -> None:
    with endpoint(answer="tests.builder.wordings:corrected") as server:
        _settings(root, server)
        found = _write(root, TOPIC, "--limit", "8")
        rows = server.requests()
    assert found["worded"] == 8 and found["refused"] == {"length": 8, "markdown": 8} and len(rows) == 24
    told = [row["last"].splitlines()[1] for row in rows if row["rounds"] > 2]
    short, heading = "explanation: 2 words, expected 10 to 60", "explanation: must have no Markdown or HTML (“##”)"
    assert sorted(told) == [f"the object: Value error, {fault}" for fault in [short] * 8 + [heading] * 8]


def test_a_text_that_is_never_right_leaves_the_templates_text(root: Path) -> None:
    before = _built(root)
    with endpoint(answer="tests.builder.wordings:wrong") as server:
        _settings(root, server)
        found = _write(root, TOPIC)
        assert len(server.requests()) == 120
    assert found["worded"] == 0 and found["unanswered"] == {"invalid": 40} and found["files"] == []
    assert found["refused"]["answer"] == 40 and found["refused"]["options"] > 5  # a repeated reply counts once
    assert not (root / FILE).exists() and _built(root) == before


def test_a_text_that_gives_an_item_away_is_asked_again_and_never_frozen(root: Path) -> None:
    with endpoint(answer="tests.builder.wordings:leaking") as server:
        _settings(root, server)
        found = _write(root, TOPIC, "--limit", "5")
        rows = server.requests()
    assert found["worded"] == 5 and found["refused"] == {"overlap": 5} and len(rows) == 10
    assert CASE not in (root / FILE).read_text() and not any(CASE in row["last"] for row in rows)
    (root / FILE).unlink()
    with endpoint(answer="tests.builder.wordings:always_leaking") as server:
        _settings(root, server, model="other")
        found = _write(root, TOPIC, "--limit", "5")
        assert len(server.requests()) == 15
    assert found["worded"] == 0 and found["unanswered"] == {"overlap": 5} and not (root / FILE).exists()


def test_the_cap_holds_over_all_rounds_and_the_next_run_goes_on(root: Path) -> None:
    with endpoint(answer="tests.builder.wordings:leaking") as server:
        _settings(root, server, max_calls=8, concurrency=1)
        found = _write(root, TOPIC, "--limit", "6")
        assert len(server.requests()) == 8 and found["worded"] == 2
        assert "llm.max_calls" in found["stopped"] and len(load_written(root)) == 2
        _settings(root, server)
        assert _write(root, TOPIC, "--limit", "4")["worded"] == 4
        assert len(server.requests()) == 12


def test_the_key_of_the_endpoint_is_in_no_file_and_no_message(root: Path) -> None:
    with endpoint(answer="tests.builder.wordings:corrected", key=KEY) as server:
        _settings(root, server)
        command = [sys.executable, "-P", "-m", "proda.cli.main", "write", TOPIC, "--limit", "3"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PRODA_API_KEY": KEY, "OPENAI_LOG": "debug"}
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and KEY not in done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "planned 40 samples: 0 written before, 3 to word, 37 beyond the limit",
        "worded 3",
        "refused replies by reason: length 3, markdown 3",
        f"wrote {FILE}",
    ]
    files = [p for p in root.rglob("*") if p.is_file()]
    assert any(p.is_relative_to(root / "build/replies") for p in files) and not [p for p in files if KEY.encode() in p.read_bytes()]


def test_what_cannot_be_done_is_said_before_anything_is_asked(root: Path) -> None:
    with pytest.raises(InputError, match=r"llm\.model"):
        _write(root, TOPIC)
    with pytest.raises(NotFoundError, match="Did you mean milling/milling-basics"):
        _write(root, "milling/miling-basics")
    with pytest.raises(UsageError, match="leave out --limit"):
        _write(root, "--prune", "--limit", "3")
    for path in (root / "benchmarks/items").rglob("*.yaml"):
        path.unlink()
    with endpoint(answer="tests.builder.wordings:good") as server:
        _settings(root, server)
        with pytest.raises(EmptyBenchmarkError, match="dvc repro benchmark"):
            _write(root, TOPIC)
        assert not server.requests()
    assert not list((root / "samples/written").rglob("*.yaml"))


def test_a_sample_that_a_patch_rewords_keeps_the_text_that_the_patch_was_written_against(root: Path) -> None:
    sample = next(s for s in load_corpus(root) if s.id.startswith("milling/"))
    hashed = sample_hash(sample)
    made = named(Patch("", 1, (sample.nodes[0],), (), "concept gap", "why", {}, remove=(Dropped(sample.id, hashed),)))
    (root / f"samples/patches/{made.id}.yaml").write_text(patch_text(made))
    with endpoint(answer="tests.builder.wordings:good") as server:
        _settings(root, server)
        found = _write(root, TOPIC)
    assert (found["patched"], found["worded"]) == (1, 39) and sample.id not in {one.id for one in load_written(root).values()}
    _built(root)
    assert sample.id not in {s.id for s in load_samples(root)}  # the patch still applies


def test_check_finds_a_broken_entry(root: Path) -> None:
    assert not [f for f in check_repository(root).findings if f.severity == "error"]
    path = root / FILE
    path.parent.mkdir(parents=True)
    path.write_text("samples:\n  - id: milling/flour:open-1\n    format: open\n")
    found = [f for f in check_repository(root).findings if f.severity == "error"]
    assert len(found) == 1 and "milling/flour:open-1" in str(found[0]) and "Not a written sample" in str(found[0])
