"""README.md of an export: front matter that the Hugging Face Hub and `datasets` read, and what a reader must know.

    dataset_card(CardFacts(name="proda", title="ProDa samples", splits={"train": ("data/train.jsonl", 4160)}, columns=…, …))

Titles and licences come from people and documents. In the front matter they are quoted by our own YAML writer; in the text every character
that Markdown or HTML could take for markup is written as an entity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proda.errors import printable
from proda.exchange.sample_rows import Columns
from proda.records import Record
from proda.yamlio import dump_yaml

SHOWN = 50  # sources that the card lists; sources.jsonl has all of them
# SPDX identifiers, in lower case, that the Hub knows under the same name.
KNOWN_LICENCES = frozenset(
    (
        *("apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0"),
        *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0"),
        *("cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0"),
        *("agpl-3.0", "mpl-2.0", "odbl", "pddl", "gfdl", "unlicense", "wtfpl", "isc", "zlib"),
    )
)
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#|&~$@]")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))


class SourceLine(Record, frozen=True):
    """A source, as the catalogue lists it, and how many rows mention it."""

    source: str
    title: str
    origin: str
    licence: str  # empty if the catalogue has no entry
    rows: int


class CardFacts(Record, frozen=True):
    """What the card says."""

    title: str
    what: Sequence[str]  # paragraphs: what the rows are and how they were made
    splits: Mapping[str, tuple[str, int]]  # split → (file, rows)
    columns: Columns
    counts: Mapping[str, int]  # "open": 2496
    sources: Sequence[SourceLine]
    knowledge_commit: str
    task: str  # of the Hub: "question-answering"
    language: str
    about: Mapping[str, str]  # column → what it holds


def dataset_card(facts: CardFacts) -> str:
    """Return the card. Equal facts give equal text."""
    return f"---\n{dump_yaml(front_matter(facts))}---\n\n{_body(facts)}"


def front_matter(facts: CardFacts) -> dict[str, Any]:
    """Return the YAML head: licences, language, size, the file of each split and the type of each column."""
    rows = sum(count for _, count in facts.splits.values())
    return {
        "pretty_name": printable(facts.title),
        "language": [facts.language],
        **licence_fields([s.licence for s in facts.sources]),
        "task_categories": [facts.task],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "10M<n<100M")],
        "tags": ["proda"],
        "configs": [{"config_name": "default", "data_files": [{"split": s, "path": file} for s, (file, _) in facts.splits.items()]}],
        "dataset_info": {"features": [_feature(name, kind) for name, kind in facts.columns.items()]},
    }


def licence_fields(licences: Sequence[str]) -> dict[str, Any]:
    """Return the fields of the Hub for these licences. One that the Hub does not know, or none at all, is `other` with its name."""
    names = sorted({licence.strip() or "unknown" for licence in licences}) or ["unknown"]
    ids = sorted({name.lower() if name.lower() in KNOWN_LICENCES else "unknown" if name == "unknown" else "other" for name in names})
    found: dict[str, Any] = {"license": ids[0] if len(ids) == 1 else ids}
    if "other" in ids:
        found["license_name"] = printable(", ".join(n for n in names if n.lower() not in KNOWN_LICENCES and n != "unknown"))
    return found


def inert(text: str) -> str:
    """Return `text` as one line in which nothing is Markdown, HTML or a control sequence."""
    return _MARKUP.sub(lambda hit: f"&#{ord(hit[0])};", printable(" ".join(text.split())))


def _feature(name: str, kind: Any) -> dict[str, Any]:
    if isinstance(kind, dict):
        return {"name": name, "list": [_feature(inner, of) for inner, of in kind.items()]}
    return {"name": name, "sequence": "string"} if kind == "strings" else {"name": name, "dtype": kind}


def _body(facts: CardFacts) -> str:
    lines = [f"# {inert(facts.title)}", ""]
    for paragraph in facts.what:
        lines += [paragraph, ""]
    lines += ["| split | file | rows |", "|---|---|--:|"]
    lines += [f"| {split} | `{file}` | {count:,} |" for split, (file, count) in facts.splits.items()]
    lines += ["", "| of them | rows |", "|---|--:|"]
    lines += [f"| {inert(name)} | {count:,} |" for name, count in facts.counts.items()]
    lines += ["", "## Columns", "", "| column | what it holds |", "|---|---|"]
    lines += [f"| `{name}` | {facts.about[name]} |" for name in facts.columns]
    lines += ["", "## Sources and licences", ""]
    if facts.knowledge_commit:
        lines += [f"Made from the knowledge of commit `{facts.knowledge_commit}`. `sources.jsonl` lists every source.", ""]
    lines += ["| source | title | origin | licence | rows |", "|---|---|---|---|--:|"]
    for line in facts.sources[:SHOWN]:
        lines.append(f"| {inert(line.source)} | {inert(line.title)} | {inert(line.origin)} | {_licence(line)} | {line.rows:,} |")
    if len(facts.sources) > SHOWN:
        lines += ["", f"… and {len(facts.sources) - SHOWN:,} more in `sources.jsonl`."]
    return "\n".join(lines) + "\n"


def _licence(line: SourceLine) -> str:
    return inert(line.licence) if line.licence else "not in the catalogue"
