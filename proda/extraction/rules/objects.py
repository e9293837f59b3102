"""What stands after a relation word: one noun phrase or a list of them, and what follows.

    objects_at(ts, 2, pattern, casing)      # of "… produce toxins, enzymes and gas when starved"
    # Objects(phrases=(toxins, enzymes, gas), end=7, when=("when starved",))

What follows the last phrase is dropped if the statement stays true without it (a reason, a means, a clause of its own), kept if it narrows
the phrase or is a condition, and refused otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from proda.extraction.rules.casing import Casing
from proda.extraction.rules.glosses import named_by
from proda.extraction.rules.nouns import DEGREE, DIRECTED, LESSENING, is_relational
from proda.extraction.rules.patterns import Pattern
from proda.extraction.rules.phrases import DURATIONS, POSTNOMINAL, Phrase, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE, INFINITIVES
from proda.extraction.rules.words import (
    DEMONSTRATIVES,
    DENIERS,
    DOUBT,
    DOUBTFUL,
    PERSONAL,
    POINTING,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    is_adverb,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

MAX_CONDITION = 9  # words of a condition after the object
MAX_NARROWING = 9  # words of a clause that narrows the object
_ENDS = frozenset(".;:—")
_DROPPED = word_set(
    "because by through via using so thus thereby hence since although though whereas but thanks due making allowing causing"
    " resulting leading increasing decreasing reducing producing and instead rather even"
)  # fmt: skip
_CONDITIONS = word_set("when if during under whenever once after before at as without")
_DURATIONS = word_set("within over in after for throughout")
_NARROWING = word_set("that which who whose where in")
_NAMING = word_set("called termed named")


class Objects(Record, frozen=True):
    """The phrases after a relation word."""

    phrases: tuple[Phrase, ...]
    end: int  # after the last word that belongs to them
    when: tuple[str, ...] = ()
    narrowed: int = 0  # the end of a clause that narrows the only phrase; 0 without one


def objects_at(ts: Sequence[Token], at: int, pattern: Pattern, casing: Casing) -> Objects | None:
    """The objects from token `at` on; None if they cannot be read with certainty."""
    limit = len(ts)
    while at < limit and is_adverb(ts[at].lower) and ts[at].lower not in ("only", "not"):
        at += 1
    if at >= limit:
        return None
    first = phrase_at(ts, at, limit)
    if first is None:
        return None
    if first.end < limit - 1 and (named := named_by(ts, first.end)) is not None:  # "an enzyme called amylase": amylase
        name = phrase_at(ts, named, limit, attach=False)
        return None if name is None or name.quantified else _followed(ts, (name,), name.end, pattern, casing)
    several = listed(ts, first, limit)
    return None if several is None else _followed(ts, *several, pattern, casing)


def listed(ts: Sequence[Token], first: Phrase, limit: int) -> tuple[tuple[Phrase, ...], int] | None:
    """The phrases of a list that begins with `first`, and where the list ends; None if its parts cannot be told apart."""
    if first.end >= limit:
        return (first,), first.end
    mark = ts[first.end].lower
    if mark in ("and", "or", "&"):
        second = phrase_at(ts, first.end + 1, limit)
        if second is None:
            return ((first,), first.end) if _verb_follows(ts, first.end + 1) else None
        if mark == "or":
            return None
        if _like_a_verb(ts, second) and not second.article:
            return (first,), first.end
        pair = _pair(ts, first, second)
        return None if pair is None else (pair, second.end)
    if mark == ",":
        series = _series(ts, first, limit)
        if series is not None:
            return series, series[-1].end
        if _alternatives(ts, first.end, limit):  # "atoms, ions or molecules"
            return None
    return (first,), first.end


def _pair(ts: Sequence[Token], first: Phrase, second: Phrase) -> tuple[Phrase, ...] | None:
    """Both phrases, if neither borrows a word from the other: "the rate and depth of breathing" is refused."""
    if first.attached:
        return (first,)
    if second.attached:
        return None
    if not first.article and not second.article and second.head > second.core and first.head > first.core:
        return (second,)  # "vitamin D and calcium deficiencies": the first may borrow the head of the second
    alone = second.head == second.core and not second.article
    if alone and first.head > first.core:
        return (first,)
    if first.head == first.core and second.head > second.core and not second.article:
        borrows = ts[first.head].lower.endswith(
            ("al", "ic", "ive", "ous", "ary", "ar", "ed", "er", "ing")
        )  # "constructive and destructive interference"
        return None if borrows else (first, second)
    return (first, second)


def _like_a_verb(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether a phrase after "and" may be a second verb: "… and branches into nerves", "… and aggravate asthma"."""
    word = ts[phrase.core].lower
    return word in INFINITIVES or (word.endswith("s") and word[:-1] in INFINITIVES and (phrase.head > phrase.core or bool(phrase.attached)))


