"""Each kind of evidence leads to its diagnosis, and to the node that it is about."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from proda.debugger.diagnose import Examination, examine, failures, probes_of
from proda.debugger.probes import Answer, Probe, statement_probes
from proda.experiments.mutations import rekeyed
from proda.graph import Knowledge
from proda.language.wording import question, sentence
from proda.records import LETTERS, Diagnosis, Item, ItemKind, Option, Outcome, Sample
from tests.toyitems import bridge, effect, linked_knowledge, toy_items, wrong_letter

ROOT = Path(__file__).resolve().parents[2]
WORLD = linked_knowledge(20)
ITEMS = toy_items(WORLD)
ITEM = bridge(WORLD, 6)  # of the statement weaving/story-6.s2 and the link weaving/join-6
FIRST, LINK = ITEM.statements
SEEDS = ("seed-0", "seed-1", "seed-2")


def breaking(item: Item, *statements: str) -> str:
    """The letter of the option that breaks exactly these statements."""
    return next(letter for letter, o in zip(LETTERS, item.options, strict=True) if o.breaks == statements)


def outcome(item: Item, model: str, chosen: str | None) -> Outcome:
    right = None if chosen is None else chosen == item.answer
    return Outcome(item.id, item.content_hash, model, item.split, item.discipline, item.chain, item.kind, item.answer, chosen, right, None)


def diagnosed(
    knows: Callable[[str, Probe], bool], *, item: Item = ITEM, chosen: dict[str, str] | None = None, samples: Iterable[Sample] = ()
) -> Diagnosis:
    failed = {item.id: chosen or dict.fromkeys(SEEDS, wrong_letter(item))}
    probes = probes_of(WORLD, [item], failed)
    answered = {m: [Answer(p, 0.1 if knows(m, p) else -0.1, p.means[1]) for p in probes] for m in SEEDS}
    (found,) = examine(WORLD, [item], failed, answered, samples).diagnoses
    return found


def without(statement: str, letter: str) -> Diagnosis:
    """The diagnosis of models that know everything but one statement and chose the letter."""
    return diagnosed(lambda _, p: p.node != statement, chosen=dict.fromkeys(SEEDS, letter))


def by_hand(item: Item, letter: str) -> Item:
    """The item with one option in a person's words, without recorded triples and breaks."""
    options = [Option(o.text, o.operator) if x == letter else o for x, o in zip(LETTERS, item.options, strict=True)]
    return msgspec.structs.replace(item, options=tuple(options))


def turned(statement: str) -> Sample | None:
    """A sample of the statement that states its reverse; None if the reverse is true as well."""
    subject, relation, obj = WORLD.statements[statement].triple
    if WORLD.holds(obj, relation, subject):
        return None
    back = WORLD.concepts[subject].text
    return Sample(f"{statement}:open-9", "open", (statement,), question(WORLD, (obj, relation, subject), "object"), back)


def test_the_chosen_option_names_the_statement_that_is_asked_about() -> None:
    """Two half-right options break one statement each, of a chain and of a link; the blame follows the choice."""
    assert WORLD.chains[WORLD.statements[LINK].chain].is_link and WORLD.statements[FIRST].chain == ITEM.chain
    for blamed in (FIRST, LINK):
        found = without(blamed, breaking(ITEM, blamed))
        assert (found.category, found.nodes, found.confidence) == ("concept gap", (blamed,), 1.0)
        assert found.evidence[0].failed == found.evidence[0].asked and found.evidence[0].preferred in {*WORLD.concepts, "inversion"}
        assert sentence(WORLD, WORLD.statements[blamed]) in found.reason
    both = diagnosed(lambda _, p: p.kind != "statement", chosen=dict.fromkeys(SEEDS, breaking(ITEM, LINK)))
    assert both.nodes == (LINK,) and {e.node for e in both.evidence[1:]} == {FIRST}


