"""`proda repair` and `proda verify` on a toy repository with made-up answers: commits in real git, verdicts in real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from proda.records import Item
from proda.store.items import load_items, write_items_tree
from proda.store.patches import load_patches, load_samples
from proda.store.verdicts import write_round
from proda.workflows.repair_round import plan_round, round_here
from tests.toyresults import commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import make_repository


def proda(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-m", "proda.cli.main", *arguments], cwd=root, capture_output=True, text=True, check=False)


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def dev_wrong(item: Item, model: str) -> bool:
    return model != "base" and item.split == "sealed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_results(make_repository(tmp_path), dev_wrong)
    make_diagnoses(root)
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return root


def test_a_dry_run_says_what_it_would_do_and_does_nothing(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch")
    done = proda(root, "repair", "--dry-run", "--max", "2")
    assert done.returncode == 0, done.stderr
    assert "round 1, branch repair/round-1: 2 of" in done.stdout and done.stdout.count("concept gap") == 2
    assert (git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch")) == before
    rows = json.loads(proda(root, "repair", "--dry-run", "--json").stdout)
    assert rows and all(row["round"] == 1 and row["samples"] > 5 for row in rows)


def test_each_blamed_node_gets_one_commit_and_a_second_run_adds_none(root: Path) -> None:
    samples = len(load_samples(root))
    done = proda(root, "repair")
    assert done.returncode == 0, done.stderr
    patches = load_patches(root)
    assert len(git(root, "rev-list", "main..repair/round-1").splitlines()) == len(patches) >= 3
    assert len(load_samples(root)) == samples + sum(len(p.samples) for p in patches)
    head = git(root, "rev-parse", "HEAD")
    again = proda(root, "repair")
    assert again.returncode == 0 and git(root, "rev-parse", "HEAD") == head and "  + " not in again.stdout
    assert proda(root, "check").returncode == 0


def test_a_round_of_a_teammate_on_the_remote_has_its_number(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    git(root, "remote", "add", "origin", str(tmp_path / "bare.git"))
    git(root, "switch", "-q", "-c", "repair/round-1")
    git(root, "push", "-q", "origin", "repair/round-1")
    git(root, "switch", "-q", "main")
    assert round_here(root) == 1, "the branch is here, so its round goes on"
    git(tmp_path, "clone", "-q", str(tmp_path / "bare.git"), "clone")
    assert round_here(tmp_path / "clone") == 2
    git(tmp_path / "clone", "switch", "-q", "repair/round-1")
    assert round_here(tmp_path / "clone") == 1


def test_a_round_that_is_continued_from_main_has_no_second_patch_for_a_node(root: Path) -> None:
    assert proda(root, "repair", "--max", "2").returncode == 0
    first = load_patches(root)
    git(root, "switch", "-q", "main")
    done = proda(root, "repair", "--per-error", "7")
    assert done.returncode == 0, done.stderr
    assert "The branch repair/round-1 exists, so its round goes on." in done.stderr and "has a verdict" not in done.stderr
    assert "2 patches left out: round 1 has patches for the same nodes" in done.stderr
    targets = [node for patch in load_patches(root) for node in patch.targets]
    assert len(targets) == len(set(targets)) > 2 and {p.id for p in first} <= {p.id for p in load_patches(root)}


def test_a_patch_for_a_round_that_has_a_verdict_is_warned_about(root: Path) -> None:
    assert proda(root, "repair", "--max", "1").returncode == 0
    write_round(root, 1, {"round": 1, "says": "helps", "patches": [p.id for p in load_patches(root)]})
    commit(root, "Verdict")
    said = "Round 1 has a verdict, which says nothing of new patches."
    assert said not in proda(root, "repair", "--round", "1", "--max", "1").stderr, "it adds none"
    git(root, "switch", "-q", "main")
    for arguments in (("--dry-run",), ()):
        assert said in proda(root, "repair", "--round", "1", "--max", "2", *arguments).stderr


def test_patches_say_nothing_of_the_questions_that_failed(root: Path) -> None:
    proda(root, "repair")
    told = "\n".join(f"{s.prompt} {s.completion}" for p in load_patches(root) for s in p.samples)
    assert not [i.id for i in load_items(root) if i.stem in told]


def test_a_diagnosis_older_than_its_item_is_refused(root: Path) -> None:
    path = root / "benchmarks/results/diagnosis.yaml"
    digest = next(line.split()[-1] for line in path.read_text().splitlines() if line.strip().startswith("hash:"))
    path.write_text(path.read_text().replace(digest, "f" * 16))
    commit(root, "An older diagnosis")
    done = proda(root, "repair")
    assert done.returncode == 1 and "stale" in done.stderr and git(root, "branch", "--show-current") == "main"


def mills_fail(item: Item, model: str) -> bool:
    """Tuned models know everything about lamps. One seed knows everything about mills and ovens, the other nothing."""
    return item.discipline == "lighting" or model == "seed-0"


def shared_out(allocation: str) -> str:
    for discipline, now in (("lighting", 20), ("milling", 50), ("ovens", 50)):
        allocation = allocation.replace(f"{discipline}: 40", f"{discipline}: {now}")
    return allocation


@pytest.fixture
def uneven(root: Path) -> Path:
    """A repository whose disciplines fail unequally often, with a comment in its allocation."""
    path = root / "samples/allocation.yaml"
    path.write_text("# Evenly at first.\n" + path.read_text().replace("milling: 40", "milling: 40  # the mills"))
    make_outcomes(root, mills_fail)
    commit(root, "Rebuilt")
    return root


def test_samples_are_shared_out_by_error_in_one_commit_that_touches_nothing_else(uneven: Path) -> None:
    main, before = git(uneven, "rev-parse", "main"), (uneven / "samples/allocation.yaml").read_text()
    done = proda(uneven, "repair", "--reallocate")
    assert done.returncode == 0, done.stderr
    assert git(uneven, "branch", "--show-current") == "repair/round-1" and git(uneven, "rev-parse", "main") == main
    assert git(uneven, "rev-list", "--count", "main..HEAD") == "1"
    assert git(uneven, "show", "--name-only", "--format=") == "samples/allocation.yaml"
    # Lamps never fail, so they keep half of the even share, and mills and ovens get the rest of the 120 samples.
    now = (uneven / "samples/allocation.yaml").read_text()
    assert now == shared_out(before)
    trailers = git(uneven, "log", "-1", "--format=%(trailers:only,unfold)")
    assert trailers == "Reallocation: round 1" and git(uneven, "status", "--porcelain") == ""


def test_the_run_that_failed_stands_in_the_trailers(uneven: Path) -> None:
    (uneven / "benchmarks/results/run.json").write_text('{"run_id": "abc"}')
    commit(uneven, "A run")
    assert proda(uneven, "repair", "--reallocate").returncode == 0
    assert git(uneven, "log", "-1", "--format=%(trailers:key=Run,valueonly)") == "abc"


def test_sharing_out_twice_changes_nothing_the_second_time_wherever_one_stands(uneven: Path) -> None:
    def nothing() -> None:
        before = git(uneven, "rev-parse", "HEAD"), git(uneven, "branch"), git(uneven, "status", "--porcelain")
        again = proda(uneven, "repair", "--reallocate")
        assert again.returncode == 0 and "Nothing to change" in again.stderr, again.stderr
        assert (git(uneven, "rev-parse", "HEAD"), git(uneven, "branch"), git(uneven, "status", "--porcelain")) == before

    assert proda(uneven, "repair", "--reallocate").returncode == 0
    nothing()
    git(uneven, "switch", "-q", "main")
    nothing()
    git(uneven, "merge", "-q", "repair/round-1")
    nothing()
    assert "round 2, branch repair/round-2" in proda(uneven, "repair", "--dry-run").stdout  # a reallocation is a round too


def test_a_run_killed_before_its_commit_is_finished_by_the_next_and_an_edit_by_hand_is_refused(uneven: Path) -> None:
    path = uneven / "samples/allocation.yaml"
    before = path.read_text()
    git(uneven, "switch", "-q", "-c", "repair/round-1")
    path.write_text(before.replace("milling: 40", "milling: 41"))
    refused = proda(uneven, "repair", "--reallocate")
    assert refused.returncode == 1 and "not committed" in refused.stderr and "milling: 41" in path.read_text()
    path.write_text(shared_out(before))
    git(uneven, "add", "-A")
    assert proda(uneven, "repair", "--reallocate").returncode == 0
    assert git(uneven, "rev-list", "--count", "main..HEAD") == "1" and git(uneven, "status", "--porcelain") == ""


def test_a_hook_that_refuses_leaves_the_allocation_as_it_was(uneven: Path) -> None:
    before = (uneven / "samples/allocation.yaml").read_text()
    hook = uneven / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = proda(uneven, "repair", "--reallocate")
    assert done.returncode == 1 and "not on a Friday" in done.stderr
    assert (uneven / "samples/allocation.yaml").read_text() == before and git(uneven, "status", "--porcelain") == ""


def test_a_dry_run_of_sharing_out_prints_the_table_and_changes_nothing(uneven: Path) -> None:
    before = git(uneven, "rev-parse", "HEAD"), git(uneven, "status", "--porcelain"), git(uneven, "branch")
    table = proda(uneven, "repair", "--reallocate", "--dry-run")
    assert table.returncode == 0 and "120 samples over 3 disciplines" in table.stdout
    assert [line.split() for line in table.stdout.splitlines()[2:]] == [
        ["lighting", "0.000", "40", "20", "-20"],
        ["milling", "0.500", "40", "50", "+10"],
        ["ovens", "0.500", "40", "50", "+10"],
    ]
    rows = json.loads(proda(uneven, "repair", "--reallocate", "--dry-run", "--json").stdout)
    assert rows[1] == {"discipline": "milling", "error": 0.5, "before": 40, "after": 50}
    assert (git(uneven, "rev-parse", "HEAD"), git(uneven, "status", "--porcelain"), git(uneven, "branch")) == before


def test_sharing_out_reads_dev_alone_and_refuses_what_says_nothing_of_it(uneven: Path) -> None:
    for split in ("twin", "sealed"):
        git(uneven, "rm", "-q", "-r", f"benchmarks/items/{split}", f"benchmarks/results/outcomes/{split}.csv")
    commit(uneven, "Dev alone")
    assert "+10" in proda(uneven, "repair", "--reallocate", "--dry-run").stdout
    mixed = proda(uneven, "repair", "--reallocate", "--max", "3")
    assert mixed.returncode == 2 and "--max" in mixed.stderr
    path = uneven / "benchmarks/results/outcomes/dev.csv"
    digest = path.read_text().splitlines()[1].split(",")[1]
    path.write_text(path.read_text().replace(digest, "f" * 16))
    stale = proda(uneven, "repair", "--reallocate", "--dry-run")
    assert stale.returncode == 1 and "stale" in stale.stderr
    path.unlink()
    none = proda(uneven, "repair", "--reallocate", "--dry-run")
    assert none.returncode == 1 and "There are no outcomes yet" in none.stderr


def test_verify_calls_a_gain_one_and_fails_the_gate_on_harm(root: Path) -> None:
    none = proda(root, "verify")
    assert none.returncode == 1 and "nothing to verify" in none.stderr
    proda(root, "repair")
    make_outcomes(root, lambda item, model: model != "base")
    done = proda(root, "verify")
    assert done.returncode == 0 and "helps" in done.stdout, done.stdout + done.stderr
    verdicts = sorted(p.name for p in (root / "benchmarks/verdicts").iterdir())
    assert "round-1.yaml" in verdicts and len(verdicts) == 1 + len(load_patches(root))
    assert "says: unproven" in (root / f"benchmarks/verdicts/{load_patches(root)[0].id}.yaml").read_text()
    make_outcomes(root, lambda *_: False)
    harmed = proda(root, "verify", "--dry-run")
    assert harmed.returncode == 1 and "hurts: sealed is worse" in harmed.stdout, harmed.stdout + harmed.stderr


def test_a_dirty_tree_is_refused_before_anything_is_read(root: Path) -> None:
    (root / "params.yaml").write_text((root / "params.yaml").read_text() + "\n")
    done = proda(root, "repair")
    assert done.returncode == 1 and "not committed" in done.stderr and "Traceback" not in done.stderr


def test_a_topic_that_is_not_utf_8_is_named_and_nothing_is_done(root: Path) -> None:
    (root / "knowledge/milling/milling-basics.yaml").write_bytes(b"# caf\xe9\n")
    commit(root, "Latin-1")
    done = proda(root, "repair", "--max", "1")
    assert done.returncode == 1 and "milling-basics" in done.stderr and "Traceback" not in done.stderr
    assert git(root, "branch", "--show-current") == "main" and git(root, "status", "--porcelain") == ""


def test_check_refuses_a_patch_that_is_stale_before_it_is_committed_and_not_afterwards(root: Path) -> None:
    proda(root, "repair", "--max", "1")
    patch = load_patches(root)[0]
    git(root, "rm", "-q", "--cached", f"samples/patches/{patch.id}.yaml")
    git(root, "commit", "-q", "-m", "Take it out of git, not of the tree")
    assert proda(root, "check").returncode == 0
    chain = patch.targets[0].partition("/")[2].partition(".")[0]
    topic = next(p for p in (root / "knowledge").glob("*/*.yaml") if f"  {chain}:" in p.read_text())
    line = next(x for x in topic.read_text().split(f"  {chain}:")[1].splitlines() if x.strip().startswith("text:"))
    topic.write_text(topic.read_text().replace(line, line.rstrip(".") + ", as all know."))
    done = proda(root, "check")
    assert done.returncode == 1 and "written for something else" in done.stdout and patch.targets[0] in done.stdout
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Applied")
    assert proda(root, "check").returncode == 0


def test_samples_that_would_give_an_item_of_any_split_away_are_left_out(root: Path) -> None:
    planned = plan_round(root)
    assert planned.leaking == 0
    patch = next(p for p in planned.patches if len(p.samples) > 2 and p.items)
    told = patch.samples[0]
    items = load_items(root)
    failed, sealed = next(i for i in items if i.id == patch.items[0]), next(i for i in items if i.split == "sealed")
    given_away = structs.replace(failed, id=sealed.id, split="sealed", chain=sealed.chain, stem=f"{told.question} {told.completion}")
    write_items_tree(root, [given_away if i is sealed else i for i in items])
    commit(root, "An item that a sample of the round gives away")
    again = plan_round(root)
    assert again.leaking >= 1 and [p.targets for p in again.patches] == [p.targets for p in planned.patches]
    left = {s.id for p in again.patches for s in p.samples}
    every = {s.id for p in planned.patches for s in p.samples}
    assert told.id not in left and len(every - left) == again.leaking and left < every
    done = proda(root, "repair")
    assert done.returncode == 0 and "left out, which would give an item of the benchmark away" in done.stderr
    assert {s.id for p in load_patches(root) for s in p.samples} == left
    assert "  + " not in proda(root, "repair").stdout
