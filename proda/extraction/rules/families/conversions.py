"""Verbs with two objects: "X converts A into B", "X makes A possible".

read(tokens("A generator converts mechanical energy into electrical energy."), front, sentence, casing, relations)
# mechanical energy becomes electrical energy, when: by means of a generator
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proda.extraction.found import FoundStatement
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.phrases import is_plural, phrase_at, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.subjects import subjects_in
from proda.extraction.rules.texts import composed, own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.wordsets import word_set
from proda.records import Relation

_SINGULAR = word_set("converts transforms turns")
_PLURAL = word_set("convert transform turn")


def read(
    ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Iterator[FoundStatement]:
    """The statements of such a sentence."""
    yield from _converted(ts, front, sentence, casing, relations)
    yield from _made_possible(ts, front, sentence, casing, relations)


def _made_possible(
    ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Iterator[FoundStatement]:
    """ "X makes A possible": X enables A."""
    place = next((i for i in range(front.main + 1, len(ts)) if ts[i].lower in ("makes", "make")), None)
    if place is None or "enables" not in relations or front.unlike:
        return
    subjects = subjects_in(ts, front.main, place)
    made = phrase_at(ts, place + 1, len(ts))
    if subjects is None or made is None or made.end >= len(ts) or ts[made.end].lower != "possible":
        return
    after = ts[made.end + 1].lower if made.end + 1 < len(ts) else "."
    target = mention(ts, made, casing)
    if target is None or not stands_alone(ts, made) or after not in (".", ",", "by", "because", "since", "and", "but"):
        return
    for phrase in subjects:
        subject = mention(ts, phrase, casing)
        if subject is None or not stands_alone(ts, phrase) or (len(subjects) == 1 and is_plural(ts, phrase) != (ts[place].lower == "make")):
            continue
        verb = relations["enables"].plural if subject.plural else relations["enables"].phrase
        text = own_text(ts, front.begin, made.end + 1) or composed(subject.wording, verb, target.wording, front.when)
        if text is not None:
            yield FoundStatement(subject, "enables", target, text, sentence.start, sentence.end, front.when)


def _converted(
    ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Iterator[FoundStatement]:
    """The statement of the first verb of conversion, if its sentence stands alone."""
    place = next((i for i in range(front.main + 1, len(ts)) if ts[i].lower in _SINGULAR | _PLURAL), None)
    if place is None or "becomes" not in relations or front.unlike:
        return
    agents = subjects_in(ts, front.main, place)
    if agents is None or len(agents) != 1 or is_plural(ts, agents[0]) != (ts[place].lower in _PLURAL) or not stands_alone(ts, agents[0]):
        return
    before = phrase_at(ts, place + 1, len(ts), attach=False)
    if before is None or before.end + 1 >= len(ts) or ts[before.end].lower not in ("into", "to"):
        return
    after = phrase_at(ts, before.end + 1, len(ts), attach=False)
    agent = mention(ts, agents[0], casing)
    first, second = mention(ts, before, casing), None if after is None else mention(ts, after, casing)
    if agent is None or after is None or first is None or second is None or not (stands_alone(ts, before) and stands_alone(ts, after)):
        return
    following = ts[after.end].lower if after.end < len(ts) else "."
    text = own_text(ts, front.begin, after.end)
    if following in ("and", "or", "that", "of", "in", "for", "with") or text is None:
        return
    when = (*front.when, f"by means of {agent.wording}")
    yield FoundStatement(first, "becomes", second, text, sentence.start, sentence.end, when)
