"""Which kinds of item say something about statements? A kind that is failed as often when every statement is known says nothing.

    worth = item_kinds(items, failed, lacking, repaired=())
    worth["effect"]            Discrimination(suspected=31, unknown=23, controls=30, controls_unknown=22, telling=False)

A small model fails most effect items, whatever it knows: it cannot compose signs. Teaching it the statements of such items does not help.
So the items of a kind are counted by whether most models lack one of their statements (`suspected`) or know them all (`controls`), and by
whether most models fail them (`unknown`, `controls_unknown`). For condition items the condition stands for the statements. The rule is that
of the kinds of probe (controls.py).

After a repair this comparison is biased: the statements under the failed items have just been taught, those of items that were answered by
luck have not. The kinds are then those that the patches on disk were written for. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from proda.debugger.controls import LEVEL, LIFT, Discrimination, discrimination
from proda.records import Item
from proda.statistics import at_least

FEWEST = 10  # items with an unknown statement, and items without; with fewer of either, a kind is taken as telling


def item_kinds(
    items: Iterable[Item], failed: Collection[str], lacking: Collection[str], repaired: Collection[str] = ()
) -> dict[str, Discrimination]:
    """Return kind of item → how often items of that kind are failed with and without an unknown statement, by kind.

    `lacking` are the items that ask for something most models do not know, `repaired` those that patches were written for. Items that
    record no statement are left out.
    """
    of_kind: dict[str, list[Item]] = {}
    for item in items:
        if item.statements:
            of_kind.setdefault(item.kind, []).append(item)
    served = {item.kind for group in of_kind.values() for item in group if item.id in repaired}
    found: dict[str, Discrimination] = {}
    for kind, group in sorted(of_kind.items()):
        without = {item.id for item in group if item.id in lacking}
        known = {item.id for item in group} - without
        told = discrimination(without, known, failed, fewest=FEWEST)
        few = min(len(without), len(known)) < FEWEST
        found[kind] = msgspec.structs.replace(told, telling=kind in served if served else few or told.telling)
    return found


def shown_by_items(kinds: Mapping[str, Discrimination]) -> bool:
    """Return whether items of some kind are failed more often, and significantly so, if a statement that they rest on is unknown.

    Then the probes of statements are reliable, whatever the comparison of suspects with controls says: it has less to go by, since an item
    that was answered by luck gives controls, and each failed item gives several suspects. Condition items do not count, because conditions
    have probes of their own. `kinds` is what `item_kinds` returns.
    """
    return any(
        found.unknown * found.controls >= LIFT * found.controls_unknown * found.suspected
        and at_least(found.unknown, found.suspected, found.controls_unknown, found.controls) < LEVEL
        for kind, found in kinds.items()
        if kind != "condition"
    )
