"""A repository → what the report shows: the summary, and the tables that its lists, details and graphs are drawn from.

    page = build_page(proda.open("."))
    html = render(page)                          # proda/report/render.py

Where a part is missing, the page names the command that makes it. Items of the split `sealed` are counted and not listed, unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proda.history.git_log import Commit, changes, log, run
from proda.history.lineage import Lineage
from proda.history.repairs import read_repairs
from proda.history.repository import Repository
from proda.history.round_audit import RoundAudit, adding_commits, audit_of_last_round
from proda.history.round_record import RoundRecord, read_all
from proda.records import CATEGORIES, SPLITS, Outcome
from proda.report import scores
from proda.report.failures import Failure, failed_by_all
from proda.report.item_quality import ItemQuality, item_quality
from proda.report.item_rows import item_tables
from proda.report.item_statistics import item_statistics
from proda.report.node_rows import node_tables, sample_table
from proda.report.repair_rows import audit_table, commit_table, patch_of_sample, repair_tables
from proda.report.rounds import ShownRound, shown_rounds
from proda.report.scores import Gates, Need, RankAgreement, Row, percent
from proda.report.svg import Curves
from proda.report.tables import places
from proda.report.versions import Version, versions

if TYPE_CHECKING:
    from proda.store.solved import SolvedCounts
    from proda.store.validation import ValidationCounts

CLEAREST = 5
COMMITS = 10
WATCHED = ("knowledge", "samples", "benchmarks/results")


class ShownCommit(msgspec.Struct, frozen=True):
    """A commit that changes knowledge, samples or results; `areas` holds the number of changed files in each of these folders."""

    commit: Commit
    areas: dict[str, int]


class Flipped(msgspec.Struct, frozen=True):
    """How many items of each split the last round fixed and broke, since the results of the revision `before`."""

    number: int
    before: str
    splits: dict[str, tuple[int, int]]  # (fixed, broken)


class Page(msgspec.Struct, frozen=True):
    """All that the report shows. `blocks` are the tables for its script, by name."""

    title: str
    claim: str
    commit: str
    date: str
    run: list[tuple[str, str]]
    counts: dict[str, int]
    versions: list[Version]
    headline: list[Row]
    details: list[tuple[str, str]]
    needs: list[Need]
    by_discipline: list[Row]
    by_kind: list[Row]
    by_operator: list[Row]
    curves: Curves | None
    readings: ValidationCounts
    votes: SolvedCounts
    quality: ItemQuality | None
    ranks: RankAgreement
    gates: Gates
    guarded: bool
    rounds: list[ShownRound]
    failures: list[Failure]
    categories: list[tuple[str, int]]
    failed: dict[str, int]
    tested: dict[str, int]
    flipped: Flipped | None
    stale: int
    history: list[ShownCommit]
    sealed: bool
    blocks: dict[str, Any]


def build_page(repo: Repository, *, sealed: bool = False) -> Page:
    """Return the contents of the report on a working tree. `sealed` also lists sealed items, with their right options.

    Raises InputError if a file of the repository is malformed.
    """
    knowledge, items = repo.knowledge, repo.items()
    outcomes = repo.fresh_outcomes()
    lineage = Lineage(knowledge, repo.samples, items, outcomes, repairs=read_repairs(repo.root), sealed=sealed)
    shown = {item.id: item for item in items if not lineage.hidden(item)}
    history, commit, date = _git(repo)
    headline = scores.headline(repo.metrics)
    overlap = repo.result("overlap.json")
    chains = list(knowledge.active_chains())
    repairs = lineage.repairs
    records = read_all(repo.root, repairs)
    added_in = adding_commits(repo.root, repairs.patches)
    audited = audit_of_last_round(repo.root, lineage, records, outcomes, added_in)
    diagnosed = [d.category for i, d in repairs.diagnosis_of.items() if i in shown]
    clearest = frozenset(item.split for item in shown.values())
    quality = item_quality(outcomes, items)
    return Page(
        title=repo.root.name,
        claim=_claim(headline),
        commit=commit,
        date=date,
        run=list(_flat(repo.result("run.json"))),
        counts={
            "disciplines": len({c.discipline for c in chains}),
            "sources": len({s.span.source for s in knowledge.active_statements.values()}),
            "chains": len(chains),
            "statements": len(knowledge.active_statements),
            "concepts": sum(c.status == "active" for c in knowledge.concepts.values()),
            "samples": len(repo.samples),
            "items": len(items),
            "models": len({o.model for o in outcomes} - {"base"}),
            "answers": len(outcomes),
            "diagnoses": len(repairs.diagnosis_of),
            "patches": len(repairs.patches),
        },
        versions=versions(repo.metrics, records),
        headline=headline,
        details=scores.details(repo.metrics),
        needs=scores.needs(repo.metrics, repo.result("breakdowns.json")),
        by_discipline=scores.breakdown(outcomes, "discipline", "twin"),
        by_kind=scores.breakdown(outcomes, "kind", "twin"),
        by_operator=scores.operators(repo.result("breakdowns.json")),
        curves=scores.training(repo.root / "benchmarks" / "results" / "training.csv"),
        readings=repo.validation_counts(),
        votes=repo.solved_counts(),
        quality=quality,
        ranks=scores.rank_agreement(repo.metrics),
        gates=scores.gates(overlap, repo.result("shortcuts.json"), frozenset(i.id for i in items if i.split != "sealed")),
        guarded=bool(overlap),
        rounds=shown_rounds(records),
        failures=failed_by_all(lineage, clearest)[:CLEAREST],
        categories=[(c, n) for c in CATEGORIES if (n := diagnosed.count(c))],
        failed={split: len(failed_by_all(lineage, frozenset({split}))) for split in SPLITS},
        tested={split: len({o.item for o in outcomes if o.split == split and o.model != "base"}) for split in SPLITS},
        flipped=_flipped(audited),
        stale=len(repo.outcomes()) - len(outcomes),
        history=history,
        sealed=sealed,
        blocks=_blocks(lineage, outcomes, audited, added_in, [*history, *(ShownCommit(c, {}) for r in records for c in _commits_of(r))]),
    )


def _blocks(
    lineage: Lineage,
    outcomes: Sequence[Outcome],
    audited: RoundAudit | None,
    added_in: Mapping[str, Commit],
    told: Sequence[ShownCommit],
) -> dict[str, Any]:
    shown = {i: item for i, item in lineage.items.items() if not lineage.hidden(item)}
    flipped = {flip.item: flip.better for flip in audited.flips} if audited else {}
    know = lineage.knowledge
    numbers = places(sorted(know.chains)), places(sorted(know.statements))
    return {
        "items": item_tables(lineage, *numbers, shown.values(), item_statistics(outcomes), flipped),
        "nodes": node_tables(lineage),
        "samples": sample_table(lineage, patch_of_sample(lineage.repairs)),
        "repairs": {
            **repair_tables(lineage, shown, added_in),
            "commits": commit_table([*((c.commit, c.areas) for c in told), *((c, {}) for c in added_in.values())]),
            "audit": audit_table(audited, shown),
        },
    }


def _commits_of(record: RoundRecord) -> list[Commit]:
    """The commits that a round is told with."""
    shared = (record.reallocation, record.reallocation_reverted)
    return [*record.added, *(c for c in shared if c), *(j.commit for j in record.judged)]


def _flipped(audited: RoundAudit | None) -> Flipped | None:
    if audited is None:
        return None
    splits = {s: [f.better for f in audited.flips if f.after.split == s] for s in SPLITS}
    return Flipped(audited.number, audited.before, {s: (sum(found), len(found) - sum(found)) for s, found in splits.items()})


def _claim(headline: list[Row]) -> str:
    row = next((r for r in headline if r.label == "twin" and r.base and r.tuned), None)
    if row is None or row.base is None or row.tuned is None:
        return "No model has been scored yet"
    return f"Right answers on twin items: {percent(row.base.value)} before tuning, {percent(row.tuned.value)} after"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """run.json line by line: "runs.train" → "4f1c…"."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        yield path, ", ".join(str(part) for part in value)
    else:
        yield path, f"{value:,.1f}" if isinstance(value, float) else str(value)


def _git(repo: Repository) -> tuple[list[ShownCommit], str, str]:
    """The last commits that touch the watched folders; the commit built from, with "+" if files differ from it; its date."""
    root = repo.root
    if not (head := log(root, "-1")):  # no repository, no commit, or no git program
        return [], "no commit", ""
    changed = "+" if run(root, "status", "--porcelain", "--", *WATCHED) else ""
    history = [_commit(root, commit) for commit in changes(root, f"-{COMMITS}", "--", *WATCHED)]
    return history, head[0].short + changed, head[0].date


def _commit(root: Path, commit: Commit) -> ShownCommit:
    names = (run(root, "show", "--format=", "--name-only", "--relative", commit.id) or b"").decode("utf-8", "replace").splitlines()
    areas = {area: sum(name.startswith(f"{area}/") for name in names) for area in WATCHED}
    return ShownCommit(commit, {area: n for area, n in areas.items() if n})
