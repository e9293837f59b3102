"""Where a build comes from: outputs and unrelated files do not make it dirty, inputs do, committed or not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proda.history.provenance import build_inputs, changed_inputs, provenance

PIPELINE = """\
stages:
  write:
    cmd: "true"
    deps: [knowledge, code.py]
    outs:
      - items: {cache: false, persist: true}
    metrics: [metrics.json]
  read:
    cmd: "true"
    deps: [items/dev, build/knowledge, knowledge]
    outs: [build/model]
"""


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for name, text in {
        "dvc.yaml": PIPELINE,
        "params.yaml": "a: 1",
        "code.py": "",
        "README": "",
        "knowledge/a": "1",
        "items/dev/a": "1",
        "metrics.json": "{}",
        ".gitignore": "build",
        "dvc.lock": "x",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "Say what a strip does\n\nMore.")
    return tmp_path


def test_the_inputs_are_what_stages_read_and_none_writes(root: Path) -> None:
    assert build_inputs(root) == ["build/knowledge", "code.py", "dvc.yaml", "knowledge", "params.yaml"]


def test_removed_outputs_and_a_written_lock_leave_a_build_clean(root: Path) -> None:
    (root / "metrics.json").unlink()
    (root / "items/dev/a").unlink()
    (root / "dvc.lock").write_text("y")
    (root / "README").write_text("A word.")
    found = provenance(root)
    assert not found.dirty and len(found.commit) == 40 and found.branch == "main"
    assert found.name == "main: Say what a strip does"
    git(root, "checkout", "-q", "--detach")
    assert provenance(root).name == f"{found.commit[:9]}: Say what a strip does"


@pytest.mark.parametrize("change", ["knowledge/a", "knowledge/new", "code.py", "params.yaml", "dvc.yaml"])
def test_a_changed_or_new_input_makes_a_build_dirty(root: Path, change: str) -> None:
    (root / change).write_text((root / change).read_text() + "# 2\n" if (root / change).exists() else "2")
    assert provenance(root).dirty and change in changed_inputs(root)[0]


def test_settings_of_git_and_a_hooks_variables_change_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git(root, "config", "log.showSignature", "true")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    git(elsewhere, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git/index"))
    assert provenance(root).name == "main: Say what a strip does" and not provenance(root).dirty


def test_without_git_or_a_commit_there_is_no_commit(tmp_path: Path) -> None:
    found = provenance(tmp_path)
    assert (found.commit, found.branch, found.dirty, found.name) == ("", "", False, "without git")
    git(tmp_path, "init", "-q")
    assert provenance(tmp_path).commit == ""
