"""OBO 1.2 and 1.4 files → terms.

    [Term]
    id: GO:0000266
    name: mitochondrial fission
    def: "The division of a mitochondrion …" [GOC:mah]
    synonym: "mitochondrial division" EXACT []
    is_a: GO:0048285 ! organelle fission
    relationship: part_of GO:0007005 ! mitochondrion organization

The parser reads these tags of [Term] stanzas and passes over all others. `relationship` is read for `part_of` only. Obsolete terms are
faults. A file is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from proda.exchange.faults import Faults
from proda.exchange.terms import OntologyTerm
from proda.exchange.text_lines import text_lines

SCOPES = ("EXACT",)  # synonyms of other scopes are broader, narrower or merely related terms
_STANZA = re.compile(r"\[(?P<name>[^\]]+)\]\s*(?:!.*)?")
_TAG = re.compile(r"(?P<tag>[A-Za-z_][\w-]*)\s*:\s*(?P<value>.*)")
_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?P<scope>[A-Z]+)?')
_ESCAPES = {"n": "\n", "W": " ", "t": "\t"}
_COMMENT = re.compile(r"(?<!\\)!.*$")
_MODIFIERS = re.compile(r"(?<!\\)\{[^{}]*\}\s*$")


def read_obo(path: Path, encoding: str, faults: Faults) -> dict[str, OntologyTerm]:
    """Return the terms by id, in the order of the file. Stanzas without an id, and ids that are used twice, are faults."""
    terms: dict[str, OntologyTerm] = {}
    for line, tags in _stanzas(path, encoding, faults):
        ids = tags.get("id", [])
        name = _plain(ids[0]) if ids else ""
        if not name:
            faults.add(path.name, line, "malformed", "The term has no id.")
        elif name in terms:
            faults.add(path.name, line, "duplicate-id", f"{name} is the id of two terms.")
        elif [_plain(v) for v in tags.get("is_obsolete", [])] == ["true"]:
            faults.add(path.name, line, "obsolete", f"{name} “{_plain(tags.get('name', [''])[0])}”")
        else:
            terms[name] = _term(name, line, tags, path.name, faults)
    return terms


def _term(name: str, line: int, tags: dict[str, list[str]], file: str, faults: Faults) -> OntologyTerm:
    broader: dict[str, tuple[str, ...]] = {}
    if parents := tuple(_plain(v) for v in tags.get("is_a", [])):
        broader["is-a"] = parents
    parts = [v.split(None, 1) for v in map(_plain, tags.get("relationship", []))]
    if wholes := tuple(part[1] for part in parts if len(part) == 2 and part[0] in ("part_of", "BFO:0000050")):
        broader["is-part-of"] = wholes
    definition = _quoted(tags["def"][0]) if "def" in tags else None
    if "def" in tags and definition is None:
        faults.add(file, line, "malformed", f"{name}: the definition has no quotation marks: {tags['def'][0]}")
    synonyms = [hit for value in tags.get("synonym", []) if (hit := _QUOTED.match(value)) and (hit["scope"] or "EXACT") in SCOPES]
    label = _plain(tags["name"][0]) if "name" in tags else ""
    if " " not in label:
        label = label.replace("_", " ")  # some ontologies write `sequence_feature`
    return OntologyTerm(name, label, definition or "", tuple(_unescaped(hit["text"]) for hit in synonyms), broader, line, file)


def _stanzas(path: Path, encoding: str, faults: Faults) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """The [Term] stanzas: the line on which each begins, and its tags."""
    begun, tags, inside = 0, dict[str, list[str]](), False
    for number, line in _joined(text_lines(path, encoding, faults)):
        text = line.strip()
        if not text or text.startswith("!"):
            continue
        if text.startswith("[") and (stanza := _STANZA.fullmatch(text)):
            if inside:
                yield begun, tags
            begun, tags, inside = number, {}, stanza["name"] == "Term"
        elif inside:
            if (hit := _TAG.fullmatch(text)) is None:
                faults.add(path.name, number, "malformed", f"Expected 'tag: value', got: {text}")
            else:
                tags.setdefault(hit["tag"], []).append(hit["value"].strip())
    if inside:
        yield begun, tags


def _joined(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, those that end with a backslash joined with the next one."""
    begun, parts = 0, list[str]()
    for number, line in lines:
        if not parts:
            begun = number
        if line.endswith("\\") and not line.endswith("\\\\"):
            parts.append(line[:-1])
            continue
        yield begun, "".join([*parts, line])
        parts = []
    if parts:
        yield begun, "".join(parts)


def _plain(value: str) -> str:
    """A value without its comment and trailing modifiers."""
    return _unescaped(_MODIFIERS.sub("", _COMMENT.sub("", value).strip()).strip())


def _quoted(value: str) -> str | None:
    hit = _QUOTED.match(value)
    return _unescaped(hit["text"]) if hit else None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text)
