"""`proda repair` where samples contradict the base and where concepts are confused: overrides, and edits of knowledge/, in real git."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import msgspec
import pytest

import proda as api
from proda.experiments.mutations import flip, flipped
from proda.records import Evidence, Sample
from proda.store.corpus import load_corpus, write_corpus
from proda.store.diagnoses import write_diagnoses
from proda.store.items import load_items
from proda.store.patches import load_patches, load_samples, patch_text
from tests.cli.test_repair import git, proda
from tests.killing import kill_when
from tests.toyresults import commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import make_repository

TOPIC = "knowledge/milling/milling-basics.yaml"
FLOW, FLOUR = "milling/wheel-flow", "milling/flour"
FIRST, SECOND = "milling/frost-halts-mill.s2", "milling/frost-halts-mill.s3"
CONFUSED = [Evidence(node, "statement", 10, 9, -0.2, FLOUR, FLOW) for node in (FIRST, SECOND)]
SPOILT = "milling/wind-grinds-grain.s1"


def knows_nothing(*_: object) -> bool:
    return False


def noticing(root: Path, *noticed: Evidence) -> None:
    write_diagnoses(root, make_diagnoses(root), ("seed-0", "seed-1"), noticed=noticed)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository in which one concept is confused with another at two nodes; a topic file has a comment and the canonical layout."""
    root = make_results(make_repository(tmp_path), knows_nothing)
    assert proda(root, "check", "--fix").returncode == 0
    topic = root / TOPIC
    topic.write_text("# the mills\n" + topic.read_text().replace("  wheel-flow:\n", "  wheel-flow: # of water\n"))
    noticing(root, *CONFUSED)
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return root


def test_confused_concepts_are_set_apart_in_the_commit_of_the_patch_and_a_revert_restores_the_file(root: Path) -> None:
    before = (root / TOPIC).read_bytes()
    dry = proda(root, "repair", "--dry-run")
    assert dry.returncode == 0 and "1 set apart" in dry.stdout and (root / TOPIC).read_bytes() == before
    done = proda(root, "repair")
    assert done.returncode == 0, done.stderr
    (patch,) = [p for p in load_patches(root) if p.edits]
    assert [msgspec.structs.asdict(e) for e in patch.edits] == [{"file": TOPIC, "concept": FLOW, "distinct_from": FLOUR}]
    commits = git(root, "log", "--format=%H", "main..", "--", TOPIC).split()
    assert len(commits) == 1 and git(root, "log", "-1", "--format=%(trailers:key=Patch,valueonly)", commits[0]) == patch.id
    diff = [
        x for x in git(root, "show", "--format=", commits[0], "--", TOPIC).splitlines() if x[:1] in "+-" and x[:3] not in ("+++", "---")
    ]
    assert diff == ["+    distinct_from: [flour]"]
    assert proda(root, "check").returncode == 0
    git(root, "revert", "--no-edit", commits[0])
    assert (root / TOPIC).read_bytes() == before and patch.id not in {p.id for p in load_patches(root)}


