"""Lists under a heading noun: "symptoms of X include A and B", "types of X are A and B", "components of X include A".

read(tokens("Symptoms of influenza include fever, cough, and fatigue."), front, sentence, casing, relations)
# influenza causes fever; influenza causes cough; influenza causes fatigue
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proda.extraction.found import FoundStatement, Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.objects import objects_at
from proda.extraction.rules.patterns import active
from proda.extraction.rules.phrases import is_plural, phrase_at, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.texts import composed, own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import verb
from proda.extraction.rules.words import OFTEN
from proda.records import Relation

# heading noun → relation, whether the listed concept is the subject
HEADINGS: Mapping[str, tuple[str, bool]] = {
    **dict.fromkeys(("symptoms", "effects", "complications", "consequences", "signs", "manifestations"), ("causes", False)),
    "causes": ("causes", True),
    **dict.fromkeys(("components", "parts", "constituents"), ("is-part-of", True)),
    **dict.fromkeys(("types", "kinds", "forms", "examples"), ("is-a", True)),
    **dict.fromkeys(("products", "byproducts"), ("produces", False)),
}
_INCLUDE = active("is-a", verb("include"), widens=True)


def read(
    ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Iterator[FoundStatement]:
    """A statement for each listed concept."""
    heading = phrase_at(ts, front.main, len(ts))
    if heading is None or not heading.attached or ts[heading.attached[0][0]].lower != "of" or front.unlike:
        return
    relation, swap = HEADINGS.get(ts[heading.head].lower, ("", False))
    inner = phrase_at(ts, heading.attached[0][0] + 1, heading.end)
    if relation not in relations or inner is None or inner.end != heading.end or not stands_alone(ts, inner) or inner.quantified:
        return
    if relation == "is-a" and not is_plural(ts, inner):
        return  # "examples of harmonic motion include springs": a spring is no motion
    place, when = _verb(ts, heading.end)
    if place is None:
        return
    whole = mention(ts, inner, casing)
    objects = objects_at(ts, place, _INCLUDE, casing)
    if whole is None or objects is None or objects.narrowed:
        return
    for phrase in objects.phrases:
        part = mention(ts, phrase, casing)
        if part is None or not stands_alone(ts, phrase) or phrase.quantified or part.term.casefold() == whole.term.casefold():
            continue
        subject, target = (part, whole) if swap else (whole, part)
        conditions = (*front.when, *when, *objects.when)
        text = own_text(ts, front.begin, objects.end) or _said(subject, relations[relation], target, conditions)
        if text is not None:
            yield FoundStatement(subject, relation, target, text, sentence.start, sentence.end, conditions)


def _verb(ts: Sequence[Token], at: int) -> tuple[int | None, tuple[str, ...]]:
    """The place after "include" or "can include", and the condition that "can" and "often" are."""
    when: tuple[str, ...] = ()
    if at < len(ts) and ts[at].lower in ("can", "may"):
        when, at = ("in some cases",), at + 1
    while at < len(ts) and ts[at].lower in (*OFTEN, "also"):
        when = (OFTEN[ts[at].lower],) if ts[at].lower in OFTEN else when
        at += 1
    return (at + 1, when) if at < len(ts) and ts[at].lower == "include" else (None, ())


def _said(subject: Mention, relation: Relation, target: Mention, when: tuple[str, ...]) -> str | None:
    if relation.bare_object:
        return composed(subject.wording, "are among the" if subject.plural else "is one of the", target.wording, when)
    return composed(subject.wording, relation.plural if subject.plural else relation.phrase, target.wording, when)
