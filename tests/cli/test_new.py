"""`proda new`: from an empty topic to its first sample in the corpus, and every way in which it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]
FIELDS = ["--title", "Lenses", "--origin", "written for the tests", "--licence", "CC-BY-4.0"]
TOPIC, SOURCE = "knowledge/optics/lenses.yaml", "knowledge/sources/optics/lenses.md"

TEXT = """\
# Lenses

A curved surface of glass makes light refract. When light refracts at a lens, it converges behind it. Where light converges, a sharp image
forms. Readers have used such lenses for centuries.
"""
ENTRIES = """\
discipline: optics
topic: lenses
source: optics/lenses
concepts:
  curved-glass: {term: curved glass, type: structure, definition: a clear solid with a surface that is part of a sphere}
  refraction: {term: refraction, type: process, definition: the change in the direction of light where it enters a medium}
  convergence: {term: convergence, type: process, definition: the meeting of rays at a common point}
  sharp-image: {term: sharp image, phrase: a sharp image, type: phenomenon, definition: a likeness whose points are all distinct}
chains:
  lens-makes-image:
    explains: how a lens makes an image
    steps:
      - id: s1
        subject: curved-glass
        relation: causes
        object: refraction
        text: Curved glass causes refraction at its surface.
        evidence: {quote: A curved surface of glass makes light refract.}
      - id: s2
        subject: refraction
        relation: causes
        object: convergence
        text: Refraction causes convergence behind a lens.
        evidence: {quote: "When light refracts at a lens, it converges behind it."}
      - id: s3
        subject: convergence
        relation: produces
        object: sharp-image
        text: Convergence produces a sharp image.
        evidence: {quote: "Where light converges, a sharp image"}
