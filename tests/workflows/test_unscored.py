"""Items without a score are counted, with the reason."""

from __future__ import annotations

from pathlib import Path

import msgspec

from proda.compiler.base import base_context, load_base
from proda.tester.scoring import score_items
from proda.workflows.unscored import unscored_lines
from tests.compiler.tiny import tiny_base
from tests.compiler.word_items import items


def test_items_that_do_not_fit_are_told_from_scores_that_are_no_numbers(tmp_path: Path) -> None:
    base = tiny_base(tmp_path)
    model, tokenizer = load_base(base)
    long = msgspec.structs.replace(items(1)[0], id="words/long:dev-path", stem="What does zarn cause? " * 40)
    asked = [*items(3), long]
    found = score_items(model, tokenizer, asked, name="base")
    context = base_context(base)
    assert unscored_lines(found, context=context) == ["1 of 4 items unscored: longer than the model's 64 tokens"]
    model.get_output_embeddings().weight.data.fill_(float("nan"))
    damaged = score_items(model, tokenizer, asked, name="seed-0")
    assert unscored_lines([*found, *damaged], context=context, where=" of the suites") == [
        "1 of 4 items of the suites unscored: longer than the model's 64 tokens",
        "3 of 4 items of the suites unscored for seed-0: its scores are not finite numbers. Train it again",
    ]
    assert unscored_lines(found[:3], context=context) == []
