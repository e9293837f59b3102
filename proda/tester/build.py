"""Knowledge → benchmark, for the stage `benchmark`: all items but those that are retired, disputed, unsolved, or give something away.

benchmarks/results/shortcuts.json holds the accuracy of each solver, with its interval, over all items (before quarantine) and for
each kind, and the quarantined items with the reason; and a count of the votes, if models have voted (benchmarks/solved.yaml).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

import msgspec

from proda.errors import EmptyBenchmarkError, GateError, counted
from proda.graph import Knowledge
from proda.records import ITEM_KINDS, Item
from proda.stable_hash import seed_of
from proda.store.exceptions import Exemption, apply_exceptions
from proda.store.solved import Solved, solved_counts, unsolved
from proda.store.validation import Validation, disputed
from proda.store.written_items import WrittenItem
from proda.tester.between_items import ItemLeak, leaks_between
from proda.tester.items import write_items
from proda.tester.shortcuts import SOLVED_BY, audit, giveaways
from proda.tester.worded import with_wordings

if TYPE_CHECKING:
    from proda.params import Params


class Benchmark(msgspec.Struct, frozen=True):
    """`items` are what models are tested on; `shortcuts` is the audit as JSON-compatible data."""

    items: list[Item]
    unsolved: int  # items withheld because a model does not solve them
    shortcuts: dict[str, object]
    limit: float  # highest accuracy that a baseline solver may reach with so many items


class AuditError(GateError):
    """The shortcut audit stops the build; `shortcuts` is the audit as JSON-compatible data."""

    def __init__(self, message: str, shortcuts: dict[str, object]) -> None:
        super().__init__(message)
        self.shortcuts = shortcuts


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
    giveaways. Raises EmptyBenchmarkError without items, and AuditError if a baseline solver without knowledge exceeds `items.max_shortcut`,
    or if more items than `items.max_quarantined` are giveaways.
    """
    templated = write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share)
    if not templated:
        raise EmptyBenchmarkError(too_small(knowledge))
    every = apply_exceptions(with_wordings(templated, written), exceptions)
    leaking = _leaking(knowledge, every)
    items = [item for item in every if item.id not in leaking]
    if not items:
        raise EmptyBenchmarkError(
            f"No item is left of {len(templated):,}: they are retired in benchmarks/exceptions.yaml, or print each other's keys."
            " Write or accept more chains, or remove exceptions; then run `dvc repro` again."
        )
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
    # An accuracy over few items is uncertain, so the limit is raised by what chance alone exceeds once in twenty times.
    limit, slack = params.items.max_shortcut, 1.65 * (0.25 * 0.75 / len(items)) ** 0.5
    if passed := {s: a["accuracy"] for s, a in solvers.items() if a["accuracy"] > limit + slack}:
        raise AuditError(_too_well(passed, limit, slack, len(items)), shortcuts)
    if len(obvious) > params.items.max_quarantined * len(items):
        raise AuditError(
            f"{len(obvious)} of {len(items)} items can be answered without knowledge. Expected at most items.max_quarantined"
            f" ({params.items.max_quarantined:.0%}). Review {', '.join(sorted(obvious)[:5])} …",
            shortcuts,
        )
    return Benchmark(kept, len(failed), shortcuts, limit + slack)


def too_small(knowledge: Knowledge) -> str:
    """The message for a knowledge base of which no item can be written: how many chains it has, and what is needed."""
    chains = sum(1 for _ in knowledge.active_chains())
    has = "no chain" if not chains else f"{chains:,} chain{'s' * (chains != 1)}"
    return (
        f"The knowledge has {has}, which is too little for a single item: an item joins statements of several chains, or takes its wrong"
        " options from other chains. Three chains about one subject give a few items; the example that `proda init` writes has nine, with"
        " eleven links, and 57 items. Write or accept more chains, then run `dvc repro`."
    )


def _too_well(passed: Mapping[str, float], limit: float, slack: float, items: int) -> str:
    """The message for solvers that do too well: what each of them does, and what can be done."""
    solvers = [f"  {solver} {accuracy:.3f}: picks {SOLVED_BY[solver]}" for solver, accuracy in passed.items()]
    return "\n".join(
        (
            f"Baseline solvers without knowledge do too well; chance is .25, and at most {limit + slack:.3f} is allowed"
            f" (items.max_shortcut {limit}, + {slack:.3f} for {counted(items, 'item')}):",
            *solvers,
            "  The wrong options are too unlike the right one. `by_kind` in benchmarks/results/shortcuts.json says in which kinds.",
            "  Add chains, and neighbouring concepts of the same type near the right answers: wrong options are taken from them. Or raise",
            "  items.max_shortcut in params.yaml, knowing that a part of the benchmark can then be passed without the knowledge.",
        )
    )


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
