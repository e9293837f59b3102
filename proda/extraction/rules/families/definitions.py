"""Definitions: "X is a Y that …", "X refers to …", "… is called X", "X, a Y that …, …"; and `- **X**: …`.

    read(tokens("Insulin is a hormone that lowers blood glucose."), front, sentence, casing, relations)
    # a definition of insulin, "a hormone that lowers blood glucose", and the statement that insulin is-a hormone

"X is a component of Y" and its like are statements of another relation (`RELATIONAL_NOUNS`). Terms that the source marks in bold have
more patterns (`marked.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from proda.extraction.concept_types import type_of
from proda.extraction.found import FoundDefinition, FoundStatement, Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.families import marked
from proda.extraction.rules.fronts import Front
from proda.extraction.rules.glosses import LONGEST, definition_at, named_by, past_aliases, referring
from proda.extraction.rules.mentions import mention
from proda.extraction.rules.nouns import GENERIC, is_plural_noun
from proda.extraction.rules.phrases import POSTNOMINAL, Phrase, is_plural, phrase_at, stands_alone
from proda.extraction.rules.sentences import GlossaryEntry, Sentence
from proda.extraction.rules.texts import MOST, composed, own_text
from proda.extraction.rules.tokens import Token, tokens
from proda.extraction.rules.words import BE_PRESENT, DENIERS, DOUBT, OFTEN, PERSONAL, is_adverb
from proda.extraction.wordsets import word_set
from proda.records import Record, Relation

# "is a ⟨noun⟩ of Y" → relation, whether Y is the subject
RELATIONAL_NOUNS: Mapping[str, tuple[str, bool]] = {
    "cause": ("causes", False), "causes": ("causes", False),
    "result": ("causes", True), "consequence": ("causes", True), "effect": ("causes", True),
    "product": ("produces", True), "byproduct": ("produces", True), "by-product": ("produces", True),
    "part": ("is-part-of", False), "component": ("is-part-of", False), "components": ("is-part-of", False),
    "constituent": ("is-part-of", False), "constituents": ("is-part-of", False), "branch": ("is-part-of", False),
    "type": ("is-a", False), "kind": ("is-a", False), "form": ("is-a", False), "example": ("is-a", False), "types": ("is-a", False),
    "forms": ("is-a", False), "examples": ("is-a", False), "kinds": ("is-a", False), "subtype": ("is-a", False), "class": ("is-a", False),
    "measure": ("measures", False), "indicator": ("measures", False),
    "prerequisite": ("requires", True), "requirement": ("requires", True),
}  # fmt: skip
_NO_GENUS = word_set(
    "cause causes result sign key leader danger threat risk matter concern success failure favorite choice must fan reminder"
    " consequence step figure hub center centre home place time symbol start beginning heart version focus priority hallmark tendency"
    " necessity requirement possibility look window trend mixture lack term word name phrase acronym abbreviation topic gateway"
    " subject author professor way member part percent percentage fraction function multiple copy measure proof ingredient issue"
    " addition equivalent reality collection stepping-stone stone contraindication guide predictor alternative answer response"
    " challenge means derivative tool-kit kit barrier source testament combination alternation opposite reversal extension"
    " continuation variant variation relative exception consideration obstacle solution advantage disadvantage benefit drawback asset"
    " liability strength weakness win loss sum average constant total outcome reward fact myth mistake waste joy pleasure burden"
    " milestone landmark brand sector girl boy man woman person student graduate resident native citizen field subfield area opening"
    " alteration distribution indication proxy"
)
_CLAUSE_STARTS = word_set("which who where although while whereas because since but so including such especially with")
_ADJECTIVAL = ("ive", "ous", "al", "ic", "ing", "ed", "ant", "ent", "ary", "ful", "less", "able")
_STATING = word_set("states says holds asserts")
_FIELDS = word_set("study branch science measure process field discipline theory set collection group unit system method practice")


class Defined(Record, frozen=True):
    """What a sentence defines."""

    definitions: tuple[FoundDefinition, ...] = ()
    statements: tuple[FoundStatement, ...] = ()
    topic: Mention | None = None  # what the next sentence's "it" stands for


def read(ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]) -> Defined:
    """The definitions of a sentence, and the statements that come with them."""
    found: list[FoundDefinition] = []
    stated: tuple[FoundStatement, ...] = ()
    topic: Mention | None = None
    if any(t.lower in PERSONAL for t in ts):
        return Defined(tuple(marked.read(ts, front, sentence, casing)))
    states = next((i for i in range(front.main + 1, len(ts) - 1) if ts[i].lower in _STATING and ts[i + 1].lower == "that"), len(ts))
    subject = phrase_at(ts, front.main, states)
    name = None if subject is None or front.unlike else _name(ts, subject, casing, sentence)
    if subject is not None and name is not None:
        after, aliases = past_aliases(ts, subject.end)
        name = msgspec.structs.replace(name, aliases=aliases)
        copula = _copula(ts, after, name, front, sentence, casing, relations)
        found += copula.definitions
        stated = copula.statements
        topic = copula.topic
        if not found and (definition := referring(ts, after, name)) is not None:
            found.append(FoundDefinition(name, definition, sentence.start, sentence.end))
        if not found and (definition := _apposed(ts, after)) is not None:
            found.append(FoundDefinition(name, definition, sentence.start, sentence.end))
    if not found:
        found += _called(ts, front, sentence, casing)
    done = {d.concept.term.casefold() for d in found}
    found += [d for d in marked.read(ts, front, sentence, casing) if d.concept.term.casefold() not in done]
    return Defined(tuple(found), stated, topic)


def from_entry(entry: GlossaryEntry, casing: Casing) -> FoundDefinition | None:
    """A definition from a line of a glossary; None if the line is too long, or is none."""
    name, ts = tokens(entry.term), tokens(entry.definition)
    if not name or not ts or not 2 <= len(entry.definition.split()) <= LONGEST or len(name) > 6:
        return None
    term = casing.text(name, 0, len(name))
    concept = Mention(term, term, "", is_plural_noun(name[-1].lower))
    return FoundDefinition(concept, casing.text(ts, 0, len(ts)), entry.start, entry.end)


def _name(ts: Sequence[Token], phrase: Phrase, casing: Casing, sentence: Sentence) -> Mention | None:
    """The concept that a sentence introduces: its bold words, or its subject if that stands alone."""
    bold = {b.casefold() for b in sentence.bold}
    whole = casing.text(ts, phrase.core, phrase.end)
    for text in (whole, casing.text(ts, phrase.core, phrase.head + 1)):
        if text.casefold() in bold:
            return Mention(text, casing.text(ts, phrase.start, phrase.end), phrase.article, is_plural(ts, phrase))
    found = mention(ts, phrase, casing)
    if found is None or phrase.quantified or not stands_alone(ts, phrase):
        return None
    return found if found.term.casefold() == whole.casefold() else None  # "A high fever is …" defines no fever


def _copula(
    ts: Sequence[Token], at: int, name: Mention, front: Front, sentence: Sentence, casing: Casing, relations: Mapping[str, Relation]
) -> Defined:
    """ "X is a Y that …": a definition, and what X is a kind, a part or a cause of."""
    if at + 2 >= len(ts) or ts[at].lower not in BE_PRESENT or (ts[at].lower == "are") != name.plural:
        return Defined()
    at += 1
    if is_adverb(ts[at].lower) and ts[at].lower not in OFTEN:
        at += 1
    genus = phrase_at(ts, at, len(ts))
    if genus is None or (not genus.article and ts[genus.core].lower.endswith(("ing", "ed"))):  # "are using", "are called"
        return Defined()
    if genus.quantified or ts[at].lower in DENIERS or ts[at].lower in DOUBT:
        return Defined()
    if genus.article == "" and not (name.plural and is_plural(ts, genus)):
        return Defined()
    head = ts[genus.head].lower
    bold = name.term.casefold() in {b.casefold() for b in sentence.bold}
    statements: tuple[FoundStatement, ...] = ()
    if head in RELATIONAL_NOUNS and genus.attached and ts[genus.attached[0][0]].lower in ("of", "for"):
        statements = tuple(_relational(ts, genus, head, name, front, sentence, casing, relations))
        defines = bold
    else:
        if genus.article != "the" and "is-a" in relations:
            statements = tuple(_kind(ts, genus, name, front, sentence, casing, bold))
        defines = _is_restricted(ts, genus, bold) and (bold or genus.article != "the" or name.article != "the")
    definition = definition_at(ts, at) if defines else None
    found = () if definition is None else (FoundDefinition(name, definition, sentence.start, sentence.end),)
    return Defined(found, statements, name if found or statements else None)


def _is_restricted(ts: Sequence[Token], genus: Phrase, bold: bool) -> bool:
    """Whether the sentence says which of the genus is meant. What is not in bold needs a clause, or "the ⟨genus⟩ of"."""
    if genus.attached and bold:
        return True
    head = ts[genus.head].lower
    if head in _NO_GENUS or head in ("feature", "features", "testament", "source", "sources"):
        return False
    after = genus.head + 1
    if after < len(ts) and ts[after].lower == "of" and (genus.article == "the" or head in _FIELDS):
        return True
    after = genus.end
    return after < len(ts) and (ts[after].lower in ("that", "which", "who", "whose", "in", "by") or ts[after].lower in POSTNOMINAL)


def _kind(
    ts: Sequence[Token], genus: Phrase, name: Mention, front: Front, sentence: Sentence, casing: Casing, bold: bool
) -> Iterator[FoundStatement]:
    """The statement that a concept is a kind of its genus."""
    bare = msgspec.structs.replace(genus, end=genus.head + 1, attached=())
    head = ts[genus.head].lower
    target = mention(ts, bare, casing)
    if (
        target is None
        or target.term.casefold() == name.term.casefold()
        or front.unlike
        or {head, head.removesuffix("s")} & (GENERIC | _NO_GENUS)
    ):
        return
    after = ts[genus.end].lower if genus.end < len(ts) else "."
    if after in ("and", "or") or (after == "," and ts[genus.head].lower.endswith(_ADJECTIVAL)):  # "a reactive, irritating gas"
        return
    if not bold and not _is_restricted(ts, genus, True) and type_of(target.term, known=True) == "entity":
        return
    if f" {name.term.casefold()}".endswith(f" {target.term.casefold()}"):  # "a deterministic signal is a signal"
        return
    text = own_text(ts, front.begin, genus.end) or own_text(ts[: _last_comma(ts, front.begin, genus.end)], front.begin, genus.end)
    if text is None:
        text = composed(name.wording, "are a kind of" if name.plural else "is a kind of", target.term, front.when)
    if text is not None:
        wording = Mention(target.term, target.term, target.article, target.plural)
        yield FoundStatement(name, "is-a", wording, text, sentence.start, sentence.end, front.when)


def _last_comma(ts: Sequence[Token], begin: int, end: int) -> int:
    """The last comma after `end` that leaves a text of at most MOST words; `begin` if there is none."""
    words, found = 0, begin
    for place in range(begin, len(ts)):
        words += ts[place].is_word
        if words > MOST:
            break
        if place > end and ts[place].text == "," and ts[place + 1].lower in _CLAUSE_STARTS:
            found = place
    return found


def _relational(
    ts: Sequence[Token], genus: Phrase, head: str, name: Mention, front: Front, sentence: Sentence, casing: Casing,
    relations: Mapping[str, Relation],
) -> Iterator[FoundStatement]:  # fmt: skip
    """The statement of "X is a component of Y"."""
    relation, swap = RELATIONAL_NOUNS[head]
    inner = phrase_at(ts, genus.attached[0][0] + 1, len(ts))
    if inner is None or relation not in relations or not stands_alone(ts, inner) or inner.quantified:
        return
    after = ts[inner.end].lower if inner.end < len(ts) else "."
    if after in ("and", "or", "that", "which", "who") or after.endswith("ing"):
        return
    target = mention(ts, inner, casing)
    if target is None or target.term.casefold() == name.term.casefold() or front.unlike:
        return
    text = own_text(ts, front.begin, inner.end)
    if text is None:
        text = composed(name.wording, "are" if name.plural else "is", casing.text(ts, genus.start, inner.end), front.when)
    if relation == "is-a":
        target = msgspec.structs.replace(target, wording=target.term)
    if text is not None:
        subject, obj = (target, name) if swap else (name, target)
        yield FoundStatement(subject, relation, obj, text, sentence.start, sentence.end, front.when)


def _apposed(ts: Sequence[Token], after: int) -> str | None:
    """The definition in "X, a Y that …, …"."""
    if after + 2 >= len(ts) or ts[after].text != ",":
        return None
    genus = phrase_at(ts, after + 1, len(ts), attach=False)
    if genus is None or genus.article != "a":
        return None
    end = next((i for i in range(after + 1, len(ts)) if ts[i].text in ",.;"), len(ts))
    if end >= len(ts) - 1 or (genus.end >= end and genus.head == genus.core):
        return None
    return definition_at(ts[:end], after + 1)


def _called(ts: Sequence[Token], front: Front, sentence: Sentence, casing: Casing) -> Iterator[FoundDefinition]:
    """ "… is called X": the definition stands before the verb."""
    for place in range(front.main + 1, len(ts) - 1):
        at = named_by(ts, place)
        if at is None:
            continue
        phrase = phrase_at(ts, at, len(ts))
        found = None if phrase is None else mention(ts, phrase, casing)
        if phrase is None or found is None or phrase.quantified or not stands_alone(ts, phrase):
            return
        before = place - 1
        while before > front.main and is_adverb(ts[before].lower):
            before -= 1
        if ts[before].lower not in BE_PRESENT or any(t.text == "," for t in ts[front.main : before]):
            return
        opening = phrase_at(ts, front.main, before, attach=False)
        definition = definition_at(ts[:before], front.main)
        if definition is None or opening is None or opening.end == before or len(definition.split()) < 4:
            return
        if phrase.end < len(ts) and ts[phrase.end].text not in ".," and ts[phrase.end].lower not in ("and", "or"):
            return
        term = casing.text(ts, phrase.core, phrase.head + 1)
        yield FoundDefinition(Mention(term, term, "", found.plural), definition, sentence.start, sentence.end)
        return
