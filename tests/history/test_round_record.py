"""Rounds as read from the git history: commits, verdicts that replaced each other, reverted patches and reallocations."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.history.git_log import content, log
from proda.history.repairs import Repairs, read_repairs
from proda.history.round_record import RoundRecord, _judged, read_all, round_ids, round_trace
from proda.store.patches import named, patch_text, read_patch
from proda.store.verdicts import write_round
from tests.toyresults import commit, make_patch, make_results
from tests.toyworld import make_repository

SPLIT = {"n": 4, "before": 0.5, "after": 0.75, "difference": 0.25, "ci95_low": 0.0, "ci95_high": 0.5, "better": 2, "worse": 1, "p": 1.0}


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def score(root: Path, twin: float) -> None:
    path = root / "benchmarks/results/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["tuned"]["twin"] |= {"accuracy": twin, "ci95_low": twin - 0.1, "ci95_high": twin + 0.1}
    path.write_text(json.dumps(metrics))


def repair(root: Path) -> str:
    """Results, a reallocation that is reverted, a patch, and two verdicts of which the second replaces the first; the patch's id."""
    make_results(root)
    score(root, 0.5)
    commit(root, "Results")
    (root / "samples/allocation.yaml").write_text((root / "samples/allocation.yaml").read_text() + "\n")
    git(root, "commit", "-qam", "Share samples out\n\nReallocation: round 1")
    git(root, "revert", "--no-edit", "HEAD")
    patch = make_patch(root).id
    commit(root, "Repair")
    score(root, 0.75)
    for says in ("unproven", "helps"):
        verdict = {"before": "0" * 40, "round": 1, "says": says, "reasons": ["why"], "patches": [patch], "splits": {"twin": SPLIT}}
        write_round(root, 1, verdict)
        commit(root, f"Verdict: {says}")
    return patch


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_repository(tmp_path_factory.mktemp("round"))
    repair(root)
    return root


def only(root: Path) -> RoundRecord:
    (record,) = read_all(root, read_repairs(root))
    return record


def test_a_round_is_its_patches_its_commits_its_verdicts_and_the_scores_on_both_sides(root: Path) -> None:
    record = only(root)
    assert (record.id, record.samples, record.categories, record.reverted) == ("round-1", 1, {"concept gap": 1}, ())
    assert [c.subject for c in record.added] == ["Repair"]
    assert [(j.says, j.commit.subject) for j in record.judged] == [("unproven", "Verdict: unproven"), ("helps", "Verdict: helps")]
    assert record.verdict is not None and record.verdict.splits["twin"].difference == 0.25
    # The commit that the verdict names is not in the history, as after a rebase; the round still begins after the same results.
    assert [m["tuned"]["twin"]["accuracy"] for m in record.metrics] == [0.5, 0.75]


def test_a_verdict_on_a_part_of_the_patches_says_on_how_many(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "copy")
    copy = tmp_path / "copy"

    def verdicts() -> list[str]:
        trace = round_trace(only(copy), read_repairs(copy))
        return [link.note.split(", ", 1)[1] for group in trace.leads_to if group.name == "verdicts" for link in group.links]

    assert verdicts() == ["unproven", "helps"]
    (path,) = (copy / "samples/patches").glob("1-*.yaml")
    late = named(msgspec.structs.replace(read_patch(path), reason="Found later."))
    path.with_name(f"{late.id}.yaml").write_text(patch_text(late))
    commit(copy, "Another patch in the round")
    assert verdicts() == ["unproven, on 1 of 2 patches", "helps, on 1 of 2 patches"]
    write_round(copy, 1, {**yaml.safe_load((copy / "benchmarks/verdicts/round-1.yaml").read_text()), "patches": [path.stem, late.id]})
    commit(copy, "Judged again, with the same result")
    assert verdicts()[-1] == "helps" and len(verdicts()) == 3


def test_a_reallocation_that_was_reverted_says_so(root: Path) -> None:
    record = only(root)
    assert record.reallocation is not None and record.reallocation.subject == "Share samples out"
    assert record.reallocation_reverted is not None and record.reallocation_reverted.subject.startswith("Revert")


def test_a_reallocation_of_an_earlier_round_with_the_number_is_not_named(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(root), str(copy))
    (patch,) = (copy / "samples/patches").glob("1-*.yaml")
    git(copy, "rm", "-q", "-r", "samples/patches", "benchmarks/verdicts")
    git(copy, "commit", "-qm", "Another beginning")
    patch.parent.mkdir(exist_ok=True)
    made = make_patch(copy).id  # the same patch again, which is of the new round
    other = msgspec.structs.replace(read_patch(patch.with_name(f"{made}.yaml")), reason="Found anew.")
    patch.with_name(f"{made}.yaml").unlink()
    patch.with_name(f"{named(other).id}.yaml").write_text(patch_text(named(other)))
    commit(copy, "Repair anew")
    record = only(copy)
    assert record.reallocation is None and [c.subject for c in record.added] == ["Repair anew"]


def test_scores_that_do_not_fit_the_verdict_are_left_out(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(root), str(copy))
    verdict = {"before": None, "round": 1, "says": "helps", "splits": {"twin": {**SPLIT, "before": 0.3}}, "patches": []}
    write_round(copy, 1, verdict)
    assert [bool(m) for m in only(copy).metrics] == [False, True]


def test_a_patch_that_was_taken_back_is_listed_as_reverted(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(root), str(copy))
    (patch,) = (copy / "samples/patches").glob("1-*.yaml")
    patch.unlink()
    assert only(copy).reverted == (patch.stem,) and only(copy).patches == ()


@pytest.mark.parametrize("how", ["shallow", "no repository"])
def test_without_its_history_a_round_is_still_its_patches_and_its_verdict(root: Path, tmp_path: Path, how: str) -> None:
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", str(copy))
    if how == "no repository":
        (copy / ".git").rename(tmp_path / "elsewhere")
    record = only(copy)
    assert record.verdict is not None and record.verdict.says == "helps" and record.patches
    assert record.metrics[0] == {} and record.reallocation is None
    assert (record.added, record.judged) == ((), ())


def test_a_project_in_a_folder_of_a_larger_repository_has_its_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    root = make_repository(tmp_path / "inner", git=False)
    patch = repair(root)
    record = only(root)
    assert record.patches == (patch,) and [c.subject for c in record.added] == ["Repair"] and record.metrics[0]
    assert (content(root, "HEAD", "params.yaml") or b"").startswith(b"\n")


def test_a_verdict_on_other_patches_with_the_same_number_is_not_of_this_round(root: Path) -> None:
    record = only(root)
    assert record.judged and _judged(root, record.number, {f"{p}.yaml" for p in record.patches}) == record.judged
    assert _judged(root, record.number, {f"{record.number}-other-00000000.yaml"}) == ()


def test_a_setting_that_adds_lines_to_the_log_changes_nothing(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(root), str(copy))
    before = log(copy, "-3")
    git(copy, "config", "log.showSignature", "true")
    git(copy, "config", "log.decorate", "full")
    assert log(copy, "-3") == before and len(before) == 3


def test_rounds_are_known_by_their_patches_and_by_their_verdicts(root: Path, tmp_path: Path) -> None:
    assert round_ids(root, ["2-a-00000000", "10-b-00000000"]) == ["round-1", "round-2", "round-10"]
    assert round_ids(tmp_path, []) == [] and read_all(tmp_path, Repairs()) == []
