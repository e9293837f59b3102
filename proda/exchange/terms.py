"""Terms of an ontology → a source text, and the concepts and statements that quote it.

    OntologyTerm("GO:0000266", "mitochondrial fission", "The division of …", ("mitochondrial division",), {"is-a": ("GO:0048285",)})

    # Terms of go.obo

    Mitochondrial fission (GO:0000266): The division of a mitochondrion within a cell to form two or more separate compartments. Also called
    mitochondrial division. Mitochondrial fission is a kind of organelle fission.

Each term becomes one paragraph, so that a reviewer finds the definition and the place in the ontology in one passage, and every quote is in
the source word for word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from proda.exchange.faults import Faults
from proda.exchange.found import FoundKnowledge, ImportedConcept, ImportedStatement, noun_phrase, one_line, slug, term_key
from proda.exchange.markdown_text import paragraph
from proda.records import Record, Relation

MAX_TERMS = 5_000  # a topic file with more entries cannot be reviewed, nor read back
MAX_DEFINITION = 2_000  # characters


class OntologyTerm(Record, frozen=True):
    """A term of an ontology. `broader` maps a relation of the knowledge (`is-a`, `is-part-of`) to the ids of terms."""

    id: str
    name: str
    definition: str
    synonyms: tuple[str, ...] = ()
    broader: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    line: int = 0
    file: str = ""


class TermTexts(Record, frozen=True):
    """The paragraphs of the source, one for each term, and what was found in them."""

    paragraphs: tuple[str, ...]
    found: FoundKnowledge


def below(terms: Mapping[str, OntologyTerm], top: str) -> dict[str, OntologyTerm]:
    """Return the term `top` and every term under it, by `is-a` and `is-part-of`, in the order of `terms`."""
    children: dict[str, list[str]] = {}
    for term in terms.values():
        for ids in term.broader.values():
            for parent in ids:
                children.setdefault(parent, []).append(term.id)
    reached, todo = {top}, [top]
    while todo:
        for child in children.get(todo.pop(), ()):
            if child not in reached:
                reached.add(child)
                todo.append(child)
    return {name: term for name, term in terms.items() if name in reached}


def term_texts(terms: Iterable[OntologyTerm], relations: Mapping[str, Relation], kind: str, faults: Faults) -> TermTexts:
    """Return paragraphs, concepts and statements. `kind` is the type of every concept, since ontologies have none of ours.

    A term without a name or a definition, or with the name of a term before it, is a fault and left out; so is a reference to a term that
    is not there.
    """
    usable: dict[str, OntologyTerm] = {}
    keys: dict[str, str] = {}
    for term in terms:
        name, key = one_line(term.name), term_key(term.name)
        if not slug(name):
            faults.add(term.file, term.line, "unclear-end", f"{term.id}: the name is '{name}'.")
        elif key in keys:
            faults.add(term.file, term.line, "duplicate-concept", f"{term.id} and {keys[key]} are both named “{name}”.")
        elif not noun_phrase(term.definition, name):
            faults.add(term.file, term.line, "no-definition", f"{term.id} “{name}”")
        elif len(one_line(term.definition)) > MAX_DEFINITION:
            faults.add(term.file, term.line, "too-long", f"{term.id} “{name}”: {len(term.definition):,} characters.")
        else:
            keys[key] = term.id
            usable[term.id] = term
    paragraphs, concepts, statements = [], [], []
    for term in usable.values():
        sentences = _statements(term, usable, relations, faults)
        name = one_line(term.name)
        aliases = tuple(dict.fromkeys(a for s in term.synonyms if (a := one_line(s)) and term_key(a) != term_key(name)))
        paragraphs.append(_paragraph(term, name, aliases, [s.quote for s in sentences]))
        concepts.append(ImportedConcept(name, kind, noun_phrase(term.definition, name), aliases, file=term.file, line=term.line))
        statements += sentences
    return TermTexts(tuple(paragraphs), FoundKnowledge(tuple(concepts), tuple(statements)))


def _statements(
    term: OntologyTerm, usable: Mapping[str, OntologyTerm], relations: Mapping[str, Relation], faults: Faults
) -> list[ImportedStatement]:
    found = []
    name = one_line(term.name)
    for relation, parents in term.broader.items():
        for parent in dict.fromkeys(parents):
            if parent == term.id:
                faults.add(term.file, term.line, "self", f"{term.id} “{name}” {relation} itself.")
            elif parent not in usable:
                faults.add(term.file, term.line, "dangling-parent", f"{term.id} “{name}” names {parent}, which is not used.")
            else:
                other = one_line(usable[parent].name)
                quote = paragraph(f"{name[:1].upper()}{name[1:]} {relations[relation].phrase} {other}.")
                found.append(ImportedStatement(name, relation, other, quote, quote, term.file, term.line))
    return found


def _paragraph(term: OntologyTerm, name: str, aliases: Sequence[str], sentences: Sequence[str]) -> str:
    definition = one_line(term.definition)
    parts = [f"{name[:1].upper()}{name[1:]} ({one_line(term.id)}): {definition}{'' if definition.endswith(('.', '?', '!')) else '.'}"]
    if aliases:
        parts.append(f"Also called {', '.join(aliases)}.")
    return " ".join([paragraph(" ".join(parts)), *sentences])
