"""Trainings that tests run in several processes; each process imports this module by its name."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from proda.compiler.train import SeedRun, train_seeds
from proda.params import TrainParams
from proda.runtime.processes import this_rank
from tests.compiler.tiny import FACTS, READING, TRAIN

REPLAY = READING[:6]
KNOWN = FACTS[6:]  # the words of the first facts are new
_ALL = msgspec.structs.replace(  # all settings that could depend on how rows are divided
    TRAIN,
    seeds=(0,),
    epochs=2,
    precision="fp32",
    replay_targets="base",
    general_replay=0.5,
    softmax_share=0.5,
    present_tokens_only=False,
    gradient_checkpointing=True,
)
LORA = msgspec.structs.replace(_ALL, method="lora", lora_rank=4, lora_alpha=8, train_embeddings="new", blend=0.8)
FULL = msgspec.structs.replace(_ALL, method="full", optimizer="adamw")
CASES = {
    "lora": LORA,
    "full": FULL,
    "muon": msgspec.structs.replace(FULL, optimizer="muon", softmax_share=1.0),
    "large": msgspec.structs.replace(LORA, batch_tokens=512, train_embeddings="all", softmax_share=1.0, replay_targets="text"),
}
LONG = msgspec.structs.replace(LORA, epochs=8)


def sharded(params: TrainParams) -> TrainParams:
    return msgspec.structs.replace(params, parallel="sharded")


def trained(base: Path, params: TrainParams, cache: Path) -> SeedRun:
    """Train with `params`, in all processes of the group that this one belongs to. The adapter is in the cache."""
    return train_seeds(base, FACTS, REPLAY, params, None, cache=cache, known=KNOWN)[0]


def train_cases(base: Path, cases: dict[str, TrainParams], cache: Path, _: int) -> dict[str, SeedRun]:
    return {name: trained(base, params, cache / name) for name, params in cases.items()}


def dies_in_the_middle(base: Path, params: TrainParams, cache: Path, _: int) -> SeedRun:
    """Train, and kill the process of rank 1 as soon as there is a checkpoint."""
    if this_rank().number == 1:
        threading.Thread(target=_kill_when_saved, args=(cache,), daemon=True).start()
    return trained(base, params, cache)


def _kill_when_saved(cache: Path) -> None:
    while not list(cache.glob("train/*/seed-*/checkpoint.pt")):
        time.sleep(0.002)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":  # one process, or several that torchrun started
    trained(Path(sys.argv[1]), LONG, Path(sys.argv[2]))
