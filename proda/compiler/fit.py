"""The training loop, for the base and for every seed of a tuning run.

    curve = fit(model, [examples] * 3, Recipe(2e-3, 2048, 256), pad=0, seed=0, what="base", checkpoint=Path("…/checkpoint.pt"))
    curve[-1]       Point(step=812, loss=0.71, learning_rate=2e-05)

A run that is killed continues from its last checkpoint: weights, optimizer and random state are restored, and the batches follow from the
seed. On one machine the result is bit for bit that of an uninterrupted run.

Several processes can do one training together (proda/compiler/division.py): each plans the same steps and computes some of their rows.
"""

from __future__ import annotations

import gc
import io
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from proda.compiler.checkpoint import load_checkpoint, save_checkpoint
from proda.compiler.loss import Present, Teacher, distance_to, drawn, honours_packing, present_tokens, supervised_loss
from proda.compiler.packing import Batch, Example, collate, learned_tokens, pack
from proda.errors import ProdaError
from proda.progress import Progress
from proda.records import Record
from proda.runtime.causal_lm import NEW_ROWS
from proda.runtime.device import keep_freed_memory, resolve_precision
from proda.stable_hash import seed_of

SEGMENT = 2048  # examples that are packed together; packing sorts by length, so that a whole epoch would no longer be shuffled
CLIP = 1.0  # largest gradient norm
BETAS = (0.9, 0.95)
LAST_RATE = 0.02  # the cosine ends at this share of the learning rate
CHUNK_TOKENS = 16_384  # tokens of one forward pass of a process; larger steps accumulate gradients
CURVE_POINTS = 200
SOFT_WEIGHT = 1.0  # weight of a soft token's divergence relative to a hard token's loss

T = TypeVar("T")
Step = list[list[Example]]
"""The rows of one optimizer step; each row is a list of packed examples."""


class Recipe(Record, frozen=True):
    """Settings of a training run. Together with examples and seed they determine its result."""

    learning_rate: float
    batch_tokens: int  # tokens in one optimizer step, padding included
    length: int  # tokens in one packed row
    warmup_steps: int = 20
    weight_decay: float = 0.01
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    optimizer: Literal["adamw", "muon"] = "adamw"  # muon trains the matrices between embeddings and head, adamw the rest
    present_tokens_only: bool = False  # see loss.present_tokens
    softmax_share: float = 1.0  # share of the tokens, drawn for each step, that a step's own tokens compete with: see loss.drawn
    embedding_rate: float = 1.0  # learning rate of trained embeddings, as a multiple of learning_rate


class Point(Record, frozen=True):
    """A point of the training curve: mean loss since the previous point, up to and including `step` (from 1), and the learning rate."""

    step: int
    loss: float
    learning_rate: float


class FitError(ProdaError):
    """Training failed with these settings."""


class TrainingPart:
    """The part that this process has in a training. Here it is alone, so it does everything; proda/compiler/division.py has the others."""

    of = 1  # number of processes
    writes = True  # whether this process writes checkpoints and progress

    def prepare_model(self, model: Any, teacher: Teacher | None) -> None:
        """Prepare the model, before the optimizers are made."""

    def check_same_start(self, weights: Mapping[str, Any], done: int, seed: int) -> None:
        """Make sure that all processes begin with the same weights after the same number of steps."""

    def rows(self, chunk: Step) -> tuple[Step, bool]:
        """Return the rows of a chunk that this process computes, and whether they count.

        Every process computes at least one row of every chunk, so that all take part in what they exchange.
        """
        return chunk, True

    def with_gradients(self, work: Callable[[], T]) -> T:
        """Return `work()`, in which the model computes a loss."""
        return work()

    def without_gradients(self, work: Callable[[], T]) -> T:
        """Return `work()`, in which the model computes without gradients."""
        return work()

    def sum_over_processes(self, weights: Mapping[str, Any], loss: float) -> float:  # noqa: ARG002  there is nothing to add
        """Add up gradients, in place, and losses over all processes. Returns the sum of the losses."""
        return loss


