"""Knowledge → items: the questions of the benchmark, written before any training.

    for item in write_items(knowledge, seed=0, sealed_share=0.2): ...

The aim of every kind: the four options are equally plausible without the stem, the stem decides, and each wrong option breaks a named
statement (`Option.breaks`). Items compose what no training sample shows together: statements of different chains, or three and more.

    bridge           the concept that completes two statements of different chains
    mechanism        the two steps between two concepts
    order            the three steps that follow from a concept
    effect           the direction in which two things change
    counterfactual   what loses a cause if something does not happen
    condition        what an explanation presupposes, or does not cover
    case             an exam question with particulars, written by hand

An item that rests on a statement of a sealed chain is sealed; dev and twin use open chains alone. A twin shares a statement with the dev
item that it accompanies. There is at most one sealed item of each kind for a chain.

Deterministic. All choices for an item depend on its id and on the nodes that it may use. Editing a statement therefore rewrites the items
that use it, or that could use its concepts as distractors; no others. The kinds of a large knowledge base are written in several processes;
the result does not depend on their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from proda.graph import Knowledge
from proda.records import LETTERS, Item, ItemKind, Split
from proda.runtime.forked import forked
from proda.stable_hash import by_weight, seed_of
from proda.store.items import write_items_tree
from proda.tester.bridges import BRIDGE
from proda.tester.cases import case_drafts
from proda.tester.conditions import CONDITION
from proda.tester.counterfactuals import COUNTERFACTUAL
from proda.tester.drafts import Draft, Kind, Site, is_asked
from proda.tester.effects import EFFECT
from proda.tester.sequences import MECHANISM, ORDER
from proda.tester.sights import Sights
from proda.tester.splits import sealed_chains

FORK_FROM = 300  # chains or items; below this number, starting processes takes longer than they save
TURNS = 8  # times that practice asks about a site at most
# The kinds, each with the number of pairs of a dev item and its twin that are written for an owner (a chain or a link) at most.
QUOTAS: tuple[tuple[Kind, int], ...] = ((BRIDGE, 1), (MECHANISM, 1), (ORDER, 1), (EFFECT, 3), (COUNTERFACTUAL, 2), (CONDITION, 1))
# The kinds by how long it takes to write their items. Two processes take turns, and each has as much to do as the other.
BY_LENGTH = ("mechanism", "bridge", "order", "condition", "effect", "counterfactual")


def write_items(knowledge: Knowledge, *, seed: int, sealed_share: float, jobs: int | None = None) -> list[Item]:
    """Return the items of the knowledge, sorted by id.

    `jobs` is the number of processes (default: one from FORK_FROM chains downwards, else as `proda.runtime.forked` says).
    """
    jobs = jobs or (1 if len(knowledge.chains) < FORK_FROM else None)
    sealed = sealed_chains(knowledge.chains, sealed_share)
    sights = Sights(knowledge, jobs=jobs)
    alternating = sorted(QUOTAS, key=lambda quota: BY_LENGTH.index(quota[0].name))
    by_kind = forked(lambda each: list(_items(knowledge, sights, *each, sealed, seed)), alternating, "writing items", jobs=jobs)
    items = [*(item for written in by_kind for item in written), *_cases(knowledge, sealed)]
    return sorted(items, key=lambda item: item.id)


def write_item_files(root: Path, items: Sequence[Item], *, jobs: int | None = None) -> int:
    """Write `items` below `root` and delete all other item files. Return how many files changed. `jobs` is as in `write_items`."""
    jobs = jobs or (1 if len(items) < FORK_FROM else None)
    return write_items_tree(root, items, apply=lambda text, groups: forked(text, groups, "writing item files", jobs=jobs))


def practice_items(knowledge: Knowledge, *, seed: int, most: int) -> list[Item]:
    """Return up to `most` items of each kind about any sites, whatever their owners: practice in the kinds of question, not a benchmark.

    A kind with fewer sites asks about them again, at most TURNS times, in other wordings and with other wrong options.
    """
    items: list[Item] = []
    for kind, _ in QUOTAS:
        ranked = by_weight(kind.sites(knowledge), "practice", kind.name, seed, name=lambda s: " ".join((*s.statements, s.extra)))
        asked = enumerate((site for _ in range(TURNS) for site in ranked), start=1)
        splits: tuple[Split, Split] = ("dev", "twin")  # which have wordings of their own
        made = (_first(knowledge, kind, [site], splits[number % 2], number, frozenset(), seed) for number, site in asked)
        items += [found[1] for found in islice(filter(None, made), most)]
    return items


def _items(knowledge: Knowledge, sights: Sights, kind: Kind, pairs: int, sealed: frozenset[str], seed: int) -> Iterator[Item]:
    """The items of one kind: for each owner pairs of an item in dev and its twin, or one sealed item."""
    by_owner: dict[str, list[Site]] = defaultdict(list)
    asked = {owner for owner in knowledge.chains if is_asked(kind.name, owner)}
    for site in kind.sites(knowledge):
        if site.owner in asked:
            by_owner[site.owner].append(site)
    spent: set[str] = set()  # sealed chains that have their item
    for owner in sorted(by_owner):
        sites = [site for site in by_owner[owner] if not sights.show(site.path(knowledge))]
        chains_of = {site: {knowledge.statements[s].chain for s in site.statements} for site in sites}
        ranked = by_weight(sites, "site", kind.name, name=lambda s: " ".join((*s.statements, s.extra)))
        if owner in sealed:
            free = [site for site in ranked if spent.isdisjoint(chains_of[site] & sealed)]
            made = _first(knowledge, kind, free, "sealed", 1, frozenset(), seed)
            if made is not None:
                spent |= chains_of[made[0]] & sealed
                yield made[1]
        else:
            yield from _pairs(knowledge, kind, pairs, [site for site in ranked if sealed.isdisjoint(chains_of[site])], seed)


def _pairs(knowledge: Knowledge, kind: Kind, most: int, sites: list[Site], seed: int) -> Iterator[Item]:
    """Pairs of a dev item and its twin, over sites that share no statement with those of the pairs before."""
    for number in range(1, most + 1):
        dev = _first(knowledge, kind, sites, "dev", number, frozenset(), seed)
        if dev is None:
            return
        yield dev[1]
        barred = frozenset(o.text for n, o in enumerate(dev[1].options) if n != dev[1].key or not kind.same_key)
        near = [s for s in sites if s != dev[0] and not set(s.statements).isdisjoint(dev[0].statements)]
        twin = _first(knowledge, kind, [*near, *([dev[0]] if kind.same_key else [])], "twin", number, barred, seed)
        if twin is not None:
            yield twin[1]
        used = {*dev[0].statements, *(twin[0].statements if twin else ())}
        sites = [s for s in sites if used.isdisjoint(s.statements)]


def _first(
    knowledge: Knowledge, kind: Kind, sites: Sequence[Site], split: Split, number: int, barred: frozenset[str], seed: int
) -> tuple[Site, Item] | None:
    """The first site that an item can be written about, and the item."""
    for site in sites:
        item_id = f"{site.owner}:{split}-{kind.name}" + (f"-{number}" if number > 1 else "")
        draft = kind.write(knowledge, site, "b" if split == "twin" else "a", barred, (seed, item_id, *site.statements))
        if draft is not None:
            return site, _item(knowledge, site.owner, site.statements, item_id, split, kind.name, draft)
    return None


def _cases(knowledge: Knowledge, sealed: frozenset[str]) -> Iterator[Item]:
    """An item for each variant of each case. The cases of a chain are in dev and twin by turns; a sealed case has one item."""
    drafts = list(case_drafts(knowledge))
    of_chain: dict[str, list[str]] = defaultdict(list)
    for case, _, _ in drafts:
        of_chain[case.chain] += [case.id] if case.id not in of_chain[case.chain] else []
    spent: set[str] = set()  # chains that have their sealed case
    for case, draft, statements in drafts:
        split: Split = "dev" if sorted(of_chain[case.chain]).index(case.id) % 2 == 0 else "twin"
        if not sealed.isdisjoint({case.chain, *(knowledge.statements[s].chain for s in statements)}):
            if case.chain in spent:
                continue
            split = "sealed"
            spent.add(case.chain)
        local = case.id.removeprefix(f"{case.discipline}/")
        yield _item(knowledge, case.chain, statements, f"{case.chain}:{split}-case-{local}-{case.variant}", split, "case", draft)


def _item(knowledge: Knowledge, owner: str, statements: tuple[str, ...], item_id: str, split: Split, kind: ItemKind, draft: Draft) -> Item:
    key = seed_of("letter", item_id) % len(LETTERS)
    options = by_weight(draft.wrongs, "place", item_id, name=lambda o: o.text)
    options.insert(key, draft.right)
    chain = knowledge.chains[owner]
    return Item(
        id=item_id,
        split=split,
        kind=kind,
        discipline=chain.discipline,
        topic=chain.topic,
        chain=owner,
        statements=statements,
        nodes=tuple(sorted({*(knowledge.statements[s].chain for s in statements), *statements, *draft.mentioned})),
        stem=draft.stem,
        options=tuple(options),
        answer=LETTERS[key],
    )
