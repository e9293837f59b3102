"""Builds the training corpus from compiled knowledge; called by the stage `synthesize`."""

from __future__ import annotations

from collections.abc import Mapping

from proda.builder.briefs import frozen_or, plan_key
from proda.builder.plan import Plan, plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Sample
from proda.store.written import WrittenSample


def build_corpus(
    knowledge: Knowledge, allocation: Mapping[str, int], params: Params, written: Mapping[str, WrittenSample] | None = None
) -> dict[tuple[str, str], list[Sample]]:
    """Return the samples of each (discipline, topic), sorted by id.

    `allocation` gives each discipline its number of samples. A sample whose plan is a key of `written` has the text that is frozen there;
    all others have the text of the templates. Deterministic: the same arguments give the same bytes. Raises InputError if the allocation
    does not name exactly the disciplines of the knowledge, or if a frozen text does not fit its plan.
    """
    plans = planned(knowledge, allocation, params)
    if not written:
        return {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()}
    return {
        key: [frozen_or(write_sample(knowledge, plan), plan_key(knowledge, plan), written) for plan in group]
        for key, group in plans.items()
    }


def planned(knowledge: Knowledge, allocation: Mapping[str, int], params: Params) -> dict[tuple[str, str], list[Plan]]:
    """Return the plans that the corpus is written from, by (discipline, topic) and sorted by id. Raises InputError as `build_corpus`."""
    shares = (params.samples.open_share, params.samples.choice_share)
    return plan_samples(knowledge, allocation, seed=params.seed, window=params.samples.window, shares=shares)
