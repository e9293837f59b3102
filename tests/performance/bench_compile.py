"""Check and compile a paper-scale base, against what a user would otherwise run: PyYAML's CSafeLoader and pydantic, on one core.

    python -m tests.performance.bench_compile                    # 458,622 nodes, about four minutes
    python -m tests.performance.bench_compile --nodes 45000      # a tenth

Contenders run in processes of their own, turn about, because machines are noisy: look at the ratios. Prints a table and one JSON line.
The anchor parses and validates each topic file and stops there; ours also checks every quote, resolves every reference, compares the
whole base with itself and writes the compiled form. Peak memory of ours is the parent's plus each worker's.
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

from tests.performance.generate_base import generate

CONTENDERS = ("anchor", "cold", "unchanged", "one-changed")


def run_anchor(root: Path) -> int:
    """Parse and validate every topic file the usual way; returns how many."""
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
    """`compile_knowledge` as the stage runs it; returns how many topic files there are."""
    from proda.knowledge.compile import compile_knowledge

    report = compile_knowledge(root, root / "build" / "knowledge")
    report.raise_errors()
    return report.counts["topics"]


def child(contender: str, root: Path) -> None:
    """One measurement in this process; prints it as JSON."""
    start = time.perf_counter()
    topics = run_anchor(root) if contender == "anchor" else run_ours(root)
    seconds = time.perf_counter() - start
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    megabytes = (own.ru_maxrss + workers.ru_maxrss * min(os.cpu_count() or 1, 8)) / 1024
    cpu = sum(u.ru_utime + u.ru_stime for u in (own, workers))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": megabytes, "topics": topics}))


def measure(contender: str, root: Path, turn: int) -> dict[str, float]:
    """Prepare the base for a contender and run it: wall seconds with the start of Python, processor seconds, peak memory."""
    if contender == "cold":
        shutil.rmtree(root / "build", ignore_errors=True)
    if contender == "one-changed":
        topic = sorted((root / "knowledge" / "physics").glob("*.yaml"))[turn]
        text = topic.read_text()
        topic.write_text(text.replace("definition: the ", f"definition: the {'very ' * (turn + 1)}", 1))
    start = time.perf_counter()
    command = [sys.executable, "-m", "tests.performance.bench_compile", "--child", contender, "--base", str(root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    inside = json.loads(done.stdout)
    return {"seconds": time.perf_counter() - start, "cpu": inside["cpu"], "megabytes": inside["megabytes"]}


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description="Measure check and compile.")
    parser.add_argument("--nodes", type=int, default=458_622)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", type=Path, help="a base made by generate_base; made anew if left out")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.base)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.base or Path(folder)
        if not arguments.base:
            generate(root, arguments.nodes, 16)
            time.sleep(2.5)  # younger files are not trusted by their time stamps
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
