"""Amounts that go together: "As X increases, Y decreases", "When X rises, Y falls", "The higher the X, the lower the Y".

    read(tokens("As temperature increases, solubility increases."), sentence, casing, relations)
    # (a rise in) temperature increases solubility

Only a rise of the first amount is read. "If X falls, Y falls" says what less of X does, and not what more of it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proda.extraction.canonical import indefinite
from proda.extraction.found import FoundStatement, Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.nouns import QUANTITY_NOUNS
from proda.extraction.rules.phrases import Phrase, is_plural, phrase_at, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.texts import own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import is_adverb
from proda.extraction.wordsets import word_set
from proda.records import Relation

OPENING = Front(0)
_OPENERS = word_set("as when if whenever")
_RISES = {"increases": False, "rises": False, "grows": False, "increase": True, "rise": True, "grow": True}
_FALLS = {
    "decreases": False,
    "falls": False,
    "drops": False,
    "declines": False,
    "decrease": True,
    "fall": True,
    "drop": True,
    "decline": True,
}
_MORE = word_set("higher greater larger stronger")
_LESS = word_set("lower smaller weaker less slower")


def opens(ts: Sequence[Token]) -> bool:
    """Whether a sentence may be of this family."""
    first = ts[0].lower
    if first == "the":
        return len(ts) > 2 and ts[1].lower in _MORE and ts[2].lower == "the"
    return first in _OPENERS and any(t.lower in _RISES for t in ts[2:12])


def read(ts: Sequence[Token], sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]) -> Iterator[FoundStatement]:
    """The statement of a sentence of this family."""
    if not opens(ts):
        return
    found = _the_more(ts) if ts[0].lower == "the" else _as_it_rises(ts)
    if found is None:
        return
    first, second, relation, rise = found
    if relation not in relations or not _known(ts, first) or not _known(ts, second):
        return
    subject, target = mention(ts, first, casing), mention(ts, second, casing)
    text = own_text(ts, 0, second.end)
    if subject is None or target is None or text is None or subject.term.casefold() == target.term.casefold():
        return
    bare = casing.text(ts, first.core, first.end)
    wording = f"a rise in {casing.text(ts, first.start, first.end)}" if not rise else f"{rise} {bare}"
    wording = wording if not rise or subject.plural else f"{indefinite(wording)} {wording}"
    plain = Mention(target.term, casing.text(ts, second.start, second.end), target.article, target.plural)
    yield FoundStatement(Mention(subject.term, wording, "", subject.plural), relation, plain, text, sentence.start, sentence.end)


def _known(ts: Sequence[Token], phrase: Phrase) -> bool:
    return stands_alone(ts, phrase) or (phrase.article == "the" and ts[phrase.head].lower in QUANTITY_NOUNS)


def _as_it_rises(ts: Sequence[Token]) -> tuple[Phrase, Phrase, str, str] | None:
    comma = next((i for i, t in enumerate(ts) if t.text == ","), 0)
    first_verb = _verb_before(ts, comma)
    if comma < 3 or first_verb is None or ts[first_verb].lower not in _RISES:
        return None
    first = phrase_at(ts, 1, first_verb)
    if first is None or first.end != first_verb or _RISES[ts[first_verb].lower] is not is_plural(ts, first):
        return None
    for verb in range(comma + 2, len(ts) - 1):
        word = ts[verb].lower
        if word not in _RISES and word not in _FALLS:
            continue
        end = verb
        while is_adverb(ts[end - 1].lower) or ts[end - 1].lower in ("will", "also"):
            end -= 1
        second = phrase_at(ts, comma + 1, end)
        if second is None or second.end != end:
            continue
        plural = is_plural(ts, second) or ts[verb - 1].lower == "will"
        if (_RISES if word in _RISES else _FALLS)[word] is not plural or not _ends(ts, verb + 1):
            return None
        return first, second, "increases" if word in _RISES else "decreases", ""
    return None


def _verb_before(ts: Sequence[Token], comma: int) -> int | None:
    """The last word before a comma, adverbs apart."""
    at = comma - 1
    while at > 0 and is_adverb(ts[at].lower):
        at -= 1
    return at if at > 0 else None


def _ends(ts: Sequence[Token], at: int) -> bool:
    """Whether the clause ends here without a condition."""
    while at < len(ts) and is_adverb(ts[at].lower):
        at += 1
    if at >= len(ts) or ts[at].text not in (".", ","):
        return False
    return ts[at].text == "." or ts[at + 1].lower not in ("if", "unless", "provided", "when", "until", "or")


def _the_more(ts: Sequence[Token]) -> tuple[Phrase, Phrase, str, str] | None:
    first = phrase_at(ts, 2, len(ts))
    if first is None or first.end + 4 >= len(ts) or ts[first.end].text != "," or ts[first.end + 1].lower != "the":
        return None
    word = ts[first.end + 2].lower
    second = phrase_at(ts, first.end + 3, len(ts))
    if second is None or word not in _MORE | _LESS or ts[first.end + 3].lower != "the" or ts[second.end].text not in ".,":
        return None
    return first, second, "increases" if word in _MORE else "decreases", ts[1].lower
