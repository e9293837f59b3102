"""Phrases that several kinds of sample share: ends of statements, gaps, changes, contexts, and answers that are right as well."""

from __future__ import annotations

import re
from collections.abc import Sequence

from proda.builder import templates
from proda.builder.templates import fill
from proda.builder.wrong_options import adds_bridge
from proda.graph import Knowledge
from proda.language.neighbours import mentions
from proda.language.wording import (
    End,
    bare_name,
    capital,
    conditions,
    gapped,
    is_past,
    listing,
    name,
    object_as,
    object_name,
    object_text,
    subject_as,
    subject_text,
    verb,
)
from proda.records import Concept, Statement
from proda.stable_hash import seed_of


def is_gapped(statement: Statement, end: End) -> bool:
    """Return whether a statement words the end in its own way, so that the bare term fills a gap in it."""
    return (object_as(statement) if end == "object" else subject_as(statement)) is not None


def end_text(knowledge: Knowledge, statement: Statement, end: End, concept: str) -> str:
    """Return a concept as the answer to a question about one end of a statement: "an eddy current", or bare in a gap."""
    if is_gapped(statement, end):
        return bare_name(knowledge, concept)
    return object_name(knowledge, statement.relation, concept) if end == "object" else name(knowledge, concept)


def gap_sentence(knowledge: Knowledge, statement: Statement, end: End) -> str:
    """Return the sentence with dots for one end, with an article before the dots that fits every term."""
    return open_article(gapped(knowledge, statement, end))


def open_article(text: str) -> str:
    """Return the text with "a(n)" for an article before dots, since the article would narrow the answers down."""
    return re.sub(r"\b([Aa])n? …", r"\1(n) …", text)


def which_of_these(knowledge: Knowledge, statement: Statement, end: End) -> str:
    """Return the question "which of these causes dislocation tangles?", after the conditions of the statement."""
    kind, past = knowledge.relations[statement.relation], is_past(statement)
    # "Which of these" asks for one thing, so the verb is singular even if the term is plural.
    if end == "object":
        said = kind.inverse_past if past and kind.inverse_past else kind.inverse
        return under_all([statement], f"which of these {said} {subject_text(knowledge, statement)}?")
    said = kind.past if past and kind.past else kind.phrase
    return under_all([statement], f"which of these {said} {object_text(knowledge, statement)}?")


def under_all(path: Sequence[Statement], text: str) -> str:
    """Return the text after the conditions of all statements, each condition once."""
    before = ", ".join(dict.fromkeys(c for s in path if (c := conditions(s))))
    return f"{before}, {text}" if before else text


def changing(concept: Concept) -> bool:
    """Return whether the concept itself rises or falls ("the grain size increases"); otherwise there is more or less of it."""
    return concept.type in ("quantity", "property") or concept.text.startswith("the ")


def change(knowledge: Knowledge, concept: str, rising: bool) -> str:
    """Return a clause that says that the concept changes: "the grain size increases", "there is less erosion"."""
    record = knowledge.concepts[concept]
    if changing(record):
        return f"{varying(record)} {changes(record, rising)}"
    less = "fewer" if record.plural else "less"
    return f"there {'are' if record.plural else 'is'} {'more' if rising else less} {bare_name(knowledge, concept)}"


def varying(concept: Concept) -> str:
    """Return the concept as the subject of a change: "the settling time" for a quantity that is otherwise "a settling time"."""
    return re.sub(r"^an? ", "the ", concept.text)


def changes(concept: Concept, rising: bool) -> str:
    """Return the verb of the change in the number of the concept: "increases", "decrease"."""
    return f"{'increase' if rising else 'decrease'}{'' if concept.plural else 's'}"


def in_context(knowledge: Knowledge, path: Sequence[Statement], asked: str, answers: Sequence[str], key: object) -> str | None:
    """Return the question with its context: the explanation that its statements belong to.

    None for a link, which belongs to no explanation, and if the context names an answer, or with the statements all concepts of the chain,
    or of a bridge to another one.
    """
    chain = knowledge.chains[path[0].chain]
    if chain.is_link:
        return None
    course = {c for s in knowledge.path(chain) for c in (s.subject, s.object)}
    named = {c for s in path for c in (s.subject, s.object)}
    if any(mentions(chain.explains, knowledge.concepts[a]) for a in answers) or adds_bridge(knowledge, chain.explains, named, course):
        return None
    asked = capital(asked)
    frames = templates.CONTEXT
    if asked.startswith(("What ", "Which ", "How ")) and seed_of("before", key) % 2:
        frames = (templates.CONTEXT_BEFORE,)
    if asked.endswith("What do you answer?"):  # a second request to answer would follow
        frames = frames[:1]
    places = {"explains": chain.explains, "Q": asked, "q": f"{asked[:1].lower()}{asked[1:]}"}
    return fill(frames[seed_of("context", key) % len(frames)], places)


def accepted(knowledge: Knowledge, statement: Statement, end: End) -> tuple[str, ...]:
    """Return other right answers to the question about one end of a statement, as far as the knowledge holds them; sorted.

    For an end that the statement words in its own way these are the terms that complete the same sentence.
    """
    found: set[str] = set()
    here = statement.object if end == "object" else statement.subject
    beside = knowledge.by_subject[statement.subject] if end == "object" else knowledge.by_object[statement.object]
    for other in beside:
        concept = other.object if end == "object" else other.subject
        if other.relation != statement.relation or concept == here:
            continue
        if not is_gapped(statement, end):
            found.add(object_text(knowledge, other) if end == "object" else subject_text(knowledge, other))
        elif gapped(knowledge, other, end) == gapped(knowledge, statement, end):
            found.add(bare_name(knowledge, concept))
    kind = knowledge.relations[statement.relation]
    if kind.symmetric and not is_gapped(statement, end):
        pool = knowledge.by_object.get(statement.subject, ()) if end == "object" else knowledge.by_subject.get(statement.object, ())
        for other in pool:
            concept = other.subject if end == "object" else other.object
            if other.relation == statement.relation and concept != here:
                found.add(name(knowledge, concept))
    return tuple(sorted(found - {end_text(knowledge, statement, end, here)}))


def lead(knowledge: Knowledge, path: Sequence[Statement]) -> str:
    """Return "heating leads to", or "heating affects" if the last step raises or lowers what is there already."""
    first, last = path[0], knowledge.relations[path[-1].relation]
    changed = last.sign == "-" or last.id == "increases" or name(knowledge, path[-1].object).startswith("the ")
    plural, past = knowledge.concepts[first.subject].plural, any(is_past(s) for s in path)
    forms = ("affected", "affect", "affects") if changed else ("led to", "lead to", "leads to")
    return f"{subject_text(knowledge, first)} {forms[0] if past else forms[1] if plural else forms[2]}"


def one_of_several(knowledge: Knowledge, statement: Statement, end: End) -> dict[str, str]:
    """Return the placeholders of "Name one thing that {s} {verb}{when}."."""
    kind, past = knowledge.relations[statement.relation], is_past(statement)
    singular = kind.past if past and kind.past else kind.phrase
    said = verb(knowledge, statement.subject, statement.relation, past=past) if end == "object" else singular
    parts = [f", according to {statement.according_to}"] if statement.according_to else []
    if statement.when:  # "is a kind of, in a small group": the preposition belongs to what comes before it
        comma = "," if parts or (end == "object" and said.endswith((" of", " with", " on", " to", " by"))) else ""
        parts.append(f"{comma} {listing(statement.when)}")
    return {
        "s": subject_text(knowledge, statement),
        "o": object_text(knowledge, statement),
        "verb": said,
        "when": "".join(parts),
    }
