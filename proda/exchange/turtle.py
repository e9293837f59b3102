"""A part of Turtle → triples of RDF: what thesauri are written in.

    @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    <http://example.org/heat-pump> a skos:Concept ;
        skos:prefLabel "heat pump"@en , "Wärmepumpe"@de ;
        skos:broader <http://example.org/machine> .

Read: prefixes, bases, addresses, texts of every kind, numbers, `a`, `;` and `,`. Refused with the line: blank nodes in brackets, and lists.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from proda.errors import InputError
from proda.exchange.faults import Faults
from proda.exchange.text_lines import text_lines

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      |(?P<iri><[^<>"{}|^`\\\s]*>)
      |(?P<text>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3}|'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |(?P<directive>@prefix\b|@base\b|(?i:prefix|base)(?=\s+[^:\s]*:?\s*<))
      |(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      |(?P<type>\^\^)
      |(?P<mark>[;,]|\.(?![0-9]))
      |(?P<number>[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w:]))
      |(?P<name>(?:[^\W\d_][\w.-]*)?:(?:[\w:%-]|\\.|\.(?=[\w:%-]))*|_:\w[\w.-]*\w|_:\w)
      |(?P<word>a(?![\w:])|true\b|false\b)
      |(?P<refused>[\[\]()])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
Token = tuple[str, str, int]  # kind, text, line


def read_turtle(path: Path, encoding: str, faults: Faults) -> Iterator[tuple[str, str, str, bool, str, int]]:
    """Yield (subject, predicate, object, whether it is a text, language, line).

    Raises InputError at the first thing that is no Turtle or is not read here.
    """
    lines = [line for _, line in text_lines(path, encoding, faults)]
    yield from _Turtle(path, _tokens(path, "\n".join(lines))).triples()


class _Turtle:
    """The statements of one file, read token by token."""

    def __init__(self, path: Path, tokens: Iterator[Token]) -> None:
        self.path, self.tokens = path, tokens
        self.prefixes: dict[str, str] = {}
        self.base = ""
        self.token: Token = next(tokens, ("end", "", 0))

    def next(self) -> Token:
        found, self.token = self.token, next(self.tokens, ("end", "", self.token[2]))
        return found

    def expect(self, *marks: str) -> str:
        kind, text, line = self.next()
        if kind != "mark" or text not in marks:
            raise _fault(self.path, line, f"Expected {' or '.join(marks)}, got '{text[:60]}'.")
        return text

    def triples(self) -> Iterator[tuple[str, str, str, bool, str, int]]:
        while self.token[0] != "end":
            if self.token[0] == "directive":
                self.directive()
                continue
            subject, _, _ = self.thing()
            while True:
                line = self.token[2]
                predicate = RDF_TYPE if self.token[:2] == ("word", "a") else None
                if predicate is None:
                    predicate, _, _ = self.thing()
                else:
                    self.next()
                while True:
                    obj, literal, language = self.thing()
                    yield subject, predicate, obj, literal, language, line
                    mark = self.expect(",", ";", ".")
                    if mark != ",":
                        break
                while mark == ";" and self.token[:2] == ("mark", ";"):
                    self.next()
                if mark == ";" and self.token[:2] == ("mark", "."):
                    mark = self.next()[1]
                if mark == ".":
                    break

    def directive(self) -> None:
        _, word, line = self.next()
        prefix = self.next()[1] if word.casefold().lstrip("@") == "prefix" else None
        kind, address, _ = self.next()
        if kind != "iri" or (prefix is not None and not prefix.endswith(":")):
            raise _fault(self.path, line, f"Expected an address in < > after {word}.")
        if prefix is None:
            self.base = urljoin(self.base, address[1:-1])
        else:
            self.prefixes[prefix] = urljoin(self.base, address[1:-1])
        if word.startswith("@"):
            self.expect(".")

    def thing(self) -> tuple[str, bool, str]:
        """A subject, predicate or object: its address or text, whether it is a text, and its language."""
        kind, text, line = self.next()
        if kind == "iri":
            return urljoin(self.base, text[1:-1]), False, ""
        if kind == "name":
            prefix, _, local = text.partition(":")
            if prefix != "_" and f"{prefix}:" not in self.prefixes:
                raise _fault(self.path, line, f"The prefix '{prefix}:' is not declared.")
            return (text if prefix == "_" else self.prefixes[f"{prefix}:"] + local.replace("\\", "")), False, ""
        if kind in ("number", "word"):
            return text, True, ""
        if kind == "text":
            quotes = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
            value, language = _unescaped(text[quotes:-quotes]), ""
            if self.token[0] == "language":
                language = self.next()[1][1:]
            elif self.token[0] == "type":
                self.next()
                self.thing()
            return value, True, language
        raise _fault(self.path, line, f"Expected an address, a name or a text, got '{text[:60] or 'the end of the file'}'.")


def _tokens(path: Path, text: str) -> Iterator[Token]:
    place, line = 0, 1
    while place < len(text):
        hit = _TOKEN.match(text, place)
        if hit is None:
            raise _fault(path, line, f"Not Turtle: {text[place : place + 40]}")
        kind = str(hit.lastgroup)
        if kind == "refused":
            raise _fault(path, line, f"'{hit[0]}' opens a blank node or a list, which are not read. Convert the file to RDF/XML.")
        if kind != "space":
            yield kind, hit[0], line
        line += hit[0].count("\n")
        place = hit.end()


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: _character(m[1] or m[2]) if m[1] or m[2] else _ESCAPED.get(m[3], m[3]), text)


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number <= sys.maxunicode else "\ufffd"


def _fault(path: Path, line: int, message: str) -> InputError:
    return InputError(f"{path}:{line}\n  {message}")