def fit(
    model: Any,
    epochs: Sequence[Sequence[Example]],
    recipe: Recipe,
    *,
    pad: int,
    seed: int,
    what: str,
    checkpoint: Path | None = None,
    checkpoint_steps: int = 200,
    teacher: Teacher | None = None,
    part: TrainingPart | None = None,
) -> list[Point]:
    """Train `model` in place on the examples of each epoch in turn.

    The learning rate has a linear warm-up and a cosine decay, and gradients are clipped to norm 1. The loss is the mean over a step's
    supervised tokens, in nats. With a `teacher`, soft examples are trained towards its distribution. `what` names the work in the progress
    line. `part` is that of this process if several train the model (None: it is alone). Returns the training curve, at most 200 points.
    Raises FitError if the loss is not finite.
    """
    import torch

    part = part or TrainingPart()
    keep_freed_memory()
    torch.manual_seed(seed)
    outer = _outer_matrices(model)
    part.prepare_model(model, teacher)
    device = next(model.parameters()).device
    packed = part.without_gradients(lambda: honours_packing(model, [e for epoch in epochs for e in epoch][:4], pad))
    steps = plan_steps(epochs, recipe, seed=seed, packed=packed)
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimizers = _optimizers(weights, outer, recipe)
    present = _in_softmax(epochs, recipe, model.config, device)
    losses = [] if checkpoint is None else load_checkpoint(checkpoint, weights, optimizers, tidy=part.writes)
    rates = [learning_rate(step, len(steps), recipe) for step in range(len(steps))]
    low = resolve_precision(recipe.precision) == "bf16"
    sizes = [sum(len(e.tokens) for row in step for e in row) for step in steps]
    room = CHUNK_TOKENS * (part.of if recipe.softmax_share == 1 else 1)  # each chunk has a draw, which must not depend on the processes
    first = len(losses)
    part.check_same_start(weights, first, seed)
    model.train()
    named, stream = what if not first else f"{what} (from step {first})", None if part.writes else io.StringIO()
    with _old_objects_left_alone(), Progress(named, sum(sizes[first:]), "tokens", stream=stream) as progress:
        for number in range(first, len(steps)):
            for group in (g for o in optimizers for g in o.param_groups):
                group["lr"] = rates[number] * group.get("multiple", 1.0)
            generator = torch.Generator().manual_seed(seed_of("softmax", seed, number))  # by step, so that a killed run continues the same
            learned = max(1, sum(learned_tokens(e) for row in steps[number] for e in row))
            total = 0.0
            for chunk in _chunks(steps[number], room):
                rows, counts = part.rows(chunk)
                batch = collate(rows, pad, device, packed=packed)
                among = present
                if present is not None and recipe.softmax_share < 1:
                    whole = batch if len(rows) == len(chunk) else collate(chunk, pad, device, packed=False)  # the same draw in each process
                    among = drawn(present, whole, recipe.softmax_share, generator)
                loss = part.with_gradients(partial(_loss, model, teacher, batch, among, chunk[0][0].soft, learned, low))
                (loss if counts else loss * 0.0).backward()
                total += float(loss.detach()) if counts else 0.0
            total = part.sum_over_processes(weights, total)
            if not math.isfinite(total):
                raise FitError(
                    f"{what}: the loss is {total} at step {number + 1} of {len(steps)}, expected a finite number."
                    f" Lower learning_rate (now {recipe.learning_rate}) or raise warmup_steps (now {recipe.warmup_steps})."
                )
            torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            losses.append(total)
            if checkpoint is not None and len(losses) % checkpoint_steps == 0 and len(losses) < len(steps):
                save_checkpoint(checkpoint, weights, optimizers, losses, write=part.writes)
            progress.advance(sizes[number], f"loss {sum(losses[-20:]) / len(losses[-20:]):.2f}")
    model.eval()
    return _curve(losses, rates)


