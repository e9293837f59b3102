"""Save and restore the state of a training run, so that a killed run loses at most the steps since its last checkpoint.

    save_checkpoint(path, weights, optimizers, losses)
    losses = load_checkpoint(path, weights, optimizers)      # [] if there is none that can be used

A checkpoint is written under a temporary name and then renamed, so that it is always complete. A checkpoint that does not fit the run
(another model, another version of torch) is deleted, and training starts from the first step.

It holds whole tensors, also where several processes hold a shard of each. So a run can continue on another number of processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def save_checkpoint(path: Path, weights: Mapping[str, Any], optimizers: Sequence[Any], losses: list[float], *, write: bool = True) -> None:
    """Write weights, optimizer states, the loss of every step so far, and the state of the random number generators.

    If weights are sharded, every process must call it, and only those with `write` write.
    """
    import torch

    state = whole(
        {"weights": {name: p.detach() for name, p in weights.items()}, "optimizers": [o.state_dict() for o in optimizers]}, keep=write
    )
    if not write:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    state |= {
        "losses": losses,
        "random": torch.get_rng_state(),
        "cuda": [torch.cuda.get_rng_state()] if torch.cuda.is_available() else [],
    }
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as out:
            torch.save(state, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path, weights: Mapping[str, Any], optimizers: Sequence[Any], *, tidy: bool = True) -> list[float]:
    """Restore weights, optimizers and random state in place; returns the losses of the steps done, empty without a usable checkpoint.

    With `tidy`, what a killed run left and a checkpoint that cannot be used are deleted; one of several processes does so.
    """
    import torch

    if tidy and path.parent.is_dir():
        for left in path.parent.glob(f"{path.name}.*.tmp"):  # left by a run that was killed while writing
            left.unlink(missing_ok=True)
    if not path.is_file():
        return []
    try:
        shards = any(hasattr(p, "full_tensor") for p in weights.values())  # each process then reads the parts that it needs
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=shards)
        saved = state["weights"]
        if {n: tuple(p.shape) for n, p in saved.items()} != {n: tuple(p.shape) for n, p in weights.items()}:
            raise ValueError("weights have other names or shapes")
        for optimizer, before in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(_sharded_state(optimizer, before))
        losses = [float(loss) for loss in state["losses"]]
    except Exception as error:
        if tidy:
            print(f"{path}: not a usable checkpoint ({error}). Training starts from the first step.", file=sys.stderr)
            path.unlink(missing_ok=True)
        return []
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(_as_sharded(weight, saved[name]))
    torch.set_rng_state(state["random"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"][0])
    return losses


def whole(state: Any, *, keep: bool = True) -> Any:
    """Return nested dicts and lists with every sharded tensor made whole, in main memory; other values are as they are.

    Every process that holds a shard must call it. Without `keep` a whole tensor is dropped again, and None stands in its place.
    """
    if isinstance(state, dict):
        return {name: whole(value, keep=keep) for name, value in state.items()}
    if isinstance(state, list):
        return [whole(value, keep=keep) for value in state]
    if not hasattr(state, "full_tensor"):
        return state
    tensor = state.full_tensor()
    return tensor.cpu() if keep else None


def _sharded_state(optimizer: Any, saved: dict[str, Any]) -> dict[str, Any]:
    """The saved state of an optimizer, in which the tensors of a sharded weight are sharded as it is."""
    state = dict(saved["state"])
    for group, before in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        for weight, number in zip(group["params"], before["params"], strict=True):
            if number in state and hasattr(weight, "full_tensor"):
                state[number] = {n: _as_sharded(weight, v) for n, v in state[number].items()}
    return {**saved, "state": state}


def _as_sharded(weight: Any, value: Any) -> Any:
    """A whole tensor sharded as a weight of its shape is; anything else as it is."""
    if not hasattr(weight, "full_tensor") or getattr(value, "shape", None) != weight.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    shard = distribute_tensor(value.to(weight.device), weight.device_mesh, weight.placements, src_data_rank=None)
    return shard.clone()  # otherwise it would keep the memory of the whole tensor