def test_an_option_that_breaks_nothing_on_record_lays_blame_on_all_statements_of_the_item() -> None:
    letter = breaking(ITEM, LINK)
    unknown = {"weaving/story-6.s2", "weaving/join-6.s1"}
    found = diagnosed(lambda _, p: p.node not in unknown, item=by_hand(ITEM, letter), chosen=dict.fromkeys(SEEDS, letter))
    assert (found.category, set(found.nodes)) == ("concept gap", unknown)


def test_an_unknown_statement_that_the_choice_respects_is_blamed_where_the_broken_one_is_known() -> None:
    """What follows from the first concept is chosen because it is not known that the right concept leads to the last one."""
    found = diagnosed(lambda _, p: p.node != LINK, chosen=dict.fromkeys(SEEDS, breaking(ITEM, FIRST)))
    assert (found.category, found.nodes) == ("concept gap", (LINK,))
    elsewhere = "weaving/story-6.s4"
    assert diagnosed(lambda _, p: p.node != elsewhere, chosen=dict.fromkeys(SEEDS, breaking(ITEM, FIRST))).nodes != (elsewhere,)


def test_the_concept_that_was_right_is_recorded_beside_the_one_that_was_preferred() -> None:
    end, chosen = WORLD.statements[FIRST].object, dict.fromkeys(SEEDS, breaking(ITEM, FIRST))
    found = diagnosed(lambda _, p: p.node != FIRST or p.means[0] not in (end, ""), chosen=chosen).evidence[0]
    assert (found.node, found.expected) == (FIRST, end) and found.preferred in WORLD.concepts
    both = diagnosed(lambda _, p: p.node != FIRST, chosen=chosen).evidence[0]
    rivals = [p for p in statement_probes(WORLD, WORLD.statements[FIRST]) if both.preferred in p.means[1:2]]
    assert both.expected == (rivals[0].means[0] if len({p.means[0] for p in rivals}) == 1 else "")


def test_a_tie_between_categories_is_unexplained() -> None:
    """Two models fail the item. One does not know a statement, the other only a step: neither category has more votes."""

    def knows(model: str, probe: Probe) -> bool:
        if model == "seed-0":
            return not (probe.kind == "statement" and probe.node == FIRST)
        return not (probe.kind == "step" and probe.node == LINK)

    letter = breaking(ITEM, FIRST)
    each = {m: diagnosed(knows, chosen={m: letter}) for m in ("seed-0", "seed-1")}
    assert [found.category for found in each.values()] == ["concept gap", "reasoning deficit"]
    tied = diagnosed(knows, chosen=dict.fromkeys(("seed-0", "seed-1"), letter))
    assert (tied.category, tied.nodes, tied.evidence, tied.confidence) == ("unexplained", (), (), 0.0)
    assert "1 concept gap, 1 reasoning deficit" in tied.reason
    three = diagnosed(lambda m, p: knows("seed-1" if m == "seed-2" else m, p), chosen=dict.fromkeys(SEEDS, letter))
    assert (three.category, three.confidence) == ("reasoning deficit", 0.67)


@pytest.mark.parametrize("kind", ["step", "between"])
@pytest.mark.parametrize("broken", [FIRST, LINK])
def test_all_known_but_the_step_from_one_chain_to_another_is_a_reasoning_deficit_at_the_step(kind: str, broken: str) -> None:
    found = diagnosed(
        lambda _, p: not (p.kind == kind and (p.before, p.node) == (FIRST, LINK)), chosen=dict.fromkeys(SEEDS, breaking(ITEM, broken))
    )
    assert (found.category, found.nodes, found.evidence[0].probe) == ("reasoning deficit", (LINK,), kind)
    assert ("the step" if kind == "step" else "what leads to") in found.reason


def test_a_step_to_the_same_statement_from_elsewhere_is_not_the_step_of_this_item() -> None:
    """The statement of the chain is a step of the chain too, from the statement before it; the item does not ask for that."""
    near = breaking(ITEM, FIRST, LINK)  # not half right, so that knowing all statements does not decide
    found = diagnosed(lambda _, p: not (p.kind in ("step", "between") and p.node == FIRST), chosen=dict.fromkeys(SEEDS, near))
    assert any(p.node == FIRST and p.kind == "step" for p in probes_of(WORLD, [ITEM], {ITEM.id: {}}))
    assert found.category == "suspect item"


