"""Concepts and statements → words. Items, samples and probes use these functions, so they share one grammar.

    clause(knowledge, statement)                     "a high dislocation density causes dislocation tangles"
    sentence(knowledge, statement)                   "during cold working, a high dislocation density causes dislocation tangles"
    gapped(knowledge, statement, "object")           "during cold working, a high dislocation density causes …"
    clause(knowledge, ("physics/heating", "causes", "physics/thermal-expansion"))     "heating causes thermal expansion"
    path_text(knowledge, path, style="which")        "heating causes thermal expansion, which produces mismatch strain"

A statement is worded with its qualifiers: `subject_as`, `object_as`, `when`, `according_to` and `tense`. A bare triple has none; it words
what nobody states, such as a wrong option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from proda.records import Concept, Statement
from proda.records import Triple as Triple  # noqa: PLC0414  named beside the functions that word it

if TYPE_CHECKING:
    from proda.graph import Knowledge

GAP = "…"

PathStyle = Literal["which", "full"]
End = Literal["object", "subject"]
Said = Statement | Triple


def name(knowledge: Knowledge, concept: str) -> str:
    """Return the concept as used inside a sentence: "a bimetal strip"."""
    return knowledge.concepts[concept].text


def bare_name(knowledge: Knowledge, concept: str) -> str:
    """Return the concept without its article: "bimetal strip"."""
    return _without_article(name(knowledge, concept))


def subject_text(knowledge: Knowledge, said: Said) -> str:
    """Return the subject as it stands in the statement: "a high dislocation density"."""
    if isinstance(said, Statement):
        return said.subject_as or name(knowledge, said.subject)
    return name(knowledge, said[0])


def object_text(knowledge: Knowledge, said: Said) -> str:
    """Return the object as it stands after the relation: without its article after "is a kind of", unless the statement words it."""
    if isinstance(said, Statement) and said.object_as:
        return said.object_as
    _, relation, obj = triple_of(said)
    return object_name(knowledge, relation, obj)


def triple_of(said: Said) -> Triple:
    """Return the triple of a statement, or the triple itself."""
    return said.triple if isinstance(said, Statement) else said


def object_name(knowledge: Knowledge, relation: str, obj: str) -> str:
    """Return a concept as used after the phrase of a relation: without its article after "is a kind of"."""
    text = name(knowledge, obj)
    return _without_article(text) if knowledge.relations[relation].bare_object else text


def verb(knowledge: Knowledge, subject: str, relation: str, *, past: bool = False) -> str:
    """Return the phrase of the relation in the number of the subject: "causes", "cause"; "caused" if `past`."""
    kind = knowledge.relations[relation]
    plural = knowledge.concepts[subject].plural
    if past and kind.past:
        return kind.past_plural if plural else kind.past
    return kind.plural if plural else kind.phrase


def inverse_verb(knowledge: Knowledge, obj: str, relation: str, *, past: bool = False) -> str:
    """Return the inverse phrase of the relation in the number of the object: "is caused by"; "was caused by" if `past`."""
    kind = knowledge.relations[relation]
    plural = knowledge.concepts[obj].plural
    if past and kind.inverse_past:
        return kind.inverse_past_plural if plural else kind.inverse_past
    return kind.inverse_plural if plural else kind.inverse


def is_past(said: Said) -> bool:
    """Return whether it is a dated event, worded in the past tense."""
    return isinstance(said, Statement) and said.tense == "past"


def clause(knowledge: Knowledge, said: Said) -> str:
    """Return subject, verb and object, without conditions: "heating causes thermal expansion"."""
    return f"{subject_text(knowledge, said)} {predicate(knowledge, said)}"


def predicate(knowledge: Knowledge, said: Said) -> str:
    """Return verb and object: "causes thermal expansion"."""
    subject, relation, _ = triple_of(said)
    return f"{verb(knowledge, subject, relation, past=is_past(said))} {object_text(knowledge, said)}"


def inverse_clause(knowledge: Knowledge, said: Said) -> str:
    """Return the clause with the object first: "thermal expansion is caused by heating"."""
    _, relation, obj = triple_of(said)
    first = object_text(knowledge, said) if isinstance(said, Statement) and said.object_as else name(knowledge, obj)
    return f"{first} {inverse_verb(knowledge, obj, relation, past=is_past(said))} {subject_text(knowledge, said)}"


def conditions(said: Said) -> str:
    """Return the conditions and the attribution of a statement, "according to Michels, in large parties"; empty without."""
    if not isinstance(said, Statement):
        return ""
    parts = [f"according to {said.according_to}"] if said.according_to else []
    return ", ".join([*parts, *([listing(said.when)] if said.when else [])])


def sentence(knowledge: Knowledge, said: Said) -> str:
    """Return the clause after its conditions, without capital and full stop: "during cold working, a high …"."""
    return under(said, clause(knowledge, said))


def under(said: Said, text: str) -> str:
    """Return `text` after the conditions of the statement."""
    before = conditions(said)
    return f"{before}, {text}" if before else text


def gapped(knowledge: Knowledge, said: Said, end: End) -> str:
    """Return the sentence with dots in the place of one concept: "maritime trade enabled the rapid spread of …".

    What the statement adds to the concept stays, so that the bare term completes the sentence.
    """
    subject, relation, obj = triple_of(said)
    past = is_past(said)
    if end == "object":
        text = f"{subject_text(knowledge, said)} {verb(knowledge, subject, relation, past=past)} {_hole(knowledge, obj, object_as(said))}"
    else:
        text = f"{_hole(knowledge, subject, subject_as(said))} {predicate(knowledge, said)}"
    return under(said, text)


def subject_as(said: Said) -> str | None:
    """Return the statement's own wording of its subject; None without one."""
    return said.subject_as if isinstance(said, Statement) else None


