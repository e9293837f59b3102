"""The loss of a base and of its tuned models on neutral text, in the form in which metrics.json holds it.

found = neutral_summary(base, {"seed-0": Path("…/adapter")}, passages, cache=Path("build/cache"))
found["tuned"]["increase"]      # 0.031 nats per token over the base
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proda.tester.neutral_metrics import neutral_metrics
from proda.workflows.neutral_text import measure


def neutral_summary(
    base: Path, adapters: Mapping[str, Path], passages: Sequence[str], *, cache: Path, batch_tokens: int = 2048, resamples: int = 2000
) -> dict[str, Any]:
    """Return the block `neutral_text` of metrics.json for these models. What was measured before is read from `cache`.

    Deterministic on one machine. Raises what loading a model raises, and EmptyBenchmarkError if no passage has a token to predict.
    """
    return neutral_metrics(measure(base, adapters, passages, batch_tokens=batch_tokens, cache=cache), resamples=resamples)
