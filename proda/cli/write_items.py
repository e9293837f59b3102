"""`proda write --items`: let a language model word items of the benchmark, and freeze what passes the checks.

$ proda write physics/thermal-expansion --items
planned 34 items: 12 written before, 6 sealed (--sealed asks for them too), 16 to word
worded 15; 1 keeps the templates' text (invalid 1)
refused replies by reason: condition 2, other-concept 5
wrote benchmarks/written/dev/physics/thermal-expansion.yaml
14 of these items have been read; with another text they are unread again.
Next: read the texts, commit them, run dvc repro, then vote with `proda write --solve` and have the items read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from proda.cli.text import row
from proda.errors import counted

if TYPE_CHECKING:
    from proda.history.repository import Repository
    from proda.workflows.word_items import WordingsOutcome, WordingsTask


def ask_wordings(repository: Repository, topics: Sequence[str], limit: int | None, *, sealed: bool, dry_run: bool, as_json: bool) -> None:
    """Ask for wordings and write them to benchmarks/written."""
    from proda.document_settings import load_document_settings
    from proda.workflows.file_set import write_together
    from proda.workflows.word_items import plan_wordings, word_items, wordings_estimate

    root, knowledge = repository.root, repository.knowledge
    settings = load_document_settings(root)
    task = plan_wordings(root, knowledge, topics, limit, sealed=sealed)
    counts = _counts(task, dry_run)
    if not as_json:
        click.echo(_planned(task))
    if dry_run and task.items and settings.llm.model:
        found = wordings_estimate(root, knowledge, task, settings)
        counts["estimate"] = {"calls": found.calls, "cached": found.cached, "cost_at_most": found.cost_at_most}
        if not as_json:
            click.echo(f"would ask: {found.line()}")
    elif dry_run and task.items:
        click.echo("No estimate: documents.yaml names no llm.model.", err=True)
    elif not dry_run and task.items:
        outcome = word_items(root, knowledge, task, settings, quiet=as_json)
        write_together(root, outcome.texts)
        counts |= {"worded": outcome.worded, "refused": outcome.refused, "unanswered": outcome.unanswered, "stopped": outcome.stopped}
        counts["files"] = list(outcome.texts)
        if not as_json:
            _say(outcome)
            click.echo("\n".join(outcome.lines), err=True)
    if as_json:
        click.echo(json.dumps(counts, indent=2, ensure_ascii=False))
        return
    for name in counts["files"]:
        click.echo(f"wrote {name}")
    if counts["stale"]:
        many = counts["stale"]
        click.echo(f"stale: {counted(many, 'text')} without a plan; `proda write --items --prune` removes {'it' if many == 1 else 'them'}.")
    if task.read:
        verb = "has" if task.read == 1 else "have"
        click.echo(f"{task.read:,} of these items {verb} been read; with another text they are unread again.", err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif counts["files"]:
        advice = "read the texts, commit them, run dvc repro, then vote with `proda write --solve` and have the items read"
        click.echo(f"Next: {advice}.", err=True)


def prune_wordings(repository: Repository, topics: Sequence[str], *, dry_run: bool, as_json: bool) -> None:
    """Remove the texts whose plan no longer exists."""
    from proda.workflows.file_set import write_together
    from proda.workflows.word_items import plan_wordings, pruned_wordings

    task = plan_wordings(repository.root, repository.knowledge, topics)
    texts = pruned_wordings(repository.root, task)
    if not dry_run:
        write_together(repository.root, texts)
    if as_json:
        click.echo(json.dumps(_counts(task, dry_run) | {"to_word": 0, "files": list(texts)}, indent=2))
        return
    would = "would remove" if dry_run else "removed"
    click.echo(f"{would} {counted(sum(map(len, task.stale.values())), 'stale text')}")
    for name, text in texts.items():
        click.echo(f"{would if text is None else 'would write' if dry_run else 'wrote'} {name}")


def _counts(task: WordingsTask, dry_run: bool) -> dict[str, Any]:
    stale: Mapping[str, Sequence[object]] = task.stale
    return {
        "planned": task.planned, "frozen": task.frozen, "bound": task.bound, "sealed": task.sealed, "to_word": len(task.items),
        "beyond_limit": task.left, "read": task.read, "stale": sum(map(len, stale.values())), "dry_run": dry_run, "files": [],
    }  # fmt: skip


def _planned(task: WordingsTask) -> str:
    parts = [f"{task.frozen:,} written before"]
    if task.bound:
        parts.append(f"{task.bound:,} bound by exceptions")
    if task.sealed:
        parts.append(f"{task.sealed:,} sealed (--sealed asks for them too)")
    parts.append(f"{len(task.items):,} to word")
    if task.left:
        parts.append(f"{task.left:,} beyond the limit")
    return f"planned {counted(task.planned, 'item')}: {', '.join(parts)}"


def _say(outcome: WordingsOutcome) -> None:
    rest = sum(outcome.unanswered.values())
    keep = f"; {rest:,} keep{'s' * (rest == 1)} the templates' text ({row(outcome.unanswered)})" if rest else ""
    click.echo(f"worded {outcome.worded:,}{keep}")
    if outcome.refused:
        click.echo(f"refused replies by reason: {row(outcome.refused)}")
