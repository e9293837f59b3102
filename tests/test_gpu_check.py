"""The check of a machine's GPUs: its messages, a trial on the CPU in one and in two processes, and where results are recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.experiments.gpu_check import compared, report
from scripts.gpu_check import BEGIN, END, write_record

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = {"device": "A card", "devices": 2, "torch": "2", "date": "2026-11-30", "model": "M", "steps": 3, "batch_tokens": 2048}
ROW = {"processes": 1, "precision": "fp32", "checkpointing": False, "parallel": "data", "tokens_per_second": 1234, "peak_gb": 1.5}


def check(*options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "scripts.gpu_check", *options]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)


def test_without_a_gpu_it_says_so_and_a_trial_is_not_recorded() -> None:
    done = check()
    assert done.returncode == 2 and "PyTorch finds no GPU on this machine" in done.stderr and "--cpu" in done.stderr
    done = check("--cpu", "--record")
    assert done.returncode == 2 and "--record: expected a run on a GPU, got --cpu" in done.stderr


def test_a_trial_on_the_cpu_trains_the_same_in_every_row(tmp_path: Path) -> None:
    done = check("--cpu", "--limit", "3", "--processes", "2", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "gpu.md").read_text() and "| 2 | sharded | bf16 | yes |" in done.stdout
    document = json.loads((tmp_path / "gpu.json").read_text())
    assert document["devices"] == 0 and document["device"].startswith("CPU")
    rows = document["rows"]
    assert [row["processes"] for row in rows] == [1, 1, 1, 1, 2, 2, 2, 2]
    for row in rows:
        assert len(row["losses"]) == 3 and row["tokens_per_second"] > 0
        assert row["loss_difference"] < (1e-5 if row["precision"] == "fp32" else 0.02)


def test_rows_are_compared_with_the_first_that_has_losses_and_a_row_without_says_why() -> None:
    failed = {**ROW, "failed": "out of memory"}
    rows = compared([failed, {**ROW, "losses": [3.0, 2.0]}, {**ROW, "precision": "bf16", "losses": [3.5, 1.5]}])
    assert [row["loss_difference"] for row in rows] == [None, 0.0, 0.5]
    lines = report({**DOCUMENT, "rows": rows}).splitlines()
    assert lines[0].startswith("2 × A card, torch 2, 2026-11-30: M, LoRA r16, 3 steps of 2,048 tokens.")
    assert lines[4] == "| 1 | – | fp32 | no | out of memory | | | |"
    assert lines[6] == "| 1 | – | bf16 | no | 1,234 | 1.50 | 1.5000 | 5.0e-01 |"


def test_results_are_recorded_between_the_marks_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "docs/measured/gpu.md"
    page.parent.mkdir(parents=True)
    page.write_text((ROOT / "docs/measured/gpu.md").read_text())
    write_record(tmp_path, b"{}\n", "a table\n")
    before, after = (ROOT / "docs/measured/gpu.md").read_text().split(BEGIN)[0], f"{BEGIN}\na table\n{END}\n"
    assert page.read_text() == before + after and (tmp_path / "docs/measured/gpu.json").read_text() == "{}\n"
    page.write_text("no marks")
    with pytest.raises(InputError, match="Expected a file with one line"):
        write_record(tmp_path, b"{}\n", "a table\n")


def test_the_guide_says_whether_the_check_has_been_run() -> None:
    guide, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/how-to/own-model.md", "docs/measured/gpu.md"))
    assert ("has not been run on a GPU yet" in guide) is ("has not been run on a GPU yet" in page)
