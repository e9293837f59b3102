"""Benchmarks `proda curate` on real textbook sections, beside the filters and the MinHash of datatrove on the same input.

    PRODA_CORPUS=../shared/corpus DATATROVE=/tmp/datatrove python -m tests.performance.bench_curate
    python -m tests.performance.bench_curate --keep /tmp/curated     # leave the repository there, to read its chunks
    python -m tests.performance.bench_curate --every 8               # an eighth of it, in some minutes

The corpus is a folder of <discipline>/<book>/<section>.md with front matter. Each section becomes a source of a temporary repository; what
datatrove reads is the same texts as JSON lines. DATATROVE names a folder made by

    pip install --target /tmp/datatrove "datatrove[processing]" spacy

and datatrove is left out where it is not set. Its pipeline here: Gopher quality, Gopher repetition, C4 quality, FineWeb quality, then
MinHash (5-grams, 14 bands of 8), with default settings. Its language filter downloads a model and is left out. Both use two processes.
Prints a table, the share kept by reason, and one line of JSON. Peak memory and processor seconds are those of all processes together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.performance.measuring import watched

HERE = Path(__file__).resolve().parents[2]
CONTENDERS = ("proda", "proda unchanged", "proda one changed", "datatrove filters", "datatrove MinHash")
PROCESSES = 2
LEFT_OUT = ("mini", "documents", "external_mcq")


def corpus_folder() -> Path | None:
    """The folder with the corpus: PRODA_CORPUS, or ../shared/corpus beside the repository; None if there is none."""
    for folder in (os.environ.get("PRODA_CORPUS", ""), str(HERE.parent / "shared" / "corpus")):
        if folder and (Path(folder) / "MANIFEST.json").is_file():
            return Path(folder)
    return None


def sections(corpus: Path) -> dict[str, tuple[str, str, str]]:
    """Source id → (text, title, licence) of every section of the corpus."""
    found = {}
    for path in sorted(corpus.glob("*/*/*.md")):
        discipline, book = path.parts[-3], path.parts[-2]
        if discipline in LEFT_OUT:
            continue
        head, _, text = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
        fields = dict(re.findall(r'^(\w+): "?(.*?)"?$', head, re.MULTILINE))
        topic = f"{book[:40].rstrip('-')}-{path.stem[:50].rstrip('-')}"
        found[f"{discipline.replace('_', '-')}/{topic}"] = (text.lstrip("\n"), fields["title"].replace('\\"', '"'), fields["licence"])
    return found


def make_repository(root: Path, texts: dict[str, tuple[str, str, str]]) -> None:
    """Write the sections as sources with a catalogue, and relations.yaml, which makes it a repository."""
    from proda.yamlio import dump_yaml

    entries = {}
    for source, (text, title, licence) in texts.items():
        path = root / "knowledge" / "sources" / f"{source}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries[source] = {"title": title, "origin": "the corpus", "licence": licence, "sha256": digest}
    (root / "knowledge" / "sources" / "catalogue.yaml").write_text(dump_yaml({"sources": entries}), encoding="utf-8")
    shutil.copy(HERE / "knowledge" / "relations.yaml", root / "knowledge" / "relations.yaml")


def run_proda(root: Path) -> dict[str, object]:
    """Curates the repository. Returns the words kept and rejected by reason."""
    from proda.document_settings import CurateSettings
    from proda.workflows.curate import counts_by_reason, curate

    report = curate(root, CurateSettings(), processes=PROCESSES)
    counts = counts_by_reason([chunk for found in report.sources for chunk in found.chunks])
    return {
        "unit": "words",
        "reasons": {reason or "kept": words for reason, (_, words) in counts.items()},
        "compression": report.compression,
        "read": report.read,
        "written": report.written,
    }


def run_filters(root: Path) -> dict[str, object]:
    """Runs datatrove's filters on sections.jsonl. Returns the words kept and rejected by filter."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    out = root / "filtered"
    filters = {
        "Gopher quality": GopherQualityFilter,
        "Gopher repetition": GopherRepetitionFilter,
        "C4 quality": C4QualityFilter,
        "FineWeb quality": FineWebQualityFilter,
    }
    steps = [kind(exclusion_writer=JsonlWriter(str(out / name), compression=None)) for name, kind in filters.items()]
    LocalPipelineExecutor(
        pipeline=[JsonlReader(str(root / "datatrove"), doc_progress=False), *steps, JsonlWriter(str(out / "kept"), compression=None)],
        tasks=PROCESSES,
        workers=PROCESSES,
        logging_dir=str(root / "logs"),
    ).run()
    return {"unit": "words", "reasons": {name: _words_below(out / name) for name in ("kept", *filters)}}


