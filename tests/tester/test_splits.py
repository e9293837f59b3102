"""The sealed chains: a share of all chains, never a link, and a chain that replaces another inherits its split."""

from __future__ import annotations

import msgspec

from proda.tester.splits import sealed_chains
from tests.tester.world import WORLD
from tests.toyworld import wide_knowledge

CHAINS = wide_knowledge(400).chains
replace = msgspec.structs.replace


def test_a_share_of_the_chains_is_sealed() -> None:
    assert 0.15 < len(sealed_chains(CHAINS, 0.2)) / len(CHAINS) < 0.25
    assert sealed_chains(CHAINS, 0.0) == frozenset() and sealed_chains(CHAINS, 0.1) < sealed_chains(CHAINS, 0.3)


def test_a_link_is_never_sealed() -> None:
    links = {c.id for c in WORLD.chains.values() if c.is_link}
    assert len(links) > 50 and sealed_chains(WORLD.chains, 1.0) == WORLD.chains.keys() - links


def test_an_heir_of_a_sealed_chain_is_sealed() -> None:
    old = next(c for c in sorted(sealed_chains(CHAINS, 0.2)) if c.startswith("weaving/"))
    heir, retired = replace(CHAINS[old], id="weaving/renamed"), replace(CHAINS[old], status="retired", replaced_by="weaving/renamed")
    assert "weaving/renamed" in sealed_chains({**CHAINS, old: retired, heir.id: heir}, 0.2)


def test_an_heir_of_an_open_chain_is_open_whatever_its_own_hash() -> None:
    sealed = sealed_chains(CHAINS, 0.2)
    old = next(c for c in sorted(CHAINS) if c not in sealed)
    names = [f"weaving/heir-{n}" for n in range(30)]
    assert sealed_chains({name: replace(CHAINS[old], id=name) for name in names}, 0.2)  # by its own hash, one of them would be
    for name in names:
        moved = {**CHAINS, old: replace(CHAINS[old], status="retired", replaced_by=name), name: replace(CHAINS[old], id=name)}
        assert name not in sealed_chains(moved, 0.2)


def test_replacements_in_a_circle_end() -> None:
    one, two = (
        replace(CHAINS[c], replaced_by=other)
        for c, other in (("weaving/story-1", "weaving/story-2"), ("weaving/story-2", "weaving/story-1"))
    )
    sealed_chains({one.id: one, two.id: two}, 0.5)
