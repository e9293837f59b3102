"""`proda ingest`: what is printed, asked and written, the exit status, and that no text of a document reaches the terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import generated
from tests.documents.generated import EROSION, HEAT_PUMPS, parts_of
from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main", "ingest"]
STATED = ["--discipline", "milling", "--licence", "CC-BY-4.0", "--origin", "written for the tests"]
CATALOGUE = "knowledge/sources/catalogue.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "pump.pdf").write_bytes(generated.pdf(parts_of(HEAT_PUMPS) * 2, 2))
    (folder / "bank.docx").write_bytes(generated.docx(parts_of(EROSION)))
    return folder


def run(root: Path, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, args)], cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_a_folder_becomes_sources_and_again_nothing(root: Path, papers: Path) -> None:
    (papers / "scan.pdf").write_bytes(b"%PDF-1.7 broken")
    (papers / "notes.csv").write_text("a,b\n")
    done = run(root, papers, *STATED)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["new", "new", "refused"]
    assert "→ milling/erosion-of-river-banks: 3" in lines[0] and "7 headings, 1 table" in lines[0]
    assert "milling/heat-pumps" in lines[1] and " pages, " in lines[1]
    assert "damaged" in lines[2]
    assert "2 new, 1 refused." in done.stderr and "1 file of other kinds left out: .csv 1." in done.stderr
    (papers / "scan.pdf").unlink()
    before = (root / CATALOGUE).read_text()
    done = run(root, papers, "--discipline", "milling")  # nothing is new, so nothing is asked
    assert done.returncode == 0 and "2 unchanged." in done.stderr
    assert (root / CATALOGUE).read_text() == before


def test_without_a_licence_off_a_terminal_nothing_is_written(root: Path, papers: Path) -> None:
    before = (root / CATALOGUE).read_text()
    done = run(root, papers, "--discipline", "milling", "--origin", "here")
    assert done.returncode == 2 and "--licence" in done.stderr and "Nothing was written" in done.stderr
    assert (root / CATALOGUE).read_text() == before and not (root / "knowledge/sources/milling/heat-pumps.md").exists()


def test_at_a_terminal_licence_and_origin_are_asked_for(root: Path, papers: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, str(papers / "bank.docx"), "--discipline", "milling"],
        cwd=root,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"CC0\nMy own lectures\n")
    out, error = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, error
    assert b"Licence" in error and b"Origin" in error and out.startswith(b"new")
    assert "licence: CC0\n    sha256" in (root / CATALOGUE).read_text() and "origin: My own lectures" in (root / CATALOGUE).read_text()


def test_a_dry_run_reads_and_writes_nothing(root: Path, papers: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git/" not in str(path)}
    done = run(root, papers, "--discipline", "milling", "--dry-run")
    assert done.returncode == 0 and "would be milling/heat-pumps" in done.stdout and "a dry run" in done.stderr
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git/" not in str(path)} == before


def test_json(root: Path, papers: Path) -> None:
    done = run(root, papers / "pump.pdf", *STATED, "--json")
    found = json.loads(done.stdout)
    [file] = found["files"]
    assert found["written"] == ["milling/heat-pumps"] and file["state"] == "new" and file["format"] == "pdf" and file["words"] > 800
    assert json.loads(run(root, papers / "pump.pdf", *STATED, "--json").stdout)["written"] == []


def test_changes_are_shown_and_written_with_update(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "pump.md"
    path.write_text("# Pumps\n\nA pump moves heat.\n")
    run(root, path, *STATED)
    path.write_text("# Pumps\n\nA pump moves heat upwards.\n")
    done = run(root, path, "--discipline", "milling")
    assert done.returncode == 0 and "1 line added, 1 removed (not written)" in done.stdout
    assert "+A pump moves heat upwards." in done.stdout and "--update" in done.stderr
    done = run(root, path, "--discipline", "milling", "--update")
    assert "updated" in done.stdout and "upwards" in (root / "knowledge/sources/milling/pumps.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--discipline", "../x"], "--discipline: got"),
        (["--discipline", "sources"], "another use"),
        (["--discipline", "milling", "--topic", "A b"], "expected DISCIPLINE/TOPIC"),
        (["--discipline", "milling", "--topic", "one"], "are for one file"),
        (["--discipline", "milling", "--licence", " "], "--licence"),
        (["--discipline", "milling", "--origin", "https://user:secret@example.org"], "user name or password"),
        (["--discipline", "milling", "--dvc"], "dvc init"),
    ],
)
def test_misuse(root: Path, papers: Path, arguments: list[str], message: str) -> None:
    done = run(root, papers, *arguments)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr and "secret@" not in done.stderr


def test_nothing_of_a_document_reaches_the_terminal_or_the_shell(root: Path, papers: Path) -> None:
    (papers / "bank.docx").unlink()
    (papers / "pump.pdf").unlink()
    (papers / "a\x1b[2J;touch pwned;$(touch pwned).md").write_text("# T\x1b]0;owned\x07itle\n\nText \x1b[31m.\n")
    done = run(root, papers, *STATED)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr
    assert not (root / "pwned").exists() and not (papers / "pwned").exists()


def test_every_document_of_the_corpus_is_ingested_or_refused_with_a_reason(root: Path) -> None:
    documents = generated.corpus() / "documents"
    done = run(root, documents, *STATED, "--json")
    files = json.loads(done.stdout)["files"]
    assert len(files) == len([path for path in documents.iterdir() if path.suffix != ".json"])
    assert all(file["state"] == "new" or file["reason"] for file in files)
    check = subprocess.run([*COMMAND[:-1], "check"], cwd=root, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout
