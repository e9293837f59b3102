"""Noun phrases: where one begins and ends, whether it stands without its context, and the concept that it names.

    phrase_at(tokens("the rate of reaction in a cell rises"), 0, 9)
    # the whole phrase is "the rate of reaction in a cell"; the term is "rate of reaction"

A phrase is an article, modifiers and a head, then phrases with a preposition. There is no tagger behind it: a phrase ends at the first word
of a closed class, and whatever does not look like a noun phrase from end to end is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from proda.extraction.rules.nouns import (
    ANAPHORIC,
    DEGREE,
    GENERIC,
    QUANTITY_NOUNS,
    UNIQUE,
    cannot_be_head,
    is_plural_noun,
)
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE, INFINITIVES, PLAIN_VERBS
from proda.extraction.rules.words import (
    ARTICLES,
    AUXILIARIES,
    CONJUNCTIONS,
    DEMONSTRATIVES,
    DENIERS,
    OFTEN,
    PERSONAL,
    PLAIN_ADVERBS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUANTIFIERS,
    RELATIVES,
    is_adverb,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

_NEVER_INSIDE = (
    PREPOSITIONS | CONJUNCTIONS | RELATIVES | AUXILIARIES | PRONOUNS | ARTICLES | DEMONSTRATIVES | POSSESSIVES | DENIERS | PERSONAL | FINITE
)
_NEVER_FIRST = DEMONSTRATIVES | POSSESSIVES | PRONOUNS | DENIERS | PERSONAL
ATTACHING = word_set("of in for on to from between within with among across against into")
# A participle after a noun begins what is said about the noun: "a hormone called insulin".
DURATIONS = word_set("time seconds minutes hours days weeks months years decades centuries generations second minute hour day week year")
_FIXED = word_set("order turn addition general part contrast fact example instance average particular case place which all short")
_NO_START = word_set(
    "called termed named known far even also only just then thus not so too still almost nearly about roughly approximately at"
)
POSTNOMINAL = word_set(
    "called termed named known used made found located produced caused based involved associated related formed composed designed"
    " needed required given derived obtained contained released secreted seen carried carrying containing consisting using involving"
    " causing leading resulting producing including regarding making having being created generated covered surrounded bounded lined"
    " followed defined described stored held taken exerted applied experienced acting moving occurring living working characterized"
    " induced affected coupled connected linked attached dissolved embedded originating arising extending passing entering coming"
    " ranging flowing supplying leaving traveling surrounding remaining affecting relating pertaining expressed measured paid sold"
    " bought owned run"
)
_ROMAN_OR_NUMBER = word_set("i ii iii iv v vi vii viii ix x 1 2 3 4 5 6 7 8 9")


class Phrase(Record, frozen=True):
    """A noun phrase, as places in the tokens of its sentence (half-open)."""

    start: int
    end: int
    core: int  # the first word after article and quantifier
    head: int
    article: Literal["", "a", "the"]
    quantified: bool
    attached: tuple[tuple[int, int], ...] = ()  # (place of the preposition, end of its phrase)


def phrase_at(ts: Sequence[Token], at: int, limit: int, *, attach: bool = True) -> Phrase | None:
    """The longest noun phrase that begins at token `at` and ends before `limit`; None if there is none."""
    start = at
    quantified = False
    if at < limit and ts[at].lower in QUANTIFIERS:
        quantified = True
        at += 1
    article: Literal["", "a", "the"] = ""
    if at < limit and ts[at].lower in ARTICLES:
        article = "the" if ts[at].lower == "the" else "a"
        at += 1
    if at >= limit or ts[at].lower in _NEVER_FIRST:
        return None
    core = at
    first = ts[at].lower
    if first in _NO_START or first in PLAIN_VERBS or first in PLAIN_ADVERBS or first in OFTEN:
        return None
    while at < limit and _may_stand_inside(ts, at, core, limit):
        at += 1
    while at > core and cannot_be_head(ts[at - 1].lower):  # "institutions established to judge" ends at the noun
        at -= 1
    if at > core + 1 and at < limit and ts[at].lower == "to" and ts[at - 1].lower.endswith(("ic", "al", "ent", "ant", "ary")):
        at -= 1  # "a disease endemic to two regions"
    if at == core or not _sound(ts, core, at):
        return None
    head = at - 1
    attached = _attached(ts, at, limit) if attach else ()
    return Phrase(start, attached[-1][1] if attached else at, core, head, article, quantified, attached)


def _attached(ts: Sequence[Token], at: int, limit: int) -> tuple[tuple[int, int], ...]:
    """The prepositional phrases from token `at` on, each as (place of the preposition, end)."""
    found: list[tuple[int, int]] = []
    while at + 1 < limit and ts[at].lower in ATTACHING:
        following = ts[at + 1].lower
        if (ts[at].lower == "to" and following in INFINITIVES) or following in _FIXED:
            break
        if following == "the" and at + 2 < limit and ts[at + 2].lower == "course":  # "in the course of years"
            break
        inner = phrase_at(ts, at + 1, limit, attach=False)
        if inner is None:
            break
        if (
            ts[at].lower in ("within", "in", "for") and ts[inner.head].lower in DURATIONS and inner.article != "the"
        ):  # "within twelve weeks"
            break
        end = inner.end
        if ts[at].lower == "between" and end < limit and ts[end].lower == "and":  # "between the brain and the skull"
            other = phrase_at(ts, end + 1, limit, attach=False)
            if other is None:
                break
            end = other.end
        found.append((at, end))
        at = end
    return tuple(found)


def _may_stand_inside(ts: Sequence[Token], at: int, core: int, limit: int) -> bool:
    token = ts[at]
    word = token.lower
    if not token.is_word or (word in _NEVER_INSIDE and token.text != token.text.upper()) or (at > core and word in QUANTIFIERS):
        return False
    if at > core and (word in PLAIN_VERBS or (word in POSTNOMINAL and not _before_noun(ts, at, limit))):
        return False
    if at > core and word.endswith("ing") and is_plural_noun(ts[at - 1].lower):  # "patients seeing double images"
        return False
    if is_adverb(word):  # "highly reactive metals"
        following = ts[at + 1] if at + 1 < limit else None
        return following is not None and following.is_word and following.lower not in _NEVER_INSIDE and not is_adverb(following.lower)
    return True


def _before_noun(ts: Sequence[Token], at: int, limit: int) -> bool:
    """Whether a participle belongs to the noun after it: "a G-protein coupled receptor", and not "a hormone called insulin"."""
    if ts[at].lower in _NAMING or at + 1 >= limit:
        return False
    following = ts[at + 1]
    return following.is_word and following.lower not in _NEVER_INSIDE and not is_adverb(following.lower) and not following.text[0].isdigit()


_NAMING = word_set("called termed named known causing leading resulting producing including containing using involving making having being")


def _sound(ts: Sequence[Token], core: int, end: int) -> bool:
    """Whether the words can be a noun phrase: no bare numbers but at the end of a name, no symbols."""
    for place in range(core, end):
        text = ts[place].text
        if (
            text[0].isdigit()
            and not (place == end - 1 and place > core and text in _ROMAN_OR_NUMBER)
            and not any(c.isalpha() for c in text)
        ):
            return False
        if len(text) == 1 and text.isalpha() and not text.isupper() and text != "a":
            return False
        if len(text) == 1 and text.isupper() and place == core and end - core == 1:
            return False
    return True


def stands_alone(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether a reader knows what the phrase names without the sentences before: "the rate of reaction", and not "the reaction"."""
    if not _known(ts, phrase.article, phrase.core, phrase.head, bool(phrase.attached)):
        return False
    for preposition, end in phrase.attached:
        inner = phrase_at(ts, preposition + 1, end, attach=False)
        if inner is None or ts[inner.start].lower in ("both", "each"):
            return False
        plural = inner.article == "the" and is_plural(ts, inner) and ts[inner.head].lower not in GENERIC  # "the walls of the arteries"
        if not plural and not _known(ts, inner.article, inner.core, inner.head, attached=False):
            return False
    return True


def _known(ts: Sequence[Token], article: str, core: int, head: int, attached: bool) -> bool:
    words = [t.lower for t in ts[core : head + 1]]
    if any(w in _POINTING_MODIFIERS for w in words):
        return False
    if article != "the":
        return True
    if words[0] in ANAPHORIC or words[0].endswith("est") or any(w[0].isdigit() or any(map(str.isdigit, w)) for w in words):
        return False
    if words[-1] in _PICTURES:
        return False
    if words[0].endswith(("'s", "s'")):
        return words[0].rstrip("s'") in _OWNERS or words[0].removesuffix("'s") in UNIQUE
    if attached or ts[head].text[0].isupper() or words[-1] in UNIQUE:
        return True
    return words[0] not in DEGREE if len(words) > 1 else words[0] in QUANTITY_NOUNS


_PICTURES = word_set(
    "image images figure picture photograph photo plot diagram graph chart curve panel inset micrograph sample samples experiment"
)
_OWNERS = word_set(
    "child infant mother patient individual client person organism cell body earth human animal parent student world nation state"
)
_POINTING_MODIFIERS = word_set("similar such same other another former latter following above previous aforementioned resulting said given")


def is_plural(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether the head is plural in form."""
    head = ts[phrase.head]
    return is_plural_noun(head.lower) and not (head.text.isupper() and len(head.text) <= 5)  # PNS is no plural
