"""Worded samples: right answers, valid options, readable English, no internal ids."""

from __future__ import annotations

import re

import pytest

from proda.builder import templates
from proda.builder.plan import Plan, plan_samples
from proda.builder.template_writer import write_sample
from proda.records import FORMATS, LETTERS, Sample
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge()


@pytest.fixture(scope="module")
def written() -> list[tuple[Plan, Sample]]:
    plans = plan_samples(WORLD, {"weaving": 3000, "milling": 150, "lighting": 150}, seed=0, window=2)
    return [(p, write_sample(WORLD, p)) for g in plans.values() for p in g]


def test_no_internal_id_or_unfilled_place_in_any_text(written: list[tuple[Plan, Sample]]) -> None:
    for _, sample in written:
        text = " ".join([sample.question, *sample.options, sample.answer, sample.explanation])
        assert not re.search(r"\w/\w|\bs\d\b|[{}]|  |\.\.", text), text
        assert sample.question[0].isupper()


def test_a_choice_has_its_answer_among_different_options(written: list[tuple[Plan, Sample]]) -> None:
    for _, sample in written:
        if sample.format == "choice":
            assert sample.answer in sample.options
            assert len(set(sample.options)) == len(sample.options) >= 2
            assert sample.completion.startswith(f"{sample.key}. {sample.answer}")
        else:
            assert sample.options == ()


def test_letters_of_choices_are_balanced(written: list[tuple[Plan, Sample]]) -> None:
    keys = [s.key for _, s in written if s.format == "choice" and len(s.options) == 4]
    for letter in LETTERS:
        assert 0.2 < keys.count(letter) / len(keys) < 0.3


def test_a_claim_is_true_exactly_if_the_knowledge_holds_it(written: list[tuple[Plan, Sample]]) -> None:
    true = false = 0
    for plan, sample in written:
        if sample.format == "true-false" and plan.unit == "statement":
            holds = WORLD.holds(*(plan.claim or plan.triples[0]))
            assert sample.answer == ("true" if holds else "false"), sample
            true, false = true + holds, false + (not holds)
    assert min(true, false) > 0.3 * (true + false)


def test_an_explanation_justifies_and_refutes(written: list[tuple[Plan, Sample]]) -> None:
    for plan, sample in written:
        if sample.format == "choice" and plan.unit == "statement":
            assert len(sample.explanation) > 20
            shown = [o for o in sample.options if o != sample.answer]
            refutation = sample.explanation.rpartition("None of the others fits")[2] if len(shown) > 1 else sample.explanation
            assert refutation != sample.explanation or len(shown) == 1, sample
            # One distractor is refuted by a true statement; a model would learn a list of wrong names along with the right one.
            assert len([o for o in shown if refutation.lower().startswith(f"; {o} instead ")]) == (refutation != "."), sample


def test_nodes_are_what_the_sample_speaks_of(written: list[tuple[Plan, Sample]]) -> None:
    for plan, sample in written:
        assert set(plan.nodes) <= set(sample.nodes)
        assert list(sample.nodes) == sorted(sample.nodes)
        for node in sample.nodes:
            WORLD.node(node)


@pytest.mark.parametrize("relation", sorted(WORLD.relations))
@pytest.mark.parametrize("fmt", FORMATS)
def test_six_phrasings_for_each_relation_and_format(relation: str, fmt: str) -> None:
    statement = next(iter(WORLD.active_statements.values()))
    triple = (statement.subject, relation, statement.object)
    wrong = ("weaving/thing-9-1", "weaving/thing-9-2", "weaving/thing-9-3") if fmt == "choice" else ()
    questions = set()
    for ordinal in range(12):
        ask = "object" if ordinal % 2 == 0 else "subject"
        plan = Plan(f"x:{fmt}-{ordinal}", "statement", fmt, ordinal, (statement.id,), (triple,), ask, wrong)  # type: ignore[arg-type]
        questions.add(write_sample(WORLD, plan).question)
    assert len(questions) >= 6


def test_every_set_of_frames_has_six_different_ones() -> None:
    groups = [*templates.OBJECT.values(), *templates.SUBJECT.values(), templates.CLAIM, *templates.WINDOW.values()]
    groups += [*templates.TERM.values(), *templates.DEFINITION.values(), templates.MEANING]
    assert all(len(set(frames)) >= 6 for frames in groups)


def test_braces_in_a_term_are_left_alone() -> None:
    assert templates.fill("Define {term}.", {"term": "the set {x}"}) == "Define the set {x}."


def test_the_plan_hash_follows_the_plan(written: list[tuple[Plan, Sample]]) -> None:
    hashes = {sample.plan for _, sample in written}
    assert len(hashes) == len(written)
