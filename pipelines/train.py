"""Stage `train`: tune the base on corpus, patches and general replay, once per seed, into build/adapters.

    python -m pipelines.train

A seed whose inputs have not changed comes from build/cache; a seed that was killed continues from its last checkpoint.

    PRODA_PROCESSES=8 python -m pipelines.train                                                              # the GPUs of this machine
    torchrun --nnodes 2 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29400 -m pipelines.train     # on each of two machines
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from pipelines.stage import stage
from proda.compiler.packing import load_documents
from proda.compiler.train import corpus_documents, curve_csv, train_seeds, writes_results
from proda.errors import counted
from proda.params import Params
from proda.store.corpus import load_corpus
from proda.store.files import write_file
from proda.store.patches import load_patches
from proda.store.run_record import record_part
from proda.store.training_set import mix
from proda.workflows.build_run import build_run

ROOT = Path()


@stage("train")
def main(params: Params) -> str:
    """Train every seed, record the run, and return the number of samples and seeds, the final losses and the time."""
    start = time.monotonic()
    mixture = mix(
        load_corpus(ROOT), load_patches(ROOT), strategy=params.train.corpus_replay, share=params.train.corpus_share, seed=params.seed
    )
    corpus = corpus_documents(mixture.samples)
    replay = load_documents(ROOT / "build/curriculum/replay.jsonl")
    known = [d for d in load_documents(ROOT / "build/curriculum/documents.jsonl") if d.prompt]  # plain text teaches no facts
    train = partial(train_seeds, ROOT / "build/base", corpus, replay, params.train, cache=ROOT / "build/cache", known=known)
    if not writes_results():
        train(None)
        return "train: this process has done its part"
    with build_run(ROOT, params) as tracker:
        runs = train(ROOT / "build/adapters", done=lambda run: tracker.curve(f"seed-{run.seed}", run.curve))
        write_file(ROOT / "benchmarks/results/training.csv", curve_csv(runs))
    seeds = {str(run.seed): {"seconds": run.seconds, "tokens": run.tokens, "fresh": run.fresh} for run in runs}
    seconds = time.monotonic() - start
    part = {"seconds": round(seconds, 1), "inputs": runs[0].inputs, "samples": len(corpus), "seeds": seeds}
    record_part(ROOT, "train", part, run_id=tracker.run_id)
    losses = ", ".join(f"{run.curve[-1].loss:.2f}" for run in runs)
    kept = sum(not run.fresh for run in runs)
    patched = f" ({mixture.patched:,} from patches, {mixture.excluded:,} of the corpus left out)" if mixture.patched else ""
    return (
        f"train: {len(corpus):,} samples{patched}, {counted(len(runs), 'seed')}{f' ({kept} from the cache)' if kept else ''},"
        f" {params.train.method}, loss {losses}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