def object_as(said: Said) -> str | None:
    """Return the statement's own wording of its object; None without one."""
    return said.object_as if isinstance(said, Statement) else None


def _hole(knowledge: Knowledge, concept: str, worded: str | None) -> str:
    """The wording of a concept with dots in the place of its term, or the dots alone."""
    if worded is None:
        return GAP
    found = name_pattern(knowledge.concepts[concept]).search(worded)
    return f"{worded[: found.start()]}{GAP}{worded[found.end() :]}" if found else GAP


@lru_cache(8192)
def name_pattern(concept: Concept) -> re.Pattern[str]:
    """Return a pattern that finds the concept's term or an alias, the longest first."""
    names = sorted({concept.term, *concept.aliases}, key=lambda text: (-len(text), text))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def altered(knowledge: Knowledge, statement: Statement, *, subject: str | None = None, object: str | None = None) -> Statement:  # noqa: A002  the end of a triple
    """Return the statement with another concept at one end or both, worded as the one it replaces: "a high ⟨other⟩"."""
    changes: dict[str, str | None] = {}
    if subject is not None and subject != statement.subject:
        changes |= {"subject": subject, "subject_as": _put(knowledge, statement.subject, statement.subject_as, subject)}
    if object is not None and object != statement.object:
        changes |= {"object": object, "object_as": _put(knowledge, statement.object, statement.object_as, object)}
    return msgspec.structs.replace(statement, **changes)


def _put(knowledge: Knowledge, concept: str, worded: str | None, other: str) -> str | None:
    if worded is None:
        return None
    found = name_pattern(knowledge.concepts[concept]).search(worded)
    if found is None:
        return None
    before, after = worded[: found.start()], worded[found.end() :]
    term = bare_name(knowledge, other)
    if re.fullmatch(r"((an?|the) )?", before.lower()):  # at most an article: the other concept has its own
        return f"{name(knowledge, other)}{after}"
    return f"{before}{term}{after}"


def path_text(knowledge: Knowledge, path: Sequence[Said], style: PathStyle) -> str:
    """Return a path as one sentence without full stop. A step that does not continue the last one starts a new clause.

    A step that words its subject in its own way, or that holds under conditions, starts a new clause too, since "which" would lose them.
    """
    text = sentence(knowledge, path[0])
    for before, step in zip(path, path[1:], strict=False):
        linked = triple_of(before)[2] == triple_of(step)[0] and not conditions(step) and not conditions(before)
        if linked and style == "which" and _same_words(knowledge, before, step) and not _flips(knowledge, before):
            text += f", which {predicate(knowledge, step)}"
        else:
            text += f"; {sentence(knowledge, step)}"
    return text


def _same_words(knowledge: Knowledge, before: Said, step: Said) -> bool:
    """Whether the object of one statement is worded as the subject of the next, so that "which" can stand for it."""
    return subject_as(step) is None or subject_as(step) == object_text(knowledge, before)


def _flips(knowledge: Knowledge, said: Said) -> bool:
    """Whether "which" after the statement would be read as its object as it is, and not as the lack of it that the statement brings."""
    return knowledge.relations[triple_of(said)[1]].sign == "-"


def path_with_gap(knowledge: Knowledge, path: Sequence[Said], place: int) -> str:
    """Return a connected path as one sentence, with dots in place of the subject of step `place` (from 1)."""
    before = "; ".join(sentence(knowledge, step) for step in path[: place - 1])
    around = f"{gapped(knowledge, path[place - 1], 'object')}; {gapped(knowledge, path[place], 'subject')}"
    after = "; ".join(sentence(knowledge, step) for step in path[place + 1 :])
    return "; ".join(part for part in (before, around, after) if part)


def question(knowledge: Knowledge, said: Said, ask: End) -> str:
    """Return the question of the relation about one end of a statement: "What does heating cause?".

    Conditions stand first: "During cold working, what does a high dislocation density cause?". Where the statement words the end that is
    asked for in its own way, the question is a sentence with a gap, which the bare term completes.
    """
    subject, relation, _ = triple_of(said)
    if (object_as(said) if ask == "object" else subject_as(said)) is not None:
        return f"Which concept completes this: “{capital(gapped(knowledge, said, ask))}”?"
    kind = knowledge.relations[relation]
    form = kind.ask_object if ask == "object" else kind.ask_subject
    plural = knowledge.concepts[subject].plural
    if is_past(said) and kind.past:
        form = form.replace("{does}", "did").replace("{is}", "were" if plural else "was")
        if ask == "subject" and form.startswith(f"What {kind.phrase} "):
            form = f"What {kind.past} {form.removeprefix(f'What {kind.phrase} ')}"
    filled = form.replace("{does}", "do" if plural else "does").replace("{is}", "are" if plural else "is")
    # Plain replacement instead of str.format, because terms are data and may contain braces.
    filled = filled.replace("{s}", subject_text(knowledge, said)).replace("{o}", object_text(knowledge, said))
    before = conditions(said)
    return f"{capital(before)}, {filled[:1].lower()}{filled[1:]}" if before else filled


def _without_article(text: str) -> str:
    article = next((a for a in ("a ", "an ", "the ") if text.startswith(a)), "")
    return text[len(article) :]


def turned(statement: Statement) -> Statement:
    """Return the statement with its ends exchanged, each worded as before, so that both read alike."""
    return msgspec.structs.replace(
        statement,
        subject=statement.object,
        object=statement.subject,
        subject_as=statement.object_as,
        object_as=statement.subject_as,
    )


def capital(text: str) -> str:
    """Return the text with its first letter in upper case, unless the second one is, as in "pH" and "mRNA"."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def listing(parts: Sequence[str], last: str = "and") -> str:
    """Join parts: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
