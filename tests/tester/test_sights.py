"""What a window names: its concepts, and what its sentences and the context of the chain name besides."""

from __future__ import annotations

import msgspec
import pytest

from proda.graph import Knowledge
from proda.records import Statement
from proda.tester.items import write_items
from proda.tester.sights import Sights
from tests.toyworld import knowledge, with_statement

WORLD = knowledge(ovens=True)
GRIND = "milling/wind-grinds-grain"


def steps(*numbers: int, world: Knowledge = WORLD) -> list[Statement]:
    return [world.statements[f"{GRIND}.s{n}"] for n in numbers]


def test_a_window_shows_two_statements_in_a_row_and_no_more() -> None:
    sights = Sights(WORLD)
    assert sights.show(steps(1)) and sights.show(steps(2, 3)) and sights.show(steps(3, 2))
    assert not sights.show(steps(1, 4)) and not sights.show(steps(2, 3, 4)) and not sights.show(steps(1, 2, 3, 4))


def test_a_link_shows_itself_and_not_what_it_leads_to() -> None:
    link, onward = WORLD.statements["ovens/heat-drives-steam.s1"], WORLD.statements["ovens/steam-glazes-crust.s1"]
    assert Sights(WORLD).show([link]) and not Sights(WORLD).show([link, onward])


@pytest.mark.parametrize(
    "changes",
    [{"text": "Sail rotation produces shaft torque, and so flour."}, {"when": ("at every grinding of flour",)}, {"text": "FLOUR\u00ad."}],
)
def test_what_a_sentence_names_besides_is_shown_too(changes: dict[str, object]) -> None:
    world = with_statement(WORLD, f"{GRIND}.s2", **changes)
    assert Sights(world).show(steps(2, 3, 4)) and not Sights(WORLD).show(steps(2, 3, 4))


def test_what_the_chain_explains_stands_in_the_context_of_each_window() -> None:
    def explained(text: str) -> bool:
        chains = [msgspec.structs.replace(c, explains=text) if c.id == GRIND else c for c in WORLD.chains.values()]
        world = Knowledge(WORLD.relations.values(), WORLD.concepts.values(), WORLD.statements.values(), chains)
        return Sights(world).show(steps(1, 2, 3))

    assert explained("how wind grinds grain") and explained("why the wind is a miller") and not explained("how grain is ground")


def test_retired_chains_show_nothing() -> None:
    chains = [msgspec.structs.replace(c, status="retired") if c.id == GRIND else c for c in WORLD.chains.values()]
    assert not Sights(Knowledge(WORLD.relations.values(), WORLD.concepts.values(), WORLD.statements.values(), chains)).show(steps(1))


def test_no_item_is_written_about_what_a_window_names_whole() -> None:
    """The bridge from the link to the step is gone once the sentence of the link names what the step leads to."""
    pair = ("ovens/heat-drives-steam.s1", "ovens/steam-glazes-crust.s1")

    def asked(world: Knowledge) -> set[str]:
        return {i.kind for i in write_items(world, seed=0, sealed_share=0.0) if i.statements == pair}

    assert asked(WORLD)
    assert not asked(with_statement(WORLD, pair[0], text="Oven heat drives steam flow, and with it crust damp."))
