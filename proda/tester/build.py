"""Knowledge → benchmark, for the stage `benchmark`: items without retired ones and without those that the shortcut audit quarantines.

benchmarks/results/shortcuts.json holds the accuracy of each solver, with its interval, over all items (before quarantine) and for
each kind, and the quarantined items with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proda.errors import GateError
from proda.graph import Knowledge
from proda.params import Params
from proda.records import ITEM_KINDS, Item
from proda.store.exceptions import Exemption, apply_exceptions
from proda.tester.items import write_items
from proda.tester.shortcuts import audit, giveaways


class Benchmark(msgspec.Struct, frozen=True):
    """`items` are what models are tested on; `shortcuts` is the audit as JSON-compatible data."""

    items: list[Item]
    shortcuts: dict[str, object]


def build_benchmark(knowledge: Knowledge, params: Params, exceptions: Sequence[Exemption]) -> Benchmark:
    """Write and audit all items.

    Raises GateError if a baseline solver without knowledge exceeds `items.max_shortcut`, or if more items than `items.max_quarantined`
    are quarantined.
    """
    written = write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share)
    items = apply_exceptions(written, exceptions)
    solvers = audit(items, knowledge)
    quarantined = giveaways(items)
    by_kind = {kind: audit(group, knowledge) for kind in ITEM_KINDS if (group := [i for i in items if i.kind == kind])}
    shortcuts: dict[str, object] = {
        "n": len(items),
        "chance": 0.25,
        "limit": params.items.max_shortcut,
        "solvers": solvers,
        "by_kind": by_kind,
        "quarantined": [{"item": i, "reason": r} for i, r in sorted(quarantined.items())],
        "retired": [{"item": e.item, "reason": e.reason} for e in exceptions if e.action == "retire"],
    }
    limit, slack = params.items.max_shortcut, 1.65 * (0.25 * 0.75 / len(items)) ** 0.5
    if passed := [f"{s} {a['accuracy']:.3f}" for s, a in solvers.items() if a["accuracy"] > limit + slack]:
        raise GateError(
            f"Baseline solvers without knowledge do too well: {', '.join(passed)}. Expected at most {limit} (+{slack:.3f} for {len(items)}"
            " items). See `by_kind` in benchmarks/results/shortcuts.json, and make the distractors more like the right option."
        )
    if len(quarantined) > params.items.max_quarantined * len(items):
        raise GateError(
            f"{len(quarantined)} of {len(items)} items can be answered without knowledge. Expected at most items.max_quarantined"
            f" ({params.items.max_quarantined:.0%}). Review {', '.join(sorted(quarantined)[:5])} …"
        )
    return Benchmark([i for i in items if i.id not in quarantined], shortcuts)
