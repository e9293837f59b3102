"""Benchmarks training against HF Trainer and TRL, on the same samples, from the same weights, in single precision on two threads.

    PRODA_TRL=/tmp/trl python -m tests.performance.bench_train                      # both sizes, LoRA and full, about half an hour
    PRODA_TRL=/tmp/trl python -m tests.performance.bench_train --share 0.1 --rounds 1 --sizes 1M --methods lora

The models are two llamas with random weights, of about 1 and 30 million parameters. The texts are the samples of this repository, tokenised
once, with loss on answers only. Each contender passes once over the same texts, with about the same number of tokens in a step, AdamW and
the same schedule. Measured is the training alone, in tokens that are not padding, from the start of `fit` or `Trainer.train` to its end:

    proda          packed rows with a block-diagonal mask; logits at supervised positions only
    HF grouped     HF Trainer, one text in a row, texts of similar length together
    TRL bfd        SFTTrainer, packing strategy bfd, all rows of a step flattened into one. TRL calls it padding-free and intends it for
                   FlashAttention. A CPU has no such kernel: here it runs with SDPA, and transformers makes the mask from the positions
    TRL bfd rows   the same, one row at a time with accumulated gradients, so that attention is computed within one row only
    TRL wrapped    SFTTrainer, packing strategy wrapped: texts are cut at the end of a row and see the texts before them

PRODA_TRL names a folder made by

    pip install --target /tmp/trl --no-deps trl datasets xxhash multiprocess dill

and TRL is left out where it is not set. Before it trains, TRL's process changes the first tokens of a packed row, and reports in the column
"sees others" whether that changes what the model computes for the last token of the row. glibc keeps freed memory for every contender,
which ProDa asks for and which makes small models faster.

Each measurement runs in a new process, and contenders alternate: compare the ratios. Prints a table, the roofline
(tests/performance/random_llama.py), and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.performance.measuring import HERE, Measured, machine, measure, present, use_peer
from tests.performance.random_llama import SIZES, Ceiling, ceiling, save_model, training_work

PEER = "PRODA_TRL"
CONTENDERS = {"proda": "", "HF grouped": "", "TRL bfd": PEER, "TRL bfd rows": PEER, "TRL wrapped": PEER}
MASKED = ("TRL bfd", "TRL bfd rows")
TOKENS = {"1M": 150_000, "30M": 25_000}  # of all texts together
LENGTH, BATCH_TOKENS = 256, 2048  # tokens of a packed row and of a step
RATE, WARMUP, DECAY, BETAS, RANK, ALPHA = 1e-3, 20, 0.01, (0.9, 0.95), 16, 32

Text = tuple[list[int], int]
"""The tokens of a text, and the number of those before its answer."""


def make_texts(folder: Path, size: str, most: int) -> int:
    """Writes a model and the tokenised samples, at most so many tokens. Returns the number of parameters."""
    from transformers import AutoTokenizer

    from proda.compiler.packing import tokenise
    from proda.compiler.train import corpus_documents
    from proda.stable_hash import by_weight
    from proda.store.corpus import load_corpus

    samples = by_weight(load_corpus(HERE), "bench", name=lambda s: s.id)
    documents = corpus_documents(samples)
    parameters = save_model(folder / size, size, [f"{d.prompt} {d.completion}" for d in documents])
    texts: list[Text] = []
    left = most
    for example in tokenise(documents, AutoTokenizer.from_pretrained(folder / size), LENGTH):
        left -= len(example.tokens)
        if left < 0:
            break
        texts.append((list(example.tokens), example.start))
    (folder / f"{size}.json").write_text(json.dumps(texts))
    return parameters


def tunable(folder: Path, size: str, method: str) -> Any:
    """Returns the model with the weights of the method made trainable, the same for every contender."""
    from transformers import AutoModelForCausalLM

    from proda.compiler.adapter import attach
    from proda.params import TrainParams

    model = AutoModelForCausalLM.from_pretrained(folder / size)
    params = TrainParams(method="full" if method == "full" else "lora", lora_rank=RANK, lora_alpha=ALPHA, train_embeddings="none")
    return attach(model, params, seed=0)


def run_proda(model: Any, texts: list[Text], pad: int) -> dict[str, Any]:
    """Trains with `fit`. Returns seconds, steps, and the mean loss."""
    from proda.compiler.fit import Recipe, fit
    from proda.compiler.packing import Example

    examples = [Example(tuple(tokens), start) for tokens, start in texts]
    recipe = Recipe(RATE, BATCH_TOKENS, LENGTH, WARMUP, DECAY, "fp32")
    start = time.perf_counter()
    curve = fit(model, [examples], recipe, pad=pad, seed=0, what="bench")
    seconds = time.perf_counter() - start
    ends = [0, *(point.step for point in curve)]
    loss = sum(p.loss * (p.step - before) for p, before in zip(curve, ends, strict=False)) / ends[-1]
    return {"seconds": seconds, "steps": ends[-1], "loss": loss}


def run_trainer(model: Any, texts: list[Text], contender: str, tokenizer: Any, out: Path) -> dict[str, Any]:
    """Trains with HF Trainer or TRL. Returns seconds, steps, the mean loss, and for packed texts whether they see each other."""
    from proda.runtime.device import keep_freed_memory

    keep_freed_memory()
    made = _hf_trainer(model, texts, tokenizer, out) if contender == "HF grouped" else _trl_trainer(model, texts, contender, tokenizer, out)
    batch = next(iter(made.get_train_dataloader()))
    sees = None if contender == "HF grouped" else _sees_others(model, batch)
    start = time.perf_counter()
    result = made.train()
    return {"seconds": time.perf_counter() - start, "steps": result.global_step, "loss": result.training_loss, "sees_others": sees}


def _settings(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out),
        "num_train_epochs": 1,
        "learning_rate": RATE,
        "warmup_steps": WARMUP,
        "lr_scheduler_type": "cosine",
        "weight_decay": DECAY,
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused",
        "bf16": False,
        "fp16": False,
        "use_cpu": True,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "seed": 0,
    }


def _hf_trainer(model: Any, texts: list[Text], tokenizer: Any, out: Path) -> Any:
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    rows = [{"input_ids": tokens, "labels": _labels(tokens, start)} for tokens, start in texts]
    size = max(1, round(BATCH_TOKENS * len(texts) / sum(len(tokens) for tokens, _ in texts)))
    settings = TrainingArguments(**_settings(out), per_device_train_batch_size=size, train_sampling_strategy="group_by_length")
    collate = DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100)  # pads tokens, mask and labels
    return Trainer(model=model, args=settings, train_dataset=rows, data_collator=collate)


def _trl_trainer(model: Any, texts: list[Text], contender: str, tokenizer: Any, out: Path) -> Any:
    use_peer(PEER)
    import datasets
    from trl import SFTConfig, SFTTrainer

    columns = {"input_ids": [tokens for tokens, _ in texts], "labels": [_labels(tokens, start) for tokens, start in texts]}
    rows, strategy = BATCH_TOKENS // LENGTH, "wrapped" if contender == "TRL wrapped" else "bfd"
    alone = contender == "TRL bfd rows"
    settings = SFTConfig(
        **_settings(out),
        per_device_train_batch_size=1 if alone else rows,
        gradient_accumulation_steps=rows if alone else 1,
        gradient_checkpointing=False,  # TRL's default is to compute activations again
        packing=True,
        packing_strategy=strategy,
        max_length=LENGTH,
    )
    return SFTTrainer(model=model, args=settings, train_dataset=datasets.Dataset.from_dict(columns), processing_class=tokenizer)


def _labels(tokens: list[int], start: int) -> list[int]:
    return [-100] * start + tokens[start:]


def _sees_others(model: Any, batch: Any) -> bool:
    """Whether the first tokens of a row change what the model computes for its last token, in the form that the trainer gives it."""
    import torch

    changed = {**batch, "input_ids": batch["input_ids"].clone()}
    changed["input_ids"][:, :4] = (changed["input_ids"][:, :4] + 7) % model.config.vocab_size
    model.eval()
    with torch.inference_mode():
        inputs = [{name: value for name, value in each.items() if name != "labels"} for each in (batch, changed)]
        one, two = (model(**each, use_cache=False).logits[:, -1] for each in inputs)
    model.train()
    return bool((one - two).abs().max() > 1e-4)


def count_work(texts: list[Text], size: str, method: str) -> dict[str, Any]:
    """Returns operations and bytes for a token, and the ceiling."""
    tokens = sum(len(each) for each, _ in texts)
    work = training_work(
        SIZES[size],
        attended=sum(len(each) * (len(each) + 1) / 2 for each, _ in texts) / tokens,
        supervised=sum(len(each) - start for each, start in texts) / tokens,
        batch_tokens=BATCH_TOKENS,
        lora_rank=RANK if method == "lora" else 0,
    )
    top = ceiling()
    return {"ceiling": top, "flops": work.flops, "bytes": work.bytes, "seconds": work.seconds(top)}


def child(contender: str, arguments: argparse.Namespace) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    import torch
    from transformers import AutoTokenizer

    from proda.runtime.device import quiet_transformers

    quiet_transformers()
    torch.set_num_threads(arguments.threads)
    texts: list[Text] = json.loads((arguments.work / f"{arguments.size}.json").read_text())
    if contender == "work":
        print(json.dumps(count_work(texts, arguments.size, arguments.method)))
        return
    torch.manual_seed(0)
    model = tunable(arguments.work, arguments.size, arguments.method)
    tokenizer = AutoTokenizer.from_pretrained(arguments.work / arguments.size)
    if contender == "proda":
        found = run_proda(model, texts, tokenizer.pad_token_id)
    else:
        found = run_trainer(model, texts, contender, tokenizer, arguments.work / "out")
    print("\n" + json.dumps({**found, "tokens": sum(len(tokens) for tokens, _ in texts)}))


def measure_one(size: str, method: str, contenders: list[str], arguments: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measures all contenders with one model and one method, prints the table, and returns the figures."""
    common = ["--work", str(work), "--size", size, "--method", method, "--threads", str(arguments.threads)]
    runs: dict[str, list[Measured]] = {name: [] for name in contenders}
    for turn in range(arguments.rounds):
        for name in contenders:
            runs[name].append(measure("bench_train", ["--child", name, *common], threads=arguments.threads))
            printed = _printed(runs[name][-1])
            rate = printed["tokens"] / printed["seconds"]
            print(f"  {size} {method}, round {turn + 1}, {name}: {rate:,.0f} tokens/s", file=sys.stderr)
    counted = _printed(measure("bench_train", ["--child", "work", *common], threads=arguments.threads))
    tokens = _printed(runs["proda"][0])["tokens"]
    seconds = {name: statistics.median(_printed(run)["seconds"] for run in found) for name, found in runs.items()}
    print(f"\n{size}, {method}: {tokens:,} tokens; median of {arguments.rounds}")
    print(f"{'':16}{'tokens/s':>10}{'proda is':>12}{'of the bound':>14}{'steps':>8}{'mean loss':>12}{'sees others':>14}{'peak MB':>10}")
    for name in contenders:
        printed, ratio = _printed(runs[name][0]), f"{seconds[name] / seconds['proda']:.2f}×"
        bound, peak = counted["seconds"] * tokens / seconds[name], max(run.megabytes for run in runs[name])
        sees = {None: "", True: "yes", False: "no"}[printed.get("sees_others")]
        line = f"{name:16}{tokens / seconds[name]:>10,.0f}{ratio:>12}{bound:>14.1%}{printed['steps']:>8}"
        print(f"{line}{printed['loss']:>12.3f}{sees:>14}{peak:>10.0f}")
    peers = [name for name in contenders if name != "proda"]
    ratios = {"best peer": min(seconds[name] for name in peers) / seconds["proda"]}
    if masked := [seconds[name] for name in MASKED if name in seconds]:
        ratios["TRL bfd"] = min(masked) / seconds["proda"]
    print(f"{size}, {method}: " + ", ".join(f"{ratio:.2f} times as fast as {name}" for name, ratio in ratios.items()))
    top = Ceiling(*counted["ceiling"])
    work_of = f"{counted['flops'] / 1e6:.1f} MFLOP and {counted['bytes'] / 1e3:.0f} kB a token"
    peak_rates = f"{top.flops_per_s / 1e9:.0f} GFLOP/s, {top.bytes_per_s / 1e9:.1f} GB/s measured"
    print(f"roofline of {size}, {method} ({peak_rates}): {work_of}, at most {1 / counted['seconds']:,.0f} tokens/s")
    rates = {name: tokens / each for name, each in seconds.items()}
    return {"tokens": tokens, "tokens_per_s": rates, "ratios": ratios, "work": counted}


def _printed(run: Measured) -> dict[str, Any]:
    assert run.printed is not None
    return run.printed


def main() -> None:
    """Parses the command line, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description="Benchmark training.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the texts, for a short run")
    parser.add_argument("--sizes", default=",".join(SIZES), help="sizes of the models, separated by commas")
    parser.add_argument("--methods", default="lora,full", help="methods, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    parser.add_argument("--method", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments)
        return
    contenders = present(CONTENDERS)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        print(f"{machine()}; {arguments.threads} threads, single precision")
        for size in arguments.sizes.split(","):
            parameters = make_texts(work, size, round(TOKENS[size] * arguments.share))
            print(f"\n{size}: {parameters:,} parameters")
            for method in arguments.methods.split(","):
                found[f"{size} {method}"] = measure_one(size, method, contenders, arguments, work)
    print(json.dumps({"benchmark": "train", "batch_tokens": BATCH_TOKENS, "length": LENGTH, "runs": found}))


if __name__ == "__main__":
    main()
