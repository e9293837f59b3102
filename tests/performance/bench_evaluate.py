"""Benchmarks the evaluation by log-likelihood against lm-evaluation-harness, on the same items and the same models.

    PRODA_LMEVAL=/tmp/lmeval python -m tests.performance.bench_evaluate               # dev and twin items, about half an hour
    PRODA_LMEVAL=/tmp/lmeval python -m tests.performance.bench_evaluate --items 100 --rounds 1 --sizes 1M

The models are two llamas with random weights, of about 1 and 30 million parameters, in single precision on two threads. The items are those
of this repository, written as a task folder by `proda export lm-eval`. PRODA_LMEVAL names a folder made by

    pip install --target /tmp/lmeval --no-deps lm-eval datasets dill multiprocess xxhash evaluate sacrebleu rouge-score nltk \\
        more-itertools sqlitedict pytablewriter dataproperty mbstrdecoder pathvalidate tabledata tcolorpy typepy tabulate chardet \\
        portalocker colorama absl-py word2number

and the harness is left out where it is not set. It runs with each batch size of --batch-sizes; the ratio is to the fastest of them. Its
time is that of `simple_evaluate` with model and tasks loaded, and beside it that of its log-likelihood part alone. Ours is that of
`option_scores` and `judge`, which is all that the stage `evaluate` does with a model and its items. Tokenisation is part of each.

Each measurement runs in a new process, and contenders alternate: compare the ratios. Prints a table, the largest difference between the
log-likelihoods, the share of items with equal answers, the roofline (tests/performance/random_llama.py), and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from proda.records import Item
from tests.performance.measuring import HERE, Measured, machine, measure, present, use_peer
from tests.performance.random_llama import SIZES, Ceiling, ceiling, evaluation_work, save_model

PEER = "PRODA_LMEVAL"
HARNESS = "lm-eval"
NAME = "bench"
BATCH_TOKENS = 2048  # the default of `option_scores`


def export_items(folder: Path, most: int | None) -> list[str]:
    """Writes dev and twin items with `proda export`, at most about `most` of them, and returns their ids."""
    command = [sys.executable, "-P", "-m", "proda.cli.main", "export", "lm-eval", str(folder), "--name", NAME, "--root", str(HERE)]
    subprocess.run(command, check=True, capture_output=True)
    files = sorted(folder.glob("data/*/*.jsonl"))
    found = {path: path.read_text(encoding="utf-8").splitlines() for path in files}
    every = 1 if most is None else max(1, sum(map(len, found.values())) // most)
    ids = []
    for path, lines in found.items():
        path.write_text("".join(f"{line}\n" for line in lines[::every]), encoding="utf-8")
        ids += [json.loads(line)["id"] for line in lines[::every]]
    return ids


def items_of(ids: set[str]) -> list[Item]:
    """Returns the items of this repository that have these ids."""
    from proda.store.items import load_items

    return [item for item in load_items(HERE, ("dev", "twin")) if item.id in ids]


def run_proda(model: Path, ids: set[str]) -> dict[str, Any]:
    """Scores the items as the stage `evaluate` does. Returns seconds and the log-likelihoods of each item."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from proda.tester.scoring import judge, option_scores

    loaded, tokenizer = AutoModelForCausalLM.from_pretrained(model).eval(), AutoTokenizer.from_pretrained(model)
    items = items_of(ids)
    start = time.perf_counter()
    questions = [(item.prompt, tuple(o.text for o in item.options)) for item in items]
    scores = option_scores(loaded, tokenizer, questions, batch_tokens=BATCH_TOKENS)
    for item, values in zip(items, scores, strict=True):
        judge(item, "proda", values)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "scores": {item.id: values for item, values in zip(items, scores, strict=True)}}


