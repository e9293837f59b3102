"""Conditions of chains: probed by themselves, blamed for failed condition items, and taught."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from proda.builder.extra import extra_samples
from proda.debugger.diagnose import Examination, examine, probes_of
from proda.debugger.probes import CONDITIONS, Answer, Probe, all_condition_probes, condition_probes
from proda.debugger.repair import ENOUGH, plan_repairs
from proda.graph import Knowledge
from proda.params import Params
from proda.records import Evidence, Item, Option, Sample
from tests.toyitems import bridge, linked_knowledge

SEEDS = ("seed-0", "seed-1", "seed-2")


def with_conditions(world: Knowledge) -> Knowledge:
    """The world with a precondition for each chain, and an exclusion for every second one."""
    chains = []
    for n, chain in enumerate(sorted(world.chains.values(), key=lambda c: c.id)):
        if chain.is_link:
            chains.append(chain)
        else:
            exclusions = (f"case {n}",) if chain.id.endswith(tuple("02468")) else ()
            chains.append(msgspec.structs.replace(chain, preconditions=(f"ground {n}",), exclusions=exclusions))
    return Knowledge(world.relations.values(), world.concepts.values(), world.statements.values(), chains)


WORLD = with_conditions(linked_knowledge(20))
CHAIN = WORLD.chains["weaving/story-6"]


def item(number: int, side: str = "preconditions") -> Item:
    """An item that asks for a condition of one chain among those of others."""
    chain = WORLD.chains[f"weaving/story-{number}"]
    others = [c for c in WORLD.active_chains() if c.discipline == "weaving" and c.id != chain.id and getattr(c, side)][:3]
    options = (Option(getattr(chain, side)[0]), *(Option(getattr(c, side)[0], "near", (), "", chain.statements) for c in others))
    made = bridge(WORLD, number)
    return msgspec.structs.replace(
        made, id=f"{chain.id}:dev-condition-{side}", kind="condition", options=options, answer="A", statements=chain.statements
    )


def examined(unknown: set[tuple[str, str]], items: list[Item], failing: list[Item]) -> Examination:
    """Three models that lack these (chain, side) and fail these items."""

    def knows(probe: Probe) -> bool:
        return (probe.node, probe.before) not in unknown

    failed = {i.id: dict.fromkeys(SEEDS, next(x for x in "ABCD" if x != i.answer)) for i in failing}
    answers = [Answer(p, 0.1 if knows(p) else -0.1, p.means[1]) for p in probes_of(WORLD, items, failed)]
    return examine(WORLD, items, failed, dict.fromkeys(SEEDS, answers))


def test_each_condition_is_asked_for_by_the_explanation_and_by_two_steps_against_those_of_chains_without_a_common_concept() -> None:
    probes = list(condition_probes(WORLD, CHAIN))
    assert Counter(p.before for p in probes) == dict.fromkeys(CONDITIONS, 3)
    assert sum(CHAIN.explains in p.prompt for p in probes) == 2
    for probe in probes:
        right, *rivals = probe.options
        assert (probe.node, probe.kind) == (CHAIN.id, "condition") and right in getattr(CHAIN, probe.before) and len(set(probe.options)) > 3
        for chain, text in zip(probe.means[1:], rivals, strict=True):
            assert text in getattr(WORLD.chains[chain], probe.before) and WORLD.course(CHAIN).isdisjoint(WORLD.course(WORLD.chains[chain]))
    asked = {p.node for p in all_condition_probes(WORLD)}
    alone = {c.id for c in WORLD.active_chains()} - asked  # the two of `lighting` share a concept, so neither is a rival of the other
    assert alone == {c.id for c in WORLD.active_chains() if c.discipline == "lighting"}


@pytest.mark.parametrize("side", CONDITIONS)
def test_a_failed_item_blames_its_chain_if_the_models_lack_the_side_that_it_asks_for(side: str) -> None:
    asked = item(6, side)
    (found,) = examined({(CHAIN.id, side)}, [asked], [asked]).diagnoses
    assert (found.category, found.nodes, found.evidence[0].probe) == ("concept gap", (CHAIN.id,), "condition")
    assert f"the conditions of the explanation of {CHAIN.explains}" in found.reason and "a condition of the explanation of" in found.reason
    other = next(s for s in CONDITIONS if s != side)
    (found,) = examined({(CHAIN.id, other)}, [asked], [asked]).diagnoses
    assert (found.category, found.nodes) == ("unexplained", ())


def test_conditions_that_no_item_asks_for_are_noticed() -> None:
    found = examined({("weaving/story-3", "preconditions")}, [item(6)], [])
    assert [(e.node, e.probe) for e in found.noticed] == [("weaving/story-3", "condition")]


def test_condition_items_tell_if_they_are_failed_where_the_condition_is_unknown() -> None:
    items = [item(n) for n in range(20)]
    lacking = {(f"weaving/story-{n}", "preconditions") for n in range(10)}
    found = examined(lacking, items, items[:10]).kinds["condition"]
    assert (found.suspected, found.unknown, found.controls, found.controls_unknown, found.telling) == (10, 10, 10, 0, True)
    assert not examined(lacking, items, items[:5] + items[10:15]).kinds["condition"].telling


def test_a_repair_teaches_both_sides_of_a_chain_by_the_explanation_and_by_its_steps() -> None:
    asked = item(6)
    found = examined({(CHAIN.id, "preconditions")}, [asked], [asked])

    def teach(node: str, count: int, contrast: object, stepwise: bool, beside: object) -> list[object]:
        return extra_samples(WORLD, node, count, start=1000, params=Params())  # type: ignore[return-value]

    (patch,) = plan_repairs(WORLD, [asked], found.diagnoses, number=1, per_error=8, teach=teach)  # type: ignore[arg-type]
    assert patch.targets == (CHAIN.id,) and patch.items == (asked.id,) and patch.category == "concept gap"
    assert len(patch.samples) == 2 * ENOUGH and {s.unit for s in patch.samples} == {CHAIN.id}
    by_step = [s for s in patch.samples if set(s.nodes) & set(CHAIN.statements)]
    assert 2 <= len(by_step) <= 6 and all(CHAIN.explains in s.question for s in patch.samples if s not in by_step)
    right = Counter(s.answer for s in patch.samples if s.format != "true-false")
    assert {*CHAIN.preconditions, *CHAIN.exclusions} <= right.keys()


def test_conditions_of_a_blamed_chain_are_taught_as_often_as_those_of_other_chains_each_side_as_often_as_a_statement() -> None:
    """Otherwise items whose chain is blamed would be mended by what is said more often, and items of other chains would be broken by it."""
    asked, lacks = item(6), (("weaving/story-8", "condition"), (WORLD.chains["weaving/story-3"].statements[0], "statement"))
    lacking = [Evidence(node, probe, 12, 9, -0.1, "") for node, probe in lacks]
    found = examined({(CHAIN.id, "preconditions")}, [asked], [asked]).diagnoses

    def teach(node: str, count: int, contrast: object, stepwise: bool, beside: object) -> list[Sample]:
        return extra_samples(WORLD, node, count, start=1000, params=Params())

    patches = plan_repairs(WORLD, [asked], found, lacking, number=1, per_error=15, teach=teach)
    assert {p.targets[0]: len(p.samples) for p in patches} == {CHAIN.id: 6, lacks[0][0]: 6, lacks[1][0]: 3}