def _series(ts: Sequence[Token], first: Phrase, limit: int) -> tuple[Phrase, ...] | None:
    """ "A, B, and C": all phrases; None if the commas do not make a list of phrases."""
    if first.attached or (first.head > first.core and ts[first.core].lower in DEGREE | LESSENING):  # "poor health, diet, and sleep"
        return None
    found = [first]
    at = first.end
    while at + 1 < limit and ts[at].text == ",":
        last = ts[at + 1].lower == "and"
        phrase = phrase_at(ts, at + 2 if last else at + 1, limit, attach=True)
        if phrase is None or (_like_a_verb(ts, phrase) and not phrase.article) or ts[phrase.core].lower.endswith("ing"):
            return None
        found.append(phrase)
        at = phrase.end
        if last:
            return _closed(ts, found, at)
        if at < limit and ts[at].lower == "and":
            phrase = phrase_at(ts, at + 1, limit, attach=True)
            if phrase is None:
                return None
            found.append(phrase)
            return _closed(ts, found, phrase.end)
    return None


def _alternatives(ts: Sequence[Token], at: int, limit: int) -> bool:
    """Whether a list that ends in "or" begins at a comma."""
    while at + 1 < limit and ts[at].text == ",":
        if ts[at + 1].lower == "or":
            return True
        phrase = phrase_at(ts, at + 1, limit)
        if phrase is None:
            return False
        at = phrase.end
        if at < limit and ts[at].lower == "or":
            return True
    return False


def _closed(ts: Sequence[Token], found: list[Phrase], end: int) -> tuple[Phrase, ...] | None:
    """The phrases of a list that ends at `end`; None if another list goes on around it."""
    goes_on = end + 1 < len(ts) and ts[end].text == "," and ts[end + 1].lower in ("and", "or")
    return None if goes_on or len(found) < 3 else tuple(found)


def _verb_follows(ts: Sequence[Token], at: int) -> bool:
    while at < len(ts) and is_adverb(ts[at].lower):
        at += 1
    return at < len(ts) and (ts[at].lower in FINITE or ts[at].lower.endswith("s"))


def _followed(ts: Sequence[Token], phrases: tuple[Phrase, ...], end: int, pattern: Pattern, casing: Casing) -> Objects | None:
    """The objects with what follows them at `end`: dropped, kept, or a reason to refuse them."""
    stop = end
    while end < len(ts) and is_adverb(ts[end].lower) and ts[end].lower != "only":
        end += 1
    if _misread(ts, phrases, end, pattern):
        return None
    word = ts[end].lower if end < len(ts) else "."
    if word in _ENDS or word in ("and", "but") or (word in _DURATIONS and _is_time(ts, end)):  # "within a few hours", "over time"
        return Objects(phrases, stop)
    if word == ",":
        return _after_comma(ts, phrases, end, stop, casing)
    if word in _CONDITIONS and not (word == "as" and ts[end + 1].lower == "well"):
        return _conditioned(ts, phrases, end, stop, casing)
    if word in _DROPPED or word == "as":
        return Objects(phrases, stop)
    if word == "to":
        purpose = not pattern.swap and pattern.widens and pattern.relation != "causes"  # "produces enzymes to digest fat"
        return Objects(phrases, stop) if purpose else None
    return _narrowed(ts, phrases, end, stop, pattern)


def _misread(ts: Sequence[Token], phrases: tuple[Phrase, ...], end: int, pattern: Pattern) -> bool:
    """Whether objects and what follows cannot be read as the pattern reads them."""
    relation = pattern.relation
    if len(phrases) > 1 and relation == "becomes":
        return True  # it becomes all of them together
    if relation == "gives-way-to" and pattern.swap and any(t.lower == "with" for t in ts[phrases[0].core :]):
        return True  # "replaces A with B"
    if relation == "prevents" and any(ts[at].lower == "from" for phrase in phrases for at, _ in phrase.attached):
        return True  # "prevents the veins from distending"
    if relation in _DIRECTING and any(
        ts[at].lower == "to" and not _directs(ts, phrase) for phrase in phrases for at, _ in phrase.attached[:1]
    ):
        return True  # "causes the liver to withhold iron"
    if end + 1 >= len(ts):
        return False
    word, after = ts[end].lower, ts[end + 1].lower
    if word == "to" and relation in ("contrasts-with", "triggers"):
        return True  # "different from machine to machine"
    if word == "as" and after in ("a", "an"):
        return True  # "uses it as a solvent"
    return word in _NARROWING and relation in _DIRECTING and _infinitive_follows(ts, end)  # "causes the cells that line it to swell"


