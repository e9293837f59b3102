"""Lock files that a killed `dvc repro` left damaged are removed or named before a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.workflows.dvc_locks import LOCK, RWLOCK, main

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("text", ["", "{", "[]", '{"read": {'])
def test_a_damaged_rwlock_is_removed_and_a_whole_one_stays(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / RWLOCK
    path.parent.mkdir(parents=True)
    path.write_text('{"read": {}}')
    assert main(tmp_path) == 0 and path.is_file()
    path.write_text(text)
    assert main(tmp_path) == 0 and not path.exists() and "rwlock" in capsys.readouterr().err
    assert main(tmp_path) == 0 and capsys.readouterr().err == ""


@pytest.mark.parametrize("cut", [0, 1, 8, 31])
def test_a_damaged_dvc_lock_is_named_with_the_remedy_and_stays(tmp_path: Path, cut: int, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (ROOT / "dvc.lock").read_text()
    (tmp_path / LOCK).write_text(whole)
    assert main(tmp_path) == 0
    # A file that ends in the middle of a stage may still be YAML.
    text = whole[:cut] if cut else "schema: '2.0'\nstages:\n  check:\n    deps: []\n"
    (tmp_path / LOCK).write_text(text)
    assert main(tmp_path) == 1
    said = capsys.readouterr().err
    assert "dvc.lock" in said and "git checkout dvc.lock" in said
    assert (tmp_path / LOCK).read_text() == text


def test_a_merge_conflict_in_dvc_lock_is_not_called_an_interruption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / LOCK).write_text("<<<<<<< HEAD\nschema: '2.0'\n=======\n>>>>>>> other\n")
    assert main(tmp_path) == 1
    said = capsys.readouterr().err
    assert "A merge conflict is not resolved here" in said and "git checkout --ours dvc.lock" in said and "interrupted" not in said
