"""`proda verify` on a toy repository with made-up answers: harm fails the gate, and patches that are shown to harm can be reverted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proda.history.rounds import before_round, reallocations
from proda.records import Item, Patch
from proda.store.patches import load_patches
from proda.workflows.repair_round import round_here
from tests.cli.test_repair import git, mills_fail, proda
from tests.toyresults import commit, make_outcomes, make_patch, make_results
from tests.toyworld import make_repository


def known(item: Item, model: str) -> bool:
    """Tuned models know everything."""
    return model != "base"


def twin_forgotten(item: Item, model: str) -> bool:
    """Tuned models still answer dev items, which the debugger sees, and no others."""
    return model != "base" and item.split == "dev"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_results(make_repository(tmp_path), known)
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return root


def patched(root: Path) -> Patch:
    """A round of one patch, committed, and answers that are worse after it."""
    patch = make_patch(root)
    commit(root, "Repair something")
    make_outcomes(root, twin_forgotten)
    commit(root, "Rebuilt")
    return patch


def judged(root: Path, patch: str, says: str = "harmful") -> None:
    path = root / f"benchmarks/verdicts/{patch}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"patch: {patch}\nround: 1\nsays: {says}\nwhy: Retrained with and without it.\n")
    commit(root, "Attributed")


def test_a_round_with_a_patch_that_hurts_exits_1_and_says_where(root: Path) -> None:
    patch = patched(root)
    done = proda(root, "verify")
    assert done.returncode == 1 and "hurts: twin is worse by 1.000" in done.stdout, done.stdout + done.stderr
    assert "says: hurts" in (root / "benchmarks/verdicts/round-1.yaml").read_text()
    # The round hurts. One rebuild does not show that this patch is the cause.
    assert "says: unproven" in (root / f"benchmarks/verdicts/{patch.id}.yaml").read_text() and "harmful" not in done.stdout


def test_a_patch_shown_to_harm_is_proposed_for_revert_as_long_as_it_is_here(root: Path) -> None:
    patch = patched(root)
    judged(root, patch.id)
    brought = git(root, "log", "-1", "--format=%H", "--", "samples/patches")
    line = f"harmful: {patch.id}; git revert {brought[:9]}, or proda verify --revert"
    assert line in proda(root, "verify", "--dry-run").stdout.splitlines()
    data = json.loads(proda(root, "verify", "--dry-run", "--json").stdout)
    assert data["harmful"] == [{"patch": patch.id, "commit": brought}] and data["says"] == "hurts"
    assert any(reason.startswith(f"{patch.id} was shown to harm") for reason in data["reasons"])
    dry = proda(root, "verify", "--revert", "--dry-run")
    assert dry.stdout.splitlines() == [line] and load_patches(root)
    assert proda(root, "verify", "--revert").returncode == 0
    gone = proda(root, "verify", "--revert")
    assert gone.returncode == 0 and "nothing to revert" in gone.stderr and not gone.stdout


def test_what_the_others_gain_does_not_pay_for_a_patch_that_was_shown_to_harm(root: Path) -> None:
    make_outcomes(root, twin_forgotten)
    commit(root, "Before")
    patch = make_patch(root)
    commit(root, "Repair something")
    make_outcomes(root, known)
    commit(root, "Rebuilt")
    done = proda(root, "verify", "--dry-run")
    assert done.returncode == 0 and "helps: twin" in done.stdout, done.stderr
    judged(root, patch.id)
    done = proda(root, "verify", "--dry-run")
    assert done.returncode == 1 and f"hurts: {patch.id} was shown to harm" in done.stdout, done.stderr
    assert proda(root, "verify", "--revert").returncode == 0


@pytest.mark.parametrize("between", [False, True])
def test_after_the_revert_the_samples_are_byte_for_byte_what_they_were(root: Path, between: bool) -> None:
    before = git(root, "rev-parse", "HEAD:samples")
    patch = patched(root)
    if between:
        (root / "notes.txt").write_text("of no weight\n")
        commit(root, "Something else")
    judged(root, patch.id)
    others = git(root, "ls-tree", "-r", "HEAD", "--", "knowledge", "benchmarks", "notes.txt")
    assert git(root, "rev-parse", "HEAD:samples") != before
    done = proda(root, "verify", "--revert")
    assert done.returncode == 0 and done.stdout == f"{git(root, 'rev-parse', 'HEAD')[:9]} reverts {patch.id}\n", done.stderr
    assert git(root, "rev-parse", "HEAD:samples") == before and git(root, "status", "--porcelain") == ""
    assert git(root, "ls-tree", "-r", "HEAD", "--", "knowledge", "benchmarks", "notes.txt") == others
    assert git(root, "log", "-1", "--format=%(trailers:only,unfold)") == f"Reverts-Patch: {patch.id}\nVerdict: harmful"
    assert git(root, "log", "-1", "--format=%s") == 'Revert "Repair something"'


def test_each_harmful_patch_gets_a_revert_of_its_own_and_the_others_stay(root: Path) -> None:
    make_outcomes(root, mills_fail)
    from tests.toyresults import make_diagnoses

    make_diagnoses(root)
    commit(root, "Rebuilt")
    proda(root, "repair", "--max", "3")
    patches = [p.id for p in load_patches(root)]
    for patch in (patches[0], patches[2]):
        judged(root, patch)
    judged(root, patches[1], "necessary")
    head = git(root, "rev-parse", "HEAD")
    done = proda(root, "verify", "--revert", "--round", "1")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2, done.stderr
    assert [p.id for p in load_patches(root)] == [patches[1]]
    reverted = git(root, "log", "--format=%(trailers:key=Reverts-Patch,valueonly,separator=)", f"{head}..").split()
    assert sorted(reverted) == sorted([patches[0], patches[2]])


def test_a_repository_in_no_state_for_it_is_left_alone(root: Path) -> None:
    patch = patched(root)
    judged(root, patch.id)

    def refused(match: str) -> None:
        before = git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")
        done = proda(root, "verify", "--revert")
        assert done.returncode == 1 and match in done.stderr and "Traceback" not in done.stderr, done.stderr
        assert (git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")) == before and load_patches(root)

    (root / "params.yaml").write_text((root / "params.yaml").read_text() + "\n")
    refused("not committed")
    git(root, "checkout", "-q", "params.yaml")
    git(root, "checkout", "-q", "--detach")
    refused("detached")
    git(root, "switch", "-q", "main")
    (root / ".git/MERGE_HEAD").write_text(git(root, "rev-parse", "HEAD") + "\n")
    refused("merge")
    (root / ".git/MERGE_HEAD").unlink()
    git(root, "config", "user.email", "")
    refused("user.email")
    mixed = proda(root, "verify", "--revert", "HEAD~1")
    assert mixed.returncode == 2 and "judges nothing" in mixed.stderr


def test_a_reallocation_is_a_round_that_can_be_judged(root: Path) -> None:
    make_outcomes(root, mills_fail)
    commit(root, "Rebuilt")
    assert proda(root, "repair", "--reallocate").returncode == 0
    make_outcomes(root, known)
    commit(root, "Rebuilt again")
    done = proda(root, "verify")
    assert done.returncode == 0, done.stderr
    assert f"round 1, samples reallocated, against {git(root, 'rev-parse', 'main')[:9]}" in done.stdout
    make_patch(root)
    commit(root, "And a patch in the same round")
    assert f"round 1, 1 patch, against {git(root, 'rev-parse', 'main')[:9]}" in proda(root, "verify", "--dry-run").stdout


def test_a_reallocation_that_was_taken_back_is_no_round(root: Path) -> None:
    make_outcomes(root, mills_fail)
    commit(root, "Rebuilt")
    assert proda(root, "repair", "--reallocate").returncode == 0
    assert round_here(root) == 1 and reallocations(root) == {1: git(root, "rev-parse", "HEAD").strip()}
    git(root, "switch", "--quiet", "--create", "other")
    assert round_here(root) == 2
    git(root, "revert", "--no-edit", "HEAD")
    assert (round_here(root), reallocations(root)) == (1, {})
    before = git(root, "rev-parse", "HEAD").strip()
    make_patch(root)
    commit(root, "The first patch")
    assert git(root, "rev-parse", before_round(root, 1)).strip() == before


def test_what_main_gained_before_the_round_was_merged_is_not_credited_to_the_round(root: Path) -> None:
    """The round does nothing. Main got better meanwhile, by a definition and a rebuild of its own."""
    make_outcomes(root, twin_forgotten)
    commit(root, "Before")
    git(root, "switch", "-q", "-c", "r1")
    make_patch(root)
    commit(root, "Repair something")
    git(root, "switch", "-q", "-")
    make_outcomes(root, known)
    commit(root, "Rebuilt on main")
    main = git(root, "rev-parse", "HEAD").strip()
    git(root, "merge", "-q", "--no-ff", "-m", "Merge the round", "r1")
    done = proda(root, "verify")
    assert done.returncode == 0 and f"against {main[:9]}" in done.stdout and "helps" not in done.stdout, done.stdout + done.stderr
    assert f"before: {main}" in (root / "benchmarks/verdicts/round-1.yaml").read_text().replace("'", "")  # a hash such as 97e8… is quoted
