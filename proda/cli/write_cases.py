"""`proda write --cases`: let a language model write cases, list them, and decide about them.

$ proda write physics/electromagnetic-induction --cases
4 chains: 1 with two cases, 3 to ask for
proposed 2; no case for 1 chain (invalid 1)
refused replies by reason: echo 2, length 1
wrote proposals/cases/physics/electromagnetic-induction.yaml
Next: read them with `proda write --cases --list`, then --accept KEY, or --reject KEY --reason TEXT.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from proda.cli.text import row
from proda.errors import UsageError, counted, printable

if TYPE_CHECKING:
    from proda.history.repository import Repository
    from proda.workflows.case_decisions import ListedCase
    from proda.workflows.plan_cases import CasesTask

ICONS = {"proposed": "○", "accepted": "✓", "rejected": "✕", "withdrawn": "–"}


def ask_cases(repository: Repository, topics: Sequence[str], limit: int | None, *, sealed: bool, dry_run: bool, as_json: bool) -> None:
    """Ask for cases and write them to proposals/cases."""
    from proda.document_settings import load_document_settings
    from proda.workflows.file_set import write_together
    from proda.workflows.plan_cases import plan_cases
    from proda.workflows.write_cases import cases_estimate, propose_cases

    root, knowledge = repository.root, repository.knowledge
    settings = load_document_settings(root)
    task = plan_cases(root, knowledge, topics, settings, limit, sealed=sealed)
    counts: dict[str, Any] = {
        "chains": task.chains, "full": task.full, "sealed": task.sealed, "set_aside": task.set_aside,
        "to_ask": len(task.briefs), "beyond_limit": task.left, "dry_run": dry_run, "files": [],
    }  # fmt: skip
    if not as_json:
        click.echo(_planned(task))
    if dry_run and task.briefs and settings.llm.model:
        found = cases_estimate(root, knowledge, task, settings)
        counts["estimate"] = {"calls": found.calls, "cached": found.cached, "cost_at_most": found.cost_at_most}
        if not as_json:
            click.echo(f"would ask: {found.line()}")
    elif dry_run and task.briefs:
        click.echo("No estimate: documents.yaml names no llm.model.", err=True)
    elif not dry_run:
        outcome = propose_cases(root, knowledge, task, settings, quiet=as_json)
        write_together(root, outcome.texts)
        keys = [f"{topic}/{key}" for topic, names in outcome.proposed.items() for key in names]
        counts |= {"proposed": keys, "refused": outcome.refused, "unanswered": outcome.unanswered, "stopped": outcome.stopped}
        counts["files"] = list(outcome.texts)
        if not as_json:
            _say(len(keys), outcome.unanswered, outcome.refused)
            click.echo("\n".join(outcome.lines), err=True)
            for name, text in outcome.texts.items():
                click.echo(f"{'removed' if text is None else 'wrote'} {name}")
    if as_json:
        click.echo(json.dumps(counts, indent=2, ensure_ascii=False))
    elif dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif counts["files"]:
        where = f" {' '.join(topics)}" if topics else ""
        advice = f"read them with `proda write{where} --cases --list`, then --accept KEY, or --reject KEY --reason TEXT"
        click.echo(f"Next: {advice}.", err=True)


def list_cases(repository: Repository, topics: Sequence[str], *, as_json: bool) -> None:
    """Print the proposed cases, and the chains that were set aside."""
    from proda.workflows.case_decisions import listed_cases, set_aside
    from proda.workflows.case_entries import case_entry

    listed = list(listed_cases(repository.root, repository.knowledge, topics))
    aside = set_aside(repository.root, topics)
    if as_json:
        rows = [
            {"topic": one.topic, "key": one.key, "status": one.case.status, "reason": one.case.reason, **case_entry(one.case)}
            for one in listed
        ]
        click.echo(json.dumps({"cases": rows, "set_aside": aside}, indent=2, ensure_ascii=False))
        return
    for one in listed:
        click.echo("\n".join(_shown(one)))
    for chain, why in aside.items():
        click.echo(f"{ICONS['withdrawn']} {chain}  set aside: {printable(why)}")
    open_ones = sum(one.case.is_open for one in listed)
    click.echo(f"{counted(len(listed), 'case')}, {open_ones:,} undecided; {counted(len(aside), 'chain')} set aside.", err=True)


def decide_about_cases(
    repository: Repository,
    topics: Sequence[str],
    accept: Sequence[str],
    reject: Sequence[str],
    reason: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Accept and reject proposed cases."""
    from proda.workflows.case_decisions import decide_cases
    from proda.workflows.file_set import write_together

    twice = sorted({key for key in (*accept, *reject) if (*accept, *reject).count(key) > 1})
    if twice:
        raise UsageError(f"{twice[0]} is named twice. Accept or reject each case once.")
    if reject and not (reason.strip() and reason.isprintable()):
        raise UsageError("--reject needs --reason: one line that says why.")
    decided = decide_cases(repository.root, repository.knowledge, topics, accept, reject, reason.strip())
    if not dry_run:
        write_together(repository.root, decided.texts)
    if as_json:
        document = {"accepted": decided.accepted, "rejected": decided.rejected, "files": list(decided.texts), "dry_run": dry_run}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for key, node in decided.accepted.items():
        click.echo(f"{ICONS['accepted']} {key}  {node}")
    for key in decided.rejected:
        click.echo(f"{ICONS['rejected']} {key}")
    for name in decided.texts:
        click.echo(f"{'would write' if dry_run else 'wrote'} {name}")
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif decided.accepted:
        click.echo(
            "Next: read the change, commit it, and run dvc repro. The new items are unread until two readers have answered them.", err=True
        )


def _planned(task: CasesTask) -> str:
    parts = [f"{task.full:,} with two cases"]
    if task.sealed:
        parts.append(f"{task.sealed:,} held out (--sealed asks for them too)")
    if task.set_aside:
        parts.append(f"{task.set_aside:,} set aside before")
    parts.append(f"{len(task.briefs):,} to ask for")
    if task.left:
        parts.append(f"{task.left:,} beyond the limit")
    return f"{counted(task.chains, 'chain')}: {', '.join(parts)}"


def _say(proposed: int, unanswered: Mapping[str, int], refused: Mapping[str, int]) -> None:
    rest = sum(unanswered.values())
    none = f"; no case for {counted(rest, 'chain')} ({row(unanswered)})" if rest else ""
    click.echo(f"proposed {proposed:,}{none}")
    if refused:
        click.echo(f"refused replies by reason: {row(refused)}")


def _shown(one: ListedCase) -> list[str]:
    """A case as text for reviewers: what is asked, then for each situation what is right and what is wrong with the rest."""
    case, discipline = one.case, one.topic.partition("/")[0]
    decided = f"  ({printable(case.status)}{f': {printable(case.reason)}' if case.reason else ''})" if not case.is_open else ""
    lines = [f"{ICONS[case.status]} {one.topic}/{one.key}  on {discipline}/{case.chain}, by {printable(case.model)}{decided}"]
    lines += [f"    {printable(case.question)}", *(f"      {x}  {printable(text)}" for x, text in sorted(case.options.items()))]
    for number, variant in enumerate(case.variants, start=1):
        lines.append(f"    {number}. {printable(variant.situation)}")
        lines.append(f"       {variant.answer} is right: {printable(variant.because)}")
        lines += [f"       not {x}: {printable(wrong.because)} [{wrong.breaks}]" for x, wrong in sorted(variant.wrong.items())]
    return lines
