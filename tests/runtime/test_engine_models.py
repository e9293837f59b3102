"""Both engines write the same bytes: a training of two seeds, an evaluation, trials; also after a worker was killed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base
from proda.compiler.train import SeedRun, train_seeds
from proda.params import TrainParams
from proda.runtime.engine import VARIABLE
from proda.tester.evaluate import evaluate
from tests.compiler.test_evaluate import HELDOUT, PARAMS, items
from tests.compiler.tiny import FACTS, TRAIN
from tests.runtime.cluster import below, needs_ray

pytestmark = needs_ray


def trained(base: Path, folder: Path, params: TrainParams) -> tuple[list[SeedRun], dict[str, bytes]]:
    """The runs without their duration, and every file of the adapters."""
    runs = train_seeds(base, FACTS, [], params, folder / "out", cache=folder / "cache")
    files = {p.relative_to(folder / "out").as_posix(): p.read_bytes() for p in sorted((folder / "out").rglob("*")) if p.is_file()}
    return [msgspec.structs.replace(run, seconds=0.0) for run in runs], files


def test_training_and_evaluation_give_the_same_bytes_on_both_engines(
    on_ray: None, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for engine in ("local", "ray"):
        monkeypatch.setenv(VARIABLE, engine)
        runs, files = trained(base, tmp_path / engine, TRAIN)
        models = {"base": partial(load_base, base), "seed-0": partial(load_tuned, base, tmp_path / engine / "out/seed-0")}
        scores = evaluate(models, items(12), {"suite": items(4)}, HELDOUT, PARAMS, parameters=1_000)
        found[engine] = runs, files, msgspec.json.encode(scores)
    assert found["ray"] == found["local"]
    runs, files, _ = found["ray"]
    assert all(run.fresh for run in runs)
    one, other = (data for name, data in files.items() if name.endswith(".safetensors"))
    assert one != other


def test_a_training_whose_worker_is_killed_continues_and_ends_with_the_same_bytes(
    on_ray: None, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = msgspec.structs.replace(TRAIN, epochs=60)
    killed: list[int] = []

    def kill() -> None:
        """Kill the worker of seed 1 as soon as there is a checkpoint to continue from."""
        deadline = time.monotonic() + 300
        while not killed and time.monotonic() < deadline:
            if list((tmp_path / "ray/cache").glob("train/*/seed-1/checkpoint.pt")):
                for process, line in below(os.getpid()).items():
                    if "train seed 1" in line:
                        with contextlib.suppress(psutil.NoSuchProcess):
                            process.kill()
                            killed.append(process.pid)
            time.sleep(0.01)

    watcher = threading.Thread(target=kill)
    watcher.start()
    after = trained(base, tmp_path / "ray", params)
    watcher.join()
    assert len(killed) == 1
    monkeypatch.setenv(VARIABLE, "local")
    assert after == trained(base, tmp_path / "local", params)
