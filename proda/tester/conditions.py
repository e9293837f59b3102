"""Condition items: which condition does an explanation rest on, or which case does it not cover?

    An explanation runs from heating by way of expansion to stress. What does it presuppose?      the rail is fixed at both ends

The stem names three concepts of a chain and not what it explains. The right option is one of the chain's preconditions or exclusions, the
wrong ones are those of other chains of the discipline that share no concept with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.graph import Knowledge
from proda.language.near_topics import near_topics
from proda.language.wording import name
from proda.records import Chain, Option
from proda.stable_hash import by_weight, fraction, seed_of
from proda.tester.drafts import Draft, Kind, Site, Variant, by_turns, chosen, fill, is_asked, preferred, stands_out

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
    sources = _Others(knowledge, chain, sort, site, key)
    ranked = [preferred(sources.options(asked), lambda o: o.text, right.text, said) for asked in (True, False)]
    if fraction("first", *key) < 0.5:
        ranked.reverse()
    wrongs = chosen(by_turns(*ranked), right, barred)
    if wrongs is None or (fraction("echo", *key) < REFUSED and stands_out(right, wrongs, said)):
        return None
    stems = STEMS[sort][variant]
    start, through, end = (name(knowledge, c) for c in shown)
    stem = fill(stems[seed_of("stem", *key) % len(stems)], start=start, through=through, end=end)
    return Draft(stem, right, wrongs, frozenset(shown))


class _Others:
    """The conditions of other chains: of those of the same topic, then of those of the topics near it.

    An item takes by turns from chains whose conditions items ask for, and from others. Otherwise the right option would be the one that is
    right in no other item.
    """

    def __init__(self, knowledge: Knowledge, chain: Chain, sort: str, site: Site, key: tuple[object, ...]) -> None:
        self.knowledge, self.chain, self.sort, self.site, self.key = knowledge, chain, sort, site, key
        own, *others = near_topics(knowledge, chain.discipline, chain.topic)
        self._tiers = [[own], others]
        self._ranked: dict[int, list[Chain]] = {}

    def options(self, asked: bool) -> Iterator[list[Option]]:
        """Yield the options of each tier, from chains whose conditions items ask for or do not. A tier is ranked when it is reached."""
        for number in range(len(self._tiers)):
            chains = [c for c in self._chains(number) if is_asked("condition", c.id) is asked]
            yield [self._option(other, text) for other in chains for text in self._text(other)]

    def _chains(self, number: int) -> list[Chain]:
        if number not in self._ranked:
            course = self.knowledge.course(self.chain)
            places = ((self.chain.discipline, topic) for topic in self._tiers[number])
            every = (c for place in places for c in self.knowledge.chains_of.get(place, ()))
            fit = [c for c in every if c.id != self.chain.id and course.isdisjoint(self.knowledge.course(c))]
            self._ranked[number] = by_weight(fit, "condition", *self.key, name=lambda c: c.id)
        return self._ranked[number]

    def _text(self, other: Chain) -> list[str]:
        return by_weight(getattr(other, self.sort), "which", *self.key)[:1]

    def _option(self, other: Chain, text: str) -> Option:
        return Option(text, "near", None, f"That belongs to the explanation of {other.explains}.", (), self.site.statements)


CONDITION = Kind("condition", _sites, _write)
