"""Condition items: which condition does an explanation rest on, or which case does it not cover?

    “The rail expands; expansion under restraint causes stress.” When does this explanation hold?      the rail is fixed at both ends

The stem shows two statements of a chain and neither its name nor what it explains. The right option is one of the chain's preconditions
or exclusions, the wrong ones are those of other chains of the discipline that share no concept with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.graph import Knowledge
from proda.language.wording import capital, sentence
from proda.records import Chain, Option
from proda.stable_hash import by_weight, fraction, seed_of
from proda.tester.drafts import Draft, Kind, Site, Variant, alike, by_turns, chosen, fill, is_asked, stands_out

REFUSED = 0.7  # share of the drafts whose right option echoes the stem most that are given up
STEMS: dict[str, dict[Variant, tuple[str, ...]]] = {
    "preconditions": {
        "a": ("An explanation runs: {said}. What does it presuppose?", "“{said}.” Which condition does this explanation need?"),
        "b": ("When may one argue like this: {said}?", "Someone explains: “{said}.” What has to be the case for that?"),
    },
    "exclusions": {
        "a": ("An explanation runs: {said}. Which case does it not cover?", "“{said}.” Where does this explanation not apply?"),
        "b": (
            "For which case may one not argue like this: {said}?",
            "Someone explains: “{said}.” In which case would that be out of place?",
        ),
    },
}


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    """Two consecutive statements of a chain that has conditions; `extra` names the sort of condition and its number."""
    for chain in knowledge.active_chains():
        rows = list(zip(chain.statements, chain.statements[1:], strict=False))
        for sort in STEMS:
            for number in range(len(getattr(chain, sort))):
                for row in rows:
                    yield Site(chain.id, row, f"{sort}-{number}")


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    chain = knowledge.chains[site.owner]
    sort, _, number = site.extra.partition("-")
    right = Option(getattr(chain, sort)[int(number)])
    said = capital("; ".join(sentence(knowledge, s) for s in site.path(knowledge)))
    options = list(_distractors(knowledge, chain, sort, site, key))
    asked, others = ([o for o, is_asked in options if is_asked is wanted] for wanted in (True, False))
    ranked = [alike(group, lambda o: o.text, right.text, said) for group in (asked, others)]
    if fraction("first", *key) < 0.5:
        ranked.reverse()
    wrongs = chosen(by_turns(*ranked), right, barred)
    if wrongs is None or (fraction("echo", *key) < REFUSED and stands_out(right, wrongs, said)):
        return None
    stems = STEMS[sort][variant]
    stem = fill(stems[seed_of("stem", *key) % len(stems)], said=said)
    return Draft(stem, right, wrongs, frozenset(c for s in site.path(knowledge) for c in (s.subject, s.object)))


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
