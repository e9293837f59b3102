"""What samples teach is read from their words: a planted fault is found, and no correct sample or statement is reported."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.language.read_samples import Reader, asserted, contradictions
from proda.language.wording import clause, name
from proda.records import Sample, Statement
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(20)
READER = Reader(WORLD)
SAMPLES = [
    write_sample(WORLD, p)
    for g in plan_samples(WORLD, {"weaving": 900, "milling": 90, "lighting": 90}, seed=0, window=2).values()
    for p in g
]


def test_what_the_templates_write_contradicts_nothing() -> None:
    for statement in WORLD.active_statements:
        assert list(contradictions(READER, SAMPLES, statement)) == []


def test_most_samples_of_a_statement_are_read_as_saying_it() -> None:
    made = [s for s in SAMPLES if s.id.partition(":")[0] in WORLD.statements]
    said = [WORLD.statements[s.id.partition(":")[0]].triple in asserted(READER, s) for s in made]
    assert len(made) > 300 and sum(said) > 0.8 * len(said)


def swapped(sample: Sample, one: str, other: str) -> Sample:
    def swap(text: str) -> str:
        return text.replace(one, "\0").replace(other, one).replace("\0", other)

    return msgspec.structs.replace(
        sample,
        question=swap(sample.question),
        answer=swap(sample.answer),
        explanation=swap(sample.explanation),
        options=tuple(map(swap, sample.options)),
    )


@pytest.mark.parametrize("fault", ["inverted", "swapped"])
def test_a_fault_planted_in_the_text_is_found_at_its_statement(fault: str) -> None:
    found = 0
    chosen = [s for s in WORLD.active_statements.values() if s.discipline == "weaving" and WORLD.relations[s.relation].asymmetric][:12]
    for statement in chosen:
        elsewhere = next(s.object for s in WORLD.active_statements.values() if s.discipline == "weaving" and s.chain != statement.chain)
        one, other = name(WORLD, statement.object), name(WORLD, statement.subject if fault == "inverted" else elsewhere)
        mine = [s for s in SAMPLES if statement.id in s.nodes and "+" not in s.id]
        planted = [swapped(s, one, other) for s in mine]
        found += bool(list(contradictions(READER, planted, statement.id)))
    assert found == len(chosen)


def test_the_opposite_relation_is_found_at_its_statement_and_at_no_other() -> None:
    found = 0
    for statement in WORLD.active_statements.values():
        relation = WORLD.relations[statement.relation]
        if relation.opposite is None or statement.discipline != "weaving":
            continue
        opposite = WORLD.relations[relation.opposite]
        mine = [s for s in SAMPLES if s.id.startswith(f"{statement.id}:open")]
        planted = [
            msgspec.structs.replace(s, explanation=said)
            for s in mine
            if (said := s.explanation.replace(f" {relation.phrase} ", f" {opposite.phrase} ")) != s.explanation
        ]
        if not planted:
            continue
        found += 1
        assert list(contradictions(READER, planted, statement.id))
        others = [o for o in WORLD.active_statements if o != statement.id]
        assert not any(list(contradictions(READER, planted, o)) for o in others)
    assert found


def test_a_sentence_that_shares_a_concept_at_the_other_end_accuses_nobody() -> None:
    chain = next(c for c in WORLD.chains.values() if len(c.statements) > 2)
    first, second = (WORLD.statements[s] for s in chain.statements[:2])
    for relation in {first.relation, second.relation}:
        text = f"{name(WORLD, second.object)} {WORLD.relations[relation].phrase} {name(WORLD, first.subject)}."
        sample = Sample("x:open-1", "open", (first.id, second.id), "What happens?", "nothing", text[:1].upper() + text[1:])
        assert asserted(READER, sample) == {(second.object, relation, first.subject)}
        assert not any(list(contradictions(READER, [sample], s.id)) for s in (first, second))


def test_a_row_with_one_statement_turned_round_accuses_that_one_and_not_its_neighbour() -> None:
    """a → b → c, told as a → b and c → b: c → b shares its object with the first statement, and both ends with the second."""
    found = 0
    for chain in WORLD.active_chains():
        for first, second in pairwise(WORLD.path(chain)):
            relation = second.relation
            if first.relation != relation or WORLD.holds(second.object, relation, second.subject):
                continue
            found += 1
            text = " ".join(f"{said[:1].upper()}{said[1:]}." for said in (clause(WORLD, first.triple), clause(WORLD, second.triple[::-1])))
            sample = Sample("x:open-1", "open", (first.id, second.id), "What happens?", "nothing", text)
            assert (second.object, relation, first.object) in asserted(READER, sample)
            assert list(contradictions(READER, [sample], first.id)) == []
            assert [triple for _, triple in contradictions(READER, [sample], second.id)] == [(second.object, relation, second.subject)]
    assert found


def qualified(**fields: object) -> tuple[Reader, Statement]:
    """A reader of the world with one statement reworded, and that statement."""
    first = WORLD.statements[WORLD.chains["weaving/story-0"].statements[0]]
    changed = msgspec.structs.replace(first, **fields)
    world = Knowledge(
        WORLD.relations.values(), WORLD.concepts.values(), {**WORLD.statements, first.id: changed}.values(), WORLD.chains.values()
    )
    return Reader(world), changed


def test_what_a_statement_adds_to_a_concept_is_read_over_and_a_gap_is_filled_with_the_answer() -> None:
    thing, other, wrong = (name(WORLD, f"weaving/thing-{n}") for n in ("0-0", "0-1", "5-3"))
    reader, statement = qualified(subject_as=f"a high {thing} in the hills", object_as=f"the loss of {other}")
    phrase = WORLD.relations[statement.relation].phrase

    def told(sample: Sample) -> set[tuple[str, str, str]]:
        return asserted(reader, sample)

    for right, says in ((thing, statement.triple), (wrong, ("weaving/thing-5-3", statement.relation, statement.object))):
        plain = Sample("x:open-1", "open", (statement.id,), "Why?", "so", f"A high {right} in the hills {phrase} the loss of {other}.")
        gap = Sample("x:open-2", "open", (statement.id,), f"Complete: “a high … in the hills {phrase} the loss of {other}”.", right)
        for sample in (plain, gap):
            assert told(sample) == {says}
            assert [t for _, t in contradictions(reader, [sample], statement.id)] == ([] if right == thing else [says])


def test_another_concept_in_the_wording_of_a_statement_is_no_end_of_it() -> None:
    thing, other, place = (name(WORLD, f"weaving/thing-{n}") for n in ("0-0", "0-1", "5-3"))
    reader, statement = qualified(subject_as=f"{thing} near {place}")
    phrase = WORLD.relations[statement.relation].phrase
    close = Sample("x:open-1", "open", (statement.id,), "Why?", "so", f"Any {thing}, near {place} {phrase} {other}.")  # not as worded
    assert ("weaving/thing-5-3", statement.relation, statement.object) in asserted(reader, close)
    assert list(contradictions(reader, [close], statement.id)) == []


def test_a_dated_event_is_read_in_the_past_tense() -> None:
    reader, statement = qualified(tense="past")
    told = f"{name(WORLD, statement.object)} {WORLD.relations[statement.relation].past} {name(WORLD, statement.subject)}."
    sample = Sample("x:open-1", "open", (statement.id,), "Why?", "so", told)
    assert [t for _, t in contradictions(reader, [sample], statement.id)] == [(statement.object, statement.relation, statement.subject)]
