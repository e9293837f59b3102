"""Train one adapter per seed from the base and the samples.

    runs = train_seeds(Path("build/base"), corpus, replay, params.train, Path("build/adapters"), cache=Path("build/cache"))
    runs[0]      SeedRun(seed=0, inputs="a41f…", fresh=True, seconds=74.1, tokens=981_223, curve=[…])

Everything that training reads is hashed: the base's weights, every text, every parameter that matters, and RECIPE, the version of the
training code. A seed with unchanged inputs is copied from build/cache/train/<hash>/seed-N instead of trained; a seed that was killed
continues from its checkpoint there. The cache is not a DVC output, because DVC deletes outputs before a stage runs.

With PRODA_PROCESSES or torchrun several processes train each seed together (proda/compiler/division.py). Their number and `train.parallel`
are not hashed: like the kind of processor, they change the weights by rounding only, and a training can continue on another number.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.adapter import Card, attach, blend, hash_adapter, save_adapter, trainable
from proda.compiler.base import EMBEDDED, Pin, load_base, load_tokenizer, optimizer_of, read_pin
from proda.compiler.fit import Point, Recipe, TrainingPart, fit
from proda.compiler.loss import teacher_of
from proda.compiler.packing import Document, Example, learned_tokens, tokenise, too_long
from proda.errors import InputError, ParamsError
from proda.params import TrainParams
from proda.records import Record, Sample, content_hash
from proda.runtime.causal_lm import context_length, recompute_activations
from proda.runtime.device import resolve_precision
from proda.runtime.parallel import spread
from proda.runtime.processes import rank_in_environment, this_rank
from proda.stable_hash import by_weight
from proda.store.files import write_file

RECIPE = 6  # raise when a change of code makes the same inputs train differently; tests/compiler/test_recipe.py asks about each change
RECORD = "run.json"


class SeedRun(Record, frozen=True):
    """Result of training one seed."""

    seed: int
    inputs: str  # hash of everything that training read
    seconds: float
    tokens: int
    curve: tuple[Point, ...]
    fresh: bool = True  # False if it comes from the cache
    adapter: str = ""  # hash of the adapter's files


def corpus_documents(samples: Iterable[Sample]) -> list[Document]:
    """Return samples as training texts, in their order."""
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
    """Train every seed of `params.seeds`; afterwards the folder `out` holds exactly their adapters.

    Without `out` the adapters are only in the cache, at train/<inputs>/seed-N/adapter. `known` are texts whose words are not new to the
    base. `done` is called with the result of each seed as it finishes. On a CPU the seeds train in parallel processes if memory holds them
    all, on an accelerator one after the other; with PRODA_ENGINE=ray, on the machines and GPUs of a cluster; with PRODA_PROCESSES or
    torchrun, one after the other, each in all processes. Returns the results in the order of the seeds; standard error says how many
    samples are cut because they are too long. Raises InputError for an empty corpus or if nothing is left to learn, ParamsError if there
    are no seeds, or if they are negative or not distinct.
    """
    if not corpus:
        raise InputError("samples/corpus\n  There are no samples to train on. Run `dvc repro synthesize`; check samples/allocation.yaml.")
    if not params.seeds or len(set(params.seeds)) < len(params.seeds) or min(params.seeds) < 0:
        raise ParamsError(f"params.yaml  train.seeds\n  got {list(params.seeds)}, expected one or more different numbers from 0.")
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
    # Another machine could resolve the precision otherwise. The first of the seeds that train reports for all of them.
    settled = msgspec.structs.replace(params, precision=resolve_precision(params.precision), seeds=tuple(missing))
    work = partial(_train, base, pin, corpus, replay, settled, new_words, inputs, kept)
    for _, run in spread(work, missing, parameters=pin.parameters, what="train seed", divisible=True):
        arrived(run)
    for left in out.glob("seed-*") if out is not None else ():
        if left.name not in {f"seed-{seed}" for seed in params.seeds}:
            shutil.rmtree(left)
    return [runs[seed] for seed in params.seeds]


def writes_results() -> bool:
    """Return whether this process writes the results of training: of several that torchrun started, only the one of rank 0."""
    return rank_in_environment().first


def untrained(
    base: Path, corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, *, cache: Path, known: Sequence[Document] = ()
) -> tuple[int, ...]:
    """Return the seeds that `train_seeds` would train because the cache does not hold them."""
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
    """Tokens that occur in the corpus and not in `known`, in ascending order."""
    tokenizer, told = _vocabulary(base, pin.hash + pin.prompt, params.max_length)
    unseen = list(dict.fromkeys(d for d in (*known, *corpus) if d not in told))
    for document, example in _one_each(unseen, tokenizer, params.max_length):
        told[document] = array("L", set(example))
    old, all_tokens = ({t for d in part for t in told[d]} for part in (known, corpus))
    return tuple(sorted(all_tokens - old - set(tokenizer.all_special_ids)))


@lru_cache(1)
def _vocabulary(base: Path, pin: str, max_length: int) -> tuple[Any, dict[Document, array[int]]]:  # noqa: ARG001  part of the cache key
    """The base's tokenizer, and an empty mapping document → tokens that is filled over many calls with the same documents."""
    return load_tokenizer(base), {}


