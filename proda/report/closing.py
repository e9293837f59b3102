"""The last lines of `make repro`: what was built, how it scored, and where to look next.

16 disciplines, 386 chains, 2,068 statements, 1,455 concepts → 12,800 samples, 2,157 items

accuracy       base              tuned             seed 0  seed 1  seed 2
dev            .26 [.23–.29]     .73 [.70–.75]     .75     .72     .71     read by the debugger
…
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proda.errors import counted
from proda.history.lineage import model_order
from proda.history.repository import Repository
from proda.report.scores import CHANCE, MEANING

ROWS = ("dev", "twin", "sealed", "general")


def closing(repo: Repository) -> str:
    """The summary as plain text that ends in a line break. Names the commands to run where results are missing."""
    knowledge = repo.knowledge
    chains = list(knowledge.active_chains())
    concepts = sum(len(ids) for ids in knowledge.concepts_of.values())
    held = (
        counted(len(knowledge.topics_of), "discipline"),
        counted(len(chains), "chain"),
        counted(len(knowledge.active_statements), "statement"),
        counted(concepts, "concept"),
    )
    lines = ["", f"{', '.join(held)} → {counted(len(repo.samples), 'sample')}, {counted(len(repo.items()), 'item')}"]
    if not repo.metrics:
        return "\n".join([*lines, "No scores yet. Run `dvc repro`, which trains and evaluates.", ""])
    lines += ["", *_table(repo)]
    if neutral := repo.neutral_text():
        lines += ["", neutral]
    lines += ["", *_gates(repo)]
    lines += ["", "Next   proda show ITEM      an item: options, answers, diagnosis, statements, sources, samples"]
    lines += ["       proda show round-N   a round of repair: patches, scores before and after, verdict"]
    lines += ["       benchmarks/results/outcomes/*.csv   every answer of every model", ""]
    return "\n".join(lines)


def _table(repo: Repository) -> list[str]:
    seeds = sorted({o.model for o in repo.outcomes()} - {"base"}, key=model_order)
    names = "".join(f"{seed.replace('-', ' '):<8}" for seed in seeds)
    lines = [f"{'accuracy':<15}{'base':<18}{'tuned':<18}{names}".rstrip()]
    for name in ROWS:
        base, tuned = _row(repo.metrics, name)
        if tuned is not None:
            each = "".join(f"{_short(s):<8}" for s in tuned["seeds"])
            label = "general suite" if name == "general" else name
            lines.append(f"{label:<15}{_interval(base):<18}{_interval(tuned):<18}{each}{MEANING[name]}")
    guessed = (_row(repo.metrics, "general")[1] or {}).get("chance", CHANCE)
    apart = "" if guessed == CHANCE else f", in the general suite {_short(guessed)}"
    return [*lines, f"{'':<15}chance: {_short(CHANCE)}{apart}; in brackets: 95 % confidence interval over chains and seeds"]


def _row(metrics: Mapping[str, Any], name: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if name == "general":
        return metrics["general"].get("base"), metrics["general"].get("tuned")
    return metrics["base"].get(name), metrics["tuned"].get(name)


def _interval(part: Mapping[str, Any] | None) -> str:
    return "–" if part is None else f"{_short(part['accuracy'])} [{_short(part['ci95_low'])}–{_short(part['ci95_high'])}]"


def _short(value: float | None) -> str:
    """.71; 1.00; – for None"""
    return "–" if value is None else f"{value:.2f}".removeprefix("0")


def _gates(repo: Repository) -> list[str]:
    lines = []
    if overlap := repo.result("overlap.json"):
        found = counted(overlap["n_leaks"], "leak") if overlap["n_leaks"] else "no leaks"
        compared = f"{counted(overlap['items'], 'item')} compared with {counted(overlap['texts'], 'training text')}"
        lines.append(f"overlap    {found}: {compared}")
    if shortcuts := repo.result("shortcuts.json"):
        solvers = {name: score["accuracy"] for name, score in shortcuts["solvers"].items()}
        best = max(solvers, key=solvers.__getitem__)
        lines.append(f"shortcuts  the best baseline solver without knowledge ({best}) answers {_short(solvers[best])} rightly; chance: .25")
    return lines
