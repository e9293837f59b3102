"""One commit for one document: these paths, these entries of shared files, and no other staged change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from proda.gitrepo import GitError
from proda.workflows.check_repository import check_repository
from proda.workflows.review import Review
from proda.workflows.review_commit import commit_review
from tests.reviewworld import CHAINS, SOURCE, add_source, key_of, make_review

FIRST = next(iter(CHAINS))


def git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_review(tmp_path_factory.mktemp("made"), git=True, merges=True)
    git(root, "config", "user.name", "Ada Example")
    git(root, "config", "user.email", "ada@example.org")
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    review.reject(key_of("noise"), "trivial")
    return root


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "toy"))


def _state(root: Path) -> tuple[str, str, str]:
    return git(root, "rev-parse", "HEAD"), git(root, "write-tree"), git(root, "status", "--porcelain", "-uall")


def test_the_commit_names_counts_document_and_reviewer(root: Path) -> None:
    made = commit_review(root, SOURCE)
    assert made is not None and git(root, "rev-parse", "HEAD").strip() == made.id
    assert git(root, "log", "-1", "--format=%B").strip().splitlines() == [
        f"Review {SOURCE}: 1 chain, 3 statements accepted, 1 statement rejected",
        "",
        f"Source: {SOURCE}",
        "Document: heat-pumps.pdf",
        "Reviewed-by: Ada Example <ada@example.org>",
    ]
    assert git(root, "log", "-1", "--format=%(trailers:key=Reviewed-by,valueonly)").strip() == "Ada Example <ada@example.org>"
    assert sorted(git(root, "show", "--name-only", "--format=").split()) == sorted(
        [
            f"knowledge/{SOURCE}.yaml",
            "knowledge/merges.yaml",
            "knowledge/sources/catalogue.yaml",
            f"knowledge/sources/{SOURCE}.md",
            f"proposals/{SOURCE}.yaml",
            "samples/allocation.yaml",
        ]
    )
    assert git(root, "status", "--porcelain") == ""
    assert commit_review(root, SOURCE) is None


def test_a_second_commit_counts_only_what_is_new(root: Path) -> None:
    commit_review(root, SOURCE)
    Review(root, SOURCE).reject(key_of("comfort"), "trivial")
    made = commit_review(root, SOURCE)
    assert made is not None and made.subject == f"Review {SOURCE}: 1 statement rejected"
    assert made.files == (f"proposals/{SOURCE}.yaml",)


def test_other_sources_and_other_changes_stay_in_the_work_tree(root: Path, tmp_path: Path) -> None:
    add_source(root, "# Stoves\n\nA stove burns wood.\n", "energy/stoves")
    params = root / "params.yaml"
    params.write_text(params.read_text() + "# a note\n")
    allocation = root / "samples/allocation.yaml"
    allocation.write_text(allocation.read_text().replace("milling: 40", "milling: 41"))
    before = {p: p.read_bytes() for p in (params, allocation, root / "knowledge/sources/catalogue.yaml")}
    commit_review(root, SOURCE)
    assert {p: p.read_bytes() for p in before} == before
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(root), str(clone))
    catalogue = yaml.safe_load((clone / "knowledge/sources/catalogue.yaml").read_text())["sources"]
    assert SOURCE in catalogue and "energy/stoves" not in catalogue
    shares = yaml.safe_load((clone / "samples/allocation.yaml").read_text())["samples"]
    assert shares["milling"] == 40 and "energy" in shares
    assert not [f for f in check_repository(clone).findings if f.severity == "error"]  # the commit passes the check without later changes
    assert git(root, "status", "--porcelain").split("\n")[:3] == [
        " M knowledge/sources/catalogue.yaml",
        " M params.yaml",
        " M samples/allocation.yaml",
    ]


def test_what_somebody_else_has_staged_stops_the_commit(root: Path) -> None:
    (root / "params.yaml").write_text((root / "params.yaml").read_text() + "# a note\n")
    git(root, "add", "params.yaml")
    before = _state(root)
    with pytest.raises(GitError, match=r"(?s)Other changes are staged.*params\.yaml.*git restore --staged"):
        commit_review(root, SOURCE)
    assert _state(root) == before


def test_a_refusing_hook_leaves_index_and_head_as_they_were(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho 'no commits on Sundays' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = _state(root)
    with pytest.raises(GitError, match="no commits on Sundays"):
        commit_review(root, SOURCE)
    assert _state(root) == before


def test_a_hook_that_changes_a_text_makes_the_commit_fail(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\necho '# added' >> proposals/{SOURCE}.yaml\ngit add proposals/{SOURCE}.yaml\n")
    hook.chmod(0o755)
    head = git(root, "rev-parse", "HEAD")
    with pytest.raises(GitError, match="A git hook changed"):
        commit_review(root, SOURCE)
    assert git(root, "rev-parse", "HEAD") == head


def test_without_an_identity_or_a_branch_there_is_no_commit(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    with pytest.raises(GitError, match="HEAD is detached"):
        commit_review(root, SOURCE)
    git(root, "checkout", "-q", "main")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    git(root, "config", "--unset", "user.name")
    git(root, "config", "--unset", "user.email")
    with pytest.raises(GitError, match="Git has no author"):
        commit_review(root, SOURCE)


def test_of_a_source_that_dvc_tracks_the_hash_is_committed_and_not_the_text(root: Path) -> None:
    folder = root / f"knowledge/sources/{SOURCE}.md"
    folder.with_name("heat-pumps.md.dvc").write_text("outs:\n- md5: 0\n  path: heat-pumps.md\n")
    folder.with_name(".gitignore").write_text("/heat-pumps.md\n/stoves.md\n")
    made = commit_review(root, SOURCE)
    assert made is not None
    assert f"knowledge/sources/{SOURCE}.md.dvc" in made.files and f"knowledge/sources/{SOURCE}.md" not in made.files
    assert git(root, "show", "HEAD:knowledge/sources/energy/.gitignore") == "/heat-pumps.md\n"
