"""Concepts that a learner may confuse: none that makes the wrong answer right, those of the same topic first."""

from __future__ import annotations

from proda.language.neighbours import near_concepts
from tests.toyworld import knowledge

WORLD = knowledge()


def test_near_concepts_neither_follow_from_what_is_before_nor_lead_to_what_is_after() -> None:
    found = list(near_concepts(WORLD, "milling/wind", "milling/sail-rotation", "milling/shaft-torque", frozenset(), "key"))
    assert found
    assert "milling/millstone-motion" not in found  # wind leads to it
    assert "milling/wind" not in found  # it leads to shaft torque


def test_those_of_the_same_topic_come_first_and_those_of_other_disciplines_last() -> None:
    found = list(near_concepts(WORLD, None, "milling/pond-ice", None, frozenset({"milling/frost"}), "key"))
    places = [WORLD.concepts[c].discipline == "milling" for c in found]
    assert places == sorted(places, reverse=True) and True in places and False in places
    assert "milling/frost" not in found and "milling/pond-ice" not in found and len(set(found)) == len(found)
