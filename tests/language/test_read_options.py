"""Options are read as what they state, and a wrong choice points at the statements it departs from."""

from __future__ import annotations

from proda.language.read_options import option_triples, parted, unsupported
from proda.records import LETTERS
from proda.tester.items import write_items
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(20)
ITEMS = [i for i in write_items(WORLD, seed=0, sealed_share=0.0) if i.kind != "counterfactual"]


def test_every_option_that_our_writers_word_is_read() -> None:
    assert {i.kind for i in ITEMS} == {"path", "missing-link", "order"}
    assert [i.id for i in ITEMS if None in option_triples(WORLD, i).values()] == []


def test_the_right_option_states_the_whole_chain_and_nothing_unsupported() -> None:
    for item in ITEMS:
        assert parted(WORLD, item, item.answer) == ()
        told = option_triples(WORLD, item)[item.answer]
        assert told is not None and unsupported(WORLD, told) == []


def test_a_substitution_parts_at_the_steps_on_either_side_of_the_replaced_concept() -> None:
    for item in (i for i in ITEMS if i.kind == "missing-link"):
        for letter, option in zip(LETTERS, item.options, strict=True):
            if letter != item.answer:
                apart = parted(WORLD, item, letter)
                assert apart is not None and len(apart) == 2 and set(apart) <= set(item.statements)
                told = option_triples(WORLD, item)[letter]
                assert told is not None and unsupported(WORLD, told), option.text


def test_an_option_worded_by_hand_is_not_read() -> None:
    import msgspec

    item = ITEMS[0]
    options = (msgspec.structs.replace(item.options[0], text="It just does."), *item.options[1:])
    edited = msgspec.structs.replace(item, options=options)
    assert option_triples(WORLD, edited)["A"] is None and parted(WORLD, edited, "A") is None
