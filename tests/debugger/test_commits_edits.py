"""The commit of a patch can edit the knowledge base too: both files change or neither, once, and one revert undoes both."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from proda.debugger.branch import ready
from proda.debugger.commits import commit_patches, leftover
from proda.debugger.reverts import harmful, revert_patches
from proda.errors import InputError
from proda.gitrepo import GitError
from proda.records import Edit, Patch
from proda.store.patches import load_patches, named, patch_text
from tests.debugger.test_commits import PATCHES, git, judged, root, state

__all__ = ["root"]  # the fixture: a repository with one commit

TOPIC = "knowledge/d/topic.yaml"
BEFORE = "# by hand\none: a\ntwo: b\n"
BRANCH = "repair/round-1"


def with_edits(patch: Patch, *pairs: tuple[str, str]) -> Patch:
    return named(msgspec.structs.replace(patch, edits=tuple(Edit(TOPIC, f"d/{c}", f"d/{other}") for c, other in pairs)))


EDITED = [PATCHES[0], with_edits(PATCHES[1], ("one", "x")), with_edits(PATCHES[2], ("two", "y"), ("one", "z"))]


def edit(text: str, change: Edit) -> str:
    """A toy edit: `one: a` becomes `one: a x`."""
    name, other = change.concept[2:], change.distinct_from[2:]
    line = next((x for x in text.splitlines() if x.startswith(f"{name}: ")), None)
    if line is None:
        raise InputError(f"{change.file}  {name}\n  The concept is gone.")
    return text if other in line.split() else text.replace(line, f"{line} {other}")


@pytest.fixture
def repo(root: Path) -> Path:
    path = root / TOPIC
    path.parent.mkdir(parents=True)
    path.write_text(BEFORE)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Knowledge")
    return root


def test_the_edit_is_in_the_commit_of_its_patch_and_a_revert_restores_both_byte_for_byte(repo: Path) -> None:
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == EDITED
    assert (repo / TOPIC).read_text() == "# by hand\none: a x z\ntwo: b y\n" and git(repo, "status", "--porcelain") == ""
    files = [sorted(git(repo, "show", "--name-only", "--format=", c).split()) for c in git(repo, "rev-list", "main..").split()]
    assert files == [[TOPIC, f"samples/patches/{p.id}.yaml"] for p in (EDITED[2], EDITED[1])] + [[f"samples/patches/{EDITED[0].id}.yaml"]]
    assert git(repo, "log", "-1", "--format=%(trailers:key=Edit,valueonly)").splitlines() == [
        "d/two distinct_from d/y",
        "d/one distinct_from d/z",
    ]
    for n in (0, 2, 4):
        git(repo, "revert", "--no-edit", f"HEAD~{n}")
    assert (repo / TOPIC).read_text() == BEFORE and git(repo, "rev-parse", "HEAD^{tree}") == git(repo, "rev-parse", "main^{tree}")


def test_run_twice_nothing_doubles_wherever_one_stands(repo: Path) -> None:
    commit_patches(repo, EDITED, branch=BRANCH, edit=edit)
    before = state(repo)
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == [] and state(repo) == before
    git(repo, "switch", "-q", "main")
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == [] and state(repo) == before


def test_an_entry_that_has_it_already_is_not_edited(repo: Path) -> None:
    (repo / TOPIC).write_text("# by hand\none: a x\ntwo: b\n")
    git(repo, "commit", "-q", "-a", "-m", "By hand")
    assert commit_patches(repo, EDITED[1:2], branch=BRANCH, edit=edit) == EDITED[1:2]
    assert git(repo, "show", "--name-only", "--format=") == f"samples/patches/{EDITED[1].id}.yaml"


@pytest.mark.parametrize("killed", ["before the topic file", "before git add", "before git commit", "with one staged"])
def test_a_run_that_was_killed_ends_where_it_would_have(repo: Path, killed: str) -> None:
    commit_patches(repo, EDITED[:1], branch=BRANCH, edit=edit)
    patch = repo / f"samples/patches/{EDITED[1].id}.yaml"
    patch.write_text(patch_text(EDITED[1]))
    if killed != "before the topic file":
        (repo / TOPIC).write_text(edit(BEFORE, EDITED[1].edits[0]))
    if killed == "before git commit":
        git(repo, "add", "-A")
    if killed == "with one staged":
        git(repo, "add", TOPIC)
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == EDITED[1:]
    assert git(repo, "status", "--porcelain") == "" and (repo / TOPIC).read_text() == "# by hand\none: a x z\ntwo: b y\n"
    assert [len(git(repo, "show", "--name-only", "--format=", f"HEAD~{n}").split()) for n in (0, 1)] == [2, 2]


def test_a_topic_file_edited_by_hand_is_not_taken_for_what_a_killed_run_left(repo: Path) -> None:
    def refused() -> None:
        before = (repo / TOPIC).read_text()
        for run in (lambda: ready(repo, leftover(repo, edit)), lambda: commit_patches(repo, EDITED, branch=BRANCH, edit=edit)):
            with pytest.raises(GitError, match="not committed"):
                run()
        assert (repo / TOPIC).read_text() == before

    (repo / TOPIC).write_text(edit(BEFORE, EDITED[1].edits[0]))
    refused()  # the same edit without the patch that asks for it
    patch = repo / f"samples/patches/{EDITED[1].id}.yaml"
    patch.write_text(patch_text(EDITED[1]))
    ready(repo, leftover(repo, edit))
    (repo / TOPIC).write_text(edit(BEFORE, EDITED[1].edits[0]) + "three: c\n")
    refused()  # the patch is there, but the file has another change too
    patch.write_text("half of it")
    (repo / TOPIC).write_text(edit(BEFORE, EDITED[1].edits[0]))
    refused()


def test_a_topic_file_that_is_not_what_it_was_is_refused_with_nothing_touched(repo: Path) -> None:
    for text in ("# by hand\ntwo: b\n", None):
        if text:
            (repo / TOPIC).write_text(text)
        else:
            (repo / TOPIC).unlink()
        git(repo, "commit", "-q", "-a", "-m", "Moved on")
        before = state(repo)
        with pytest.raises(InputError, match=r"knowledge/d/topic\.yaml"):
            commit_patches(repo, EDITED, branch=BRANCH, edit=edit)
        assert state(repo) == before and not load_patches(repo)


def test_a_hook_that_refuses_leaves_both_files_as_they_were(repo: Path) -> None:
    commit_patches(repo, EDITED[:1], branch=BRANCH, edit=edit)
    hook = repo / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    os.chmod(hook, 0o755)
    before = state(repo)
    with pytest.raises(GitError, match="not on a Friday"):
        commit_patches(repo, EDITED, branch=BRANCH, edit=edit)
    assert state(repo) == before and (repo / TOPIC).read_text() == BEFORE and load_patches(repo) == EDITED[:1]


def test_a_harmful_patch_is_reverted_with_its_edit(repo: Path) -> None:
    commit_patches(repo, EDITED[:2], branch=BRANCH, edit=edit)
    judged(repo, EDITED[1])
    revert_patches(repo, harmful(repo))
    assert (repo / TOPIC).read_text() == BEFORE and load_patches(repo) == EDITED[:1]
