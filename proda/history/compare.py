"""Compares two revisions by meaning: nodes, samples, items, flips and scores. Does no I/O.

    found = compare(revision(proda.open(".", "main")), revision(proda.open(".")))
    found.nodes[0]       NodeChange(id="physics/heating", kind="concept", change="changed", fields=(FieldChange("definition", …),))
    found.flips[0]       Flip(item="physics/bimetal-strip-bends:dev-bridge", better=True, before=…, after=…)

Spaces, comments, quoting and the order of entries make no difference, nor does what is derived from them, such as spans and parents.
Answers are compared only where the item has the same text in both revisions. Sealed items are counted, and listed only on request: people
who repair must not know them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from proda.graph import Knowledge
from proda.history.flips import Flip, flips, tallies
from proda.records import LETTERS, Concept, Item, Outcome, Sample, Span, Statement
from proda.statistics import by, difference, paired

ChangeKind = Literal["added", "changed", "retired", "removed"]
CHANGES: tuple[ChangeKind, ...] = ("added", "changed", "retired", "removed")
SUITES = ("dev", "twin", "sealed", "general")
DERIVED = frozenset({"id", "parents", "spans", "span", "plan"})
UNORDERED = frozenset({"aliases", "distinct_from", "preconditions", "exclusions"})


class Revision(msgspec.Struct, frozen=True):
    """What is compared. `settings` are flat: "params.yaml train.epochs" → "3"; the text of a source is given as its hash."""

    name: str
    knowledge: Knowledge
    samples: Sequence[Sample] = ()
    items: Sequence[Item] = ()
    outcomes: Sequence[Outcome] = ()
    metrics: Mapping[str, Any] = {}
    settings: Mapping[str, str] = {}


class FieldChange(msgspec.Struct, frozen=True):
    """One field, as it was and as it is; None if it was or is absent."""

    field: str
    old: str | None
    new: str | None


class NodeChange(msgspec.Struct, frozen=True):
    """A concept, statement, chain or relation. `text` is its content now, or before if it was removed."""

    id: str
    kind: str
    change: ChangeKind
    text: str
    fields: tuple[FieldChange, ...] = ()
    quote: str = ""  # of a statement that is new or has changed: the passage that supports it
    span: Span | None = None  # where that stands


class Derived(msgspec.Struct, frozen=True):
    """A sample or item. `sort` is its format, or its split and kind. `causes` are the changed nodes it names; empty if only its ordinal
    changed. `old` and `new` are its text: prompt and completion, or stem, options and answer.
    """

    id: str
    change: ChangeKind
    discipline: str
    sort: str
    causes: tuple[str, ...]
    old: str | None = None
    new: str | None = None


class Answers(msgspec.Struct, frozen=True):
    """How many items' majority answers of the tuned models could be compared, how many flipped, and why others could not be compared."""

    compared: int = 0
    better: int = 0  # wrong → right, sealed items included
    worse: int = 0
    sealed_better: int = 0
    sealed_worse: int = 0
    unscored: int = 0  # in either revision
    reworded: int = 0  # the item's text differs
    only_old: int = 0
    only_new: int = 0
    stale: int = 0  # in the new revision: the item's text changed after it was answered


class Score(msgspec.Struct, frozen=True):
    """A headline accuracy in both revisions; None where it was not measured.

    `change` compares the answers of the same tuned seeds to the items that have the same text in both revisions.
    """

    model: str
    suite: str
    old: float | None
    new: float | None
    old_range: tuple[float, float] | None = None  # 95 % confidence interval
    new_range: tuple[float, float] | None = None
    change: tuple[float, float, float] | None = None  # mean difference of accuracy, and its 95 % confidence interval

    @property
    def difference(self) -> float | None:
        """New minus old, in percentage points."""
        return None if self.old is None or self.new is None else 100 * (self.new - self.old)


class NeutralScore(msgspec.Struct, frozen=True):
    """Loss on neutral text in both revisions, in nats per token; None where it was not measured."""

    model: str
    old: float | None
    new: float | None

    @property
    def difference(self) -> float | None:
        """New minus old; above 0, the text is predicted less well."""
        return None if self.old is None or self.new is None else self.new - self.old


