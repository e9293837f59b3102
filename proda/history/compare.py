"""Two revisions compared by meaning: nodes, samples, items, answers that flipped, and scores. Text alone counts for nothing.

    found = compare(revision(proda.open(".", "main")), revision(proda.open(".")))
    found.nodes[0]       NodeChange(id="physics/heating", kind="concept", change="changed", fields=(FieldChange("definition", …),))
    found.flips[0]       Flip(item="physics/bimetal-strip-bends:dev-path", model="seed-0", better=True, …)

Spaces, comments, quoting and the order of entries are no change; nor are what is derived from them, such as spans and parents. An
answer is compared only where the item reads the same in both revisions. Flips of sealed items are counted, never listed: a list
would be an invitation to work on them. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from proda.graph import Knowledge
from proda.history.lineage import model_order
from proda.records import Concept, Item, Outcome, Sample, Statement

ChangeKind = Literal["added", "changed", "retired", "removed"]
CHANGES: tuple[ChangeKind, ...] = ("added", "changed", "retired", "removed")
SUITES = ("dev", "twin", "sealed", "general")
DERIVED = frozenset({"id", "parents", "spans", "span", "plan"})
UNORDERED = frozenset({"aliases", "distinct_from", "preconditions", "exclusions"})


class Revision(msgspec.Struct, frozen=True):
    """What is compared. `settings` are flat: "params.yaml train.epochs" → "3"; a source's text stands there as its hash."""

    name: str
    knowledge: Knowledge
    samples: Sequence[Sample] = ()
    items: Sequence[Item] = ()
    outcomes: Sequence[Outcome] = ()
    metrics: Mapping[str, Any] = {}
    settings: Mapping[str, str] = {}


class FieldChange(msgspec.Struct, frozen=True):
    """One field, as it was and as it is; None where there was nothing."""

    field: str
    old: str | None
    new: str | None


class NodeChange(msgspec.Struct, frozen=True):
    """A concept, statement, chain or relation. `text` is what it says now (or said, if it is gone)."""

    id: str
    kind: str
    change: ChangeKind
    text: str
    fields: tuple[FieldChange, ...] = ()


class Derived(msgspec.Struct, frozen=True):
    """A sample or item. `sort` is its format, or split and kind; `causes` the changed nodes it names, none if it only moved up."""

    id: str
    change: ChangeKind
    discipline: str
    sort: str
    causes: tuple[str, ...]


class Flip(msgspec.Struct, frozen=True):
    """A model's answer to an unchanged item turned right (`better`) or wrong. Margins: log-likelihood per character."""

    item: str
    model: str
    split: str
    better: bool
    old_margin: float | None
    new_margin: float | None


class Answers(msgspec.Struct, frozen=True):
    """How many answers could be compared, what became of them, and how many could not and why."""

    compared: int = 0
    better: int = 0  # wrong → right, sealed ones included
    worse: int = 0
    sealed_better: int = 0
    sealed_worse: int = 0
    unscored: int = 0  # in either revision
    reworded: int = 0  # the item reads differently: no longer comparable
    only_old: int = 0
    only_new: int = 0
    stale: int = 0  # of the new revision: its item has changed since it was answered


class Score(msgspec.Struct, frozen=True):
    """A headline accuracy in both revisions; None where it was not measured."""

    model: str
    suite: str
    old: float | None
    new: float | None

    @property
    def difference(self) -> float | None:
        """New minus old, in points of a hundred."""
        return None if self.old is None or self.new is None else 100 * (self.new - self.old)


