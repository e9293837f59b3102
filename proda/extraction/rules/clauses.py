"""A relation word in a sentence → subject, verb group and object, or nothing.

    clauses(ts, Front(main=0), table)       # of "A high fever sometimes causes seizures in children."
    # Clause(pattern=…, subject=Phrase(…), objects=(Phrase(…),), when=("in some cases",), …)

A clause is given only if its subject is a whole noun phrase that begins where the clause begins, if verb and subject agree in number, if
nothing denies or doubts it, and if what follows the object changes nothing or can be kept as a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.groups import VerbGroup, group_at
from proda.extraction.rules.objects import Objects, objects_at
from proda.extraction.rules.patterns import Pattern
from proda.extraction.rules.phrases import Phrase, is_plural, phrase_at
from proda.extraction.rules.subjects import subjects_in
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE, INFINITIVES, PLAIN_VERBS
from proda.extraction.rules.words import (
    ARTICLES,
    AUXILIARIES,
    BE_PRESENT,
    CONJUNCTIONS,
    PREPOSITIONS,
    RELATIVES,
    is_adverb,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

_ASSERTING = word_set("shows show shown means demonstrates demonstrate reveals reveal ensures")
_TOGETHER = word_set("becomes consists-of proportional-to inversely-proportional-to contrasts-with depends-on")
_BOUNDARIES = word_set("and but so while whereas because")


class Clause(Record, frozen=True):
    """A pattern with its two sides."""

    pattern: Pattern
    subjects: tuple[Phrase, ...]
    group: VerbGroup
    objects: Objects
    begin: int  # where the clause begins: its subject, or the antecedent of "which"
    whole: bool  # whether it is the main clause of its sentence
    raised: bool = False  # the subject is what another clause says to increase: "…, which raises blood flow, causing redness"


def clauses(ts: Sequence[Token], front: Front, table: Mapping[str, tuple[Pattern, ...]], casing: Casing) -> Iterator[Clause]:
    """The clauses of a sentence that state a relation, in order."""
    for place in range(front.main + 1, len(ts) - 1):
        for pattern in table.get(ts[place].lower, ()):
            group = group_at(ts, place, pattern, front.main)
            if group is None:
                continue
            found = _subject(ts, front.main, group, pattern)
            if found is None:
                continue
            subjects, begin, whole = found
            objects = objects_at(ts, group.end, pattern, casing)
            if pattern.relation in _ABLE and pattern.swap is (pattern.relation == "depends-on") and "in some cases" in group.when:
                break  # "cells can regulate it" says what cells are able to do
            if objects is not None:
                yield Clause(pattern, subjects, group, objects, begin, whole, _raised(ts, front.main, begin))
            break


_ABLE = frozenset(("depends-on", "measures"))
_RAISING = word_set("increases increase raises raise enhances enhance boosts boost elevates elevate")
_LOWERING = word_set(
    "decreases decrease reduces reduce lowers lower prevents prevent blocks block inhibits inhibit limits limit restricts restrict"
    " slows slow suppresses suppress diminishes diminish weakens weaken lacks lack loses lose stops stop reducing lowering decreasing"
    " preventing destroys destroy removes remove without no not less fewer kills impairs"
)


def _raised(ts: Sequence[Token], main: int, begin: int) -> bool:
    """Whether the words before a relative clause's antecedent say that it increases."""
    return begin > main and ts[begin - 1].lower in _RAISING


def _subject(ts: Sequence[Token], main: int, group: VerbGroup, pattern: Pattern) -> tuple[tuple[Phrase, ...], int, bool] | None:
    """The subjects of a verb group, where its clause begins, and whether that is the main clause."""
    stop = group.start
    whole = subjects_in(ts, main, stop)
    if whole is not None:
        return (whole, main, True) if _agree(ts, whole, group, pattern) else None
    if stop - 1 > main and ts[stop - 1].lower == "and":
        return _one(_shared(ts, main, stop - 1, group))
    for place in range(stop - 1, main, -1):
        token = ts[place]
        if token.lower in ("which", "that") and place == stop - 1:
            return _one(_relative(ts, main, place, group))
        if token.lower == "that" and (ts[place - 1].lower in _ASSERTING or ts[place - 1].lower == "so"):
            found = subjects_in(ts, place + 1, stop)
            return (found, place + 1, False) if found is not None and _agree(ts, found, group, pattern) else None
        if token.text in ":—–" or (token.lower in _BOUNDARIES and (ts[place - 1].text in (",", "and") or token.lower == "because")):
            if not any(t.lower in FINITE for t in ts[main:place]):
                return None
            found = subjects_in(ts, place + 1, stop)
            return (found, place + 1, False) if found is not None and _agree(ts, found, group, pattern) else None
    return None


