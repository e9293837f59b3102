"""Stage `guard`: fail the build if any training text gives an item away.

    python -m pipelines.guard

Items are compared with corpus, patches and the base's training text. The closest pairs go to benchmarks/results/overlap.json. The stage
`train` depends on build/guard-passed, whose content never changes: training cannot start before the guard has passed, and does not run
again because the guard did.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipelines.stage import stage
from proda.errors import GateError
from proda.graph import Knowledge
from proda.params import Params
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.training_texts import training_texts
from proda.tester.overlap import Leak, Overlap
from proda.workflows.leak_check import leak_check

ROOT = Path()
PASSED = ROOT / "build/guard-passed"
SHOWN = 5


@stage("guard")
def main(params: Params) -> str:
    """Compare items and training texts, write the report, and return the closest pair. Raises GateError if a text gives an item away."""
    PASSED.unlink(missing_ok=True)
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    items = load_items(ROOT)
    found = leak_check(knowledge, items, training_texts(ROOT), params.guard)
    write_file(ROOT / "benchmarks/results/overlap.json", _report(found, params))
    if found.leaks:
        shown = "\n".join(f"  {_line(leak)}" for leak in found.leaks[:SHOWN])
        more = f"\n  … and {len(found.leaks) - SHOWN} more" if len(found.leaks) > SHOWN else ""
        raise GateError(
            f"{len(found.leaks)} training text{'s give' if len(found.leaks) > 1 else ' gives'} items away, so training does not start:"
            f"\n{shown}{more}\nAll pairs are in benchmarks/results/overlap.json. Remove or reword the samples, never the items."
        )
    write_file(PASSED, "No training text gives an item away.\n")
    nearest = max((leak.value for leak in found.worst if leak.how in ("stem", "key", "letters")), default=0.0)  # those with this limit
    compared = f"{found.items:,} items × {found.texts:,} training texts"
    return f"guard: {compared}, 0 leaks; nearest pair {nearest:.2f} (limit {params.guard.containment})"


def _report(found: Overlap, params: Params) -> bytes:
    report = {
        "items": found.items,
        "texts": found.texts,
        "n_leaks": len(found.leaks),
        "thresholds": params.guard,
        "leaks": found.leaks,
        "closest": found.worst,
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _line(leak: Leak) -> str:
    return f"{leak.item}  {leak.how} {leak.value:.2f}  {leak.where}: {' '.join(leak.text.split())[:90]}"


if __name__ == "__main__":
    main()
