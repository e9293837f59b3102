"""The general suite: its facts and wordings are not those that training replays."""

from __future__ import annotations

from proda.builder import templates
from proda.tester import bridges, conditions, counterfactuals, effects, sequences
from proda.tester.general import STEMS, write_suite
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(60)


def test_as_many_items_as_asked_for_all_different() -> None:
    suite = write_suite(WORLD, seed=0, count=500)
    assert len(suite) == len({i.id for i in suite}) == len({i.stem for i in suite}) == 500
    assert suite == write_suite(WORLD, seed=0, count=500)


def test_wordings_are_its_own() -> None:
    used = {f for group in (templates.OBJECT, templates.SUBJECT) for frames in group.values() for f in frames}
    stems = (bridges.STEMS, effects.STEMS, counterfactuals.STEMS, *conditions.STEMS.values(), *sequences.STEMS.values())
    used |= {wording for variants in stems for wordings in variants.values() for wording in wordings}
    assert len(used) > 35 and used.isdisjoint(STEMS)


def test_the_right_answer_holds_and_the_others_do_not() -> None:
    ids = {c.text: c.id for c in WORLD.concepts.values()}
    for item in write_suite(WORLD, seed=0, count=200):
        statement = WORLD.statements[item.statements[0]]
        about_object = ":general-object" in item.id
        for place, option in enumerate(item.options):
            other = ids[option.text]
            triple = (statement.subject, statement.relation, other) if about_object else (other, statement.relation, statement.object)
            assert WORLD.holds(*triple) == (place == item.key), item.id
