"""The key of a plan covers what the sample teaches, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.builder.briefs import brief_of, plan_key, reworded
from proda.builder.plan import Plan, plan_samples
from proda.errors import InputError
from proda.graph import Knowledge
from proda.records import Span, Wording
from proda.store.written import WrittenSample, load_written, written_text
from tests.toyworld import knowledge, with_statement

WORLD = knowledge(ovens=True)


def plans(world: Knowledge) -> list[Plan]:
    found = plan_samples(world, {"milling": 80, "lighting": 80, "ovens": 160}, seed=0, window=2)
    return [plan for group in found.values() for plan in group]


def keys(world: Knowledge) -> dict[str, str]:
    return {plan.id: plan_key(world, plan) for plan in plans(world)}


def test_each_plan_has_a_key_of_its_own() -> None:
    found = keys(WORLD)
    assert len(set(found.values())) == len(found) == 320


def test_an_edited_sentence_changes_the_keys_of_its_samples_only() -> None:
    statement = "milling/wind-grinds-grain.s2"
    edited = keys(with_statement(WORLD, statement, text="A turning sail makes torque in the shaft."))
    changed = {name for name, key in keys(WORLD).items() if edited[name] != key}
    teaching = {plan.id for plan in plans(WORLD) if statement in plan.nodes}
    assert changed == teaching and len(changed) > 3


def test_a_place_in_the_source_changes_no_key() -> None:
    moved = with_statement(WORLD, "milling/wind-grinds-grain.s2", span=Span("milling/milling-notes", 7, 70), quote="Another passage.")
    assert keys(moved) == keys(WORLD)


def test_a_changed_wrong_option_changes_the_key() -> None:
    plan = next(p for p in plans(WORLD) if p.format == "choice" and p.unit == "statement" and p.form == "fact")
    wrong = WORLD.concepts[plan.distractors[0]]
    concepts = {**WORLD.concepts, wrong.id: msgspec.structs.replace(wrong, term="a new term")}
    other = Knowledge(WORLD.relations.values(), concepts.values(), WORLD.statements.values(), WORLD.chains.values(), WORLD.cases)
    assert plan_key(other, plan) != plan_key(WORLD, plan)
    assert plan_key(WORLD, msgspec.structs.replace(plan, ordinal=9)) != plan_key(WORLD, plan)


def test_a_frozen_text_changes_the_text_of_its_sample_and_nothing_else() -> None:
    brief = brief_of(WORLD, next(p for p in plans(WORLD) if p.format == "choice"))
    sample = brief.sample
    said = Wording("Which?", sample.answer, "Because.", sample.options)
    made = reworded(sample, WrittenSample(sample.id, "choice", said, brief.key, "toy", "sample@1"))
    assert msgspec.structs.replace(made, question=sample.question, explanation=sample.explanation) == sample
    turned = msgspec.structs.replace(said, answer=next(o for o in sample.options if o != sample.answer))
    with pytest.raises(InputError, match="another format, number of options or key"):
        reworded(sample, WrittenSample(sample.id, "choice", turned, brief.key, "toy", "sample@1"))


ONE = WrittenSample("milling/a.s1:open-1", "open", Wording("Why?", "no", "It is: so # it is."), "00ff00ff00ff00ff", "toy", "sample@1")
TWO = WrittenSample("milling/a.s1:choice-2", "choice", Wording("Which?", "b", "So.", ("a", "b")), "0123456789012345", "toy", "sample@1")


def test_a_file_reads_as_it_was_written_and_does_not_depend_on_the_order(tmp_path: Path) -> None:
    text = written_text([ONE, TWO])
    assert text == written_text([TWO, ONE]) and "options:\n      A: a\n      B: b\n    answer: B" in text
    path = tmp_path / "samples/written/milling/basics.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert load_written(tmp_path) == {one.plan: one for one in (ONE, TWO)}
    assert load_written(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("answer: B", "answer: C", "Not a written sample"),
        ("answer: B", "answer: b", "Not a written sample"),
        ("format: choice", "format: true-false", "no other format has options"),
        ("format: open", "format: true-false", "expected true or false"),
        ("format: open", "format: essay", "Not a written sample"),
        ("    prompt: sample@1", "    prompt: sample@1\n    date: today", "Not a written sample"),
        ("B: b", "B: a", "options that differ"),
        ("00ff00ff00ff00ff", "0123456789012345", "as well"),
        ("samples:", "examples:", "Expected `samples:`"),
    ],
)
def test_a_broken_entry_is_refused_with_file_and_id(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "samples/written/milling/basics.yaml"
    path.parent.mkdir(parents=True)
    text = written_text([ONE, TWO])
    assert old in text
    path.write_text(text.replace(old, new, 1) if "prompt" not in old else text.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_written(tmp_path)
    assert "samples/written/milling/basics.yaml" in str(caught.value)
