"""Statements → the chains of the proposals, with the chains that there were.

chains_of(statements, explained, earlier, wordings, settled)["heating-to-rail-buckling"].statements
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from proda.extraction.chains import chain_id, explanation, linked
from proda.extraction.settled import Settled
from proda.extraction.statement_proposals import LIVE
from proda.store.proposals import ProposedChain, ProposedStatement

BROKEN = "a statement of it is withdrawn or rejected"


def chains_of(
    statements: Mapping[str, ProposedStatement],
    given: Iterable[ProposedChain],
    earlier: Mapping[str, ProposedChain],
    wordings: Mapping[str, str],
    taken: frozenset[str],
    settled: Settled,
) -> dict[str, ProposedChain]:
    """The chains by id, sorted. `given` are chains that the backend itself ordered; others are linked from the statements.

    `wordings` maps concept → how a sentence names it. An id in `taken` (concepts, chains of the knowledge) is not used. A rejected chain
    is not proposed again, nor is one that shares two consecutive statements with it, or with one that people have accepted or joined.
    """
    kept = {name: _again(chain, statements) for name, chain in earlier.items()}
    had = {chain.statements for chain in kept.values()}
    decided = {pair for c in kept.values() if c.added or c.status in ("accepted", "rejected") for pair in pairwise(c.statements)}
    live = {key: s for key, s in statements.items() if s.status in LIVE}
    new: list[ProposedChain] = [
        chain
        for chain in given
        if chain.statements not in had and all(key in live for key in chain.statements) and not {*pairwise(chain.statements)} & decided
    ]
    standing = [chain.statements for chain in (*kept.values(), *new) if chain.status != "withdrawn"]
    triples = {key: settled.triple(s) for key, s in live.items()}
    every = {key: settled.triple(s) for key, s in statements.items()}
    for path in linked(triples, settled.relations, [[every[k] for k in keys if k in every] for keys in standing]):
        if path not in had:
            first, last = live[path[0]], live[path[-1]]
            relations = [settled.relations[live[key].relation] for key in path]
            subject = first.subject_as or wordings.get(first.subject, first.subject)
            target = last.object_as or wordings.get(last.object, last.object)
            new.append(ProposedChain(explanation(subject, target, relations), path))
    used = {*taken, *kept}
    for chain in new:
        name = chain_id(live[chain.statements[0]].subject, live[chain.statements[-1]].object, used)
        used.add(name)
        kept[name] = chain
    return dict(sorted(kept.items()))


def _again(chain: ProposedChain, statements: Mapping[str, ProposedStatement]) -> ProposedChain:
    """An earlier chain: withdrawn if one of its statements is, proposed again when all are back."""
    whole = all(statements[key].status in LIVE for key in chain.statements if key in statements)
    if chain.status in ("proposed", "accepted") and not whole:
        return msgspec.structs.replace(chain, status="withdrawn", reason=BROKEN)
    if chain.status == "withdrawn" and whole:
        return msgspec.structs.replace(chain, status="proposed", reason="")
    return chain
