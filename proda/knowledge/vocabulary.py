"""The two files that every topic uses: knowledge/relations.yaml and knowledge/sources/catalogue.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.findings import Finding, path_text
from proda.knowledge.rules.rule import Violation
from proda.knowledge.schema import Catalogue, RelationsFile, with_relation_ids
from proda.knowledge.tree import CATALOGUE, RELATIONS
from proda.records import Relation
from proda.yamlio import load_yaml_bytes, locate, read_bytes
from proda.yamlio.schema import faults, located

_ADVICE = {
    "'licence' is missing. Add it.": "'licence' is missing. Add the licence that the text is under, as an SPDX identifier (CC-BY-4.0) or in"
    " words; `--fix` never chooses one.",
    "'origin' is missing. Add it.": "'origin' is missing. Add where the text comes from: an address, a book, or who wrote it.",
}


class Vocabulary(msgspec.Struct, frozen=True):
    """The contents of both files. A file that cannot be used is None, and `findings` says why."""

    relations: tuple[Relation, ...] | None
    catalogue: Catalogue | None
    findings: tuple[Finding, ...]


def read_vocabulary(root: Path) -> Vocabulary:
    """Read both files of the repository at `root`. Never raises on bad input: faults are findings."""
    findings: list[Finding] = []
    relations: tuple[Relation, ...] | None = None
    parsed = _read(root, RELATIONS, RelationsFile, findings)
    if isinstance(parsed, RelationsFile):
        relations = tuple(sorted(parsed.relations.values(), key=lambda r: r.id))
        for fault in _relation_faults(parsed):
            line = locate(root / RELATIONS, fault.path)
            findings.append(Finding(RELATIONS, line, path_text(fault.path), "relations", fault.message))
    catalogue = _read(root, CATALOGUE, Catalogue, findings)
    return Vocabulary(relations, catalogue if isinstance(catalogue, Catalogue) else None, tuple(findings))


def _read(root: Path, file: str, kind: type[msgspec.Struct], findings: list[Finding]) -> object:
    try:
        data = read_bytes(root / file, root)
        raw: Any = load_yaml_bytes(data, file)
    except InputError as error:
        for found in error.findings:
            if isinstance(found, Finding):
                hint = " Run `proda check --fix`." if file == CATALOGUE and "does not exist" in found.message else ""
                findings.append(msgspec.structs.replace(found, file=file, message=found.message + hint))
        return None
    raw = with_relation_ids(raw) if kind is RelationsFile else raw
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        findings += (_with_advice(f) for f in located(faults(raw, kind), file, data))
        return None


def _with_advice(finding: Finding) -> Finding:
    """The finding with what to write for a field of the catalogue that only a person knows."""
    advice = _ADVICE.get(finding.message) if finding.file == CATALOGUE else None
    return msgspec.structs.replace(finding, message=advice) if advice else finding


def _relation_faults(file: RelationsFile) -> list[Violation]:
    """Relations whose opposite does not exist or does not name them as its opposite."""
    faults = []
    for name, relation in file.relations.items():
        where = ("relations", name, "opposite")
        if relation.opposite is not None and relation.opposite not in file.relations:
            faults.append(Violation(where, f"'{relation.opposite}' is not a relation. Fix the name, or add the relation."))
        elif relation.opposite is not None and file.relations[relation.opposite].opposite != name:
            faults.append(
                Violation(where, f"'{relation.opposite}' does not name '{name}' as its opposite. Each of the two must name the other.")
            )
        if relation.symmetric and relation.asymmetric:
            faults.append(Violation(("relations", name), "A relation cannot be both symmetric and asymmetric. Keep one of the two."))
    return faults
