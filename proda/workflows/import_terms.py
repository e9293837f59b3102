"""Ontologies, and the knowledge of the paper's public implementation → a source and proposals."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from proda.errors import InputError, UsageError
from proda.exchange.faults import Faults
from proda.exchange.found import FoundKnowledge, ImportedStatement, term_key
from proda.exchange.json_rows import json_rows
from proda.exchange.markdown_text import paragraph, source_text
from proda.exchange.obo import read_obo
from proda.exchange.proposing import merged, propose
from proda.exchange.public_core import is_core, read_core
from proda.exchange.relation_names import relation_names
from proda.exchange.skos import read_skos
from proda.exchange.terms import MAX_TERMS, OntologyTerm, below, term_texts
from proda.exchange.text_lines import encoding_of
from proda.knowledge.schema import ConceptType
from proda.knowledge.tree import RELATIONS, source_path
from proda.store.files import data_files
from proda.store.proposals import Proposals, load_proposals, proposals_path, proposed_sources
from proda.store.relations import load_relations
from proda.workflows.import_plan import ImportPlan, PlannedImport, backend_of, earlier, origin_of, source_texts, topic_id, waiting
from proda.workflows.import_rows import RowTally
from proda.yamlio import dump_yaml, load_yaml

_ROW_KEYS = {"question", "conversations", "messages", "instruction"}


def plan_terms(root: Path, plan: ImportPlan, faults: Faults) -> PlannedImport:
    """Terms of OBO or SKOS files → a source of their definitions, concepts, and `is-a` and `is-part-of` statements."""
    origin = origin_of(plan, f"Terms of {plan.files[0].name}")
    terms: dict[str, OntologyTerm] = {}
    for path in plan.files:
        read = read_obo(path, plan.encoding, faults) if plan.kind == "obo" else read_skos(path, plan.encoding, plan.language, faults)
        for name, term in read.items():
            if name in terms:
                faults.add(path.name, term.line, "duplicate-id", f"{name} is in {terms[name].file} too.")
            terms.setdefault(name, term)
    total = len(terms) + sum(faults.counts[kind] for kind in ("obsolete", "duplicate-id", "language"))
    if plan.under:
        if plan.under not in terms:
            raise UsageError(f"--under: '{plan.under[:200]}' is no term of the files.")
        terms = below(terms, plan.under)
    if len(terms) > MAX_TERMS:
        raise InputError(
            f"{plan.files[0]}\n  {len(terms):,} terms, and a topic of more than {MAX_TERMS:,} cannot be reviewed."
            " Choose a branch with --under ID."
        )
    relations = {relation.id: relation for relation in load_relations(root / RELATIONS)}
    if absent := {name for term in terms.values() for name in term.broader} - relations.keys():
        raise InputError(f"{RELATIONS}\n  There is no relation '{min(absent)}', which these files need. Add it there.")
    made = term_texts(terms.values(), relations, plan.type, faults)
    text = source_text(origin.title, made.paragraphs)
    notes = () if plan.kind == "obo" else ("skos:broader is read as is-a. It may also mean a part or an instance: check each one.",)
    source, old = topic_id(plan), earlier(root, topic_id(plan))
    texts = source_texts(root, source, origin, text, old, backend_of(plan))
    proposals = _proposals(root, source, backend_of(plan), made.found, text, old, faults)
    return _planned(texts, proposals, total, len(made.paragraphs), faults, notes)


def plan_core(root: Path, plan: ImportPlan, faults: Faults) -> PlannedImport:
    """The public implementation's files → proposals, and the faults of its knowledge, questions and training rows.

    Quotes are located in the source of the topic if it exists. If not, the quotes themselves become the source, and a note says that nobody
    has compared them with the document.
    """
    names = relation_names(load_relations(root / RELATIONS), plan.relations)
    parts: list[FoundKnowledge] = []
    rows = RowTally(root, plan, faults)
    notes: tuple[str, ...]
    read = 0
    for path in plan.files:
        document = _whole(path, plan.encoding)
        if document is None:
            for line, row in json_rows(path, plan.encoding, faults):
                rows.add(row, path.name, line)
            continue
        parts.append(read_core(document, path.name, names, get_args(ConceptType), plan.type, faults))
        core = document.get("knowledge_core", document)
        read += sum(len(core.get(key) or []) for key in ("l1_concepts", "l2_statements", "l3_chains"))
        for key, number, row in _rows(document):
            rows.add(row, f"{path.name} {key}", number)
    rows.finish()
    found = _joined(parts)
    source = topic_id(plan)
    if not found.statements and not found.concepts:
        notes = ("Rows and questions are only checked. Import rows with the kind `rows`.",)
        return PlannedImport({}, read + rows.read, 0, {}, dict(faults.counts), tuple(faults.kept), notes)
    old, place = earlier(root, source), root / source_path(source)
    backend = backend_of(plan)
    texts: dict[str, str] = {}
    notes = ()
    if place.is_file() and not (old and backend in old.backend.split(", ")):
        text = unicodedata.normalize("NFC", place.read_text(encoding="utf-8"))
        backend = f"{backend} into a source"
    else:
        origin = origin_of(plan, f"Passages of {plan.files[0].name}")
        quotes = dict.fromkeys(paragraph(s.quote) for s in found.statements)
        text = source_text(origin.title, quotes)
        found = msgspec.structs.replace(
            found, statements=tuple(msgspec.structs.replace(s, quote=paragraph(s.quote)) for s in found.statements)
        )
        texts = source_texts(root, source, origin, text, old, backend)
        notes = (
            f"There was no source {source}, so its text is made of the quotes. Nobody has compared them with the document: ingest it"
            " as this topic first to have them located there.",
        )
    proposals = _proposals(root, source, backend, found, text, old, faults)
    used = len(proposals.concepts) + len(proposals.statements) + len(proposals.chains)
    return _planned(texts, proposals, read + rows.read, used, faults, notes)


def known_concepts(root: Path, discipline: str, source: str) -> dict[str, str]:
    """Term key → id of the concepts of a discipline, in its topic files and in the proposals of other sources. Terms go before aliases."""
    terms: dict[str, str] = {}
    aliases: dict[str, str] = {}

    def add(name: str, entry: Mapping[str, Any]) -> None:
        terms.setdefault(term_key(str(entry.get("term", name))), name)
        for alias in entry.get("aliases") or ():
            aliases.setdefault(term_key(str(alias)), name)

    for path in data_files(root / "knowledge" / discipline, "*.yaml"):
        if f"{discipline}/{path.stem}" == source:
            continue
        raw = load_yaml(path, root=root)
        for name, entry in (raw.get("concepts") or {}).items() if isinstance(raw, dict) else ():
            if isinstance(entry, dict) and entry.get("status") != "retired":
                add(name, entry)
    for other in proposed_sources(root):
        if other != source and other.startswith(f"{discipline}/"):
            for name, concept in load_proposals(root, other).concepts.items():
                if concept.status in ("proposed", "accepted"):
                    add(name, {"term": concept.term, "aliases": concept.aliases})
    return aliases | terms


def _proposals(root: Path, source: str, backend: str, found: FoundKnowledge, text: str, old: Proposals | None, faults: Faults) -> Proposals:
    known = known_concepts(root, source.partition("/")[0], source)
    return merged(old, propose(found, source=source, text=text, backend=backend, known=known, faults=faults), text)


def _planned(texts: Mapping[str, str], proposals: Proposals, read: int, used: int, faults: Faults, notes: tuple[str, ...]) -> PlannedImport:
    written = {**texts, proposals_path(proposals.source): dump_yaml(msgspec.to_builtins(proposals))}
    return PlannedImport(written, read, used, waiting(proposals), dict(faults.counts), tuple(faults.kept), notes)


def _joined(parts: list[FoundKnowledge]) -> FoundKnowledge:
    statements: list[ImportedStatement] = []
    chains = []
    for part in parts:
        chains += [msgspec.structs.replace(c, statements=tuple(n + len(statements) for n in c.statements)) for c in part.chains]
        statements += part.statements
    return FoundKnowledge(tuple(c for part in parts for c in part.concepts), tuple(statements), tuple(chains))


def _whole(path: Path, encoding: str) -> dict[str, Any] | None:
    """The JSON object of a file if it is a knowledge; None if the file has rows."""
    name, skipped = encoding_of(path, encoding)
    if not _first_character(path, skipped).startswith("{"):
        return None
    try:
        value = msgspec.json.decode(path.read_bytes()[skipped:].decode(name))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # one object a line
    return value if isinstance(value, dict) and is_core(value) else None


def _first_character(path: Path, skipped: int) -> str:
    with path.open("rb") as file:
        file.seek(skipped)
        return file.read(1024).replace(b"\0", b"").decode("utf-8", "replace").lstrip()


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(key, number, row) of the questions and training rows that a project state holds beside its knowledge."""
    for key, value in document.items():
        if isinstance(value, list) and not key.startswith(("l1_", "l2_", "l3_")):
            yield from ((key, n, row) for n, row in enumerate(value, start=1) if isinstance(row, dict) and _ROW_KEYS & row.keys())
