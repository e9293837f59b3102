"""A glossary file → term → definition.

    read_glossary("terms.yaml", "heating: the transfer of energy to a body")       {"heating": "the transfer of energy to a body"}

Four forms are read: a YAML mapping; CSV and TSV with the term in the first column and the definition in the second, with or without a
heading; and Markdown, whose entries are lines of the form `- **term**: definition`.
"""

from __future__ import annotations

import csv
import io
import re

from proda.errors import InputError
from proda.yamlio import load_yaml_text

_ENTRY = re.compile(r"\s*(?:[-*+]\s+)?\*\*(.+?)\*\*\s*(?::|—|–|\s-\s)?\s*(\S.*)")
_MARKS = re.compile(r"[*_`]+")
FORMS = ".yaml, .yml, .csv, .tsv, .md"


def read_glossary(name: str, text: str) -> dict[str, str]:
    """The entries of a glossary, in its order; of a term that occurs twice, the first. Raises InputError if there are none."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in ("yaml", "yml"):
        found = _from_yaml(name, text)
    elif suffix in ("csv", "tsv"):
        rows = csv.reader(io.StringIO(text), delimiter="\t" if suffix == "tsv" else ",")
        pairs = [(row[0].strip(), row[1].strip()) for row in rows if len(row) > 1]
        found = dict(reversed(pairs[1:] if pairs and pairs[0][0].lower() in ("term", "name", "concept") else pairs))
        found = dict(reversed(found.items()))
    elif suffix == "md":
        found = {}
        for line in text.splitlines():
            if entry := _ENTRY.match(line):
                found.setdefault(_MARKS.sub("", entry[1]).strip(" :"), _MARKS.sub("", entry[2]).strip())
    else:
        raise InputError(f"{name}\n  Not a glossary: expected a file that ends in one of {FORMS}.")
    found = {term: definition for term, definition in found.items() if term and definition}
    if not found:
        raise InputError(f"{name}\n  Holds no term with a definition. Write `term: definition` lines, or two columns.")
    return found


def _from_yaml(name: str, text: str) -> dict[str, str]:
    raw = load_yaml_text(text, name)
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise InputError(f"{name}\n  Expected one `term: definition` for each term. Write each definition as one text.")
    return dict(raw)
