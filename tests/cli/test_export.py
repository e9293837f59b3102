"""`proda export`: what it writes, what it refuses, and that an export is whole or absent."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import proda
from proda.cli.export import CHOICES, _plan
from proda.errors import UsageError
from proda.store.patches import load_samples
from proda.workflows.export_data import FORMATS
from tests.toyresults import commit, make_items_and_samples
from tests.toyworld import make_repository

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main", "export"]
LIMIT_BYTES = 4096


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_items_and_samples(make_repository(tmp_path_factory.mktemp("export")))
    commit(root, "Built")
    return root


def _run(root: Path, *args: object, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def no_room() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*COMMAND, *map(str, args)]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False, preexec_fn=no_room)


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_command_offers_the_formats_that_there_are() -> None:
    assert tuple(CHOICES) == tuple(FORMATS)


def test_an_export_says_what_it_wrote_and_a_dry_run_writes_nothing(root: Path, tmp_path: Path) -> None:
    count = len(load_samples(root))
    dry = _run(root, "alpaca", tmp_path / "out", "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["rows"] == {"train": count} and not list(tmp_path.iterdir())
    done = _run(root, "alpaca", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"exported {count:,} rows" in done.stdout and "CC-BY-4.0 (3 sources)" in done.stdout
    assert set(_files(tmp_path / "out")) == {"README.md", "dataset_info.json", "proda-export.json", "sources.jsonl", "train.jsonl"}
    again = _run(root, "alpaca", tmp_path / "out", "--json")
    shown = json.loads(again.stdout)
    assert shown["written"] is True and shown["files"] == 5 and shown["rows"] == {"train": count}


def test_sealed_items_need_their_flag_and_its_help_says_what_it_means(root: Path, tmp_path: Path) -> None:
    sealed = [item.id for item in proda.open(str(root)).items("sealed")]
    done = _run(root, "lm-eval", tmp_path / "open")
    assert done.returncode == 0 and "  sealed" not in done.stdout and "private" not in done.stderr
    assert not [name for name in sealed for data in _files(tmp_path / "open").values() if name.encode() in data]
    flagged = _run(root, "huggingface", tmp_path / "all", "--items", "--split", "dev", "--sealed")
    assert flagged.returncode == 0 and "Keep it private" in flagged.stderr
    assert set(_files(tmp_path / "all")) >= {"data/dev.jsonl", "data/sealed.jsonl"}
    assert "data/twin.jsonl" not in _files(tmp_path / "all")
    told = " ".join(_run(root, "--help").stdout.split())
    assert "once they are published" in told and "cannot be sealed again" in told


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("messages", {"items": True}),
        ("huggingface", {"items": True, "samples": True}),
        ("lm-eval", {"samples": True}),
        ("alpaca", {"splits": ("dev",)}),
        ("huggingface", {"sealed": True}),
        ("alpaca", {"parquet": True}),
        ("lm-eval", {"bare": True}),
        ("alpaca", {"name": "../evil"}),
        ("alpaca", {"name": "a: b"}),
    ],
)
def test_options_that_contradict_each_other_are_misuse(form: str, options: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "samples": False,
        "items": False,
        "splits": (),
        "sealed": False,
        "name": "toy",
        "parquet": False,
        "bare": False,
    }
    with pytest.raises(UsageError):
        _plan(form, Path("out"), **(given | options), revision=None)


def test_a_folder_that_is_no_export_is_refused_and_kept(root: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    for extra in ([], ["--dry-run"]):
        done = _run(root, "messages", tmp_path / "out", *extra)
        assert done.returncode == 1 and "nothing is overwritten" in done.stderr and "Traceback" not in done.stderr
    assert _files(tmp_path / "out") == {"mine.txt": b"mine"}


def test_an_unknown_revision_and_a_folder_without_items_are_one_message(root: Path, tmp_path: Path) -> None:
    done = _run(root, "messages", tmp_path / "out", "--revision", "nope")
    assert done.returncode == 1 and "nope" in done.stderr and "Traceback" not in done.stderr
    bare = make_repository(tmp_path / "bare")
    empty = _run(bare, "lm-eval", tmp_path / "out")
    assert empty.returncode == 1 and "dvc repro benchmark" in empty.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_the_earlier_export_and_no_traces(root: Path, tmp_path: Path) -> None:
    assert _run(root, "sharegpt", tmp_path / "out").returncode == 0
    before = _files(tmp_path / "out")
    refused = _run(root, "messages", tmp_path / "out", limit=LIMIT_BYTES)
    assert refused.returncode == 1 and "Free some space" in refused.stderr and "Traceback" not in refused.stderr
    assert _files(tmp_path / "out") == before and [p.name for p in tmp_path.iterdir()] == ["out"]
    assert _run(root, "messages", tmp_path / "out").returncode == 0
    assert _files(tmp_path / "out") != before
