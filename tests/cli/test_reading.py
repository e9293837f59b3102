"""`proda reading`: what the embedded base reads, and what it must not read."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from proda.store.reading import PATH, load_reading
from tests.toyworld import make_repository

SOURCE, TOPIC = "milling/milling-notes", "knowledge/milling/milling-basics.yaml"
SPARE = "A mill needs a miller."
PATH_SENTENCE = "In short: wind, sail rotation and shaft torque."  # the concepts of a whole path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path)
    text, catalogue = root / f"knowledge/sources/{SOURCE}.md", root / "knowledge/sources/catalogue.yaml"
    before = hashlib.sha256(text.read_bytes()).hexdigest()
    text.write_text(f"{text.read_text()}\n{SPARE} {PATH_SENTENCE}\n")
    catalogue.write_text(catalogue.read_text().replace(before, hashlib.sha256(text.read_bytes()).hexdigest()))
    return root


def _run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "proda.cli.main", "reading", *args]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_a_dry_run_prints_what_would_be_written_and_writes_nothing(root: Path) -> None:
    before = (root / PATH).read_bytes() if (root / PATH).is_file() else None
    done = _run(root, "--dry-run")
    assert done.returncode == 0 and done.stderr == "Nothing was written: a dry run.\n"
    assert ((root / PATH).read_bytes() if (root / PATH).is_file() else None) == before
    assert _run(root).stdout == done.stdout


def test_sentences_that_are_quoted_or_name_a_path_are_left_out(root: Path) -> None:
    done = _run(root)
    assert done.returncode == 0 and "The base is trained again" in done.stderr, done.stderr
    read = next(reading for reading in load_reading(root / PATH) if reading.source == SOURCE)
    assert SPARE in read.sentences and PATH_SENTENCE not in read.sentences
    topic = (root / TOPIC).read_text()
    assert not [sentence for sentence in read.sentences if sentence in topic]
    again = _run(root)
    assert again.stdout.endswith("; unchanged\n") and again.stderr == ""


def test_knowledge_with_errors_is_one_message_and_nothing_is_written(root: Path) -> None:
    topic = root / TOPIC
    topic.write_text(topic.read_text().replace("relation: causes", "relation: makes", 1))
    before = (root / PATH).read_bytes() if (root / PATH).is_file() else None
    done = _run(root)
    assert done.returncode == 1 and "Run `proda check`, and fix what it finds." in done.stderr and "Traceback" not in done.stderr
    assert ((root / PATH).read_bytes() if (root / PATH).is_file() else None) == before
