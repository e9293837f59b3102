"""References to nodes that do not exist. In exceptions and patches, which people commit, they are errors; in items and samples, which
are derived, they are warnings.

benchmarks/exceptions.yaml  exceptions[0].item
  'physics/old-chain' is not a chain of the knowledge. Remove the exception, or fix its item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from proda.findings import Finding, Severity
from proda.records import Item, Sample
from proda.store.committed import Committed
from proda.store.exceptions import PATH as EXCEPTIONS

RULE = "dangling"


def dangling(found: Committed, nodes: frozenset[str], replaced: Mapping[str, str]) -> list[Finding]:
    """A finding for each file and missing node. `nodes` are all ids of the knowledge, retired ones too.

    `replaced` maps a retired chain to the chain that replaced it: `proda mv` leaves this, and a retired chain has no statements.
    """
    findings = []
    for number, entry in enumerate(found.exceptions):
        chain = entry.item.partition(":")[0]
        if chain not in nodes:
            message = f"'{chain}' is not a chain of the knowledge. Remove the exception, or fix its item."
            findings.append(Finding(EXCEPTIONS.as_posix(), 0, f"exceptions[{number}].item", RULE, message))
    for file, patch in found.patches.items():
        advice = "A patch is never edited: revert its commit, or restore the node."
        findings += _missing(file, "samples[].nodes", patch.samples, nodes, "error", advice, replaced)
    for file, samples in found.corpus.items():
        findings += _missing(file, "samples[].nodes", samples, nodes, "warning", "The corpus is derived: run `dvc repro synthesize`.")
    for file, items in found.items.items():
        findings += _missing(file, "items[].nodes", items, nodes, "warning", "Items are derived: run `dvc repro benchmark`.")
    return findings


def _missing(
    file: str,
    path: str,
    entries: Iterable[Sample | Item],
    nodes: frozenset[str],
    severity: Severity,
    advice: str,
    replaced: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    for node in sorted({node for entry in entries for node in entry.nodes} - nodes):
        old = node.partition(".")[0]
        new = (replaced or {}).get(old)
        then = f"'{old}' was renamed: run `proda mv {old} {new}`, which renames it here too." if new else advice
        yield Finding(file, 0, path, RULE, f"'{node}' is not a node of the knowledge. {then}", severity)
