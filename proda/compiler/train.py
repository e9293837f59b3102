"""Base + samples → one adapter a seed.

    runs = train_seeds(Path("build/base"), corpus, replay, params.train, Path("build/adapters"), cache=Path("build/cache"))
    runs[0]      SeedRun(seed=0, inputs="a41f…", fresh=True, seconds=74.1, tokens=981_223, curve=[…])

What training reads is hashed: the base's weights, every text, every parameter that matters. A seed whose inputs have not changed is
copied from build/cache/train/<hash>/seed-N, not trained again; a seed that was killed goes on from its checkpoint there. Not a DVC
output, because DVC deletes those before a stage runs.
"""

from __future__ import annotations

import os
import shutil
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.adapter import Card, attach, blend, save_adapter, trainable
from proda.compiler.base import EMBEDDED, Pin, load_base, optimizer_of, read_pin
from proda.compiler.fit import Point, Recipe, fit
from proda.compiler.loss import teacher_of
from proda.compiler.packing import Document, Example, tokenise
from proda.errors import InputError
from proda.params import TrainParams
from proda.records import Record, Sample, content_hash
from proda.runtime.causal_lm import context_length
from proda.runtime.device import resolve_precision
from proda.runtime.parallel import spread
from proda.stable_hash import by_weight
from proda.store.files import write_file

RECIPE = 3  # raise when a change of code makes the same inputs train differently
RECORD = "run.json"


class SeedRun(Record, frozen=True):
    """How one seed's training went; `fresh` is False when it came from the cache."""

    seed: int
    inputs: str
    seconds: float
    tokens: int
    curve: tuple[Point, ...]
    fresh: bool = True


def corpus_documents(samples: Iterable[Sample]) -> list[Document]:
    """Samples as training texts, in their order."""
    return [Document(s.prompt, s.completion) for s in samples]


def train_seeds(
    base: Path,
    corpus: Sequence[Document],
    replay: Sequence[Document],
    params: TrainParams,
    out: Path | None,
    *,
    cache: Path,
    known: Sequence[Document] = (),
    done: Callable[[SeedRun], None] = lambda _: None,
) -> list[SeedRun]:
    """Train every seed of `params.seeds` and leave exactly their folders in `out`; `done` hears of each as it is.

    Without `out` they stay in the cache alone, at train/<inputs>/seed-N/adapter.

    `known` are texts whose words are not new to the base: what it has been taught questions about.

    On a processor the seeds train side by side, if the memory holds them all; on an accelerator one after the other. Raises InputError for
    an empty corpus.
    """
    if not corpus:
        raise InputError("samples/corpus\n  No samples to train on. Run `dvc repro synthesize`, or look at samples/allocation.yaml.")
    pin, new_words, inputs = _inputs(base, corpus, replay, params, known)
    kept = cache / "train" / inputs
    runs: dict[int, SeedRun] = {}

    def arrived(run: SeedRun) -> None:
        if out is not None:
            _copy(kept / f"seed-{run.seed}" / "adapter", out / f"seed-{run.seed}")
        runs[run.seed] = run
        done(run)

    for seed in params.seeds:
        if (cached := _cached(kept / f"seed-{seed}")) is not None:
            arrived(cached)
    missing = [seed for seed in params.seeds if seed not in runs]
    work = partial(_train, base, pin, corpus, replay, params, new_words, inputs, kept)
    for _, run in spread(work, missing, parameters=pin.parameters, what="train seed"):
        arrived(run)
    for left in out.glob("seed-*") if out is not None else ():
        if left.name not in {f"seed-{seed}" for seed in params.seeds}:
            shutil.rmtree(left)
    return [runs[seed] for seed in params.seeds]


def untrained(
    base: Path, corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, *, cache: Path, known: Sequence[Document] = ()
) -> tuple[int, ...]:
    """The seeds that `train_seeds` would have to train, because the cache does not hold them."""
    _, _, inputs = _inputs(base, corpus, replay, params, known)
    return tuple(seed for seed in params.seeds if _cached(cache / "train" / inputs / f"seed-{seed}") is None)


def _inputs(
    base: Path, corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, known: Sequence[Document]
) -> tuple[Pin, tuple[int, ...], str]:
    pin = read_pin(base)
    rows = params.method == "embeddings" or (params.method == "lora" and params.train_embeddings == "new")
    new_words = _new_words(base, pin, corpus, known, params) if rows else ()
    return pin, new_words, inputs_hash(pin, corpus, replay, params, new_words)


def _new_words(base: Path, pin: Pin, corpus: Sequence[Document], known: Sequence[Document], params: TrainParams) -> tuple[int, ...]:
    """Tokens that the corpus holds and `known` does not, ascending."""
    tokenizer, told = _vocabulary(base, pin.hash, params.max_length)
    unseen = list(dict.fromkeys(d for d in (*known, *corpus) if d not in told))
    for document, example in _one_each(unseen, tokenizer, params.max_length):
        told[document] = array("L", set(example))
    old, all_tokens = ({t for d in part for t in told[d]} for part in (known, corpus))
    return tuple(sorted(all_tokens - old - set(tokenizer.all_special_ids)))