"""


def _run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _status(root: Path) -> str:
    return subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=root, capture_output=True, text=True, check=True).stdout


def test_from_nothing_to_the_first_sample(tmp_path: Path) -> None:
    root = make_repository(tmp_path, code=True)
    done = _run(root, "new", "optics/lenses", *FIELDS)
    assert done.returncode == 0, done.stderr
    assert "optics is new: 10 samples" in done.stderr
    entry = yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["optics/lenses"]
    assert (entry["title"], entry["origin"], entry["licence"]) == ("Lenses", "written for the tests", "CC-BY-4.0")

    left = _run(root, "check", "--json")
    assert left.returncode == 1
    found = {(f["path"], f["rule"]): f["message"] for f in json.loads(left.stdout)["findings"] if f["rule"] == "drafts"}
    assert set(found) == {("", "drafts"), ("chains", "drafts")}
    assert any(f["file"] == str(SOURCE) and f["line"] == 3 for f in json.loads(left.stdout)["findings"])

    (root / SOURCE).write_text(TEXT)
    (root / TOPIC).write_text(ENTRIES)
    done = _run(root, "check", "--fix")
    assert done.returncode == 0, done.stdout
    for stage in ("check", "synthesize"):
        made = subprocess.run([sys.executable, "-m", f"pipelines.{stage}"], cwd=root, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
    samples = yaml.safe_load((root / "samples/corpus/optics/lenses.yaml").read_text())["samples"]
    assert len(samples) == 10
    taught = {node for sample in samples for node in sample["nodes"]}
    assert {f"optics/lens-makes-image.s{n}" for n in (1, 2, 3)} <= taught


def test_a_missing_licence_is_misuse_off_a_terminal_and_nothing_is_written(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    done = _run(root, "new", "optics/lenses", *FIELDS[:4])
    assert done.returncode == 2
    assert "--licence" in done.stderr and "--licence CC-BY-4.0" in done.stderr and "--title" not in done.stderr
    assert _status(root) == ""


def test_what_is_missing_is_asked_for_at_a_terminal(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    terminal, side = pty.openpty()
    os.write(terminal, b"Lenses\nwritten by hand\nCC0-1.0\n")
    done = subprocess.run([*COMMAND, "new", "optics/lenses"], cwd=root, stdin=side, capture_output=True, text=True, check=False)
    os.close(side)
    os.close(terminal)
    assert done.returncode == 0, done.stderr
    assert "Title" in done.stderr and "Licence" in done.stderr and "Title" not in done.stdout
    entry = yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]["optics/lenses"]
    assert (entry["title"], entry["origin"], entry["licence"]) == ("Lenses", "written by hand", "CC0-1.0")


def test_a_dry_run_shows_every_file_and_writes_none(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    done = _run(root, "new", "optics/lenses", *FIELDS, "--dry-run")
    assert done.returncode == 0
    for shown in (f"+++ {SOURCE}", f"+++ {TOPIC}", "+    licence: CC-BY-4.0", "+  optics: 10"):
        assert shown in done.stdout
    assert _status(root) == ""
    planned = json.loads(_run(root, "new", "optics/lenses", *FIELDS, "--dry-run", "--json").stdout)
    assert planned["written"] == [] and {SOURCE, TOPIC} <= set(planned["planned"])


def test_a_second_run_overwrites_nothing(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    assert _run(root, "new", "optics/lenses", *FIELDS).returncode == 0
    (root / TOPIC).write_text(ENTRIES)
    before = _status(root)
    done = _run(root, "new", "optics/lenses", *FIELDS)
    assert done.returncode == 1 and TOPIC in done.stderr and SOURCE in done.stderr
    assert (root / TOPIC).read_text() == ENTRIES and _status(root) == before


@pytest.mark.parametrize("topic_id", ["../../etc/passwd", "optics/../../x", "Optics/lenses", "optics", "sources/lenses"])
def test_an_id_that_could_lead_elsewhere_is_misuse(tmp_path: Path, topic_id: str) -> None:
    root = make_repository(tmp_path)
    done = _run(root, "new", topic_id, *FIELDS)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert _status(root) == ""


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    root, outside = make_repository(tmp_path), tmp_path / "outside"
    outside.mkdir()
    (root / "knowledge/optics").symlink_to(outside)
    done = _run(root, "new", "optics/lenses", *FIELDS)
    assert done.returncode == 1 and "symbolic link" in done.stderr
    assert list(outside.iterdir()) == [] and not (root / SOURCE).exists()


def test_the_share_is_updated_when_asked(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    said = _run(root, "new", "milling/water", *FIELDS).stderr
    assert "milling keeps its 40 samples" in said and "the mean of the other disciplines)." in said
    assert "--allocate" not in said, "it would lower the number to 32"
    done = _run(root, "new", "milling/milling-basics", "--allocate")
    assert done.returncode == 0 and "milling: 40 → 32 samples (10 statements" in done.stderr
    assert yaml.safe_load((root / "samples/allocation.yaml").read_text())["samples"] == {"lighting": 40, "milling": 32, "ovens": 40}
    assert _run(root, "new", "milling/no-such-topic", "--allocate").returncode == 1
    assert _run(root, "new", "milling/milling-basics", "--allocate", "--title", "x").returncode == 2


def test_an_only_discipline_is_told_that_the_rate_is_the_default_and_what_allocate_would_change(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    allocation = root / "samples/allocation.yaml"
    allocation.write_text("samples: {milling: 40}\n")
    said = _run(root, "new", "milling/water", *FIELDS).stderr
    assert "8.0 per statement, the default" in said and "other disciplines" not in said
    assert "milling keeps its 40 samples" in said and "To raise it to 80, run `proda new milling/water --allocate`." in said


def test_it_works_from_any_folder_of_the_repository_and_names_a_discipline_that_sounds_alike(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    done = _run(root / "knowledge/milling", "new", "miling/lenses", *FIELDS)
    assert done.returncode == 0 and "similar name: milling" in done.stderr
    assert (root / "knowledge/miling/lenses.yaml").is_file()
