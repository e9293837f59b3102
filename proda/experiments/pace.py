"""Estimates how long a training takes, from the last build: benchmarks/results/run.json → seconds.

    pace = last_build(repo.result("run.json"))       # Pace(training=101.5, scoring=20.9, samples=14668)
    pace.seconds(1_900, epochs=2)                    # 47.2: for 1,900 samples and twice the epochs of the build

The time for scoring does not depend on the samples, because most of it is the general suite.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proda.records import Record


class Pace(Record, frozen=True):
    """Seconds that one model took in the last build."""

    training: float
    scoring: float
    samples: int  # number of training samples; 0 if it was not recorded

    def seconds(self, samples: int, epochs: float = 1.0) -> float:
        """Returns the seconds to train on `samples` for `epochs` times the build's epochs, and to score.

        If the build's number of samples is unknown, `samples` is ignored.
        """
        return self.training * (samples / self.samples if self.samples else 1.0) * epochs + self.scoring


def last_build(record: Mapping[str, Any]) -> Pace | None:
    """Returns the pace recorded in run.json, or None if it records no training."""
    train, evaluate = record.get("train", {}), record.get("evaluate", {})
    seeds = list(train.get("seeds", {}).values())
    if not seeds:
        return None
    together = all(seed["fresh"] for seed in seeds)  # they may have run in parallel, so only the total time is reliable
    took = train["seconds"] if together else sum(seed["seconds"] for seed in seeds)
    scoring = evaluate.get("seconds", 0.0) / max(1, len(evaluate.get("models", ())))
    return Pace(took / len(seeds), scoring, train.get("samples", 0))
