"""The mutation operators of the drill: they make a sample or an item false and keep its ids, nodes and labels. Pure; draws nothing.

false = flipped(knowledge, statement, "turned round")         ("physics/thermal-expansion", "causes", "physics/heating")
flip(knowledge, sample, statement, false)                     the sample, teaching that instead
leap(knowledge, sample, steps)                                the sample, skipping a step
exchange(knowledge, one, other)("Heating causes …")           the text with the names of two concepts exchanged
rekeyed(item, "B"), with_another_right(knowledge, item, "B")  option B is marked right; option B is right as well
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from proda.graph import Knowledge
from proda.language.wording import (
    GAP,
    PathStyle,
    Triple,
    bare_name,
    capital,
    clause,
    name,
    object_name,
    path_text,
    path_with_gap,
    question,
    verb,
)
from proda.records import LETTERS, Concept, Item, Option, Sample, Statement

STYLES: tuple[PathStyle, ...] = ("which", "full")
Rewrite = Callable[[str], str]


def flipped(knowledge: Knowledge, statement: Statement, how: str) -> Triple:
    """Returns the statement's triple reversed ("turned round"), or with the opposite relation ("opposite").

    A relation without an opposite stays.
    """
    subject, relation, obj = statement.triple
    return (obj, relation, subject) if how == "turned round" else (subject, knowledge.relations[relation].opposite or relation, obj)


def flip(knowledge: Knowledge, sample: Sample, statement: Statement, false: Triple) -> Sample:
    """Returns the sample with the triple `false` wherever it says the statement.

    In samples made for the statement, the names or the verb are exchanged throughout, and the author's sentence is replaced by a generated
    one. In a sample of a window, the path is worded again; in a sample of another statement, the clause that mentions this one.
    """
    sentence = f"{capital(clause(knowledge, false))}."
    if sample.unit != statement.id:
        literal = {statement.text: sentence, **_paths(knowledge, sample, statement, false), **_instead(knowledge, statement.triple, false)}
        return reworded(sample, lambda text: _replaced(text, literal))
    turned = false[1] == statement.relation
    ends = (knowledge.concepts[c] for c in (statement.subject, statement.object))
    change = exchange(knowledge, *ends) if turned else _opposite(knowledge, statement.triple, false)

    def around(text: str) -> str:
        return sentence.join(change(part) for part in text.split(statement.text))

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
    told = path_text(knowledge, [steps[first].triple, steps[first + 2].triple], "full")
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
    """Returns the item with option `letter` marked right. The two options exchange their other fields too, but not what they state."""
    options = list(item.options)
    old, new = item.key, LETTERS.index(letter)
    options[old] = msgspec.structs.replace(item.options[new], text=item.options[old].text, triples=item.options[old].triples)
    options[new] = Option(item.options[new].text, triples=item.options[new].triples)
    return msgspec.structs.replace(item, options=tuple(options), answer=letter)


def with_another_right(knowledge: Knowledge, item: Item, letter: str) -> Item:
    """Returns the item with the text of option `letter` replaced by another right answer, or unchanged if there is none."""
    found = another_right(knowledge, item)
    if found is None:
        return item
    options = list(item.options)
    place = LETTERS.index(letter)
    options[place] = msgspec.structs.replace(options[place], text=found[0], triples=())  # a planted text is parsed, as a person's would be
    return msgspec.structs.replace(item, options=tuple(options))


def another_right(knowledge: Knowledge, item: Item) -> tuple[str, str] | None:
    """Returns another text that answers the item correctly, and how it was made; None if there is none.

    For a path: two steps of one transitive relation are merged into one ("shortcut"). Otherwise, and for an order: the same path in the
    other style that options are written in ("reworded"). Items of other kinds have only one right text.
    """
    path = [knowledge.statements[s].triple for s in item.statements]
    right = item.options[item.key].text
    style = next((s for s in STYLES if path_text(knowledge, path, s) == right), None)
    if item.kind not in ("path", "order") or style is None:
        return None
    shorter = _shortcuts(knowledge, path) if item.kind == "path" else ()
    texts = [(path_text(knowledge, p, style), "shortcut") for p in shorter]
    texts += [(path_text(knowledge, path, s), "reworded") for s in STYLES if s != style]
    there = {o.text for o in item.options}
    return next(((text, how) for text, how in texts if text not in there), None)


def _shortcuts(knowledge: Knowledge, path: Sequence[Triple]) -> Iterator[list[Triple]]:
    for place, (one, other) in enumerate(zip(path, path[1:], strict=False)):
        if len(path) > 2 and one[1] == other[1] and knowledge.holds(one[0], one[1], other[2]):
            yield [*path[:place], (one[0], one[1], other[2]), *path[place + 2 :]]


def _paths(knowledge: Knowledge, sample: Sample, statement: Statement, false: Triple) -> dict[str, str]:
    """Maps the path of a window or link, as its sample words it, to the same path with the false triple."""
    window = [s for s in knowledge.path(knowledge.chains[statement.chain]) if s.id in sample.nodes]
    true, told = [s.triple for s in window], [false if s.id == statement.id else s.triple for s in window]
    pairs = [(path_text(knowledge, true, s), path_text(knowledge, told, s)) for s in STYLES]
    for place in range(1, len(true)):  # samples of a link replace the hidden concept by dots
        hidden = name(knowledge, true[place][0])
        dots = re.sub(rf"(?<!\w){re.escape(hidden)}(?!\w)", lambda _: GAP, path_text(knowledge, told, "full"))
        pairs.append((path_with_gap(knowledge, true, place), dots))
    return {**dict(pairs), **{capital(a): capital(b) for a, b in pairs}}


def _instead(knowledge: Knowledge, true: Triple, false: Triple) -> dict[str, str]:
    """Maps the clause in which a sample of another statement refers to this one to the same clause with the false triple."""

    def told(triple: Triple) -> str:
        return f"{name(knowledge, triple[0])} instead {verb(knowledge, *triple[:2])} {object_name(knowledge, *triple[1:])}"

    return {told(true): told(false), capital(told(true)): capital(told(false))}


def _opposite(knowledge: Knowledge, true: Triple, false: Triple) -> Rewrite:
    """Returns a function that replaces each form of the statement's relation by the same form of the opposite relation."""
    here, there = (knowledge.relations[t[1]] for t in (true, false))
    asked = [(question(knowledge, true, "object"), question(knowledge, false, "object"))]
    asked += [(question(knowledge, true, "subject"), question(knowledge, false, "subject"))]
    asked += [(a[:1].lower() + a[1:], b[:1].lower() + b[1:]) for a, b in asked]
    verbs = {getattr(here, form): getattr(there, form) for form in ("phrase", "plural", "inverse", "inverse_plural")}
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
