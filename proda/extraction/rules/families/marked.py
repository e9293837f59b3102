"""Terms in bold, which a source introduces there: more wordings of a definition, wherever in the sentence the term stands.

"… the **digital divide**, the uneven access to technology among different groups."     the words after the comma
"… a reserve of fluid, the **residual volume**."                                        the words before the comma
"… the **latent period**, during which the signal travels."                             the period during which the signal travels
"The **vagus nerve** slows the heart."                                                  drafted: the nerve that slows the heart
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proda.extraction.found import FoundDefinition, Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.glosses import LAWS, definition_at, named_by, past_aliases, referring, words
from proda.extraction.rules.nouns import is_plural_noun
from proda.extraction.rules.phrases import phrase_at
from proda.extraction.rules.sentences import Sentence
from proda.extraction.rules.tokens import Token, tokens
from proda.extraction.rules.verbs import FINITE, PLAIN_VERBS
from proda.extraction.rules.words import ARTICLES, BE_PRESENT, DENIERS, DOUBT, MODALS, PREPOSITIONS, PRONOUNS, RELATIVES, is_adverb

MOST_WORDS = 5  # of a term
_LEADING = PREPOSITIONS | {"where", "when"}


def read(ts: Sequence[Token], front: Front | None, sentence: Sentence, casing: Casing) -> Iterator[FoundDefinition]:
    """The definitions of the bold terms of a sentence; those that were drafted say so. Without `front`, its subject is unknown."""
    main = -1 if front is None else front.main
    for bold in sentence.bold:
        place = _place(ts, bold)
        if place is None:
            continue
        start, end = place
        name = _term(ts, start, end, casing)
        if name is None:
            continue
        given = _given(ts, start, end, name, main)
        if given is not None:
            yield FoundDefinition(name, given, sentence.start, sentence.end)
            continue
        drafted = _drafted(ts, start, end, name, main)
        if drafted is not None:
            yield FoundDefinition(name, drafted, sentence.start, sentence.end, drafted=True)


def _place(ts: Sequence[Token], bold: str) -> tuple[int, int] | None:
    wanted = [t.text for t in tokens(bold)]
    if not 1 <= len(wanted) <= MOST_WORDS + 1:
        return None
    for start in range(len(ts) - len(wanted) + 1):
        if ts[start].text == wanted[0] and [t.text for t in ts[start : start + len(wanted)]] == wanted:
            return start, start + len(wanted)
    return None


def _term(ts: Sequence[Token], start: int, end: int, casing: Casing) -> Mention | None:
    if ts[start].lower in ARTICLES and end > start + 1:
        start += 1
    last = ts[end - 1]
    if (
        not all(t.is_word for t in ts[start:end])
        or is_adverb(last.lower)
        or len(last.text) < 2
        or last.lower in FINITE
        or last.text.isdigit()
    ):
        return None
    if last.lower in PREPOSITIONS or ts[start].lower in ("figure", "table", "note", "example", "step", "chapter"):
        return None
    text = (
        " ".join(casing.inner(t.text) if t.text[0].isupper() else t.text for t in ts[start:end])
        if end > start + 1
        else casing.text(ts, start, end)
    )
    before = ts[start - 1].lower if start else ""
    article = "the" if before == "the" else "a" if before in ("a", "an") else ""
    head = next((ts[i - 1] for i in range(start + 1, end) if ts[i].lower == "of"), last)
    return Mention(text, text, article, is_plural_noun(head.lower))  # type: ignore[arg-type]


def _given(ts: Sequence[Token], start: int, end: int, name: Mention, main: int) -> str | None:
    """A definition that stands around the term."""
    first = start - 1 if start and ts[start - 1].lower in ARTICLES else start
    if _introduced(ts, first):
        return _before_name(ts, first, end, main)
    after, _ = past_aliases(ts, end)
    if first == main:
        if after + 2 < len(ts) and ts[after].lower in BE_PRESENT:
            at = after + 1
            while is_adverb(ts[at].lower):
                at += 1
            if at + 3 >= len(ts) or ts[at].lower in DENIERS:
                return None
            if ts[at].lower == "one":
                rest = definition_at(ts, at + 1, begun=True)
                return None if rest is None or ts[at + 1].lower == "of" else f"the {_head(name)} {rest}"
            if ts[at].lower == "what":
                return definition_at(ts, at, begun=True)
            genus = phrase_at(ts, at, len(ts))
            if genus is not None and (genus.article or name.plural or genus.attached):
                return definition_at(ts, at)
        if (definition := referring(ts, after, name)) is not None:
            return definition
        if after + 2 < len(ts) and ts[after].lower in ("occurs", "occur", "happens", "results", "arises") and ts[after + 1].lower == "when":
            rest = definition_at(ts, after + 2, begun=True)
            return None if rest is None else f"what happens when {rest}"
    return _after_comma(ts, end, name) or _before_comma(ts, first, main)


def _introduced(ts: Sequence[Token], first: int) -> bool:
    return any(first - back >= 0 and named_by(ts, first - back) == first for back in (1, 2, 3))


def _before_name(ts: Sequence[Token], first: int, end: int, main: int) -> str | None:
    """ "Y is called X", "a Y called X that …", "Y, also called X"."""
    verb = next(first - back for back in (1, 2, 3) if named_by(ts, first - back) == first)
    before = verb - 1
    while before > max(main, 0) and is_adverb(ts[before].lower):
        before -= 1
    if ts[before].lower in BE_PRESENT:
        if ts[before - 1].lower in RELATIVES or ts[before - 1].lower in PRONOUNS:
            return None
        opening = phrase_at(ts, max(main, 0), before, attach=False)
        if opening is None or (opening.end == before and before - main < 4):
            return None
        return definition_at(ts[:before], max(main, 0))
    stop = before + 1 if ts[before].text != "," else before
    start = _genus_start(ts, main, stop, whole=ts[before].text == ",")
    if start is None:
        return None
    genus = words(ts, start, stop)
    genus = (
        f"{genus[:1].lower()}{genus[1:]}"
        if ts[start].lower in ARTICLES or (ts[start].start == 0 and genus[1:2].islower())
        else _with_article(genus)
    )
    following = end + 1 if end + 1 < len(ts) and ts[end].text == "," else end
    if following < len(ts) and ts[following].lower in ("that", "which", "in", "where", "used"):
        rest = definition_at(ts, following, begun=True)
        if rest is not None and len(rest.split()) <= 22:
            return f"{genus} {rest}"
    if (
        following < len(ts)
        and ts[following].lower in FINITE
        and ts[following].lower not in MODALS
        and ts[start].lower in ("a", "an", "another")
    ):
        rest = definition_at(ts, following, begun=True)
        if rest is not None and len(rest.split()) <= 22:
            return f"{genus} that {rest}"
    return genus if len(genus.split()) >= 3 else None


def _genus_start(ts: Sequence[Token], main: int, stop: int, *, whole: bool) -> int | None:
    """Where the noun phrase before `stop` begins, its article included: the longest one if `whole`, else the last with an article."""
    starts = [
        start
        for start in range(max(main, stop - 9, 0), stop)
        if (phrase := phrase_at(ts, start + 1 if ts[start].lower == "another" and start + 1 < stop else start, stop)) is not None
        and phrase.end == stop
    ]
    if not starts or whole:
        return starts[0] if starts else None
    return next((start for start in reversed(starts) if ts[start].lower in ARTICLES or ts[start].lower == "another"), None)


def _with_article(genus: str) -> str:
    if not genus.lower().startswith("another "):
        return genus
    noun = genus.partition(" ")[2]
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _after_comma(ts: Sequence[Token], end: int, name: Mention) -> str | None:
    """ "X, the Y that …" and "X, in which …"."""
    if end + 3 >= len(ts) or ts[end].text not in (",", "—", "–"):
        return None
    at = end + 1
    if ts[at].lower == "or":
        return None
    if ts[at].lower == "which" and ts[at + 1].lower in BE_PRESENT and (ts[at + 2].lower in ARTICLES or name.plural):
        return definition_at(ts, at + 2)
    if ts[at].lower == "which" and (definition := referring(ts, at + 1, name)) is not None:
        return definition
    leads = ts[at].lower in _LEADING and (ts[at + 1].lower in ("which", "whom") or ts[at].lower in ("where", "when"))
    if leads:
        kind = _head(name) if " " in name.term else "place" if ts[at].lower == "where" else ""
        rest = definition_at(ts, at, begun=True) if kind else None
        return None if rest is None else f"the {kind} {rest}"
    genus = phrase_at(ts, at, len(ts)) if ts[at].lower in ARTICLES else None
    if genus is None or (genus.end < len(ts) and (ts[genus.end].lower in FINITE or ts[genus.end].lower in BE_PRESENT)):
        return None
    opening = ts[0].lower in PREPOSITIONS or ts[0].lower.endswith(("ing", "ed"))
    if opening and ts[end].text == "," and not any(t.text == "," for t in ts[:end]):  # "Reaching Gaul, the empire …"
        return None
    close = next((i for i in range(at, len(ts)) if ts[i].text in ",.;—–"), len(ts))
    if close - at < 4 or (close + 1 < len(ts) and ts[close + 1].lower in ("and", "or")):  # "X, the Y, and the Z" is a list
        return None
    return definition_at(ts[:close], at)


def _before_comma(ts: Sequence[Token], first: int, main: int) -> str | None:
    """ "a Y of Z, the X" and "a Y of Z, or X": the phrase before the comma."""
    if first < 3 or first <= main + 1:
        return None
    comma = first - 2 if ts[first - 1].lower == "or" else first - 1
    if ts[comma].text != "," or (comma == first - 1 and ts[first].lower not in ARTICLES):
        return None
    for start in range(max(main, comma - 10, 0), comma):
        phrase = phrase_at(ts, start, comma)
        if phrase is not None and phrase.end == comma and phrase.article:
            return definition_at(ts[:comma], start)
    return None


def _drafted(ts: Sequence[Token], start: int, end: int, name: Mention, main: int) -> str | None:
    """A definition made from what the sentence says about the term: "the nerve that slows the heart"."""
    first = start - 1 if start and ts[start - 1].lower in ARTICLES else start
    at, _ = past_aliases(ts, end)
    whole = phrase_at(ts, first, len(ts))
    more = ""
    if at == end and whole is not None and whole.head == end - 1 and whole.end > end:  # "a consistent system of equations has …"
        at, more = whole.end, f" {words(ts, end, whole.end)}"
    if at + 2 < len(ts) and ts[at].text == "," and ts[at + 1].lower == "which":
        at += 2
    elif first != main:
        return None
    while at + 1 < len(ts) and is_adverb(ts[at].lower):
        at += 1
    if at + 2 >= len(ts) or not _is_verb(ts, at, name) or ts[at].lower in MODALS or ts[at + 1].lower in DENIERS:
        return None
    rest = definition_at(ts, at, begun=True)
    if rest is None or len(rest.split()) < 3 or any(t.lower in DOUBT for t in ts[at : at + 8]):
        return None
    return f"what {rest}" if " " not in name.term and not more else f"the {_head(name)}{more} that {rest}"


def _is_verb(ts: Sequence[Token], at: int, name: Mention) -> bool:
    """Whether a verb in the present begins at token `at`: "is composed of", "contains"; not "is the", "is in", "was"."""
    word = ts[at].lower
    if word in BE_PRESENT:
        after = ts[at + 1].lower
        return (word == "are") == name.plural and after not in ARTICLES and after not in PREPOSITIONS and after[0].isalpha()
    if word in PREPOSITIONS or not ts[at].is_word or ts[at + 1].lower in FINITE:
        return False
    return word in PLAIN_VERBS if name.plural else word.endswith("s") and not word.endswith("ss") and word not in ("was", "as", "has")


def _head(name: Mention) -> str:
    """The word that says what kind of thing the term names: its last word, or the one before "of"."""
    parts = name.term.split()
    if "of" in parts[1:]:
        return parts[parts.index("of", 1) - 1]
    head = parts[0] if parts[0].casefold() in LAWS else parts[-1]
    return head.lower() if head[1:].islower() else head
