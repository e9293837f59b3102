"""Builds the training corpus from compiled knowledge; called by the stage `synthesize`."""

from __future__ import annotations

from collections.abc import Mapping

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Sample


def build_corpus(knowledge: Knowledge, allocation: Mapping[str, int], params: Params) -> dict[tuple[str, str], list[Sample]]:
    """Return the samples of each (discipline, topic), sorted by id.

    `allocation` gives each discipline its number of samples. Deterministic: the same arguments give the same bytes. Raises InputError if
    the allocation does not name exactly the disciplines of the knowledge.
    """
    shares = (params.samples.open_share, params.samples.choice_share)
    plans = plan_samples(knowledge, allocation, seed=params.seed, window=params.samples.window, shares=shares)
    return {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()}