def run_harness(model: Path, tasks: Path, batch_size: int) -> dict[str, Any]:
    """Scores the items with the harness. Returns seconds, those of the log-likelihood part, and the log-likelihoods of each item."""
    use_peer(PEER)
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    lm = HFLM(pretrained=str(model), add_bos_token=True, dtype="float32", device="cpu", batch_size=batch_size)
    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    part, inner = [], lm.loglikelihood

    def timed(requests: Any, *others: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        found = inner(requests, *others, **named)
        part.append(time.perf_counter() - begun)
        return found

    lm.loglikelihood = timed
    start = time.perf_counter()
    found = lm_eval.simple_evaluate(model=lm, tasks=[NAME], task_manager=manager, log_samples=True, bootstrap_iters=0)
    seconds = time.perf_counter() - start
    assert found is not None
    rows = [row for rows in found["samples"].values() for row in rows]
    return {"seconds": seconds, "part": sum(part), "scores": {row["doc"]["id"]: [r[0][0] for r in row["resps"]] for row in rows}}


def count_work(model: Path, ids: set[str], size: str) -> dict[str, Any]:
    """Returns operations and bytes of an item, if it is scored as a tree and if its options are scored one by one; and the ceiling."""
    from transformers import AutoTokenizer

    from proda.runtime.prompts import answer_tokens, prompt_tokens

    tokenizer, items = AutoTokenizer.from_pretrained(model), items_of(ids)
    totals = {"tree": [0, 0, 0], "options": [0, 0, 0]}  # tokens read, pairs that see each other, tokens scored
    for item, prompt in zip(items, prompt_tokens(tokenizer, [i.prompt for i in items]), strict=True):
        answers = answer_tokens(tokenizer, [o.text for o in item.options])
        nodes = {tuple(answer[:end]) for answer in answers for end in range(1, len(answer) + 1)}
        first, n = len(prompt), len(prompt) * (len(prompt) + 1) // 2
        tree = (first + len(nodes), n + sum(first + len(node) for node in nodes), len(nodes))
        lengths = [first + len(answer) - 1 for answer in answers]  # the last token of an option is not read
        options = (sum(lengths), sum(length * (length + 1) // 2 for length in lengths), sum(map(len, answers)))
        for name, counts in (("tree", tree), ("options", options)):
            totals[name] = [a + b for a, b in zip(totals[name], counts, strict=True)]
    found: dict[str, Any] = {"ceiling": ceiling()}
    for name, counts in totals.items():
        read, attended, scored = (count / len(items) for count in counts)
        work = evaluation_work(SIZES[size], read=read, attended=attended, scored=scored, batch_items=BATCH_TOKENS / read)
        found[name] = {"tokens": read, "flops": work.flops, "bytes": work.bytes, "seconds": work.seconds(found["ceiling"])}
    return found


def child(contender: str, arguments: argparse.Namespace) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    import torch

    from proda.runtime.device import quiet_transformers

    quiet_transformers()
    torch.set_num_threads(arguments.threads)
    ids = set(json.loads((arguments.work / "ids.json").read_text()))
    model = arguments.work / arguments.size
    if contender == "work":
        found = count_work(model, ids, arguments.size)
    elif contender == "proda":
        found = run_proda(model, ids)
    else:
        found = run_harness(model, arguments.work / "tasks", int(contender.rpartition(" ")[2]))
    print("\n" + json.dumps(found))


def compare(ours: dict[str, list[float]], theirs: dict[str, list[float]], items: dict[str, Item]) -> tuple[float, float]:
    """Returns the largest difference between two log-likelihoods of an option, and the share of items with equal answers."""
    from proda.tester.scoring import judge

    assert set(ours) == set(theirs), "The contenders scored different items."
    furthest = max(abs(a - b) for name in ours for a, b in zip(ours[name], theirs[name], strict=True))
    equal = sum(judge(items[name], "", ours[name]).chosen == judge(items[name], "", theirs[name]).chosen for name in ours)
    return furthest, equal / len(ours)


def measure_size(size: str, contenders: list[str], arguments: argparse.Namespace, work: Path, items: dict[str, Item]) -> dict[str, Any]:
    """Measures all contenders on one model, prints the table, and returns the figures."""
    texts = [text for item in items.values() for text in (item.prompt, *(o.text for o in item.options))]
    weights = save_model(work / size, size, texts)
    common = ["--work", str(work), "--size", size, "--threads", str(arguments.threads)]
    runs: dict[str, list[Measured]] = {name: [] for name in contenders}
    for turn in range(arguments.rounds):
        for name in contenders:
            runs[name].append(measure("bench_evaluate", ["--child", name, *common], threads=arguments.threads))
            print(f"  {size}, round {turn + 1}, {name}: {_printed(runs[name][-1])['seconds']:.2f} s", file=sys.stderr)
    counted = _printed(measure("bench_evaluate", ["--child", "work", *common], threads=arguments.threads))
    seconds = {name: statistics.median(_printed(run)["seconds"] for run in found) for name, found in runs.items()}
    parts = {name: statistics.median(_printed(run)["part"] for run in found) for name, found in runs.items() if name != "proda"}
    peers = [name for name in contenders if name != "proda"]
    best = min(peers, key=seconds.__getitem__, default=None)
    print(f"\n{size}: {weights:,} parameters, {len(items):,} items; median of {arguments.rounds}")
    print(f"{'':20}{'items/s':>10}{'proda is':>12}{'of its log-likelihoods':>26}{'of the bound':>14}{'peak MB':>10}")
    for name in contenders:
        bound = counted["tree" if name == "proda" else "options"]["seconds"] * len(items) / seconds[name]
        ratio = f"{seconds[name] / seconds['proda']:.2f}×"
        part = f"{parts[name] / seconds['proda']:.2f}×" if name in parts else ""
        peak = max(run.megabytes for run in runs[name])
        print(f"{name:20}{len(items) / seconds[name]:>10.1f}{ratio:>12}{part:>26}{bound:>14.1%}{peak:>10.0f}")
    found: dict[str, Any] = {"parameters": weights, "seconds": seconds, "log_likelihood_seconds": parts, "work": counted}
    if best is not None:
        pair = (_printed(runs["proda"][0])["scores"], _printed(runs[best][0])["scores"])
        found["largest_difference"], found["equal_answers"] = compare(*pair, items)
        found["ratio"] = seconds[best] / seconds["proda"]
        print(f"against {best}: largest difference of a log-likelihood {found['largest_difference']:.1e}, same answer on", end=" ")
        print(f"{found['equal_answers']:.2%} of the items")
    _print_roofline(size, counted)
    return found


def _printed(run: Measured) -> dict[str, Any]:
    assert run.printed is not None
    return run.printed


def _print_roofline(size: str, counted: dict[str, Any]) -> None:
    top = Ceiling(*counted["ceiling"])
    print(f"roofline of {size} ({top.flops_per_s / 1e9:.0f} GFLOP/s, {top.bytes_per_s / 1e9:.1f} GB/s measured):")
    for name, title in (("tree", "one row for an item"), ("options", "option by option")):
        row = counted[name]
        line = f"{row['tokens']:.0f} tokens, {row['flops'] / 1e6:.1f} MFLOP and {row['bytes'] / 1e6:.2f} MB an item"
        print(f"  {title}: {line}, at most {1 / row['seconds']:,.0f} items/s")


def main() -> None:
    """Parses the command line, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description="Benchmark the evaluation by log-likelihood.")
    parser.add_argument("--items", type=int, help="at most about so many items (default: all of dev and twin)")
    parser.add_argument("--sizes", default=",".join(SIZES), help="sizes of the models, separated by commas")
    parser.add_argument("--batch-sizes", default="8,64", help="batch sizes of the harness, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--size", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments)
        return
    harness = [f"{HARNESS}, batch {size}" for size in arguments.batch_sizes.split(",")]
    contenders = present({"proda": "", **dict.fromkeys(harness, PEER)})
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        ids = export_items(work / "tasks", arguments.items)
        (work / "ids.json").write_text(json.dumps(ids))
        items = {item.id: item for item in items_of(set(ids))}
        print(f"{machine()}; {arguments.threads} threads, single precision")
        found = {size: measure_size(size, contenders, arguments, work, items) for size in arguments.sizes.split(",")}
    print(json.dumps({"benchmark": "evaluate", "items": len(items), "sizes": found}))


if __name__ == "__main__":
    main()
