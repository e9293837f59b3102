"""`proda mv` in a real repository: what it prints, what it refuses, and that the check is clean afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proda.store.patches import load_patches
from tests.toyresults import commit, make_patch
from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]


def _run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, text=True, check=False)


def _status(root: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path)
    assert _run(root, "check", "--fix").returncode == 0
    make_patch(root)
    commit(root, "Laid out, and repaired")
    return root


def test_a_dry_run_counts_places_and_writes_nothing(root: Path) -> None:
    done = _run(root, "mv", "milling/flour", "meal", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.split() == [
        "knowledge/milling/milling-basics.yaml",
        "3",
        "places",
        "knowledge/ovens/ovens-basics.yaml",
        "1",
        "place",
    ]
    assert "Nothing was written" in done.stderr and _status(root) == ""


def test_after_a_rename_the_check_is_clean_and_says_what_is_next(root: Path) -> None:
    done = _run(root, "mv", "lighting/oil-feeds-flame", "oil-makes-flame")
    assert done.returncode == 0, done.stderr
    assert "Next: dvc repro" in done.stderr and "stays as a retired id" in done.stderr
    check = _run(root, "check")
    assert (check.returncode, check.stdout) == (0, "")
    commit(root, "Renamed")
    assert _run(root, "check").returncode == 0


def test_a_renamed_patch_that_is_not_committed_yet_is_no_stale_one(root: Path) -> None:
    """The knowledge may change after a patch was written. Renaming a node afterwards must not make the patch stale."""
    path = root / "knowledge/lighting/lighting-basics.yaml"
    path.write_text(path.read_text().replace("text: Lamp oil is part of", "text: All lamp oil is part of"))
    commit(root, "Worded otherwise")
    assert _run(root, "mv", "lighting/oil-feeds-flame", "oil-makes-flame").returncode == 0
    check = _run(root, "check")
    assert (check.returncode, check.stdout) == (0, "")
    [patch] = (root / "samples/patches").glob("*.yaml")
    other = patch.read_text().replace("What is it?", "What is that?")
    patch.write_text(other)
    assert _run(root, "check").returncode == 1  # edited by hand: the name no longer fits the content


def test_a_rename_on_one_branch_and_a_patch_on_another_are_finished_after_the_merge(root: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=Toy", "-c", "user.email=toy@example.org")
        subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)

    (made,) = (root / "samples/patches").glob("*.yaml")
    patch = made.read_text()
    chain = load_patches(root)[0].targets[0].partition(".")[0]
    new = f"{chain}-anew"
    git("rm", "-q", str(made))
    commit(root, "No patch yet")
    git("switch", "-q", "-c", "patched")
    made.parent.mkdir(exist_ok=True)
    made.write_text(patch)
    commit(root, "Repair something")
    git("switch", "-q", "main")
    assert _run(root, "mv", chain, new).returncode == 0
    commit(root, "Renamed")
    git("merge", "-q", "--no-ff", "-m", "Merge the patch", "patched")
    check = _run(root, "check")
    assert check.returncode == 1 and f"run `proda mv {chain} {new}`" in check.stdout
    dry = _run(root, "mv", chain, new, "--dry-run")
    assert dry.returncode == 0 and [line.split()[0] for line in dry.stdout.splitlines()] == [made.relative_to(root).as_posix()]
    topics = {path: path.read_bytes() for path in (root / "knowledge").rglob("*.yaml")}
    assert _run(root, "mv", chain, new).returncode == 0
    assert load_patches(root)[0].targets[0].startswith(f"{new}.") and topics == {path: path.read_bytes() for path in topics}
    check = _run(root, "check")
    assert (check.returncode, check.stdout) == (0, "")
    commit(root, "Finished")
    again = _run(root, "mv", chain, new)
    assert again.returncode == 2 and f"'{chain}' is replaced by '{new}' already" in again.stderr and "Traceback" not in again.stderr
    other = _run(root, "mv", chain, "other")
    assert other.returncode == 1 and f"Rename '{new}', which replaced it." in other.stderr


def test_a_renamed_patch_that_git_commit_a_left_out_is_no_stale_one_and_the_advice_adds_it(root: Path) -> None:
    path = root / "knowledge/lighting/lighting-basics.yaml"
    path.write_text(path.read_text().replace("text: Lamp oil is part of", "text: All lamp oil is part of"))
    commit(root, "Worded otherwise")
    done = _run(root, "mv", "lighting/oil-feeds-flame", "oil-makes-flame")
    assert "git add -A" in done.stderr
    who = ["-c", "user.name=Toy", "-c", "user.email=toy@example.org"]
    subprocess.run(["git", *who, "commit", "-q", "-a", "-m", "Renamed"], cwd=root, check=True)
    assert "?? samples/patches/" in _status(root)
    check = _run(root, "check")
    assert (check.returncode, check.stdout) == (0, "")


def test_json_lists_files_and_places(root: Path) -> None:
    found = json.loads(_run(root, "mv", "milling/flour", "milling/meal", "--json").stdout)
    assert found == {
        "kind": "concept",
        "old": "milling/flour",
        "new": "milling/meal",
        "places": {"knowledge/milling/milling-basics.yaml": 3, "knowledge/ovens/ovens-basics.yaml": 1},
        "written": True,
    }


def test_uncommitted_changes_to_a_file_it_would_write_are_refused(root: Path) -> None:
    path = root / "knowledge/milling/milling-basics.yaml"
    path.write_text(path.read_text() + "# a note\n")
    before = path.read_bytes()
    done = _run(root, "mv", "milling/flour", "meal")
    assert done.returncode == 1 and "milling-basics.yaml" in done.stderr and path.read_bytes() == before
    assert _run(root, "mv", "milling/flour", "meal", "--dry-run").returncode == 0
    assert _run(root, "mv", "lighting/wick", "cord").returncode == 0  # other files are as committed


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["milling/flour", "milling/flour"], 2, "Nothing to rename"),
        (["milling/flour", "../../x"], 2, "Got '../../x'"),
        (["milling/flour", "lighting/flour"], 2, "discipline milling"),
        (["milling/flour", "Flour"], 2, "lower-case"),
        (["milling/flour", "frost"], 1, "in use"),
        (["milling/flour", "frost-halts-mill"], 1, "in use"),
        (["milling/flouer", "meal"], 1, "Closest: 'milling/flour'"),
        (["milling/frost-halts-mill.s1", "x"], 2, "proda mv milling/frost-halts-mill NEW"),
        (["milling/milling-basics", "milling-basics"], 2, "Nothing to rename"),
    ],
)
def test_what_cannot_be_renamed_is_one_message(root: Path, args: list[str], code: int, says: str) -> None:
    done = _run(root, "mv", *args)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr and "Traceback" not in done.stderr and _status(root) == ""


def test_a_knowledge_base_with_errors_is_refused_with_its_findings(root: Path) -> None:
    path = root / "knowledge/milling/milling-basics.yaml"
    path.write_text(path.read_text() + "colour: red\n")
    commit(root, "Broken")
    done = _run(root, "mv", "milling/flour", "meal")
    assert done.returncode == 1 and "colour" in done.stderr


def test_a_topic_is_renamed_with_its_file(root: Path) -> None:
    done = _run(root, "mv", "milling/milling-basics", "mills")
    assert done.returncode == 0, done.stderr
    assert not (root / "knowledge/milling/milling-basics.yaml").exists()
    assert "topic: mills\n" in (root / "knowledge/milling/mills.yaml").read_text()
    assert _run(root, "check").returncode == 0
