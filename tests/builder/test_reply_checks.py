"""A text of a language model that is not what was planned is refused, with its reason; the templates' texts all pass."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from proda.builder.briefs import Brief, brief_of
from proda.builder.llm_writer import WordedReply, invented_names, load_sample_prompt
from proda.builder.plan import plan_samples
from proda.builder.reply_checks import EXPLANATION, REASONS, WordingChecks
from proda.records import Wording
from tests.toyworld import knowledge

WORLD = knowledge(ovens=True)
ALLOCATION = {"milling": 120, "lighting": 120, "ovens": 240}
WHY = "This is so because of what the authors of the lesson say about it."
CHECKS = WordingChecks(WORLD, invented_names(load_sample_prompt()))


@cache
def briefs() -> list[Brief]:
    return [brief_of(WORLD, p) for group in plan_samples(WORLD, ALLOCATION, seed=0, window=2).values() for p in group]


def brief(fmt: str, unit: str, form: str = "fact", **fields: object) -> Brief:
    fits = (b for b in briefs() if (b.plan.format, b.plan.unit, b.plan.form) == (fmt, unit, form))
    return next(b for b in fits if all(getattr(b.plan, name) == value for name, value in fields.items()))


def text(one: Brief, **changes: object) -> Wording:
    s = one.sample
    return msgspec.structs.replace(Wording(s.question, s.answer, WHY, s.options), **changes)


def reasons(one: Brief, **changes: object) -> set[str]:
    return {fault.reason for fault in CHECKS.faults(one, text(one, **changes))}


OPEN, CHOICE = ("open", "statement"), ("choice", "statement")


def test_the_templates_questions_and_answers_pass_every_check() -> None:
    assert len({(b.plan.format, b.plan.unit, b.plan.form) for b in briefs()}) > 15
    for one in briefs():
        assert not reasons(one), one.sample


def test_the_templates_explanations_pass_as_far_as_they_have_the_length() -> None:
    seen = 0
    for one in briefs():
        if EXPLANATION[0] <= len(one.sample.explanation.split()) <= EXPLANATION[1]:
            seen += 1
            assert not reasons(one, explanation=one.sample.explanation), one.sample
    assert seen > 100


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("layout", {"explanation": ""}),
        ("layout", {"explanation": f"{WHY}\nAnd more."}),
        ("layout", {"question": "What\u202e is it?"}),
        ("markdown", {"explanation": f"**{WHY}**"}),
        ("markdown", {"explanation": f"- {WHY}"}),
        ("markdown", {"explanation": f"See [this](http://127.0.0.1). {WHY}"}),
        ("markdown", {"explanation": f"{WHY} <script>"}),
        ("length", {"explanation": "Because it is so."}),
        ("length", {"explanation": " ".join(["word"] * 61)}),
        ("length", {"explanation": "w" * 2000}),
        ("length", {"question": f"{' '.join(['so'] * 70)} what?"}),
        ("internal-id", {"explanation": f"{WHY} See milling/frost-halts-mill.s1 for it."}),
        ("internal-id", {"explanation": f"{WHY} It is in milling/flour."}),
        ("option-letter", {"explanation": f"{WHY} So option B is right."}),
        ("option-letter", {"explanation": f"{WHY} So it is (C)."}),
        ("example", {"explanation": f"{WHY} Think of a brindle bloom."}),
        ("other-concept", {"explanation": f"{WHY} The guild praise is another matter."}),
        ("options", {"options": ("one", "two")}),
        ("answer", {"answer": "something else"}),
    ],
)
def test_each_fault_of_an_open_sample_has_its_reason(reason: str, change: dict[str, object]) -> None:
    one = brief(*OPEN)
    assert reason in reasons(one, **change) and reason in REASONS
    assert not reasons(one)


def test_an_answer_may_be_an_alias_and_may_not_be_another_concept_or_a_negation() -> None:
    one = brief(*OPEN)
    right = WORLD.concepts[one.slots[0]]
    other = next(c for c in one.planned if c != right.id)
    assert not reasons(one, answer=f"the {right.term}")
    assert reasons(one, answer=f"not the {right.term}") == {"answer"}
    assert reasons(one, answer=WORLD.concepts[other].term) == {"answer"}
    world = msgspec.structs.replace(right, aliases=("some such thing",))
    checks = WordingChecks(_with(world))
    assert not checks.faults(one, text(one, answer="some such thing")) and CHECKS.faults(one, text(one, answer="some such thing"))


def _with(concept: object) -> object:
    concepts = {**WORLD.concepts, concept.id: concept}  # type: ignore[attr-defined]
    return type(WORLD)(WORLD.relations.values(), concepts.values(), WORLD.statements.values(), WORLD.chains.values(), WORLD.cases)


def test_a_question_names_what_it_asks_about_and_not_its_answer() -> None:
    one = brief(*OPEN)
    term = WORLD.concepts[one.slots[0]].term
    assert reasons(one, question="What comes of it, would you say?") == {"question"}
    assert "answer-in-question" in reasons(one, question=f"{one.sample.question} Is it {term}?")
    assert reasons(one, question=f"{one.sample.question} Not that one, but which?") == {"question"}


def test_options_keep_their_concepts_and_places_and_the_key_its_place() -> None:
    one = brief(*CHOICE)
    options, right = one.sample.options, one.sample.options.index(one.sample.answer)
    turned = (*options[1:], options[0])
    assert "options" in reasons(one, options=turned, answer=turned[right])
    assert reasons(one, answer=options[right - 1]) == {"answer"}
    assert reasons(one, answer="ABCD"[right]) == {"answer"}
    assert reasons(one, options=options[:-1]) >= {"options"}
    bare = tuple(f"just {o}" for o in options)
    assert not reasons(one, options=bare, answer=bare[right])


def test_a_claim_keeps_its_truth_value_and_its_concepts() -> None:
    true, false = (
        brief("true-false", "statement", false=False),
        next(b for b in briefs() if b.sample.answer == "false" and not b.keep - {"answer"}),
    )
    assert reasons(true, answer="false") == {"answer"} and reasons(false, answer="true") == {"answer"}
    wrong = WORLD.concepts[false.plan.distractors[0]].term
    ends = WORLD.statements[false.plan.nodes[0]]
    right = next(WORLD.concepts[c].term for c in (ends.subject, ends.object) if WORLD.concepts[c].term not in false.sample.question)
    assert "question" in reasons(false, question=false.sample.question.replace(wrong, right))
    assert reasons(false, question=false.sample.question.replace("rue or false", "ight or wrong")) == {"question"}


def test_what_names_cannot_check_is_kept_word_by_word() -> None:
    effect = brief("open", "statement", "effect")
    assert reasons(effect, answer=f"{effect.sample.answer} a little") == {"answer"}
    more = next(b for b in briefs() if b.plan.form == "effect" and b.plan.format == "open" and " more " in b.sample.question)
    assert reasons(more, question=more.sample.question.replace(" more ", " less ")) == {"question"}
    for one in (brief("true-false", "statement", "effect"), brief("true-false", "concept")):
        assert reasons(one, question=f"So: {one.sample.question}") == {"question"}
    limits = brief("choice", "condition", "preconditions")
    said = tuple(f"{o} " + "too" for o in limits.sample.options)
    assert "options" in reasons(limits, options=said, answer=said[limits.sample.options.index(limits.sample.answer)])


def test_a_question_about_the_opposite_relation_is_refused() -> None:
    asks = (b for b in briefs() if b.plan.unit == "statement" and b.plan.format == "open" and b.plan.form == "fact")
    one = next(b for b in asks if "increase" in b.sample.question)
    assert reasons(one, question=one.sample.question.replace("increase", "decrease")) == {"question"}


def test_the_examples_of_the_prompt_are_parsed_by_our_models_and_use_no_name_of_the_knowledge() -> None:
    prompt = load_sample_prompt()
    assert prompt.id == "sample@1" and len(prompt.examples) == 3
    for example in prompt.examples:
        task, reply = example.task, example.reply
        said = WordedReply.model_validate_json(reply).wording()
        assert set(task) == {"format", "discipline", "question", "options", "answer", "explanation", "facts", "names", "keep"}
        assert said.answer == task["answer"] and list(said.options) == task["options"]
        assert 10 <= len(said.explanation.split()) <= 60
        assert not CHECKS._names.found(" ".join((said.question, said.explanation)).lower().split())
    assert {"brindle bloom", "ochre drift", "kiln breath", "slip tarnish"} == set(invented_names(prompt))
