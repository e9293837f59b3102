"""Metrics: the shape of both files, means over seeds, intervals over chains, and unscored items apart from wrong ones."""

from __future__ import annotations

import json
import math
import random

import msgspec
import numpy as np
import pytest

from proda.errors import EmptyBenchmarkError
from proda.records import Item, ItemKind, Option, Outcome
from proda.statistics import interval
from proda.tester.metrics import breakdowns, dependence, flat_metrics, headline, metrics, suite_metrics


def outcome(item: str, model: str, correct: bool | None, *, split: str = "dev", chain: str = "physics/a", operator: str = "") -> Outcome:
    chosen = None if correct is None else ("A" if correct else "B")
    return Outcome(item, "0f", model, split, chain.split("/", maxsplit=1)[0], chain, "path", "A", chosen, correct, 0.1, operator)  # type: ignore[arg-type]


BASE = [outcome("i1", "base", False, operator="inversion"), outcome("i2", "base", True), outcome("i3", "base", None)]
TUNED = [outcome(f"i{n}", f"seed-{s}", n <= s + 1, operator="truncation") for s in (0, 1, 10) for n in (1, 2, 3)]


def test_the_file_has_the_agreed_shape() -> None:
    found = metrics([*BASE, *TUNED], [*BASE, *TUNED], without_stem=[*BASE, *TUNED[:3]], heldout_loss={"base": 4.5})
    assert set(found) == {"base", "tuned", "general"}
    assert set(found["base"]["dev"]) == {
        *("n", "accuracy", "ci95_low", "ci95_high", "unscored", "seeds"),
        *("without_stem", "without_stem_low", "without_stem_high"),
        *("stem_gain", "stem_gain_low", "stem_gain_high"),
    }
    assert {"n", "accuracy", "ci95_low", "ci95_high", "seeds"} <= set(found["general"]["tuned"])
    assert found["general"]["base"]["heldout_loss"] == 4.5
    lists = [key for key, value in _walk(found) if isinstance(value, list)]
    assert set(lists) == {"seeds"}, "dvc metrics diff drops lists"
    json.dumps(found, allow_nan=False)
    apart = breakdowns([*BASE, *TUNED])
    assert set(apart) == {"base", "tuned"} and set(apart["base"]["dev"]) == {"by_discipline", "by_kind", "by_operator"}


