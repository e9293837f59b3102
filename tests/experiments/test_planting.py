"""A planted round: withheld statements are said nowhere else, false samples are false, roles do not affect each other's items."""

from __future__ import annotations

from collections import Counter

import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import NotFoundError
from proda.experiments.contrasts import Trials
from proda.experiments.faults import states
from proda.experiments.patch_verdicts import AttributionCase
from proda.experiments.planted_round import planned, refuse_leaking_patches
from proda.experiments.planting import ORDER, Planted, PlantedRound, Role, plant_round
from proda.language.read_samples import Reader, asserted, contradictions
from proda.params import GuardParams, Params
from proda.records import LETTERS
from proda.store.patches import apply_patches
from tests.toyitems import linked_knowledge, toy_items

WORLD = linked_knowledge(40)
ITEMS = toy_items(WORLD)
SAMPLES = [
    write_sample(WORLD, p)
    for group in plan_samples(WORLD, {"weaving": 1300, "milling": 90, "lighting": 90}, seed=0, window=2).values()
    for p in group
]
CHAINS: dict[Role, int] = {"harmful": 3, "redundant": 2, "needed": 2, "idle": 1}


def plant(seed: int = 0, chains: dict[Role, int] = CHAINS) -> PlantedRound:
    return plant_round(WORLD, SAMPLES, ITEMS, Params(), number=3, seed=seed, chains=chains, each=8)


ROUND = plant()


def of(role: Role) -> list[Planted]:
    return [p for p in ROUND.patches if p.role == role]


def test_each_role_has_its_chains_and_all_their_statements_and_dev_items() -> None:
    assert tuple(p.role for p in ROUND.patches) == ORDER
    for one in ROUND.patches:
        assert len(one.chains) == CHAINS[one.role]
        assert one.patch.targets == tuple(s for c in one.chains for s in WORLD.chains[c].statements)
        assert set(one.patch.items) == {i.id for i in ITEMS if i.chain in one.chains and i.split == "dev"}
        assert one.patch.round == 3


def test_the_draw_depends_on_names_and_seed_only() -> None:
    assert plant_round(WORLD, SAMPLES, ITEMS[::-1], Params(), number=3, seed=0, chains=CHAINS, each=8) == ROUND
    assert plant(seed=1).patches != ROUND.patches


def test_what_is_withheld_only_its_patches_say_and_both_of_a_pair_say_all_of_it() -> None:
    reader = Reader(WORLD)
    one, other = of("redundant")
    assert one.patch.targets == other.patch.targets and one.patch.items == other.patch.items
    assert set(ROUND.withheld) == {*one.patch.targets, *of("needed")[0].patch.targets}
    for statement in (WORLD.statements[s] for s in ROUND.withheld):
        assert not any(states(reader, s, statement) for s in ROUND.corpus)
        teachers = [p for p in ROUND.patches if any(states(reader, s, statement) for s in p.patch.samples)]
        assert [p.role for p in teachers] == (["redundant"] * 2 if statement.id in one.patch.targets else ["needed"])
    counts = [Counter(s.unit for s in p.patch.samples) for p in (one, other)]
    assert counts[0].keys() == counts[1].keys()


def test_ids_are_unique_over_corpus_and_patches() -> None:
    together = apply_patches(ROUND.corpus, [p.patch for p in ROUND.patches])
    assert len({s.id for s in together}) == len(together) == len(ROUND.corpus) + sum(len(p.patch.samples) for p in ROUND.patches)


def test_the_harmful_patch_has_the_corpus_contradict_its_statements_and_say_what_wrong_options_say() -> None:
    reader, harm = Reader(WORLD), of("harmful")[0]
    spoilt = apply_patches(ROUND.corpus, [harm.patch])
    assert len(spoilt) == len(ROUND.corpus) and not harm.patch.samples
    for statement in harm.patch.targets:
        triple = WORLD.statements[statement].triple
        assert any(triple in asserted(reader, s) for s in ROUND.corpus) and not any(triple in asserted(reader, s) for s in spoilt)
        assert not list(contradictions(reader, ROUND.corpus, statement))
    against = [s for s in harm.patch.targets if list(contradictions(reader, spoilt, s))]
    assert 2 * len(against) > len(harm.patch.targets)  # a sample in which both names are exchanged is not parsed as one about the statement
    wrong = {o.text for i in ITEMS if i.chain in harm.chains for x, o in zip(LETTERS, i.options, strict=True) if x != i.answer}
    assert wrong & {new.answer for old, new in zip(ROUND.corpus, spoilt, strict=True) if new.answer != old.answer}


def test_the_idle_patch_says_nothing_new() -> None:
    said = {(s.prompt, s.completion) for s in ROUND.corpus}
    assert all((s.prompt, s.completion) in said for s in of("idle")[0].patch.samples)


def test_only_the_redundant_patches_share_items_so_the_smallest_p_is_as_reported() -> None:
    case = AttributionCase(tuple(p.patch for p in ROUND.patches), tuple(ITEMS), tuple(p.patch.id for p in ROUND.patches), {})
    trials = Trials(case.patches, ITEMS, {}, [frozenset({p}) for p in case.asked])
    for row in planned(ROUND, case, 5):
        elsewhere = trials._elsewhere(frozenset({row["patch"]}))
        assert len(elsewhere) == (3 if row["planted"] == "redundant" else 4)
        assert row["smallest_p"] == pytest.approx((2 + len(elsewhere)) ** -5, rel=0.05) and row["items"] >= 4


def test_no_planted_sample_gives_an_item_away() -> None:
    refuse_leaking_patches(WORLD, ITEMS, [p.patch for p in ROUND.patches], GuardParams())


def test_too_few_chains_is_one_message() -> None:
    with pytest.raises(NotFoundError, match=r"idle: \d+ of 40 chains found\..*--idle"):
        plant(chains={**CHAINS, "idle": 40})
