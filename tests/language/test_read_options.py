"""What an option states is recorded when it is written, equals what its text says, and points at the statements it departs from."""

from __future__ import annotations

import msgspec
import pytest

import proda
from proda.language import read_options as module
from proda.language.read_options import option_triples, parted, read_options, unsupported
from proda.records import LETTERS, Item
from proda.store.exceptions import Exemption, apply_exceptions, load_exceptions
from proda.store.items import load_items
from proda.tester.items import write_items
from tests.toyworld import ROOT, wide_knowledge

WORLD = wide_knowledge(20)
WRITTEN = write_items(WORLD, seed=0, sealed_share=0.0)
ITEMS = [i for i in WRITTEN if i.kind != "counterfactual"]


def bare(item: Item) -> Item:
    """The item as it was written before triples were recorded."""
    return msgspec.structs.replace(item, options=tuple(msgspec.structs.replace(o, triples=()) for o in item.options))


def test_the_triples_recorded_for_every_committed_item_are_those_that_its_text_states() -> None:
    knowledge, items = proda.open(str(ROOT)).knowledge, load_items(ROOT)
    assert len(items) > 2000
    amended = {e.item for e in load_exceptions(ROOT) if e.action == "amend"}
    for item in items:
        read = read_options(knowledge, item)
        assert {x: o.triples or None for x, o in zip(LETTERS, item.options, strict=True)} == read or item.id in amended, item.id
        assert all(read.values()) is (item.kind != "counterfactual"), item.id


def test_the_triples_do_not_enter_the_content_hash() -> None:
    assert all(bare(i).content_hash == i.content_hash for i in WRITTEN)


def test_recorded_triples_are_used_without_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {i.id: option_triples(WORLD, bare(i)) for i in ITEMS}
    monkeypatch.setattr(module, "clause", None)  # parsing would fail
    monkeypatch.setattr(module, "name", None)
    assert {i.id: option_triples(WORLD, i) for i in ITEMS} == expected
    with pytest.raises(TypeError):
        option_triples(WORLD, bare(ITEMS[0]))


def test_every_option_that_our_writers_word_is_read() -> None:
    assert {i.kind for i in ITEMS} == {"path", "missing-link", "order"}
    assert [i.id for i in ITEMS if None in read_options(WORLD, i).values()] == []


def test_an_option_of_a_counterfactual_states_no_path() -> None:
    others = [i for i in WRITTEN if i.kind == "counterfactual"]
    assert others and all(option_triples(WORLD, i) == dict.fromkeys(LETTERS) for i in others)


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


def amended(item: Item, **changes: object) -> Item:
    fields = {"item": item.id, "hash": item.content_hash, "action": "amend", "reason": "clearer", **changes}
    (found,) = apply_exceptions([item], [msgspec.convert(fields, Exemption)])
    return found


def test_an_amended_option_is_parsed_and_the_others_keep_what_was_recorded() -> None:
    item = next(i for i in ITEMS if i.kind == "path")
    letter, other = [x for x in LETTERS if x != item.answer][:2]
    text = item.options[LETTERS.index(other)].text
    same = amended(item, options={letter: text})
    assert same.options[LETTERS.index(letter)].triples == ()
    assert option_triples(WORLD, same)[letter] == option_triples(WORLD, item)[other]
    by_hand = amended(item, options={letter: "It just does."})
    assert option_triples(WORLD, by_hand)[letter] is None and parted(WORLD, by_hand, letter) is None
    assert {x: t for x, t in option_triples(WORLD, by_hand).items() if x != letter} == {
        x: t for x, t in option_triples(WORLD, item).items() if x != letter
    }


@pytest.mark.parametrize("kind", ["path", "missing-link", "order"])
def test_another_key_changes_nothing_in_what_the_options_state(kind: str) -> None:
    item = next(i for i in ITEMS if i.kind == kind)
    letter = next(x for x in LETTERS if x != item.answer)
    assert option_triples(WORLD, amended(item, answer=letter)) == option_triples(WORLD, item)
