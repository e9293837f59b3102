"""`proda write --solve`: let a language model answer the items, with the facts at hand and without.

$ proda write physics/thermal-expansion --solve
34 items: 20 voted on before, 6 sealed (--sealed asks them too), 8 to vote on
voted on 8: 7 solved with the facts given; without them 61% of the votes pick the key
not solved: physics/rails-buckle-in-heat:dev-effect  the key is B, the votes are B 1, C 4  C follows from the first fact alone.
wrote benchmarks/solved.yaml
Next: read it, commit it, and run dvc repro, which withholds what is not solved.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proda.cli.text import row
from proda.errors import counted, printable

if TYPE_CHECKING:
    from proda.history.repository import Repository
    from proda.workflows.solve_items import SolvingOutcome, SolvingTask

SHOWN = 20  # items that are not solved and are printed; all are in the file


def ask_votes(
    repository: Repository, topics: Sequence[str], limit: int | None, *, votes: int, sealed: bool, dry_run: bool, as_json: bool
) -> None:
    """Ask for votes and write them to benchmarks/solved.yaml."""
    from proda.document_settings import load_document_settings
    from proda.workflows.file_set import write_together
    from proda.workflows.solve_items import plan_solving, solve_items, solving_estimate

    root, knowledge = repository.root, repository.knowledge
    settings = load_document_settings(root)
    task = plan_solving(root, knowledge, topics, settings, limit, votes=votes, sealed=sealed)
    counts: dict[str, Any] = {
        "items": task.items, "voted_before": task.voted, "sealed": task.sealed, "to_ask": len(task.asked), "beyond_limit": task.left,
        "stale": task.stale, "votes": task.votes, "dry_run": dry_run, "files": [],
    }  # fmt: skip
    if not as_json:
        click.echo(_planned(task))
    if dry_run and task.asked and settings.llm.model:
        found = solving_estimate(root, knowledge, task, settings)
        counts["estimate"] = {"calls": found.calls, "cached": found.cached, "cost_at_most": found.cost_at_most}
        if not as_json:
            click.echo(f"would ask: {found.line()}")
    elif dry_run and task.asked:
        click.echo("No estimate: documents.yaml names no llm.model.", err=True)
    elif not dry_run and task.asked:
        outcome = solve_items(root, knowledge, task, settings, quiet=as_json)
        write_together(root, outcome.texts)
        counts |= {
            "voted": len(outcome.votes), "unsolved": sorted(outcome.unsolved), "open": _share(outcome, "open"),
            "closed": _share(outcome, "closed"), "unanswered": outcome.unanswered, "stopped": outcome.stopped, "files": list(outcome.texts),
        }  # fmt: skip
        if not as_json:
            _say(outcome)
            click.echo("\n".join(outcome.lines), err=True)
        _warn(outcome)
    if as_json:
        click.echo(json.dumps(counts, indent=2, ensure_ascii=False))
        return
    for name in counts["files"]:
        click.echo(f"wrote {name}")
    if task.stale:
        click.echo(f"stale: votes on {counted(task.stale, 'item')} that {'is' if task.stale == 1 else 'are'} gone; --prune removes them.")
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif counts["files"]:
        click.echo("Next: read it, commit it, and run dvc repro, which withholds what is not solved.", err=True)


def prune_votes(repository: Repository, *, dry_run: bool, as_json: bool) -> None:
    """Remove votes on items that are gone."""
    from proda.workflows.file_set import write_together
    from proda.workflows.solve_items import pruned_votes

    texts = pruned_votes(repository.root, repository.knowledge)
    if not dry_run:
        write_together(repository.root, texts)
    if as_json:
        click.echo(json.dumps({"files": list(texts), "dry_run": dry_run}, indent=2))
        return
    for name in texts:
        click.echo(f"{'would write' if dry_run else 'wrote'} {name}")
    if not texts:
        click.echo("There are no votes on items that are gone.")


def _planned(task: SolvingTask) -> str:
    parts = [f"{task.voted:,} voted on before"]
    if task.sealed:
        parts.append(f"{task.sealed:,} sealed (--sealed asks them too)")
    parts.append(f"{len(task.asked):,} to vote on")
    if task.left:
        parts.append(f"{task.left:,} beyond the limit")
    return f"{counted(task.items, 'item')}: {', '.join(parts)}"


def _say(outcome: SolvingOutcome) -> None:
    total, right = len(outcome.votes), len(outcome.votes) - len(outcome.unsolved)
    closed = _share(outcome, "closed")
    without = f"; without them {closed:.0%} of the votes pick the key" if closed is not None else ""
    rest = sum(outcome.unanswered.values())
    none = f"; no votes on {counted(rest, 'item')} ({row(outcome.unanswered)})" if rest else ""
    click.echo(f"voted on {total:,}: {right:,} solved with the facts given{without}{none}")
    listed = [(item, votes) for item, votes in sorted(outcome.unsolved.items())]
    for item, votes in listed[:SHOWN]:
        chosen = ", ".join(f"{choice} {n}" for choice, n in sorted(votes.open.items()))
        note = f"  {printable(votes.note)}" if votes.note else ""
        click.echo(f"not solved: {item}  the key is {votes.key}, the votes are {chosen}{note}")
    if len(listed) > SHOWN:
        click.echo(f"not solved: {counted(len(listed) - SHOWN, 'more item')}")


def _share(outcome: SolvingOutcome, book: str) -> float | None:
    """Mean share of the votes of one book that pick the key; None without votes."""
    shares = [getattr(votes, book).get(votes.key, 0) / sum(getattr(votes, book).values()) for votes in outcome.votes.values()]
    return round(sum(shares) / len(shares), 4) if shares else None


def _warn(outcome: SolvingOutcome) -> None:
    from proda.workflows.solve_items import WEAK

    solved = len(outcome.votes) - len(outcome.unsolved)
    if outcome.votes and solved < WEAK * len(outcome.votes):
        click.echo(
            f"This model solves {solved:,} of {counted(len(outcome.votes), 'item')} with the facts given. Below {WEAK:.0%} the model is"
            " more likely at fault than the items: use a better one, or discard benchmarks/solved.yaml.",
            err=True,
        )
