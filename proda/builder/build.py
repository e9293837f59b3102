"""Knowledge → corpus, as the stage `synthesize` makes it."""

from __future__ import annotations

from collections.abc import Mapping

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Sample


def build_corpus(knowledge: Knowledge, allocation: Mapping[str, int], params: Params) -> dict[tuple[str, str], list[Sample]]:
    """(discipline, topic) → samples in order of id. Pure: the same knowledge, allocation and parameters give the same bytes."""
    shares = (params.samples.open_share, params.samples.choice_share)
    plans = plan_samples(knowledge, allocation, seed=params.seed, window=params.samples.window, shares=shares)
    return {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()}
