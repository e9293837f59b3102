"""`proda audit` on real git history with made-up answers."""

from __future__ import annotations

import json
import subprocess
from html import unescape
from pathlib import Path

import pytest

from proda.errors import UsageError
from proda.gitrepo import open_git
from proda.history import changes
from proda.history.changes import changed_paths, data_changes
from proda.store.items import load_items
from proda.store.patches import load_patches
from proda.store.verdicts import write_verdict
from tests.cli.test_repair import git, proda
from tests.toyresults import commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import ROOT, make_repository

TOPIC = "knowledge/lighting/lighting-basics.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """main: nothing is known. repair/round-1: two patches, then better answers, then a changed definition."""
    root = make_results(make_repository(tmp_path_factory.mktemp("audit")), lambda *_: False)
    make_diagnoses(root)
    commit(root, "Built")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    assert proda(root, "repair", "--max", "2").returncode == 0
    make_outcomes(root, lambda item, model: model != "base")
    commit(root, "Rebuilt")
    return root


def test_every_flip_names_the_patches_under_it_or_that_there_is_none(root: Path) -> None:
    data = json.loads(proda(root, "audit", "main..HEAD", "--json").stdout)
    patches = {p.id: p for p in load_patches(root)}
    assert data["lines"] and all(line["better"] and (line["before"], line["after"]) == ("0 of 2", "2 of 2") for line in data["lines"])
    named = [line for line in data["lines"] if line["level"] == "could have"]
    assert named and all(set(line["through"]) <= set(patches[line["patch"]].targets) for line in named)
    assert all(":sealed-" not in line["item"] for line in data["lines"])
    text = proda(root, "audit", "main..HEAD")
    assert text.returncode == 0 and "items fixed, 0 broken" in text.stdout and "sealed:" in text.stderr


def test_one_item_and_one_patch_can_be_asked_for(root: Path) -> None:
    lines = json.loads(proda(root, "audit", "--json").stdout)["lines"]
    some = next(line for line in lines if line["level"] == "could have")
    of_item = json.loads(proda(root, "audit", "--item", some["item"], "--json").stdout)["lines"]
    assert {line["item"] for line in of_item} == {some["item"]}
    of_patch = json.loads(proda(root, "audit", "--patch", some["patch"], "--json").stdout)["lines"]
    assert {line["patch"] for line in of_patch} == {some["patch"]}
    missing = proda(root, "audit", "--item", "milling/none:dev-path")
    assert missing.returncode == 1 and "did not flip" in missing.stderr
    unknown = proda(root, "audit", "--patch", f"{some['patch']}0")
    assert unknown.returncode == 1 and not unknown.stdout
    assert f"is the patch '{some['patch']}0'. Did you mean '{some['patch']}'?" in unknown.stderr


def test_a_verdict_from_retraining_makes_a_line_proof_of_the_items_it_names(root: Path) -> None:
    lines = json.loads(proda(root, "audit", "--json").stdout)["lines"]
    line = next(line for line in lines if line["patch"])
    digest = next(i.content_hash for i in load_items(root) if i.id == line["item"])
    verdict = {"patch": line["patch"], "round": 1, "says": "necessary", "why": "…"}
    items = {line["item"]: {"hash": digest, "full": 5, "without": 0, "none": 0, "only": 5, "shown": "necessary"}}
    levels = {}
    try:
        for name, more in (("said", {}), ("retrained", {"retrained": {"seeds": [3, 4, 5, 6, 7]}, "items": items})):
            write_verdict(root, {**verdict, **more})
            after = json.loads(proda(root, "audit", "--json").stdout)["lines"]
            levels[name] = {(x["item"], x["patch"]) for x in after if x["level"] == "proof"}
    finally:
        (root / f"benchmarks/verdicts/{line['patch']}.yaml").unlink()
    assert levels == {"said": set(), "retrained": {(line["item"], line["patch"])}}


def test_a_reverted_patch_is_a_change_too(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    patch = load_patches(clone)[0]
    git(clone, "rm", "-q", f"samples/patches/{patch.id}.yaml")
    commit(clone, "Take it back")
    make_outcomes(clone, lambda *_: False)
    commit(clone, "Rebuilt without it")
    lines = json.loads(proda(clone, "audit", "HEAD~2..HEAD", "--json").stdout)["lines"]
    taken = [line for line in lines if line["patch"] == patch.id]
    assert taken and all(not line["better"] and set(line["through"]) <= set(patch.targets) for line in taken)
    removal = git(clone, "rev-parse", "HEAD~1")[:9]
    text = proda(clone, "audit", "HEAD~2..HEAD", "--all").stdout
    assert f"could have  removed by {removal}  {patch.id}" in text and f"+0 −{len(taken)}" not in text
    # Both patches, one of which is removed as well: the removal is no mark against the patch.
    text = proda(clone, "audit", "origin/main..HEAD~1", "--all").stdout
    assert f"  removed by {removal}  {patch.id}" in text and text.count("\n  +") == 1


def test_it_works_in_a_clone_without_caches(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    assert proda(tmp_path / "clone", "audit", "--json").stdout == proda(root, "audit", "--json").stdout


@pytest.mark.parametrize(("given", "status"), [("main", 2), ("main...HEAD", 2), ("main..nowhere", 1)])
def test_a_range_that_is_none_is_one_message(root: Path, given: str, status: int) -> None:
    done = proda(root, "audit", given)
    assert done.returncode == status and "Traceback" not in done.stderr and done.stderr.strip()


def test_a_range_with_too_many_commits_is_refused_with_a_shorter_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_COMMITS", 1)
    with pytest.raises(UsageError, match=r"commits touch data there, and at most 1 are read") as refused:
        data_changes(root, "main", None)
    shorter = str(refused.value).split()[-1].removesuffix(".")
    assert len(data_changes(root, *shorter.split("..")[:1], None)[0]) <= 1


def test_a_round_as_large_as_that_of_this_repository_is_read() -> None:
    patches = len(list((ROOT / "samples/patches").glob("*.yaml")))
    assert 0 < patches * 2 < changes.MAX_COMMITS


def test_an_edited_entry_is_a_change_under_the_items_that_rest_on_it(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    topic = clone / TOPIC
    before = topic.read_text()
    rows = before.splitlines()
    line = next(x for x in rows[rows.index("  flame-height:") :] if x.strip().startswith("definition:"))
    topic.write_text(before.replace(line, line + " made anew", 1))
    commit(clone, "Say it anew")
    make_outcomes(clone, lambda item, model: model != "base" and item.discipline != "lighting")
    commit(clone, "Rebuilt again")
    lines = json.loads(proda(clone, "audit", "HEAD~2..HEAD", "--json").stdout)["lines"]
    assert {x["subject"] for x in lines if x["level"] == "could have"} == {"Say it anew"}
    assert all(x["item"].startswith("lighting/") for x in lines)


def _merged(clone: Path, ours: dict[str, str], theirs: dict[str, str], resolved: dict[str, str]) -> str:
    """A merge of two branches that each write files; `resolved` is what the merge writes. Its hash."""
    for branch, files in (("-C side", theirs), ("-", ours)):
        git(clone, "switch", "-q", *branch.split())
        for path, text in files.items():
            (clone / path).write_text(text)
        commit(clone, f"On {'a branch' if files is theirs else 'main'}")
    subprocess.run(["git", "merge", "-q", "--no-commit", "--no-ff", "side"], cwd=clone, capture_output=True, check=False)
    for path, text in resolved.items():
        (clone / path).write_text(text)
    commit(clone, "Merge the branch")
    return git(clone, "rev-parse", "HEAD")[:9]


def test_what_a_merge_changed_itself_is_a_change_of_the_merge(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    before = (clone / TOPIC).read_text()
    rows = before.splitlines()
    line = next(x for x in rows[rows.index("  flame-height:") :] if x.strip().startswith("definition:"))
    ours, theirs, third = (before.replace(line, f"{line} {word}", 1) for word in ("made anew", "of late", "of a third kind"))
    made = _merged(clone, {TOPIC: ours}, {TOPIC: theirs}, {TOPIC: third})
    found, everywhere = data_changes(clone, "HEAD~2", None)
    assert [c.nodes for c in found if c.commit == made] == [("lighting/flame-height",)] and not everywhere
    params = (clone / "params.yaml").read_text()
    made = _merged(clone, {"params.yaml": f"# ours\n{params}"}, {"params.yaml": f"{params}# theirs\n"}, {})
    subjects = [told.partition(" ")[2] for told in data_changes(clone, "HEAD~2", None)[1]]
    assert sorted(subjects) == ["On a branch", "On main"], "a merge of both sides' lines changes nothing itself"


@pytest.mark.parametrize("path", ["samples/base/reading.yaml", "samples/written/lighting/lighting-basics.yaml", "dvc.yaml"])
def test_a_change_of_what_every_item_rests_on_is_said(root: Path, tmp_path: Path, path: str) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text("# changed\n")
    commit(clone, "Another text")
    assert [told.partition(" ")[2] for told in data_changes(clone, "HEAD~1", None)[1]] == ["Another text"]
    (told,) = changed_paths(open_git(clone), "HEAD~1", "HEAD")  # as `proda bisect` reads them
    assert told.paths == (path,)


def test_the_first_dozen_and_a_summary_by_patch_are_shown_and_everything_on_request(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    clone = tmp_path / "clone"
    names = [i.id for i in load_items(clone, ("dev", "twin"))]
    broken = set(names[::2])
    make_outcomes(clone, lambda item, model: item.id in broken)
    commit(clone, "Half")
    make_outcomes(clone, lambda item, model: item.id not in broken)
    git(clone, "rm", "-q", *(f"samples/patches/{p.id}.yaml" for p in load_patches(clone)))
    commit(clone, "The other half, without the patches")
    assert len(names) > 12

    def listed(*arguments: str) -> tuple[int, int, str]:
        text = proda(clone, "audit", "HEAD~1..HEAD", *arguments).stdout
        lines = text.splitlines()
        return sum(x.startswith("fixed   ") for x in lines), sum(x.startswith("broken  ") for x in lines), text

    fixed, failed, text = listed()
    assert (fixed, failed) == (6, 6) and f"… and {len(names) - 12} more item" in text
    assert "patches, by items fixed less items broken" in text and text.count("\n  removed by ") == 2 and "\n  +" not in text
    fixed, failed, text = listed("--all")
    assert fixed + failed == len(names) and "(--all)" not in text


def test_sealed_items_are_named_only_if_they_are_asked_for(root: Path) -> None:
    sealed = {i.id for i in load_items(root, ("sealed",))}
    for command in (
        ["audit", "--all"],
        ["audit", "--json"],
        ["diff", "main", "--all"],
        ["diff", "main", "--all", "--json"],
        ["diff", "main", "--markdown"],
    ):
        done = proda(root, *command)
        assert done.returncode == 0 and not any(item in unescape(done.stdout + done.stderr) for item in sealed), command
        assert any(item in unescape(proda(root, *command, "--sealed").stdout) for item in sealed), command
    one = min(sealed)
    for command in (["audit", "--item", one], ["bisect", one]):
        done = proda(root, *command)
        assert done.returncode == 2 and "is sealed" in done.stderr and "--sealed" in done.stderr
        assert proda(root, *command, "--sealed").returncode == 0
