"""What a pattern is: a word or words that stand between two noun phrases, and the relation that they state.

active("causes", verb("lead", past="led"), "to")      # X leads to Y
passive("causes", "caused", "by")                     # Y is caused by X: the second phrase is the subject
copula("depends-on", "dependent", "on|upon")         # X is dependent on Y
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from proda.extraction.rules.verbs import VerbForms
from proda.records import Record

Voice = Literal["active", "passive"]


class Pattern(Record, frozen=True):
    """A relation word with what follows it, and how its sentence is read."""

    relation: str
    voice: Voice  # passive: a form of "be" stands before
    third: str  # the key word with a singular subject, or in any form for `passive`
    base: str  # with a plural subject
    past: str
    after: tuple[frozenset[str], ...] = ()  # words that must follow
    swap: bool = False  # the second phrase is the subject of the statement
    widens: bool = False  # stays true if the object loses its modifiers: "produces a toxin (that …)"
    objects: Literal["any", "process"] = "any"
    subjects: Literal["any", "together"] = "any"  # together: of "A and B" neither alone
    gerund: str = ""  # of an active verb
    when: tuple[str, ...] = ()  # a condition that the words themselves make: "contributes to" holds in part
    worded: bool = True  # the sentence says the relation in its own words; otherwise the text says it with the relation's phrase


def active(
    relation: str,
    forms: VerbForms,
    after: str = "",
    *,
    swap: bool = False,
    widens: bool = False,
    objects: Literal["any", "process"] = "any",
    subjects: Literal["any", "together"] = "any",
    worded: bool = True,
    when: tuple[str, ...] = (),
) -> Pattern:
    """A verb between subject and object. `after` gives the words that follow it; words with | between them are alternatives."""
    return Pattern(
        relation, "active", forms.third, forms.base, forms.past, _slots(after), swap, widens, objects, subjects, forms.gerund, when, worded
    )


def passive(
    relation: str,
    participle: str,
    after: str,
    *,
    swap: bool = False,
    widens: bool = False,
    objects: Literal["any", "process"] = "any",
    worded: bool = True,
) -> Pattern:
    """A participle or adjective after a form of "be": "is caused by", "is proportional to"."""
    words = (participle, participle, participle)
    return Pattern(relation, "passive", *words, _slots(after), swap, widens, objects, worded=worded)


def copula(relation: str, adjective: str, after: str, *, swap: bool = False, worded: bool = True) -> Pattern:
    """An adjective or noun after a form of "be"."""
    return passive(relation, adjective, after, swap=swap, worded=worded)


def _slots(after: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(slot.split("|")) for slot in after.split()) if after else ()


def by_gerund(patterns: Iterable[Pattern], relations: Iterable[str]) -> dict[str, tuple[Pattern, ...]]:
    """Active patterns by the gerund of their verb, those with most words first: "causing", "leading (to)"."""
    known = set(relations)
    found: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        if pattern.gerund and pattern.relation in known and not pattern.swap:
            found.setdefault(pattern.gerund, []).append(pattern)
    return {word: tuple(sorted(group, key=lambda p: -len(p.after))) for word, group in found.items()}


def by_word(patterns: Iterable[Pattern], relations: Iterable[str]) -> Mapping[str, tuple[Pattern, ...]]:
    """Patterns by each form of their key word, those with most words first. Patterns of other relations than `relations` are left out."""
    known = set(relations)
    found: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        if pattern.relation in known:
            for word in {pattern.third, pattern.base, pattern.past}:
                found.setdefault(word, []).append(pattern)
    return {word: tuple(sorted(group, key=lambda p: -len(p.after))) for word, group in found.items()}
