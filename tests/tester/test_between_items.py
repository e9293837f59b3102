"""No item prints the key of an item of another split or of another sealed item: planted leaks are found, harmless pairs are not."""

from __future__ import annotations

import msgspec
import pytest

from proda.records import Item, ItemKind, Option, Split
from proda.tester.between_items import ItemLeak, leaks_between
from tests.toyworld import knowledge

WORLD = knowledge()
GRIND, DUST, FROST = "milling/wind-grinds-grain", "milling/dust-needs-care", "milling/frost-halts-mill"
BRIDGE = (f"{GRIND}.s4", f"{DUST}.s1")  # millstone motion enables flour; flour becomes flour dust
FOILS = ("lamp oil", "wick", "pond ice")


def item(
    name: str,
    split: Split,
    stem: str,
    key: str,
    foils: tuple[str, ...] = FOILS,
    *,
    statements: tuple[str, ...] = BRIDGE,
    kind: ItemKind = "bridge",
) -> Item:
    """An item of the toy world whose right option comes second."""
    chain = WORLD.statements[statements[0]].chain
    options = [Option(foil, "near") for foil in foils]
    options.insert(1, Option(key))
    return Item(f"{chain}:{name}", split, kind, "milling", "milling-basics", chain, statements, (), stem, tuple(options), "B")


def found(*items: Item) -> list[tuple[str, str, str, str]]:
    """(item, other item, how, place), by the last part of the ids."""
    assert leaks_between(WORLD, items[::-1]) == leaks_between(WORLD, items)
    return [(k.item.rpartition(":")[2], k.where.rpartition(":")[2], k.how, k.place) for k in leaks_between(WORLD, items)]


ASKED = item("dev-bridge", "dev", "Millstone motion enables …, and … becomes flour dust. What is missing?", "flour")
WHOLE = "Millstone motion enables flour, and flour becomes flour dust"


def other(stem: str, *options: str, split: Split = "twin", statements: tuple[str, ...] = (f"{DUST}.s1", f"{DUST}.s2")) -> Item:
    return item("other", split, stem, options[0] if options else "a dust blast", options[1:] or FOILS, statements=statements)


def test_a_stem_that_names_the_key_with_both_its_neighbours_prints_the_answer() -> None:
    assert found(ASKED, other(f"{WHOLE}. What does it trigger?")) == [("dev-bridge", "other", "answer", "stem")]


@pytest.mark.parametrize("place", [0, 1])
def test_an_option_that_does_so_prints_it_whether_it_is_right_or_wrong(place: int) -> None:
    options = ["pond ice", "lamp oil", "a wick", "frost"]
    options[place] = "MILLSTONE MOTION – flour – flour\u00ad dust"
    ((one, where, how, at),) = found(ASKED, other("Which is right?", *options))
    assert (one, where, how) == ("dev-bridge", "other", "answer") and at.startswith("option")


def test_the_key_in_stem_and_the_neighbours_in_an_option_print_nothing() -> None:
    assert not found(ASKED, other("What has flour to do with it?", "millstone motion before flour dust", "frost", "wind", "a wick"))


def test_a_key_beside_one_neighbour_or_inside_another_name_prints_nothing() -> None:
    assert not found(ASKED, other("Flour becomes flour dust. What does flour dust trigger?"))
    assert not found(ASKED, other("Millstone motion stirs up flour dust. What follows?"))  # names flour dust, and not flour


def test_a_twin_may_bridge_the_same_pair_with_other_distractors() -> None:
    twin = item("twin-bridge", "twin", "What lies between millstone motion and flour dust?", "flour", ("wind", "frost", "a dust blast"))
    assert not found(ASKED, twin)


def test_a_stem_that_names_no_neighbour_is_compared_by_all_concepts_of_the_statements() -> None:
    vague = msgspec.structs.replace(ASKED, stem="What goes into bread?")
    assert found(vague, other(f"{WHOLE}. What does it trigger?")) == [("dev-bridge", "other", "answer", "stem")]
    assert not found(vague, other("Flour becomes flour dust."))