class Comparison(msgspec.Struct, frozen=True):
    """Every difference in meaning, each list sorted by id. Without sealed items, unless they were asked for."""

    old: str
    new: str
    nodes: tuple[NodeChange, ...]
    settings: tuple[FieldChange, ...]
    samples: tuple[Derived, ...]
    items: tuple[Derived, ...]
    flips: tuple[Flip, ...]
    answers: Answers
    scores: tuple[Score, ...]
    hidden_items: int = 0  # sealed items that were added, changed or removed
    neutral: tuple[NeutralScore, ...] = ()

    @property
    def same(self) -> bool:
        """Whether there is no difference in meaning."""
        moved = (self.nodes, self.settings, self.samples, self.items, self.hidden_items, self.answers.better, self.answers.worse)
        return not any(moved) and all(s.old == s.new for s in self.scores) and all(s.old == s.new for s in self.neutral)


def compare(old: Revision, new: Revision, *, sealed: bool = False) -> Comparison:
    """Return the differences in meaning between two revisions. Deterministic, independent of the order of entries.

    Sealed items are listed only if `sealed` is set; `hidden_items` and `answers` count them in any case.
    """
    nodes = compare_nodes(old.knowledge, new.knowledge)
    changed = frozenset(n.id for n in nodes)
    chain_of = {s.id: s.chain for side in (old, new) for s in side.knowledge.statements.values()}
    flips, answers = compare_answers(old.outcomes, new.outcomes, new.items, sealed=sealed)
    items = _derived(_asked(old.items), _asked(new.items), changed, chain_of)
    listed = tuple(item for item in items if sealed or not item.sort.startswith("sealed"))
    return Comparison(
        old=old.name,
        new=new.name,
        nodes=nodes,
        settings=tuple(f for f in _fields(old.settings, new.settings) if sealed or ":sealed-" not in f.field),
        samples=_derived(_told(old.samples), _told(new.samples), changed, chain_of),
        items=listed,
        hidden_items=len(items) - len(listed),
        flips=flips,
        answers=answers,
        scores=compare_scores(old.metrics, new.metrics, (old.outcomes, new.outcomes)),
        neutral=_neutral(old.metrics, new.metrics),
    )


def compare_nodes(old: Knowledge, new: Knowledge) -> tuple[NodeChange, ...]:
    """Return nodes and relations that were added, changed, retired or removed, sorted by kind and id."""
    found: list[NodeChange] = []
    for kind in ("concept", "statement", "chain", "relation"):
        before, after = (cast("Mapping[str, msgspec.Struct]", getattr(k, f"{kind}s")) for k in (old, new))
        for node in sorted({*before, *after}):
            if before.get(node) == after.get(node):
                continue
            fields = _fields(_meaning(before.get(node)), _meaning(after.get(node)))
            if not fields:
                continue
            change: ChangeKind = "added" if node not in before else "removed" if node not in after else "changed"
            if change == "changed" and any(f.field == "status" and f.new == "retired" for f in fields):
                change = "retired"
            now = after.get(node)
            shown = (now.quote, now.span) if isinstance(now, Statement) else ()
            found.append(
                NodeChange(node, kind, change, _text(now or before[node]), fields if node in before and node in after else (), *shown)
            )
    return tuple(found)


def compare_answers(
    old: Iterable[Outcome], new: Iterable[Outcome], items: Iterable[Item], *, sealed: bool = False
) -> tuple[tuple[Flip, ...], Answers]:
    """Return flips in order of item, and counts over all splits. Flips of sealed items are listed only if `sealed` is set."""
    before, after = tallies(old), tallies(new)
    now = {item.id: item.content_hash for item in items}
    found = flips(before, after)
    counts: Counter[str] = Counter(stale=sum(now.get(item) != tally.hash for item, tally in after.items()))
    counts.update(only_old=len(before.keys() - after.keys()), only_new=len(after.keys() - before.keys()))
    for item in before.keys() & after.keys():
        one, two = before[item], after[item]
        what = "reworded" if one.hash != two.hash else "unscored" if None in (one.state, two.state) else "compared"
        counts[what] += 1
    for flip in found:
        what = "better" if flip.better else "worse"
        counts.update([what, f"sealed_{what}"] if flip.after.split == "sealed" else [what])
    return tuple(f for f in found if sealed or f.after.split != "sealed"), Answers(**counts)


