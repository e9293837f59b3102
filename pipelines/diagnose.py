"""Stage `diagnose`: probe every adapter and explain each dev item that most seeds fail, in benchmarks/results/diagnosis.yaml.

    python -m pipelines.diagnose

Only dev items and dev outcomes are read. Twin and sealed items stay unseen, so that they can show whether a repair helped.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pipelines.stage import stage
from proda.compiler.adapter import adapter_folders
from proda.errors import counted
from proda.graph import Knowledge
from proda.params import Params
from proda.store.diagnoses import DIAGNOSIS, write_diagnoses
from proda.store.items import load_items
from proda.store.outcomes import read_outcomes
from proda.store.patches import load_patches, load_samples
from proda.store.run_record import file_hash, record_part
from proda.workflows.build_run import build_run
from proda.workflows.endpoint_prober import endpoint_prober
from proda.workflows.prober import Prober

ROOT = Path()


@stage("evaluate")
def main(params: Params) -> str:
    """Probe every seed, write the diagnoses, record the run, and return the number of failed items by category."""
    start = time.monotonic()
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    items = load_items(ROOT, ("dev",), only=frozenset({"dev"}))
    if params.evaluate.backend == "endpoint":
        prober: Prober = endpoint_prober(params, ROOT)
    else:
        adapters = {f"seed-{seed}": folder for seed, folder in adapter_folders(ROOT / "build/adapters")}
        prober = Prober(ROOT / "build/base", adapters, batch_tokens=params.evaluate.batch_tokens, cache=ROOT / "build/cache")
    outcomes = read_outcomes(ROOT / "benchmarks/results/outcomes/dev.csv")
    with build_run(ROOT, params, resume=True) as tracker:
        repaired = {item for patch in load_patches(ROOT) for item in patch.items}
        found, probes, noticed, kinds = prober.examined(knowledge, items, outcomes, load_samples(ROOT), repaired)
        write_diagnoses(ROOT, found, sorted(prober.adapters), probes, noticed, kinds)
        categories = dict(Counter(d.category for d in found).most_common())
        tracker.metrics({f"diagnose/{category}": float(count) for category, count in categories.items()})
    n_failed = sum(bool(d.failed_by) for d in found)
    part = {
        "seconds": round(time.monotonic() - start, 1),
        "failed": n_failed,
        "categories": categories,
        "output": file_hash(ROOT / DIAGNOSIS),
    }
    record_part(ROOT, "diagnose", part, run_id=tracker.run_id)
    ignored = [kind for kind, told in probes.items() if not told.telling and kind != "context"]
    if ignored:
        which = f"{', '.join(ignored)} probes are"
        print(f"diagnose: {which} ignored: their failure rate on control nodes is too close to that on suspected nodes", file=sys.stderr)
    if silent := [kind for kind, told in kinds.items() if not told.telling]:
        print(
            f"diagnose: failed {', '.join(silent)} items blame no statement: they are failed as often when all are known", file=sys.stderr
        )
    counts = ", ".join(f"{count} {category}" for category, count in categories.items())
    failed = f"{n_failed} of {counted(len(items), 'dev item')} failed by most seeds: {counts or 'none'}"
    lacking = lacking_line((e.node for e in noticed), knowledge)
    return f"diagnose: {failed}; {lacking}; {time.monotonic() - start:.0f} s"


def lacking_line(nodes: Iterable[str], knowledge: Knowledge) -> str:
    """Return how many active statements are among the nodes that something is wrong with; concepts are nodes too."""
    unknown, known = len(knowledge.active_statements.keys() & set(nodes)), counted(len(knowledge.active_statements), "statement")
    return f"{unknown:,} of {known} {'is' if unknown == 1 else 'are'} unknown, unused or contradicted"


if __name__ == "__main__":
    main()
