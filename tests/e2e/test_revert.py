"""A round of repair with real DVC, git and training: build, repair, rebuild, verify, revert, rebuild; the last build equals the first.

The tests of this file run in order, in one worker, on one repository.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from proda.store.patches import load_patches
from tests.e2e.commands import proda, run, stages_run, status, tree
from tests.toyworld import make_repository

DERIVED = ("build/knowledge", "benchmarks/items", "benchmarks/general", "samples/corpus", "build/adapters")
RESULTS = ("metrics.json", "diagnosis.yaml", "overlap.json", "shortcuts.json", "training.csv")
BRANCH = "repair/round-1"


def derived(root: Path) -> dict[str, bytes]:
    """Every file that a stage writes and that holds no times, and DVC's records of them."""
    found = tree(root, *DERIVED, "benchmarks/results/outcomes")
    found |= {name: (root / "benchmarks/results" / name).read_bytes() for name in RESULTS}
    return found | {"dvc.lock": (root / "dvc.lock").read_bytes()}


def hashes(root: Path) -> dict[str, str]:
    """Stage and output → DVC's hash of it."""
    stages = yaml.safe_load((root / "dvc.lock").read_text())["stages"]
    return {f"{name} {out['path']}": out["md5"] for name, stage in stages.items() for out in stage.get("outs", ())}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with one seed, and committed."""
    root = make_repository(tmp_path_factory.mktemp("revert"), code=True)
    (root / "params.yaml").write_text((root / "params.yaml").read_text().replace("seeds: [0, 1]", "seeds: [0]"))
    run(root, "git", "config", "user.name", "Ada")
    run(root, "git", "config", "user.email", "ada@example.org")
    proda(root, "check", "--fix")  # a repair adds single lines, which needs files in canonical layout
    run(root, "dvc", "repro")
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-qm", "Built")
    return root


@pytest.fixture(scope="module")
def first(root: Path) -> dict[str, bytes]:
    """The derived files as they were built at first."""
    assert {name.partition(" ")[0] for name in hashes(root)} >= {"check", "benchmark", "synthesize", "train", "evaluate", "diagnose"}
    return derived(root)


def test_repair_commits_patches_and_nothing_that_is_derived(root: Path, first: dict[str, bytes]) -> None:
    proda(root, "repair", "--max", "4")
    assert run(root, "git", "branch", "--show-current").strip() == BRANCH
    assert len(load_patches(root)) == 4 and derived(root) == first and run(root, "git", "status", "--porcelain") == ""


def test_verify_before_the_rebuild_is_refused(root: Path) -> None:
    said = proda(root, "verify", ok=False)
    assert "samples/patches" in said and "dvc repro" in said and "Traceback" not in said
    assert status(root, "verify") == 2 and not (root / "benchmarks/verdicts").exists()


def test_the_rebuild_trains_another_model_that_verify_judges(root: Path, first: dict[str, bytes]) -> None:
    built = hashes(root)
    ran = stages_run(run(root, "dvc", "repro"))
    assert {"guard", "train", "evaluate", "diagnose"} <= ran and not ran & {"curriculum", "base"}
    changed = {name for name, digest in hashes(root).items() if built[name] != digest}
    assert {"train build/adapters", "evaluate benchmarks/results/outcomes"} <= changed
    assert "round 1, 4 patches, against" in proda(root, "verify", ok=None)  # it fails if the round hurts
    verdicts = {p.name for p in (root / "benchmarks/verdicts").iterdir()}
    assert verdicts == {"round-1.yaml", *(f"{p.id}.yaml" for p in load_patches(root))}
    run(root, "git", "add", "-A")
    run(root, "git", "commit", "-qm", "Results and verdicts")
    assert derived(root) != first


def test_reverting_the_commits_and_building_again_gives_the_first_bytes(root: Path, first: dict[str, bytes]) -> None:
    built = yaml.safe_load(first["dvc.lock"])
    run(root, "git", "revert", "--no-edit", f"main..{BRANCH}~1")
    assert not load_patches(root)
    for kept in ("build/cache/train", ".dvc/cache/runs"):  # nothing is taken from a cache: it is all computed again
        shutil.rmtree(root / kept)
    assert "train" in stages_run(run(root, "dvc", "repro"))
    again = derived(root)
    assert {name for name in first if again.get(name) != first[name]} == set() and again.keys() == first.keys()
    assert yaml.safe_load(again["dvc.lock"]) == built
    assert run(root, "git", "diff", "--stat", "main", "--", "knowledge", "samples", "benchmarks/items", "benchmarks/exceptions.yaml") == ""
