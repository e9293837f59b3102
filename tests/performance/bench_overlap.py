"""Benchmarks the leak gate against the n-gram decontamination of datatrove, on the same texts and items.

    DATATROVE=/tmp/datatrove python -m tests.performance.bench_overlap               # 160,000 texts, 14,000 items
    DATATROVE=/tmp/datatrove python -m tests.performance.bench_overlap --texts 3000 --items 200 --rounds 1
    python -m tests.performance.bench_overlap --keep /tmp/overlap                    # keep texts and items there for the next run

Items and texts are made from invented knowledge (generate_knowledge.py) by the project's own functions. Leaks are planted among the texts,
as many of each kind:

    verbatim     stem and right option of an item, between two other sentences
    stem         the stem alone, between two other sentences
    filled up    stem and right option, with another word after every fourth, so that no 5-gram is left
    run together stem and right option without blanks
    look-alikes  stem and right option, with Cyrillic letters that look like Latin ones
    reworded     a sentence with an alias of every concept that the item asks for

DATATROVE names a folder made by

    pip install --target /tmp/datatrove "datatrove[processing]" spacy

and datatrove is left out where it is not set. It runs twice: with 5-grams of questions and answers, which is as near to the gate as its
settings allow, and with its defaults (12-grams of answers, and of question and answer together). Its index step also loads the tasks of
lighteval, which is left out here. Each contender uses one process and reads the texts from one file of JSON lines, as the gate does in the
stage `guard` after it has loaded the samples. Contenders alternate: compare the ratios. Prints a table of seconds and memory, how many
planted leaks of each kind each contender found and how many other texts it flagged, and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from proda.graph import Knowledge
from proda.records import Item
from proda.store.training_texts import Text
from tests.performance.generate_knowledge import generate
from tests.performance.measuring import Measured, machine, measure, present, use_peer

PEER = "DATATROVE"
CONTENDERS = {"proda": "", "datatrove 5-grams": PEER, "datatrove 12-grams": PEER}
NODES_PER_ITEM, NODES_PER_DISCIPLINE = 13, 1000  # small disciplines: time to write items grows with the square of a discipline
PLANTED = 60  # leaks of each kind at most
FILLER = ("indeed", "perhaps", "mostly", "again", "there", "often", "today", "rather")
BEFORE, AFTER = "The lecture began late because the hall was locked.", "Afterwards everybody went home on foot."
LOOK_ALIKES = str.maketrans("aeopcx", "аеорсх")


def prepare(root: Path, texts: int, items: int) -> None:
    """Writes knowledge, items.json and texts.jsonl below `root`."""
    from proda.builder.plan import plan_samples
    from proda.builder.template_writer import write_sample
    from proda.knowledge.compile import compile_knowledge
    from proda.stable_hash import by_weight
    from proda.store.training_texts import sample_text
    from proda.tester.items import write_items

    nodes = max(2000, items * NODES_PER_ITEM)
    generate(root, nodes, max(2, nodes // NODES_PER_DISCIPLINE))
    compile_knowledge(root, root / "build/knowledge").raise_errors()
    knowledge = Knowledge.load(root / "build/knowledge")
    print(f"  knowledge of {nodes:,} nodes compiled", file=sys.stderr)
    made = write_items(knowledge, seed=0, sealed_share=0.2)
    chosen = sorted(by_weight(made, "bench", name=lambda item: item.id)[:items], key=lambda item: item.id)
    (root / "items.json").write_bytes(msgspec.json.encode(chosen))
    print(f"  {len(chosen):,} items written", file=sys.stderr)
    share, rest = divmod(texts, len(knowledge.topics_of))
    allocation = {discipline: share + (number < rest) for number, discipline in enumerate(sorted(knowledge.topics_of))}
    plans = plan_samples(knowledge, allocation, seed=0, window=2)
    lines = [{"id": plan.id, "text": sample_text(write_sample(knowledge, plan))} for group in plans.values() for plan in group]
    lines += [{"id": where, "text": text} for where, text in planted(knowledge, chosen)]
    shuffled = by_weight(lines, "order", name=lambda line: line["id"])
    (root / "texts").mkdir(exist_ok=True)
    (root / "texts/texts.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in shuffled))
    print(f"  {len(lines):,} texts written", file=sys.stderr)


def planted(knowledge: Knowledge, items: list[Item]) -> Iterator[tuple[str, str]]:
    """Yields (place, text) of every planted leak; the place names kind and item."""
    kinds = ("verbatim", "stem", "filled up", "run together", "look-alikes", "reworded")
    every = max(1, len(items) // (PLANTED * len(kinds)))
    chosen = items[::every][: PLANTED * len(kinds)]
    for number, item in enumerate(chosen):
        kind = kinds[number % len(kinds)]
        whole = f"{item.stem} {item.options[item.key].text}"
        words = whole.split()
        path = sorted({c for s in item.statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object)})
        aliases = [next(iter(knowledge.concepts[c].aliases), knowledge.concepts[c].term) for c in path]
        text = {
            "verbatim": f"{BEFORE} {whole} {AFTER}",
            "stem": f"{BEFORE} {item.stem} {AFTER}",
            "filled up": " ".join(f"{word} {FILLER[n % len(FILLER)]}" if n % 4 == 3 else word for n, word in enumerate(words)),
            "run together": "".join(words),
            "look-alikes": whole.translate(LOOK_ALIKES),
            "reworded": f"The chapter treats, one after the other, {', then '.join(aliases)}, and how each of them bears on the next.",
        }[kind]
        yield f"planted/{kind}/{item.id}", text


def texts_of(root: Path) -> Iterator[Text]:
    """Yields the texts, in the order of the file."""
    for line in (root / "texts/texts.jsonl").open("rb"):
        raw = msgspec.json.decode(line)
        yield Text(raw["id"], raw["text"])


def run_proda(root: Path) -> tuple[float, list[str]]:
    """Compares as the stage `guard` does. Returns seconds, and the places of the texts that give an item away."""
    from proda.params import GuardParams
    from proda.workflows.leak_check import leak_check

    knowledge = Knowledge.load(root / "build/knowledge")
    items = msgspec.json.decode((root / "items.json").read_bytes(), type=list[Item])
    start = time.perf_counter()
    found = leak_check(knowledge, items, texts_of(root), GuardParams(ngram=5, containment=0.7, jaccard=0.6))
    return time.perf_counter() - start, sorted({leak.where for leak in found.leaks})


def run_datatrove(root: Path, contender: str, out: Path) -> tuple[float, list[str]]:
    """Builds the index and runs the filter. Returns seconds, and the ids of the texts that it removes."""
    use_peer(PEER)
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    class Indexer(NGramsDecontIndexer):
        """Without the tasks of lighteval, which its `run` loads in any case."""

        def __new__(cls, *arguments: Any, **named: Any) -> Any:
            return object.__new__(cls)

        def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> None:
            import numpy as np

            hashes = {h for document in data for h in self.compute_hashes(document.text, document.metadata["query"])}
            with self.output_folder.open("input.index.hashes", mode="wb") as file:
                np.array(list(hashes), dtype=self.config.hash_config.np_descr).tofile(file)

    items = msgspec.json.decode((root / "items.json").read_bytes(), type=list[Item])
    near = NGramsDecontConfig(n_grams=5, find_query_ngrams=True, find_overlap_ngrams=True)
    config = near if contender == "datatrove 5-grams" else NGramsDecontConfig()
    start = time.perf_counter()
    answers = [Document(text=i.options[i.key].text, id=i.id, metadata={"query": i.stem, "task": "input"}) for i in items]
    Indexer(output_folder=str(out / "index"), config=config).run(answers)
    removed = JsonlWriter(str(out / "removed"), compression=None)
    steps = [
        JsonlReader(str(root / "texts"), doc_progress=False),
        NGramsDecontFilter(index_folder=str(out / "index"), config=config, exclusion_writer=removed),
    ]
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=str(out / "logs")).run()
    seconds = time.perf_counter() - start
    return seconds, sorted(json.loads(line)["id"] for path in (out / "removed").rglob("*.jsonl") for line in path.open("rb"))


def child(contender: str, root: Path) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    with tempfile.TemporaryDirectory() as out:
        seconds, flagged = run_proda(root) if contender == "proda" else run_datatrove(root, contender, Path(out))
    kinds = Counter(where.split("/")[1] for where in flagged if where.startswith("planted/"))
    print("\n" + json.dumps({"seconds": seconds, "found": kinds, "others": len(flagged) - kinds.total()}))


def main() -> None:
    """Parses the command line, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description="Benchmark the leak gate.")
    parser.add_argument("--texts", type=int, default=160_000)
    parser.add_argument("--items", type=int, default=14_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which a contender is stopped")
    parser.add_argument("--keep", type=Path, help="write texts and items here and leave them; use them if they are there")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.root)
        return
    contenders = present(CONTENDERS)
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.keep or Path(folder)
        if not (root / "texts/texts.jsonl").is_file():
            if (root / "knowledge").exists():
                raise SystemExit(
                    f"{root}: got a folder with knowledge and without texts/texts.jsonl. Name a new folder, or an earlier --keep."
                )
            prepare(root, arguments.texts, arguments.items)
        items = len(msgspec.json.decode((root / "items.json").read_bytes()))
        places = [text.where for text in texts_of(root)]
        runs: dict[str, list[Measured]] = {name: [] for name in contenders}
        for turn in range(arguments.rounds):
            for name in contenders:
                runs[name].append(measure("bench_overlap", ["--child", name, "--root", str(root)], limit_s=arguments.limit))
                print(f"  round {turn + 1}, {name}: {runs[name][-1].seconds:.1f} s", file=sys.stderr)
    kinds = Counter(where.split("/")[1] for where in places if where.startswith("planted/"))
    others = len(places) - kinds.total()
    print(f"{machine()}; {len(places):,} texts × {items:,} items, one process; median of {arguments.rounds}")
    names = "".join(f"{kind:>14}" for kind in (*kinds, "other texts"))
    print(f"{'':20}{'seconds':>10}{'proda is':>12}{'cpu s':>10}{'peak MB':>10}{names}")
    results: dict[str, Any] = {}
    for name in contenders:
        if any(run.printed is None for run in runs[name]):
            print(f"{name:20}{'more than':>10} {arguments.limit:.0f} s: stopped")
            continue
        seconds = statistics.median(run.printed["seconds"] for run in runs[name] if run.printed)
        printed = runs[name][0].printed or {}
        cpu, peak = statistics.median(run.cpu_s for run in runs[name]), max(run.megabytes for run in runs[name])
        results[name] = {**printed, "seconds": seconds, "cpu_s": cpu, "peak_mb": peak}
        ratio = f"{seconds / results['proda']['seconds']:.2f}×" if "proda" in results else ""
        found = "".join(f"{printed['found'].get(kind, 0):>7} of {count:<3}" for kind, count in kinds.items())
        print(f"{name:20}{seconds:>10.1f}{ratio:>12}{cpu:>10.1f}{peak:>10.0f}{found}{printed['others'] / others:>14.2%}")
    print(json.dumps({"benchmark": "overlap", "texts": len(places), "items": items, "planted": kinds, "results": results}))


if __name__ == "__main__":
    main()
