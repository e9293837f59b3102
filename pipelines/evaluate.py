"""Stage `evaluate`: base and adapters × items and general suite → benchmarks/results/{outcomes/*.csv, metrics.json}.

python -m pipelines.evaluate
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import msgspec

from pipelines.stage import stage
from proda.compiler.adapter import adapter_folders, load_tuned
from proda.compiler.base import load_base, read_pin
from proda.compiler.record import extend_record, read_record
from proda.compiler.tracking import open_run
from proda.params import Params
from proda.records import Item
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.outcomes import csv_text, write_outcomes
from proda.tester.evaluate import evaluate
from proda.tester.metrics import flat_metrics

ROOT = Path()
RESULTS = ROOT / "benchmarks/results"


@stage("evaluate")
def main(params: Params) -> str:
    """Score every model, write outcomes and metrics, then say what tuning changed."""
    start = time.monotonic()
    items = load_items(ROOT)
    suite = [msgspec.json.decode(line, type=Item) for line in (ROOT / "benchmarks/general/suite.jsonl").read_bytes().splitlines()]
    base = ROOT / "build/base"
    models = {"base": partial(load_base, base)} | {
        f"seed-{seed}": partial(load_tuned, base, folder) for seed, folder in adapter_folders(ROOT / "build/adapters")
    }
    heldout = (ROOT / "build/curriculum/heldout.txt").read_text()
    result = evaluate(models, items, suite, heldout, params.evaluate, parameters=read_pin(base).parameters)
    write_outcomes(RESULTS / "outcomes", result.outcomes)
    write_file(ROOT / "build/cache/general.csv", csv_text(result.general))
    write_file(RESULTS / "metrics.json", msgspec.json.format(msgspec.json.encode(result.metrics), indent=2) + b"\n")
    tracker = open_run(ROOT, {}, resume=read_record(ROOT).get("run_id"))
    tracker.metrics(flat_metrics(result.metrics))
    tracker.close()
    seconds = time.monotonic() - start
    extend_record(
        ROOT, tracker.run_id, "evaluate", {"seconds": round(seconds, 1), "items": len(items), "suite": len(suite), "models": list(models)}
    )
    parts = [
        f"{split} {result.metrics['base'][split]['accuracy']:.2f} → {r['accuracy']:.2f} [{r['ci95_low']:.2f}, {r['ci95_high']:.2f}]"
        for split, r in result.metrics["tuned"].items()
    ]
    general = result.metrics["general"]
    return (
        f"evaluate: {', '.join(parts)}; general suite {general['base']['accuracy']:.3f} → {general['tuned']['accuracy']:.3f};"
        f" {len(models)} models, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
