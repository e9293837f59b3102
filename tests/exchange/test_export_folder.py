"""An export appears as a whole or not at all, and replaces nothing but an export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.exchange.export_folder import MANIFEST, export_folder
from proda.exchange.row_files import write_jsonl
from tests.killing import kill_when
from tests.toyworld import ROOT

SLOW = """
import sys, time
from pathlib import Path
from proda.exchange.export_folder import export_folder
from proda.exchange.row_files import write_jsonl
def rows():
    for n in range(1000):
        yield {"n": n, "pad": "x" * 10_000}
        time.sleep(0.01)
with export_folder(Path(sys.argv[1]), {}) as folder:
    folder.add("train.jsonl", write_jsonl(folder.path / "train.jsonl", rows()))
"""


def _export(out: Path, *values: int) -> None:
    with export_folder(out, {"format": "toy"}) as folder:
        folder.add("data/train.jsonl", write_jsonl(folder.path / "data/train.jsonl", ({"n": n} for n in values)))


def _rows(out: Path) -> list[int]:
    return [json.loads(line)["n"] for line in (out / "data/train.jsonl").read_text().splitlines()]


def _dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_an_export_replaces_an_export(tmp_path: Path) -> None:
    _export(tmp_path / "out", 1, 2)
    _export(tmp_path / "out", 3)
    assert _rows(tmp_path / "out") == [3]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_manifest_lists_every_other_file_with_rows_size_and_hash(tmp_path: Path) -> None:
    _export(tmp_path / "out", 1, 2)
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["files"]["data/train.jsonl"]["rows"] == 2
    assert manifest["files"]["data/train.jsonl"]["bytes"] == (tmp_path / "out/data/train.jsonl").stat().st_size
    assert manifest["export"] == {"format": "toy"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _export(tmp_path / "out", 1)
    assert _rows(tmp_path / "out") == [1]


@pytest.mark.parametrize("case", ["folder", "file", "link", "added", "forged"])
def test_what_is_not_an_export_is_refused_and_left_as_it_is(tmp_path: Path, case: str) -> None:
    out = tmp_path / "out"
    if case in ("added", "forged"):
        _export(out, 1)
        (out / "data/mine.txt").write_text("mine")
        if case == "forged":
            (out / MANIFEST).write_text("{not json")
    elif case == "file":
        out.write_text("mine")
    else:
        kept = tmp_path / "kept" if case == "link" else out
        kept.mkdir()
        (kept / "mine.txt").write_text("mine")
        if case == "link":
            out.symlink_to(kept)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(InputError, match=r"nothing is overwritten|Nothing is overwritten"):
        _export(out, 2)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_error_while_writing_leaves_the_earlier_export(tmp_path: Path) -> None:
    _export(tmp_path / "out", 1)
    with pytest.raises(RuntimeError, match="in the middle"), export_folder(tmp_path / "out", {}) as folder:
        write_jsonl(folder.path / "train.jsonl", [{"n": 2}])
        raise RuntimeError("in the middle")
    assert _rows(tmp_path / "out") == [1]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_killed_export_leaves_the_earlier_one_and_the_next_export_tidies_up(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export(out, 1)

    def begun() -> bool:
        return any(p.stat().st_size for p in tmp_path.glob(".out.*.partial/train.jsonl"))

    kill_when(begun, [sys.executable, "-P", "-c", SLOW, str(out)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert _rows(out) == [1]
    assert list(tmp_path.glob(".out.*.partial"))
    _export(out, 2)
    assert _rows(out) == [2]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_export_that_was_killed_between_its_two_renames_is_put_back(tmp_path: Path) -> None:
    _export(tmp_path / "out", 1)
    (tmp_path / "out").rename(tmp_path / f".out.{_dead_process()}.old")
    with pytest.raises(RuntimeError), export_folder(tmp_path / "out", {}):
        raise RuntimeError
    assert _rows(tmp_path / "out") == [1]


def test_another_export_that_is_still_running_is_left_alone(tmp_path: Path) -> None:
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        other = tmp_path / f".out.{running.pid}.partial"
        other.mkdir()
        _export(tmp_path / "out", 1)
        assert other.is_dir()
    finally:
        running.kill()
        running.wait()