def test_a_step_whose_other_statement_is_contradicted_leads_to_that_statement() -> None:
    """The choice breaks the link. The statement before it passes its probes, but samples contradict it and the step fails."""
    said = turned(FIRST) or turned(LINK)
    assert said is not None
    other = said.nodes[0]
    broken = LINK if other == FIRST else FIRST
    found = diagnosed(lambda _, p: p.kind not in ("step", "between"), chosen=dict.fromkeys(SEEDS, breaking(ITEM, broken)), samples=[said])
    assert (found.category, found.nodes) == ("data conflict", (other,))


def test_a_half_right_choice_of_models_that_know_every_statement_is_a_reasoning_deficit_at_what_it_breaks() -> None:
    """All seeds choose what fits one statement alone, and every probe passes: they do not combine the two."""
    found = diagnosed(lambda *_: True, chosen=dict.fromkeys(SEEDS, breaking(ITEM, FIRST)))
    assert (found.category, found.nodes) == ("reasoning deficit", (FIRST,))
    assert sentence(WORLD, WORLD.statements[FIRST]) in found.reason and "0 of" not in found.reason


def test_a_corrupted_key_is_a_suspect_item_whatever_the_probes_say() -> None:
    """The knowledge does not contain the option that is marked right now. It contains the chosen one, which leads from end to end."""
    corrupted = rekeyed(ITEM, breaking(ITEM, LINK))
    found = diagnosed(lambda *_: False, item=corrupted, chosen=dict.fromkeys(SEEDS, ITEM.answer))
    assert (found.category, found.nodes) == ("suspect item", ())


def test_a_distractor_that_the_knowledge_holds_too_is_a_suspect_item() -> None:
    letter = breaking(ITEM, LINK)
    option = ITEM.options[LETTERS.index(letter)]
    model = WORLD.statements[LINK]
    lacking = [
        msgspec.structs.replace(model, id=f"weaving/new-{n}.s1", chain=f"weaving/new-{n}", subject=s, relation=r, object=o)
        for n, (s, r, o) in enumerate(t for t in option.triples if not WORLD.holds(*t))
    ]
    links = [msgspec.structs.replace(WORLD.chains[model.chain], id=s.chain, statements=(s.id,)) for s in lacking]
    wider = Knowledge(
        WORLD.relations.values(), WORLD.concepts.values(), [*WORLD.statements.values(), *lacking], [*WORLD.chains.values(), *links]
    )
    failed = {ITEM.id: dict.fromkeys(SEEDS, letter)}
    for world, category in ((WORLD, "concept gap"), (wider, "suspect item")):
        answered = {m: [Answer(p, -0.1, p.means[1]) for p in probes_of(world, [ITEM], failed)] for m in SEEDS}
        assert examine(world, [ITEM], failed, answered).diagnoses[0].category == category


@pytest.mark.parametrize("kind", ["mechanism", "order"])
def test_true_statements_that_begin_or_lead_elsewhere_are_no_second_right_answer(kind: ItemKind) -> None:
    """The wrong options of these items consist of true statements; what makes them wrong is where they begin or end."""
    right = ITEM.options[ITEM.key]
    mechanism = msgspec.structs.replace(ITEM, kind=kind)
    true = tuple(WORLD.statements[f"weaving/story-3.s{n}"].triple for n in (1, 2))
    other = breaking(ITEM, LINK)
    for told, category in ((true, "concept gap"), (right.triples, "suspect item")):
        options = [msgspec.structs.replace(o, triples=told) if x == other else o for x, o in zip(LETTERS, mechanism.options, strict=True)]
        found = diagnosed(
            lambda *_: False, item=msgspec.structs.replace(mechanism, options=tuple(options)), chosen=dict.fromkeys(SEEDS, other)
        )
        assert found.category == category


