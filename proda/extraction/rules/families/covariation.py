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
    first = phrase_at(ts, 1, len(ts))
    if first is None or first.end >= len(ts) or _RISES.get(ts[first.end].lower) is not is_plural(ts, first):
        return None
    comma = first.end + 1
    while comma < len(ts) and is_adverb(ts[comma].lower):
        comma += 1
    if comma + 2 >= len(ts) or ts[comma].text != ",":
        return None
    second = phrase_at(ts, comma + 1, len(ts))
    if second is None:
        return None
    verb = second.end
    while verb < len(ts) and (is_adverb(ts[verb].lower) or ts[verb].lower in ("will", "also")):
        verb += 1
    if verb + 1 >= len(ts):
        return None
    word, plural = ts[verb].lower, is_plural(ts, second) or ts[verb - 1].lower == "will"
    up, down = _RISES.get(word), _FALLS.get(word)
    after = verb + 1
    while after < len(ts) and is_adverb(ts[after].lower):
        after += 1
    if (up if up is not None else down) is not plural or ts[after].text not in (".", ","):
        return None
    if ts[after].text == "," and ts[after + 1].lower in ("if", "unless", "provided", "when", "until", "or"):
        return None
    return first, second, "increases" if up is not None else "decreases", ""


def _the_more(ts: Sequence[Token]) -> tuple[Phrase, Phrase, str, str] | None:
    first = phrase_at(ts, 2, len(ts))
    if first is None or first.end + 4 >= len(ts) or ts[first.end].text != "," or ts[first.end + 1].lower != "the":
        return None
    word = ts[first.end + 2].lower
    second = phrase_at(ts, first.end + 3, len(ts))
    if second is None or word not in _MORE | _LESS or ts[first.end + 3].lower != "the" or ts[second.end].text not in ".,":
        return None
    return first, second, "increases" if word in _MORE else "decreases", ts[1].lower
