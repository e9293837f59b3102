"""The benchmarks stop what takes too long, leave out what is not installed, and count the work of a model as it is."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.performance.measuring import present, watched
from tests.performance.random_llama import SIZES, Ceiling, Work, evaluation_work, forward_work, save_model, training_work


def test_a_contender_is_measured_with_the_processes_below_it(tmp_path: Path) -> None:
    work = "x = bytearray(80_000_000); import time; time.sleep(0.6)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True); print('{{\"n\": 3}}')"
    found = watched([sys.executable, "-c", code], os.environ, tmp_path)
    assert found.printed == {"n": 3}
    assert found.megabytes > 80


def test_a_contender_that_takes_too_long_is_stopped_with_the_processes_below_it(tmp_path: Path) -> None:
    work = "import pathlib, time; time.sleep(4); pathlib.Path('late').touch()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    found = watched([sys.executable, "-c", code], os.environ, tmp_path, limit_s=1.5)
    assert found.printed is None
    time.sleep(4)
    assert not (tmp_path / "late").exists()


def test_a_contender_that_fails_ends_the_benchmark_with_its_message(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such wheel"):
        watched([sys.executable, "-c", "raise ValueError('no such wheel')"], os.environ, tmp_path)


def test_a_peer_that_is_not_installed_is_left_out_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("THIS", str(tmp_path))
    monkeypatch.setenv("THAT", str(tmp_path / "nowhere"))
    assert present({"ours": "", "one": "THIS", "other": "THAT"}) == ["ours", "one"]
    assert capsys.readouterr().out == "other was left out: THAT does not name a folder that holds it.\n"


def test_the_counted_weights_are_those_of_the_model(tmp_path: Path) -> None:
    shape = SIZES["1M"]
    norms = (2 * shape.layers + 1) * shape.hidden
    assert save_model(tmp_path / "model", "1M", ["Heating causes expansion."]) == shape.body + shape.head + norms


def test_an_item_in_one_row_is_less_work_than_option_by_option() -> None:
    one = evaluation_work(SIZES["1M"], read=50, attended=1000, scored=20, batch_items=40)
    four = evaluation_work(SIZES["1M"], read=4 * 35, attended=4 * 600, scored=24, batch_items=15)
    assert one.flops < four.flops and one.bytes < four.bytes


def test_lora_has_two_thirds_of_the_work_of_full_training_and_its_own_matrices() -> None:
    forward = forward_work(SIZES["30M"], read=1, attended=40, projected=0.2).flops
    full = training_work(SIZES["30M"], attended=40, supervised=0.2, batch_tokens=2048)
    lora = training_work(SIZES["30M"], attended=40, supervised=0.2, batch_tokens=2048, lora_rank=1)
    assert full.flops == pytest.approx(3 * forward)
    assert lora.flops == pytest.approx(2 * forward, rel=0.02) and lora.flops > 2 * forward
    assert lora.bytes < full.bytes


def test_the_bound_is_the_slower_of_operations_and_bytes() -> None:
    ceiling = Ceiling(flops_per_s=100.0, bytes_per_s=10.0)
    assert Work(200, 10).seconds(ceiling) == 2.0
    assert Work(200, 50).seconds(ceiling) == 5.0
