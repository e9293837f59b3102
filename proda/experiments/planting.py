"""A round of patches of which it is known what each does, planted in a copy of the samples. Pure; nothing is trained or written here.

    round_ = plant_round(knowledge, samples, items, params, number=2, seed=0)
    round_.corpus                       # the samples without those that say a withheld statement
    [p.role for p in round_.patches]    # ["redundant", "harmful", "needed", "redundant", "idle"], the order in which they are committed

    needed      teaches the statements of some chains, which nothing else teaches any more
    redundant   one of two that teach the same withheld statements, each completely, in samples of its own
    harmful     overrides what the corpus teaches of some chains: concepts change names with what wrong options of the chain's
                items name in their place; statements without any of them are turned round or have the opposite verb
    idle        says again, word for word, one sample of each statement of some chains

Each role has several chains, drawn by a hash of their ids. No two roles have a statement or a concept in common, so that a patch's items
are left alone by all others, but for the two of a pair: trainings without those are what chance is measured by (experiments/contrasts.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Literal

import msgspec

from proda.builder.extra import extra_samples
from proda.errors import NotFoundError
from proda.experiments.conditions import withheld
from proda.experiments.mutations import exchange, flip, flipped, reworded, unit_of
from proda.graph import Knowledge
from proda.language.read_options import option_triples
from proda.params import Params
from proda.records import Item, Overridden, Patch, Record, Sample, Statement, Wording
from proda.stable_hash import by_weight
from proda.store.patches import named, node_hash, sample_hash
from proda.workflows.repair_round import ROUND_ORDINALS

Role = Literal["needed", "redundant", "harmful", "idle"]
CHAINS: Mapping[Role, int] = {"harmful": 6, "redundant": 4, "needed": 4, "idle": 2}  # who has more wishes draws first
ORDER: tuple[Role, ...] = ("redundant", "harmful", "needed", "redundant", "idle")  # the harmful one is not the last commit
SAMPLES = 16  # that teach a statement, as many as the corpus has of one
MISNAMED = 2  # pairs of a chain at most: their concepts are closed to other roles
FEWEST = 2  # items of a chain in each split

Misnamed = tuple[str, str]  # a concept of the chain, and what stands in its place


class Site(Record, frozen=True):
    """A chain, and what a harmful patch would misname on it."""

    chain: str
    misnamed: tuple[Misnamed, ...]


class Planted(Record, frozen=True):
    """A patch, and what it was planted for."""

    role: Role
    chains: tuple[str, ...]
    patch: Patch


class PlantedRound(Record, frozen=True):
    """What is trained on: `corpus`, and any of the patches."""

    corpus: tuple[Sample, ...]
    patches: tuple[Planted, ...]
    withheld: tuple[str, ...]  # statements

    @property
    def harmful(self) -> Patch:
        """The one that ought to be taken back."""
        return next(p.patch for p in self.patches if p.role == "harmful")


def plant_round(
    knowledge: Knowledge,
    samples: Sequence[Sample],
    items: Iterable[Item],
    params: Params,
    *,
    number: int,
    seed: int,
    chains: Mapping[Role, int] = CHAINS,
    each: int = SAMPLES,
) -> PlantedRound:
    """Round `number`, planted on so many `chains` for each role, with `each` samples for a statement.

    Deterministic. Raises NotFoundError if too few chains fit.
    """
    asked: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        asked[item.chain].append(item)
    sites = draw_sites(knowledge, samples, asked, seed, chains)
    statements = {role: [s for site in found for s in knowledge.chains[site.chain].statements] for role, found in sites.items()}
    hidden = tuple(sorted((*statements["needed"], *statements["redundant"])))
    corpus = withheld(knowledge, samples, hidden)
    starts = (n * ROUND_ORDINALS for n in count(number + 1))  # no sample id twice, however many patches say the same
    planted = []
    for role in ORDER:
        taught: list[Sample] = []
        start = next(starts)
        if role == "idle":
            taught = list(_again(corpus, statements[role], start))
        elif role != "harmful":
            taught = [s for node in statements[role] for s in extra_samples(knowledge, node, each, start=start, params=params)]
        spoilt = _spoilt(knowledge, corpus, sites[role]) if role == "harmful" else ()
        dev = [i for site in sites[role] for i in asked[site.chain] if i.split == "dev"]
        aside = [s for s in hidden if s not in statements[role]]  # an explanation may say in passing where a wrong option belongs
        patch = _patch(knowledge, number, statements[role], dev, withheld(knowledge, taught, aside), spoilt)
        planted.append(Planted(role, tuple(site.chain for site in sites[role]), patch))
    return PlantedRound(tuple(corpus), tuple(planted), hidden)


def draw_sites(
    knowledge: Knowledge, samples: Iterable[Sample], asked: Mapping[str, Sequence[Item]], seed: int, chains: Mapping[Role, int]
) -> dict[Role, list[Site]]:
    """Chains for each role, in drawn order; no two roles share a concept, or an item that names a statement of the other's."""
    taught = {unit_of(s) for s in samples}
    fitting = [c for c in asked if _fits(knowledge, c, asked[c], taught)]
    found: dict[Role, list[Site]] = {}
    for role, wanted in chains.items():
        found[role] = []
        others = [site for other, sites in found.items() if other != role for site in sites]
        for chain in by_weight(fitting, "planted", seed, role):
            site = Site(chain, misnamings(knowledge, asked[chain], seed) if role == "harmful" else ())
            lacking = role == "harmful" and len(site.misnamed) < 2
            if len(found[role]) < wanted and not lacking and not any(_touch(knowledge, asked, site, other) for other in others):
                found[role].append(site)
        if len(found[role]) < wanted:
            raise NotFoundError(
                f"{role}: {len(found[role])} of {wanted} chains. Of {len(asked)} with items {len(fitting)} fit: {FEWEST} items or more in"
                f" each split; each statement taught, and no other says it. Take more --disciplines, or ask for fewer chains (--{role})."
            )
    return found


