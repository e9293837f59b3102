"""What refers to nodes that are not there: exceptions and patches (written by people: an error), items and samples (derived: a warning).

benchmarks/exceptions.yaml  physics/old-chain:dev-path
  'physics/old-chain' is no chain of the knowledge base. …
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from proda.findings import Finding
from proda.store.corpus import CORPUS, PATCHES
from proda.store.items import ITEMS
from proda.yamlio import load_yaml

RULE = "dangling"
EXCEPTIONS = Path("benchmarks/exceptions.yaml")


def dangling(root: Path, nodes: frozenset[str]) -> list[Finding]:
    """Findings, one for each file and missing node. `nodes` are all ids of the knowledge base, retired ones too.

    Files that cannot be read are left to the stage that reads them.
    """
    findings = list(_exceptions(root, nodes))
    for folder, key, severity, advice in (
        (PATCHES, "samples", "error", "A patch is never edited: revert its commit, or bring the node back."),
        (CORPUS, "samples", "warning", "Derived: `dvc repro synthesize` writes it anew."),
        (ITEMS, "items", "warning", "Derived: `dvc repro benchmark` writes it anew."),
    ):
        for path in sorted((root / folder).rglob("*.yaml")):
            entries = (load_yaml(path) or {}).get(key) or ()
            for node in sorted(_missing(entries, nodes)):
                message = f"'{node}' is no node of the knowledge base. {advice}"
                findings.append(Finding(path.relative_to(root).as_posix(), 0, f"{key}[].nodes", RULE, message, severity))  # type: ignore[arg-type]
    return findings


def _missing(entries: Iterable[dict[str, list[str]]], nodes: frozenset[str]) -> set[str]:
    return {node for entry in entries for node in entry.get("nodes", ()) if node not in nodes}


def _exceptions(root: Path, nodes: frozenset[str]) -> Iterator[Finding]:
    path = root / EXCEPTIONS
    entries = ((load_yaml(path) or {}).get("exceptions") or ()) if path.is_file() else ()
    for number, entry in enumerate(entries):
        chain = str(entry.get("item", "")).partition(":")[0]
        if chain not in nodes:
            message = f"'{chain}' is no chain of the knowledge base. Remove the exception, or mend its item."
            yield Finding(EXCEPTIONS.as_posix(), 0, f"exceptions[{number}].item", RULE, message, "error")
