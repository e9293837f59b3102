"""Benchmarks the stages of the data on knowledge of the paper's size: samples, one edited entry, items, and `dvc repro` with nothing to do.

    python -m tests.performance.bench_scale                                     # 458,622 nodes, 160,000 samples
    python -m tests.performance.bench_scale --nodes 15000 --samples 5000        # a thirtieth of that
    python -m tests.performance.bench_scale --limit 600                         # stop what takes longer than ten minutes

    samples     plan, word and write the samples as YAML. The anchor is PyYAML's CSafeDumper alone, writing the same data to the same files
    one edited  change one statement, check and compile, then plan, word and write what that can reach: how many topics and files that are
    items       write the items of all chains, whose wrong options are checked against the knowledge
    dvc repro   with nothing to do, in this repository, beside `git status`; left out unless everything is built and up to date

The knowledge is made by generate_knowledge.py and compiled before. Each measurement runs in a new process, and contenders alternate,
because timings vary between runs: compare the ratios. Seconds are those of the work, without the start of Python in the first
process and, for the items, without the loading of the compiled knowledge. Prints a table and one line of JSON. Peak memory is that of
all processes together.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from proda.graph import Knowledge
from tests.performance.generate_knowledge import generate
from tests.performance.measuring import HERE, Measured, machine, measure

ANCHOR = "CSafeDumper"
CONTENDERS = ("samples", ANCHOR, "one edited", "items")
DVC = [sys.executable, "-m", "proda.workflows.dvc_command", "repro"]


def write_samples(root: Path, samples: int) -> dict[str, Any]:
    """Plans, words and writes the samples as the stage `synthesize` does. Returns seconds by part, and numbers of topics and files."""
    from proda.builder.incremental import sample_files
    from proda.params import Params
    from proda.store.corpus import CORPUS
    from proda.store.files import write_tree

    disciplines = sorted(shard.stem for shard in (root / "build/knowledge").glob("*.jsonl"))
    share, rest = divmod(samples, len(disciplines))
    allocation = {discipline: share + (number < rest) for number, discipline in enumerate(disciplines)}
    times = [time.perf_counter()]
    made = sample_files(root, allocation, Params(), {})
    times.append(time.perf_counter())
    changed = write_tree(root / CORPUS, made.files, ".yaml", kept=made.kept)
    times.append(time.perf_counter())
    parts = dict(zip(("plan and word", "write"), (b - a for a, b in zip(times, times[1:], strict=False)), strict=True))
    counts = {"samples": sum(made.formats.values()), "files": len(made.files) + len(made.kept)}
    return {"seconds": times[-1] - times[0], "parts": parts, **counts, "computed": made.computed, "changed": changed}


def dump_samples(root: Path) -> dict[str, Any]:
    """Reads the samples that were written, and writes the same data with PyYAML's CSafeDumper. Returns the seconds of writing."""
    import yaml

    paths = sorted((root / "samples/corpus").glob("*/*.yaml"))
    data = {path: yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in paths}
    start = time.perf_counter()
    for path, content in data.items():
        target = root / "anchor" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10**6), encoding="utf-8")
    return {"seconds": time.perf_counter() - start, "files": len(paths)}


def edit_one(root: Path, samples: int) -> dict[str, Any]:
    """Changes one statement, compiles, and writes the samples again. Returns seconds by part and the number of changed files."""
    from proda.knowledge.compile import compile_knowledge

    topic, sentence = _shown(root)
    text = topic.read_text(encoding="utf-8")
    topic.write_text(text.replace(sentence, sentence.replace("wherever both are", "almost wherever both are")), encoding="utf-8")
    start = time.perf_counter()
    compile_knowledge(root, root / "build/knowledge").raise_errors()
    compiled = time.perf_counter() - start
    found = write_samples(root, samples)
    return {**found, "seconds": compiled + found["seconds"], "parts": {"compile": compiled, **found["parts"]}}