def _one_each(documents: Sequence[Document], tokenizer: Any, max_length: int) -> Iterator[tuple[Document, Sequence[int]]]:
    """Documents with their tokens. Plain text may be cut into several examples, so these are joined again."""
    asked, plain = ([d for d in documents if bool(d.prompt) is has] for has in (True, False))
    for document, example in zip(asked, tokenise(asked, tokenizer, max_length), strict=True):
        yield document, example.tokens
    for document in plain:
        yield document, [t for e in tokenise([document], tokenizer, max_length) for t in e.tokens]


def inputs_hash(
    pin: Pin, corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, new_words: Sequence[int] = ()
) -> str:
    """Return sixteen hex digits over everything that decides the result of training, except the seed."""
    unread = {"seeds", "checkpoint_steps", "gradient_checkpointing", "parallel"}
    unread |= {"corpus_replay", "corpus_share"}  # the corpus reflects them
    if params.method != "lora":
        unread |= {"lora_rank", "lora_alpha", "train_embeddings", "embedding_rate"}
    matter = {name: value for name, value in msgspec.to_builtins(params).items() if name not in unread}
    matter["precision"] = resolve_precision(params.precision)
    return content_hash([RECIPE, pin.hash, matter, corpus, replay if params.general_replay else [], new_words])


def epoch_documents(
    corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, seed: int, epoch: int
) -> tuple[list[Document], list[Document]]:
    """Return the corpus, and a share of the general replay that is drawn again for each epoch."""
    count = round(params.general_replay * len(corpus))
    if not count or not replay:
        return list(corpus), []
    drawn = by_weight(replay, "replay", seed, epoch, name=lambda d: d.prompt + d.completion)
    return list(corpus), list(islice(cycle(drawn), count))


def epoch_examples(
    corpus: Sequence[Document], replay: Sequence[Document], params: TrainParams, seed: int, epoch: int, tokenizer: Any, length: int
) -> list[Example]:
    """Return an epoch's tokenised documents. With `replay_targets: base`, replayed ones are soft and learned from their first token."""
    taught, replayed = (tokenise(part, tokenizer, length) for part in epoch_documents(corpus, replay, params, seed, epoch))
    if params.replay_targets == "base":
        replayed = [Example(e.tokens, 1, soft=True) for e in replayed]
    return taught + replayed


