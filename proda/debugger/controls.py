"""Is a kind of probe reliable? Nodes of correctly answered items form a control group that is probed in the same way.

    drawn = controls(knowledge, items, failed, count=200)      # statements of items that were answered correctly
    found = discrimination(suspected, asked, unknown)           # sets of nodes that were probed with one kind of probe
    found.telling                                               # False: 82 of 100 controls fail as well, 83 of 100 suspects

A kind of probe is ignored if its failure rate on controls is too close to its rate on suspected nodes. For example, a small model that was
taught few definitions fails most concept probes, whatever items it answers. Pure; draws are by hash.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

from proda.graph import Knowledge
from proda.records import Item, Record, Statement
from proda.stable_hash import by_weight
from proda.statistics import at_least

Node = TypeVar("Node", bound=Hashable)
FEWEST = 20  # control nodes; with fewer, a kind of probe is taken as reliable
RARE = 0.25  # a kind of probe is reliable if at most this share of controls fails it
LIFT, LEVEL = 1.25, 0.05  # otherwise suspects must fail this many times as often, at this significance level


class Discrimination(Record, frozen=True):
    """Failure counts of one kind of probe on suspected nodes and on the control group."""

    suspected: int
    unknown: int
    controls: int
    controls_unknown: int
    telling: bool  # whether this kind of probe is reliable, so that nodes may be blamed for failing it


def controls(knowledge: Knowledge, items: Iterable[Item], failed: Collection[str], *, count: int) -> list[Statement]:
    """Return at most `count` statements that items rest on, none of them failed; drawn by hash, sorted by id."""
    wanted, unwanted = set[str](), set[str]()
    for item in items:
        (unwanted if item.id in failed else wanted).update(item.statements)
    pool = sorted(s for s in wanted - unwanted if s in knowledge.statements)
    return [knowledge.statements[s] for s in sorted(by_weight(pool, "control")[:count])]


def discrimination(
    suspected: Collection[Node], asked: Collection[Node], unknown: Collection[Node], *, fewest: int = FEWEST
) -> Discrimination:
    """Compare failure rates for one kind of probe.

    `suspected` are the suspected nodes, `asked` the controls, `unknown` the nodes of both groups that most models do not know. With less
    than `fewest` controls the kind is taken as reliable.
    """
    blamed, free = sum(n in unknown for n in suspected), sum(n in unknown for n in asked)
    often = len(asked) >= fewest and free > RARE * len(asked)
    more = blamed * len(asked) >= LIFT * free * len(suspected)
    telling = not often or (more and at_least(blamed, len(suspected), free, len(asked)) < LEVEL)
    return Discrimination(len(suspected), blamed, len(asked), free, telling)
