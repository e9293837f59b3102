"""Assign the chains to splits. The assignment is fixed before any training and does not change.

A share of the *chains* is `sealed`, chosen by a hash of the chain id; the debugger never reads their items. The other chains have
`dev` items, which the debugger reads, and `twin` items, which ask about the same chains with other stems and distractors. A chain
that replaces a retired one inherits its split, so renaming cannot move an item out of the sealed set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from proda.records import Chain
from proda.stable_hash import fraction


def sealed_chains(chains: Mapping[str, Chain], share: float) -> frozenset[str]:
    """Return the ids of the sealed chains: in expectation, a `share` of all chains. Links are never sealed; what rests on them may be."""
    before: dict[str, list[str]] = defaultdict(list)
    for chain in sorted(chains):
        if chains[chain].replaced_by is not None:
            before[str(chains[chain].replaced_by)].append(chain)
    return frozenset(c for c in chains if not chains[c].is_link and fraction("sealed", _root(c, before)) < share)


def _root(chain: str, before: Mapping[str, list[str]]) -> str:
    # If two retired chains were merged into one, the first by id decides. `seen` ends circular replacements.
    seen = {chain}
    while earlier := [c for c in before.get(chain, ()) if c not in seen]:
        chain = earlier[0]
        seen.add(chain)
    return chain