class Comparison(msgspec.Struct, frozen=True):
    """Everything that differs in meaning, each list sorted by id."""

    old: str
    new: str
    nodes: tuple[NodeChange, ...]
    settings: tuple[FieldChange, ...]
    samples: tuple[Derived, ...]
    items: tuple[Derived, ...]
    flips: tuple[Flip, ...]
    answers: Answers
    scores: tuple[Score, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs in meaning."""
        moved = (self.nodes, self.settings, self.samples, self.items, self.answers.better, self.answers.worse)
        return not any(moved) and all(s.old == s.new for s in self.scores)


def compare(old: Revision, new: Revision) -> Comparison:
    """What `new` means that `old` does not, and the other way round. Deterministic, independent of any order of entries."""
    nodes = compare_nodes(old.knowledge, new.knowledge)
    changed = frozenset(n.id for n in nodes)
    flips, answers = compare_answers(old.outcomes, new.outcomes, new.items)
    return Comparison(
        old=old.name,
        new=new.name,
        nodes=nodes,
        settings=_fields(old.settings, new.settings),
        samples=_derived(_told(old.samples), _told(new.samples), changed),
        items=_derived(_asked(old.items), _asked(new.items), changed),
        flips=flips,
        answers=answers,
        scores=compare_scores(old.metrics, new.metrics),
    )


def compare_nodes(old: Knowledge, new: Knowledge) -> tuple[NodeChange, ...]:
    """Nodes and relations that were added, changed, retired or removed, sorted by kind and id."""
    found: list[NodeChange] = []
    for kind in ("concept", "statement", "chain", "relation"):
        before, after = (cast("Mapping[str, msgspec.Struct]", getattr(k, f"{kind}s")) for k in (old, new))
        for node in sorted({*before, *after}):
            fields = _fields(_meaning(before.get(node)), _meaning(after.get(node)))
            if not fields:
                continue
            change: ChangeKind = "added" if node not in before else "removed" if node not in after else "changed"
            if change == "changed" and any(f.field == "status" and f.new == "retired" for f in fields):
                change = "retired"
            text = _text(after.get(node) or before[node])
            found.append(NodeChange(node, kind, change, text, fields if node in before and node in after else ()))
    return tuple(found)


def compare_answers(old: Iterable[Outcome], new: Iterable[Outcome], items: Iterable[Item]) -> tuple[tuple[Flip, ...], Answers]:
    """Flips among dev and twin items, the worse first, then by item and model; and the counts over all splits."""
    before, after = ({(o.item, o.model): o for o in side} for side in (old, new))
    now = {item.id: item.content_hash for item in items}
    flips: list[Flip] = []
    counts: Counter[str] = Counter(stale=sum(now.get(o.item) != o.hash for o in after.values()))
    counts.update(only_old=len(before.keys() - after.keys()), only_new=len(after.keys() - before.keys()))
    for key in before.keys() & after.keys():
        one, two = before[key], after[key]
        if one.hash != two.hash:
            counts["reworded"] += 1
        elif one.correct is None or two.correct is None:
            counts["unscored"] += 1
        else:
            counts["compared"] += 1
            if one.correct != two.correct:
                counts["better" if two.correct else "worse"] += 1
                if two.split == "sealed":
                    counts["sealed_better" if two.correct else "sealed_worse"] += 1
                else:
                    flips.append(Flip(two.item, two.model, two.split, two.correct, one.margin, two.margin))
    flips.sort(key=lambda f: (f.better, f.item, model_order(f.model)))
    return tuple(flips), Answers(**counts)


def compare_scores(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Score, ...]:
    """Base and tuned accuracy on each suite that either revision measured."""
    scores = [Score(m, s, accuracy(old, m, s), accuracy(new, m, s)) for m in ("base", "tuned") for s in SUITES]
    return tuple(s for s in scores if (s.old, s.new) != (None, None))


def accuracy(metrics: Mapping[str, Any], model: str, suite: str) -> float | None:
    """A headline accuracy of metrics.json; None if it is not there."""
    path = ("general", model, "accuracy") if suite == "general" else (model, suite, "accuracy")
    found: Any = metrics
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) else None


def tally(changes: Iterable[Derived], by: Literal["discipline", "sort"]) -> dict[str, Counter[str]]:
    """Discipline or sort → how many were added, changed, removed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        counts[getattr(change, by)][change.change] += 1
    return dict(sorted(counts.items()))


def causes(changes: Iterable[Derived]) -> list[tuple[str, int]]:
    """(changed node, how many name it), most first; "" stands for those that name none."""
    counts = Counter(cause for change in changes for cause in change.causes or ("",))
    return sorted(counts.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))


def _meaning(record: msgspec.Struct | None) -> dict[str, str]:
    """Field → its value as one string in which order and spacing play no part where they mean nothing."""
    if record is None:
        return {}
    fields = {f: getattr(record, f) for f in record.__struct_fields__ if f not in DERIVED}
    if isinstance(record, Statement):
        fields["source"] = record.span.source
    shown = {f: _value(sorted(v) if f in UNORDERED else v) for f, v in fields.items()}
    return {f: v for f, v in shown.items() if v}


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(_value(part) for part in value)
    if value is None or value is False:
        return ""
    return "yes" if value is True else " ".join(str(value).split())


def _text(record: object) -> str:
    if isinstance(record, Concept):
        return f"{record.term}: {record.definition}"
    return str(getattr(record, "text", None) or getattr(record, "explains", None) or getattr(record, "phrase", ""))


def _fields(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FieldChange, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(FieldChange(f, old.get(f), new.get(f)) for f in names if old.get(f) != new.get(f))


Shape = tuple[object, str, str, tuple[str, ...]]
"""What is compared of a sample or item; its discipline, its sort, and its nodes."""


def _told(samples: Iterable[Sample]) -> dict[str, Shape]:
    return {s.id: ((s.prompt, s.completion, s.nodes), _discipline(s), s.format, s.nodes) for s in samples}


def _discipline(sample: Sample) -> str:
    # A patch names its samples as it likes; then the first node says where it belongs.
    named = sample.id if "/" in sample.id else (sample.nodes or ("",))[0]
    return named.partition("/")[0]


def _asked(items: Iterable[Item]) -> dict[str, Shape]:
    return {i.id: (i.content_hash, i.discipline, f"{i.split} {i.kind}", i.nodes) for i in items}


def _derived(old: Mapping[str, Shape], new: Mapping[str, Shape], changed: frozenset[str]) -> tuple[Derived, ...]:
    found = []
    for name in sorted({*old, *new}):
        if name in old and name in new and old[name][0] == new[name][0]:
            continue
        change: ChangeKind = "added" if name not in old else "removed" if name not in new else "changed"
        _, discipline, sort, _ = new.get(name) or old[name]
        nodes = {n for side in (old, new) if name in side for n in side[name][3]}
        # A statement goes with its chain: `physics/bimetal-strip-bends.s1` with `physics/bimetal-strip-bends`.
        nodes |= {n.partition(".")[0] for n in nodes}
        found.append(Derived(name, change, discipline, sort, tuple(sorted(nodes & changed))))
    return tuple(found)