def test_seeds_that_know_everything_and_agree_suspect_the_item_and_those_that_differ_abstain() -> None:
    item = effect(WORLD, "weaving/story-2")
    assert diagnosed(lambda *_: True, item=item, chosen=dict.fromkeys(SEEDS, wrong_letter(item, "sign"))).category == "suspect item"
    letters = [letter for letter in LETTERS if letter != item.answer]
    found = diagnosed(lambda *_: True, item=item, chosen=dict(zip(SEEDS, letters, strict=True)))
    assert (found.category, found.nodes) == ("unexplained", ())


def test_an_item_about_conditions_is_not_suspect_because_its_statements_are_known() -> None:
    item = msgspec.structs.replace(effect(WORLD, "weaving/story-2"), kind="condition")
    options = tuple(msgspec.structs.replace(o, breaks=(), triples=()) for o in item.options)
    item = msgspec.structs.replace(item, options=options)
    assert diagnosed(lambda *_: True, item=item, chosen=dict.fromkeys(SEEDS, wrong_letter(item, "sign"))).category == "unexplained"


def test_an_item_is_not_suspected_where_one_of_its_statements_is_known_by_half() -> None:
    """Not even if the choice does not break that one: the item needs it as well."""
    item = effect(WORLD, "weaving/story-2")
    first, second, _ = item.statements
    chosen = dict.fromkeys(SEEDS, breaking(item, second))
    asked = [p for p in probes_of(WORLD, [item], {item.id: chosen}) if p.kind == "statement" and p.node == first]
    missed = {p.prompt for p in asked[: len(asked) // 2]}
    assert diagnosed(lambda _, p: p.prompt not in missed, item=item, chosen=chosen).category == "unexplained"
    assert diagnosed(lambda *_: True, item=item, chosen=chosen).category == "suspect item"


def test_training_data_that_says_otherwise_is_a_data_conflict() -> None:
    broken, flipped = next((s, sample) for s in ITEM.statements if (sample := turned(s)))
    found = diagnosed(lambda *_: False, samples=[flipped], chosen=dict.fromkeys(SEEDS, breaking(ITEM, broken)))
    assert (found.category, found.nodes) == ("data conflict", flipped.nodes)
    assert found.evidence[0].preferred == flipped.id


def examined(knows: Callable[[Probe], bool], items: list[Item], samples: Iterable[Sample] = ()) -> Examination:
    answered = {m: [Answer(p, 0.1 if knows(p) else -0.1, p.means[1]) for p in probes_of(WORLD, items, {})] for m in SEEDS}
    return examine(WORLD, items, {}, answered, samples)


STORY = WORLD.chains["weaving/story-2"].statements  # produces, increases, triggers, prevents: each a step


def test_what_no_item_asks_for_is_noticed_all_the_same() -> None:
    """No item fails. A statement is unknown, and steps to others; a step is noticed only where its own statements are known."""
    found = examined(lambda p: not (p.node == STORY[0] or (p.kind == "step" and p.before in STORY and p.node in STORY)), [ITEM])
    assert found.diagnoses == [] and [(e.probe, e.node) for e in found.noticed] == [
        ("statement", STORY[0]),
        *(("step", node) for node in STORY[2:]),  # the step to STORY[1] starts from what is unknown
    ]
    assert {p.node for p in probes_of(WORLD, [ITEM], {}) if p.kind == "statement"} == set(WORLD.active_statements)


def test_a_step_from_one_chain_to_another_is_asked_about_and_noticed_where_an_item_takes_it() -> None:
    def knows(probe: Probe) -> bool:
        return not (probe.kind == "between" and probe.before == FIRST)

    assert [(e.probe, e.node) for e in examined(knows, [ITEM]).noticed] == [("between", LINK), ("between", "weaving/story-6.s3")]
    assert [(e.probe, e.node) for e in examined(knows, []).noticed] == [("between", "weaving/story-6.s3")]  # along its chain only


def test_a_link_alone_has_no_step() -> None:
    asked = probes_of(WORLD, [], {})
    links = {s for c in WORLD.active_paths() if c.is_link for s in c.statements}
    assert links <= {p.node for p in asked} and {p.kind for p in asked if p.node in links} == {"statement"}


def test_steps_beside_a_contradicted_statement_are_not_noticed_for_themselves() -> None:
    """Steps from a contradicted statement cannot be composed; the conflict is what needs a repair."""
    flipped = next(sample for s in STORY[:2] if (sample := turned(s)))
    wrong = STORY.index(flipped.nodes[0])
    found = examined(lambda p: not (p.kind in ("step", "between") and p.node in STORY), [ITEM], [flipped]).noticed
    left = [s for n, s in enumerate(STORY) if n > 0 and wrong not in (n, n - 1)]
    assert left and [(e.probe, e.node) for e in found] == [
        ("data", STORY[wrong]), *(("step", s) for s in left), *(("between", s) for s in left)
    ]  # fmt: skip


def test_samples_that_contradict_the_base_are_noticed_though_nothing_fails() -> None:
    statement = next(s for s in WORLD.active_statements.values() if not WORLD.holds(s.object, s.relation, s.subject))
    subject, relation, obj = statement.triple
    back = WORLD.concepts[subject].text
    flipped = Sample(f"{statement.id}:open-9", "open", (statement.id,), question(WORLD, (obj, relation, subject), "object"), back)
    (found,) = examined(lambda _: True, [ITEM], [flipped]).noticed
    assert (found.node, found.probe, found.preferred) == (statement.id, "data", flipped.id)


def test_an_item_with_a_second_right_option_is_suspect_though_no_model_fails_it() -> None:
    assert examined(lambda _: True, ITEMS).diagnoses == []  # no item has one so far
    letter, right = wrong_letter(ITEM), ITEM.options[ITEM.key]
    options = [msgspec.structs.replace(o, triples=right.triples) if x == letter else o for x, o in zip(LETTERS, ITEM.options, strict=True)]
    (found,) = examined(lambda _: True, [msgspec.structs.replace(ITEM, options=tuple(options))]).diagnoses
    assert (found.category, found.failed_by, found.chosen) == ("suspect item", (), ()) and f"option {letter}" in found.reason


def test_what_most_seeds_say_counts_and_confidence_is_their_share() -> None:
    found = diagnosed(lambda model, p: p.node != FIRST or model == "seed-2", chosen=dict.fromkeys(SEEDS, breaking(ITEM, FIRST)))
    assert found.category == "concept gap" and found.confidence == 0.67


def test_only_items_that_most_seeds_fail_as_they_read_now() -> None:
    wrong = wrong_letter(ITEM)
    twice = [outcome(ITEM, "seed-0", wrong), outcome(ITEM, "seed-1", wrong), outcome(ITEM, "seed-2", ITEM.answer)]
    assert failures([ITEM], [*twice, outcome(ITEM, "base", wrong)]) == {ITEM.id: {"seed-0": wrong, "seed-1": wrong}}
    once = [outcome(ITEM, "seed-0", wrong), *(outcome(ITEM, s, ITEM.answer) for s in SEEDS[1:])]
    assert failures([ITEM], once) == {}
    unread = [outcome(ITEM, model, None) for model in ("seed-1", "seed-2")]
    assert failures([ITEM], [outcome(ITEM, "seed-0", wrong), *unread]) == {}  # one of three, though the others gave no answer
    assert failures([ITEM], [msgspec.structs.replace(o, hash="old") for o in twice]) == {}
    assert failures([ITEM], [outcome(ITEM, s, None) for s in SEEDS]) == {}  # unscored is not wrong


SCRIPT = """
import hashlib, msgspec
from tests.debugger.test_diagnose import FIRST, ITEMS, examined
print(hashlib.sha256(msgspec.json.encode(examined(lambda p: p.node != FIRST, ITEMS))).hexdigest())
"""


def test_the_diagnosis_is_the_same_in_every_process() -> None:
    """Sets of strings have another order under each hash seed."""
    expected = hashlib.sha256(msgspec.json.encode(examined(lambda p: p.node != FIRST, ITEMS))).hexdigest()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-P", "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
