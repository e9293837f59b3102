"""Amounts inside phrases: "causes an increase in X" says that X increases; "a decrease in X" is no X.

turned("causes", ts, phrase)        # of "an increase in heart rate": ("increases", the phrase "heart rate")
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proda.extraction.found import Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.mentions import MAX_TERM, mention
from proda.extraction.rules.nouns import DEGREE
from proda.extraction.rules.phrases import Phrase, is_plural, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.wordsets import word_set

MORE = word_set("increase increases rise growth gain elevation")
LESS = word_set("decrease decreases reduction drop decline fall loss lowering")
_MORE_WORDS = word_set("increased increasing higher greater elevated more faster larger")
_LESS_WORDS = word_set("decreased decreasing lower reduced lowered less fewer slower smaller diminished")
_BRINGING = frozenset(("causes", "produces", "triggers"))


def turned(relation: str, ts: Sequence[Token], phrase: Phrase) -> tuple[str, Phrase] | None:
    """What a cause brings about, as more or less of something; None if the phrase speaks of an amount in a way that cannot be turned."""
    if relation not in _BRINGING:
        return relation, phrase
    head = ts[phrase.head].lower
    if (head in MORE or head in LESS) and _plain(ts, phrase) and phrase.attached and ts[phrase.attached[0][0]].lower in ("in", "of"):
        if head in ("loss", "growth", "gain", "fall", "drop", "rise") and ts[phrase.attached[0][0]].lower == "of":
            return relation, phrase
        start = phrase.attached[0][0] + 1
        inner = phrase_at(ts, start, phrase.end)
        if inner is None or inner.end != phrase.end:
            return None
        return ("increases" if head in MORE else "decreases"), inner
    word = ts[phrase.core].lower
    if word in _MORE_WORDS or word in _LESS_WORDS:
        if phrase.core == phrase.head:
            return None
        inner = phrase_at(ts, phrase.core + 1, phrase.end)
        if inner is None or inner.end != phrase.end:
            return None
        return ("increases" if word in _MORE_WORDS else "decreases"), inner
    return relation, phrase


def subject_mention(ts: Sequence[Token], phrase: Phrase, casing: Casing) -> Mention | None:
    """The concept of a subject. "An increase in X" acts as X does; "a decrease in X" is a concept of its own."""
    head = ts[phrase.head].lower
    if (
        phrase.attached
        and ts[phrase.attached[0][0]].lower in ("in", "of")
        and head in MORE | LESS
        and head not in _OWN
        and _plain(ts, phrase)
    ):
        inner = phrase_at(ts, phrase.attached[0][0] + 1, phrase.end)
        found = None if inner is None or inner.end != phrase.end else mention(ts, inner, casing)
        if found is None:
            return None
        wording = casing.text(ts, phrase.start, phrase.end)
        if head in MORE:
            return Mention(found.term, wording, "", found.plural)
        term = casing.text(ts, phrase.core, phrase.end)
        return Mention(term, wording, phrase.article, is_plural(ts, phrase)) if len(term.split()) <= MAX_TERM else None
    return mention(ts, phrase, casing)


def _plain(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether only words of degree stand before the head: "a sharp rise", and not "iron reduction"."""
    return all(ts[place].lower in DEGREE or ts[place].lower in _SIZES for place in range(phrase.core, phrase.head))


_SIZES = word_set("sharp steep further slow fast steady net overall")
_OWN = word_set("growth gain loss fall drop rise")  # "growth of a cell" and "loss of blood" are no amounts


def raised(subject: Mention) -> Mention:
    """A subject that another clause says to increase: "increased blood flow"."""
    bare = re.sub(r"^(?:an?|the) ", "", subject.wording)
    return Mention(
        subject.term, bare if bare.startswith(("increased ", "higher ", "greater ", "more ")) else f"increased {bare}", "", subject.plural
    )
