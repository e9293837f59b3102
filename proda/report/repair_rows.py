"""Diagnoses, evidence, patches, verdicts and commits → the tables of repairs on the page.

    found = repair_tables(lineage, shown, added_in)
    found["diagnoses"].rows[0]      # ("physics/bimetal-strip-bends:dev-bridge", "concept gap", ["physics/bimetal-strip-bends.s1"], …)

Nodes, items and samples are named by id here; an item that is not shown on the page is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from proda.history.git_log import Commit, run
from proda.history.lineage import Lineage
from proda.history.repairs import Repairs, confidence_text, evidence_text, targets_of
from proda.records import Diagnosis, Evidence, Item, Patch
from proda.report.tables import Table
from proda.store.corpus import PATCHES
from proda.store.verdicts import seeds_of

DIAGNOSIS = ("item", "category", "nodes", "confidence", "reason", "failed_by", "older", "evidence")
EVIDENCE = ("node", "text", "asked", "failed")
PATCH = (
    *("id", "round", "category", "reason", "targets", "items", "adds", "removes", "rewords", "edits"),
    *("says", "why", "seeds", "shown", "commit"),
)
COMMIT = ("id", "date", "author", "subject", "areas")


def repair_tables(lineage: Lineage, shown: Mapping[str, Item], added_in: Mapping[str, Commit]) -> dict[str, Table]:
    """Return the tables `diagnoses`, `noticed` and `patches`. `added_in` maps a patch to the commit that added it."""
    repairs = lineage.repairs
    diagnoses = [_diagnosis(lineage, d, shown[i]) for i, d in sorted(repairs.diagnosis_of.items()) if i in shown]
    patches = [_patch(lineage, p, shown, added_in.get(p.id)) for p in repairs.patches.values()]
    return {
        "diagnoses": Table(DIAGNOSIS, diagnoses),
        "noticed": Table(EVIDENCE, [_evidence(lineage, e) for e in repairs.noticed]),
        "patches": Table(PATCH, patches),
    }


def commit_table(commits: Iterable[tuple[Commit, Mapping[str, int]]]) -> Table:
    """Return the table of commits, each once. A commit comes with the number of changed files by folder, where that is known."""
    found = {c.id: (c.short, c.date, c.author, c.subject, dict(areas)) for c, areas in commits}
    return Table(COMMIT, list(found.values()))


def adding_commits(lineage_root: Any, patches: Collection[str]) -> dict[str, Commit]:
    """Return patch → the commit that added its file last; empty without a history."""
    fields = "%x1e%H%x1f%as%x1f%an%x1f%s"
    told = run(lineage_root, "log", "--diff-filter=A", "--name-only", "--relative", f"--format={fields}", "--", PATCHES.as_posix())
    found: dict[str, Commit] = {}
    for block in (told or b"").decode("utf-8", "replace").split("\x1e")[1:]:
        head, *names = block.split("\n")
        commit = Commit(*head.split("\x1f", 3))
        for name in names:
            patch = name.rpartition("/")[2].removesuffix(".yaml")
            if patch in patches:
                found.setdefault(patch, commit)
    return found


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
        str(verdict.get("says") or "not judged yet"),
        str(verdict.get("why") or ""),
        seeds_of(verdict),
        retrained,
        commit.short if commit else "",
    )


def state(lineage: Lineage, item: str) -> str:
    """What became of an item that failed before the patch: most seeds fail it still, or not, or it has been retired."""
    if item not in lineage.items:
        return "retired"
    return "still fails" if item in lineage.repairs.diagnosis_of else "passes now"
