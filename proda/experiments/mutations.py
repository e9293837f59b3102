"""The mutation operators of the drill: they make a sample or an item false and keep its ids, nodes and labels. Pure; draws nothing.

false = flipped(knowledge, statement, "turned round")         thermal expansion causes heating, as a statement
flip(knowledge, sample, statement, false)                     the sample, teaching that instead
leap(knowledge, sample, steps)                                the sample, skipping a step
exchange(knowledge, one, other)("Heating causes …")           the text with the names of two concepts exchanged
rekeyed(item, "B"), with_another_right(knowledge, item, "B")  option B is marked right; option B is right as well
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from proda.language.wording import (
    GAP,
    End,
    PathStyle,
    bare_name,
    capital,
    name,
    path_text,
    path_with_gap,
    question,
    sentence,
    turned,
)
from proda.records import LETTERS, Concept, Item, Option, Sample, Statement

if TYPE_CHECKING:
    from proda.graph import Knowledge

STYLES: tuple[PathStyle, ...] = ("which", "full")
ENDS: tuple[End, ...] = ("object", "subject")
FORMS = ("phrase", "plural", "inverse", "inverse_plural", "past", "past_plural", "inverse_past", "inverse_past_plural")
Rewrite = Callable[[str], str]


def flipped(knowledge: Knowledge, statement: Statement, how: str) -> Statement:
    """Returns the statement reversed ("turned round"), or with the opposite relation ("opposite"). Each concept keeps its wording.

    A relation without an opposite stays.
    """
    if how == "turned round":
        return turned(statement)
    return msgspec.structs.replace(statement, relation=knowledge.relations[statement.relation].opposite or statement.relation)


def flip(knowledge: Knowledge, sample: Sample, statement: Statement, false: Statement) -> Sample:
    """Returns the sample with the statement `false` wherever it says the true one.

    In samples made for the statement, the names or the verb are exchanged throughout, and the author's sentence is replaced by a generated
    one. In a sample of several statements, the path is worded again, and the author's sentence replaced.
    """
    told = f"{capital(sentence(knowledge, false))}."
    if sample.unit != statement.id:
        literal = {statement.text: told, **_paths(knowledge, sample, statement, false)}
        return reworded(sample, lambda text: _replaced(text, literal))
    turned = false.relation == statement.relation
    ends = (knowledge.concepts[c] for c in (statement.subject, statement.object))
    change = exchange(knowledge, *ends) if turned else _opposite(knowledge, statement, false)

    def around(text: str) -> str:
        return told.join(change(part) for part in text.split(statement.text))

    if turned:
        return reworded(sample, around)
    return msgspec.structs.replace(sample, question=around(sample.question), explanation=around(sample.explanation))


def leap(knowledge: Knowledge, sample: Sample, steps: Sequence[Statement]) -> Sample | None:
    """Returns an open sample about two consecutive steps with an answer that skips the second: true statements that do not connect.

    Returns None for any other sample, and if the path ends with the second step.
    """
    shown = [n for n, step in enumerate(steps) if step.id in sample.nodes]
    first = shown[0] if shown else 0
    if sample.format != "open" or shown != [first, first + 1] or first + 2 >= len(steps) or sample.unit in sample.nodes:
        return None
    told = path_text(knowledge, [steps[first], steps[first + 2]], "full")
    kept = steps[first].text if steps[first].text in sample.explanation else ""
    return msgspec.structs.replace(sample, answer=told, explanation=kept)


def exchange(knowledge: Knowledge, one: Concept, other: Concept) -> Rewrite:
    """Returns a function that exchanges the names of two concepts in a text, with articles and capitals.

    Longer names that contain one of the names do not change.
    """
    mine = {form.lower(): (a, b) for a, b in ((one, other), (other, one)) for form in forms(a)}
    names = {n.lower() for c in knowledge.concepts.values() for n in forms(c) if any(form in n.lower() for form in mine)}
    ordered = sorted(names | set(mine), key=lambda n: (-len(n), n))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)

    def renamed(match: re.Match[str]) -> str:
        found = mine.get(match[0].lower())
        if found is None:
            return match[0]
        this, that = found
        new = that.text if match[0].lower() == this.text.lower() else bare_name(knowledge, that.id)
        return capital(new) if match[0][:1].isupper() and not this.text[:1].isupper() else new

    return lambda text: pattern.sub(renamed, text)


def reworded(sample: Sample, change: Rewrite) -> Sample:
    """Returns the sample with `change` applied to all its texts. Equal texts stay equal, so the answer stays one of the options."""
    return msgspec.structs.replace(
        sample,
        question=change(sample.question),
        answer=change(sample.answer),
        explanation=change(sample.explanation),
        options=tuple(map(change, sample.options)),
    )


def forms(concept: Concept) -> set[str]:
    """Returns all names of a concept, with and without article."""
    return {concept.text, concept.term, re.sub(r"^(an?|the) ", "", concept.text), *concept.aliases}


def rekeyed(item: Item, letter: str) -> Item:
    """Returns the item with option `letter` marked right. The two options exchange their other fields, but not what they state.

    Neither then records what it breaks: the right one breaks nothing, and for a wrong one that is in truth right there is nothing to break.
    """
    options = list(item.options)
    old, new = item.key, LETTERS.index(letter)
    options[old] = msgspec.structs.replace(item.options[new], text=item.options[old].text, triples=item.options[old].triples, breaks=())
    options[new] = Option(item.options[new].text, triples=item.options[new].triples)
    return msgspec.structs.replace(item, options=tuple(options), answer=letter)


def with_another_right(knowledge: Knowledge, item: Item, letter: str) -> Item:
    """Returns the item with the text of option `letter` replaced by another right answer, or unchanged if there is none."""
    found = another_right(knowledge, item)
    if found is None:
        return item
    options = list(item.options)
    place = LETTERS.index(letter)
    # As where a person amends an option: nothing is recorded of the new text.
    options[place] = msgspec.structs.replace(options[place], text=found[0], triples=(), breaks=())
    return msgspec.structs.replace(item, options=tuple(options))


def another_right(knowledge: Knowledge, item: Item) -> tuple[str, str] | None:
    """Returns another text that answers the item correctly, and how it was made; None if there is none.

    It is the text of the right option with one of the concepts that it names under another name ("alias"), or else described by its
    definition ("defined"). Concepts are those of the item's statements.
    """
    right = item.options[item.key].text
    path = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
    concepts = [knowledge.concepts[c] for c in dict.fromkeys(c for s in path for c in (s.subject, s.object))]
    found = [(text, "alias") for c in concepts for alias in c.aliases if (text := _renamed(right, c, alias))]
    found += [(text, "defined") for c in concepts if (text := _renamed(right, c, c.definition))]
    there = {o.text for o in item.options}
    return next(((text, how) for text, how in found if text not in there), None)


def _renamed(text: str, concept: Concept, other: str) -> str:
    """The text with another name in the place of the concept's, article included; "" if it does not name the concept."""
    ordered = sorted(forms(concept), key=lambda form: (-len(form), form))
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)"
    made, count = re.subn(pattern, lambda _: other, text, flags=re.IGNORECASE)
    return made if count and made != text else ""


