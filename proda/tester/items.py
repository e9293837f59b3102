"""Chains → items: the questions of the benchmark, written before any training.

The four options of a path, order or counterfactual item form a 2 × 2 design: two independent changes x and y give the options
{right, x, y, x and y}. All options differ from one another in the same way, so the right one is neither the most typical nor the
odd one out, and a solver without knowledge, or without the stem, scores at chance. The options of a missing-link item are four
terms: the right one and three near neighbours.

    for item in write_items(knowledge, seed=0, sealed_share=0.2): ...

Each option of a path, order or missing-link item records the triples that it states.

Deterministic. All choices for an item depend on its id and on the nodes it may use. Editing a chain therefore rewrites the items of
that chain, and of chains in the same discipline that use, or could use, its concepts as distractors; no others.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator
from itertools import accumulate, combinations, islice
from typing import NamedTuple

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.wording import PathStyle, Triple, bare_name, capital, clause, listing, name, path_text, path_with_gap
from proda.records import LETTERS, Chain, Item, ItemKind, Operator, Option, Split
from proda.stable_hash import by_weight, fraction, seed_of
from proda.tester import operators
from proda.tester.operators import Wrong, along, concepts_along
from proda.tester.splits import sealed_chains
from proda.tester.stems import STEMS, Variant, fill

# Pairs of changes to combine in a path item, with the share of path items that get each pair. With truncation the right option is
# one of the two longer options, with a detour one of the two shorter. Equal shares of both keep length uninformative.
DESIGNS: tuple[tuple[Operator, Operator, float], ...] = (
    ("substitution", "inversion", 0.47),
    ("substitution", "substitution", 0.43),
    ("substitution", "truncation", 0.05),
    ("substitution", "detour", 0.05),
)
STYLES: dict[Variant, PathStyle] = {"a": "which", "b": "full"}


def write_items(knowledge: Knowledge, *, seed: int, sealed_share: float) -> list[Item]:
    """Write the items of all active chains, sorted by id. A chain that is not sealed has at least three kinds in `dev` and in `twin`."""
    sealed = sealed_chains(knowledge.chains, sealed_share)
    items: list[Item] = []
    for chain in knowledge.active_chains():
        items += chain_items(knowledge, chain, sealed=chain.id in sealed, seed=seed)
    return sorted(items, key=lambda item: item.id)


def chain_items(knowledge: Knowledge, chain: Chain, *, sealed: bool, seed: int) -> list[Item]:
    """Write the items of one chain: two of each kind that fits it, or one if a second would need a distractor of the first."""
    items: list[Item] = []
    for kind, write in WRITERS.items():
        barred: frozenset[str] = frozenset()
        for variant in ("a", "b"):
            split: Split = "sealed" if sealed else ("dev" if variant == "a" else "twin")
            item_id = f"{chain.id}:{split}-{kind}" + (f"-{variant}" if sealed else "")
            draft = write(knowledge, chain, variant, barred, (seed, item_id))
            if draft is None:
                continue
            barred |= {w.text for w in draft.wrongs}
            items.append(_item(chain, item_id, split, kind, draft))
    return items


class Draft(NamedTuple):
    """What a writer decides about an item."""

    stem: str
    right: Option
    wrongs: list[Option]  # three distractors
    mentioned: set[str]  # concept ids


def _item(chain: Chain, item_id: str, split: Split, kind: ItemKind, draft: Draft) -> Item:
    key = seed_of("letter", item_id) % len(LETTERS)
    options = by_weight(draft.wrongs, "place", item_id, name=lambda o: o.text)
    options.insert(key, draft.right)
    return Item(
        id=item_id,
        split=split,
        kind=kind,
        discipline=chain.discipline,
        topic=chain.topic,
        chain=chain.id,
        statements=chain.statements,
        nodes=tuple(sorted({chain.id, *chain.statements, *draft.mentioned})),
        stem=draft.stem,
        options=tuple(options),
        answer=LETTERS[key],
    )


def _stem(kind: ItemKind, variant: Variant, key: tuple[object, ...], **places: str) -> str:
    stems = STEMS[kind][variant]
    return fill(stems[seed_of("stem", *key) % len(stems)], **places)


def _path_item(knowledge: Knowledge, chain: Chain, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    path = [s.triple for s in knowledge.path(chain)]
    concepts = concepts_along(path)
    stem = _stem("path", variant, key, start=name(knowledge, concepts[0]), end=name(knowledge, concepts[-1]))
    for first, second, _ in _designs(key):
        for wrongs in _path_designs(knowledge, chain, path, first, second, key):
            texts = [path_text(knowledge, w.triples, STYLES[variant]) for w, _ in wrongs]
            right = path_text(knowledge, path, STYLES[variant])
            if len({right, *texts}) == 4 and not barred & set(texts):
                options = [Option(text, w.operator, also, w.because, w.triples) for text, (w, also) in zip(texts, wrongs, strict=True)]
                mentioned = {c for w, _ in wrongs for t in w.triples for c in (t[0], t[2])} | set(concepts)
                return Draft(stem, Option(right, triples=tuple(path)), options, mentioned)
    return None


def _designs(key: tuple[object, ...]) -> list[tuple[Operator, Operator, float]]:
    """All designs. The one drawn by `key` comes first; the others follow in case it does not fit the chain."""
    draw = fraction("design", *key)
    upto = list(accumulate(share for _, _, share in DESIGNS))
    first = min(bisect(upto, draw), len(DESIGNS) - 1)
    return [DESIGNS[first], *(d for n, d in enumerate(DESIGNS) if n != first)]


def _path_designs(
    knowledge: Knowledge, chain: Chain, path: list[Triple], first: Operator, second: Operator, key: tuple[object, ...]
) -> Iterator[list[tuple[Wrong, Operator | None]]]:
    """Yield wrong paths (x, y, x and y), best first, where all three are verified wrong."""
    concepts = concepts_along(path)
    taken = frozenset(concepts)
    for place in by_weight(range(1, len(path)), "place", *key):
        near = near_concepts(knowledge, concepts[place - 1], concepts[place], concepts[place + 1], taken, *key, place)
        for other in islice(near, 3):
            changed = operators.substitution(knowledge, path, place, other)
            if changed is None:
                continue
            for alter in _second_changes(knowledge, chain, path, second, place, other, key):
                alone, both = alter(path), alter(list(changed.triples))
                if alone is not None and both is not None:
                    yield [(changed, None), (alone, None), (both, first)]


def _second_changes(
    knowledge: Knowledge, chain: Chain, path: list[Triple], second: Operator, place: int, other: str, key: tuple[object, ...]
) -> Iterator[Callable[[list[Triple]], Wrong | None]]:
    """Ways to apply the second operator to a path in which concept number `place` may already have been replaced by `other`."""
    concepts = concepts_along(path)
    taken = frozenset({*concepts, other})
    places = [p for p in by_weight(range(1, len(path)), "second", *key) if p != place]
    if second == "substitution":
        for spot in places:
            near = near_concepts(knowledge, concepts[spot - 1], concepts[spot], concepts[spot + 1], taken, *key, spot)
            for another in islice(near, 2):
                yield lambda steps, spot=spot, another=another: operators.substitution(knowledge, steps, spot, another)  # type: ignore[misc]
    elif second == "inversion":
        for one, two in by_weight(combinations(range(1, len(path)), 2), "swap", *key):
            yield lambda steps, one=one, two=two: operators.inversion(knowledge, steps, one, two)  # type: ignore[misc]
    elif second == "truncation":
        if place != len(path) - 1:  # otherwise the truncated path would end at the replaced concept and say nothing false
            yield lambda steps: operators.truncation(knowledge, steps)
    elif second == "detour":
        aside = operators.asides(knowledge, knowledge.statements[chain.statements[0]], [*path, (other, "", other)], *key)[:2]
        for spot in by_weight(range(1, len(path) - 1), "detour", *key):
            yield lambda steps, spot=spot: operators.detour(knowledge, steps, spot, aside)  # type: ignore[misc]


def _missing_link_item(
    knowledge: Knowledge, chain: Chain, variant: Variant, barred: frozenset[str], key: tuple[object, ...]
) -> Draft | None:
    path = [s.triple for s in knowledge.path(chain)]
    concepts = concepts_along(path)
    # The twin asks for another link: both variants use the same order of places and start at different ones.
    places = by_weight(range(1, len(path)), "gap", chain.id)
    for place in places if variant == "a" else [*places[1:], places[0]]:
        before, here, after = concepts[place - 1 : place + 2]
        options: list[Option] = []
        mentioned = set(concepts)
        for other in near_concepts(knowledge, before, here, after, frozenset(concepts), *key):
            wrong = operators.substitution(knowledge, path, place, other)
            text = name(knowledge, other)
            if wrong is not None and text not in barred:
                options.append(Option(text, wrong.operator, None, wrong.because, wrong.triples))
                mentioned.add(other)
            if len(options) == 3:
                shown = path_with_gap(knowledge, path, place)
                stem = _stem("missing-link", variant, key, shown=shown, Shown=capital(shown))
                return Draft(stem, Option(name(knowledge, here), triples=tuple(path)), options, mentioned)
    return None


def _order_item(knowledge: Knowledge, chain: Chain, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    path = [s.triple for s in knowledge.path(chain)]
    concepts, relations = concepts_along(path), [t[1] for t in path]
    # Two swaps of disjoint pairs commute, so their four combinations differ from one another in the same way.
    swaps = [(p, q) for p, q in combinations(combinations(range(len(concepts)), 2), 2) if not set(p) & set(q)]
    right = path_text(knowledge, path, STYLES[variant])
    # If two relations are symmetric, or the chain leads back to its start, another order may be right as well.
    if sum(knowledge.relations[r].symmetric for r in relations) > 1 or knowledge.leads(concepts[-1], concepts[0]):
        return None
    ranked = by_weight(swaps, "swaps", *key)
    # Prefer orders that are strictly wrong (see operators.unsupported); few chains have them.
    for strict, (one, two) in [(True, s) for s in ranked] + [(False, s) for s in ranked]:
        options = []
        for number, pairs in enumerate(((one,), (two,), (one, two))):
            moved = list(concepts)
            for left, other in pairs:
                moved[left], moved[other] = moved[other], moved[left]
            wrong = operators.unsupported(knowledge, along(moved, relations), strict=strict)
            if wrong is None:
                break
            triples = along(moved, relations)
            because = f"“{clause(knowledge, wrong)}” is neither stated nor implied."
            also: Operator | None = "inversion" if number == 2 else None
            options.append(Option(path_text(knowledge, triples, STYLES[variant]), "inversion", also, because, triples))
        texts = {o.text for o in options}
        if len(options) == 3 and len({right, *texts}) == 4 and not texts & barred:
            shuffled = by_weight(concepts, "shuffle", *key)
            terms = listing([name(knowledge, c) for c in shuffled])
            return Draft(_stem("order", variant, key, terms=terms), Option(right, triples=tuple(path)), options, set(concepts))
    return None


def _counterfactual_item(
    knowledge: Knowledge, chain: Chain, variant: Variant, barred: frozenset[str], key: tuple[object, ...]
) -> Draft | None:
    path = [s.triple for s in knowledge.path(chain)]
    if not all(knowledge.relations[relation].generative for _, relation, _ in path):
        return None
    concepts = concepts_along(path)
    cases = [
        (stopped, failing, still)
        for stopped in range(1, len(path))
        for failing in range(stopped + 1, len(concepts))
        for still in range(stopped)
    ]
    for stopped, failing, still in by_weight(cases, "case", *key):
        gone, stays = concepts[failing], concepts[still]
        near = near_concepts(knowledge, concepts[stopped], gone, gone, frozenset(concepts), *key)
        for other in islice((o for o in near if not knowledge.leads(concepts[stopped], o)), 3):
            yes, what = name(knowledge, stays), name(knowledge, concepts[stopped])
            outside = f"Nothing leads from {what} to {name(knowledge, other)}."
            upstream = f"In this explanation {yes} comes before {what} and does not need it."
            options = [
                Option(_consequence(knowledge, other, stays), "substitution", None, outside),
                Option(_consequence(knowledge, stays, gone), "inversion", None, upstream),
                Option(_consequence(knowledge, stays, other), "inversion", "substitution", upstream),
            ]
            right = _consequence(knowledge, gone, stays)
            texts = {o.text for o in options}
            if len({right, *texts}) == 4 and not texts & barred and not knowledge.leads(concepts[stopped], stays):
                places = {"stopped": bare_name(knowledge, concepts[stopped]), "explains": chain.explains}
                return Draft(_stem("counterfactual", variant, key, **places), Option(right), options, {*concepts, other})
    return None


def _consequence(knowledge: Knowledge, failing: str, still: str) -> str:
    """For example "bending would be missing, while heating would remain"."""
    return f"{name(knowledge, failing)} would be missing, while {name(knowledge, still)} would remain"


WRITERS: dict[ItemKind, Callable[[Knowledge, Chain, Variant, frozenset[str], tuple[object, ...]], Draft | None]] = {
    "path": _path_item,
    "missing-link": _missing_link_item,
    "order": _order_item,
    "counterfactual": _counterfactual_item,
}
