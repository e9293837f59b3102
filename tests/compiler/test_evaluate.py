"""Models that are scored in parallel processes give the same outcomes as one after the other, in the order of their names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec
import pytest

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base
from proda.compiler.train import train_seeds
from proda.errors import EmptyBenchmarkError
from proda.params import EvaluateParams
from proda.tester.evaluate import evaluate
from tests.compiler.tiny import FACTS, TRAIN
from tests.compiler.word_items import items

HELDOUT = "The zarn stands beside another velm, and nothing is said of it."
PARAMS = EvaluateParams(bootstrap=50)
TOO_LARGE = 1 << 60  # parameters; no memory holds two such models


def test_side_by_side_and_in_turn_come_to_the_same(base: Path, tmp_path: Path) -> None:
    one = msgspec.structs.replace(TRAIN, seeds=(0,), method="lora", train_embeddings="none")
    train_seeds(base, FACTS, [], one, tmp_path / "out", cache=tmp_path / "cache")
    models = {"base": partial(load_base, base), "seed-0": partial(load_tuned, base, tmp_path / "out/seed-0")}
    asked, suite = items(12), items(4)
    together, alone = (evaluate(models, asked, {"suite": suite}, HELDOUT, PARAMS, parameters=n) for n in (1_000, TOO_LARGE))
    assert [o.model for o in together.outcomes] == ["base"] * 12 + ["seed-0"] * 12
    for ours, theirs in ((together.outcomes, alone.outcomes), (together.general, alone.general)):
        assert [(o.item, o.model, o.chosen) for o in ours] == [(o.item, o.model, o.chosen) for o in theirs]
        assert [o.margin for o in ours] == pytest.approx([o.margin for o in theirs], abs=1e-5)
    assert together.metrics["tuned"]["dev"]["accuracy"] == alone.metrics["tuned"]["dev"]["accuracy"]
    margins = {o.margin for o in together.outcomes}
    assert None not in margins and len(margins) == 24  # every item and model has another margin


def test_metrics_name_the_chance_level_of_a_suite_unless_it_is_that_of_four_options(base: Path) -> None:
    models = {"base": partial(load_base, base)}
    suites = {"four": items(13)[12:], "two": items(3, (2,)), "mixed": [i for n, i in enumerate(items(10, (3, 4, 5))) if n > 2]}
    one = evaluate(models, items(12), {"suite": items(4)}, HELDOUT, PARAMS, parameters=1)
    assert "chance" not in one.metrics["general"]["base"]
    found = evaluate(models, items(12), suites, HELDOUT, PARAMS, parameters=1).metrics
    assert {name: block["base"].get("chance") for name, block in found["suites"].items()} == {
        "four": None,
        "two": 0.5,
        "mixed": round((3 / 3 + 2 / 4 + 2 / 5) / 7, 4),
    }
    assert found["general"]["base"]["chance"] == round((0.25 + 3 * 0.5 + 3 / 3 + 2 / 4 + 2 / 5) / 11, 4)
    assert found["general"]["base"]["n"] == 11 and "chance" not in found["base"]["dev"]


def test_nothing_to_ask_is_refused_before_a_model_is_loaded(base: Path) -> None:
    with pytest.raises(EmptyBenchmarkError, match="0 items and 4 of the general suite"):
        evaluate({"base": partial(load_base, base / "nowhere")}, [], {"suite": items(4)}, HELDOUT, PARAMS, parameters=1)
