"""Functions that the writers of items share: how options are picked and ordered, and which chain or link owns an item."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest

from proda.records import Option
from proda.tester.drafts import GROUPS, PARTS, alike, apart, by_turns, chosen, fill, given, is_asked, owner_of, preferred, stands_out
from tests.toyworld import knowledge

WORLD = knowledge(ovens=True)
S = WORLD.statements


def options(*texts: str) -> list[Option]:
    return [Option(text, "near") for text in texts]


def texts(found: tuple[Option, ...] | None) -> list[str] | None:
    return None if found is None else [o.text for o in found]


def test_the_first_three_that_differ_from_all_others_are_chosen() -> None:
    right = Option("flour")
    assert texts(chosen(options("bran", "Flour", "bran", "BRAN", "husk", "wick", "dust"), right, frozenset({"Husk"}))) == [
        "bran",
        "wick",
        "dust",
    ]


def test_too_few_or_a_right_option_that_is_barred_make_no_item() -> None:
    assert chosen(options("bran", "husk"), Option("flour"), frozenset()) is None
    assert chosen(options("bran", "husk", "wick"), Option("flour"), frozenset({"flour"})) is None
    assert chosen(options("bran", "husk", "wick"), Option("flour"), frozenset()) is not None


@pytest.mark.parametrize(("right", "first"), [("mill dust", ["mill wheels", "a milled log"]), ("lamp oil", ["lamp", "wick"])])
def test_distractors_echo_the_stem_if_the_right_option_does_and_only_then(right: str, first: list[str]) -> None:
    told = ["lamp", "mill wheels", "wick", "a milled log"]
    assert alike(told, str, right, "What comes of milling?")[:2] == first
    assert sorted(alike(told, str, right, "What comes of milling?")) == sorted(told)


def test_what_is_preferred_in_tiers_is_ordered_as_in_one_list_and_a_tier_is_read_only_when_it_is_needed() -> None:
    told = [["lamp", "mill wheels"], ["wick", "a milled log"]]
    read: list[int] = []

    def tiers() -> Iterator[list[str]]:
        for number, tier in enumerate(told):
            read.append(number)
            yield tier

    for right in ("mill dust", "lamp oil"):
        read.clear()
        found = preferred(tiers(), str, right, "What comes of milling?")
        assert next(found) == ("mill wheels" if right == "mill dust" else "lamp") and read == [0]
        assert [*preferred(tiers(), str, right, "What comes of milling?")] == alike(
            chain.from_iterable(told), str, right, "What comes of milling?"
        )


def test_the_right_option_stands_out_only_if_it_alone_shares_most_words_with_the_stem() -> None:
    stem = "What does the wind do to the mill?"
    assert stands_out(Option("wind at the mill"), options("wind", "frost"), stem)
    assert not stands_out(Option("wind"), options("the mill", "frost"), stem)


def test_by_turns_goes_on_with_what_is_left() -> None:
    assert list(by_turns([1, 2, 3], [10])) == [1, 10, 2, 3] and list(by_turns([], [10, 11])) == [10, 11]


def test_the_owner_is_the_first_chain_and_a_link_only_where_there_is_no_chain() -> None:
    link, other, step = S["ovens/heat-drives-steam.s1"], S["ovens/damp-slows-browning.s1"], S["ovens/steam-glazes-crust.s1"]
    assert owner_of(WORLD, [link, step]) == "ovens/steam-glazes-crust" and owner_of(WORLD, [link, other]) == "ovens/heat-drives-steam"


def test_neighbours_of_one_chain_are_not_apart() -> None:
    one, two, link = S["ovens/steam-glazes-crust.s1"], S["ovens/steam-glazes-crust.s2"], S["ovens/heat-drives-steam.s1"]
    assert apart([link, one]) and apart([one, link, two]) and not apart([link, one, two])


def test_conditions_are_given_once_and_only_where_there_are_any() -> None:
    under, free = S["ovens/damp-slows-browning.s1"], S["ovens/heat-drives-steam.s1"]
    assert given([free]) == "" and given([under, free, under]) == "Conditions: in a closed oven. "


def test_a_term_with_braces_is_filled_in_as_it_stands() -> None:
    assert fill("From {start} to {end}.", start="{end}", end="{0}") in ("From {end} to {0}.", "From {0} to {0}.")
    assert fill("From {start}.", start="a {set} of sets") == "From a {set} of sets."


def test_an_owner_gets_at_most_one_kind_of_a_group_and_every_kind_has_owners() -> None:
    owners = [f"weaving/story-{n}" for n in range(300)]
    for parts in PARTS.values():
        assert all(sum(is_asked(kind, owner) for kind in parts) <= 1 for owner in owners)
    shares = {kind: sum(is_asked(kind, owner) for owner in owners) / len(owners) for kind in GROUPS}
    for kind, group in GROUPS.items():
        start, stop = PARTS[group][kind]
        assert abs(shares[kind] - (stop - start)) < 0.1, kind
