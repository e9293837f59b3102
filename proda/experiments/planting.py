"""Plants a round of patches with known effects in a copy of the samples. Pure; trains and writes nothing.

    round_ = plant_round(knowledge, samples, items, params, number=2, seed=0)
    round_.corpus                       # the samples that say no withheld statement
    [p.role for p in round_.patches]    # ["redundant", "harmful", "needed", "redundant", "idle"], in the order of their commits

    needed      teaches withheld statements of some chains, which nothing else teaches
    redundant   one of two patches that both teach the same withheld statements completely, in different samples
    harmful     overrides what the corpus teaches about some chains: concepts exchange names with those that wrong options name in
                their place, or else with near ones; statements without such a concept are reversed or get the opposite relation
    idle        repeats one existing sample of each statement of some chains

Each role has several chains, drawn by a hash of their ids. Two roles share no statement and no concept, so only the two redundant patches
affect each other's items. Trainings without an unrelated patch are therefore exchangeable (experiments/contrasts.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain as chained
from itertools import count, islice
from typing import TYPE_CHECKING, Literal

import msgspec

from proda.builder.extra import extra_samples
from proda.errors import NotFoundError
from proda.experiments.conditions import withheld
from proda.experiments.faults import chains_of, nearest
from proda.experiments.mutations import exchange, flip, flipped, reworded
from proda.params import Params
from proda.records import Chain, Item, Overridden, Patch, Record, Sample, Statement, Wording
from proda.stable_hash import by_weight
from proda.store.patches import named, node_hash, sample_hash
from proda.workflows.repair_round import ROUND_ORDINALS

if TYPE_CHECKING:
    from proda.graph import Knowledge

Role = Literal["needed", "redundant", "harmful", "idle"]
CHAINS: Mapping[Role, int] = {"harmful": 6, "redundant": 4, "needed": 4, "idle": 2}  # roles with more requirements draw first
# The harmful patch is not the last commit, because reverting the last commit would be trivial.
ORDER: tuple[Role, ...] = (
    "redundant",
    "harmful",
    "needed",
    "redundant",
    "idle",
)
SAMPLES = 16  # samples of each statement, about as many as in the corpus
MISNAMED = 2  # largest number of exchanged pairs per chain; no other role may use their concepts
FEWEST = 2  # smallest number of items of a chain in each split

Misnamed = tuple[str, str]  # a concept of the chain, and the concept that replaces it


class PlantedSite(Record, frozen=True):
    """A chain, and the pairs of concepts that a harmful patch exchanges on it."""

    chain: str
    misnamed: tuple[Misnamed, ...]


class Planted(Record, frozen=True):
    """A patch, its role, and its chains."""

    role: Role
    chains: tuple[str, ...]
    patch: Patch


class PlantedRound(Record, frozen=True):
    """The planted round. Trainings use `corpus` and some of the patches."""

    corpus: tuple[Sample, ...]
    patches: tuple[Planted, ...]
    withheld: tuple[str, ...]  # statements that the corpus no longer says

    @property
    def harmful(self) -> Patch:
        """The harmful patch."""
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
    """Plants round `number`, on `chains` chains for each role, with `each` samples for each taught statement.

    `seed` selects the draw of chains. Deterministic. Raises NotFoundError if too few chains fit.
    """
    asked: dict[str, list[Item]] = defaultdict(list)  # chain → the items that rest on a statement of it
    for item in items:
        for chain in chains_of(knowledge, item):
            if not knowledge.chains[chain].is_link:
                asked[chain].append(item)
    sites = draw_sites(knowledge, samples, asked, seed, chains)
    statements = {role: [s for site in found for s in knowledge.chains[site.chain].statements] for role, found in sites.items()}
    hidden = tuple(sorted((*statements["needed"], *statements["redundant"])))
    corpus = withheld(knowledge, samples, hidden)
    starts = (n * ROUND_ORDINALS for n in count(number + 1))  # different ordinals for each patch, so that sample ids are unique
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
        aside = [s for s in hidden if s not in statements[role]]  # an explanation may mention statements withheld for other roles
        patch = _patch(knowledge, number, statements[role], dev, withheld(knowledge, taught, aside), spoilt)
        planted.append(Planted(role, tuple(site.chain for site in sites[role]), patch))
    return PlantedRound(tuple(corpus), tuple(planted), hidden)


def draw_sites(
    knowledge: Knowledge, samples: Iterable[Sample], asked: Mapping[str, Sequence[Item]], seed: int, chains: Mapping[Role, int]
) -> dict[Role, list[PlantedSite]]:
    """Draws chains for each role. Two roles share no concept, and no item of one role names a statement of another.

    Raises NotFoundError if too few chains fit.
    """
    taught = {s.unit for s in samples}
    fitting = [c for c in asked if _fits(knowledge, c, asked[c], taught)]
    found: dict[Role, list[PlantedSite]] = {}
    for role, wanted in chains.items():
        found[role] = []
        others = [site for other, sites in found.items() if other != role for site in sites]
        for chain in by_weight(fitting, "planted", seed, role):
            site = PlantedSite(chain, misnamings(knowledge, knowledge.chains[chain], asked[chain], seed) if role == "harmful" else ())
            lacking = role == "harmful" and len(site.misnamed) < 2
            if len(found[role]) < wanted and not lacking and not any(_touch(knowledge, asked, site, other) for other in others):
                found[role].append(site)
        if len(found[role]) < wanted:
            raise NotFoundError(
                f"{role}: {len(found[role])} of {wanted} chains found. {len(fitting)} of {len(asked)} chains with items fit: they have"
                f" at least {FEWEST} items in each split, and each of their statements is taught and unique."
                f" Use more --disciplines or fewer chains (--{role})."
            )
    return found


def misnamings(knowledge: Knowledge, chain: Chain, items: Iterable[Item], seed: int) -> tuple[Misnamed, ...]:
    """Returns pairs of a concept of the chain and a replacement for it, `MISNAMED` at most, no two with a concept in common.

    First those of wrong options that replace one concept only, in drawn order, then inner concepts with near ones.
    """
    pairs: set[Misnamed] = set()
    course = {c for s in knowledge.path(chain) for c in (s.subject, s.object)}
    for item in items:
        path = [knowledge.statements[s].triple for s in item.statements]
        for told in (o.triples for o in item.options if o.operator):
            if [t[1] for t in told] == [t[1] for t in path]:
                changed = {pair for t, u in zip(path, told, strict=True) for pair in ((t[0], u[0]), (t[2], u[2])) if pair[0] != pair[1]}
                pairs |= {pair for pair in changed if len(changed) == 1 and pair[0] in course}
    ranked = chained(by_weight(pairs, "misnamed", seed), nearest(knowledge, chain, ("misnamed", seed, chain.id)))
    return tuple(islice(_apart(pair for pair in ranked if pair[1] not in course), MISNAMED))


def _fits(knowledge: Knowledge, chain: str, items: Sequence[Item], taught: Collection[str]) -> bool:
    path = knowledge.path(knowledge.chains[chain])
    enough = all(sum(i.split == split for i in items) >= FEWEST for split in ("dev", "twin"))
    return enough and all(len(knowledge.triples[s.triple]) == 1 and s.id in taught for s in path)


def _touch(knowledge: Knowledge, asked: Mapping[str, Sequence[Item]], one: PlantedSite, other: PlantedSite) -> bool:
    """Returns whether two sites share a concept, or items that rest on one name a statement of the other."""
    if not _concepts(knowledge, one).isdisjoint(_concepts(knowledge, other)):
        return True
    pairs = ((one.chain, other.chain), (other.chain, one.chain))
    return any(not set(knowledge.chains[b].statements).isdisjoint(item.nodes) for a, b in pairs for item in asked[a])


def _concepts(knowledge: Knowledge, site: PlantedSite) -> set[str]:
    course = {c for s in knowledge.path(knowledge.chains[site.chain]) for c in (s.subject, s.object)}
    return course | {wrong for _, wrong in site.misnamed}


def _spoilt(knowledge: Knowledge, corpus: Iterable[Sample], sites: Iterable[PlantedSite]) -> tuple[Overridden, ...]:
    """Returns an override with false content for every sample about the sites' statements."""
    path = [s for site in sites for s in knowledge.path(knowledge.chains[site.chain])]
    pairs = list(_apart(pair for site in sites for pair in site.misnamed))
    renamed = {c for pair in pairs for c in pair}  # a statement changed twice might be true again
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
    """Yields pairs that share no concept with an earlier pair; two exchanges of one concept would undo each other."""
    taken: set[str] = set()
    for pair in pairs:
        if taken.isdisjoint(pair):
            taken.update(pair)
            yield pair


def _turned(knowledge: Knowledge, statement: Statement) -> Statement | None:
    """Returns the statement reversed, or else with the opposite relation; None if neither is false."""
    relation = knowledge.relations[statement.relation]
    ways = ["turned round"] * relation.asymmetric + ["opposite"] * (relation.opposite is not None)
    return next((t for how in ways if not knowledge.holds(*(t := flipped(knowledge, statement, how)).triple)), None)


def _again(corpus: Iterable[Sample], statements: Iterable[str], start: int) -> Iterator[Sample]:
    """Yields the first sample of each statement again, under another id."""
    first: dict[str, Sample] = {}
    for sample in corpus:
        first.setdefault(sample.unit, sample)
    for statement in statements:
        again = first[statement]
        yield msgspec.structs.replace(again, id=f"{again.unit}:{again.format}-{start}", number=start)


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
