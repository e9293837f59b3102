"""Stage `evaluate`: score the base and every adapter on the items and the general suites, and probe which statements each adapter knows.

    python -m pipelines.evaluate

benchmarks/results/outcomes/*.csv      what each model answered, item by item; its loss on neutral text, passage by passage
benchmarks/results/headline.json       the numbers that `dvc metrics show` prints
benchmarks/results/metrics.json        accuracies with intervals and seeds; how far they depend on the statements known
benchmarks/results/breakdowns.json     accuracy by discipline and kind, and without the stem; wrong answers by operator

With `evaluate.backend: endpoint` the models are those that an endpoint serves; build/base and build/adapters are then not read.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipelines.stage import stage
from proda.compiler.adapter import adapter_folders, load_tuned
from proda.compiler.base import base_context, load_base, read_pin
from proda.errors import counted
from proda.graph import Knowledge
from proda.params import Params
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.neutral_losses import neutral_line, write_neutral_losses
from proda.store.outcomes import csv_text, write_outcomes
from proda.store.run_record import file_hash, record_part
from proda.store.suite import load_suites
from proda.tester.evaluate import Evaluation, evaluate
from proda.tester.metrics import flat_metrics, headline
from proda.workflows.build_run import build_run
from proda.workflows.dependence import known_statements
from proda.workflows.endpoint_models import EndpointModels
from proda.workflows.neutral_text import measure, neutral_texts
from proda.workflows.prober import Prober
from proda.workflows.unscored import unscored_lines

if TYPE_CHECKING:
    from proda.records import Item

ROOT = Path()
RESULTS = ROOT / "benchmarks/results"


@stage("evaluate")
def main(params: Params) -> str:
    """Score every model, write outcomes and metrics, record the run, and return the accuracies before and after tuning."""
    start = time.monotonic()
    items = load_items(ROOT)
    suites = load_suites(ROOT, params.evaluate.general)
    passages = neutral_texts(params, ROOT)
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    with build_run(ROOT, params, resume=True) as tracker:
        if params.evaluate.backend == "endpoint":
            served = EndpointModels(params, ROOT)
            result = served.evaluate(knowledge, items, suites, passages)
            counts: dict[str, Any] = {"models": served.names, "served": served.served}
        else:
            result, models = _local(params, knowledge, items, suites, passages)
            counts = {"models": models}
            _say_unscored(params, result)
        write_outcomes(RESULTS / "outcomes", result.outcomes)
        write_neutral_losses(ROOT, result.neutral)
        write_file(ROOT / "build/cache/general.csv", csv_text(result.general))
        _write_json(RESULTS / "headline.json", headline(result.metrics))
        _write_json(RESULTS / "metrics.json", result.metrics)
        _write_json(RESULTS / "breakdowns.json", result.breakdowns)
        tracker.metrics(flat_metrics(result.metrics) | flat_metrics(result.breakdowns))
    seconds = time.monotonic() - start
    counts = {"items": len(items), "suite": sum(map(len, suites.values())), **counts}
    part = {"seconds": round(seconds, 1), **counts, "output": file_hash(RESULTS / "metrics.json")}
    record_part(ROOT, "evaluate", part, run_id=tracker.run_id)
    parts = [
        f"{split} {result.metrics['base'][split]['accuracy']:.2f} → {r['accuracy']:.2f} [{r['ci95_low']:.2f}, {r['ci95_high']:.2f}]"
        for split, r in result.metrics["tuned"].items()
    ]
    general = result.metrics["general"]
    each = [
        f"{name} {found['base']['accuracy']:.3f} → {found['tuned']['accuracy']:.3f}"
        for name, found in result.metrics.get("suites", {}).items()
    ]
    apart = f" ({', '.join(each)})" if each else ""
    neutral = neutral_line(result.metrics)
    return (
        f"evaluate: {', '.join(parts)}; general suite {general['base']['accuracy']:.3f} → {general['tuned']['accuracy']:.3f}{apart};"
        f"{f' {neutral};' if neutral else ''} {counted(len(counts['models']), 'model')}, {seconds:.0f} s"
    )


def _local(
    params: Params, knowledge: Knowledge, items: list[Item], suites: dict[str, list[Item]], passages: list[str]
) -> tuple[Evaluation, list[str]]:
    """Load and score the base and the adapters of this repository. Returns the evaluation and the names of the models."""
    base = ROOT / "build/base"
    adapters = {f"seed-{seed}": folder for seed, folder in adapter_folders(ROOT / "build/adapters")}
    models = {"base": partial(load_base, base)} | {name: partial(load_tuned, base, folder) for name, folder in adapters.items()}
    tokens, cache = params.evaluate.batch_tokens, ROOT / "build/cache"
    heldout = (ROOT / "build/curriculum/heldout.txt").read_text(encoding="utf-8")
    known = known_statements(knowledge, Prober(base, adapters, batch_tokens=tokens, cache=cache, apart=True))
    neutral = measure(base, adapters, passages, batch_tokens=tokens, cache=cache)
    size = read_pin(base).parameters
    result = evaluate(models, items, suites, heldout, params.evaluate, parameters=size, known=known, neutral=neutral)
    return result, list(models)


def _say_unscored(params: Params, result: Evaluation) -> None:
    """Print to standard error how many items have no score, and why."""
    asked = {"": result.outcomes, " of the general suites": result.general}
    if params.evaluate.scoring == "letter":  # a reply without a clear letter and one that does not fit look the same
        for where, outcomes in asked.items():
            if unread := sum(o.correct is None for o in outcomes):
                why = "the reply is not clearly one letter, or the question does not fit the model's context"
                print(f"evaluate: {unread:,} of {counted(len(outcomes), 'reply', 'replies')}{where} unscored: {why}", file=sys.stderr)
        return
    if not any(o.correct is None for outcomes in asked.values() for o in outcomes):
        return
    context = base_context(ROOT / "build/base")
    for where, outcomes in asked.items():
        for line in unscored_lines(outcomes, context=context, where=where):
            print(f"evaluate: {line}", file=sys.stderr)


def _write_json(path: Path, value: Any) -> None:
    write_file(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


if __name__ == "__main__":
    main()
