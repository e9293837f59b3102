"""Probes ask about one node each, with one right answer, given first."""

from __future__ import annotations

from proda.debugger.probes import LINKS, STEPS, Answer, answers, concept_probes, statement_probes, step_probes
from proda.language.wording import clause, name
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(20)
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


def test_a_step_is_held_against_what_skips_it_and_what_comes_after_it_with_the_steps_before_it_given() -> None:
    chain = next(WORLD.active_chains())
    path = WORLD.path(chain)
    asked = [p for p in step_probes(WORLD, chain) if p.kind == "step"]
    assert [p.node for p in asked] == [s.id for s in path[1:] for _ in STEPS]
    for second in asked[: len(STEPS)]:
        assert clause(WORLD, path[0].triple) in second.prompt and clause(WORLD, path[1].triple) not in second.prompt
        assert second.options[0] == clause(WORLD, path[1].triple) and "skip" in second.means
        assert second.options[second.means.index("early")] == clause(WORLD, path[2].triple)  # true, and not yet its turn
    assert not {"skip", "early"} & set(asked[-1].means)


def test_a_step_is_asked_for_by_what_links_it_to_the_one_before_and_no_rival_would_do() -> None:
    for chain in WORLD.active_chains():
        path = WORLD.path(chain)
        asked = [p for p in step_probes(WORLD, chain) if p.kind == "link"]
        assert [p.node for p in asked] == ([s.id for s in path[1:] for _ in LINKS] if len(path) > 2 else [])
        for probe in asked:
            here = next(n for n, s in enumerate(path) if s.id == probe.node)
            before, after = path[here - 1], path[here]
            assert probe.means[0] == before.object == after.subject and probe.options[0] not in probe.prompt
            assert all(name(WORLD, c) in probe.prompt for c in (before.subject, after.object))
            for rival in probe.means[1:]:
                assert not (WORLD.holds(before.subject, before.relation, rival) and WORLD.holds(rival, after.relation, after.object))


def test_a_concept_is_asked_for_by_its_definition_and_its_definition_by_name() -> None:
    concept = STATEMENTS[0].subject
    probes = list(concept_probes(WORLD, concept))
    assert len(probes) == 3 and all(p.means[0] == concept for p in probes)
    assert probes[2].options[0] == WORLD.concepts[concept].definition


def test_answers_are_per_character_and_name_what_was_preferred() -> None:
    probe = next(statement_probes(WORLD, STATEMENTS[0]))
    even = [-1.0 * len(text) for text in probe.options]
    assert answers([probe], [even]) == [Answer(probe, 0.0, probe.means[1])]
    assert not answers([probe], [even])[0].right  # a tie is no knowledge
    lured = [*even[:2], 0.0, *even[3:]]
    found = answers([probe], [lured])[0]
    assert found.margin == -1.0 and found.preferred == probe.means[2]
