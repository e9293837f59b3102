"""Mechanism and order items: which steps lie between two concepts, and which steps follow from one?

    mechanism   Which two steps lie between heating and a bent strip?             thermal expansion → mismatch strain
    order       What follows from heating, step by step?      thermal expansion → mismatch strain → bending

Each option is a sequence of true statements. Only one begins with what follows from the stem's concept (and, for a mechanism, ends with
what leads to its other concept), so the options alone do not tell which is right. Items rest on three statements, which no window shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, product

from proda.graph import Knowledge
from proda.language.near_topics import near_topics
from proda.language.word_stems import stems
from proda.language.wording import bare_name, capital, name
from proda.records import Operator, Option, Statement
from proda.stable_hash import by_weight, seed_of
from proda.tester.drafts import REACH, Draft, Kind, Site, Variant, chosen, fill

STEMS: dict[str, dict[Variant, tuple[str, ...]]] = {
    "mechanism": {
        "a": (
            "Which two steps lie between {start} and {end}, in this order?",
            "By which two intermediate steps is {start} linked to {end}?",
        ),
        "b": (
            "Someone wants to get from {start} to {end} in three steps. By way of what?",
            "What comes first and what second on the way from {start} to {end}?",
        ),
    },
    "order": {
        "a": (
            "Start from {start}. Which three steps follow one from another?",
            "Which sequence of three steps begins at {start}?",
        ),
        "b": (
            "Trace what is linked to {start}, one step after the other. Which sequence is right?",
            "A chain of links begins with {start}. Which three come next, in this order?",
        ),
    },
}
ARROW = " → "


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    """Three statements in a row: of one chain, or two of a chain and one of another chain or a link before or behind them."""
    for whole in knowledge.active_chains():
        path = knowledge.path(whole)
        for one, two in zip(path, path[1:], strict=False):
            befores = [s for s in knowledge.by_object.get(one.subject, ()) if s.id != one.id]
            afters = [s for s in knowledge.by_subject.get(two.object, ()) if s.id != two.id]
            rows = [(before, one, two) for before in befores] + [(one, two, after) for after in afters]
            for row in rows:
                if len({row[0].subject, *(s.object for s in row)}) == 4:
                    yield Site(whole.id, tuple(s.id for s in row))


def _steps(knowledge: Knowledge) -> Iterator[Site]:
    """The sites whose statements are steps: what "follows" is a consequence, and no requirement or contrast."""
    return (site for site in _sites(knowledge) if all(knowledge.relations[s.relation].step for s in site.path(knowledge)))


def _row(knowledge: Knowledge, concepts: Sequence[str]) -> str:
    return ARROW.join(bare_name(knowledge, c) for c in concepts)


def _option(
    knowledge: Knowledge,
    concepts: Sequence[str],
    steps: Sequence[Statement],
    operator: Operator | None,
    why: str,
    breaks: Sequence[Statement],
) -> Option:
    return Option(_row(knowledge, concepts), operator, None, why, tuple(s.triple for s in steps), tuple(s.id for s in breaks))


def _mechanism(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    path = site.path(knowledge)
    start, end = path[0].subject, path[-1].object
    between = (path[0].object, path[1].object)
    if _second_way(knowledge, start, between, end):
        return None
    right = _option(knowledge, between, path, None, "", ())
    wrongs = chosen(_between(knowledge, path, start, end, {start, *between, end}, key), right, barred)
    return _draft(knowledge, "mechanism", variant, right, wrongs, path, key)


def _second_way(knowledge: Knowledge, start: str, between: tuple[str, str], end: str) -> bool:
    """Whether two other steps lead from the start to the end as well."""
    for first in knowledge.by_subject.get(start, ()):
        for second in knowledge.by_subject.get(first.object, ()):
            if (first.object, second.object) != between and any(s.object == end for s in knowledge.by_subject.get(second.object, ())):
                return True
    return False


def _between(
    knowledge: Knowledge, path: Sequence[Statement], start: str, end: str, used: set[str], key: tuple[object, ...]
) -> Iterator[Option]:
    """Yield true pairs of steps: one that follows from the start, one that leads to the end, then pairs that do neither."""
    pool = _Pool(knowledge, path, used, key)
    follows = {s.object for s in knowledge.by_subject.get(start, ())}
    leads = {s.subject for s in knowledge.by_object.get(end, ())}

    def follow() -> Iterator[Option]:
        for step in pool.ranked(s for c in follows for s in knowledge.by_subject.get(c, ())):
            if not knowledge.leads(step.object, end, REACH):
                why = f"{capital(name(knowledge, step.object))} does not lead to {name(knowledge, end)}."
                yield _option(knowledge, (step.subject, step.object), [step], "half", why, path[2:])

    def lead() -> Iterator[Option]:
        for step in pool.ranked(s for c in leads for s in knowledge.by_object.get(c, ())):
            if not knowledge.leads(start, step.subject, REACH):
                why = f"{capital(name(knowledge, step.subject))} does not follow from {name(knowledge, start)}."
                yield _option(knowledge, (step.subject, step.object), [step], "half", why, path[:1])

    def neither() -> Iterator[Option]:
        for step in pool:
            if not knowledge.leads(step.object, end, REACH) and not knowledge.leads(start, step.subject, REACH):
                why = f"It neither follows from {name(knowledge, start)} nor leads to {name(knowledge, end)}."
                yield _option(knowledge, (step.subject, step.object), [step], "near", why, (path[0], path[2]))

    yield from _disjoint(chain(islice(follow(), 2), islice(lead(), 2), neither()))


def _order(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    path = site.path(knowledge)
    start, steps = path[0].subject, tuple(s.object for s in path)
    right = _option(knowledge, steps, path, None, "", ())
    wrongs = chosen(_elsewhere(knowledge, path, start, {start, *steps}, key), right, barred)
    return _draft(knowledge, "order", variant, right, wrongs, path, key)


def _elsewhere(knowledge: Knowledge, path: Sequence[Statement], start: str, used: set[str], key: tuple[object, ...]) -> Iterator[Option]:
    """Yield true sequences of three steps that do not follow from the start."""
    return _disjoint(_rows(knowledge, path, start, used, key))


def _rows(knowledge: Knowledge, path: Sequence[Statement], start: str, used: set[str], key: tuple[object, ...]) -> Iterator[Option]:
    for step in _Pool(knowledge, path, used, key):
        if knowledge.leads(start, step.subject, REACH):
            continue
        nexts = [s for s in knowledge.by_subject.get(step.object, ()) if s.object not in used and s.object != step.subject]
        for after in by_weight(nexts, "next", *key, name=lambda s: s.id)[:1]:
            row = (step.subject, step.object, after.object)
            why = f"{capital(name(knowledge, step.subject))} does not follow from {name(knowledge, start)}."
            yield _option(knowledge, row, [step, after], "near", why, path[:1])


def _disjoint(options: Iterable[Option]) -> Iterator[Option]:
    """Yield the options that share no concept with one before. Otherwise the right one would be the one that shares none."""
    used: set[str] = set()
    for option in options:
        named = {c for t in option.triples for c in (t[0], t[2])}
        if used.isdisjoint(named):
            used |= named
            yield option


class _Pool:
    """Statements over unused concepts: first those of the same topic, then those whose ends have the same types.

    Statements whose concepts are inside chains, and so right in other items, come last. Otherwise the right option would be the one that is
    right in no other item. Before the topic comes, as in `alike`, whether the ends share a word with the stem.
    """

    def __init__(self, knowledge: Knowledge, path: Sequence[Statement], used: set[str], key: tuple[object, ...]) -> None:
        self.knowledge, self.used, self.key = knowledge, used, key
        self.like = path[1]
        self.types = tuple(knowledge.concepts[c].type for c in (self.like.subject, self.like.object))
        self.shown = stems(f"{name(knowledge, path[0].subject)} {name(knowledge, path[-1].object)}")
        self._known: dict[str, bool] = {}  # statement → `_unlike`
        self.echoes = not self.shown.isdisjoint(stems(" ".join(bare_name(knowledge, s.object) for s in path[:-1])))

    def __iter__(self) -> Iterator[Statement]:
        """Yield the statements of the topic and of those near it. They are ranked group by group, because most callers take a few."""
        own, *others = near_topics(self.knowledge, self.like.discipline, self.like.topic)
        for inner, unlike in product((False, True), repeat=2):
            for topics in ([own], others):
                steps = (s for t in topics for s in self.knowledge.statements_of.get((self.like.discipline, t), ()))
                yield from self.ranked(s for s in steps if self._inner(s) is inner and self._unlike(s) is unlike)

    def ranked(self, steps: Iterable[Statement]) -> list[Statement]:
        """Return those of the steps that are of the discipline and over unused concepts, in order."""
        usable = [s for s in steps if s.discipline == self.like.discipline and self.used.isdisjoint((s.subject, s.object))]
        return sorted(by_weight(usable, "pool", *self.key, name=lambda s: s.id), key=self._place)

    def _place(self, step: Statement) -> tuple[bool, bool, bool, int]:
        types = (self.knowledge.concepts[c].type for c in (step.subject, step.object))
        same = sum(one == other for one, other in zip(types, self.types, strict=True))
        return self._inner(step), self._unlike(step), step.topic != self.like.topic, -same

    def _inner(self, step: Statement) -> bool:
        """Whether both ends are concepts inside a chain, which are right in other items."""
        return step.subject in self.knowledge.inner and step.object in self.knowledge.inner

    def _unlike(self, step: Statement) -> bool:
        """Whether the ends differ from those of the right option in whether they share a word with the stem."""
        known = self._known.get(step.id)
        if known is None:
            ends = (stems(name(self.knowledge, c)) for c in (step.subject, step.object))
            known = self._known[step.id] = all(map(self.shown.isdisjoint, ends)) is self.echoes
        return known


def _draft(
    knowledge: Knowledge,
    kind: str,
    variant: Variant,
    right: Option,
    wrongs: tuple[Option, ...] | None,
    path: Sequence[Statement],
    key: tuple[object, ...],
) -> Draft | None:
    if wrongs is None:
        return None
    stems = STEMS[kind][variant]
    start, end = name(knowledge, path[0].subject), name(knowledge, path[-1].object)
    stem = fill(stems[seed_of("stem", *key) % len(stems)], start=start, Start=capital(start), end=end)
    mentioned = {c for o in (right, *wrongs) for t in o.triples for c in (t[0], t[2])} | {path[0].subject}
    return Draft(stem, right, wrongs, frozenset(mentioned))


MECHANISM = Kind("mechanism", _sites, _mechanism)
ORDER = Kind("order", _steps, _order)
