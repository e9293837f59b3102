"""`proda curate`: what it prints, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main", "curate"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("curate"))


def _run(root: Path, *args: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_dry_run_counts_and_writes_nothing(root: Path) -> None:
    done = _run(root, "--dry-run")
    assert done.stdout.startswith("3 sources, ") and ": 1 words in the sources for each word kept" in done.stdout
    assert done.stderr == "Nothing was written: a dry run.\n"
    assert not (root / "build").exists()


def test_counts_go_to_standard_output_and_files_to_build(root: Path) -> None:
    done = _run(root)
    assert "wrote 3 of 3 files in build/curated" in done.stderr
    assert len(list((root / "build/curated").glob("*/*.jsonl"))) == 3
    assert "wrote 0 of 3 files" in _run(root).stderr


def test_json_counts_each_source(root: Path) -> None:
    data = json.loads(_run(root, "--json").stdout)
    assert set(data["sources"]) == {"lighting/lighting-notes", "milling/milling-notes", "ovens/ovens-notes"}
    assert data["words"] == sum(found["words"] for found in data["sources"].values())
    assert data["compression"] == round(data["words"] / data["kept_words"], 3)
    one = json.loads(_run(root, "ovens/ovens-notes", "--json").stdout)
    assert list(one["sources"]) == ["ovens/ovens-notes"]


def test_rejected_passages_are_shown_with_their_reason_and_no_control_characters(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    (root / "documents.yaml").write_text("curate: {min_words: 5000}\n")
    done = _run(root, "--rejected", "2", "--dry-run")
    assert done.stdout.count("  short: ") == 2 and "words, expected 5000 or more" in done.stdout
    assert "No chunk is kept." in done.stdout
    assert len(json.loads(_run(root, "--rejected", "2", "--dry-run", "--json").stdout)["rejected"]) == 2
    assert not [c for c in done.stdout if ord(c) < 32 and c != "\n"]


def test_mistakes_get_one_message(root: Path, tmp_path: Path) -> None:
    assert "Did you mean 'ovens/ovens-notes'?" in _run(root, "ovens/oven-notes", code=1).stderr
    assert "Not a ProDa repository" in _run(tmp_path, code=1).stderr
    other = make_repository(tmp_path)
    (other / "documents.yaml").write_text("curate: {judge: openai}\n")
    done = _run(other, code=1)
    assert "curate.judge needs a model" in done.stderr and "judge: none" in done.stderr
    assert not (other / "build").exists()
    (other / "documents.yaml").write_text("curate: {min_word: 3}\n")
    assert "min_word" in _run(other, code=1).stderr
