"""Probes ask about one node each, with one right answer, given first."""

from __future__ import annotations

import math
import re

import msgspec
import pytest

from proda.debugger.answered import by_node
from proda.debugger.probes import BETWEEN, STEPS, Answer, answers, concept_probes, junctions, runs, statement_probes, step_probes
from proda.graph import Knowledge
from proda.language.wording import bare_name, clause, name
from proda.records import Statement
from tests.toyitems import linked_knowledge
from tests.toyworld import knowledge

WORLD = linked_knowledge(20)
STATEMENTS = list(WORLD.active_statements.values())


def test_a_statement_is_asked_from_both_ends_in_two_wordings_and_for_its_direction() -> None:
    for statement in STATEMENTS[:20]:
        probes = list(statement_probes(WORLD, statement))
        directed = [p for p in probes if "inversion" in p.means]
        assert len(probes) - len(directed) == 4 and {p.means[0] for p in probes if p not in directed} == {
            statement.subject,
            statement.object,
        }
        assert len({p.prompt for p in probes}) == len(probes)
        assert all(p.node == statement.id and len(set(p.options)) == len(p.options) == len(p.means) for p in probes)
        assert len(directed) == WORLD.relations[statement.relation].asymmetric


def test_no_rival_of_a_statement_is_right() -> None:
    for statement in STATEMENTS:
        subject, relation, obj = statement.triple
        for probe in statement_probes(WORLD, statement):
            for rival in probe.means[1:]:
                if rival == "inversion":
                    assert not WORLD.holds(obj, relation, subject)
                elif probe.means[0] == obj:
                    assert not WORLD.holds(subject, relation, rival)
                else:
                    assert not WORLD.holds(rival, relation, obj)


PATH = WORLD.path(WORLD.chains["weaving/story-2"])  # produces, increases, triggers, prevents: each a step


def test_a_step_is_held_against_what_skips_it_and_what_comes_after_it_with_the_steps_before_it_given() -> None:
    asked = [p for p in step_probes(WORLD, PATH) if p.kind == "step"]
    assert [(p.before, p.node) for p in asked] == [(a.id, b.id) for a, b in zip(PATH, PATH[1:], strict=False) for _ in STEPS]
    for second in asked[: len(STEPS)]:
        assert clause(WORLD, PATH[0].triple) in second.prompt and clause(WORLD, PATH[1].triple) not in second.prompt
        assert second.options[0] == clause(WORLD, PATH[1].triple) and "skip" in second.means
        assert second.options[second.means.index("early")] == clause(WORLD, PATH[2].triple)  # true, but a later step
    assert not {"skip", "early"} & set(asked[-1].means)


def test_a_step_is_asked_for_by_what_links_it_to_the_one_before_and_no_rival_would_do() -> None:
    for chain in WORLD.active_chains():
        path = WORLD.path(chain)
        asked = [p for p in step_probes(WORLD, path) if p.kind == "between"]
        assert [(p.node, p.before) for p in asked] == [place for place in junctions(WORLD, path) for _ in BETWEEN]
        for probe in asked:
            before, after = WORLD.statements[probe.before], WORLD.statements[probe.node]
            assert probe.means[0] == before.object == after.subject and probe.options[0] not in probe.prompt
            assert all(name(WORLD, c) in probe.prompt for c in (before.subject, after.object))
            for rival in probe.means[1:]:
                assert not (WORLD.holds(before.subject, before.relation, rival) and WORLD.holds(rival, after.relation, after.object))


def test_steps_lead_from_one_chain_to_another_and_a_link_alone_has_none() -> None:
    first, link = WORLD.statements["weaving/story-6.s2"], WORLD.statements["weaving/join-6.s1"]
    asked = list(step_probes(WORLD, [first, link]))
    assert {(p.kind, p.before, p.node) for p in asked} == {("step", first.id, link.id), ("between", first.id, link.id)}
    assert list(step_probes(WORLD, [link])) == []
    assert list(step_probes(WORLD, [link, first])) == []  # the link does not lead to it


def test_nothing_comes_of_a_requirement_or_a_part() -> None:
    """lamp-oil is part of oil-lamp, requires wick, enables capillary-rise, increases flame-height: only the last two are steps."""
    toy = knowledge()
    path = toy.path(toy.chains["lighting/oil-feeds-flame"])
    assert junctions(toy, path) == [(path[3].id, path[2].id)] and runs(toy, path) == [path[2:]]
    assert {p.node for p in step_probes(toy, path)} == {path[3].id}
    assert not any(name(toy, path[0].subject) in p.prompt for p in step_probes(toy, path))