def _walk(value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        return []
    return [pair for key, inner in value.items() for pair in [(key, inner), *_walk(inner)]]


def test_accuracy_without_the_stem_is_given_by_split_and_by_kind_with_intervals() -> None:
    blind = [outcome(f"i{n}", m, n % 4 == 0, chain=f"physics/c{n}") for m in ("base", "seed-0") for n in range(40)]
    blind += [outcome("unscored", "base", None), outcome("elsewhere", "base", True, split="sealed")]
    found = metrics([*BASE, *TUNED], BASE, without_stem=blind, resamples=200)
    for who in ("base", "tuned"):
        part = found[who]["dev"]
        assert part["without_stem"] == 0.25 and 0.05 < part["without_stem_low"] < 0.25 < part["without_stem_high"] < 0.45
        apart = breakdowns([*BASE, *TUNED], without_stem=blind, resamples=200)[who]["dev"]["without_stem"]
        assert apart == {"path": {"n": 40, "accuracy": 0.25, "ci95_low": part["without_stem_low"], "ci95_high": part["without_stem_high"]}}
    assert "sealed" not in found["base"]  # nothing was asked there with the stem
    assert "stem_gain" in found["base"]["dev"] and "without_stem" in found["tuned"]["dev"]


def test_what_the_stem_adds_is_the_difference_on_the_same_items_and_models() -> None:
    seen = [outcome(f"i{n}", m, n < 30, chain=f"physics/c{n}") for m in ("seed-0", "seed-1") for n in range(40)]
    seen += [outcome("i99", "seed-0", True), outcome("i98", "seed-0", None)]
    blind = [outcome(f"i{n}", m, n % 4 == 0, chain=f"physics/c{n}") for m in ("seed-0", "seed-1") for n in range(40)]
    blind += [outcome("i98", "seed-0", True)]
    part = metrics([*BASE[:2], *seen], BASE, without_stem=blind, resamples=200)["tuned"]["dev"]
    assert part["stem_gain"] == 0.5 and 0.2 < part["stem_gain_low"] < 0.5 < part["stem_gain_high"] < 0.8


def test_each_general_suite_is_reported_apart_with_its_interval() -> None:
    general = [outcome(f"w{n}", m, n < right, chain=f"w{n}") for m, right in (("base", 10), ("seed-0", 20)) for n in range(40)]
    general += [outcome(f"s{n}", m, True, chain=f"s{n}") for m in ("base", "seed-0") for n in range(10)]
    members = {"winds": {f"w{n}" for n in range(40)}, "suite": {f"s{n}" for n in range(10)}}
    found = suite_metrics(general, members, resamples=200)
    assert {name: found[name]["base"]["n"] for name in found} == {"winds": 40, "suite": 10}
    tuned = found["winds"]["tuned"]
    assert (found["winds"]["base"]["accuracy"], tuned["accuracy"], tuned["seeds"]) == (0.25, 0.5, [0.5])
    assert 0.3 < tuned["ci95_low"] < 0.5 < tuned["ci95_high"] < 0.7
    assert found["suite"]["tuned"]["ci95_low"] == 1.0


def test_unscored_is_counted_apart_and_not_as_wrong() -> None:
    found = metrics(BASE, BASE)["base"]["dev"]
    assert (found["n"], found["unscored"], found["accuracy"]) == (3, 1, 0.5)
    assert breakdowns(BASE)["base"]["dev"]["by_operator"] == {"inversion": 1.0}


def test_tuned_is_the_mean_over_seeds_in_the_order_of_their_numbers() -> None:
    found = metrics(TUNED, TUNED)["tuned"]["dev"]
    assert found["seeds"] == [0.3333, 0.6667, 1.0]
    assert found["accuracy"] == 0.6667 and found["n"] == 3


def test_the_interval_widens_when_items_of_a_chain_stand_or_fall_together() -> None:
    rng = random.Random(0)
    right = [rng.random() < 0.6 for _ in range(400)]
    apart = [outcome(f"i{n}", "base", right[n], chain=f"physics/c{n}") for n in range(400)]
    together = [outcome(f"i{n}", "base", right[n // 8], chain=f"physics/c{n // 8}") for n in range(400)]
    mean, low, high = interval(apart, resamples=2000)
    # Independent items: the binomial interval.
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(mean * (1 - mean) / 400), rel=0.12)
    _, wide_low, wide_high = interval(together, resamples=2000)
    assert (wide_high - wide_low) / (high - low) == pytest.approx(np.sqrt(8), rel=0.25)


def test_the_interval_is_the_same_every_time_and_in_any_order() -> None:
    outcomes = [outcome(f"i{n}", "base", n % 3 == 0, chain=f"physics/c{n // 4}") for n in range(80)]
    assert interval(outcomes, resamples=500) == interval(outcomes[::-1], resamples=500)


def test_nothing_scored_proves_nothing() -> None:
    with pytest.raises(EmptyBenchmarkError):
        interval([outcome("i1", "base", None)], resamples=10)


def test_the_headline_holds_few_numbers_of_the_metrics_under_short_names() -> None:
    found = metrics([*BASE, *TUNED], BASE, without_stem=TUNED[:3]) | {"dependence": {"twin": {"all": {"difference": 0.44}}}}
    few = headline(found)
    assert few["dependence"] == 0.44
    assert few["dev"] == found["tuned"]["dev"]["accuracy"] and few["base_general"] == found["general"]["base"]["accuracy"]
    assert len(few) <= 11 and all(isinstance(value, float) for value in few.values())
    assert headline({"base": {}, "tuned": {}, "general": {}}) == {}


def test_flat_metrics_have_one_number_a_name() -> None:
    flat = flat_metrics(metrics([*BASE, *TUNED], BASE)) | flat_metrics(breakdowns([*BASE, *TUNED]))
    assert flat["tuned/dev/seeds/2"] == 1.0 and flat["base/dev/by_kind/path"] == 0.5
    assert all(isinstance(value, float) for value in flat.values())


def item(name: str, *statements: str, kind: ItemKind = "bridge") -> Item:
    options = tuple(Option(text, None if text == "a" else "near") for text in "abcd")
    return Item(name, "twin", kind, "physics", "heat", f"physics/{name}", statements, (), "Which one?", options, "A")


def answer(asked: Item, model: str, right: bool) -> Outcome:
    return Outcome(asked.id, "0f", model, "twin", "physics", asked.chain, asked.kind, "A", "A" if right else "B", right, None)


PAIRS = [item(f"i{n}", f"s{n}", f"t{n}") for n in range(90)]


def test_dependence_is_right_with_all_statements_known_minus_right_with_two_or_more_unknown() -> None:
    # A third of the items has both statements known, a third one of them, a third none; seed-1 knows it all.
    known = {"seed-0": {f"{x}{n}": n < 30 or (n < 60 and x == "s") for n in range(90) for x in "st"}, "seed-1": {}}
    right = {"seed-0": lambda n: n < 24 or 60 <= n < 66, "seed-1": lambda n: n % 2 == 0}
    outcomes = [answer(i, m, right[m](n)) for m in known for n, i in enumerate(PAIRS)]
    found = dependence([*outcomes, *(answer(i, "base", True) for i in PAIRS)], PAIRS, known, resamples=200)["twin"]
    assert {name: found["bridge"][name] for name in ("all_known", "difference", "ci95_low", "ci95_high")}.items() <= found["all"].items()
    part = found["bridge"]
    assert part["all_known"] == {"n": 120, "accuracy": round((24 + 45) / 120, 4)}
    assert part["unknown"] == {"n": 30, "accuracy": 0.2, "at_least": 2}
    assert part["difference"] == pytest.approx(0.575 - 0.2) and part["ci95_low"] < part["difference"] < part["ci95_high"]
    json.dumps(found, allow_nan=False)
    assert all(isinstance(v, float) for v in flat_metrics({"dependence": found}).values())


def test_one_unknown_statement_is_enough_where_no_answer_lacks_two() -> None:
    known = {"seed-0": {f"s{n}": n % 2 == 0 for n in range(90)}}
    found = dependence([answer(i, "seed-0", n % 2 == 0) for n, i in enumerate(PAIRS)], PAIRS, known, resamples=50)["twin"]["bridge"]
    assert found["unknown"] == {"n": 45, "accuracy": 0.0, "at_least": 1} and found["difference"] == 1.0


def test_an_item_of_one_statement_lacks_enough_with_that_one() -> None:
    single = item("single", "u0", kind="effect")
    known = {"seed-0": {"u0": False, "s0": False, "t0": False, "s1": False, "t1": True}}
    outcomes = [answer(i, "seed-0", right) for i, right in ((single, True), (PAIRS[0], False), (PAIRS[1], True), (PAIRS[2], True))]
    found = dependence(outcomes, [single, *PAIRS], known, resamples=50)["twin"]
    assert found["effect"]["unknown"] == {"n": 1, "accuracy": 1.0, "at_least": 1} and "difference" not in found["effect"]
    assert found["effect"]["all_known"] == {"n": 0}
    assert found["bridge"]["unknown"] == {"n": 1, "accuracy": 0.0, "at_least": 2} and found["bridge"]["difference"] == 1.0
    assert found["all"]["unknown"] == {"n": 2, "accuracy": 0.5} and found["all"]["difference"] == 1.0  # that of bridges


def test_a_kind_that_is_hard_and_often_unknown_is_no_dependence_of_all_kinds() -> None:
    # Bridges: 20 of 30 known, and 80 % right either way. Effects: 10 of 30 known, and 20 % right either way.
    effects = [item(f"e{n}", f"u{n}", f"v{n}", kind="effect") for n in range(30)]
    known = {"seed-0": {f"{x}{n}": n < 20 for n in range(30) for x in "st"} | {f"{x}{n}": n < 10 for n in range(30) for x in "uv"}}
    outcomes = [answer(i, "seed-0", n % 5 != 0) for n, i in enumerate(PAIRS[:30])] + [
        answer(i, "seed-0", n % 5 == 0) for n, i in enumerate(effects)
    ]
    whole = dependence(outcomes, [*PAIRS[:30], *effects], known, resamples=50)["twin"]["all"]
    assert whole["all_known"]["accuracy"] == 0.6 and whole["unknown"]["accuracy"] == 0.4  # the pooled shares differ by .2
    assert whole["difference"] == 0.0


def test_a_condition_item_hangs_on_the_conditions_of_its_chain_and_not_on_its_statements() -> None:
    asked = [item(f"c{n}", f"s{n}", f"t{n}", kind="condition") for n in range(8)]
    known = {"seed-0": {i.chain: n < 4 for n, i in enumerate(asked)} | dict.fromkeys(("s0", "t0", "s5"), False)}
    found = dependence([answer(i, "seed-0", n < 4) for n, i in enumerate(asked)], asked, known, resamples=50)["twin"]["condition"]
    assert found["all_known"] == {"n": 4, "accuracy": 1.0} and found["unknown"] == {"n": 4, "accuracy": 0.0, "at_least": 1}


def test_unscored_answers_and_models_that_were_not_probed_do_not_count() -> None:
    unscored = Outcome("i0", "0f", "seed-0", "twin", "physics", "physics/i0", "bridge", "A", None, None, None)
    assert dependence([unscored, answer(PAIRS[0], "seed-9", True)], PAIRS, {"seed-0": {"s0": True}}) == {}


def test_a_model_without_a_readable_answer_has_null_in_the_seeds_and_no_metric_of_its_own() -> None:
    unread = [Outcome(i.id, "0f", "seed-1", "twin", "physics", i.chain, i.kind, "A", None, None, None) for i in PAIRS]
    found = metrics([*(answer(i, "seed-0", True) for i in PAIRS), *unread], [], resamples=50)
    assert found["tuned"]["twin"]["seeds"] == [1.0, None] and found["tuned"]["twin"]["unscored"] == len(PAIRS)
    flat = flat_metrics(json.loads(json.dumps(found, allow_nan=False)))
    assert flat["tuned/twin/seeds/0"] == 1.0 and "tuned/twin/seeds/1" not in flat
    with pytest.raises(EmptyBenchmarkError, match=r"answers of seed-1 to twin items could be read.*evaluate\.letter_tokens"):
        metrics(unread, [], resamples=50)


def test_a_kind_without_a_readable_answer_is_left_out_and_a_loss_that_is_no_number_is_null() -> None:
    unread = [msgspec.structs.replace(o, kind="bridge", discipline="optics", chosen=None, correct=None) for o in TUNED]
    parts = breakdowns([*TUNED, *unread])["tuned"]["dev"]
    assert set(parts["by_kind"]) == {"path"} and set(parts["by_discipline"]) == {"physics"}
    found = metrics([*BASE, *TUNED], [*BASE, *TUNED], heldout_loss={"base": math.nan, "seed-0": math.inf}, resamples=50)
    assert found["general"]["base"]["heldout_loss"] is None and found["general"]["tuned"]["heldout_loss"] is None
    flat = flat_metrics(json.loads(json.dumps(found, allow_nan=False)))
    assert "general/base/heldout_loss" not in flat and flat["general/base/accuracy"] == 0.5
