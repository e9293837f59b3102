"""Which data change could have fixed, or broken, which test: flips between two revisions, and the changes under them.

    for line in audit(flips, items, knowledge, changes): …
    Line(item="physics/bimetal-strip-bends:dev-path", fixed=3, broken=0, seeds=3, level="could have", commit="3f0c9a1", …)

Three levels, always said. *Could have*: the change touched a statement or concept that the item rests on. *Probably*: it touched just
what the wrong answer had wrong, a statement that the chosen option departs from (before, of what was fixed; now, of what broke).
*Proof*: retrained with and without the patch, and the verdict says so of this item (benchmarks/verdicts) and of this direction:
necessary or sufficient where it was fixed, harmed where it was broken, the other way round for a patch taken back. Nothing but a retrain
raises a line to proof. An item that passes with the patch alone and without it as well is *redundant*: retraining showed that the flip does
not hang on this patch, so the line says so and stays at *could have*. A change that touches everything (parameters, code) is named once,
above all lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from proda.graph import Knowledge
from proda.language.read_options import parted
from proda.records import Item, Outcome, Record
from proda.statistics import Pair

Level = Literal["could have", "probably", "proof"]
FIXES = ("necessary", "sufficient", "necessary and sufficient")  # of an item, or of a patch: shown by retraining
BREAKS = ("harmed", "harmful")
SURENESS = ("proof", "probably", "could have", "nothing")


class Change(Record, frozen=True):
    """One commit as far as it touches data: the nodes it changed or teaches, and the patch it brings, if it is one."""

    commit: str
    subject: str
    nodes: tuple[str, ...]
    patch: str = ""
    says: str = ""  # the verdict on the patch
    reverted: bool = False  # the commit takes the patch away
    shown: Mapping[str, str] | None = None  # content hash of an item → what retraining showed of it; None: `says` is said of every item


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
    says: str = ""  # of this item, where the verdict speaks of it; else of the patch
    through: tuple[str, ...] = ()  # the nodes that the change and the item share


def audit(
    pairs: Iterable[Pair],
    items: Iterable[Item],
    knowledge: Knowledge,
    changes: Sequence[Change],
    departed: Mapping[tuple[str, bool], frozenset[str]] | None = None,
) -> list[Line]:
    """A line for every flipped item and every change under it, the surest first; sorted by item. An item that nobody touched has one line.

    `pairs` are outcomes before and after, of items with the same text. `departed` are, for an item and whether it was fixed, the
    statements that its wrong answers depart from; without it no line is *probably*.
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
        wrong = (departed or {}).get((item, fixed > broken), frozenset())
        found = [
            Line(
                item, fixed, broken, len(group), _level(change, known[item], fixed > broken, wrong),
                change.commit, change.subject, change.patch,
                (change.shown or {}).get(known[item].content_hash, change.says), tuple(sorted(under.intersection(change.nodes))),
            )
            for change in changes
            if under.intersection(change.nodes)
        ]  # fmt: skip
        lines += sorted(found, key=lambda x: (SURENESS.index(x.level), x.commit)) or [Line(item, fixed, broken, len(group), "nothing")]
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


def departures(knowledge: Knowledge, items: Iterable[Item], outcomes: Iterable[Outcome]) -> dict[str, frozenset[str]]:
    """Item → statements that the wrong options chosen by tuned models depart from. An option that cannot be read says nothing."""
    known = {item.id: item for item in items}
    found: dict[str, set[str]] = defaultdict(set)
    for outcome in outcomes:
        item = known.get(outcome.item)
        if (
            item is not None
            and item.content_hash == outcome.hash
            and outcome.model != "base"
            and outcome.correct is False
            and outcome.chosen
        ):
            found[item.id].update(parted(knowledge, item, outcome.chosen) or ())
    return {item: frozenset(statements) for item, statements in found.items()}


def _level(change: Change, item: Item, fixed: bool, wrong: frozenset[str]) -> Level:
    """Proof only of what retraining showed of this item, in the direction in which it flipped."""
    found = change.says if change.shown is None else change.shown.get(item.content_hash, "")
    if change.patch and found in (FIXES if fixed != change.reverted else BREAKS):
        return "proof"
    return "probably" if wrong.intersection(change.nodes) and found != "redundant" else "could have"