def worded(path: list[Statement], **fields: object) -> tuple[Knowledge, list[Statement]]:
    """The world with qualifiers in the first statements of the path."""
    changed = [msgspec.structs.replace(path[0], **fields), *path[1:]]
    statements = {**WORLD.statements, **{s.id: s for s in changed}}
    return Knowledge(WORLD.relations.values(), WORLD.concepts.values(), statements.values(), WORLD.chains.values()), changed


@pytest.mark.parametrize("end", ["subject", "object"])
def test_where_an_end_has_its_own_wording_the_probe_is_a_gap_that_bare_terms_fill(end: str) -> None:
    first = PATH[0]
    term = WORLD.concepts[getattr(first, end)].term
    world, (statement, *_) = worded(PATH, **{f"{end}_as": f"a high {term} at night", "when": ("during frost",)})
    asked = [p for p in statement_probes(world, statement) if p.means[0] == getattr(statement, end)]
    assert len(asked) == 2
    for probe in asked:
        assert "a high … at night" in probe.prompt.lower() and "during frost" in probe.prompt.lower() and term not in probe.prompt
        assert probe.options == tuple(bare_name(world, c) for c in probe.means)
    other = next(p for p in statement_probes(world, statement) if p.means[0] not in ("", getattr(statement, end)))
    assert f"a high {term} at night" in other.prompt and "…" not in other.prompt


def test_a_wrong_option_is_worded_as_the_right_one_is() -> None:
    """As sets of words, right and wrong options of a direction or a step have the same qualifiers."""
    subject, obj = (WORLD.concepts[c].term for c in PATH[0].triple[::2])
    world, path = worded(PATH, subject_as=f"a high {subject}", object_as=f"the loss of {obj}", when=("during frost",))
    (turned,) = [p for p in statement_probes(world, path[0]) if "inversion" in p.means]
    right, wrong = turned.options
    assert right.startswith(f"during frost, a high {subject}") and sorted(right.split()) == sorted(wrong.split()) and right != wrong
    assert wrong.startswith(f"during frost, the loss of {obj}")
    steps = [p for p in step_probes(world, path) if p.node == path[1].id and p.kind == "step"]
    for probe in steps:
        assert f"a high {subject}" in probe.prompt and "during frost" in probe.prompt


def test_no_article_before_a_gap_tells_which_term_fits() -> None:
    concepts = [
        msgspec.structs.replace(c, term=f"{'ember' if n % 2 else 'coal'} {c.term}", phrase=None)
        for n, c in enumerate(WORLD.concepts.values())
    ]
    first = PATH[0]
    term = next(c.term for c in concepts if c.id == first.object)
    article = "an" if term.startswith("ember") else "a"
    statement = msgspec.structs.replace(first, object_as=f"{article} {term} of some size")
    statements = {**WORLD.statements, statement.id: statement}
    world = Knowledge(WORLD.relations.values(), concepts, statements.values(), WORLD.chains.values())
    asked = [p for p in statement_probes(world, statement) if p.means[0] == statement.object]
    assert asked and all(f" {article} …" in p.prompt for p in asked)
    assert all(re.match("[aeiou]", o) is not None for p in asked for o in p.options) is (article == "an")
    assert len({o.split()[0] for p in asked for o in p.options}) == 1


def test_a_concept_is_asked_for_by_its_definition_and_its_definition_by_name() -> None:
    concept = STATEMENTS[0].subject
    probes = list(concept_probes(WORLD, concept))
    assert len(probes) == 3 and all(p.means[0] == concept for p in probes)
    assert probes[2].options[0] == WORLD.concepts[concept].definition


def test_answers_are_per_character_and_name_what_was_preferred() -> None:
    probe = next(statement_probes(WORLD, STATEMENTS[0]))
    even = [-1.0 * len(text) for text in probe.options]
    assert answers([probe], [even]) == [Answer(probe, 0.0, probe.means[1])]
    assert not answers([probe], [even])[0].right  # a tie does not count as known
    for place in (0, 1):  # an option that could not be scored: the answer says nothing
        unscored = answers([probe], [[*even[:place], math.nan, *even[place + 1 :]]])[0]
        assert not unscored.scored and not unscored.right and by_node([unscored]) == {}
    lured = [*even[:2], 0.0, *even[3:]]
    found = answers([probe], [lured])[0]
    assert found.margin == -1.0 and found.preferred == probe.means[2]
