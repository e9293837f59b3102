"""Comparisons: "differs from", "contrasts with", "is distinct from"; and "Unlike X, Y …" and "In contrast to X, Y …".

read(tokens("Unlike mammals, reptiles draw their warmth from outside."), front, sentence, casing, relations)
# reptiles contrasts-with mammals
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proda.extraction.found import FoundStatement
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.patterns import Pattern, active, copula
from proda.extraction.rules.phrases import phrase_at, stands_alone
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.texts import composed, own_text
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE, PLAIN_VERBS, verb
from proda.extraction.rules.words import is_adverb
from proda.records import Relation

PATTERNS: tuple[Pattern, ...] = (
    active("contrasts-with", verb("differ"), "from", widens=True),
    active("contrasts-with", verb("contrast"), "with"),
    copula("contrasts-with", "different", "from"),
    copula("contrasts-with", "distinct", "from"),
    copula("contrasts-with", "distinguished", "from"),
)
OPENINGS = (("unlike",), ("in", "contrast", "to"), ("in", "contrast", "with"), ("contrary", "to"), ("as", "opposed", "to"))


def read(
    ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Iterator[FoundStatement]:
    """The contrast of "Unlike X, Y …"."""
    if front.unlike is None or "contrasts-with" not in relations:
        return
    other = phrase_at(ts, *front.unlike)
    subject = phrase_at(ts, front.main, len(ts))
    if other is None or other.end != front.unlike[1] or subject is None or not (stands_alone(ts, other) and stands_alone(ts, subject)):
        return
    after = ts[subject.end].lower if subject.end < len(ts) else "."
    if after not in FINITE and after not in PLAIN_VERBS and not is_adverb(after):  # the subject has swallowed its verb
        return
    one, two = mention(ts, subject, casing), mention(ts, other, casing)
    if one is None or two is None or one.term.casefold() == two.term.casefold() or subject.quantified or other.quantified:
        return
    verb_form = relations["contrasts-with"].plural if one.plural else relations["contrasts-with"].phrase
    text = own_text(ts, front.begin, subject.end) or composed(one.wording, verb_form, two.wording, ())
    if text is not None:
        yield FoundStatement(one, "contrasts-with", two, text, sentence.start, sentence.end)
