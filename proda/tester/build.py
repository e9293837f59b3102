"""Knowledge → benchmark, for the stage `benchmark`: all items but those that are retired, disputed, unsolved, or give something away.

benchmarks/results/shortcuts.json holds the accuracy of each solver, with its interval, over all items (before quarantine) and for
each kind, and the quarantined items with the reason; and a count of the votes, if models have voted (benchmarks/solved.yaml).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

import msgspec

from proda.errors import GateError
from proda.graph import Knowledge
from proda.params import Params
from proda.records import ITEM_KINDS, Item
from proda.stable_hash import seed_of
from proda.store.exceptions import Exemption, apply_exceptions
from proda.store.solved import Solved, solved_counts, unsolved
from proda.store.validation import Validation, disputed
from proda.store.written_items import WrittenItem
from proda.tester.between_items import ItemLeak, leaks_between
from proda.tester.items import write_items
from proda.tester.shortcuts import audit, giveaways
from proda.tester.worded import with_wordings


class Benchmark(msgspec.Struct, frozen=True):
    """`items` are what models are tested on; `shortcuts` is the audit as JSON-compatible data."""

    items: list[Item]
    unsolved: int  # items withheld because a model does not solve them
    shortcuts: dict[str, object]


def build_benchmark(
    knowledge: Knowledge,
    params: Params,
    exceptions: Sequence[Exemption],
    validation: Validation,
    solved: Solved,
    written: Mapping[str, WrittenItem],
) -> Benchmark:
    """Write and audit all items. `written` are the frozen wordings by plan; all other items keep the text of the templates.

    Left out are items that print the key of another, those that readers dispute or that a model with the facts at hand does not solve, and
    giveaways. Raises GateError if a baseline solver
    without knowledge exceeds `items.max_shortcut`, or if more items than `items.max_quarantined` are giveaways.
    """
    templated = write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share)
    every = apply_exceptions(with_wordings(templated, written), exceptions)
    leaking = _leaking(knowledge, every)
    items = [item for item in every if item.id not in leaking]
    contested = disputed(items, validation)
    solvers = audit(items, knowledge)
    obvious = giveaways(items)
    by_kind = {kind: audit(group, knowledge) for kind in ITEM_KINDS if (group := [i for i in items if i.kind == kind])}
    failed = unsolved(items, solved)
    withheld = failed | leaking | contested | obvious
    shortcuts: dict[str, object] = {
        "n": len(items),
        "chance": 0.25,
        "limit": params.items.max_shortcut,
        "solvers": solvers,
        "by_kind": by_kind,
        "quarantined": [{"item": i, "reason": r} for i, r in sorted(withheld.items())],
        "retired": [{"item": e.item, "reason": e.reason} for e in exceptions if e.action == "retire"],
    }
    kept = [i for i in items if i.id not in withheld]
    if solved.votes:
        shortcuts["votes"] = msgspec.to_builtins(solved_counts(kept, solved))
    limit, slack = params.items.max_shortcut, 1.65 * (0.25 * 0.75 / len(items)) ** 0.5
    if passed := [f"{s} {a['accuracy']:.3f}" for s, a in solvers.items() if a["accuracy"] > limit + slack]:
        raise GateError(
            f"Baseline solvers without knowledge do too well: {', '.join(passed)}. Expected at most {limit} (+{slack:.3f} for {len(items)}"
            " items). See `by_kind` in benchmarks/results/shortcuts.json, and make the distractors more like the right option."
        )
    if len(obvious) > params.items.max_quarantined * len(items):
        raise GateError(
            f"{len(obvious)} of {len(items)} items can be answered without knowledge. Expected at most items.max_quarantined"
            f" ({params.items.max_quarantined:.0%}). Review {', '.join(sorted(obvious)[:5])} …"
        )
    return Benchmark(kept, len(failed), shortcuts)


def _leaking(knowledge: Knowledge, items: Sequence[Item]) -> dict[str, str]:
    """Items to leave out so that none of the others prints another's key: item id → what leaked. Those with most leaks go first."""
    of: dict[str, list[ItemLeak]] = defaultdict(list)
    for leak in leaks_between(knowledge, items):
        of[leak.item].append(leak)
        of[leak.where].append(leak)
    # Counts only fall, so an entry with an old count stands too early, and is put back with the new one.
    queue = [(-len(leaks), -seed_of("leak", item), item) for item, leaks in of.items()]
    heapify(queue)
    out: dict[str, str] = {}
    while queue:
        count, weight, worst = heappop(queue)
        left = [leak for leak in of[worst] if leak.item not in out and leak.where not in out]
        if len(left) < -count:
            heappush(queue, (-len(left), weight, worst))
        elif left:
            out[worst] = left[0].message
    return out