def compare_scores(
    old: Mapping[str, Any], new: Mapping[str, Any], outcomes: tuple[Iterable[Outcome], Iterable[Outcome]] = ((), ())
) -> tuple[Score, ...]:
    """Return base and tuned accuracy on each suite that either revision measured; `outcomes` are those of the old and new revision."""
    changes = _paired_changes(*outcomes)
    scores = [
        Score(
            *(m, s, accuracy(old, m, s), accuracy(new, m, s)),
            *(_range(old, m, s), _range(new, m, s)),
            changes.get(s) if m == "tuned" else None,
        )
        for m in ("base", "tuned")
        for s in SUITES
    ]
    return tuple(s for s in scores if (s.old, s.new) != (None, None))


def _neutral(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[NeutralScore, ...]:
    """Return the loss of the base and of the tuned models on neutral text, if either revision measured it."""
    found = [NeutralScore(who, *(_number(side, "neutral_text", who, "loss") for side in (old, new))) for who in ("base", "tuned")]
    return tuple(score for score in found if (score.old, score.new) != (None, None))


def _paired_changes(old: Iterable[Outcome], new: Iterable[Outcome]) -> dict[str, tuple[float, float, float]]:
    """Return split → mean difference of accuracy with its interval; empty if no answer changed, since there is nothing to estimate."""
    pairs, _ = paired(*([o for o in side if o.model != "base"] for side in (old, new)))
    if all(pair.before == pair.after for pair in pairs):
        return {}
    return {split: difference(group) for split, group in by(pairs, "split").items()}


def _range(metrics: Mapping[str, Any], model: str, suite: str) -> tuple[float, float] | None:
    ends = [_number(metrics, model, suite, key) for key in ("ci95_low", "ci95_high")]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def accuracy(metrics: Mapping[str, Any], model: str, suite: str) -> float | None:
    """Return a headline accuracy of metrics.json; None if it is absent."""
    return _number(metrics, model, suite, "accuracy")


def _number(metrics: Mapping[str, Any], model: str, suite: str, what: str) -> float | None:
    path = ("general", model, what) if suite == "general" else (model, suite, what)
    found: Any = metrics
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) else None


def tally(changes: Iterable[Derived], field: Literal["discipline", "sort"]) -> dict[str, Counter[str]]:
    """Return discipline or sort → how many were added, changed, removed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        counts[getattr(change, field)][change.change] += 1
    return dict(sorted(counts.items()))


def causes(changes: Iterable[Derived]) -> list[tuple[str, int]]:
    """Return (changed node, how many name it), most first; the node is empty for those that name none."""
    counts = Counter(cause for change in changes for cause in change.causes or ("",))
    return sorted(counts.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))


def _meaning(record: msgspec.Struct | None) -> dict[str, str]:
    """Return field → its value as one string, normalised where order and spacing have no meaning."""
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


Shape = tuple[object, str, str, tuple[str, ...], str]
"""What is compared of a sample or item; its discipline, its sort, its nodes, and its text."""


def _told(samples: Iterable[Sample]) -> dict[str, Shape]:
    return {s.id: ((s.prompt, s.completion, s.nodes), s.discipline, s.format, s.nodes, f"{s.prompt}\n{s.completion}") for s in samples}


def _asked(items: Iterable[Item]) -> dict[str, Shape]:
    return {i.id: (i.content_hash, i.discipline, f"{i.split} {i.kind}", i.nodes, _item_text(i)) for i in items}


def _item_text(item: Item) -> str:
    options = (f"{letter}. {option.text}" for letter, option in zip(LETTERS, item.options, strict=False))
    return "\n".join([item.stem, *options, f"Answer: {item.answer}"])


def _derived(
    old: Mapping[str, Shape], new: Mapping[str, Shape], changed: frozenset[str], chain_of: Mapping[str, str]
) -> tuple[Derived, ...]:
    found = []
    for name in sorted({*old, *new}):
        if name in old and name in new and old[name][0] == new[name][0]:
            continue
        change: ChangeKind = "added" if name not in old else "removed" if name not in new else "changed"
        _, discipline, sort, *_ = new.get(name) or old[name]
        nodes = {n for side in (old, new) if name in side for n in side[name][3]}
        nodes |= {chain_of[n] for n in nodes if n in chain_of}  # a change of a chain concerns all its statements
        texts = (side[name][4] if name in side else None for side in (old, new))
        found.append(Derived(name, change, discipline, sort, tuple(sorted(nodes & changed)), *texts))
    return tuple(found)
