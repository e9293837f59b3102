"""Samples that are trained on beside patches: the whole corpus, a share of each kind, or samples without a patched node."""

from __future__ import annotations

from collections import Counter

import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.records import Dropped, Patch, Sample
from proda.store.patches import named, sample_hash
from proda.store.training_set import mix
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(8)
PLANS = plan_samples(WORLD, {"weaving": 120, "milling": 40, "lighting": 40}, seed=0, window=2)
CORPUS = [write_sample(WORLD, plan) for group in PLANS.values() for plan in group]
NODE = "weaving/story-0.s1"
ADDED = Sample(f"{NODE}:open-1001", "open", (NODE,), "What does thing 0 0 cause?", "thing 0 1", "Thing 0 0 causes thing 0 1.")


def patch(*remove: Sample) -> Patch:
    dropped = tuple(Dropped(s.id, sample_hash(s)) for s in remove)
    return named(Patch("", 1, (NODE,), (), "concept gap", "Asked for it.", {}, {}, (ADDED,), dropped))


@pytest.mark.parametrize("strategy", ["all", "stratified", "disjoint"])
def test_without_patches_the_whole_corpus_is_taken(strategy: str) -> None:
    assert list(mix(CORPUS, [], strategy=strategy, share=0.1).samples) == CORPUS  # type: ignore[arg-type]


def test_all_takes_everything_that_patches_leave() -> None:
    made = mix(CORPUS, [patch(CORPUS[3])])
    assert list(made.samples) == [*CORPUS[:3], *CORPUS[4:], ADDED]
    assert (made.replayed, made.excluded, made.patched) == (len(CORPUS) - 1, 0, 1)


def test_disjoint_leaves_out_every_sample_that_names_a_patched_node() -> None:
    naming = [s for s in CORPUS if NODE in s.nodes]
    made = mix(CORPUS, [patch()], strategy="disjoint")
    assert naming and made.excluded == len(naming)
    assert list(made.samples) == [*(s for s in CORPUS if NODE not in s.nodes), ADDED]


def test_stratified_takes_the_share_of_every_discipline_and_format() -> None:
    def kinds(samples: tuple[Sample, ...] | list[Sample]) -> Counter[tuple[str, str]]:
        return Counter((s.id.partition("/")[0], s.format) for s in samples if s.id != ADDED.id)

    made = mix(CORPUS, [patch()], strategy="stratified", share=0.5)
    assert kinds(made.samples) == {kind: max(1, round(0.5 * count)) for kind, count in kinds(CORPUS).items()}
    assert made.samples[-1] == ADDED and list(made.samples[:-1]) == [s for s in CORPUS if s in made.samples]


def test_one_more_sample_changes_the_fate_of_hardly_any_other() -> None:
    one, more = (mix(corpus, [patch()], share=0.5).samples for corpus in (CORPUS, [*CORPUS, ADDED_TO_CORPUS]))
    assert len({s.id for s in one} ^ {s.id for s in more}) <= 2
    assert mix(CORPUS, [patch()], share=0.5, seed=1).samples != one


ADDED_TO_CORPUS = Sample(f"{NODE}:open-900", "open", (NODE,), "What follows thing 0 0?", "thing 0 1", "Thing 0 0 causes thing 0 1.")
