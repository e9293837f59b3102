"""Cached scores carry the version of the code that computed them: after a change of that code no old score is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from proda.compiler.packing import Document
from proda.compiler.train import train_seeds
from proda.debugger.probes import Probe
from proda.params import Params
from proda.records import Sample
from proda.workflows.prober import Prober
from proda.workflows.trials import Laboratory
from tests.compiler.test_evaluate import items
from tests.compiler.tiny import FACTS, TRAIN

ONE = msgspec.structs.replace(TRAIN, seeds=(0,), method="lora", train_embeddings="none", general_replay=0.0)


def _falsify(folder: Path, pattern: str) -> list[Path]:
    """Replace every number in the cached files, so that reading one of them shows."""
    paths = sorted(folder.glob(pattern))
    for path in paths:
        path.write_text(json.dumps(_changed(json.loads(path.read_text()))))
    return paths


def _changed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _changed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner) for inner in value]
    return -99.0 if isinstance(value, float) else value


def test_probes_are_scored_again_after_a_change_of_the_scoring_code(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_seeds(base, FACTS, [], ONE, tmp_path / "out", cache=tmp_path / "cache")
    prober = Prober(base, {"seed-0": tmp_path / "out/seed-0"}, batch_tokens=512, cache=tmp_path / "cache")
    asked = [Probe("statement", "words/c1.s1", "What does velm cause?", ("brun", "pelt"), ("brun", "pelt"))]
    true = prober.answers(asked)["seed-0"][0].margin
    assert len(_falsify(tmp_path / "cache/probes", "*/*.json")) == 1
    assert prober.answers(asked)["seed-0"][0].margin != true  # the cache is read while the code is the same
    monkeypatch.setattr("proda.tester.scoring.SCORING", 10_000)
    assert prober.answers(asked)["seed-0"][0].margin == true


def test_trials_are_scored_again_after_a_change_of_the_scoring_code(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "repo"
    shutil.copytree(base, root / "build/base")
    (root / "build/curriculum").mkdir(parents=True)
    (root / "benchmarks/general").mkdir(parents=True)
    for name in ("documents", "replay"):
        (root / f"build/curriculum/{name}.jsonl").write_bytes(msgspec.json.encode(Document("a", "b")) + b"\n")
    (root / "benchmarks/general/suite.jsonl").write_bytes(b"".join(msgspec.json.encode(i) + b"\n" for i in items(2)))
    lab = Laboratory(root, seeds=(0,), params=Params(train=ONE), items=items(4))
    samples = [Sample(f"words/c{n}:open-1", "open", (f"words/c{n}",), d.prompt, d.completion) for n, d in enumerate(FACTS[:4])]
    true = lab.run(samples).outcomes
    assert len(_falsify(root / "build/cache/trials", "*/*.json")) == 1
    assert lab.run(samples).outcomes != true
    monkeypatch.setattr("proda.tester.scoring.SCORING", 10_000)
    assert lab.run(samples).outcomes == true