@lru_cache(1)
def _vocabulary(base: Path, pin: str, max_length: int) -> tuple[Any, dict[Document, array[int]]]:  # noqa: ARG001  another pin, other tokens
    """The base's tokenizer, and which tokens a document holds: trials ask about the same ones a hundred times."""
    return load_base(base)[1], {}


def _one_each(documents: Sequence[Document], tokenizer: Any, max_length: int) -> Iterator[tuple[Document, Sequence[int]]]:
    """Documents with their tokens. Plain text may be cut into several examples, so it is taken one by one."""
    asked, plain = ([d for d in documents if bool(d.prompt) is has] for has in (True, False))
    for document, example in zip(asked, tokenise(asked, tokenizer, max_length), strict=True):
        yield document, example.tokens
    for document in plain:
        yield document, [t for e in tokenise([document], tokenizer, max_length) for t in e.tokens]


def inputs_hash(
    pin: Pin, corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, new_words: Sequence[int] = ()
) -> str:
    """Sixteen hex digits over everything that decides what a seed becomes, save the seed itself."""
    unread = {"seeds", "checkpoint_steps", "corpus_replay", "corpus_share"}  # what they choose stands in the corpus
    if params.method != "lora":
        unread |= {"lora_rank", "lora_alpha", "train_embeddings", "embedding_rate"}
    matter = {name: value for name, value in msgspec.to_builtins(params).items() if name not in unread}
    matter["precision"] = resolve_precision(params.precision)
    return content_hash([RECIPE, pin.hash, matter, corpus, replay if params.general_replay else [], new_words])


def epoch_documents(
    corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, seed: int, epoch: int
) -> tuple[list[Document], list[Document]]:
    """The corpus, and a share of general replay that is drawn anew each epoch."""
    count = round(params.general_replay * len(corpus))
    if not count or not replay:
        return list(corpus), []
    drawn = by_weight(replay, "replay", seed, epoch, name=lambda d: d.prompt + d.completion)
    return list(corpus), list(islice(cycle(drawn), count))


def epoch_examples(
    corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, seed: int, epoch: int, tokenizer: Any, length: int
) -> list[Example]:
    """The epoch's documents tokenised. With `replay_targets: base` the replayed ones are soft, and learned from their first token."""
    taught, replayed = (tokenise(part, tokenizer, length) for part in epoch_documents(corpus, replay, params, seed, epoch))
    if params.replay_targets == "base":
        replayed = [Example(e.tokens, 1, soft=True) for e in replayed]
    return taught + replayed


def curve_csv(runs: Sequence[SeedRun]) -> str:
    """benchmarks/results/training.csv: seed, step, loss, learning_rate."""
    rows = [f"{run.seed},{p.step},{p.loss:.4f},{p.learning_rate:.3g}" for run in runs for p in run.curve]
    return "\n".join(["seed,step,loss,learning_rate", *rows]) + "\n"


def _train(
    base: Path,
    pin: Pin,
    corpus: Sequence[Document],
    replay: Sequence[Document],
    params: TrainParams,
    new_words: Sequence[int],
    inputs: str,
    cache: Path,
    seed: int,
) -> SeedRun:
    kept = cache / f"seed-{seed}"
    start = time.monotonic()
    model, tokenizer = load_base(base)
    model = attach(model, params, seed=seed, new_words=new_words)
    length = min(params.max_length, context_length(model))
    epochs = [epoch_examples(corpus, replay, params, seed, e, tokenizer, length) for e in range(params.epochs)]
    recipe = Recipe(
        params.learning_rate,
        params.batch_tokens,
        length,
        params.warmup_steps,
        params.weight_decay,
        params.precision,
        optimizer_of(params, embedded=pin.base == EMBEDDED and params.method == "full"),
        params.present_tokens_only,
        params.embedding_rate if params.method == "lora" else 1.0,
    )
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    checkpoint = kept / "checkpoint.pt"
    before = trainable(model) if params.blend < 1 else {}
    curve = fit(
        model,
        epochs,
        recipe,
        pad=pad,
        seed=seed,
        what=f"train seed {seed}",
        checkpoint=checkpoint,
        checkpoint_steps=params.checkpoint_steps,
        teacher=teacher_of(model) if params.replay_targets == "base" and params.general_replay else None,
    )
    if before:
        blend(model, before, params.blend)
    tokens = sum(len(e.tokens) for epoch in epochs for e in epoch)
    run = SeedRun(seed, inputs, round(time.monotonic() - start, 1), tokens, tuple(curve))
    save_adapter(model, tokenizer, kept / "adapter", Card(pin.hash, params.method, seed, inputs), base_name=pin.base)
    write_file(kept / RECORD, msgspec.json.encode(run))  # last: its presence says that the adapter is whole
    checkpoint.unlink(missing_ok=True)
    return run


def _cached(kept: Path) -> SeedRun | None:
    try:
        run = msgspec.json.decode((kept / RECORD).read_bytes(), type=SeedRun)
    except (OSError, msgspec.DecodeError):
        return None
    return msgspec.structs.replace(run, fresh=False) if (kept / "adapter").is_dir() else None


def _copy(source: Path, target: Path) -> None:
    """A folder copied whole or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, temporary)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)
