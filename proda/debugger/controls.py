"""Does failing a probe tell anything? Nodes that no failure points at are asked the same, and what fails there as often blames nobody.

    drawn = controls(knowledge, items, failed, count=200)      # statements under items that were answered rightly
    found = discrimination(suspected, asked, unknown)           # sets of nodes that were probed in one way
    found.telling                                               # False: 82 of 100 controls fail as well, 83 of 100 suspects

A small model that has hardly been taught definitions fails most of them, whatever it answers. Pure; draws are by hash.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from proda.graph import Knowledge
from proda.records import Item, Record, Statement
from proda.stable_hash import by_weight
from proda.statistics import at_least

FEWEST = 20  # control nodes; with fewer, nothing is held against a kind of probe
RARE = 0.25  # where at most so many controls fail, a failure tells by itself
LIFT, LEVEL = 1.25, 0.05  # else suspects must fail so many times as often, and not by chance


class Discrimination(Record, frozen=True):
    """How many suspected nodes most models do not know, beside nodes that nothing points at."""

    suspected: int
    unknown: int
    controls: int
    controls_unknown: int
    telling: bool  # whether this kind of probe may blame


def controls(knowledge: Knowledge, items: Iterable[Item], failed: Collection[str], *, count: int) -> list[Statement]:
    """At most `count` statements on chains that have items, none of which failed; drawn by hash, in order of id."""
    chains = {item.chain for item in items if item.id not in failed} - {item.chain for item in items if item.id in failed}
    pool = [s for c in sorted(chains) if c in knowledge.chains for s in knowledge.chains[c].statements]
    return [knowledge.statements[s] for s in sorted(by_weight(pool, "control")[:count])]


def discrimination(suspected: Collection[str], asked: Collection[str], unknown: Collection[str]) -> Discrimination:
    """Of nodes probed in one way: the suspected ones, the controls `asked`, and all that are `unknown`, of either."""
    blamed, free = sum(n in unknown for n in suspected), sum(n in unknown for n in asked)
    often = len(asked) >= FEWEST and free > RARE * len(asked)
    more = blamed * len(asked) >= LIFT * free * len(suspected)
    telling = not often or (more and at_least(blamed, len(suspected), free, len(asked)) < LEVEL)
    return Discrimination(len(suspected), blamed, len(asked), free, telling)
