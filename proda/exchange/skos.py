"""SKOS thesauri, as RDF/XML or Turtle → terms.

    <skos:Concept rdf:about="http://example.org/heat-pump">
      <skos:prefLabel xml:lang="en">heat pump</skos:prefLabel>
      <skos:definition xml:lang="en">A machine that moves heat from a cold place to a warm one.</skos:definition>
      <skos:broader rdf:resource="http://example.org/machine"/>
    </skos:Concept>

`skos:broader` says only that a term is wider; it is read as `is-a`, for a reviewer to confirm. `broaderGeneric` and `broaderPartitive` of
ISO 25964 are read as `is-a` and `is-part-of`. Labels and texts in other languages than the wanted one are passed over. A file that declares
entities is refused: they are a way to make a small file fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from proda.errors import InputError
from proda.exchange.faults import Faults
from proda.exchange.terms import OntologyTerm
from proda.exchange.turtle import read_turtle

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
ISO = "http://purl.org/iso25964/skos-thes#"
_BROADER = {f"{SKOS}broader": "is-a", f"{ISO}broaderGeneric": "is-a", f"{ISO}broaderPartitive": "is-part-of"}
_NARROWER = {f"{SKOS}narrower": "is-a", f"{ISO}narrowerGeneric": "is-a", f"{ISO}narrowerPartitive": "is-part-of"}
_TEXTS = {f"{SKOS}prefLabel": "name", f"{SKOS}altLabel": "synonym", f"{SKOS}definition": "definition"}
MAX_DEPTH = 100


class RdfTriple(NamedTuple):
    """One statement of RDF. `literal` is True for a text, whose language may be empty."""

    subject: str
    predicate: str
    object: str
    literal: bool
    language: str
    line: int


def read_skos(path: Path, encoding: str, language: str, faults: Faults) -> dict[str, OntologyTerm]:
    """Return the concepts by their address, in the order of the file. `language` is the wanted one, "en" also for "en-GB".

    Raises InputError for a file that is no RDF/XML or Turtle, or that uses what is not read here.
    """
    turtle = path.suffix.casefold() in (".ttl", ".turtle", ".n3")
    triples: Iterable[RdfTriple] = map(RdfTriple._make, read_turtle(path, encoding, faults)) if turtle else _rdf_xml(path)
    return _terms(triples, language, path.name, faults)


def _terms(triples: Iterable[RdfTriple], language: str, file: str, faults: Faults) -> dict[str, OntologyTerm]:
    concepts: dict[str, int] = {}
    texts: dict[tuple[str, str], list[str]] = {}
    broader: dict[str, dict[str, list[str]]] = {}
    for t in triples:
        if t.predicate == f"{RDF}type" and t.object == f"{SKOS}Concept":
            concepts.setdefault(t.subject, t.line)
        elif t.literal and t.predicate in _TEXTS:
            if not t.language or t.language.casefold().split("-")[0] == language:
                texts.setdefault((t.subject, _TEXTS[t.predicate]), []).append(t.object)
        elif t.predicate in _BROADER:
            broader.setdefault(t.subject, {}).setdefault(_BROADER[t.predicate], []).append(t.object)
        elif t.predicate in _NARROWER:
            broader.setdefault(t.object, {}).setdefault(_NARROWER[t.predicate], []).append(t.subject)
    terms = {}
    for name, line in concepts.items():
        labels = texts.get((name, "name"), [])
        if not labels:
            faults.add(file, line, "language", f"{name} has no label in '{language}'.")
            continue
        parents = {relation: tuple(dict.fromkeys(ids)) for relation, ids in broader.get(name, {}).items()}
        definition = next(iter(texts.get((name, "definition"), [])), "")
        terms[name] = OntologyTerm(name, labels[0], definition, tuple(texts.get((name, "synonym"), ())), parents, line, file)
    return terms


class _Rdf:
    """Collects the triples of RDF/XML while expat reads. Elements alternate between nodes and properties."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.triples: list[RdfTriple] = []
        self.stack: list[tuple[str, str, str]] = []  # (kind, name or address, language) of each open element
        self.text: list[str] = []
        self.blank = 0
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.EntityDeclHandler = self.refuse
        self.parser.buffer_text = True

    def refuse(self, *_: object) -> None:
        raise InputError("The file declares entities, which are not read. Remove the declarations, and write out what they stand for.")

    def take(self) -> list[RdfTriple]:
        found, self.triples = self.triples, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.replace(" ", "")
        if len(self.stack) > MAX_DEPTH:
            raise InputError(f"The file has more than {MAX_DEPTH} elements inside of each other.")
        outer = self.stack[-1] if self.stack else ("document", "", "")
        language = attributes.get("http://www.w3.org/XML/1998/namespace lang", outer[2])
        line = self.parser.CurrentLineNumber
        self.text.clear()
        if outer[0] in ("document", "root") and name == f"{RDF}RDF":
            self.stack.append(("root", "", language))
        elif outer[0] == "property":
            node = self._node(name, attributes, language, line)
            self.triples.append(RdfTriple(self.stack[-3][1], self.stack[-2][1], node, False, "", line))
        elif outer[0] == "node":
            if target := attributes.get(f"{RDF} resource", ""):
                self.triples.append(RdfTriple(outer[1], name, target, False, "", line))
            self.stack.append(("property", name, language))
        else:
            self._node(name, attributes, language, line)

    def _node(self, name: str, attributes: dict[str, str], language: str, line: int) -> str:
        self.blank += 1
        about = attributes.get(f"{RDF} about") or attributes.get(f"{RDF} nodeID") or f"_:{self.blank}"
        self.stack.append(("node", about, language))
        if name != f"{RDF}Description":
            self.triples.append(RdfTriple(about, f"{RDF}type", name, False, "", line))
        return about

    def end(self, _: str) -> None:
        kind, name, language = self.stack.pop()
        if kind == "property" and self.stack and (text := "".join(self.text).strip()):
            self.triples.append(RdfTriple(self.stack[-1][1], name, text, True, language, self.parser.CurrentLineNumber))
        self.text.clear()


def _rdf_xml(path: Path) -> Iterator[RdfTriple]:
    reader = _Rdf()
    try:
        with path.open("rb") as file:
            while piece := file.read(1024 * 1024):
                reader.parser.Parse(piece, False)
                yield from reader.take()
            reader.parser.Parse(b"", True)
            yield from reader.take()
    except expat.ExpatError as error:
        raise InputError(
            f"{path}:{error.lineno}\n  Not XML: {expat.ErrorString(error.code)}. Turtle is read from files named *.ttl."
        ) from None
    except InputError as error:
        raise InputError(f"{path}:{reader.parser.CurrentLineNumber}\n  {error}") from None
