"""How long a training will take, going by the last build: benchmarks/results/run.json → seconds.

    pace = last_build(repo.result("run.json"))       # Pace(training=101.5, scoring=20.9, samples=14668)
    pace.seconds(1_900, epochs=2)                    # 47.2: of as many samples, twice as many epochs as the build's

Scoring is counted as it was, since most of it is the general suite, which every model answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proda.records import Record


class Pace(Record, frozen=True):
    """What one model took in the last build, in seconds."""

    training: float
    scoring: float
    samples: int  # that it was trained on; 0 if the record does not say

    def seconds(self, samples: int, epochs: float = 1.0) -> float:
        """To train on so many samples, in `epochs` times the build's epochs, and score; as long as the build's where that is unknown."""
        return self.training * (samples / self.samples if self.samples else 1.0) * epochs + self.scoring


def last_build(record: Mapping[str, Any]) -> Pace | None:
    """The pace that run.json records; None where it records no training."""
    train, evaluate = record.get("train", {}), record.get("evaluate", {})
    seeds = list(train.get("seeds", {}).values())
    if not seeds:
        return None
    together = all(seed["fresh"] for seed in seeds)  # side by side, maybe: then the whole says more than the parts
    took = train["seconds"] if together else sum(seed["seconds"] for seed in seeds)
    scoring = evaluate.get("seconds", 0.0) / max(1, len(evaluate.get("models", ())))
    return Pace(took / len(seeds), scoring, train.get("samples", 0))
