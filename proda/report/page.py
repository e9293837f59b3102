"""A repository → the report: one self-contained HTML file that loads nothing from elsewhere.

    html = render(build_page(proda.open(".")))

Where a part is missing, the page names the command that makes it. The template escapes all text from data. The page's content policy
allows its one style sheet and its one script by their hashes, so that nothing else can run. The same repository gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
from markupsafe import Markup

from proda.history.git_log import Commit, changes, log, run
from proda.history.lineage import Lineage
from proda.history.repairs import read_repairs
from proda.history.repository import Repository
from proda.history.trace import counted
from proda.records import CATEGORIES, SPLITS
from proda.report import scores, svg
from proda.report.failures import Failure, Told, failed_by_all, told, worst_failures
from proda.report.glossary import GLOSSARY
from proda.report.item_quality import ItemQuality, item_quality
from proda.report.rounds import ShownRound, shown_rounds
from proda.report.scores import Gates, Need, RankAgreement, Row, percent
from proda.report.svg import Curves

if TYPE_CHECKING:
    from proda.store.solved import SolvedCounts
    from proda.store.validation import ValidationCounts

FAILURES = 12
COMMITS = 10
WATCHED = ("knowledge", "samples", "benchmarks/results")


class ShownCommit(msgspec.Struct, frozen=True):
    """A commit that changes knowledge, samples or results; `areas` holds the number of changed files in each of these folders."""

    id: str
    date: str
    author: str
    subject: str
    areas: tuple[tuple[str, int], ...]


class Page(msgspec.Struct, frozen=True):
    """All that the template shows."""

    title: str
    claim: str
    commit: str
    date: str
    run: list[tuple[str, str]]
    counts: dict[str, int]
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
    diagnoses: list[Told]
    categories: list[tuple[str, int]]
    failed: dict[str, int]
    tested: dict[str, int]
    stale: int
    history: list[ShownCommit]


def build_page(repo: Repository) -> Page:
    """The contents of the page for a working tree. Raises InputError if a file of the repository is malformed."""
    knowledge, items = repo.knowledge, repo.items()
    outcomes = repo.fresh_outcomes()
    lineage = Lineage(knowledge, repo.samples, items, outcomes, repairs=read_repairs(repo.root))
    found = lineage.repairs.diagnosis_of
    diagnoses = [told(lineage, d) for i, d in sorted(found.items()) if i in lineage.items and lineage.items[i].split != "sealed"]
    history, commit, date = _git(repo)
    headline = scores.headline(repo.metrics)
    overlap = repo.result("overlap.json")
    chains = list(knowledge.active_chains())
    return Page(
        title=repo.root.name,
        claim=_claim(headline),
        commit=commit,
        date=date,
        run=list(_flat(repo.result("run.json"))),
        counts={
            "disciplines": len({c.discipline for c in chains}),
            "chains": len(chains),
            "statements": len(knowledge.active_statements),
            "concepts": sum(c.status == "active" for c in knowledge.concepts.values()),
            "samples": len(repo.samples),
            "items": len(items),
            "models": len({o.model for o in outcomes} - {"base"}),
        },
        headline=headline,
        details=scores.details(repo.metrics),
        needs=scores.needs(repo.metrics, repo.result("breakdowns.json")),
        by_discipline=scores.breakdown(outcomes, "discipline", "twin"),
        by_kind=scores.breakdown(outcomes, "kind", "twin"),
        by_operator=scores.operators(repo.result("breakdowns.json")),
        curves=scores.training(repo.root / "benchmarks" / "results" / "training.csv"),
        readings=repo.validation_counts(),
        votes=repo.solved_counts(),
        quality=item_quality(outcomes, items),
        ranks=scores.rank_agreement(repo.metrics),
        gates=scores.gates(overlap, repo.result("shortcuts.json"), frozenset(i.id for i in items if i.split != "sealed")),
        guarded=bool(overlap),
        rounds=shown_rounds(repo.root, lineage),
        failures=worst_failures(lineage, FAILURES),
        diagnoses=diagnoses,
        categories=[(c, n) for c in CATEGORIES if (n := sum(d.category == c for d in diagnoses))],
        failed={split: len(failed_by_all(lineage, frozenset({split}))) for split in SPLITS},
        tested={split: len({o.item for o in outcomes if o.split == split and o.model != "base"}) for split in SPLITS},
        stale=len(repo.outcomes()) - len(outcomes),
        history=history,
    )


def render(page: Page) -> str:
    """The page as HTML."""
    folder = files("proda.report")
    style, script = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "filter.js"))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = percent
    environment.filters["points"] = points
    environment.globals.update(strip=svg.strip, axis=svg.axis, change=svg.change, scale=svg.scale, counted=counted, glossary=GLOSSARY)
    template = environment.from_string(folder.joinpath("template.html").read_text(encoding="utf-8"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    return template.render(page=page, policy=Markup(policy), style=Markup(style), script=Markup(script))


def points(value: float) -> str:
    """A difference in points of a hundred: "+2.9", "−0.6"."""
    return f"{value:+.1f}".replace("-", "\u2212")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


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
    return ShownCommit(commit.short, commit.date, commit.author, commit.subject, tuple((a, n) for a, n in areas.items() if n))