def _shown(root: Path) -> tuple[Path, str]:
    """A topic file from the middle, and the text of a statement in it that a sample words."""
    import yaml

    written = sorted((root / "samples/corpus").glob("*/*.yaml"))
    for corpus in (*written[len(written) // 2 :], *written):
        topic = root / "knowledge" / corpus.parent.name / corpus.name
        chains = yaml.load(topic.read_bytes(), Loader=yaml.CSafeLoader)["chains"].values()
        shown = str(yaml.load(corpus.read_bytes(), Loader=yaml.CSafeLoader))
        for sentence in (step["text"] for chain in chains for step in chain["steps"]):
            if sentence in shown and sentence in topic.read_text(encoding="utf-8"):
                return topic, sentence
    raise SystemExit("No sample words a statement as it stands in the knowledge. Raise --samples.")


def write_all_items(root: Path) -> dict[str, Any]:
    """Writes the items of all chains, and their files. Returns seconds by part, and the numbers of items and of chains with an item."""
    from proda.tester.items import write_item_files, write_items

    knowledge = Knowledge.load(root / "build/knowledge")
    start = time.perf_counter()
    items = write_items(knowledge, seed=0, sealed_share=0.2)
    made = time.perf_counter()
    write_item_files(root, items)
    end = time.perf_counter()
    chains = sum(1 for _ in knowledge.active_chains())
    asked = len({item.chain for item in items})
    parts = {"items": made - start, "write": end - made}
    return {"seconds": end - start, "parts": parts, "items": len(items), "chains": chains, "asked": asked}


def child(contender: str, root: Path, samples: int) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    if contender == "samples":
        shutil.rmtree(root / "samples/corpus", ignore_errors=True)  # each round starts from nothing
        (root / "build/cache/samples.msgpack").unlink(missing_ok=True)
        found = write_samples(root, samples)
    elif contender == ANCHOR:
        found = dump_samples(root)
    elif contender == "one edited":
        found = edit_one(root, samples)
    else:
        found = write_all_items(root)
    print("\n" + json.dumps(found))


def measure_dvc(rounds: int) -> dict[str, float] | None:
    """Returns median seconds of `dvc repro` with nothing to do and of `git status`, which alternate. None if there is work; says so."""
    if not (HERE / "build/guard-passed").is_file():
        print("dvc repro was left out: this repository is not built. Run `make repro` first.")
        return None
    dry = subprocess.run([*DVC, "--dry"], cwd=HERE, capture_output=True, text=True, check=False)
    if dry.returncode or "Running stage" in dry.stdout:
        print("dvc repro was left out: it has something to do. Run `make repro` first.")
        return None
    commands = {"dvc repro": DVC, "git status": ["git", "status", "--porcelain"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=HERE, capture_output=True, check=True)
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def measure_all(root: Path, arguments: argparse.Namespace) -> dict[str, list[Measured]]:
    """Measures every contender: samples and anchor in turns, the edit in each round, the items once."""
    runs: dict[str, list[Measured]] = {name: [] for name in CONTENDERS}

    def run(name: str) -> bool:
        options = ["--child", name, "--knowledge", str(root), "--samples", str(arguments.samples)]
        runs[name].append(measure("bench_scale", options, limit_s=arguments.limit))
        print(f"  {name}: {runs[name][-1].seconds:.1f} s", file=sys.stderr)
        return runs[name][-1].printed is not None

    for _ in range(arguments.rounds):
        if not (run("samples") and run(ANCHOR) and run("one edited")):
            break
    run("items")
    return runs


def report(runs: dict[str, list[Measured]], limit: float) -> dict[str, Any]:
    """Prints the table and returns the figures."""
    results: dict[str, Any] = {}
    print(f"{'':14}{'median s':>10}{'of anchor':>12}{'cpu s':>10}{'peak MB':>10}  parts")
    for name, found in runs.items():
        if not found or any(run.printed is None for run in found):
            why = f"stopped after {limit:.0f} s" if found else "left out, because what it needs was stopped"
            print(f"{name:14}{'':>10}  {why}")
            results[name] = None
            continue
        printed = [run.printed for run in found if run.printed is not None]
        seconds = statistics.median(each["seconds"] for each in printed)
        cpu, peak = statistics.median(run.cpu_s for run in found), max(run.megabytes for run in found)
        results[name] = {**printed[-1], "seconds": seconds, "cpu_s": cpu, "peak_mb": peak}
    anchor = results[ANCHOR]["seconds"] if results[ANCHOR] else None
    for name, row in results.items():
        if row:
            ratio = f"{row['seconds'] / anchor:.2f}" if anchor and name in ("samples", ANCHOR) else ""
            parts = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in row.get("parts", {}).items())
            print(f"{name:14}{row['seconds']:>10.2f}{ratio:>12}{row['cpu_s']:>10.1f}{row['peak_mb']:>10.0f}  {parts}")
    if row := results["samples"]:
        print(f"samples: {row['samples']:,} in {row['files']:,} files")
    if row := results["one edited"]:
        print(f"one edited entry: {row['computed']:,} of {row['files']:,} topics were planned again, {row['changed']:,} files changed")
    if row := results["items"]:
        print(f"items: {row['items']:,} on {row['asked']:,} of {row['chains']:,} chains")
    return results


def main() -> None:
    """Parses the command line, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description="Benchmark the stages of the data.")
    parser.add_argument("--nodes", type=int, default=458_622)
    parser.add_argument("--disciplines", type=int, default=16)
    parser.add_argument("--samples", type=int, default=160_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1800, help="seconds after which a measurement is stopped")
    parser.add_argument("--knowledge", type=Path, help="folder made by generate_knowledge, which is changed (default: generate it)")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.knowledge, arguments.samples)
        return
    from proda.knowledge.compile import compile_knowledge

    with tempfile.TemporaryDirectory() as folder:
        root = arguments.knowledge or Path(folder)
        if (root / "params.yaml").exists():
            raise SystemExit(
                f"{root} is a repository, whose samples and items would be replaced. Name a folder made by generate_knowledge."
            )
        if not arguments.knowledge:
            generate(root, arguments.nodes, arguments.disciplines)
            time.sleep(2.5)  # the compiler does not trust the time stamps of files younger than this
        compiled = compile_knowledge(root, root / "build/knowledge")
        compiled.raise_errors()
        print(f"  compiled: {compiled.counts['chains']:,} chains", file=sys.stderr)
        runs = measure_all(root, arguments)
    counts = compiled.counts
    print(f"{machine()}; {counts['chains']:,} chains, {counts['statements']:,} statements; at most {arguments.rounds} rounds")
    results = report(runs, arguments.limit)
    dvc = measure_dvc(arguments.rounds)
    if dvc:
        ours, git = dvc["dvc repro"], dvc["git status"]
        print(f"dvc repro with nothing to do: {ours:.2f} s, {ours / git:.1f} times as long as git status ({git:.2f} s)")
    print(json.dumps({"benchmark": "scale", "counts": counts, "results": results, "dvc": dvc}))


if __name__ == "__main__":
    main()