def _one(found: tuple[Phrase, int, bool] | None) -> tuple[tuple[Phrase, ...], int, bool] | None:
    return None if found is None else ((found[0],), found[1], found[2])


def _shared(ts: Sequence[Token], main: int, conjunction: int, group: VerbGroup) -> tuple[Phrase, int, bool] | None:
    """The subject of a second verb: "Insulin binds to its receptor and lowers blood glucose." """
    subject = phrase_at(ts, main, conjunction)
    if subject is None or subject.end >= conjunction or group.number == "any" or not _agrees(ts, subject, group):
        return None
    if group.number == "plural" and ts[group.start].lower not in PLAIN_VERBS and ts[group.end].lower not in ARTICLES:
        return None  # "include a higher cost and lower sensitivity"
    verb = subject.end
    while verb < conjunction and is_adverb(ts[verb].lower):
        verb += 1
    word = ts[verb].lower
    singular = group.number == "singular"
    if word in AUXILIARIES and word not in BE_PRESENT:
        return None
    if not (word in BE_PRESENT or (singular and word.endswith("s") and word not in PREPOSITIONS) or (not singular and word in INFINITIVES)):
        return None
    between = {t.lower for t in ts[verb + 1 : conjunction]}
    if between & (RELATIVES | CONJUNCTIONS | {";", ":"}) - {"and"}:
        return None
    return subject, main, False


def _relative(ts: Sequence[Token], main: int, place: int, group: VerbGroup) -> tuple[Phrase, int, bool] | None:
    """The subject of "which …" after a comma: the phrase before it; of "X is a Y that …": X."""
    if ts[place - 1].text != ",":
        return _defined(ts, main, place, group)
    if ts[place].lower != "which":
        return None
    end = place - 1
    best = None
    for start in range(end - 1, max(main, end - 7) - 1, -1):
        word = ts[start].lower
        if best is not None and (word in INFINITIVES or word.removesuffix("s") in INFINITIVES or word.removesuffix("es") in INFINITIVES):
            break  # "increases blood flow": the verb before the antecedent
        phrase = phrase_at(ts, start, end, attach=True)
        if phrase is not None and phrase.end == end:
            best = phrase
        elif best is not None:
            break
    if best is None or best.start <= main or best.attached:
        return None
    before = ts[best.start - 1]
    if (
        not before.is_word
        or before.lower in PREPOSITIONS - {"by", "to", "into", "from", "in"}
        or before.lower in ("and", "or", "than", "as")
    ):
        return None
    if before.lower in ("in", "to") and ts[best.start - 2].lower not in (
        "results",
        "result",
        "resulting",
        "leads",
        "lead",
        "leading",
        "converted",
    ):
        return None
    if group.number == "any" or not _agrees(ts, best, group) or any(t.lower in _LOWERING for t in ts[main : best.start]):
        return None
    return best, best.start, False


def _defined(ts: Sequence[Token], main: int, that: int, group: VerbGroup) -> tuple[Phrase, int, bool] | None:
    """X, the subject of "X is a Y that …", where the clause says something about every Y of that kind, and so about X."""
    subject = phrase_at(ts, main, that)
    if subject is None or subject.end >= that or ts[subject.end].lower not in BE_PRESENT:
        return None
    genus = phrase_at(ts, subject.end + 1, that)
    if genus is None or genus.end != that or genus.article == "the" or (genus.article != "a" and not is_plural(ts, genus)):
        return None
    if not _agrees(ts, genus, group) or any(t.lower in FINITE for t in ts[subject.end + 1 : that]):
        return None
    return subject, main, False


def _agrees(ts: Sequence[Token], subject: Phrase, group: VerbGroup) -> bool:
    return group.number == "any" or is_plural(ts, subject) == (group.number == "plural")


def _agree(ts: Sequence[Token], subjects: tuple[Phrase, ...], group: VerbGroup, pattern: Pattern) -> bool:
    """Whether verb and subjects agree. Of several subjects, what only all of them do together is no statement about one."""
    if len(subjects) == 1:
        return _agrees(ts, subjects[0], group)
    return group.number in ("plural", "any") and pattern.subjects == "any" and pattern.relation not in _TOGETHER
