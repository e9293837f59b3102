"""Base and tuned models → their losses on neutral text, as the stage `evaluate` measures them.

    passages = neutral_texts(params, Path("."))             # none: nothing is to be measured
    losses = measure(Path("build/base"), adapters, passages, batch_tokens=2048, cache=Path("build/cache"))
    losses[0]                                               # NeutralLoss(passage="0f3a…", tokens=71, model="base", nats=213.5)

What a tuned model was found to predict is kept in build/cache/neutral, so a run that was killed goes on where it stopped. The key covers
the weights of the adapter, the passages, and the code that measures. A kept file that cannot be used is computed again.

`evaluate.neutral_text: auto` measures unless the base is the embedded one. That base has read only an invented world and sentences of the
sources. It does not know the words of texts about daily life, and its loss on them says nothing about what tuning made it forget.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from proda.compiler.adapter import hash_adapter, load_tuned
from proda.compiler.base import EMBEDDED, load_base, read_pin
from proda.errors import NotFoundError
from proda.params import Params
from proda.progress import Progress
from proda.runtime.parallel import spread
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import cache_key
from proda.store.neutral_losses import NeutralLoss
from proda.store.neutral_text import PATH, neutral_passages
from proda.tester.forgetting import Forgetting, PassageLoss, forgetting
from proda.tester.neutral_metrics import neutral_losses

FOLDER = "neutral"
_Sums = list[tuple[int, float | None, float | None, float | None]]  # of a passage: tokens, and nats as in PassageLoss


def neutral_texts(params: Params, root: Path) -> list[str]:
    """Return the different passages that `evaluate.neutral_text` wants measured, in the order of the file.

    The list is empty if nothing is to be measured. If `auto` cannot measure although the base is a pretrained model, standard error says
    why. Raises NotFoundError if `on` finds no file, InputError or EmptyBenchmarkError if the file cannot be used.
    """
    evaluate = params.evaluate
    wanted = evaluate.neutral_text
    if wanted == "off" or (wanted == "auto" and params.model.base == EMBEDDED):
        return []
    if evaluate.backend == "endpoint" and evaluate.scoring == "letter":
        print("Loss on neutral text is not measured: letter scoring asks the endpoint for no log-probabilities of a text.", file=sys.stderr)
        return []
    try:
        return list(dict.fromkeys(neutral_passages(root)))
    except NotFoundError:
        if wanted == "on":
            raise
        print(f"Loss on neutral text is not measured: there is no {PATH}.", file=sys.stderr)
        return []


def measure(base: Path, adapters: Mapping[str, Path], passages: Sequence[str], *, batch_tokens: int, cache: Path) -> list[NeutralLoss]:
    """Return the losses of the base and of every tuned model, given by the folder of its adapter, on every passage; none without passages.

    Two models are in memory at once: the base and a tuned one. Raises what loading a model raises, and EmptyBenchmarkError if no passage
    has a token to predict.
    """
    if not passages:
        return []
    key = cache_key(measure, list(passages))
    kept = {model: cache / FOLDER / hash_adapter(folder) / f"{key}.json" for model, folder in adapters.items()}
    found = {model: sums for model, path in kept.items() if (sums := read_cached(path, _Sums)) is not None and len(sums) == len(passages)}
    missing = [model for model in kept if model not in found]
    work = partial(_sums, base, dict(adapters), list(passages), batch_tokens)
    for model, sums in spread(work, missing, parameters=read_pin(base).parameters, what="measure neutral text"):
        write_cached(kept[model], sums)
        found[model] = sums
    return neutral_losses(passages, {model: _forgotten(found[model]) for model in kept})


def _sums(base: Path, adapters: Mapping[str, Path], passages: Sequence[str], batch_tokens: int, model: str) -> _Sums:
    before, tokenizer = load_base(base)
    tuned, _ = load_tuned(base, adapters[model])
    with Progress(f"neutral text {model}", len(passages), "passages") as progress:
        found = forgetting(before, tuned, tokenizer, passages, batch_tokens=batch_tokens, advance=progress.advance)
    return [(p.tokens, p.base_nats, p.tuned_nats, p.kl_nats) for p in found.passages]


def _forgotten(sums: _Sums) -> Forgetting:
    """Numbers that are not finite are null in a kept file."""
    return Forgetting(tuple(PassageLoss(row[0], *(math.nan if value is None else value for value in row[1:])) for row in sums))
