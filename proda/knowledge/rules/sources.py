"""Every source is in the catalogue with its origin and licence, and its text is the one that was catalogued.

`--fix` adds entries and hashes. It never writes an origin or a licence, because only a person knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from proda.knowledge.rules.rule import Rule, SourceText, Violation
from proda.knowledge.tree import CATALOGUE, source_path

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Sources that are used and not catalogued, catalogued and missing, or changed since."""
    catalogue = columns.catalogue or {}
    used: dict[str, str] = {}
    for entry in columns.entries:
        for source in entry.uses:
            used.setdefault(source, entry.file)
    for source, file in sorted(used.items()):
        if source in columns.sources and source not in catalogue:
            message = f"'{source}' has no entry in {CATALOGUE}: origin and licence are unknown. Run `proda check --fix`, then add both."
            yield file, Violation(("source",), message)
    for source, known in catalogue.items():
        where = ("sources", source)
        if source not in columns.sources:
            yield CATALOGUE, Violation(where, f"There is no {source_path(source)}. Add the text, or remove the entry.")
        elif columns.sources[source] != known.sha256:
            yield (
                CATALOGUE,
                Violation(
                    (*where, "sha256"),
                    f"Got {known.sha256[:12]}…, but the text has {columns.sources[source][:12]}…: it changed. Check what quotes it, "
                    "then run `proda check --fix`.",
                ),
            )


def fix(catalogue: dict[str, Any], sources: Mapping[str, SourceText]) -> None:
    """Record the hash of every source, and add an entry with its title for a source that has none. Entries of missing sources stay."""
    known = catalogue.setdefault("sources", {})
    for source, found in sources.items():
        if found.text is None:
            continue
        if source in known:
            if isinstance(known[source], dict):
                known[source]["sha256"] = found.sha256
        else:
            heading = next((line[2:].strip() for line in found.text.splitlines() if line.startswith("# ")), source)
            known[source] = {"title": heading, "sha256": found.sha256}


RULE = Rule(name="sources", description="Sources are catalogued, licensed and unchanged.", check_all=check, fix_catalogue=fix)