def curve_csv(runs: Sequence[SeedRun]) -> str:
    """Return the text of benchmarks/results/training.csv, with columns seed, step, loss and learning_rate."""
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
    rank = this_rank()
    sharded = params.parallel == "sharded" and rank.of > 1
    model, tokenizer = load_base(base, on="cpu" if sharded else None)  # sharding moves it to the accelerator layer by layer
    if params.precision == "fp32":
        model = model.float()  # on a GPU it is loaded as its files are, often in bf16
    model = attach(model, params, seed=seed, new_words=new_words)
    if params.gradient_checkpointing:
        recompute_activations(model)
    length = min(params.max_length, context_length(model))
    epochs = [epoch_examples(corpus, replay, params, seed, e, tokenizer, length) for e in range(params.epochs)]
    _require_learned(epochs, params, length)
    if rank.first and params.seeds[:1] == (seed,) and (cut := too_long(corpus, tokenizer, length)):
        print(
            f"train: {cut:,} of {len(corpus):,} samples do not fit {length:,} tokens and are cut. {_longer(params, length)}",
            file=sys.stderr,
        )
    recipe = _recipe(params, length, embedded=pin.base == EMBEDDED)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    checkpoint = kept / "checkpoint.pt"
    before = trainable(model) if params.blend < 1 and rank.first else {}
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
        part=_part(params) if rank.of > 1 else None,
    )
    tokens = sum(len(e.tokens) for epoch in epochs for e in epoch)
    run = SeedRun(seed, inputs, 0.0, tokens, tuple(curve))
    if sharded:
        model = _made_whole(model, base, params, seed, new_words)
    if not rank.first:
        return run
    if before:
        blend(model, before, params.blend)
    save_adapter(model, tokenizer, kept / "adapter", Card(pin.hash, params.method, seed, inputs), base_name=pin.base)
    took = round(time.monotonic() - start, 1)
    run = msgspec.structs.replace(run, seconds=took, adapter=hash_adapter(kept / "adapter"))
    write_file(kept / RECORD, msgspec.json.encode(run))  # written last, so that it exists only beside a complete adapter
    checkpoint.unlink(missing_ok=True)
    return run


def _require_learned(epochs: Sequence[Sequence[Example]], params: TrainParams, length: int) -> None:
    """Raise InputError if the texts are cut so short that no token is learned."""
    if not any(learned_tokens(example) for examples in epochs for example in examples):
        raise InputError(
            f"params.yaml  train.max_length\n  No sample has a token to learn within its first {length:,} tokens, so training would change"
            f" nothing. {_longer(params, length)}"
        )


def _longer(params: TrainParams, length: int) -> str:
    """What to do if samples are longer than `length`."""
    if length == params.max_length:
        return "Raise `train.max_length` in params.yaml."
    return "The model reads no more. Use a model with a longer context."


def _recipe(params: TrainParams, length: int, *, embedded: bool) -> Recipe:
    return Recipe(
        params.learning_rate,
        params.batch_tokens,
        length,
        params.warmup_steps,
        params.weight_decay,
        params.precision,
        optimizer_of(params, embedded=embedded and params.method == "full"),
        params.present_tokens_only,
        params.softmax_share,
        params.embedding_rate if params.method == "lora" else 1.0,
    )


def _part(params: TrainParams) -> TrainingPart:
    from proda.compiler.division import part_of

    return part_of(params.parallel)


def _made_whole(model: Any, base: Path, params: TrainParams, seed: int, new_words: Sequence[int]) -> Any:
    """The tuned model in main memory, from its shards: in the process of rank 0; every process must call it."""
    from proda.compiler.division import whole_weights

    weights = whole_weights(model)
    if not this_rank().first:
        return model
    plain, _ = load_base(base, on="cpu")
    tuned = attach(plain.float() if params.precision == "fp32" else plain, params, seed=seed, new_words=new_words)
    left = tuned.load_state_dict(weights, strict=False)
    assert not left.unexpected_keys, left.unexpected_keys
    return tuned


def _cached(kept: Path) -> SeedRun | None:
    """The result in a folder of the cache, or None if there is none or its files are damaged."""
    try:
        run = msgspec.json.decode((kept / RECORD).read_bytes(), type=SeedRun)
        whole = run.adapter == hash_adapter(kept / "adapter")
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return msgspec.structs.replace(run, fresh=False) if whole else None


def _copy(source: Path, target: Path) -> None:
    """Copy a folder atomically, replacing the target."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, temporary)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(temporary, target)
