"""Condition items: which condition does an explanation rest on, or which case does it not cover?

    An explanation runs from heating by way of expansion to stress. What does it presuppose?      the rail is fixed at both ends

The stem names three concepts of a chain and not what it explains. The right option is one of the chain's preconditions or exclusions, the
wrong ones are those of other chains of the discipline that share no concept with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.graph import Knowledge
from proda.language.wording import name
from proda.records import Chain, Option
from proda.stable_hash import by_weight, fraction, seed_of
from proda.tester.drafts import Draft, Kind, Site, Variant, alike, by_turns, chosen, fill, is_asked, stands_out

REFUSED = 0.7  # share of the drafts whose right option echoes the stem most that are given up
STEMS: dict[str, dict[Variant, tuple[str, ...]]] = {
    "preconditions": {
        "a": (
            "An explanation runs from {start} by way of {through} to {end}. What does it presuppose?",
            "One argues from {start} through {through} to {end}. Which condition does that need?",
        ),
        "b": (
            "When may one argue from {start} to {end} by way of {through}?",
            "Someone explains {end} by {start}, with {through} in between. What has to be the case for that?",
        ),
    },
    "exclusions": {
        "a": (
            "An explanation runs from {start} by way of {through} to {end}. Which case does it not cover?",
            "One argues from {start} through {through} to {end}. Where does that not apply?",
        ),
        "b": (
            "For which case may one not argue from {start} to {end} by way of {through}?",
            "Someone explains {end} by {start}, with {through} in between. In which case would that be out of place?",
        ),
    },
}


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    """A chain with conditions. `extra` names the sort of condition, its number, and the statement that ends at the concept in between."""
    for chain in knowledge.active_chains():
        for sort in STEMS:
            for number in range(len(getattr(chain, sort))):
                for place in range(len(chain.statements) - 1):
                    yield Site(chain.id, chain.statements, f"{sort}-{number}-{place}")


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    chain = knowledge.chains[site.owner]
    sort, number, place = site.extra.split("-")
    path = site.path(knowledge)
    shown = (path[0].subject, path[int(place)].object, path[-1].object)
    said = " ".join(name(knowledge, c) for c in shown)
    right = Option(getattr(chain, sort)[int(number)])
    options = list(_distractors(knowledge, chain, sort, site, key))
    asked, others = ([o for o, is_asked in options if is_asked is wanted] for wanted in (True, False))
    ranked = [alike(group, lambda o: o.text, right.text, said) for group in (asked, others)]
    if fraction("first", *key) < 0.5:
        ranked.reverse()
    wrongs = chosen(by_turns(*ranked), right, barred)
    if wrongs is None or (fraction("echo", *key) < REFUSED and stands_out(right, wrongs, said)):
        return None
    stems = STEMS[sort][variant]
    start, through, end = (name(knowledge, c) for c in shown)
    stem = fill(stems[seed_of("stem", *key) % len(stems)], start=start, through=through, end=end)
    return Draft(stem, right, wrongs, frozenset(shown))


def _distractors(knowledge: Knowledge, chain: Chain, sort: str, site: Site, key: tuple[object, ...]) -> Iterator[tuple[Option, bool]]:
    """Yield the conditions of other chains, those of the same topic first, and whether items ask for the conditions of that chain.

    An item takes both sorts by turns. Otherwise the right option would be the one that is right in no other item.
    """
    own = _concepts(knowledge, chain)
    others = [
        other
        for other in knowledge.active_chains()
        if other.discipline == chain.discipline and other.id != chain.id and own.isdisjoint(_concepts(knowledge, other))
    ]
    for other in sorted(by_weight(others, "condition", *key, name=lambda c: c.id), key=lambda c: c.topic != chain.topic):
        for text in by_weight(getattr(other, sort), "which", *key)[:1]:
            because = f"That belongs to the explanation of {other.explains}."
            yield Option(text, "near", None, because, (), site.statements), is_asked("condition", other.id)


def _concepts(knowledge: Knowledge, chain: Chain) -> frozenset[str]:
    return frozenset(c for s in knowledge.path(chain) for c in (s.subject, s.object))


CONDITION = Kind("condition", _sites, _write)
