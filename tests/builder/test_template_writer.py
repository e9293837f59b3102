"""Worded samples: right answers, valid options, readable English, no internal ids, no statement of another chain."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from proda.builder import templates
from proda.builder.plan import Part, Plan, plan_one, plan_samples, settled
from proda.builder.template_writer import write_sample
from proda.builder.wrong_options import beside, other_conditions
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.language.wording import altered, bare_name, capital, clause, inverse_clause, name, sentence
from proda.records import FORMATS, LETTERS, Format, Sample
from tests.builder.world import qualified
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge()
RICH = qualified()
Written = list[tuple[Plan, Sample]]


def write(world: Knowledge, allocation: dict[str, int]) -> Written:
    return [(p, write_sample(world, p)) for g in plan_samples(world, allocation, seed=0, window=2).values() for p in g]


@pytest.fixture(scope="module")
def written() -> Written:
    return write(WORLD, {"weaving": 3000, "milling": 150, "lighting": 150})


@pytest.fixture(scope="module")
def rich() -> Written:
    return write(RICH, {"weaving": 4000, "milling": 150, "lighting": 150})


def text_of(sample: Sample) -> str:
    return " ".join([sample.question, *sample.options, sample.answer, sample.explanation])


def test_no_internal_id_or_unfilled_place_in_any_text(written: Written, rich: Written) -> None:
    for _, sample in written + rich:
        assert not re.search(r"\w/\w|\bs\d\b|[{}]|  |\.\.|\bNone\b", text_of(sample)), sample
        assert sample.question[0].isupper()


def test_a_choice_has_its_answer_among_different_options(written: Written, rich: Written) -> None:
    for _, sample in written + rich:
        if sample.format == "choice":
            assert sample.answer in sample.options
            assert len(set(sample.options)) == len(sample.options) >= 2
            assert sample.completion.startswith(f"{sample.key}. {sample.answer}")
        else:
            assert sample.options == ()


def test_letters_of_choices_are_balanced(written: Written) -> None:
    keys = [s.key for _, s in written if s.format == "choice" and len(s.options) == 4]
    for letter in LETTERS:
        assert 0.2 < keys.count(letter) / len(keys) < 0.3


def test_a_claim_is_true_exactly_if_the_knowledge_holds_it(written: Written, rich: Written) -> None:
    answers = Counter[str]()
    for world, pairs in ((WORLD, written), (RICH, rich)):
        for plan, sample in pairs:
            if sample.format == "true-false" and plan.form == "fact" and plan.unit in ("statement", "window"):
                said = plan.claim or [world.statements[s] for s in plan.nodes]
                holds = all(world.holds(*s.triple) for s in said)
                assert sample.answer == ("true" if holds else "false"), sample
                assert all(clause(world, s) in sample.question or inverse_clause(world, s) in sample.question for s in said[:1]) or (
                    capital(clause(world, said[0])) in sample.question
                )
                answers[sample.answer] += 1
    assert min(answers.values()) > 0.3 * answers.total()


def test_a_choice_is_justified_first_and_at_most_one_wrong_option_refuted_by_its_definition(written: Written) -> None:
    refuted = 0
    facts = [(p, s) for p, s in written if s.format == "choice" and p.form == "fact" and p.unit != "concept"]
    for plan, sample in facts:
        own = [WORLD.statements[n] for n in plan.nodes]
        first, marker, rest = sample.explanation.partition(" something else: ")
        assert any(sample.explanation.startswith((s.text, capital(sentence(WORLD, s)))) for s in own), sample
        if marker:
            refuted += 1
            wrong = [c for c in plan.distractors if rest == f"{WORLD.concepts[c].definition}." and capital(name(WORLD, c)) in first]
            assert len(wrong) == 1, sample
    assert 0.4 < refuted / len(facts) < 0.6


def test_no_sample_words_a_statement_of_another_chain_that_shares_a_concept_with_its_own(rich: Written) -> None:
    """Otherwise the sample would give away a bridge item between the two chains."""
    every = list(RICH.active_statements.values())
    seen = Counter[str]()
    for plan, sample in rich:
        own = [RICH.statements[n] for n in plan.nodes if n in RICH.statements]
        if plan.unit == "condition":  # it may name a step of its chain
            own += [RICH.statements[n] for n in sample.nodes if n in RICH.statements and n in RICH.chains[plan.nodes[0]].statements]
        assert {n for n in sample.nodes if n in RICH.statements} == {s.id for s in own}
        ends = {c for s in own for c in (s.subject, s.object)}
        chains = {s.chain for s in own}
        for other in every:
            if other.chain in chains or ends.isdisjoint((other.subject, other.object)):
                continue
            seen[plan.unit] += 1
            words = text_of(sample).lower()
            said = (other.text.rstrip("."), clause(RICH, other), inverse_clause(RICH, other))
            assert not any(re.search(rf"(?<!\w){re.escape(s.lower())}(?!\w)", words) for s in said), (sample, other)
    assert min(seen["statement"], seen["window"]) > 100


def test_no_wrong_option_is_joined_with_what_the_sample_names_by_a_statement(rich: Written, written: Written) -> None:
    """Otherwise the sample would name the three concepts of a bridge."""
    seen = 0
    for world, pairs in ((WORLD, written), (RICH, rich)):
        for plan, _ in pairs:
            if plan.form == "fact" and plan.distractors and plan.unit != "concept":
                own = {c for n in plan.nodes for c in (world.statements[n].subject, world.statements[n].object)}
                assert {*plan.distractors}.isdisjoint(beside(world, own)), plan
                seen += 1
    assert seen > 1000


def test_a_context_that_names_the_rest_of_the_chain_is_left_out() -> None:
    """Three of four concepts are in the window, and "why frost halts a mill" names the fourth."""
    nodes = ("milling/frost-halts-mill.s2", "milling/frost-halts-mill.s3")
    for ordinal in range(6):
        plan = Plan("x:open-1", "window", "open", ordinal, nodes, "x", context=True)
        assert "frost" not in text_of(write_sample(WORLD, plan)), ordinal
    alone = Plan("x:open-1", "statement", "open", 0, nodes[1:], "x", context=True)
    assert "explanation of why frost halts a mill" in write_sample(WORLD, alone).question


def test_nodes_are_what_the_sample_speaks_of(written: Written, rich: Written) -> None:
    for world, pairs in ((WORLD, written), (RICH, rich)):
        for plan, sample in pairs:
            assert set(plan.nodes) <= set(sample.nodes)
            assert list(sample.nodes) == sorted(sample.nodes)
            for node in sample.nodes:
                world.node(node)


def test_a_statement_with_its_own_wording_is_asked_as_a_gap_and_answered_with_bare_terms(rich: Written) -> None:
    asked = Counter[str]()
    for plan, sample in rich:
        if plan.unit != "statement" or plan.form != "fact" or sample.format == "true-false":
            continue
        statement = RICH.statements[plan.nodes[0]]
        if statement.object_as is None or plan.ask != "object":
            continue
        assert "an odd kind of …" in sample.question.lower() and "in the year" in sample.question.lower()
        assert sample.answer == bare_name(RICH, statement.object)
        assert set(sample.options) <= {bare_name(RICH, c) for c in (statement.object, *plan.distractors)}
        asked[sample.format] += 1
    assert min(asked["open"], asked["choice"]) > 3


def test_an_article_before_a_gap_fits_every_term() -> None:
    statement = next(s for s in RICH.active_statements.values() if s.relation == "causes")
    world = Knowledge(
        RICH.relations.values(),
        RICH.concepts.values(),
        [
            msgspec.structs.replace(s, object_as=f"an {bare_name(RICH, s.object)} at rest") if s == statement else s
            for s in RICH.statements.values()
        ],
        RICH.chains.values(),
    )
    plan = Plan("x:open-1", "statement", "open", 0, (statement.id,), statement.id)
    assert "a(n) … at rest" in write_sample(world, plan).question


def test_a_false_claim_keeps_the_article_of_what_it_puts_in() -> None:
    statement = next(s for s in WORLD.active_statements.values() if s.id == "lighting/oil-feeds-flame.s4")
    qualified_end = msgspec.structs.replace(statement, object_as="flame height in the valley")
    said = altered(WORLD, qualified_end, object="lighting/oil-lamp")
    assert clause(WORLD, said) == "capillary rise increases an oil lamp in the valley"


def test_an_effect_is_answered_by_the_composed_sign_in_both_directions(rich: Written, written: Written) -> None:
    answers = Counter[tuple[str, bool, bool]]()
    for world, pairs in ((WORLD, written), (RICH, rich)):
        for plan, sample in pairs:
            if plan.form != "effect":
                continue
            path = [world.statements[s] for s in plan.nodes]
            sign = settled(world, path)
            assert sign is not None
            rises = (sign == 1) is plan.rising
            assert ("increase" in sample.question or "more" in sample.question) or not plan.rising or sample.format == "true-false"
            if sample.format == "true-false":
                assert (sample.answer == "false") is plan.false
                assert sample.question.rstrip(".?").endswith("True or false") or "true or false" in sample.question.lower()
            else:
                assert ("increase" if rises else "decrease") in sample.answer
                assert sample.format != "open" or bare_name(world, path[-1].object) in sample.answer
            assert all(s.text in sample.explanation for s in path)
            answers[(plan.unit, plan.rising, rises)] += 1
    assert {unit for unit, _, _ in answers} == {"statement", "window"}
    assert {(rising, rises) for unit, rising, rises in answers if unit == "statement"} == {
        (a, b) for a in (True, False) for b in (True, False)
    }


def test_no_effect_is_asked_where_the_knowledge_holds_the_opposite_too() -> None:
    statement = next(s for s in WORLD.active_statements.values() if settled(WORLD, [s]) == 1)
    against = msgspec.structs.replace(statement, id="weaving/against.s1", chain="weaving/against", relation="decreases")
    chain = msgspec.structs.replace(WORLD.chains[statement.chain], id="weaving/against", explains="", statements=(against.id,))
    world = Knowledge(
        WORLD.relations.values(), WORLD.concepts.values(), [*WORLD.statements.values(), against], [*WORLD.chains.values(), chain]
    )
    assert settled(world, [statement]) is None


def test_half_of_the_open_questions_state_their_explanation_and_the_others_accept_what_the_knowledge_holds(rich: Written) -> None:
    stated = total = several = 0
    for plan, sample in rich:
        assert sample.accept == () or sample.format == "open"
        if plan.unit == "statement" and plan.form == "fact" and sample.format == "open":
            chain = RICH.chains[RICH.statements[plan.nodes[0]].chain]
            context = bool(chain.explains) and f"explanation of {chain.explains}" in sample.question
            stated, total = stated + context, total + (not chain.is_link)
            assert re.search(r"one thing that|[Aa] term that|term (could|can)|could it be", sample.question), sample
            if plan.nodes[0] == "weaving/second.s1" and plan.ask == "object":
                several += 1
                assert sample.accept == (name(RICH, "weaving/thing-4-1"),), sample
            elif plan.nodes[0] == "weaving/story-4.s1" and plan.ask == "object":
                several += 1
                assert sample.accept == (() if context else (name(RICH, "weaving/thing-9-2"),)), sample
                assert context or "one thing that thing 4 0 is part of" in sample.question
            else:
                assert context is False or not chain.explains or sample.accept == ()
    assert 0.4 < stated / total < 0.6 and several > 3


def test_what_comes_of_it_is_asked_only_along_steps() -> None:
    """A requirement or a part is not a consequence. What follows from b does not follow from something that prevents b."""
    first = RICH.active_statements["weaving/story-1.s1"]
    for relations, forward in (
        (("causes", "produces"), True),
        (("requires", "causes"), False),
        (("causes", "requires"), False),
        (("prevents", "causes"), False),
    ):
        second = RICH.active_statements["weaving/story-1.s2"]
        changed = {s.id: msgspec.structs.replace(s, relation=r) for s, r in zip((first, second), relations, strict=True)}
        world = Knowledge(
            RICH.relations.values(), RICH.concepts.values(), [changed.get(s.id, s) for s in RICH.statements.values()], RICH.chains.values()
        )
        asked = [
            write_sample(world, Plan(f"x:open-{n}", "window", "open", n, (first.id, second.id), "x", context=bool(n % 2))).question
            for n in range(12)
        ]
        assert any(re.search(r"\bsteps?\b", q) for q in asked) is forward, relations
        assert all(
            "explanation of how thing 1 comes about" in q
            for q in asked
            if "next two steps" in q or ("start from" in q and "end with" not in q)
        )


def test_conditions_of_a_chain_are_asked_for_in_every_format(rich: Written) -> None:
    seen, steps = Counter[tuple[str, str]](), 0
    for plan, sample in rich:
        if plan.unit != "condition":
            continue
        chain = RICH.chains[plan.nodes[0]]
        number = chain.id.rpartition("-")[2]
        right = chain.preconditions if plan.form == "preconditions" else chain.exclusions
        other = chain.exclusions if plan.form == "preconditions" else chain.preconditions
        said = [s for s in chain.statements if clause(RICH, RICH.statements[s]).lower() in sample.question.lower()]
        assert (chain.explains in sample.question) is not bool(said) and sample.unit == sample.chain == chain.id
        assert set(said) == set(sample.nodes) & set(chain.statements) and len(said) <= 1
        steps += bool(said)
        if sample.format == "open":
            assert {sample.answer, *sample.accept} == set(right) and sample.answer not in sample.accept
        elif sample.format == "choice":
            assert sample.answer in right and not set(sample.options) & set(right) - {sample.answer}
            assert not other or set(sample.options) & set(other)
        else:
            said = re.search(r"(?:ground|air|case) of (\d+)", sample.question)
            assert said is not None
            true = said[1] == number and any(r in sample.question for r in right)
            assert sample.answer == ("true" if true else "false")
        seen[(plan.form, sample.format)] += 1
    assert {f for _, f in seen} == set(FORMATS) and {s for s, _ in seen} == {"preconditions", "exclusions"}
    assert 0.25 < steps / seen.total() < 0.75  # some ask by a step of the explanation, the others by what it explains


def test_the_condition_of_a_statement_is_asked_for_and_other_topics_give_the_wrong_ones(rich: Written) -> None:
    seen = 0
    for plan, sample in rich:
        if plan.unit == "statement" and plan.form == "condition":
            statement = RICH.statements[plan.nodes[0]]
            assert sample.answer == statement.when[0] and statement.when[0] not in sample.question
            assert clause(RICH, statement) in sample.question
            assert all(RICH.statements[s].topic != statement.topic for s in plan.distractors)
            assert sample.format == "choice"
            seen += 1
    assert seen > 3


def test_a_condition_that_names_a_neighbour_is_no_wrong_option() -> None:
    """Statements join thing 5 0 with thing 5 1, and thing 5 1 with thing 5 2. A sample with all three would give a bridge item away."""
    asked = RICH.statements["weaving/story-5.s1"]
    found = {}
    for words in ("in the year 10", "beside thing 5 2"):
        elsewhere = msgspec.structs.replace(RICH.statements["weaving/story-10.s1"], when=(words,))
        statements = [elsewhere if s.id == elsewhere.id else s for s in RICH.statements.values()]
        world = Knowledge(RICH.relations.values(), RICH.concepts.values(), statements, RICH.chains.values())
        found[words] = elsewhere.id in other_conditions(world, asked, 20, "key")
    assert found == {"in the year 10": True, "beside thing 5 2": False}


def test_a_claim_about_a_loose_relation_is_true() -> None:
    """Almost any two concepts contrast or depend on each other, so a claim that they do may be true."""
    for relation in ("contrasts-with", "depends-on", "produces"):
        changed = msgspec.structs.replace(RICH.statements["weaving/story-1.s1"], relation=relation)
        statements = [changed if s.id == changed.id else s for s in RICH.statements.values()]
        world = Knowledge(RICH.relations.values(), RICH.concepts.values(), statements, RICH.chains.values())
        part = Part("statement", changed.id, (changed.id,))
        answers = {write_sample(world, plan_one(world, part, n, "true-false", 0)).answer for n in range(40)}
        assert answers == ({"true", "false"} if relation == "produces" else {"true"}), relation


def test_a_first_letter_stays_small_before_a_capital() -> None:
    assert [capital(t) for t in ("pH of the soil", "mRNA", "heat", "", "a body")] == ["pH of the soil", "mRNA", "Heat", "", "A body"]


def test_open_definitions_are_set_against_a_near_concept_of_the_same_type(written: Written) -> None:
    open_ = [(p, s) for p, s in written if p.unit == "concept" and s.format == "open" and p.ask == "object"]
    against = [(p, s) for p, s in open_ if s.explanation]
    for plan, sample in against:
        other = WORLD.concepts[plan.distractors[0]]
        assert other.text in sample.explanation and other.definition in sample.explanation and other.id in sample.nodes
        assert other.type == WORLD.concepts[plan.nodes[0]].type
    assert len(against) > 0.5 * len(open_)


def test_disciplines_read_as_english() -> None:
    assert discipline_name("environment") == "environmental science"
    assert discipline_name("materials") == "materials science"
    assert discipline_name("computer-science") == "computer science"


def test_no_frame_has_the_faults_that_readers_found() -> None:
    frames = [value for key, value in vars(templates).items() if key.isupper()]
    groups = [
        f for value in frames if isinstance(value, dict) for some in value.values() for f in (some if isinstance(some, tuple) else [some])
    ]
    groups += [f for value in frames if isinstance(value, tuple) for f in value]
    assert len(groups) > 150
    for frame in groups:
        faults = (
            "in their explanation",
            "is all of it true",
            "textbooks",
            "which concept {",
            "how is {",
            "what comes of",
            "none of the others",
        )
        assert not any(fault in frame.lower() for fault in faults), frame


@pytest.mark.parametrize("relation", sorted(WORLD.relations))
@pytest.mark.parametrize("fmt", FORMATS)
def test_six_phrasings_for_each_relation_and_format(relation: str, fmt: str) -> None:
    statement = next(iter(WORLD.active_statements.values()))
    changed = msgspec.structs.replace(statement, relation=relation)
    world = Knowledge(
        WORLD.relations.values(),
        WORLD.concepts.values(),
        [changed if s == statement else s for s in WORLD.statements.values()],
        WORLD.chains.values(),
    )
    wrong = ("weaving/thing-9-1", "weaving/thing-9-2", "weaving/thing-9-3") if fmt == "choice" else ()
    questions = set()
    for ordinal in range(12):
        ask = "object" if ordinal % 2 == 0 else "subject"
        plan = Plan(f"x:{fmt}-{ordinal}", "statement", fmt, ordinal, (statement.id,), "x", ask=ask, distractors=wrong)  # type: ignore[arg-type]
        questions.add(write_sample(world, plan).question)
    assert len(questions) >= 6


def test_every_set_of_frames_has_six_different_ones() -> None:
    by_format: tuple[dict[Format, templates.Frames], ...] = (
        templates.OBJECT,
        templates.SUBJECT,
        templates.GAPPED,
        templates.EFFECT,
        templates.WINDOW,
        templates.GAP_ROW,
    )
    by_format += (templates.TERM, templates.DEFINITION, templates.PRECONDITION, templates.EXCLUSION)
    groups = [
        *(frames for group in by_format for frames in group.values()),
        templates.CLAIM,
        templates.WHEN,
        templates.STEPS,
        templates.JOINED,
    ]
    assert all(len(set(frames)) >= 6 for frames in [*groups, templates.MEANING])


def test_braces_in_a_term_are_left_alone() -> None:
    assert templates.fill("Define {term}.", {"term": "the set {x}"}) == "Define the set {x}."


def test_the_plan_hash_follows_the_plan(written: Written) -> None:
    hashes = {sample.plan for _, sample in written}
    assert len(hashes) == len(written)
