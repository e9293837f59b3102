"""Samples that give an item away are refused with one message that names them."""

from __future__ import annotations

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import EmptyBenchmarkError, GateError
from proda.graph import Knowledge
from proda.params import GuardParams
from proda.records import Sample
from proda.store.training_texts import Text
from proda.tester.items import write_items
from proda.workflows.leak_check import SHOWN, leak_check, refuse_leaking_samples
from tests.toyworld import knowledge

WORLD = knowledge(ovens=True)
ITEMS = write_items(WORLD, seed=0, sealed_share=0.0)


def leaking(number: int) -> Sample:
    item = ITEMS[number]
    return Sample(f"told-{number}", "open", (), item.stem, item.options[item.key].text)


def refuse(samples: list[Sample]) -> None:
    named = [(f"my arm  {s.id}", s) for s in samples]
    refuse_leaking_samples(WORLD, ITEMS, named, GuardParams(), of="my arm", advice="Reword them.")


def test_a_concept_is_found_in_the_words_that_it_has_within_sentences() -> None:
    item = next(i for i in ITEMS if i.kind != "case")
    path = sorted({c for s in item.statements for c in (WORLD.statements[s].subject, WORLD.statements[s].object)})
    phrases = {c: f"the so-called {c.rpartition('/')[2][::-1]}" for c in path}
    concepts = [msgspec.structs.replace(c, phrase=phrases.get(c.id, c.phrase)) for c in WORLD.concepts.values()]
    told = Text("told", f"We saw {', '.join(phrases.values())} today.")
    renamed = Knowledge(WORLD.relations.values(), concepts, WORLD.statements.values(), WORLD.chains.values())
    assert any((k.item, k.how, k.value) == (item.id, "path", 1.0) for k in leak_check(renamed, [item], [told], GuardParams()).leaks)
    assert not leak_check(WORLD, [item], [told], GuardParams()).leaks


def test_samples_of_the_builder_pass() -> None:
    plans = plan_samples(WORLD, {"milling": 40, "lighting": 40, "ovens": 120}, seed=0, window=2)
    refuse([write_sample(WORLD, plan) for group in plans.values() for plan in group])


def test_one_leak_is_named_with_its_item_and_what_to_do() -> None:
    with pytest.raises(GateError) as caught:
        refuse([leaking(0), leaking(0)])  # the same text is compared once
    first, *rest = str(caught.value).splitlines()
    assert first == "1 sample of my arm gives an item away, so nothing is trained:"
    assert len(rest) == 2 and rest[0].startswith("  my arm  told-0: ") and ITEMS[0].chain in rest[0] and rest[1] == "Reword them."


def test_many_leaks_are_counted_and_the_first_are_listed() -> None:
    count = SHOWN + 3
    with pytest.raises(GateError) as caught:
        refuse([leaking(n) for n in range(count)])
    first, *rest = str(caught.value).splitlines()
    assert first == f"{count} samples of my arm give items away, so nothing is trained:"
    assert len(rest) == SHOWN + 2 and rest[-2] == "  … and 3 more"


def test_without_items_nothing_is_compared_and_that_is_an_error() -> None:
    with pytest.raises(EmptyBenchmarkError):
        refuse_leaking_samples(WORLD, [], [("a", leaking(0))], GuardParams(), of="my arm", advice="")