def test_a_second_run_and_one_after_a_kill_end_in_the_same_state(root: Path) -> None:
    assert proda(root, "repair").returncode == 0
    tree, count = git(root, "rev-parse", "HEAD^{tree}"), git(root, "rev-list", "--count", "HEAD")
    for branch in ("repair/round-1", "main"):
        git(root, "switch", "-q", branch)
        again = proda(root, "repair")
        assert again.returncode == 0 and "  + " not in again.stdout, again.stderr
        assert (git(root, "rev-parse", "HEAD^{tree}"), git(root, "rev-list", "--count", "HEAD")) == (tree, count)
    (patch,) = [p for p in load_patches(root) if p.edits]
    edited = (root / TOPIC).read_text()
    place = git(root, "log", "--format=%H", "main..", "--", TOPIC)
    for staged in (False, True):
        git(root, "reset", "-q", "--hard", f"{place}~1")  # as if killed just before this commit
        (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
        (root / TOPIC).write_text(edited)
        if staged:
            git(root, "add", "-A")
        done = proda(root, "repair")
        assert done.returncode == 0, done.stderr
        assert git(root, "rev-parse", "HEAD^{tree}") == tree and git(root, "status", "--porcelain") == ""
    assert git(root, "rev-list", "--count", "HEAD") == count


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_kill_9_in_the_middle_then_again_ends_in_the_state_of_an_uninterrupted_run(root: Path, tmp_path: Path, commits: int) -> None:
    killed = shutil.copytree(root, tmp_path / "killed")
    assert proda(root, "repair").returncode == 0
    branch = "refs/heads/repair/round-1"

    def there() -> bool:
        made = git(killed, "for-each-ref", branch)
        return bool(made) and int(git(killed, "rev-list", "--count", f"main..{branch}")) >= commits

    kill_when(there, [sys.executable, "-P", "-m", "proda.cli.main", "repair"], cwd=killed)
    deadline = time.monotonic() + 120
    while (killed / ".git/index.lock").exists():  # a git process that it started is not killed, and ends soon
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert proda(killed, "repair").returncode == 0
    for state in (("rev-parse", "HEAD^{tree}"), ("log", "--format=%s%n%b"), ("status", "--porcelain"), ("branch",)):
        assert git(killed, *state) == git(root, *state)


def test_a_file_that_one_line_cannot_be_added_to_is_refused_before_anything_is_committed(root: Path) -> None:
    (root / TOPIC).write_text((root / TOPIC).read_text().replace("term: wheel flow", "term:   wheel flow"))
    commit(root, "Laid out otherwise")
    done = proda(root, "repair")
    assert done.returncode == 1 and "proda check --fix" in done.stderr and "Traceback" not in done.stderr
    assert git(root, "branch", "--show-current") == "main" and git(root, "status", "--porcelain") == ""
    git(root, "switch", "-q", "-c", "repair/round-1")
    (root / TOPIC).write_text((root / TOPIC).read_text() + "\n")
    assert proda(root, "repair").returncode == 1  # an edit by hand is never mistaken for the rest of a killed run


def test_an_audit_names_the_commit_under_items_that_rest_on_the_concept(root: Path) -> None:
    assert proda(root, "repair").returncode == 0
    make_outcomes(root, lambda item, model: model != "base")
    commit(root, "Rebuilt")
    lines = json.loads(proda(root, "audit", "main..HEAD", "--json").stdout)["lines"]
    under = [line for line in lines if FLOW in line["through"]]
    edit = git(root, "log", "--format=%h", "--abbrev=9", "main..", "--", TOPIC)
    assert under and {line["commit"] for line in under} == {edit}
    items = {item.id: item for item in load_items(root)}
    named = {line["item"] for line in lines if FLOW in items[line["item"]].nodes}
    rest = {item for item in named if {FIRST, SECOND} & set(items[item].statements)}
    assert {line["item"] for line in under} == rest and rest < named  # the others have the concept in a wrong option only


def spoil(root: Path) -> tuple[list[Sample], list[Sample]]:
    """Reverse one statement in its samples, one of which has an id without a plan. Return the corpus before, and the reversed samples."""
    knowledge, before = api.open(str(root)).knowledge, load_corpus(root)
    statement = knowledge.statements[SPOILT]
    false = flipped(knowledge, statement, "turned round")
    alone = [s for s in before if s.id.startswith(f"{SPOILT}:open-")]
    bad = [flip(knowledge, s, statement, false) for s in alone]
    bad.append(msgspec.structs.replace(bad[0], id=f"{SPOILT}:open-by-hand"))
    said = {s.id: s for s in bad}
    corpus = [said.get(s.id, s) for s in before] + bad[-1:]
    write_corpus(root, {(d, f"{d}-basics"): [s for s in corpus if s.discipline == d] for d in sorted({s.discipline for s in corpus})})
    return before, bad


def test_a_contradicting_sample_is_overridden_by_its_own_plan_and_another_is_removed(root: Path) -> None:
    before, bad = spoil(root)
    assert len(bad) > 1 and load_samples(root) != before
    noticing(root, Evidence(SPOILT, "data", len(bad), len(bad), 0.0, bad[0].id))
    commit(root, "A fault in the data")
    done = proda(root, "repair")
    assert done.returncode == 0 and f"1 removed, {len(bad) - 1} overridden" in done.stdout, done.stdout + done.stderr
    (patch,) = [p for p in load_patches(root) if p.override]
    assert {o.sample for o in patch.override} == {s.id for s in bad[:-1]} and [d.sample for d in patch.remove] == [bad[-1].id]
    assert [s for s in load_samples(root) if s.id in {b.id for b in before}] == sorted(before, key=lambda s: s.id.partition("/")[0])
    shown = json.loads(proda(root, "show", bad[0].id, "--json").stdout)
    good = next(s for s in before if s.id == bad[0].id)
    assert shown["completion"] == good.completion and shown["file"] == f"samples/patches/{patch.id}.yaml"
    told = {x["id"]: x["change"] for x in json.loads(proda(root, "diff", "main", "HEAD", "--json").stdout)["samples"]}
    assert {told[s.id] for s in bad[:-1]} == {"changed"} and told[bad[-1].id] == "removed"
    after = git(root, "rev-parse", "HEAD")
    assert proda(root, "repair").returncode == 0 and git(root, "rev-parse", "HEAD") == after
    later = proda(root, "repair", "--round", "2", "--dry-run")
    assert "overridden" not in later.stdout and "removed" not in later.stdout  # a later round does not touch what an earlier one did
    git(root, "revert", "--no-edit", git(root, "log", "--format=%H", "-1", "--", f"samples/patches/{patch.id}.yaml"))
    assert [s.completion for s in load_samples(root) if s.id == bad[0].id] == [bad[0].completion]
