"""Lists, for every item that flipped between two revisions, the changes that could have caused it.

    for line in audit(flips, items, knowledge, changes): …
    Line(item="physics/bimetal-strip-bends:dev-bridge", better=True, level="could have", commit="3f0c9a1", …)

Each line has one of three levels:

- *could have*: the change touched a statement or concept that the item rests on.
- *probably*: the change touched a statement that a wrong answer contradicts (given before it to a fixed item, after it to a broken one).
- *proof*: retraining with and without the patch showed it (benchmarks/verdicts), for this item and in this direction: necessary or
  sufficient where the item was fixed, harmed where it was broken; the other way round where the patch was reverted.

An item that passes with the patch alone and also without it is *redundant*: the flip does not depend on this patch, so the line says so and
stays at *could have*. A change that affects every item (parameters, code) is not listed per item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from proda.graph import Knowledge
from proda.history.flips import Flip
from proda.records import LETTERS, Item, Outcome, Record

Level = Literal["could have", "probably", "proof"]
FIXES = ("necessary", "sufficient", "necessary and sufficient")  # of an item, or of a patch: shown by retraining
BREAKS = ("harmed", "harmful")
SURENESS = ("proof", "probably", "could have", "nothing")


class Change(Record, frozen=True):
    """The data that one commit changed: nodes, and the patch that it adds or removes, if any."""

    commit: str
    subject: str
    nodes: tuple[str, ...]
    patch: str = ""
    says: str = ""  # the verdict on the patch
    reverted: bool = False  # the commit removes the patch
    shown: Mapping[str, str] | None = None  # content hash of an item → what retraining showed of it; None: `says` holds for every item
    author: str = ""  # of the commit


class Line(Record, frozen=True):
    """A flipped item and one change under it; the commit is empty if no change is."""

    item: str
    better: bool  # fixed; otherwise broken
    before: str  # "1 of 3" seeds are right
    after: str
    level: Level | Literal["nothing"]
    commit: str = ""
    subject: str = ""
    patch: str = ""
    says: str = ""  # about this item, where the verdict speaks of it; otherwise about the patch
    through: tuple[str, ...] = ()  # the nodes that the change and the item share
    author: str = ""  # of the commit
    reverted: bool = False  # the commit removes the patch


class PatchEffect(Record, frozen=True):
    """How many flipped items rest on something that a patch changes."""

    patch: str
    says: str
    fixed: int
    broken: int
    removed: str = ""  # the commit that removed the patch: the items flipped without it, so it did not fix or break them


def audit(
    flips: Iterable[Flip],
    items: Iterable[Item],
    knowledge: Knowledge,
    changes: Sequence[Change],
    departed: Mapping[tuple[str, bool], frozenset[str]] | None = None,
) -> list[Line]:
    """Return a line for every flipped item and every change under it, surest first, in the order of the flips.

    An item without a change under it has one line. `departed` maps an item and whether it was fixed to the statements that its wrong
    answers contradict (see `departures`); without it no line is *probably*.
    """
    known = {item.id: item for item in items}
    lines: list[Line] = []
    for flip in flips:
        item = known.get(flip.item)
        if item is None:
            continue
        under = rests_on(knowledge, item)
        wrong = (departed or {}).get((item.id, flip.better), frozenset())
        brief = (item.id, flip.better, flip.before.seeds, flip.after.seeds)
        found = [
            Line(
                *brief, _level(change, item, flip.better, wrong), change.commit, change.subject, change.patch,
                (change.shown or {}).get(item.content_hash, change.says), tuple(sorted(under.intersection(change.nodes))),
                change.author, change.reverted,
            )
            for change in changes
            if under.intersection(change.nodes)
        ]  # fmt: skip
        lines += sorted(found, key=lambda x: (SURENESS.index(x.level), x.commit)) or [Line(*brief, "nothing")]
    return lines


def rests_on(knowledge: Knowledge, item: Item) -> frozenset[str]:
    """Return the chain, statements and concepts that an item asks about, without those that only a distractor names."""
    path = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
    return frozenset({item.chain, *item.statements, *(c for s in path for c in (s.subject, s.object))})


def by_item(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Return item → its lines."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.item].append(line)
    return dict(found)


def by_patch(lines: Iterable[Line], changes: Iterable[Change]) -> list[PatchEffect]:
    """Return what happened to the items above each patch, the patches with most items fixed, less those broken, first; removed ones last.

    `changes` are those that the lines were made from, oldest first: they have the verdict on each patch, where a line may say what is known
    of its item.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    last = {change.patch: change for change in changes if change.patch}  # a patch may be added and removed
    for line in {(x.item, x.patch): x for x in lines if x.patch}.values():
        counts[line.patch][0 if line.better else 1] += 1
    found = [
        PatchEffect(patch, last[patch].says, fixed, broken, last[patch].commit if last[patch].reverted else "")
        for patch, (fixed, broken) in counts.items()
    ]
    return sorted(found, key=lambda e: (bool(e.removed), e.broken - e.fixed, -e.fixed, e.patch))


def summary(lines: Iterable[Line]) -> Mapping[str, int]:
    """Return how many items were fixed and broken, in all and by the level of their surest line."""
    counts: dict[str, int] = defaultdict(int)
    for group in by_item(lines).values():
        what = "fixed" if group[0].better else "broken"
        counts[what] += 1
        counts[f"{what}, {group[0].level}"] += 1
    return dict(sorted(counts.items()))


def departures(items: Iterable[Item], outcomes: Iterable[Outcome]) -> dict[str, frozenset[str]]:
    """Return item → statements that the wrong options chosen by tuned models break. Options that record none are skipped."""
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
            found[item.id].update(item.options[LETTERS.index(outcome.chosen)].breaks)
    return {item: frozenset(statements) for item, statements in found.items()}


def _level(change: Change, item: Item, fixed: bool, wrong: frozenset[str]) -> Level:
    """Return proof only if retraining showed it for this item, in the direction in which it flipped."""
    found = change.says if change.shown is None else change.shown.get(item.content_hash, "")
    if change.patch and found in (FIXES if fixed != change.reverted else BREAKS):
        return "proof"
    return "probably" if wrong.intersection(change.nodes) and found != "redundant" else "could have"
