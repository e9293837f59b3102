"""The audit of the last round: flips since the results before it, the patches under them, and the commits that added these."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import proda
from proda.history.lineage import Lineage
from proda.history.repairs import read_repairs
from proda.history.round_audit import RoundAudit, adding_commits, audit_of_last_round
from proda.history.round_record import read_all
from tests.report.repaired import make_repaired
from tests.toyresults import make_results
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repaired(make_repository(tmp_path_factory.mktemp("audit")))


def audited(root: Path) -> RoundAudit | None:
    repo = proda.open(str(root))
    repairs = read_repairs(root)
    lineage = Lineage(repo.knowledge, repo.samples, repo.items(), repo.outcomes(), repairs=repairs)
    return audit_of_last_round(root, lineage, read_all(root, repairs), repo.fresh_outcomes(), adding_commits(root, repairs.patches))


def test_flips_are_those_since_the_results_before_the_round(root: Path) -> None:
    found = audited(root)
    bridges = {i.id for i in proda.open(str(root)).items() if i.kind == "bridge"}
    assert found is not None and bridges
    assert {f.item for f in found.flips} == bridges and all(f.better for f in found.flips)
    assert {line.item for line in found.lines} == bridges


def test_a_patch_lies_under_the_items_that_rest_on_its_targets(root: Path) -> None:
    (patch,) = read_repairs(root).patches.values()
    found = audited(root)
    assert found is not None
    items = {i.id: i for i in proda.open(str(root)).items()}
    for line in found.lines:
        under = set(patch.targets) & set(items[line.item].statements)
        assert (line.patch == patch.id) == bool(under) and set(line.through) == under
        assert line.level == ("nothing" if not under else line.level) and (line.says == "unproven") == bool(under)


def test_the_commit_that_added_a_patch_last_is_named(root: Path, tmp_path: Path) -> None:
    (patch,) = read_repairs(root).patches
    found = adding_commits(root, {patch, "1-not-there-00000000"})
    assert {name: commit.subject for name, commit in found.items()} == {patch: "Repair the toy"}
    copy = shutil.copytree(root, tmp_path / "copy")
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.org", "-c", "commit.gpgsign=false"]
    added = subprocess.run(
        ["git", "log", "--diff-filter=A", "--format=%H", "--", "samples/patches"], cwd=copy, capture_output=True, text=True, check=True
    )
    subprocess.run(["git", *who, "revert", "--no-edit", added.stdout.split()[0]], cwd=copy, check=True)
    subprocess.run(["git", *who, "revert", "--no-edit", "HEAD"], cwd=copy, check=True)
    assert adding_commits(copy, {patch})[patch].subject != "Repair the toy"


def test_a_shallow_clone_names_no_commit_at_its_end(root: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--depth", "1", root.as_uri(), str(tmp_path / "clone")], check=True)
    patches = read_repairs(tmp_path / "clone").patches
    assert len(patches) == 1 and adding_commits(tmp_path / "clone", patches) == {}
    assert audited(tmp_path / "clone") is None


def test_without_a_round_there_is_no_audit(tmp_path: Path) -> None:
    assert audited(make_results(make_repository(tmp_path, git=False))) is None
