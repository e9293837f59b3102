"""A model × questions → scores of their options, kept by content, so that a run that was killed continues where it stopped.

    kept_scores(Path("build/pretrained/base"), None, [("Answer:", ("heat", "ice", "air", "salt"))], cache=Path("build/cache"))
    [[-12.1, -14.9, …]]
    seen, unseen = stem_outcomes(base, adapter, items, cache=Path("build/cache"), name="seed-0")    # with and without the stem
    outcomes = item_outcomes(base, adapter, suite, cache=Path("build/cache"), name="seed-0")        # with the stem only

Every model has a file build/cache/questions/<key>.json, which maps the hash of a question to the scores of its options. The key covers the
model's weights and the code that scores. A question is scored once, whichever items or conditions ask it; an edit of some items scores
these alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proda.records import Item, Outcome, content_hash
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import cache_key

if TYPE_CHECKING:
    from proda.tester.scoring import Question

FOLDER = "questions"
PORTION = 128  # questions that are scored between two writes: less than a minute for a model of 135 million parameters on two cores

Kept = dict[str, list[float | None]]


class TunedFolder(NamedTuple):
    """A trained adapter: its folder, and the hash of its files."""

    path: Path
    digest: str


def stem_outcomes(
    base: Path, adapter: TunedFolder | None, items: Sequence[Item], *, cache: Path, batch_tokens: int = 2048, name: str = "base"
) -> tuple[list[Outcome], list[Outcome]]:
    """Return the outcomes of one model with and without the stem, each in the order of the items, by log-likelihood.

    `name` is the name of the model in the outcomes. Raises what loading a model raises.
    """
    from proda.tester.scoring import NO_STEM, judge

    options = [tuple(option.text for option in item.options) for item in items]
    questions = [(item.prompt, texts) for item, texts in zip(items, options, strict=True)] + [(NO_STEM, texts) for texts in options]
    scores = kept_scores(base, adapter, questions, cache=cache, batch_tokens=batch_tokens, name=name)
    judged = [judge(item, name, totals) for item, totals in zip([*items, *items], scores, strict=True)]
    return judged[: len(items)], judged[len(items) :]


def item_outcomes(
    base: Path, adapter: TunedFolder | None, items: Sequence[Item], *, cache: Path, batch_tokens: int = 2048, name: str = "base"
) -> list[Outcome]:
    """Return the outcomes of one model in the order of the items, by log-likelihood. Raises what loading a model raises."""
    from proda.tester.scoring import judge

    questions = [(item.prompt, tuple(option.text for option in item.options)) for item in items]
    scores = kept_scores(base, adapter, questions, cache=cache, batch_tokens=batch_tokens, name=name)
    return [judge(item, name, totals) for item, totals in zip(items, scores, strict=True)]


def kept_scores(
    base: Path,
    adapter: TunedFolder | None,
    questions: Sequence[Question],
    *,
    cache: Path,
    batch_tokens: int = 2048,
    name: str = "base",
    portion: int = PORTION,
) -> list[list[float]]:
    """Return the summed log-likelihood in nats of each option of each question, in their order; NaN where it cannot be scored.

    `base` is a folder with a pin; without an `adapter` the base itself is scored. `name` is shown while it works. The model is loaded only
    if a question is new. Raises what loading a model raises.
    """
    from proda.compiler.base import read_pin

    pin = read_pin(base)
    path = cache / FOLDER / f"{cache_key(kept_scores, pin.hash, pin.prompt, adapter.digest if adapter else None)}.json"
    kept = read_cached(path, Kept) or {}
    keys = [content_hash(question) for question in questions]
    new = {key: question for key, question in zip(keys, questions, strict=True) if key not in kept}
    if new:
        _score(base, adapter, new, kept, path, batch_tokens, name, portion)
    return [[math.nan if value is None else value for value in kept[key]] for key in keys]


def _score(
    base: Path, adapter: TunedFolder | None, new: dict[str, Question], kept: Kept, path: Path, batch_tokens: int, name: str, portion: int
) -> None:
    """Add the scores of the new questions to `kept`, and write the file after each portion."""
    from proda.compiler.adapter import load_tuned
    from proda.compiler.base import load_base
    from proda.progress import Progress
    from proda.tester.scoring import option_scores

    model, tokenizer = load_base(base) if adapter is None else load_tuned(base, adapter.path)
    # Questions of similar length come together, so that little of a batch is padding.
    ordered = sorted(new, key=lambda key: (len(new[key][0]) + sum(map(len, new[key][1])), key))
    with Progress(f"score {name}", len(ordered), "questions") as progress:
        for start in range(0, len(ordered), portion):
            part = ordered[start : start + portion]
            found = option_scores(model, tokenizer, [new[key] for key in part], batch_tokens=batch_tokens, advance=progress.advance)
            kept |= {key: [None if math.isnan(v) else v for v in values] for key, values in zip(part, found, strict=True)}
            write_cached(path, kept)
