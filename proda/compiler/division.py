"""Divide a training among processes: the rows of each step (data), or rows, weights and optimizer state (sharded).

    fit(model, epochs, recipe, …, part=part_of("sharded"))       # in each process of the group: proda/runtime/processes.py

Every process plans the same steps from the seed and computes its rows of each chunk. Their loss is divided by the learned tokens of the
whole step, and gradients are summed over the processes, so that the result is that of one process up to rounding: the mean over the step's
tokens, the same draw of the softmax, clipping by the norm of the whole gradient. A checkpoint fits any number of processes.

With `data` each process holds the whole model. With `sharded` (FSDP2) each holds its share of weights, gradients and optimizer state,
and collects the weights of one layer at a time; a model may be larger than the memory of one GPU, but must fit into main memory as often
as there are processes on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from proda.compiler.checkpoint import whole
from proda.compiler.fit import Step, TrainingPart
from proda.compiler.loss import Teacher
from proda.runtime.device import device
from proda.runtime.engine import ShareError
from proda.runtime.processes import from_first, this_rank
from proda.stable_hash import seed_of

T = TypeVar("T")

BUCKET_BYTES = 64 << 20  # gradients that are summed in one message


def part_of(parallel: Literal["data", "sharded"]) -> TrainingPart:
    """Return the part of this process in its group; of a process that is alone, everything."""
    if this_rank().of == 1:
        return TrainingPart()
    return ShardedPart() if parallel == "sharded" else DataPart()


class DataPart(TrainingPart):
    """Each process holds the whole model and computes some rows of each chunk."""

    def __init__(self) -> None:
        self.number, self.of = this_rank()
        self.writes = self.number == 0

    def check_same_start(self, weights: Mapping[str, Any], done: int, seed: int) -> None:
        """Give all processes the weights of rank 0, and those with dropout draws of their own. Raises ShareError."""
        if from_first(done) != done:
            raise ShareError(
                f"the process of rank {self.number} continues from step {done}, that of rank 0 from another. All processes must see the"
                " same build/cache: put the repository on a shared file system."
            )
        if self.number:
            torch.manual_seed(seed_of("rank", seed, self.number, done))
        self._align(weights)

    def _align(self, weights: Mapping[str, Any]) -> None:
        for weight in weights.values():
            dist.broadcast(weight.detach(), 0)

    def rows(self, chunk: Step) -> tuple[Step, bool]:
        """Return every `of`-th row, or the first row of the chunk, not to be counted, if there are fewer rows than processes."""
        own = chunk[self.number :: self.of]
        return (own, True) if own else (chunk[:1], False)

    def without_gradients(self, work: Callable[[], T]) -> T:
        """Return what the process of rank 0 finds."""
        return from_first(work())

    def sum_over_processes(self, weights: Mapping[str, Any], loss: float) -> float:
        """Sum losses and gradients. A weight without a gradient in any process keeps none."""
        trained = list(weights.values())
        some = torch.tensor([loss, *(w.grad is not None for w in trained)], dtype=torch.float64, device=device())
        dist.all_reduce(some)
        total, *having = some.tolist()
        for weight, count in zip(trained, having, strict=True):
            if count and weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        for bucket in _buckets([w.grad for w in trained if w.grad is not None]):
            flat = torch.cat([g.reshape(-1) for g in bucket])
            dist.all_reduce(flat)
            for gradient, summed in zip(bucket, torch.split(flat, [g.numel() for g in bucket]), strict=True):
                gradient.copy_(summed.view_as(gradient))
        return float(total)


class ShardedPart(DataPart):
    """Each process holds a shard of every weight, and of its gradient and optimizer state."""

    def prepare_model(self, model: Any, teacher: Teacher | None) -> None:
        """Shard the model in place, layer by layer, and the frozen copy of it that is its teacher."""
        self.model = _Whole(model, getattr(teacher, "model", None))
        mesh = init_device_mesh(device(), (self.of,))
        for layer in (*_layers(model), *_layers(self.model.teacher)):
            fully_shard(layer, mesh=mesh)
        fully_shard(self.model, mesh=mesh)
        for module in self._sharded():
            module.set_gradient_divide_factor(1.0)  # gradients are summed, not averaged
            module.set_force_sum_reduction_for_comms(True)

    def _sharded(self) -> list[Any]:
        return [m for m in self.model.modules() if isinstance(m, FSDPModule)]

    def _align(self, weights: Mapping[str, Any]) -> None:
        """Nothing to do: each shard is in one process only."""

    def with_gradients(self, work: Callable[[], T]) -> T:
        """Return `work()`, in which the weights are whole."""
        found: T = self.model(work)
        return found

    def without_gradients(self, work: Callable[[], T]) -> T:
        """Return what the process of rank 0 finds."""
        with torch.no_grad():
            found = self.with_gradients(work)
        for module in self._sharded():  # the weights of the outermost one would stay whole until a backward pass
            module.reshard()
        return from_first(found)

    def sum_over_processes(self, weights: Mapping[str, Any], loss: float) -> float:  # noqa: ARG002
        """Sum the losses. Gradients have been summed in the backward pass."""
        total = torch.tensor(loss, dtype=torch.float64, device=device())
        dist.all_reduce(total)
        return float(total)


class _Whole(torch.nn.Module):
    """A model with its teacher, in whose forward pass all weights outside the layers are whole, as proda.compiler.loss reads them."""

    def __init__(self, model: Any, teacher: Any) -> None:
        super().__init__()
        self.model, self.teacher = model, teacher

    def forward(self, work: Callable[[], T]) -> T:
        return work()


def whole_weights(model: Any) -> dict[str, Any]:
    """Return the trained weights, by name, whole and in main memory: in the process of rank 0. Every process must call it."""
    weights = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    found: dict[str, Any] = whole(weights, keep=this_rank().first)
    return found


def _layers(model: Any) -> Sequence[Any]:
    """The layers of a transformer, each of which is sharded as a unit; none if the model does not name them."""
    if model is None:
        return []
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    names = set(getattr(plain, "_no_split_modules", None) or ())
    return [m for m in plain.modules() if type(m).__name__ in names]


def _buckets(gradients: Sequence[Any]) -> Iterator[list[Any]]:
    """Consecutive gradients of one type that together have at most BUCKET_BYTES, or a single larger one."""
    bucket: list[Any] = []
    size = 0
    for gradient in gradients:
        if bucket and (gradient.dtype != bucket[0].dtype or size + gradient.nbytes > BUCKET_BYTES):
            yield bucket
            bucket, size = [], 0
        bucket.append(gradient)
        size += gradient.nbytes
    if bucket:
        yield bucket
