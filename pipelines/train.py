"""Stage `train`: base + corpus + patches + general replay → one adapter a seed, in build/adapters.

    python -m pipelines.train

A seed whose inputs have not changed comes from build/cache; one that was killed goes on where it stood.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from pipelines.stage import stage
from proda.compiler.packing import load_documents
from proda.compiler.record import begin_record
from proda.compiler.tracking import open_run
from proda.compiler.train import corpus_documents, curve_csv, train_seeds
from proda.params import Params
from proda.records import content_hash
from proda.store.corpus import load_corpus
from proda.store.files import write_file
from proda.store.patches import load_patches
from proda.store.training_set import mix

ROOT = Path()


@stage("train")
def main(params: Params) -> str:
    """Train every seed, log the run, then say how long it took and where the loss ended."""
    start = time.monotonic()
    mixture = mix(
        load_corpus(ROOT), load_patches(ROOT), strategy=params.train.corpus_replay, share=params.train.corpus_share, seed=params.seed
    )
    corpus = corpus_documents(mixture.samples)
    replay = load_documents(ROOT / "build/curriculum/replay.jsonl")
    settings = {f"train.{key}": str(value) for key, value in msgspec.to_builtins(params.train).items()}
    tracker = open_run(ROOT, settings)
    runs = train_seeds(
        ROOT / "build/base",
        corpus,
        replay,
        params.train,
        ROOT / "build/adapters",
        cache=ROOT / "build/cache",
        known=[d for d in load_documents(ROOT / "build/curriculum/documents.jsonl") if d.prompt],  # plain reading teaches no facts
        done=lambda run: tracker.curve(f"seed-{run.seed}", run.curve),
    )
    tracker.dataset("corpus", content_hash(corpus), rows=len(corpus))
    tracker.dataset("replay", content_hash(replay), rows=len(replay))
    tracker.close()
    write_file(ROOT / "benchmarks/results/training.csv", curve_csv(runs))
    seeds = {str(run.seed): {"seconds": run.seconds, "tokens": run.tokens, "fresh": run.fresh} for run in runs}
    seconds = time.monotonic() - start
    begin_record(ROOT, tracker.run_id, {"inputs": runs[0].inputs, "samples": len(corpus), "seconds": round(seconds, 1), "seeds": seeds})
    losses = ", ".join(f"{run.curve[-1].loss:.2f}" for run in runs)
    kept = sum(not run.fresh for run in runs)
    patched = f" ({mixture.patched:,} of patches, {mixture.excluded:,} left out beside them)" if mixture.patched else ""
    return (
        f"train: {len(corpus):,} samples{patched}, {len(runs)} seeds{f' ({kept} from the cache)' if kept else ''},"
        f" {params.train.method}, loss {losses}, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