def run_minhash(root: Path) -> dict[str, object]:
    """Runs the four stages of datatrove's MinHash on sections.jsonl. Returns the words kept and removed."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    base = root / "minhash"
    config = MinhashConfig()

    def run(name: str, steps: list[object], tasks: int) -> None:
        LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=PROCESSES, logging_dir=str(root / "logs" / name)).run()

    reader = JsonlReader(str(root / "datatrove"), doc_progress=False)
    run("signatures", [reader, MinhashDedupSignature(output_folder=str(base / "signatures"), config=config)], PROCESSES)
    buckets = MinhashDedupBuckets(input_folder=str(base / "signatures"), output_folder=str(base / "buckets"), config=config)
    run("buckets", [buckets], config.num_buckets)
    run("cluster", [MinhashDedupCluster(input_folder=str(base / "buckets"), output_folder=str(base / "removed"), config=config)], 1)
    removed = JsonlWriter(str(base / "excluded"), compression=None)
    last = MinhashDedupFilter(input_folder=str(base / "removed"), exclusion_writer=removed)
    run("filter", [reader, last, JsonlWriter(str(base / "kept"), compression=None)], PROCESSES)
    return {"unit": "words", "reasons": {"kept": _words_below(base / "kept"), "near-duplicate": _words_below(base / "excluded")}}


def _words_below(folder: Path) -> int:
    return sum(len(json.loads(line)["text"].split()) for path in folder.rglob("*.jsonl") for line in path.open(encoding="utf-8"))


def child(contender: str, root: Path) -> None:
    """Runs one measurement in this process and prints it as JSON."""
    run = {"datatrove filters": run_filters, "datatrove MinHash": run_minhash}.get(contender, run_proda)
    start = time.perf_counter()
    outcome = run(root)
    print(json.dumps({"seconds": time.perf_counter() - start, **outcome}))


def measure(contender: str, root: Path, datatrove: str) -> dict[str, object]:
    """Prepares the repository for a contender and runs it in a new process; seconds are those of the work, without the start of Python."""
    if contender == "proda":
        shutil.rmtree(root / "build", ignore_errors=True)
    if contender == "proda one changed":
        path = sorted((root / "knowledge" / "sources").glob("*/*.md"))[10]
        path.write_text(path.read_text(encoding="utf-8") + "\nHeat flows from the hotter body to the colder one.\n", encoding="utf-8")
    paths = [str(HERE), datatrove] if contender.startswith("datatrove") else [str(HERE)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "tests.performance.bench_curate", "--child", contender, "--repository", str(root)]
    found = watched(command, environment, root)
    return {**(found.printed or {}), "cpu": found.cpu_s, "megabytes": found.megabytes}


def main() -> None:
    """Parses the command line, measures, and prints the table."""
    parser = argparse.ArgumentParser(description="Benchmark curation.")
    parser.add_argument("--keep", type=Path, help="write the repository here and leave it")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each Nth section only")
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--repository", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.repository)
        return
    corpus, datatrove = corpus_folder(), os.environ.get("DATATROVE", "")
    if corpus is None:
        print("Curation was not measured: there is no corpus. Set PRODA_CORPUS to its folder.")
        return
    texts = dict(list(sections(corpus).items())[:: arguments.every])
    size = sum(len(text.encode()) for text, _, _ in texts.values())
    contenders = [name for name in CONTENDERS if datatrove or not name.startswith("datatrove")]
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.keep or Path(folder)
        make_repository(root, texts)
        (root / "datatrove").mkdir(exist_ok=True)
        half = -(-len(texts) // PROCESSES)
        for number in range(PROCESSES):
            lines = [json.dumps({"id": name, "text": text}) + "\n" for name, (text, _, _) in list(texts.items())[number * half :][:half]]
            (root / "datatrove" / f"{number}.jsonl").write_text("".join(lines), encoding="utf-8")
        results = {}
        for name in contenders:
            results[name] = measure(name, root, datatrove)
            print(f"  {name}: {results[name]['seconds']:.1f} s", file=sys.stderr)
    if not datatrove:
        print("datatrove was left out: DATATROVE does not name a folder that holds it.")
    print(f"{len(texts):,} sections, {size / 1e6:.1f} MB, {PROCESSES} processes")
    print(f"{'':20}{'seconds':>10}{'MB/s':>10}{'cpu s':>10}{'peak MB':>10}")
    for name, found in results.items():
        seconds = float(str(found["seconds"]))
        print(f"{name:20}{seconds:>10.1f}{size / 1e6 / seconds:>10.2f}{found['cpu']:>10.1f}{found['megabytes']:>10.0f}")
    for name in contenders:
        reasons = Counter(results[name]["reasons"])  # type: ignore[arg-type]
        if name in ("proda", "datatrove filters", "datatrove MinHash"):
            shares = ", ".join(f"{reason} {words / reasons.total():.1%}" for reason, words in reasons.items())
            print(f"{name}, share of words: {shares}")
    print(json.dumps({"benchmark": "curate", "sections": len(texts), "bytes": size, "results": results}))


if __name__ == "__main__":
    main()
