"""Concepts that may be one → pairs for people to decide (knowledge/merges.yaml). Nothing is merged here.

    nominated([StandingConcept("physics/resonance", …), StandingConcept("chemistry/resonance", …)], merges=())
    # one pair: "the same name in two disciplines"

Pairs are nominated for the same name in two disciplines, and within one discipline for a name that is an alias or the plural of another, or
that is spelt alike. Measured on textbook glossaries: of 60 names that two disciplines share, 51 mean two things; of 40 pairs of names that
are 95 % alike and differ in no number, 7 are one concept. So each pair waits for a decision, and a refused pair is not nominated again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from proda.extraction.names import differ_in_number, join_key, opposed, singular_keys
from proda.records import Record
from proda.store.merges import Merge, MergeEvidence

ALIKE = 0.95  # similarity of two names, from which they are nominated
_BLOCK = 4  # letters that two names must begin with to be compared
LONGEST_QUOTE = 200  # characters of a definition in the evidence
HOMONYM = "the same name in two disciplines"
ALIAS = "the name of one is an alias of the other"
PLURAL = "the name of one is the plural of the other's"
SPELT = "the names are spelt alike"


class StandingConcept(Record, frozen=True):
    """A concept of the knowledge, or one that a source proposes."""

    id: str  # "<discipline>/<concept>"
    term: str
    aliases: tuple[str, ...]
    source: str  # empty for one of the knowledge
    definition: str


def nominated(concepts: Iterable[StandingConcept], merges: Sequence[Merge]) -> tuple[Merge, ...]:
    """`merges` with new pairs after them, sorted. Undecided pairs of which a concept no longer stands are removed.

    Pairs of which both concepts stand in the knowledge are not nominated: `distinct_from` and `proda check` deal with them.
    """
    standing: dict[str, list[StandingConcept]] = {}
    for concept in sorted(concepts, key=lambda c: (c.source, c.id)):
        standing.setdefault(concept.id, []).append(concept)
    kept = [m for m in merges if m.status != "proposed" or (m.keep in standing and m.drop in standing)]
    had = {m.pair for m in merges}
    found: dict[frozenset[str], Merge] = {}
    for one, other, why in _pairs(standing):
        pair = frozenset((one, other))
        if pair in had or pair in found or all(standing[name][0].source == "" for name in pair):
            continue
        keep, drop = _ordered(standing[one], standing[other])
        evidence = tuple(MergeEvidence(c.id, c.term, c.source, c.definition[:LONGEST_QUOTE]) for c in (keep, drop))
        found[pair] = Merge(keep.id, drop.id, "proposed", why, evidence)
    return (*kept, *sorted(found.values(), key=lambda m: (m.keep, m.drop)))


def _ordered(one: Sequence[StandingConcept], other: Sequence[StandingConcept]) -> tuple[StandingConcept, StandingConcept]:
    """Which of two concepts is kept: the knowledge's, else that of more sources, else the one that is no plural, else the first by id."""

    def rank(group: Sequence[StandingConcept], against: Sequence[StandingConcept]) -> tuple[bool, int, bool, str]:
        plural = join_key(against[0].term) in singular_keys(join_key(group[0].term))
        return group[0].source != "", -len(group), plural, group[0].id

    first, second = sorted(((one, other), (other, one)), key=lambda pair: rank(*pair))
    return first[0][0], second[0][0]


def _pairs(standing: dict[str, list[StandingConcept]]) -> Iterator[tuple[str, str, str]]:
    terms: dict[str, list[str]] = {}  # key of a term → ids
    names: dict[str, list[str]] = {}  # key of a term or alias → ids
    for name, group in standing.items():
        for key in dict.fromkeys(join_key(c.term) for c in group):
            terms.setdefault(key, []).append(name)
        for key in dict.fromkeys(join_key(n) for c in group for n in (c.term, *c.aliases)):
            names.setdefault(key, []).append(name)
    for key, ids in sorted(names.items()):
        for other in ids[1:]:
            if _discipline(ids[0]) != _discipline(other):
                yield ids[0], other, HOMONYM
            elif not differ_in_number(ids[0], other):
                yield ids[0], other, ALIAS
        for one in singular_keys(key):
            for first in terms.get(one, ()):
                for other in terms.get(key, ()):
                    if first != other and _discipline(first) == _discipline(other):
                        yield first, other, PLURAL
    yield from _alike(standing)


def _alike(standing: dict[str, list[StandingConcept]]) -> Iterator[tuple[str, str, str]]:
    blocks: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for name, group in standing.items():
        term = group[0].term
        key = join_key(term)
        blocks.setdefault((_discipline(name), key[:_BLOCK]), []).append((key, term, name))
    for _, block in sorted(blocks.items()):
        block.sort()
        for place, (key, term, name) in enumerate(block):
            for other_key, other_term, other in block[place + 1 :]:
                if key == other_key or abs(len(key) - len(other_key)) > 2 or len(key) < 12:
                    continue
                matcher = SequenceMatcher(None, key, other_key, autojunk=False)
                if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
                    continue
                if not differ_in_number(term, other_term) and not opposed(term, other_term):
                    yield name, other, SPELT


def _discipline(name: str) -> str:
    return name.partition("/")[0]
