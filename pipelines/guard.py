"""Stage `guard`: fail the build if any training text gives an item away, or a training sample words all that an item rests on.

    python -m pipelines.guard

Items are compared with corpus, patches and the base's training text. Leaks, the closest pairs and the items that a sample shows whole go
to benchmarks/results/overlap.json. The stage `train` depends on build/guard-passed, whose content never changes: training cannot start
before the guard has passed, and does not run again because the guard did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pipelines.stage import stage
from proda.errors import GateError, counted
from proda.graph import Knowledge
from proda.params import Params
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_samples
from proda.store.training_texts import training_texts
from proda.tester.overlap import Leak, Overlap
from proda.tester.windows import shown_whole
from proda.workflows.leak_check import leak_check

ROOT = Path()
PASSED = ROOT / "build/guard-passed"
SHOWN = 5


@stage("guard")
def main(params: Params) -> str:
    """Compare items and training texts, write the report, and return the closest pair.

    Raises GateError if a text gives an item away, or a sample words all statements of an item.
    """
    PASSED.unlink(missing_ok=True)
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    items, samples = load_items(ROOT), load_samples(ROOT)
    found = leak_check(knowledge, items, training_texts(ROOT, samples), params.guard)
    whole = shown_whole(items, samples)
    write_file(ROOT / "benchmarks/results/overlap.json", _report(found, whole, params))
    faults = [*_leak_faults(found), *_whole_faults(whole)]
    if faults:
        raise GateError("\n".join([*faults, "All pairs are in benchmarks/results/overlap.json. Training does not start."]))
    write_file(PASSED, "No training text gives an item away.\n")
    nearest = max((leak.value for leak in found.worst if leak.how in ("stem", "key", "letters")), default=0.0)  # those with this limit
    compared = f"{counted(found.items, 'item')} × {counted(found.texts, 'training text')}"
    return f"guard: {compared}, 0 leaks; nearest pair {nearest:.2f} (limit {params.guard.containment})"


def _leak_faults(found: Overlap) -> list[str]:
    if not found.leaks:
        return []
    texts = f"{len(found.leaks)} training text{'s give' if len(found.leaks) > 1 else ' gives'} items away"
    lines = [f"  {_line(leak)}" for leak in found.leaks]
    return [f"{texts}. Remove or reword the samples, never the items.", *_first(lines)]


def _whole_faults(whole: Mapping[str, str]) -> list[str]:
    if not whole:
        return []
    items = "1 item is" if len(whole) == 1 else f"{len(whole)} items are"
    lines = [f"  {item}  shown by {sample}" for item, sample in whole.items()]
    advice = "Such an item asks for what a sample says. Let it rest on statements that no sample shows together."
    return [f"{items} shown whole: one training sample words every statement that the item rests on. {advice}", *_first(lines)]


def _first(lines: Sequence[str]) -> list[str]:
    return [*lines[:SHOWN], *([f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])]


def _report(found: Overlap, whole: Mapping[str, str], params: Params) -> bytes:
    report = {
        "items": found.items,
        "texts": found.texts,
        "n_leaks": len(found.leaks),
        "n_shown_whole": len(whole),
        "thresholds": params.guard,
        "leaks": found.leaks,
        "shown_whole": [{"item": item, "sample": sample} for item, sample in whole.items()],
        "closest": found.worst,
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _line(leak: Leak) -> str:
    return f"{leak.item}  {leak.how} {leak.value:.2f}  {leak.where}: {' '.join(leak.text.split())[:90]}"


if __name__ == "__main__":
    main()
