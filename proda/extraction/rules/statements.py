"""A clause → statements, one for each object, if both sides name concepts that stand without the sentences around.

statements_of(clause, reading, table, casing)     # of "Smoking causes lung cancer and emphysema in many people."
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from proda.extraction.found import FoundStatement, Mention
from proda.extraction.rules.amounts import lessens, turned
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.clauses import Clause
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.phrases import Phrase, is_plural, mention, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.texts import composed, finished, own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import COMPARATIVES, DOUBT, NUMBERS
from proda.extraction.wordsets import word_set
from proda.records import Record, Relation

_PROCESS = re.compile(
    r".*(?:tion|sion|sis|ance|ence|ing|ment|growth|release|uptake|flow|transport|activity|response|metabolism|secretion|synthesis|pathway"
    r"|breakdown|transfer|rate|process|reflex|development|division|repair|decay|loss|spread|appetite|recovery|pressure|temperature|level|speed|strength|size|price|amount|volume|concentration|density|demand|supply"
    r"|output|income|ity|ness|ure|color|shape|function|behavior|outcome|quantity|value|status)s?$"
)
_AMOUNT_RELATIONS = frozenset(("increases", "decreases"))
_DATED = word_set("proportional-to inversely-proportional-to is-a requires depends-on")


class Reading(Record, frozen=True):
    """A sentence that is being read."""

    sentence: Sentence
    tokens: tuple[Token, ...]
    front: Front


def statements_of(clause: Clause, reading: Reading, relations: dict[str, Relation], casing: Casing) -> Iterator[FoundStatement]:
    """The statements of a clause."""
    ts, pattern, group = reading.tokens, clause.pattern, clause.group
    subject = mention(ts, clause.subject, casing)
    if subject is None or not stands_alone(ts, clause.subject):
        return
    if any(t.lower in DOUBT for t in ts[clause.begin : clause.objects.end]):
        return
    front = reading.front if clause.begin == reading.front.main else Front(clause.begin)
    dated = front.dated or _names_someone(subject.wording)
    if group.past and (not dated or pattern.relation in _DATED):
        return
    when = tuple(dict.fromkeys((*front.when, *group.when, *clause.objects.when)))
    for phrase in clause.objects.phrases:
        found = _object(ts, phrase, clause, casing)
        if found is None:
            continue
        relation, target = found
        relation = "inversely-proportional-to" if group.inverse and relation == "proportional-to" else relation
        if relation not in relations or target.term.casefold() == subject.term.casefold():
            continue
        if relation in _AMOUNT_RELATIONS and not pattern.swap and lessens(ts, clause.subject) and clause.subject.attached:
            continue
        first, second = (target, subject) if pattern.swap else (subject, target)
        text = _text(reading, clause, relations[relation], first, second, when, casing)
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
    if not stands_alone(ts, inner) or (pattern.objects == "process" and not _PROCESS.match(ts[inner.head].lower)):
        return None
    if pattern.base == "become" and inner.article != "a" and not is_plural(ts, inner):
        return None
    found = mention(ts, inner, casing)
    first = ts[inner.core].lower
    if found is None or first in COMPARATIVES or (first in NUMBERS and relation in ("consists-of", "is-part-of")):
        return None
    if clause.objects.narrowed:
        wording = casing.text(ts, inner.start, clause.objects.narrowed)
        found = msgspec.structs.replace(found, wording=wording)
    return relation, found


def _names_someone(wording: str) -> bool:
    return any(word[:1].isupper() and not word.isupper() for word in wording.split())


def _text(
    reading: Reading, clause: Clause, relation: Relation, subject: Mention, target: Mention, when: tuple[str, ...], casing: Casing
) -> str | None:
    """The sentence itself if it says one thing and stands alone, else its clause, else the triple in words."""
    ts = reading.tokens
    last = max(clause.objects.end, clause.objects.narrowed)
    if clause.whole and clause.pattern.worded:
        begin = _after_connective(reading)
        own = own_text(ts, begin, last)
        if own is not None:
            return own
    if clause.pattern.worded and clause.begin == clause.subject.start and len(clause.objects.phrases) == 1:
        fronts = reading.front.when if clause.begin == reading.front.main else ()
        between = "" if clause.subject.end == clause.group.start else casing.text(ts, clause.subject.start, clause.subject.end)
        said = finished(", ".join([*fronts, f"{between} {casing.text(ts, clause.group.start if between else clause.begin, last)}"]))
        if said is not None:
            return said
    past = clause.group.past
    if subject.plural:
        verb = relation.past_plural if past and relation.past_plural else relation.plural
    else:
        verb = relation.past if past and relation.past else relation.phrase
    return composed(subject.wording, verb, target.wording, when)


def _after_connective(reading: Reading) -> int:
    """Where the sentence begins without its connective; its conditions are kept."""
    return reading.front.begin
