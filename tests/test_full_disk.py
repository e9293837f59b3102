"""A disk with no room left: one message, the old files as they were, and the next run works.

The operating system itself refuses the writes: a limit on the size of files (RLIMIT_FSIZE) is to a program what a full disk is.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toyworld import ROOT, make_repository

LIMIT_BYTES = 512


def _python(root: Path, *arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def no_room() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False, preexec_fn=no_room)


def _files(root: Path, folder: str) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((root / folder).rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("stage", "out"), [("check", "build/knowledge"), ("benchmark", "benchmarks/items"), ("synthesize", "samples/corpus")]
)
def test_a_stage_on_a_full_disk_says_so_and_leaves_what_was_there(tmp_path: Path, stage: str, out: str) -> None:
    root = make_repository(tmp_path, git=False)
    assert _python(root, "-m", "pipelines.check").returncode == 0
    whole = _python(root, "-m", f"pipelines.{stage}")
    assert whole.returncode == 0, whole.stderr
    before = _files(root, out)
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text().replace("term: millstone motion", "term: grinding motion"))
    if stage != "check":
        assert _python(root, "-m", "pipelines.check").returncode == 0
    refused = _python(root, "-m", f"pipelines.{stage}", limit=LIMIT_BYTES)
    assert refused.returncode == 1, refused.stdout
    assert "Traceback" not in refused.stderr
    assert "Free" in refused.stderr
    assert _files(root, out) == before
    again = _python(root, "-m", f"pipelines.{stage}")
    assert again.returncode == 0, again.stderr
    assert _files(root, out) != before


def test_check_fix_on_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text() + "\n\n")
    before = _files(root, "knowledge")
    refused = _python(root, "-m", "proda.cli.main", "check", "--fix", limit=LIMIT_BYTES)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert _files(root, "knowledge") == before
    assert _python(root, "-m", "proda.cli.main", "check", "--fix").returncode == 0
