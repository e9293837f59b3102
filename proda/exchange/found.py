"""What an import found, before it is compared with the repository: concepts, statements and chains, by the words of the import.

found = FoundKnowledge(
    [ImportedConcept("heat pump", "artefact", "a machine that …")], [ImportedStatement("heat pump", "is-a", "machine", …)], []
)
"""

from __future__ import annotations

import re
import unicodedata

from proda.records import Record

MAX_ID = 100  # characters of an id
_SINGULAR = re.compile(r"(?<=[a-z]{3})s$")


class ImportedConcept(Record, frozen=True):
    """A concept as the import words it. Its id is made from the term."""

    term: str
    type: str
    definition: str
    aliases: tuple[str, ...] = ()
    drafted: bool = False  # the definition was made up, since the import has none
    file: str = ""
    line: int = 0


class ImportedStatement(Record, frozen=True):
    """A triple over terms, with the passage that is to support it."""

    subject: str  # terms, or aliases, of concepts
    relation: str  # a relation id
    object: str
    text: str
    quote: str
    file: str = ""
    line: int = 0


class ImportedChain(Record, frozen=True):
    """Statements in order, by their indexes in `FoundKnowledge.statements`."""

    name: str
    explains: str
    statements: tuple[int, ...]
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


class FoundKnowledge(Record, frozen=True):
    """The whole of an import."""

    concepts: tuple[ImportedConcept, ...]
    statements: tuple[ImportedStatement, ...]
    chains: tuple[ImportedChain, ...] = ()


def slug(text: str) -> str:
    """Return a text as an id: `Heat pumps (air)` is `heat-pumps-air`; empty if it has no letter or digit that can stand in one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    made = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return made if len(made) <= MAX_ID else made[:MAX_ID].rsplit("-", 1)[0]


def term_key(text: str) -> str:
    """Return what spelling variants of one term share: case, hyphens, blanks and a leading article do not count.

    A bracketed qualifier counts: “nucleus (of a comet)” is another term than “nucleus”.
    """
    words = unicodedata.normalize("NFKC", text).casefold().replace("-", " ").replace("_", " ").replace("’", "'").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)


def plural_key(text: str) -> str:
    """Return the key without a plural s at its end. Two terms are one if both forms are attested."""
    return _SINGULAR.sub("", term_key(text))


def one_line(text: str) -> str:
    """Return a text as one line of NFC, without control characters and invisible direction marks."""
    kept = "".join(c if c.isprintable() or c.isspace() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(kept.split())


def noun_phrase(definition: str, term: str) -> str:
    """Return a definition as the knowledge writes it: its first sentence, without a full stop, in lower case, without “⟨term⟩ is”."""
    line = re.split(r"(?<=[a-z0-9)][.])\s+(?=[A-Z])", one_line(definition), maxsplit=1)[0]
    line = re.sub(
        rf"^(?:(?:an?|the)\s+)?{re.escape(one_line(term))}\s+(?:is|are|refers to|means)\s+", "", line, count=1, flags=re.IGNORECASE
    )
    line = line.rstrip(" .;")
    return line if line[1:2].isupper() or line[:1].isdigit() else f"{line[:1].lower()}{line[1:]}"
