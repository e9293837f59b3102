"""The audit: near chance on real items, and it sees through benchmarks made to be seen through."""

from __future__ import annotations

import msgspec
import pytest

from proda.errors import EmptyBenchmarkError, GateError
from proda.params import ItemParams, Params
from proda.records import Item, Option
from proda.tester.build import build_benchmark
from proda.tester.items import write_items
from proda.tester.shortcuts import audit, giveaways
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(80)
ITEMS = write_items(WORLD, seed=0, sealed_share=0.2)


def _with_right(item: Item, text: str) -> Item:
    options = [Option(text) if n == item.key else o for n, o in enumerate(item.options)]
    return msgspec.structs.replace(item, options=tuple(options))


def test_no_solver_without_knowledge_beats_chance_by_much() -> None:
    scores = audit(ITEMS)
    # The toy world's concepts stand in one chain each, so "never right elsewhere" tells more there than in a linked base.
    assert all(score <= 0.35 for solver, score in scores.items() if solver != "options-learned"), scores
    assert {"longest", "shortest", "letter", "options-typical", "options-odd", "options-learned", "overlap", "overlap-least"} == set(scores)


def test_long_right_options_are_noticed() -> None:
    assert audit([_with_right(i, i.options[i.key].text + " and more" * 40) for i in ITEMS])["longest"] == 1.0


def test_a_favourite_letter_is_noticed() -> None:
    moved = []
    for item in ITEMS:
        right = item.options[item.key]
        rest = [o for o in item.options if o is not right]
        moved.append(msgspec.structs.replace(item, options=(right, *rest), answer="A"))
    assert audit(moved)["letter"] == 1.0


def test_a_right_option_that_repeats_the_stem_is_noticed() -> None:
    assert audit([_with_right(i, i.stem) for i in ITEMS])["overlap"] > 0.9


def test_a_telltale_word_is_learned() -> None:
    assert audit([_with_right(i, i.options[i.key].text + " indeed") for i in ITEMS])["options-learned"] > 0.9


def test_independent_distractors_would_be_noticed() -> None:
    # What the 2 × 2 design avoids: three changes of one text, each in another place, leave the text in the middle.
    made = []
    for number, item in enumerate(ITEMS[:60]):
        words = [f"w{number}x{k}" for k in range(9)]
        wrong = [" ".join([f"odd{place}" if k == place else w for k, w in enumerate(words)]) for place in (1, 4, 7)]
        options = [Option(w, "substitution") for w in wrong]
        options.insert(item.key, Option(" ".join(words)))
        made.append(msgspec.structs.replace(item, options=tuple(options)))
    assert audit(made)["options-typical"] == 1.0


def test_giveaways_are_set_aside_with_a_reason() -> None:
    plain = giveaways(ITEMS)
    worse = [_with_right(ITEMS[0], f"{ITEMS[0].stem} {ITEMS[0].stem} {ITEMS[0].stem} {ITEMS[0].stem}"), *ITEMS[1:]]
    assert set(giveaways(worse)) - set(plain) == {ITEMS[0].id}


def test_the_gate_can_fail() -> None:
    strict = Params(items=ItemParams(max_shortcut=0.2))
    with pytest.raises(GateError, match="Baseline solvers without knowledge do too well"):
        build_benchmark(WORLD, strict, ())


def test_an_empty_benchmark_is_no_benchmark() -> None:
    with pytest.raises(EmptyBenchmarkError):
        audit([])
