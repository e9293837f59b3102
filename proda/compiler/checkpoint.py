"""Save and restore the state of a training run, so that a killed run loses at most the steps since its last checkpoint.

    save_checkpoint(path, weights, optimizers, losses)
    losses = load_checkpoint(path, weights, optimizers)      # [] if there is none that can be used

A checkpoint is written under a temporary name and then renamed, so that it is always complete. A checkpoint that does not fit the run
(another model, another version of torch) is deleted, and training starts from the first step.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def save_checkpoint(path: Path, weights: Mapping[str, Any], optimizers: Sequence[Any], losses: list[float]) -> None:
    """Write weights, optimizer states, the loss of every step so far, and the state of the random number generators."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "weights": {name: p.detach() for name, p in weights.items()},
        "optimizers": [o.state_dict() for o in optimizers],
        "losses": losses,
        "random": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
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


def load_checkpoint(path: Path, weights: Mapping[str, Any], optimizers: Sequence[Any]) -> list[float]:
    """Restore weights, optimizers and random state in place; returns the losses of the steps done, empty without a usable checkpoint."""
    import torch

    if path.parent.is_dir():
        for left in path.parent.glob(f"{path.name}.*.tmp"):  # left by a run that was killed while writing
            left.unlink(missing_ok=True)
    if not path.is_file():
        return []
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = state["weights"]
        if {n: tuple(p.shape) for n, p in saved.items()} != {n: tuple(p.shape) for n, p in weights.items()}:
            raise ValueError("weights have other names or shapes")
        for optimizer, before in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(before)
        losses = [float(loss) for loss in state["losses"]]
    except Exception as error:
        print(f"{path}: not a usable checkpoint ({error}). Training starts from the first step.", file=sys.stderr)
        path.unlink(missing_ok=True)
        return []
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(saved[name])
    torch.set_rng_state(state["random"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    return losses
