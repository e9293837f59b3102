"""A gate: no training sample words all statements that an item rests on.

    shown_whole(items, samples)        {"physics/bimetal-strip-bends:dev-bridge": "physics/bimetal-strip-bends.s1+2:open-3"}

A sample about two consecutive statements shows what joins them. An item that asks for exactly those two would be answered by recall,
whatever its wording, so the overlap gate, which compares words, does not find it. An item that rests on one statement is left out, since
every statement is taught, and so is a case, which asks what statements say of particulars that no sample has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from proda.records import Item, Sample


def shown_whole(items: Sequence[Item], samples: Iterable[Sample]) -> dict[str, str]:
    """Return item id → id of a sample whose nodes hold every statement of the item, the first such sample by id; sorted by item id.

    Only items of two or more statements are compared, and no cases. Deterministic, whatever the order of items and samples.
    """
    asked = [(item.id, frozenset(item.statements)) for item in items if len(set(item.statements)) > 1 and item.kind != "case"]
    often = Counter(s for _, statements in asked for s in statements)
    by_rarest: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)  # a sample can show an item only if it has this statement
    for item, statements in asked:
        by_rarest[min(statements, key=lambda s: (often[s], s))].append((item, statements))
    found: dict[str, str] = {}
    for sample in samples:
        nodes = frozenset(sample.nodes)
        for item, statements in (pair for node in nodes & by_rarest.keys() for pair in by_rarest[node]):
            if statements <= nodes:
                found[item] = min(sample.id, found.get(item, sample.id))
    return dict(sorted(found.items()))
