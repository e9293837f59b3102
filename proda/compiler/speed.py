"""Train a few LoRA steps in several ways and measure them: tokens a second, peak memory, and the loss of each step.

    task = SpeedTask(model=None, size="1b", steps=12)
    rows = measured(task, [SpeedCase("fp32", checkpointing=False), SpeedCase("bf16", checkpointing=True)], processes=1)
    rows[0]      {"processes": 1, "precision": "fp32", …, "tokens_per_second": 5120, "peak_gb": 31.2, "losses": [10.4, …]}

All cases train the same random texts from the same weights. The script gpu_check of the repository runs it.
"""

from __future__ import annotations

import gc
import platform
import random
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from proda.compiler.adapter import attach
from proda.compiler.base import open_model
from proda.compiler.fit import Recipe, TrainingPart, fit
from proda.compiler.packing import Example
from proda.params import TrainParams
from proda.runtime.causal_lm import recompute_activations
from proda.runtime.device import device
from proda.runtime.processes import from_first, run_together, this_rank

WARM_STEPS = 2  # not timed: the first steps allocate memory and choose kernels
LENGTH = 512  # tokens of a row: four texts
Size = Literal["1b", "tiny"]
SIZES: dict[Size, dict[str, int]] = {
    "1b": {"hidden": 2048, "inner": 8192, "layers": 16, "heads": 32, "kv_heads": 8, "vocabulary": 32_000, "batch_tokens": 8192},
    "tiny": {"hidden": 32, "inner": 64, "layers": 2, "heads": 4, "kv_heads": 2, "vocabulary": 300, "batch_tokens": 2048},
}


class SpeedCase(NamedTuple):
    """One way to train."""

    precision: Literal["fp32", "bf16"]
    checkpointing: bool
    parallel: Literal["data", "sharded"] = "data"


class SpeedTask(NamedTuple):
    """What every case trains: the model in a folder or, without one, a Llama of random weights, for a number of optimizer steps."""

    model: Path | None
    size: Size
    steps: int

    @property
    def batch_tokens(self) -> int:
        """Tokens in one optimizer step."""
        return SIZES[self.size]["batch_tokens"]

    @property
    def name(self) -> str:
        """The model in words."""
        size = SIZES[self.size]
        return self.model.name if self.model else f"Llama with random weights, {size['layers']} layers of {size['hidden']}"


def measured(task: SpeedTask, cases: Sequence[SpeedCase], *, processes: int, until: float) -> list[dict[str, Any]]:
    """Train each case in turn in so many processes; returns its figures, or in `failed` why there are none.

    A case that would begin after `until` (of time.monotonic) is left out. Raises ShareError if one of several processes fails.
    """
    work = partial(_rows, task, tuple(cases), until)
    return work(1) if processes == 1 else run_together(work, processes, processes, what="gpu check, processes")


def _rows(task: SpeedTask, cases: Sequence[SpeedCase], until: float, processes: int) -> list[dict[str, Any]]:
    import torch

    rows: list[dict[str, Any]] = []
    for case in cases:
        row = {"processes": processes, **case._asdict()}
        if from_first(time.monotonic() > until):
            rows.append({**row, "failed": "no time left"})
            continue
        try:
            rows.append({**row, **_figures(task, case)})
        except torch.OutOfMemoryError:
            if processes > 1:  # the other processes wait for this one
                raise
            rows.append({**row, "failed": "out of memory"})
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return rows


def _figures(task: SpeedTask, case: SpeedCase) -> dict[str, Any]:
    """Tokens a second over all processes, peak memory of one GPU in GB (None on a CPU), and the loss of each step."""
    import torch

    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    sharded = case.parallel == "sharded" and this_rank().of > 1
    model = _model(task).to("cpu" if sharded else device())
    model = attach(model, TrainParams(method="lora", lora_rank=16, lora_alpha=32, train_embeddings="none"), seed=0)
    if case.checkpointing:
        recompute_activations(model)
    recipe = Recipe(2e-4, task.batch_tokens, LENGTH, precision=case.precision)
    part, ends = _timed(case.parallel)
    what = f"{case.precision}, {'with' if case.checkpointing else 'no'} checkpointing"
    curve = fit(model, [_texts(task, model.config.vocab_size)], recipe, pad=0, seed=0, what=what, part=part)
    took = ends[-1] - ends[WARM_STEPS - 1]
    return {
        "tokens_per_second": round((len(ends) - WARM_STEPS) * task.batch_tokens / took),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if cuda else None,
        "losses": [round(point.loss, 6) for point in curve],
    }


def _timed(parallel: Literal["data", "sharded"]) -> tuple[TrainingPart, list[float]]:
    """The part of this process, and a list of the times at which its steps end, which grows as it trains."""
    from proda.compiler.division import part_of

    part, ends = part_of(parallel), list[float]()
    sum_up = part.sum_over_processes

    def timed(weights: Mapping[str, Any], loss: float) -> float:
        total = sum_up(weights, loss)
        ends.append(time.monotonic())
        return total

    part.sum_over_processes = timed  # type: ignore[method-assign]  # it is called once in each step
    return part, ends


def _model(task: SpeedTask) -> Any:
    """The model in single precision, in main memory."""
    import torch

    if task.model is not None:
        return open_model(task.model)[0].float()
    from transformers import AutoModelForCausalLM, LlamaConfig

    size = SIZES[task.size]
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(
        LlamaConfig(
            vocab_size=size["vocabulary"],
            hidden_size=size["hidden"],
            intermediate_size=size["inner"],
            num_hidden_layers=size["layers"],
            num_attention_heads=size["heads"],
            num_key_value_heads=size["kv_heads"],
            max_position_embeddings=2048,
        )
    )


def _texts(task: SpeedTask, vocabulary: int) -> list[Example]:
    """Texts that fill the rows of all steps: random tokens, of which the first in the vocabulary are the most frequent."""
    each = LENGTH // 4
    draw = random.Random(0)
    chances = [1 / (n + 1) for n in range(vocabulary)]
    count = task.steps * task.batch_tokens // each
    return [Example(tuple(draw.choices(range(vocabulary), chances, k=each)), 1) for _ in range(count)]


def gpus() -> int:
    """Return the number of GPUs that PyTorch can use."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def machine() -> dict[str, Any]:
    """Return the name and number of the GPUs, or without one the kind of processor, and the version of torch."""
    import torch

    name = torch.cuda.get_device_name() if gpus() else f"CPU ({platform.machine()})"
    return {"device": name, "devices": gpus(), "torch": str(torch.__version__)}