SIGNS = ("pond ice grows and wheel speed falls", "pond ice and wheel speed both grow", "pond ice and wheel speed both shrink")
EFFECT = (f"{FROST}.s1", f"{FROST}.s2", f"{FROST}.s3")
LONG = "pond ice shrinks while the wheel speed grows"


def effect(
    name: str, split: Split, key: str, foils: tuple[str, ...], statements: tuple[str, ...] = EFFECT, stem: str = "And then?"
) -> Item:
    return item(name, split, stem, key, foils, statements=statements, kind="effect")


def test_a_longer_key_is_found_in_a_stem_and_in_an_option_at_the_bounds_of_words() -> None:
    asked = effect("dev-effect", "dev", LONG, SIGNS)
    told = effect("told", "twin", "flour", FOILS, stem=f"Say that {LONG.upper()}. Why?")
    assert found(asked, told) == [("dev-effect", "told", "text", "stem")]
    offered = effect("offered", "twin", f"in spring, {LONG}, as a rule", FOILS)
    assert found(asked, offered) == [("dev-effect", "offered", "text", "option B")]
    assert not found(asked, effect("longer", "twin", f"{LONG}s", FOILS))


def test_options_that_are_all_combinations_say_nothing_unless_the_key_is_the_same() -> None:
    asked = effect("dev-effect", "dev", LONG, SIGNS)
    turned = effect("turned", "twin", SIGNS[0], (LONG, *SIGNS[1:]))
    assert not found(asked, turned)
    assert {pair[:3] for pair in found(asked, effect("again", "twin", LONG, SIGNS))} == {
        ("dev-effect", "again", "text"),
        ("again", "dev-effect", "text"),
    }


def test_a_short_key_counts_as_a_whole_option_to_the_same_statements_only() -> None:
    asked = effect("dev-effect", "dev", "it grows", ("it shrinks", "it stays", "it ends"))
    assert not found(asked, effect("inside", "twin", "then it grows again", FOILS, stem="Suppose it grows. What then?"))
    assert not found(asked, effect("elsewhere", "twin", "it grows", FOILS, EFFECT[:2]))
    assert found(asked, effect("same", "twin", "frost", ("it ends", "It grows.", "wind")))[0] == (
        "dev-effect",
        "same",
        "option",
        "option C",
    )


def test_a_long_key_that_many_chains_offer_is_treated_as_a_short_one() -> None:
    common = "everything stays exactly as before"
    asked = effect("dev-effect", "dev", common, SIGNS)
    inside = effect("inside", "twin", "frost", FOILS, EFFECT[:2], stem=f"Suppose that {common}. Why?")
    elsewhere = [item(f"e{n}", "dev", "?", "wind", (common, "x", "y"), statements=(s,)) for n, s in enumerate(STARTS)]
    assert found(asked, inside) == [("dev-effect", "inside", "text", "stem")]
    assert not found(asked, inside, *elsewhere)


STARTS = (f"{GRIND}.s1", f"{DUST}.s1", "lighting/oil-feeds-flame.s1", "lighting/soot-dims-glass.s1")


@pytest.mark.parametrize(("one", "two", "gate"), [("sealed", "sealed", True), ("dev", "sealed", True), ("dev", "dev", False)])
def test_items_of_one_open_split_may_print_each_other(one: Split, two: Split, gate: bool) -> None:
    pair = (msgspec.structs.replace(ASKED, split=one), other(f"{WHOLE}. What does it trigger?", split=two))
    assert bool(found(*pair)) is gate


def test_items_that_share_no_chain_are_not_compared() -> None:
    assert not found(ASKED, other(f"{WHOLE}. What else?", statements=("lighting/soot-dims-glass.s1",)))


def test_the_message_names_both_items_and_what_leaks() -> None:
    (leak,) = leaks_between(WORLD, [ASKED, other(f"{WHOLE}. What does it trigger?")])
    assert isinstance(leak, ItemLeak)
    assert leak.message == (
        f"{DUST}:other: its stem names the key of {GRIND}:dev-bridge, “flour” together with flour dust and millstone motion:"
        f" “{WHOLE}. What does it trigger?”."
    )
