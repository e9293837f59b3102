"""Statements over shared concepts → chains: the object of each is the subject of the next.

    linked({"k1": ("heating", "causes", "expansion"), "k2": ("expansion", "causes", "stress"), "k3": ("stress", "causes", "buckling")},
           relations, taken=())
    # [("k1", "k2", "k3")]
    chain_id("heating", "rail-buckling", taken=())           # "heating-to-rail-buckling"

A chain has 3 to 6 statements whose relations are steps (relations.yaml), and passes through no concept twice. Longer chains go first, then
those that begin earlier in the text. No two chains share two consecutive statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from proda.extraction.names import concept_id
from proda.records import Relation, Triple

LEAST, MOST = 3, 6  # statements of a chain
MOST_PATHS = 20_000  # paths that are looked at in one source

Pair = tuple[Triple, Triple]


def linked(triples: Mapping[str, Triple], relations: Mapping[str, Relation], taken: Iterable[Sequence[Triple]]) -> list[tuple[str, ...]]:
    """Chains of the statements whose keys `triples` maps to triples, in the order of the text. `taken` are the chains that there are.

    Deterministic; the order of `triples` decides between chains of the same length.
    """
    order = {key: place for place, key in enumerate(triples)}
    after: dict[str, list[str]] = {}
    for key, (subject, relation, target) in triples.items():
        if relation in relations and relations[relation].step and subject != target:
            after.setdefault(subject, []).append(key)
    used: set[Pair] = {pair for chain in taken for pair in pairwise(chain)}
    found: list[tuple[str, ...]] = []
    paths = sorted(_paths(triples, after), key=lambda p: (-len(p), [order[k] for k in p]))
    for path in paths:
        pairs = set(pairwise([triples[key] for key in path]))
        if not pairs & used:
            used |= pairs
            found.append(path)
    return found


def _paths(triples: Mapping[str, Triple], after: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """All paths of LEAST to MOST statements that pass through no concept twice, at most MOST_PATHS."""
    found: list[tuple[str, ...]] = []
    for start in triples:
        if start not in after.get(triples[start][0], ()):
            continue
        stack: list[tuple[tuple[str, ...], frozenset[str]]] = [((start,), frozenset((triples[start][0], triples[start][2])))]
        while stack:
            path, passed = stack.pop()
            if len(path) >= LEAST:
                found.append(path)
                if len(found) >= MOST_PATHS:
                    return found
            if len(path) < MOST:
                for key in reversed(after.get(triples[path[-1]][2], ())):
                    target = triples[key][2]
                    if target not in passed:
                        stack.append(((*path, key), passed | {target}))
    return found


def explanation(first: str, last: str, relations: Sequence[Relation]) -> str:
    """What a chain explains, to complete "This explains …": "how heating leads to rail buckling"."""
    signs = [r.sign for r in relations]
    if any(r.generative for r in relations) and all(sign == "+" or r.generative for sign, r in zip(signs, relations, strict=True)):
        return f"how {first} leads to {last}"
    return f"how {first} affects {last}"


def chain_id(first: str, last: str, taken: Collection[str]) -> str:
    """The id of a chain from the concept `first` to `last`, with a number if it is in `taken`."""
    base = concept_id(f"{first.rpartition('/')[2]} to {last.rpartition('/')[2]}")
    name, count = base, 2
    while name in taken:
        name, count = f"{base}-{count}", count + 1
    return name
