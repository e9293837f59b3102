"""A relation word in a sentence → subject, verb group and object, or nothing.

    clauses(ts, Front(main=0), table)       # of "A high fever sometimes causes seizures in children."
    # Clause(pattern=…, subject=Phrase(…), objects=(Phrase(…),), when=("in some cases",), …)

A clause is given only if its subject is a whole noun phrase that begins where the clause begins, if verb and subject agree in number, if
nothing denies or doubts it, and if what follows the object changes nothing or can be kept as a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.objects import Objects, objects_at
from proda.extraction.rules.patterns import Pattern
from proda.extraction.rules.phrases import Phrase, is_plural, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import (
    ARTICLES,
    AUXILIARIES,
    BE_PAST,
    BE_PRESENT,
    CHANGING_ADVERBS,
    CONJUNCTIONS,
    DENIERS,
    DOUBT,
    FINITE,
    INFINITIVES,
    OFTEN,
    POSSIBLE,
    PREPOSITIONS,
    RELATIVES,
    is_adverb,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

Number = Literal["singular", "plural", "any"]
_HELPING = word_set("helps help acts act serves serve functions function works work")
_BOUNDARIES = word_set("and but so while whereas because")


class Group(Record, frozen=True):
    """A verb with what belongs to it: its places, and what it says about number, time and certainty."""

    start: int
    end: int  # after the pattern's last word
    number: Number
    past: bool = False
    when: tuple[str, ...] = ()
    inverse: bool = False  # "inversely proportional"


class Clause(Record, frozen=True):
    """A pattern with its two sides."""

    pattern: Pattern
    subject: Phrase
    group: Group
    objects: Objects
    begin: int  # where the clause begins: its subject, or the antecedent of "which"
    whole: bool  # whether it is the main clause of its sentence


def clauses(ts: Sequence[Token], front: Front, table: Mapping[str, tuple[Pattern, ...]], casing: Casing) -> Iterator[Clause]:
    """The clauses of a sentence that state a relation, in order."""
    for place in range(front.main + 1, len(ts) - 1):
        for pattern in table.get(ts[place].lower, ()):
            group = _group(ts, place, pattern, front.main)
            if group is None:
                continue
            found = _subject(ts, front.main, group)
            if found is None:
                continue
            subject, begin, whole = found
            objects = objects_at(ts, group.end, pattern, casing)
            if pattern.relation == "depends-on" and pattern.swap and "in some cases" in group.when:
                break  # "cells can regulate it" says what cells are able to do
            if objects is not None:
                yield Clause(pattern, subject, group, objects, begin, whole)
            break


def _group(ts: Sequence[Token], key: int, pattern: Pattern, floor: int) -> Group | None:
    end = key + 1
    for slot in pattern.after:
        while end < len(ts) and ts[end].lower in _INNER_ADVERBS and ts[end].lower not in slot:
            end += 1
        if end >= len(ts) or ts[end].lower not in slot:
            return None
        end += 1
    word = ts[key].lower
    start, when, inverse = key, [], False
    while start - 1 >= floor and is_adverb(ts[start - 1].lower):
        adverb = ts[start - 1].lower
        if adverb in CHANGING_ADVERBS or adverb in DOUBT or adverb in DENIERS:
            return None
        if adverb == "inversely":
            inverse = True
        if adverb in OFTEN:
            when.append(OFTEN[adverb])
        start -= 1
    if start <= floor:
        return None
    before = ts[start - 1].lower
    if pattern.voice == "passive":
        return _passive(ts, start, end, before, when, inverse, floor)
    return _active(ts, word, pattern, start, end, before, when, floor)


_INNER_ADVERBS = word_set("directly primarily mainly largely chiefly mostly partly entirely solely")


def _passive(ts: Sequence[Token], start: int, end: int, before: str, when: list[str], inverse: bool, floor: int) -> Group | None:
    if before in BE_PRESENT or before in BE_PAST:
        more = _adverbs_before(ts, start - 1, floor)
        if more is None:
            return None
        number: Number = "singular" if before in ("is", "was") else "plural"
        return Group(more[0], end, number, before in BE_PAST, (*more[1], *when), inverse)
    if before == "be" and start - 2 > floor and ts[start - 2].lower in POSSIBLE:
        return Group(start - 2, end, "any", when=("in some cases", *when), inverse=inverse)
    return None


def _active(
    ts: Sequence[Token], word: str, pattern: Pattern, start: int, end: int, before: str, when: list[str], floor: int
) -> Group | None:
    if before == "to" and start - 2 > floor and ts[start - 2].lower in _HELPING and word == pattern.base:
        verb = ts[start - 2].lower
        return Group(start - 2, end, "singular" if verb.endswith("s") else "plural", when=tuple(when))
    if word == pattern.base and before in ("helps", "help") and start - 1 > floor:
        return Group(start - 1, end, "singular" if before == "helps" else "plural", when=tuple(when))
    if word == pattern.base and before in ("can", "will"):
        more = _adverbs_before(ts, start - 1, floor)
        if more is None:
            return None
        return Group(more[0], end, "any", when=(*(["in some cases"] if before == "can" else []), *more[1], *when))
    if before in AUXILIARIES or before == "to" or before in ARTICLES:
        return None
    if word == pattern.third and word != pattern.base:
        return Group(start, end, "singular", when=tuple(when))
    if word == pattern.base and word == pattern.past:  # "set", "put"
        return None
    if word == pattern.base:
        return Group(start, end, "plural", when=tuple(when))
    return Group(start, end, "any", past=True, when=tuple(when)) if word == pattern.past else None


def _adverbs_before(ts: Sequence[Token], start: int, floor: int) -> tuple[int, tuple[str, ...]] | None:
    """The start of the group with the adverbs before it, and the conditions that they are; None if one denies or doubts."""
    when = []
    while start - 1 > floor and is_adverb(ts[start - 1].lower):
        adverb = ts[start - 1].lower
        if adverb in CHANGING_ADVERBS or adverb in DOUBT or adverb in DENIERS:
            return None
        if adverb in OFTEN:
            when.append(OFTEN[adverb])
        start -= 1
    return start, tuple(when)


def _subject(ts: Sequence[Token], main: int, group: Group) -> tuple[Phrase, int, bool] | None:
    """The subject of a verb group, where its clause begins, and whether that is the main clause."""
    stop = group.start
    whole = _whole_subject(ts, main, stop)
    if whole is not None:
        return (whole, main, True) if _agrees(ts, whole, group) else None
    if stop - 1 > main and ts[stop - 1].lower == "and":
        return _shared(ts, main, stop - 1, group)
    for place in range(stop - 1, main, -1):
        token = ts[place]
        if token.lower in ("which", "that") and place == stop - 1:
            return _relative(ts, main, place, group)
        if token.text in ";:—–" or (token.lower in _BOUNDARIES and (ts[place - 1].text == "," or token.lower == "because")):
            if token.text not in ";" and not any(t.lower in FINITE for t in ts[main:place]):
                return None
            found = _whole_subject(ts, place + 1, stop)
            return (found, place + 1, False) if found is not None and _agrees(ts, found, group) else None
    return None


def _shared(ts: Sequence[Token], main: int, conjunction: int, group: Group) -> tuple[Phrase, int, bool] | None:
    """The subject of a second verb: "Insulin binds to its receptor and lowers blood glucose." """
    subject = phrase_at(ts, main, conjunction)
    if subject is None or subject.end >= conjunction or group.number == "any" or not _agrees(ts, subject, group):
        return None
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


def _whole_subject(ts: Sequence[Token], start: int, stop: int) -> Phrase | None:
    """The noun phrase from `start` to `stop`, an apposition after it apart."""
    phrase = phrase_at(ts, start, stop)
    if phrase is None:
        return None
    if phrase.end == stop:
        return phrase
    if ts[phrase.end].text == "," and ts[stop - 1].text == "," and stop - 1 > phrase.end + 1:
        inside = ts[phrase.end + 1 : stop - 1]
        if inside[0].lower in (*ARTICLES, "which", "such", "like", "also", "or", "called", "including") and not any(
            t.text in ",;:" for t in inside
        ):
            return phrase
    return None


def _relative(ts: Sequence[Token], main: int, place: int, group: Group) -> tuple[Phrase, int, bool] | None:
    """The subject of "which …" after a comma: the phrase before it; of "X is a Y that …": X."""
    if ts[place - 1].text != ",":
        return _defined(ts, main, place, group)
    if ts[place].lower != "which":
        return None
    end = place - 1
    best = None
    for start in range(end - 1, max(main, end - 7) - 1, -1):
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
    if group.number == "any" or not _agrees(ts, best, group):
        return None
    return best, best.start, False


def _defined(ts: Sequence[Token], main: int, that: int, group: Group) -> tuple[Phrase, int, bool] | None:
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


def _agrees(ts: Sequence[Token], subject: Phrase, group: Group) -> bool:
    return group.number == "any" or is_plural(ts, subject) == (group.number == "plural")