def _paths(knowledge: Knowledge, sample: Sample, statement: Statement, false: Statement) -> dict[str, str]:
    """Maps the path of several statements, as their sample words it, to the same path with the false statement."""
    true = [s for s in knowledge.path(knowledge.chains[statement.chain]) if s.id in sample.nodes]
    told = [false if s.id == statement.id else s for s in true]
    pairs = [(path_text(knowledge, true, s), path_text(knowledge, told, s)) for s in STYLES]
    for place in range(1, len(true)):  # samples of a row with a gap replace the hidden concept by dots
        hidden = name(knowledge, true[place].subject)
        dots = re.sub(rf"(?<!\w){re.escape(hidden)}(?!\w)", lambda _: GAP, path_text(knowledge, told, "full"))
        pairs.append((path_with_gap(knowledge, true, place), dots))
    return {**dict(pairs), **{capital(a): capital(b) for a, b in pairs}}


def _opposite(knowledge: Knowledge, true: Statement, false: Statement) -> Rewrite:
    """Returns a function that replaces each form of the statement's relation by the same form of the opposite relation."""
    here, there = (knowledge.relations[s.relation] for s in (true, false))
    asked = [(question(knowledge, true, end), question(knowledge, false, end)) for end in ENDS]
    asked += [(question(knowledge, true.triple, end), question(knowledge, false.triple, end)) for end in ENDS]
    asked += [(a[:1].lower() + a[1:], b[:1].lower() + b[1:]) for a, b in asked]
    verbs = {old: getattr(there, form) for form in FORMS if (old := getattr(here, form))}
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(verbs, key=len, reverse=True)))})(?!\w)")

    def change(text: str) -> str:
        for old, new in asked:
            if old in text:
                return text.replace(old, new)
        return pattern.sub(lambda m: verbs[m[0]], text)

    return change


def _replaced(text: str, literal: Mapping[str, str]) -> str:
    for old, new in literal.items():
        text = text.replace(old, new)
    return text