@contextmanager
def _old_objects_left_alone() -> Iterator[None]:
    """Keep the garbage collector from looking through the texts of a training, which are millions of objects, again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _in_softmax(epochs: Sequence[Sequence[Example]], recipe: Recipe, config: Any, device: Any) -> Present | None:
    """The tokens that the softmax of any step may hold; None if it always holds all of them."""
    if not recipe.present_tokens_only and recipe.softmax_share == 1:
        return None
    size = config.vocab_size
    seen = {token for epoch in epochs for e in epoch for token in e.tokens} if recipe.present_tokens_only else range(size)
    return present_tokens(seen, size, device)


def _loss(model: Any, teacher: Teacher | None, batch: Batch, among: Present | None, soft: bool, learned: int, low: bool) -> Any:
    """The summed loss of a batch over the `learned` tokens of its step; `low`: in bf16."""
    import torch

    with torch.autocast(batch.tokens.device.type, dtype=torch.bfloat16, enabled=low):
        if soft and teacher is not None:
            return distance_to(teacher, model, batch, among) * (SOFT_WEIGHT / learned)
        return supervised_loss(model, batch, among)[0] / learned


def learning_rate(step: int, steps: int, recipe: Recipe) -> float:
    """Return the learning rate of a step: linear warm-up over at most a quarter of the steps, then a cosine down to 2 % of the peak."""
    warmup = min(recipe.warmup_steps, steps // 4)
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    along = (step - warmup) / max(1, steps - warmup)
    return recipe.learning_rate * max(LAST_RATE, 0.5 * (1 + math.cos(math.pi * along)))


def plan_steps(epochs: Sequence[Sequence[Example]], recipe: Recipe, *, seed: int, packed: bool = True) -> list[Step]:
    """Return the rows of every step, in order. Each example of an epoch occurs once, in an order drawn by seed and epoch.

    Without `packed` each row holds one example, for architectures that cannot separate several.
    """
    steps: list[Step] = []
    for epoch, examples in enumerate(epochs):
        if not examples:
            continue
        if not packed:
            steps += _unpacked(examples, recipe, seed, epoch)
            continue
        order = list(range(len(examples)))
        random.Random(seed_of("epoch", seed, epoch)).shuffle(order)
        rows: list[list[Example]] = []
        for start in range(0, len(order), SEGMENT):
            segment = [examples[i] for i in order[start : start + SEGMENT]]
            here: list[list[Example]] = []
            for soft in (False, True):  # rows are entirely soft or hard, so that the teacher reads soft rows only
                part = [e for e in segment if e.soft is soft]
                key = seed_of("pack", seed, epoch, start, soft)
                here += [[part[i] for i in row] for row in pack([len(e.tokens) for e in part], recipe.length, seed=key)]
            random.Random(seed_of("rows", seed, epoch, start)).shuffle(here)
            rows += here
        size = max(1, recipe.batch_tokens // recipe.length)
        steps += [rows[at : at + size] for at in range(0, len(rows), size)]
    return steps


def _unpacked(examples: Sequence[Example], recipe: Recipe, seed: int, epoch: int) -> list[Step]:
    order = list(range(len(examples)))
    random.Random(seed_of("epoch", seed, epoch)).shuffle(order)
    size = max(1, recipe.batch_tokens * len(order) // sum(len(e.tokens) for e in examples))
    return [[[examples[i]] for i in order[at : at + size]] for at in range(0, len(order), size)]


def _chunks(step: Step, room: int) -> list[Step]:
    """The rows of a step in portions of at most `room` tokens, soft and hard rows apart."""
    widest = max(sum(len(e.tokens) for e in row) for row in step)
    size = max(1, room // widest)
    parts = [[row for row in step if row[0].soft is soft] for soft in (False, True)]
    return [part[at : at + size] for part in parts for at in range(0, len(part), size)]


def _optimizers(weights: dict[str, Any], outer: set[str], recipe: Recipe) -> list[Any]:
    """The optimizers of the weights, of which `outer` are embeddings (of tokens or positions) and the head."""
    import torch

    inner = {name: p for name, p in weights.items() if p.ndim == 2 and name not in outer} if recipe.optimizer == "muon" else {}
    rest = {name: p for name, p in weights.items() if name not in inner}
    embeddings = {name: p for name, p in rest.items() if name in outer or NEW_ROWS in name}
    others = [p for name, p in rest.items() if name not in embeddings]
    # No weight decay for norms and biases, which hardly overfit, nor for embeddings, because those of rare words would shrink.
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in others if p.ndim < 2], "weight_decay": 0.0},
        {"params": list(embeddings.values()), "weight_decay": 0.0, "multiple": recipe.embedding_rate},
    ]
    optimizers: list[Any] = (
        [torch.optim.AdamW([g for g in groups if g["params"]], lr=recipe.learning_rate, betas=BETAS, fused=True)] if rest else []
    )
    if inner:
        from proda.compiler.muon import Muon

        optimizers.append(Muon(inner.values(), recipe.learning_rate, recipe.weight_decay))
    return optimizers


def _outer_matrices(model: Any) -> set[str]:
    """The names of embeddings (of tokens or positions) and of the head."""
    import torch

    outer = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    head = model.get_output_embeddings()
    if head is not None and hasattr(head, "weight"):
        outer.add(id(head.weight))
    return {name for name, p in model.named_parameters() if id(p) in outer}


def _curve(losses: Sequence[float], rates: Sequence[float]) -> list[Point]:
    size = max(1, -(-len(losses) // CURVE_POINTS))
    ends = [min(at + size, len(losses)) for at in range(0, len(losses), size)]
    return [Point(end, sum(losses[at:end]) / (end - at), rates[end - 1]) for at, end in zip(range(0, len(losses), size), ends, strict=True)]
