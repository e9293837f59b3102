"""Failed items are asked again with their facts in the question; that counts only where facts of other chains help less."""

from __future__ import annotations

import msgspec
import pytest

from proda.debugger.diagnose import examine, probes_of
from proda.debugger.probes import Answer
from proda.debugger.supplied import context_probes, supplied
from proda.graph import Knowledge
from proda.language.wording import sentence
from tests.toyitems import linked_knowledge, toy_items, wrong_letter

WORLD = linked_knowledge(20)
ITEMS = toy_items(WORLD, ["dev"])
SEEDS = ("seed-0", "seed-1", "seed-2")
FAILED = {i.id: dict.fromkeys(SEEDS, wrong_letter(i, "near" if i.kind == "bridge" else "sign")) for i in ITEMS}


def test_an_item_is_asked_after_its_own_facts_and_after_as_many_of_chains_that_share_no_concept() -> None:
    items = {i.id: i for i in ITEMS}
    probes = list(context_probes(WORLD, ITEMS, FAILED))
    assert {p.node for p in probes} == set(FAILED) and len(probes) == 2 * len(FAILED)
    for probe in probes:
        item = items[probe.node]
        told = [sentence(WORLD, WORLD.statements[s]).lower() for s in item.statements]
        assert all(fact in probe.prompt.lower() for fact in told) is (probe.kind == "context")
        assert probe.prompt.count(";") == len(told) - 1 and item.stem in probe.prompt
        assert probe.options[0] == item.options[item.key].text and probe.means[0] == item.answer
        if probe.kind == "elsewhere":
            before = probe.prompt.partition(item.stem)[0]
            assert not any(WORLD.concepts[c].text in before for s in item.statements for c in WORLD.statements[s].triple[::2])


def test_facts_are_worded_with_their_qualifiers() -> None:
    item = ITEMS[0]
    first = WORLD.statements[item.statements[0]]
    qualified = msgspec.structs.replace(first, subject_as=f"a high {WORLD.concepts[first.subject].term}", when=("in frost",))
    statements = {**WORLD.statements, first.id: qualified}
    world = Knowledge(WORLD.relations.values(), WORLD.concepts.values(), statements.values(), WORLD.chains.values())
    own = next(p for p in context_probes(world, [item], FAILED) if p.kind == "context")
    assert sentence(world, qualified).lower() in own.prompt.lower() and "in frost, a high" in own.prompt.lower()


def test_an_item_about_conditions_is_not_asked_again_with_statements_that_do_not_answer_it() -> None:
    item = msgspec.structs.replace(ITEMS[0], kind="condition")
    assert list(context_probes(WORLD, [item], FAILED)) == []


def test_the_order_of_the_facts_does_not_tell_the_path() -> None:
    items = {i.id: i for i in ITEMS}
    kept = 0
    for probe in (p for p in context_probes(WORLD, ITEMS, FAILED) if p.kind == "context"):
        places = [probe.prompt.lower().index(sentence(WORLD, WORLD.statements[s]).lower()) for s in items[probe.node].statements]
        kept += places == sorted(places)
    assert len(FAILED) / 5 < kept < len(FAILED) * 3 / 4  # for two facts, both orders are equally likely


@pytest.mark.parametrize(
    ("own", "other", "telling"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_facts_tell_where_they_mend_what_facts_of_another_chain_do_not(own: bool, other: bool, telling: bool) -> None:
    probes = list(context_probes(WORLD, ITEMS, FAILED))
    right = {"context": own, "elsewhere": other}
    found = supplied({m: [Answer(p, 0.1 if right[p.kind] else -0.1, p.means[1]) for p in probes] for m in SEEDS})
    assert (found.items, found.telling) == (len(FAILED), telling)
    assert found.wrong_with_own_facts == (0 if own else len(FAILED))


def test_nothing_failed_tells_nothing() -> None:
    assert not supplied({m: [] for m in SEEDS}).telling


@pytest.mark.parametrize("cured", [True, False])
def test_an_item_that_its_facts_mend_is_not_suspect_though_all_else_is_known(cured: bool) -> None:
    probes = probes_of(WORLD, ITEMS, FAILED)
    first = min(FAILED)

    def right(kind: str, node: str) -> bool:
        return kind not in ("context", "elsewhere") or (kind == "context" and (node != first or cured))

    answered = {m: [Answer(p, 0.1 if right(p.kind, p.node) else -0.1, p.means[1]) for p in probes] for m in SEEDS}
    found = examine(WORLD, ITEMS, FAILED, answered)
    assert found.probes["context"].telling
    of = {d.item: d for d in found.diagnoses}
    assert of[first].category == ("unexplained" if cured else "suspect item")
    assert f"{3 if cured else 0} of 3 failing models are right" in of[first].reason


def test_where_models_do_not_use_what_a_question_tells_the_reason_does_not_speak_of_it() -> None:
    probes = probes_of(WORLD, ITEMS, FAILED)
    answered = {m: [Answer(p, 0.1 if p.kind not in ("context", "elsewhere") else -0.1, p.means[1]) for p in probes] for m in SEEDS}
    found = examine(WORLD, ITEMS, FAILED, answered)
    assert not found.probes["context"].telling
    assert {d.category for d in found.diagnoses if d.item in FAILED} == {"suspect item"}
    assert not any("supplied" in d.reason for d in found.diagnoses)


def test_of_concepts_so_many_are_asked_at_first_as_is_said_and_nothing_else_changes() -> None:
    every, some = probes_of(WORLD, ITEMS, FAILED), probes_of(WORLD, ITEMS, FAILED, concepts=4)
    assert {p for p in every if p.kind != "concept"} == {p for p in some if p.kind != "concept"} and set(some) < set(every)
    assert 4 <= len({p.node for p in some if p.kind == "concept"}) <= 8
    assert msgspec.json.encode(some) == msgspec.json.encode(probes_of(WORLD, ITEMS, FAILED, concepts=4))
