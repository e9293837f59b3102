"""The audit: its solvers are near chance on real items, and far above on benchmarks with a planted shortcut."""

from __future__ import annotations

import msgspec
import pytest

from proda.errors import EmptyBenchmarkError
from proda.graph import Knowledge
from proda.language.wording import name
from proda.records import LETTERS, Chain, Item, Option, Statement
from proda.tester.shortcuts import SOLVED_BY, audit, giveaways
from tests.tester import world
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(80)
ITEMS = world.items()


def _with_right(item: Item, text: str) -> Item:
    options = [Option(text) if n == item.key else o for n, o in enumerate(item.options)]
    return msgspec.structs.replace(item, options=tuple(options))


def accuracies(items: list[Item], knowledge: Knowledge = WORLD) -> dict[str, float]:
    return {solver: score["accuracy"] for solver, score in audit(items, knowledge, resamples=50).items()}


def test_no_solver_without_knowledge_beats_chance_by_much() -> None:
    scores = accuracies(ITEMS, world.WORLD)
    # The topics of the invented world are so small that distractors come from others, and so from farther away.
    assert all(score <= 0.35 for solver, score in scores.items() if solver != "same-topic"), scores
    assert {
        "longest",
        "shortest",
        "letter",
        "options-typical",
        "options-odd",
        "options-learned",
        "overlap",
        "overlap-least",
        "echo",
        "same-topic",
    } == set(scores)
    assert set(SOLVED_BY) == set(scores), "a message says what each solver does"


def test_long_right_options_are_noticed() -> None:
    assert accuracies([_with_right(i, i.options[i.key].text + " and more" * 40) for i in ITEMS])["longest"] == 1.0


def test_a_favourite_letter_is_noticed() -> None:
    moved = []
    for item in ITEMS:
        right = item.options[item.key]
        rest = [o for o in item.options if o is not right]
        moved.append(msgspec.structs.replace(item, options=(right, *rest), answer="A"))
    assert accuracies(moved)["letter"] == 1.0


def test_a_right_option_that_repeats_the_stem_is_noticed() -> None:
    assert accuracies([_with_right(i, i.stem) for i in ITEMS])["overlap"] > 0.9


def test_a_telltale_word_is_learned() -> None:
    assert accuracies([_with_right(i, i.options[i.key].text + " indeed") for i in ITEMS])["options-learned"] > 0.9


def test_independent_distractors_would_be_noticed() -> None:
    # What the 2 × 2 design avoids: three changes of one text, each in another place, leave the text in the middle.
    made = []
    for number, item in enumerate(ITEMS[:60]):
        words = [f"w{number}x{k}" for k in range(9)]
        wrong = [" ".join([f"odd{place}" if k == place else w for k, w in enumerate(words)]) for place in (1, 4, 7)]
        options = [Option(w, "substitution") for w in wrong]
        options.insert(item.key, Option(" ".join(words)))
        made.append(msgspec.structs.replace(item, options=tuple(options)))
    assert accuracies(made)["options-typical"] == 1.0


def test_a_right_option_that_repeats_a_stem_word_in_another_form_is_noticed() -> None:
    foils = [Option(text, "near") for text in ("a loom", "a shuttle", "a bolt")]
    plain = [
        msgspec.structs.replace(i, stem="What comes of weaving?", options=(*foils[: i.key], *foils[:1], *foils[i.key :])) for i in ITEMS
    ]
    echoing = [_with_right(i, "it weaves") for i in plain]
    found = accuracies(echoing)
    assert found["echo"] == 1.0 and found["overlap"] == 0.25


def _about(concept: str, statement: str, others: tuple[str, ...], number: int) -> Item:
    """An item whose stem names the subject of a statement, and whose right option names `concept`."""
    said = WORLD.statements[statement]
    options = [Option(name(WORLD, c), "near") for c in others]
    options.insert(number % 4, Option(name(WORLD, concept)))
    return Item(
        f"{said.chain}:{number}", "dev", "bridge", said.discipline, said.topic, said.chain, (statement,), (),
        f"What is it about {name(WORLD, said.subject)}?", tuple(options), LETTERS[number % 4],
    )  # fmt: skip


FAR_AWAY = ("lighting/lamp-oil", "lighting/wick", "milling/pond-ice")


def test_distractors_from_other_topics_are_noticed_by_their_distance() -> None:
    chains = [f"weaving/story-{n}" for n in range(40)]
    foreign = [_about(WORLD.statements[f"{c}.s1"].object, f"{c}.s1", FAR_AWAY, n) for n, c in enumerate(chains)]
    assert accuracies(foreign)["same-topic"] == 1.0
    own = tuple(f"weaving/thing-7{n}-2" for n in range(3))
    near = [_about(WORLD.statements[f"{c}.s1"].object, f"{c}.s1", own, n) for n, c in enumerate(chains)]
    assert accuracies(near)["same-topic"] == 0.25


def test_the_distance_solver_does_not_use_the_statements_that_the_item_rests_on() -> None:
    # Of another topic than the stem's concept, and joined to it by one statement only.
    joined = [s for s in WORLD.statements.values() if WORLD.concepts[s.subject].topic != WORLD.concepts[s.object].topic]
    assert not joined  # the toy world has none, so one is added
    link = msgspec.structs.replace(WORLD.statements["milling/frost-halts-mill.s1"], id="x.s1", chain="x", object="lighting/wick")
    linked = knowledge_with(link)
    item = _about("lighting/wick", "milling/frost-halts-mill.s1", ("lighting/lamp-oil", "lighting/oil-lamp", "lighting/flame-height"), 0)
    assert audit([item], linked)["same-topic"]["accuracy"] == 1.0
    own = msgspec.structs.replace(item, statements=("x.s1",))
    assert audit([own], linked)["same-topic"]["accuracy"] == 0.25


def knowledge_with(statement: Statement) -> Knowledge:
    """The toy world with a link."""
    link = Chain(statement.chain, statement.discipline, statement.topic, "", (statement.id,))
    return Knowledge(
        WORLD.relations.values(), WORLD.concepts.values(), [*WORLD.statements.values(), statement], [*WORLD.chains.values(), link]
    )


def test_each_accuracy_has_an_interval_over_chains() -> None:
    for score in audit(ITEMS, world.WORLD, resamples=200).values():
        assert score["ci95_low"] <= score["accuracy"] <= score["ci95_high"]
        assert 0 < score["ci95_high"] - score["ci95_low"] < 0.25
    assert "same-topic" not in audit(ITEMS, resamples=10)


def test_giveaways_are_set_aside_with_a_reason() -> None:
    plain = giveaways(ITEMS)
    worse = [_with_right(ITEMS[0], f"{ITEMS[0].stem} {ITEMS[0].stem} {ITEMS[0].stem} {ITEMS[0].stem}"), *ITEMS[1:]]
    assert set(giveaways(worse)) - set(plain) == {ITEMS[0].id}


def test_an_empty_benchmark_is_no_benchmark() -> None:
    with pytest.raises(EmptyBenchmarkError):
        audit([])
