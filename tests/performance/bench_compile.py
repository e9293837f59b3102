"""Benchmarks the check and the compilation of knowledge of the paper's size.

    python -m tests.performance.bench_compile                    # 458,622 nodes, about four minutes
    python -m tests.performance.bench_compile --nodes 45000      # a tenth of that

The anchor is what a user would otherwise run: PyYAML's CSafeLoader and pydantic on one core. It only parses and validates each topic file.
The compiler also checks every quote, resolves every reference, compares all statements with each other, and writes the compiled form. Each
measurement runs in a new process, and contenders alternate, because timings vary between runs: compare the ratios. Prints a table and one
line of JSON. Peak memory is that of the parent process plus that of each worker.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.performance.generate_knowledge import generate

CONTENDERS = ("anchor", "cold", "unchanged", "one-changed")


def run_anchor(root: Path) -> int:
    """Parses and validates every topic file with PyYAML and pydantic. Returns the number of topic files."""
    import pydantic
    import yaml

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    class Evidence(Model):
        quote: str
        span: tuple[int, int] | None = None

    class Step(Model):
        id: str
        subject: str
        relation: str
        object: str
        text: str
        evidence: Evidence

    class Concept(Model):
        term: str
        type: str
        definition: str
        aliases: tuple[str, ...] = ()

    class Chain(Model):
        explains: str
        preconditions: tuple[str, ...] = ()
        exclusions: tuple[str, ...] = ()
        steps: list[Step]

    class Topic(Model):
        discipline: str
        topic: str
        source: str
        concepts: dict[str, Concept]
        chains: dict[str, Chain]

    topics = []
    for path in sorted((root / "knowledge").glob("*/*.yaml")):
        if path.parent.name != "sources":
            topics.append(Topic.model_validate(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)))
    return len(topics)


def run_ours(root: Path) -> int:
    """Runs `compile_knowledge` as the stage `check` does. Returns the number of topic files."""
    from proda.knowledge.compile import compile_knowledge

    report = compile_knowledge(root, root / "build" / "knowledge")
    report.raise_errors()
    return report.counts["topics"]


def child(contender: str, root: Path) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    start = time.perf_counter()
    topics = run_anchor(root) if contender == "anchor" else run_ours(root)
    seconds = time.perf_counter() - start
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    megabytes = (own.ru_maxrss + workers.ru_maxrss * min(os.cpu_count() or 1, 8)) / 1024
    cpu = sum(u.ru_utime + u.ru_stime for u in (own, workers))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": megabytes, "topics": topics}))


def measure(contender: str, root: Path, turn: int) -> dict[str, float]:
    """Prepares the knowledge for a contender and runs it in a new process.

    Returns wall-clock seconds including the start of Python, processor seconds, and peak memory in MB.
    """
    if contender == "cold":
        shutil.rmtree(root / "build", ignore_errors=True)
    if contender == "one-changed":
        topic = sorted((root / "knowledge" / "physics").glob("*.yaml"))[turn]
        text = topic.read_text()
        topic.write_text(text.replace("definition: the ", f"definition: the {'very ' * (turn + 1)}", 1))
    start = time.perf_counter()
    command = [sys.executable, "-m", "tests.performance.bench_compile", "--child", contender, "--knowledge", str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    inside = json.loads(done.stdout)
    return {"seconds": time.perf_counter() - start, "cpu": inside["cpu"], "megabytes": inside["megabytes"]}


def main() -> None:
    """Parses the command line, measures, and prints the table."""
    parser = argparse.ArgumentParser(description="Benchmark the check and the compilation of knowledge.")
    parser.add_argument("--nodes", type=int, default=458_622)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--knowledge", type=Path, help="folder with knowledge made by generate_knowledge (default: generate it)")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.knowledge)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.knowledge or Path(folder)
        if not arguments.knowledge:
            generate(root, arguments.nodes, 16)
            time.sleep(2.5)  # the compiler does not trust the time stamps of files younger than this
        results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for turn in range(arguments.rounds):
            for name in CONTENDERS:
                results[name].append(measure(name, root, turn))
                print(f"  round {turn + 1}, {name}: {results[name][-1]['seconds']:.2f} s", file=sys.stderr)
    medians = {name: statistics.median(r["seconds"] for r in runs) for name, runs in results.items()}
    cpu = {name: statistics.median(r["cpu"] for r in runs) for name, runs in results.items()}
    peaks = {name: max(r["megabytes"] for r in runs) for name, runs in results.items()}
    print(f"{'':14}{'median s':>10}{'of anchor':>12}{'cpu s':>10}{'peak MB':>10}")
    for name in CONTENDERS:
        print(f"{name:14}{medians[name]:>10.2f}{medians[name] / medians['anchor']:>12.3f}{cpu[name]:>10.2f}{peaks[name]:>10.0f}")
    print(json.dumps({"benchmark": "compile", "nodes": arguments.nodes, "seconds": medians, "cpu_s": cpu, "peak_mb": peaks}))


if __name__ == "__main__":
    main()
