"""Diagnoses, evidence, patches, verdicts, flips and commits → the tables of repairs on the page.

    found = repair_tables(lineage, shown, added_in)
    found["diagnoses"].rows[0]      # ("physics/bimetal-strip-bends:dev-bridge", "concept gap", ["physics/bimetal-strip-bends.s1"], …)

Nodes, items and samples are named by id here; an item that is not shown on the page is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proda.history.git_log import Commit
from proda.history.lineage import Lineage
from proda.history.repairs import Repairs, confidence_text, evidence_text, targets_of
from proda.history.round_audit import RoundAudit
from proda.records import Diagnosis, Evidence, Item, Patch
from proda.report.tables import PageTable

DIAGNOSIS = ("item", "category", "nodes", "confidence", "reason", "failed_by", "older", "evidence")
EVIDENCE = ("node", "text", "asked", "failed")
PATCH = (
    *("id", "round", "category", "reason", "targets", "items", "adds", "removes", "rewords", "edits"),
    *("says", "why", "shown", "commit"),
)
AUDIT = ("item", "better", "before", "after", "level", "commit", "patch", "says", "through")
COMMIT = ("id", "date", "author", "subject", "areas")


def repair_tables(lineage: Lineage, shown: Mapping[str, Item], added_in: Mapping[str, Commit]) -> dict[str, PageTable]:
    """Return the tables `diagnoses`, `noticed` and `patches`. `added_in` maps a patch to the commit that added it."""
    repairs = lineage.repairs
    diagnoses = [_diagnosis(lineage, d, shown[i]) for i, d in sorted(repairs.diagnosis_of.items()) if i in shown]
    patches = [_patch(lineage, p, shown, added_in.get(p.id)) for p in repairs.patches.values()]
    return {
        "diagnoses": PageTable(DIAGNOSIS, diagnoses),
        "noticed": PageTable(EVIDENCE, [_evidence(lineage, e) for e in repairs.noticed]),
        "patches": PageTable(PATCH, patches),
    }


def commit_table(commits: Iterable[tuple[Commit, Mapping[str, int]]]) -> PageTable:
    """Return the table of commits, each once. A commit comes with the number of changed files by folder, where that is known."""
    found: dict[str, tuple[Any, ...]] = {}
    for c, areas in commits:
        found.setdefault(c.id, (c.short, c.date, c.author, c.subject, dict(areas)))
    return PageTable(COMMIT, list(found.values()))


def audit_table(found: RoundAudit | None, shown: Mapping[str, Item]) -> PageTable:
    """Return the lines about items that the page shows."""
    rows = [
        (x.item, int(x.better), x.before, x.after, x.level, x.commit, x.patch, x.says, list(x.through))
        for x in (found.lines if found else ())
        if x.item in shown
    ]
    return PageTable(AUDIT, rows)


def patch_of_sample(repairs: Repairs) -> dict[str, int]:
    """Return sample → the number of the patch that adds it."""
    return {s.id: number for number, patch in enumerate(repairs.patches.values()) for s in patch.samples}


def _diagnosis(lineage: Lineage, d: Diagnosis, item: Item) -> tuple[Any, ...]:
    evidence = [_evidence(lineage, e) for e in d.evidence]
    older = int(item.content_hash != d.hash)
    return d.item, d.category, list(d.nodes), confidence_text(d), d.reason, list(d.failed_by), older, evidence


def _evidence(lineage: Lineage, e: Evidence) -> tuple[Any, ...]:
    return e.node, evidence_text(lineage.knowledge, e), e.asked, e.failed


def _patch(lineage: Lineage, patch: Patch, shown: Mapping[str, Item], commit: Commit | None) -> tuple[Any, ...]:
    verdict = lineage.repairs.verdicts.get(patch.id, {})
    items = [(i, state(lineage, i)) for i in patch.items if i in shown or i not in lineage.items]
    proven = verdict.get("items")
    found = proven.items() if isinstance(proven, Mapping) else ()
    retrained = [(i, str(row["shown"])) for i, row in found if isinstance(row, Mapping) and row.get("shown") and i in shown]
    return (
        patch.id,
        patch.round,
        patch.category,
        patch.reason,
        list(targets_of(patch)),
        items,
        [s.id for s in patch.samples],
        [d.sample for d in patch.remove],
        [(o.sample, o.by.question) for o in patch.override],
        [(e.file, e.concept, e.distinct_from) for e in patch.edits],
        lineage.repairs.says(patch.id),
        str(verdict.get("why") or ""),
        retrained,
        commit.short if commit else "",
    )


def state(lineage: Lineage, item: str) -> str:
    """What became of an item that failed before the patch: most seeds fail it still, or not, or it has been retired."""
    if item not in lineage.items:
        return "retired"
    return "still fails" if item in lineage.repairs.diagnosis_of else "passes now"
