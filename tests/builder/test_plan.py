"""Plans: exact numbers, formats 6 : 3 : 1, sliding windows, no whole chain in a sample, and small changes for small edits."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.builder.plan import Plan, format_pattern, plan_samples
from proda.builder.template_writer import write_sample
from proda.debugger.probes import statement_probes
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.neighbours import taken_for
from proda.records import Sample
from proda.tester.items import write_items
from tests.toyworld import knowledge, wide_knowledge

WORLD = wide_knowledge()
ALLOCATION = {"weaving": 3000, "milling": 120, "lighting": 120}


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [p for group in plan_samples(WORLD, ALLOCATION, seed=0, window=2).values() for p in group]


def test_each_discipline_gets_exactly_its_number() -> None:
    made = plan_samples(WORLD, ALLOCATION, seed=0, window=2)
    counts: Counter[str] = Counter()
    for (discipline, _), group in made.items():
        counts[discipline] += len(group)
    assert counts == ALLOCATION


def test_formats_come_six_to_three_to_one(plans: list[Plan]) -> None:
    counts = Counter(p.format for p in plans)
    shares = [counts[f] / len(plans) for f in ("open", "choice", "true-false")]
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_every_statement_window_and_concept_has_samples(plans: list[Plan]) -> None:
    taught = {n for p in plans for n in p.nodes}
    assert set(WORLD.active_statements) <= taught
    assert {c for cs in WORLD.concepts_of.values() for c in cs} <= taught
    windows = {p.nodes for p in plans if p.unit == "window"}
    assert windows == {c.statements[i : i + 2] for c in WORLD.active_chains() for i in range(len(c.statements) - 1)}


def test_no_sample_teaches_a_whole_chain(plans: list[Plan]) -> None:
    whole = {c.statements for c in WORLD.active_chains()}
    assert all(p.nodes not in whole for p in plans)


def test_ids_are_unique(plans: list[Plan]) -> None:
    assert len({p.id for p in plans}) == len(plans)


def test_same_arguments_same_plan_other_seed_another(plans: list[Plan]) -> None:
    assert [p for g in plan_samples(WORLD, ALLOCATION, seed=0, window=2).values() for p in g] == plans
    assert [p for g in plan_samples(WORLD, ALLOCATION, seed=1, window=2).values() for p in g] != plans


def test_one_more_chain_displaces_no_more_than_it_adds(plans: list[Plan]) -> None:
    more = [("late-arrival", "how a late thing comes about", ["late-a", "causes", "late-b", "requires", "late-c", "produces", "late-d"])]
    world = knowledge({"weaving": [*_told(40), *more]})
    after = {p.id: p for g in plan_samples(world, ALLOCATION, seed=0, window=2).values() for p in g}
    added = [i for i in after if "late" in i]
    gone = [p for p in plans if p.id not in after]
    changed = [p for p in plans if p.id in after and after[p.id] != p]
    assert added
    assert len(gone) <= len(added)
    # Only plans that have a new concept among their distractors change.
    assert all("late" in "".join(after[p.id].distractors) or after[p.id].claim != p.claim for p in changed)
    assert len(changed) < 0.15 * len(plans)


def test_a_reworded_statement_changes_only_samples_that_name_it() -> None:
    victim = "weaving/story-7.s2"
    statements = [msgspec.structs.replace(s, text="Quite another sentence.") if s.id == victim else s for s in WORLD.statements.values()]
    edited = Knowledge(WORLD.relations.values(), WORLD.concepts.values(), statements, WORLD.chains.values())
    before = {p.id: write_sample(WORLD, p) for g in plan_samples(WORLD, ALLOCATION, seed=0, window=2).values() for p in g}
    after = {p.id: write_sample(edited, p) for g in plan_samples(edited, ALLOCATION, seed=0, window=2).values() for p in g}
    assert set(before) == set(after)
    changed = [i for i in before if before[i] != after[i]]
    assert changed
    assert all(victim in before[i].nodes for i in changed)


def test_an_allocation_that_names_the_wrong_disciplines_is_refused() -> None:
    with pytest.raises(InputError, match="no such discipline: cooking"):
        plan_samples(WORLD, {**ALLOCATION, "cooking": 5}, seed=0, window=2)
    with pytest.raises(InputError, match="no number for: milling"):
        plan_samples(WORLD, {"weaving": 5, "lighting": 5}, seed=0, window=2)


def test_nothing_allocated_nothing_planned() -> None:
    assert plan_samples(WORLD, dict.fromkeys(ALLOCATION, 0), seed=0, window=2) == {}


@given(st.integers(0, 10), st.integers(0, 10))
def test_the_pattern_keeps_any_proportion_to_within_one_in_ten(open_tenths: int, choice_tenths: int) -> None:
    if open_tenths + choice_tenths > 10:
        return
    counts = Counter(format_pattern(open_tenths / 10, choice_tenths / 10))
    assert counts["open"] == open_tenths
    assert counts["choice"] == choice_tenths


def _told(count: int) -> list[tuple[str, str, list[str]]]:
    names = ("causes", "requires", "produces", "increases", "is-part-of", "becomes", "triggers", "limits")
    told = []
    for number in range(count):
        course: list[str] = [f"thing-{number}-0"]
        for step in range(4):
            course += [names[(number + step) % len(names)], f"thing-{number}-{step + 1}"]
        told.append((f"story-{number}", f"how thing {number} comes about", course))
    return told


def set_apart(world: Knowledge, one: str, other: str, **more: object) -> Knowledge:
    """Return the world with `other` in the `distinct_from` of `one`."""
    changed = msgspec.structs.replace(world.concepts[one], distinct_from=(other,), **more)
    return Knowledge(world.relations.values(), [*world.concepts.values(), changed], world.statements.values(), world.chains.values())


def made(world: Knowledge) -> dict[str, tuple[Plan, Sample]]:
    return {p.id: (p, write_sample(world, p)) for g in plan_samples(world, ALLOCATION, seed=0, window=2).values() for p in g}


ONE, OTHER = "weaving/thing-3-1", "weaving/thing-17-2"


def asked_for(world: Knowledge, plan: Plan) -> set[str]:
    """Return the concepts that may be the answer of a plan."""
    return (
        {*plan.nodes}
        if plan.unit == "concept"
        else {c for n in plan.nodes for c in (world.statements[n].subject, world.statements[n].object)}
    )


def test_what_is_set_apart_comes_first_among_wrong_options_on_either_side_and_nothing_else_changes() -> None:
    plain, apart = made(WORLD), made(set_apart(WORLD, ONE, OTHER))
    assert plain.keys() == apart.keys()
    changed = [p for p, _ in apart.values() if plain[p.id][1] != apart[p.id][1]]
    assert changed and all({ONE, OTHER} & asked_for(WORLD, p) for p in changed)
    assert all({ONE, OTHER} & {*p.distractors} == {p.distractors[0]} for p in changed)
    for here, other in ((ONE, OTHER), (OTHER, ONE)):
        about = [p for p, _ in apart.values() if p.unit == "concept" and p.nodes == (here,) and p.distractors]
        assert about and all(p.distractors[0] == other for p in about)


def test_a_pair_of_one_name_or_of_another_number_is_no_wrong_answer_and_changes_no_sample() -> None:
    shared = set_apart(WORLD, ONE, OTHER, aliases=(WORLD.concepts[OTHER].term.upper(),))
    plural = set_apart(WORLD, ONE, OTHER, plural=True)
    assert taken_for(WORLD, ONE) == [] == taken_for(shared, ONE) == taken_for(plural, OTHER)
    assert taken_for(set_apart(WORLD, ONE, OTHER), OTHER) == [ONE]
    told = [{i: msgspec.structs.replace(s, accept=()) for i, (_, s) in made(world).items()} for world in (shared, WORLD)]
    assert told[0] == told[1], "an alias is one more answer to accept, and changes nothing that is trained on"


def test_what_is_set_apart_changes_no_item_and_no_probe() -> None:
    apart = set_apart(WORLD, ONE, OTHER)
    assert write_items(apart, seed=0, sealed_share=0.3) == write_items(WORLD, seed=0, sealed_share=0.3)
    for node in (s for s in WORLD.active_statements.values() if {ONE, OTHER} & {s.subject, s.object}):
        assert list(statement_probes(apart, node)) == list(statement_probes(WORLD, node))
