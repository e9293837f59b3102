"""Which split a chain's items belong to, fixed before any training and for good.

`sealed` is a share of the *chains*, by a hash of the stable chain id: the debugger never sees an item of theirs. The other chains
have `dev` items, which the debugger reads, and `twin` items, which ask for the same chains with other stems and other distractors.
A chain that replaces a retired one inherits its split, so that renaming cannot move an item out of the sealed set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from proda.records import Chain
from proda.stable_hash import fraction


def sealed_chains(chains: Mapping[str, Chain], share: float) -> frozenset[str]:
    """Ids of the chains whose items are sealed; a `share` of all chains, in expectation."""
    before: dict[str, list[str]] = defaultdict(list)
    for chain in sorted(chains):
        if chains[chain].replaced_by is not None:
            before[str(chains[chain].replaced_by)].append(chain)
    return frozenset(c for c in chains if fraction("sealed", _root(c, before)) < share)


def _root(chain: str, before: Mapping[str, list[str]]) -> str:
    # Where two retired chains were merged into one, the first by id decides; a circle ends where it began.
    seen = {chain}
    while earlier := [c for c in before.get(chain, ()) if c not in seen]:
        chain = earlier[0]
        seen.add(chain)
    return chain
