"""Which data change could have fixed, or broken, which test: flips between two revisions, and the changes under them.

    for line in audit(flips, items, knowledge, changes): …
    Line(item="physics/bimetal-strip-bends:dev-path", fixed=3, broken=0, seeds=3, level="could have", commit="3f0c9a1", …)

Three levels, always said. *Could have*: the change touched a statement or concept that the item rests on. *Probably*: nothing here gives
it yet. *Proof*: retrained with and without the patch, and the verdict says so (benchmarks/verdicts). Nothing but a retrain raises a line
to proof. A change that touches everything (parameters, code) is named once, above all lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from proda.debugger.paired import Pair
from proda.graph import Knowledge
from proda.records import Item, Record

Level = Literal["could have", "probably", "proof"]
PROVEN = ("necessary", "sufficient", "harmful")  # verdicts on a patch that come from retraining


class Change(Record, frozen=True):
    """One commit as far as it touches data: the nodes it changed or teaches, and the patch it brings, if it is one."""

    commit: str
    subject: str
    nodes: tuple[str, ...]
    patch: str = ""
    says: str = ""  # the verdict on the patch


class Line(Record, frozen=True):
    """One item whose answers changed, beside one change that lies under it; an empty commit where none does."""

    item: str
    fixed: int  # seeds that were wrong and are right
    broken: int  # seeds that were right and are wrong
    seeds: int
    level: Level | Literal["nothing"]
    commit: str = ""
    subject: str = ""
    patch: str = ""
    says: str = ""
    through: tuple[str, ...] = ()  # the nodes that the change and the item share


def audit(pairs: Iterable[Pair], items: Iterable[Item], knowledge: Knowledge, changes: Sequence[Change]) -> list[Line]:
    """A line for every flipped item and every change under it, the surest first; sorted by item. An item that nobody touched has one line.

    `pairs` are outcomes before and after, of items with the same text.
    """
    known = {item.id: item for item in items}
    flips: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        flips[pair.item].append(pair)
    lines: list[Line] = []
    for item, group in sorted(flips.items()):
        fixed = sum(p.after and not p.before for p in group)
        broken = sum(p.before and not p.after for p in group)
        if fixed == broken or item not in known:  # as many seeds either way is no change of the item
            continue
        under = rests_on(knowledge, known[item])
        found = [
            Line(
                item, fixed, broken, len(group), _level(change), change.commit, change.subject, change.patch, change.says,
                tuple(sorted(under.intersection(change.nodes))),
            )
            for change in changes
            if under.intersection(change.nodes)
        ]  # fmt: skip
        lines += sorted(found, key=lambda x: (x.level != "proof", x.commit)) or [Line(item, fixed, broken, len(group), "nothing")]
    return lines


def rests_on(knowledge: Knowledge, item: Item) -> frozenset[str]:
    """The chain, statements and concepts that an item asks about; what only a distractor names is not among them."""
    path = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
    return frozenset({item.chain, *item.statements, *(c for s in path for c in (s.subject, s.object))})


def summary(lines: Iterable[Line]) -> Mapping[str, int]:
    """How many items were fixed and broken, with and without a change under them."""
    best: dict[str, Line] = {}
    for line in lines:
        best.setdefault(line.item, line)
    counts: dict[str, int] = defaultdict(int)
    for line in best.values():
        what = "fixed" if line.fixed > line.broken else "broken"
        counts[what] += 1
        counts[f"{what}, {line.level}"] += 1
    return dict(sorted(counts.items()))


def _level(change: Change) -> Level:
    return "proof" if change.patch and change.says in PROVEN else "could have"
