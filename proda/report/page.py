"""A repository → the report: one HTML file without scripts to load, fonts to fetch or servers to ask.

    html = render(build_page(proda.open(".")))

What is missing is said together with the command that makes it. All text from data is escaped by the template; style and script are
named by their hashes in the page's content policy, so that nothing else on it can run. The same repository gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from proda.gitrepo import GitError, cut_commits, open_git
from proda.history.lineage import Lineage
from proda.history.repository import Repository
from proda.records import SPLITS
from proda.report import scores, svg
from proda.report.failures import Failure, failed_by_all, worst_failures
from proda.report.scores import Gates, Row, percent
from proda.report.svg import Curves

FAILURES = 12
COMMITS = 10
WATCHED = ("knowledge", "samples", "benchmarks/results")


class Commit(msgspec.Struct, frozen=True):
    """A commit that touched what the report is about; `areas` are the watched folders with how many files changed in each."""

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
    by_discipline: list[Row]
    by_kind: list[Row]
    by_operator: list[Row]
    curves: Curves | None
    gates: Gates
    guarded: bool
    failures: list[Failure]
    failed: dict[str, int]
    tested: dict[str, int]
    stale: int
    history: list[Commit]


def build_page(repo: Repository) -> Page:
    """The view of a working tree. Raises InputError if its knowledge does not hold together."""
    knowledge, items = repo.knowledge, repo.items()
    outcomes = repo.fresh_outcomes()
    lineage = Lineage(knowledge, repo.samples, items, outcomes)
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
        by_discipline=scores.breakdown(outcomes, "discipline", "twin"),
        by_kind=scores.breakdown(outcomes, "kind", "twin"),
        by_operator=scores.operators(repo.result("breakdowns.json")),
        curves=scores.training(repo.root / "benchmarks" / "results" / "training.csv"),
        gates=scores.gates(overlap, repo.result("shortcuts.json"), frozenset(i.id for i in items if i.split != "sealed")),
        guarded=bool(overlap),
        failures=worst_failures(lineage, FAILURES),
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
    environment.globals.update(strip=svg.strip, axis=svg.axis)
    template = environment.from_string(folder.joinpath("template.html").read_text(encoding="utf-8"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    return template.render(page=page, policy=Markup(policy), style=Markup(style), script=Markup(script))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _claim(headline: list[Row]) -> str:
    row = next((r for r in headline if r.label == "twin" and r.base and r.tuned), None)
    if row is None or row.base is None or row.tuned is None:
        return "Nothing has been scored yet"
    return f"Twin questions answered right: {percent(row.base.value)} before tuning, {percent(row.tuned.value)} after"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """run.json line by line: "runs.train" → "4f1c…"."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        yield path, ", ".join(str(part) for part in value)
    else:
        yield path, f"{value:,.1f}" if isinstance(value, float) else str(value)


def _git(repo: Repository) -> tuple[list[Commit], str, str]:
    """The last commits that touch the watched folders; the commit built from, "+" if files differ from it; its date."""
    try:
        found = open_git(repo.root)
        head = found.head.commit
    except (GitError, ValueError):  # no repository that git can read here, or one without commits
        return [], "no commit", ""
    watched = [str(repo.root / name) for name in WATCHED]
    changed = "+" if any(found.is_dirty(path=path, untracked_files=True) for path in watched) else ""
    # A shallow clone lacks the parent to compare its oldest commit with.
    edge = cut_commits(found)
    commits = (commit for commit in found.iter_commits(paths=watched, max_count=COMMITS) if commit.hexsha not in edge)
    history = [_commit(commit) for commit in commits]
    return history, head.hexsha[:9] + changed, head.committed_datetime.strftime("%Y-%m-%d %H:%M")


def _commit(commit: Any) -> Commit:
    names = [str(name) for name in commit.stats.files]
    areas = {area: sum(f"{area}/" in name for name in names) for area in WATCHED}
    date = commit.committed_datetime.strftime("%Y-%m-%d")
    return Commit(commit.hexsha[:9], date, str(commit.author.name), str(commit.summary), tuple((a, n) for a, n in areas.items() if n))
