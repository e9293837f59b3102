"""Each kind of evidence leads to its diagnosis, and to the node it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from proda.debugger.diagnose import Examination, examine, failures, probes_of
from proda.debugger.probes import Answer, Probe, statement_probes
from proda.experiments.mutations import with_another_right
from proda.graph import Knowledge
from proda.language.read_options import option_triples, parted
from proda.language.wording import clause, question
from proda.records import LETTERS, Diagnosis, Item, Outcome, Sample
from proda.tester.items import write_items
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(20)
ITEMS = write_items(WORLD, seed=0, sealed_share=0.0)
ITEM = next(i for i in ITEMS if i.split == "dev" and i.kind == "path" and i.chain.startswith("weaving/"))
SEEDS = ("seed-0", "seed-1", "seed-2")


def wrong_letter(item: Item, operator: str = "substitution") -> str:
    return next(letter for letter, o in zip(LETTERS, item.options, strict=True) if o.operator == operator)


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


def apart() -> tuple[str, ...]:
    found = parted(WORLD, ITEM, wrong_letter(ITEM))
    assert found
    return found


def turned(statement: str) -> Sample | None:
    """A sample made for the statement that says it turned round; None where that holds as well."""
    subject, relation, obj = WORLD.statements[statement].triple
    if WORLD.holds(obj, relation, subject):
        return None
    back = WORLD.concepts[subject].text
    return Sample(f"{statement}:open-9", "open", (statement,), question(WORLD, (obj, relation, subject), "object"), back)


def test_a_statement_that_fails_its_probes_is_a_concept_gap_there_and_names_the_confusion() -> None:
    blamed = apart()[0]
    found = diagnosed(lambda _, p: p.node != blamed)
    assert (found.category, found.nodes, found.confidence) == ("concept gap", (blamed,), 1.0)
    assert found.evidence[0].failed == found.evidence[0].asked and found.evidence[0].preferred in {*WORLD.concepts, "inversion"}
    assert clause(WORLD, WORLD.statements[blamed].triple) in found.reason


def test_the_concept_that_was_right_is_recorded_beside_the_one_that_was_preferred() -> None:
    blamed = apart()[0]
    end = WORLD.statements[blamed].object
    found = diagnosed(lambda _, p: p.node != blamed or p.means[0] not in (end, "")).evidence[0]
    assert (found.node, found.expected) == (blamed, end) and found.preferred in WORLD.concepts
    both = diagnosed(lambda _, p: p.node != blamed).evidence[0]
    rivals = [p for p in statement_probes(WORLD, WORLD.statements[blamed]) if both.preferred in p.means[1:2]]
    assert both.expected == (rivals[0].means[0] if len({p.means[0] for p in rivals}) == 1 else "")


def test_a_tie_between_categories_is_unexplained() -> None:
    """Two models fail the item. One does not know a statement, the other only a step: neither category has more votes."""
    gap, step = apart()[0], next(s for s in apart() if s != ITEM.statements[0])

    def knows(model: str, probe: Probe) -> bool:
        if model == "seed-0":
            return not (probe.kind == "statement" and probe.node == gap)
        return not (probe.kind == "step" and probe.node == step)

    each = {m: diagnosed(knows, chosen={m: wrong_letter(ITEM)}) for m in ("seed-0", "seed-1")}
    assert [found.category for found in each.values()] == ["concept gap", "reasoning deficit"]
    tied = diagnosed(knows, chosen=dict.fromkeys(("seed-0", "seed-1"), wrong_letter(ITEM)))
    assert (tied.category, tied.nodes, tied.evidence, tied.confidence) == ("unexplained", (), (), 0.0)
    assert "1 concept gap, 1 reasoning deficit" in tied.reason
    three = diagnosed(lambda m, p: knows("seed-1" if m == "seed-2" else m, p), chosen=dict.fromkeys(SEEDS, wrong_letter(ITEM)))
    assert (three.category, three.confidence) == ("reasoning deficit", 0.67)


def test_a_gap_elsewhere_in_the_chain_is_not_blamed_for_this_choice() -> None:
    other = next(s for s in ITEM.statements if s not in apart())
    assert diagnosed(lambda _, p: p.node != other).nodes == ()


def test_all_known_but_a_step_is_a_reasoning_deficit_at_the_step() -> None:
    step = next(s for s in apart() if s != ITEM.statements[0])
    found = diagnosed(lambda _, p: not (p.kind == "step" and p.node == step))
    assert (found.category, found.nodes) == ("reasoning deficit", (step,))


def test_a_step_from_what_is_unknown_or_taught_otherwise_leads_back_to_that_statement() -> None:
    """The step is among what the choice departs from, the statement before it is not: what is wrong stands one further back."""
    item, letter, step, before = next(
        (i, x, s, i.statements[n])
        for i in ITEMS
        for x in LETTERS
        for n, s in enumerate(i.statements[1:])
        if s in (found := parted(WORLD, i, x) or ()) and i.statements[n] not in found and turned(i.statements[n])
    )
    chosen = dict.fromkeys(SEEDS, letter)

    def stumbles(_: str, probe: Probe) -> bool:
        return not (probe.kind == "step" and probe.node == step)

    assert diagnosed(stumbles, item=item, chosen=chosen).nodes == (step,)
    unknown = diagnosed(lambda m, p: stumbles(m, p) and p.node != before, item=item, chosen=chosen)
    assert (unknown.category, unknown.nodes) == ("concept gap", (before,))
    taught = diagnosed(stumbles, item=item, chosen=chosen, samples=filter(None, [turned(before)]))
    assert (taught.category, taught.nodes) == ("data conflict", (before,))


def test_a_corrupted_key_is_a_suspect_item_whatever_the_probes_say() -> None:
    corrupted = msgspec.structs.replace(ITEM, answer=wrong_letter(ITEM))
    found = diagnosed(lambda *_: False, item=corrupted, chosen=dict.fromkeys(SEEDS, ITEM.answer))
    assert (found.category, found.nodes) == ("suspect item", ())


def test_a_distractor_that_the_base_holds_too_is_a_suspect_item_and_a_true_but_short_one_is_not() -> None:
    letter = wrong_letter(ITEM)
    told = option_triples(WORLD, ITEM)[letter]
    assert told is not None
    model = next(iter(WORLD.active_statements.values()))
    lacking = [
        msgspec.structs.replace(model, id=f"{ITEM.chain}.x{n}", chain=ITEM.chain, subject=s, relation=r, object=o)
        for n, (s, r, o) in enumerate(t for t in told if not WORLD.holds(*t))
    ]
    chain = msgspec.structs.replace(WORLD.chains[ITEM.chain], id="weaving/other", statements=tuple(s.id for s in lacking))
    wider = Knowledge(
        WORLD.relations.values(), WORLD.concepts.values(), [*WORLD.statements.values(), *lacking], [*WORLD.chains.values(), chain]
    )
    failed = {ITEM.id: dict.fromkeys(SEEDS, letter)}
    for world, category in ((WORLD, "concept gap"), (wider, "suspect item")):
        answered = {m: [Answer(p, -0.1, p.means[1]) for p in probes_of(world, [ITEM], failed)] for m in SEEDS}
        assert examine(world, [ITEM], failed, answered).diagnoses[0].category == category
    short = next(i for i in ITEMS if any(o.operator == "truncation" and o.also is None for o in i.options))
    assert diagnosed(lambda *_: False, item=short, chosen=dict.fromkeys(SEEDS, wrong_letter(short, "truncation"))).category == "concept gap"


def test_seeds_that_know_everything_and_agree_suspect_the_item_and_those_that_differ_abstain() -> None:
    assert diagnosed(lambda *_: True).category == "suspect item"
    letters = [letter for letter in LETTERS if letter != ITEM.answer]
    found = diagnosed(lambda *_: True, chosen=dict(zip(SEEDS, letters, strict=True)))
    assert (found.category, found.nodes) == ("unexplained", ())


def test_an_item_is_not_suspected_where_its_statements_are_known_by_half() -> None:
    mine = [p for p in probes_of(WORLD, [ITEM], {ITEM.id: dict.fromkeys(SEEDS, wrong_letter(ITEM))}) if p.kind == "statement"]
    missed = {p.prompt for node in apart() for p in [q for q in mine if q.node == node][:2]}  # two of five
    assert diagnosed(lambda _, p: p.prompt not in missed).category == "unexplained"
    assert diagnosed(lambda _, p: True).category == "suspect item"


def test_training_data_that_says_otherwise_is_a_data_conflict() -> None:
    flipped = next(sample for s in apart() if (sample := turned(s)))
    found = diagnosed(lambda *_: False, samples=[flipped])
    assert (found.category, found.nodes) == ("data conflict", flipped.nodes)
    assert found.evidence[0].preferred == flipped.id


def examined(knows: Callable[[Probe], bool], items: list[Item], samples: Iterable[Sample] = ()) -> Examination:
    answered = {m: [Answer(p, 0.1 if knows(p) else -0.1, p.means[1]) for p in probes_of(WORLD, items, {})] for m in SEEDS}
    return examine(WORLD, items, {}, answered, samples)


def test_what_no_item_asks_for_is_noticed_all_the_same() -> None:
    """No item fails. A statement is unknown, and what links two others; a step is noticed only where its own statements are known."""
    path = next(c for c in WORLD.active_chains() if len(c.statements) == 4 and c.id != ITEM.chain).statements
    found = examined(lambda p: not (p.node == path[0] or (p.kind == "step" and p.node in path)), [ITEM])
    assert found.diagnoses == [] and [(e.probe, e.node) for e in found.noticed] == [
        ("statement", path[0]),
        *(("step", node) for node in path[2:]),  # the step to path[1] starts from what is unknown
    ]
    assert {p.node for p in probes_of(WORLD, [ITEM], {}) if p.kind == "statement"} == set(WORLD.active_statements)


def test_steps_beside_a_contradicted_statement_are_not_noticed_for_themselves() -> None:
    """Steps from a contradicted statement cannot be composed; the conflict is what needs a repair."""
    path = next(c for c in WORLD.active_chains() if len(c.statements) == 4).statements
    subject, relation, obj = WORLD.statements[path[1]].triple
    assert not WORLD.holds(obj, relation, subject)
    back = question(WORLD, (obj, relation, subject), "object")
    flipped = Sample(f"{path[1]}:open-9", "open", (path[1],), back, WORLD.concepts[subject].text)
    found = examined(lambda p: not (p.kind in ("step", "link") and p.node in path), [ITEM], [flipped]).noticed
    assert [(e.probe, e.node) for e in found] == [("data", path[1]), ("step", path[3]), ("link", path[3])]


def test_a_link_that_is_not_found_is_a_reasoning_deficit_of_its_own() -> None:
    """A true statement that comes too early, and what stands between two: either alone is enough, and the evidence names it."""
    step = next(s for s in apart() if s != ITEM.statements[0])
    found = diagnosed(lambda _, p: not (p.kind == "link" and p.node == step))
    assert (found.category, found.nodes, found.evidence[0].probe) == ("reasoning deficit", (step,), "link")
    assert "the link to" in found.reason
    noticed = examined(lambda p: not (p.kind == "link" and p.node == step), [ITEM]).noticed
    assert [(e.probe, e.node) for e in noticed] == [("link", step)]


def test_samples_that_contradict_the_base_are_noticed_though_nothing_fails() -> None:
    statement = next(s for s in WORLD.active_statements.values() if not WORLD.holds(s.object, s.relation, s.subject))
    subject, relation, obj = statement.triple
    back = WORLD.concepts[subject].text
    flipped = Sample(f"{statement.id}:open-9", "open", (statement.id,), question(WORLD, (obj, relation, subject), "object"), back)
    (found,) = examined(lambda _: True, [ITEM], [flipped]).noticed
    assert (found.node, found.probe, found.preferred) == (statement.id, "data", flipped.id)


def test_an_item_with_a_second_right_option_is_suspect_though_no_model_fails_it() -> None:
    assert examined(lambda _: True, ITEMS).diagnoses == []  # none of the benchmark's own
    letter = wrong_letter(ITEM)
    (found,) = examined(lambda _: True, [with_another_right(WORLD, ITEM, letter)]).diagnoses
    assert (found.category, found.failed_by, found.chosen) == ("suspect item", (), ()) and f"option {letter}" in found.reason


def test_what_most_seeds_say_counts_and_confidence_is_their_share() -> None:
    blamed = apart()[0]
    found = diagnosed(lambda model, p: p.node != blamed or model == "seed-2")
    assert found.category == "concept gap" and found.confidence == 0.67


def test_only_items_that_most_seeds_fail_as_they_read_now() -> None:
    wrong = wrong_letter(ITEM)
    twice = [outcome(ITEM, "seed-0", wrong), outcome(ITEM, "seed-1", wrong), outcome(ITEM, "seed-2", ITEM.answer)]
    assert failures([ITEM], [*twice, outcome(ITEM, "base", wrong)]) == {ITEM.id: {"seed-0": wrong, "seed-1": wrong}}
    once = [outcome(ITEM, "seed-0", wrong), *(outcome(ITEM, s, ITEM.answer) for s in SEEDS[1:])]
    assert failures([ITEM], once) == {}
    assert failures([ITEM], [msgspec.structs.replace(o, hash="old") for o in twice]) == {}
    assert failures([ITEM], [outcome(ITEM, s, None) for s in SEEDS]) == {}  # unscored is not wrong


def test_a_deterministic_diagnosis() -> None:
    blamed = apart()[0]
    assert diagnosed(lambda _, p: p.node != blamed) == diagnosed(lambda _, p: p.node != blamed)
