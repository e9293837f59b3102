"""Stage `diagnose`: adapters × probes → benchmarks/results/diagnosis.yaml: why each dev item that most seeds fail was failed, and where.

    python -m pipelines.diagnose

Reads dev items and dev outcomes, and no others: twin and sealed items are what shows later whether a repair was one.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from pipelines.stage import stage
from proda.compiler.adapter import adapter_folders
from proda.graph import Knowledge
from proda.params import Params
from proda.store.diagnoses import write_diagnoses
from proda.store.items import load_items
from proda.store.outcomes import read_outcomes
from proda.store.patches import load_samples
from proda.workflows.prober import Prober

ROOT = Path()


@stage("evaluate")
def main(params: Params) -> str:
    """Probe every seed about what the failed items rest on, then say what was found."""
    start = time.monotonic()
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    items = load_items(ROOT, ("dev",), only=frozenset({"dev"}))
    adapters = {f"seed-{seed}": folder for seed, folder in adapter_folders(ROOT / "build/adapters")}
    prober = Prober(ROOT / "build/base", adapters, batch_tokens=params.evaluate.batch_tokens, cache=ROOT / "build/cache")
    outcomes = read_outcomes(ROOT / "benchmarks/results/outcomes/dev.csv")
    found, probes, noticed = prober.examined(knowledge, items, outcomes, load_samples(ROOT))
    write_diagnoses(ROOT, found, sorted(adapters), probes, noticed)
    counts = ", ".join(f"{count} {category}" for category, count in Counter(d.category for d in found).most_common())
    mute = [kind for kind, told in probes.items() if not told.telling and kind != "context"]
    if mute:
        print(f"diagnose: {', '.join(mute)} probes fail as often where nothing failed, so they blame nobody", file=sys.stderr)
    failed = f"{sum(bool(d.failed_by) for d in found)} of {len(items)} dev items failed by most seeds: {counts or 'none'}"
    lacking = f"{len({e.node for e in noticed}):,} of {len(knowledge.active_statements):,} statements are unknown, unused or contradicted"
    return f"diagnose: {failed}; {lacking}; {time.monotonic() - start:.0f} s"


if __name__ == "__main__":
    main()
