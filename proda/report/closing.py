"""The last lines of `make repro`: what was built, how it scored, where to look.

16 disciplines · 374 chains · 1,453 statements · 1,426 concepts → 12,800 samples, 2,274 items

             base            tuned (seeds 0, 1, 2)
dev          .24 [.22–.27]   .71 [.69–.73]   .70 .72 .71
twin         …
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proda.history.repository import Repository

ROWS = (
    ("dev", "the debugger may read"),
    ("twin", "same chains, other questions"),
    ("sealed", "read by nobody"),
    ("general", "must not fall"),
)


def closing(repo: Repository) -> str:
    """The summary as plain text, ending in a line break. Says what is missing where the loop has not been run to its end."""
    metrics = repo.metrics
    knowledge = repo.knowledge
    chains = list(knowledge.active_chains())
    concepts = sum(len(ids) for ids in knowledge.concepts_of.values())
    lines = [
        "",
        f"{len(knowledge.topics_of)} disciplines · {len(chains):,} chains · {len(knowledge.active_statements):,} statements"
        f" · {concepts:,} concepts  →  {len(repo.samples):,} samples, {len(repo.items()):,} items",
    ]
    if not metrics:
        return "\n".join([*lines, "No scores yet: `dvc repro` trains and evaluates.", ""])
    seeds = [name.removeprefix("seed-") for name in sorted({o.model for o in repo.outcomes()} - {"base"})]
    lines += ["", f"{'accuracy':<10}{'base':<18}{'tuned':<18}{'each seed (' + ', '.join(seeds) + ')'}"]
    for name, meaning in ROWS:
        base, tuned = _row(metrics, name)
        if tuned is None:
            continue
        each = "  ".join(_short(s) for s in tuned["seeds"])
        lines.append(f"{name:<10}{_interval(base):<18}{_interval(tuned):<18}{each:<22}{meaning}")
    lines.append(f"{'':<10}chance .25; [95 % interval, clustered by chain]")
    lines += ["", *_gates(repo)]
    lines += ["", "Look at    benchmarks/results/outcomes/*.csv   what each model answered, item by item"]
    lines += ["           proda show ITEM                     an item, its statements, their sources and samples", ""]
    return "\n".join(lines)


def _row(metrics: Mapping[str, Any], name: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if name == "general":
        return metrics["general"].get("base"), metrics["general"].get("tuned")
    return metrics["base"].get(name), metrics["tuned"].get(name)


def _interval(part: Mapping[str, Any] | None) -> str:
    return "–" if part is None else f"{_short(part['accuracy'])} [{_short(part['ci95_low'])}–{_short(part['ci95_high'])}]"


def _short(value: float) -> str:
    """.71; 1.00"""
    return f"{value:.2f}".removeprefix("0")


def _gates(repo: Repository) -> list[str]:
    lines = []
    if overlap := repo.result("overlap.json"):
        lines.append(f"leaks      {overlap['n_leaks']} in {overlap['items']:,} items × {overlap['texts']:,} training texts")
    if shortcuts := repo.result("shortcuts.json"):
        solvers = shortcuts["solvers"]
        best = max(solvers, key=solvers.__getitem__)
        lines.append(f"shortcuts  best examinee without knowledge: {_short(solvers[best])} ({best}); chance .25")
    return lines