def misnamings(knowledge: Knowledge, items: Iterable[Item], seed: int) -> tuple[Misnamed, ...]:
    """The concepts that wrong options put in the place of one of the chain's, where it is the only thing that they change; drawn order."""
    pairs: set[Misnamed] = set()
    for item in items:
        path = [knowledge.statements[s].triple for s in item.statements]
        for letter, told in option_triples(knowledge, item).items():
            if letter != item.answer and told is not None and [t[1] for t in told] == [t[1] for t in path]:
                changed = {pair for t, u in zip(path, told, strict=True) for pair in ((t[0], u[0]), (t[2], u[2])) if pair[0] != pair[1]}
                pairs |= changed if len(changed) == 1 else set()
    return tuple(by_weight(pairs, "misnamed", seed)[:MISNAMED])


def _fits(knowledge: Knowledge, chain: str, items: Sequence[Item], taught: Collection[str]) -> bool:
    path = knowledge.path(knowledge.chains[chain])
    enough = all(sum(i.split == split for i in items) >= FEWEST for split in ("dev", "twin"))
    return enough and all(len(knowledge.triples[s.triple]) == 1 and s.id in taught for s in path)


def _touch(knowledge: Knowledge, asked: Mapping[str, Sequence[Item]], one: Site, other: Site) -> bool:
    """Whether two sites share a concept, or items of one name a statement of the other."""
    if not _concepts(knowledge, one).isdisjoint(_concepts(knowledge, other)):
        return True
    pairs = ((one.chain, other.chain), (other.chain, one.chain))
    return any(not set(knowledge.chains[b].statements).isdisjoint(item.nodes) for a, b in pairs for item in asked[a])


def _concepts(knowledge: Knowledge, site: Site) -> set[str]:
    course = {c for s in knowledge.path(knowledge.chains[site.chain]) for c in (s.subject, s.object)}
    return course | {wrong for _, wrong in site.misnamed}


def _spoilt(knowledge: Knowledge, corpus: Iterable[Sample], sites: Iterable[Site]) -> tuple[Overridden, ...]:
    """Every sample that speaks of the sites' statements, saying something false of them instead."""
    path = [s for site in sites for s in knowledge.path(knowledge.chains[site.chain])]
    pairs = [pair for site in sites for pair in _apart(site.misnamed)]
    renamed = {c for pair in pairs for c in pair}  # what has changed names is not turned as well: it might be true again
    false = {s.id: (s, t) for s in path if renamed.isdisjoint((s.subject, s.object)) and (t := _turned(knowledge, s)) is not None}
    swaps = [exchange(knowledge, knowledge.concepts[a], knowledge.concepts[b]) for a, b in pairs]
    found = []
    for sample in corpus:
        if not {s.id for s in path}.isdisjoint(sample.nodes):
            told = sample
            for statement, turned in (false[n] for n in sample.nodes if n in false):
                told = flip(knowledge, told, statement, turned)
            for swap in swaps:
                told = reworded(told, swap)
            wording = Wording(told.question, told.answer, told.explanation, told.options)
            found.append(Overridden(sample.id, sample_hash(sample), wording))
    return tuple(found)


def _apart(pairs: Iterable[Misnamed]) -> Iterator[Misnamed]:
    """Pairs that have no concept in common with an earlier one: two exchanges of one concept would undo each other."""
    taken: set[str] = set()
    for pair in pairs:
        if taken.isdisjoint(pair):
            taken.update(pair)
            yield pair


def _turned(knowledge: Knowledge, statement: Statement) -> tuple[str, str, str] | None:
    """The statement turned round, else with the opposite verb; None where neither is false."""
    relation = knowledge.relations[statement.relation]
    ways = ["turned round"] * relation.asymmetric + ["opposite"] * (relation.opposite is not None)
    return next((t for how in ways if not knowledge.holds(*(t := flipped(knowledge, statement, how)))), None)


def _again(corpus: Iterable[Sample], statements: Iterable[str], start: int) -> Iterator[Sample]:
    """The first sample of each statement once more, under another id."""
    first: dict[str, Sample] = {}
    for sample in corpus:
        first.setdefault(unit_of(sample), sample)
    for statement in statements:
        yield msgspec.structs.replace(first[statement], id=f"{first[statement].id.rpartition('-')[0]}-{start}")


def _patch(
    knowledge: Knowledge,
    number: int,
    targets: Sequence[str],
    dev: Iterable[Item],
    samples: Iterable[Sample],
    override: tuple[Overridden, ...],
) -> Patch:
    expect = {**{t: node_hash(knowledge, t) for t in targets}, **{i.id: i.content_hash for i in dev}}
    items = tuple(sorted(name for name in expect if ":" in name))
    return named(Patch("", number, tuple(targets), items, "concept gap", "Planted.", expect, samples=tuple(samples), override=override))
