"""A clause → statements, one for each object, if both sides name concepts that stand without the sentences around.

statements_of(clause, reading, table, casing)     # of "Smoking causes lung cancer and emphysema in many people."
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from proda.extraction.found import FoundStatement, Mention
from proda.extraction.rules.amounts import raised, subject_mention, turned
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.clauses import Clause
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.nouns import COMPARATIVES, GENERIC, NUMBERS, is_relational
from proda.extraction.rules.phrases import Phrase, is_plural, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.texts import composed, finished, own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import DOUBT, PERSONAL
from proda.extraction.wordsets import word_set
from proda.records import Record, Relation

_PROCESS = re.compile(
    r".*(?:tion|sion|sis|ance|ence|ing|ment|growth|release|uptake|flow|transport|activity|response|metabolism|secretion|synthesis|pathway"
    r"|breakdown|transfer|rate|process|reflex|development|division|repair|decay|loss|spread|appetite|recovery|pressure|temperature|level|speed|strength|size|price|amount|volume|concentration|density|demand|supply"
    r"|output|income|ity|ness|ure|color|shape|function|behavior|outcome|quantity|value|status)s?$"
)
_RAISED = word_set(
    "concern concerns question questions issue issues doubt doubts objection objections money funds child children awareness"
)
_WHOLES = word_set(
    "balance homeostasis regulation understanding ability stability health success"
)  # what contributes to them does not cause them
_DATED = word_set("proportional-to inversely-proportional-to is-a requires depends-on")


class SentenceReading(Record, frozen=True):
    """A sentence that is being read."""

    sentence: Sentence
    tokens: tuple[Token, ...]
    front: Front


def statements_of(clause: Clause, reading: SentenceReading, relations: dict[str, Relation], casing: Casing) -> Iterator[FoundStatement]:
    """The statements of a clause, one for each subject and object."""
    for phrase in clause.subjects:
        subject = subject_mention(reading.tokens, phrase, casing)
        if subject is not None and clause.raised:
            subject = raised(subject)
        if subject is not None and stands_alone(reading.tokens, phrase):
            yield from _of_subject(clause, phrase, subject, reading, relations, casing)


def _of_subject(
    clause: Clause, phrase: Phrase, subject: Mention, reading: SentenceReading, relations: dict[str, Relation], casing: Casing
) -> Iterator[FoundStatement]:
    ts, pattern, group = reading.tokens, clause.pattern, clause.group
    inside = ts[clause.begin : clause.objects.end]
    if any(t.lower in DOUBT or t.lower in PERSONAL for t in inside):
        return
    front = reading.front if clause.begin == reading.front.main else Front(clause.begin)
    dated = front.dated or _names_someone(subject.wording)
    if group.past and (not dated or pattern.relation in _DATED):
        return
    when = tuple(dict.fromkeys((*front.when, *group.when, *pattern.when, *clause.objects.when)))
    if pattern.relation == "exceeds" and phrase.attached and not all(p.attached for p in clause.objects.phrases):
        return  # "the cost of A is higher than B" compares a cost with a thing
    if ts[phrase.core].lower in NUMBERS or (pattern.swap and ts[phrase.core].lower in COMPARATIVES):
        return
    for named in clause.objects.phrases:
        found = _object(ts, named, clause, casing)
        if found is None:
            continue
        relation, target = found
        relation = "inversely-proportional-to" if group.inverse and relation == "proportional-to" else relation
        if relation not in relations or target.term.casefold() == subject.term.casefold():
            continue
        first, second = (target, subject) if pattern.swap else (subject, target)
        text = _text(reading, clause, phrase, relations[relation], first, second, when, casing)
        if text is not None:
            yield FoundStatement(
                first, relation, second, text, reading.sentence.start, reading.sentence.end, when, front.according_to,
                "past" if group.past else "present",
            )  # fmt: skip


def _object(ts: Sequence[Token], phrase: Phrase, clause: Clause, casing: Casing) -> tuple[str, Mention] | None:
    pattern = clause.pattern
    change = turned(pattern.relation, ts, phrase)
    if change is None:
        return None
    relation, inner = change
    if relation == "contrasts-with" and inner.attached and ts[inner.attached[0][0]].lower in ("in", "by"):
        inner = msgspec.structs.replace(inner, end=inner.head + 1, attached=())  # "differs from B in colour"
    if not stands_alone(ts, inner) or (pattern.objects == "process" and not _PROCESS.match(ts[inner.head].lower)):
        return None
    head = ts[inner.head].lower
    if pattern.base == "become" and ((inner.article != "a" and not is_plural(ts, inner)) or head in GENERIC or is_relational(head)):
        return None
    if pattern.base == "raise" and head in _RAISED:
        return None  # "raised concerns" brings them up
    if pattern.swap and pattern.relation == "requires" and len(inner.attached) > 1:
        return None  # "is essential for the heart for life"
    found = mention(ts, inner, casing)
    first = ts[inner.core].lower
    if found is None or first in COMPARATIVES or first in NUMBERS or (pattern.when and head in _WHOLES):
        return None
    if clause.objects.narrowed:
        wording = casing.text(ts, inner.start, clause.objects.narrowed)
        found = msgspec.structs.replace(found, wording=wording)
    return relation, found


def _names_someone(wording: str) -> bool:
    return any(word[:1].isupper() and not word.isupper() for word in wording.split())


def _text(
    reading: SentenceReading,
    clause: Clause,
    phrase: Phrase,
    relation: Relation,
    subject: Mention,
    target: Mention,
    when: tuple[str, ...],
    casing: Casing,
) -> str | None:
    """The sentence itself if it says one thing and stands alone, else its clause, else the triple in words."""
    ts = reading.tokens
    last = max(clause.objects.end, clause.objects.narrowed)
    if clause.whole and clause.pattern.worded:
        own = own_text(ts, reading.front.begin, last)
        if own is not None:
            return own
    if (
        clause.pattern.worded
        and not clause.raised
        and clause.begin == phrase.start
        and len(clause.subjects) == 1
        and len(clause.objects.phrases) == 1
    ):
        fronts = reading.front.when if clause.begin == reading.front.main else ()
        between = "" if phrase.end == clause.group.start else casing.text(ts, phrase.start, phrase.end)
        said = finished(", ".join([*fronts, f"{between} {casing.text(ts, clause.group.start if between else clause.begin, last)}"]))
        if said is not None:
            return said
    past = clause.group.past
    if subject.plural:
        verb = relation.past_plural if past and relation.past_plural else relation.plural
    else:
        verb = relation.past if past and relation.past else relation.phrase
    return composed(subject.wording, verb, target.wording, when)
