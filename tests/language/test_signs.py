"""Signs: how wordings turn them, where they are unknown, and how they compose."""

from __future__ import annotations

import msgspec
import pytest

from proda.graph import Knowledge
from proda.language.signs import can_increase, composed, effect, polarity
from proda.records import Statement
from tests.toyworld import knowledge

GRAIN, STRENGTH = "milling/grain-size", "milling/flour-yield"


def world(course: str = "grain-size decreases flour-yield increases bread-price decreases bread-demand", **types: str) -> Knowledge:
    """The toy knowledge with one more chain, of quantities unless `types` says otherwise."""
    made = knowledge({"milling": [("fine-grain", "how fine grain feeds more", course.split())]})
    concepts = [
        msgspec.structs.replace(c, type=types.get(c.id.partition("/")[2].replace("-", "_"), "quantity")) for c in made.concepts.values()
    ]
    return Knowledge(made.relations.values(), concepts, made.statements.values(), made.chains.values())


def step(made: Knowledge, number: int, **changes: object) -> Statement:
    return msgspec.structs.replace(made.statements[f"milling/fine-grain.s{number}"], **changes)


@pytest.mark.parametrize(
    ("worded", "expected"),
    [
        (None, 1),
        ("the grain size", 1),
        ("a larger grain size", 1),
        ("a very high grain size", 1),
        ("more grain size", 1),
        ("a smaller grain size", -1),
        ("Reduced grain size", -1),
        ("the grain size of soft metals", None),
        ("the need for a grain size", None),
        ("the rapid spread of grain size", None),
        ("a high, falling grain size", None),
        ("coarse grains", None),
    ],
)
def test_a_wording_keeps_turns_or_loses_the_sign(worded: str | None, expected: int | None) -> None:
    assert polarity(world(), GRAIN, worded) == expected


def test_each_end_that_means_less_turns_the_sign_of_the_relation() -> None:
    made = world()
    assert effect(made, step(made, 1)) == -1
    assert effect(made, step(made, 1, subject_as="a smaller grain size")) == 1
    assert effect(made, step(made, 1, object_as="a low flour yield")) == 1
    assert effect(made, step(made, 1, subject_as="a smaller grain size", object_as="a low flour yield")) == -1
    assert effect(made, step(made, 2)) == 1
    assert effect(made, step(made, 2, subject_as="a lower flour yield")) == -1


def test_no_sign_is_known_for_another_thing_a_relation_without_sign_or_a_dated_event() -> None:
    made = world()
    assert effect(made, step(made, 1, object_as="the spread of a flour yield")) is None
    assert effect(made, step(made, 1, relation="requires")) is None
    assert effect(made, step(made, 1, tense="past")) is None


@pytest.mark.parametrize(
    "kind", ["entity", "event", "law", "theory", "agent", "institution", "method", "artefact", "organism", "structure"]
)
def test_what_cannot_increase_has_no_effect_on_either_side(kind: str) -> None:
    for end in ("grain_size", "flour_yield"):
        made = world(**{end: kind})
        assert effect(made, step(made, 1)) is None


def test_a_counted_thing_and_a_term_with_a_direction_do_not_increase() -> None:
    concept = world().concepts[GRAIN]
    for kind in ("quantity", "property", "process", "phenomenon", "state", "substance"):
        assert can_increase(msgspec.structs.replace(concept, type=kind))
        assert not can_increase(msgspec.structs.replace(concept, type=kind, term="low grain size"))
    assert can_increase(msgspec.structs.replace(concept, phrase="a grain size"))
    assert not can_increase(msgspec.structs.replace(concept, type="phenomenon", phrase="a shock wave"))


def test_signs_compose_along_a_connected_path() -> None:
    made = world()
    one, two, three = (step(made, n) for n in (1, 2, 3))
    assert composed(made, [one]) == -1
    assert composed(made, [one, two]) == -1
    assert composed(made, [two, three]) == -1
    assert composed(made, [one, two, three]) == 1
    assert composed(made, [step(made, 1, object_as="a low flour yield"), step(made, 2, subject_as="a low flour yield")]) == -1
    assert composed(made, [one, three]) is None
    assert composed(made, [one, step(made, 2, relation="contrasts-with")]) is None
    assert composed(made, []) is None