def _directs(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether "to" belongs to the noun: "damage to the liver"."""
    head = ts[phrase.head].lower
    return head in DIRECTED["to"] or is_relational(head)


_DIRECTING = word_set("causes enables requires prevents triggers")


def _narrowed(ts: Sequence[Token], phrases: tuple[Phrase, ...], at: int, stop: int, pattern: Pattern) -> Objects | None:
    """The only object with the clause or phrase at `at` that narrows it, or without it where the statement stays true."""
    word = ts[at].lower
    if len(phrases) > 1 or not (word in _NARROWING or word in POSTNOMINAL or word.endswith("ed") or word in PREPOSITIONS):
        return None
    narrowed = _narrowing(ts, at)
    if narrowed:
        return Objects(phrases, stop, narrowed=narrowed)
    several = phrases[0].head > phrases[0].core  # "a toxin that …" alone says too little
    return (
        Objects(phrases, stop)
        if pattern.widens
        and (several or word == "in")
        and (pattern.relation == "contrasts-with" or word not in ("in", "with"))
        and not _denied(ts, at)
        else None
    )


def _is_time(ts: Sequence[Token], at: int) -> bool:
    """Whether a phrase of time follows that ends the clause, and says only how long it takes."""
    for place in range(at + 1, min(at + 6, len(ts) - 1)):
        if ts[place].lower in DURATIONS:
            return ts[place + 1].text in _ENDS or ts[place + 1].text == ","
        if not ts[place].is_word:
            return False
    return False


def _infinitive_follows(ts: Sequence[Token], at: int) -> bool:
    return any(ts[i].lower == "to" and ts[i + 1].lower in INFINITIVES for i in range(at, len(ts) - 1))


def _after_comma(ts: Sequence[Token], phrases: tuple[Phrase, ...], comma: int, stop: int, casing: Casing) -> Objects | None:
    """The objects before a comma: a condition after it is kept, an exception is a reason to refuse them, the rest is dropped."""
    following = ts[comma + 1].lower if comma + 1 < len(ts) else "."
    if following in ("if", "when", "once", "provided"):
        return _conditioned(ts, phrases, comma + 1, stop, casing)
    if following in ("unless", "until", "except", "only", "or", "though", "assuming", "depending"):
        return None
    return Objects(phrases, stop)


def _conditioned(ts: Sequence[Token], phrases: tuple[Phrase, ...], at: int, stop: int, casing: Casing) -> Objects | None:
    """The objects with the condition that begins at `at`; None if it is long or unclear."""
    end = at
    while end < len(ts) and ts[end].text not in _ENDS and ts[end].text != ",":
        end += 1
    inside = {t.lower for t in ts[at + 1 : end]}
    if end - at > MAX_CONDITION or end - at < 2 or inside & UNCLEAR:
        return None
    if end < len(ts) and ts[end].text == "," and end + 1 < len(ts) and ts[end + 1].lower in ("and", "or", "unless", "if", "when"):
        return None
    return Objects(phrases, stop, (casing.text(ts, at, end),))


def _denied(ts: Sequence[Token], at: int) -> bool:
    return any(t.lower in DENIERS for t in ts[at:])


def _narrowing(ts: Sequence[Token], at: int) -> int:
    """The end of a short clause that narrows the phrase before it; 0 if it is long or unclear."""
    end = at
    while end < len(ts) and ts[end].text not in _ENDS and ts[end].text != ",":
        end += 1
    inside = {t.lower for t in ts[at + 1 : end]}
    if end - at > MAX_NARROWING or end - at < 2 or inside & UNCLEAR or inside & {"and", "or", "but", "because", "so"}:
        return 0
    return end


UNCLEAR = PERSONAL | DEMONSTRATIVES | POINTING | PRONOUNS | POSSESSIVES | DENIERS | DOUBT | DOUBTFUL
