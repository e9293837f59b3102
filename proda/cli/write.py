"""`proda write [DISCIPLINE/TOPIC…]`: let a language model word the planned samples, and freeze what passes the checks.

With --cases, --items or --solve it writes cases, words items or solves them: write_cases.py, write_items.py, write_votes.py.

$ proda write physics/thermal-expansion --limit 20
planned 52 samples: 12 written before, 20 to word, 20 beyond the limit
worded 19; 1 keeps the templates' text (invalid 1)
refused replies by reason: length 2, other-concept 3
wrote samples/written/physics/thermal-expansion.yaml
Next: read the texts, commit them, and run dvc repro.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proda.cli.settings import COUNT, ROOT_HELP
from proda.cli.text import row
from proda.errors import UsageError
from proda.store import edit_lock
from proda.store.edit_lock import CASES, EDITS, editing

if TYPE_CHECKING:
    from proda.history.repository import Repository
    from proda.workflows.write_samples import WritingTask


VOTES = 5  # on an item with the facts given, and as many without
# What a mode holds while the model is asked, which may take hours: other commands may change the knowledge meanwhile.
LOCKS = {"samples": (edit_lock.TEXTS,), "cases": (edit_lock.CASES,), "items": (edit_lock.ITEM_TEXTS,), "solve": (edit_lock.VOTES,)}


@click.command(epilog="Example: proda write --limit 20 --dry-run")
@click.argument("topics", metavar="[DISCIPLINE/TOPIC]...", nargs=-1)
@click.option("--cases", is_flag=True, help="Ask for cases instead, one for each chain that has fewer than two; propose them for review.")
@click.option("--list", "listed", is_flag=True, help="With --cases: print the proposed cases with their keys, and ask for nothing.")
@click.option("--accept", metavar="KEY", multiple=True, help="With --cases: write a proposed case into its topic file.")
@click.option("--reject", metavar="KEY", multiple=True, help="With --cases: reject a proposed case.")
@click.option("--reason", metavar="TEXT", default="", help="Why the cases of --reject are rejected.")
@click.option("--items", is_flag=True, help="Word items of the benchmark instead; freeze what passes in benchmarks/written.")
@click.option("--solve", is_flag=True, help="Let the model answer the items instead, with the facts given and without; record its votes.")
@click.option("--votes", type=click.IntRange(1, 24), help=f"With --solve: votes on an item, each way; {VOTES} if left out.")
@click.option("--sealed", is_flag=True, help="With --cases, --items or --solve: include what is held out.")
@click.option("--limit", type=COUNT, help="Ask for at most this many.")
@click.option("--prune", is_flag=True, help="Remove what belongs to plans or items that no longer exist, and ask for nothing.")
@click.option("--dry-run", is_flag=True, help="Count what would be asked or removed, and ask and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def write(
    topics: tuple[str, ...],
    cases: bool,
    listed: bool,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    reason: str,
    items: bool,
    solve: bool,
    votes: int | None,
    sealed: bool,
    limit: int | None,
    prune: bool,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Ask the endpoint of documents.yaml to word training samples or items, to write cases, or to solve items.

    Each reply is checked against its plan and compared with the benchmark. What passes is frozen in samples/written, and `dvc repro` uses
    it as long as its plan stays the same. All other samples keep the text of the templates. Texts that are frozen are not asked for again.

    With --cases the model writes exam questions about chains. They wait in proposals/cases until a person accepts them.

    With --items the model words the questions of the benchmark: what is asked, the options by concept and the key stay. An item with
    another text is unread until two readers have answered it.

    With --solve the model answers the items of the benchmark. Its votes go to benchmarks/solved.yaml; `dvc repro` withholds items that it
    does not solve although it is given the facts.
    """
    from proda.cli.write_cases import ask_cases, decide_about_cases, list_cases
    from proda.cli.write_items import ask_wordings, prune_wordings
    from proda.cli.write_votes import ask_votes, prune_votes
    from proda.history.repository import Repository

    mode = _mode({"cases": cases, "items": items, "solve": solve})
    decides = bool(listed or accept or reject or reason)
    _refuse(mode, topics, decides=decides, listed=listed and bool(accept or reject), sealed=sealed, prune=prune, limit=limit, votes=votes)
    repository = Repository.open(root)
    locks = (EDITS, CASES) if decides else LOCKS[mode]
    with nullcontext() if dry_run or listed else editing(repository.root, "proda write", *locks):
        if listed:
            list_cases(repository, topics, as_json=as_json)
        elif decides:
            decide_about_cases(repository, topics, accept, reject, reason, dry_run=dry_run, as_json=as_json)
        elif mode == "cases":
            ask_cases(repository, topics, limit, sealed=sealed, dry_run=dry_run, as_json=as_json)
        elif mode == "items" and prune:
            prune_wordings(repository, topics, dry_run=dry_run, as_json=as_json)
        elif mode == "items":
            ask_wordings(repository, topics, limit, sealed=sealed, dry_run=dry_run, as_json=as_json)
        elif mode == "solve" and prune:
            prune_votes(repository, dry_run=dry_run, as_json=as_json)
        elif mode == "solve":
            ask_votes(repository, topics, limit, votes=votes or VOTES, sealed=sealed, dry_run=dry_run, as_json=as_json)
        else:
            _samples(repository, topics, limit, prune=prune, dry_run=dry_run, as_json=as_json)


def _mode(flags: Mapping[str, bool]) -> str:
    """The one of the flags that is set; "samples" without any."""
    chosen = [name for name, on in flags.items() if on]
    if len(chosen) > 1:
        raise UsageError(f"Give one of {', '.join(f'--{name}' for name in flags)}; got {' and '.join(f'--{name}' for name in chosen)}.")
    return chosen[0] if chosen else "samples"


def _refuse(
    mode: str, topics: Sequence[str], *, decides: bool, listed: bool, sealed: bool, prune: bool, limit: int | None, votes: int | None
) -> None:
    """Raise UsageError for options that contradict each other. `listed`: --list stands beside a decision."""
    if decides and mode != "cases":
        raise UsageError("--list, --accept, --reject and --reason belong to --cases.")
    if listed:
        raise UsageError("--list only prints: leave out --accept and --reject.")
    if votes is not None and mode != "solve":
        raise UsageError("--votes belongs to --solve.")
    if sealed and mode == "samples":
        raise UsageError("--sealed belongs to --cases, --items or --solve.")
    if prune and mode == "cases":
        raise UsageError("--prune has nothing to remove from proposed cases: leave out --cases, or --reject a case.")
    if prune and (limit is not None or (mode == "solve" and topics)):
        other = "--limit" if limit is not None else "the topics, since votes on all items are looked at"
        raise UsageError(f"--prune asks for nothing: leave out {other}.")


def _samples(repository: Repository, topics: tuple[str, ...], limit: int | None, *, prune: bool, dry_run: bool, as_json: bool) -> None:
    """Word samples, or remove the texts whose plan no longer exists."""
    from proda.document_settings import load_document_settings
    from proda.workflows.file_set import write_together
    from proda.workflows.write_samples import plan_writing, pruned, word_samples, writing_estimate

    task = plan_writing(repository.root, repository.knowledge, topics, limit)
    counts: dict[str, Any] = {
        "planned": task.planned,
        "frozen": task.frozen,
        "patched": task.patched,
        "to_word": 0 if prune else len(task.briefs),
        "beyond_limit": 0 if prune else task.left,
        "stale": sum(map(len, task.stale.values())),
        "dry_run": dry_run,
    }
    if not as_json and not prune:
        click.echo(_planned(task))
    texts: dict[str, str | None] = {}
    if prune:
        texts = pruned(task)
    elif task.briefs:
        settings = load_document_settings(repository.root)
        if not dry_run:
            outcome = word_samples(repository.root, repository.knowledge, task, settings, quiet=as_json)
            texts = outcome.texts
            counts |= {"worded": outcome.worded, "refused": outcome.refused, "unanswered": outcome.unanswered, "stopped": outcome.stopped}
            if not as_json:
                _say(outcome.worded, outcome.unanswered, outcome.refused)
                click.echo("\n".join(outcome.lines), err=True)
        elif settings.llm.model:
            found = writing_estimate(repository.root, repository.knowledge, task, settings)
            counts["estimate"] = {"calls": found.calls, "cached": found.cached, "cost_at_most": found.cost_at_most}
            if not as_json:
                click.echo(f"would ask: {found.line()}")
        else:
            click.echo("No estimate: documents.yaml names no llm.model.", err=True)
    if not dry_run:
        write_together(repository.root, texts)
    counts["files"] = list(texts)
    if as_json:
        click.echo(json.dumps(counts, indent=2))
        return
    _finish(texts, counts["stale"], prune, dry_run)


def _planned(task: WritingTask) -> str:
    parts = [f"{task.frozen:,} written before"]
    if task.patched:
        parts.append(f"{task.patched:,} bound by patches")
    parts.append(f"{len(task.briefs):,} to word")
    if task.left:
        parts.append(f"{task.left:,} beyond the limit")
    return f"planned {task.planned:,} sample{'s' * (task.planned != 1)}: {', '.join(parts)}"


def _say(worded: int, unanswered: Mapping[str, int], refused: Mapping[str, int]) -> None:
    rest = sum(unanswered.values())
    keep = f"; {rest:,} keep{'s' * (rest == 1)} the templates' text ({row(unanswered)})" if rest else ""
    click.echo(f"worded {worded:,}{keep}")
    if refused:
        click.echo(f"refused replies by reason: {row(refused)}")


def _finish(texts: Mapping[str, str | None], stale: int, prune: bool, dry_run: bool) -> None:
    would = "would write" if dry_run else "wrote"
    gone = "would remove" if dry_run else "removed"
    if prune:
        click.echo(f"{gone} {stale:,} stale text{'s' * (stale != 1)}")
    for name, text in texts.items():
        click.echo(f"{gone if text is None else would} {name}")
    if stale and not prune:
        click.echo(
            f"stale: {stale:,} text{'s' * (stale != 1)} without a plan; `proda write --prune` removes {'it' if stale == 1 else 'them'}."
        )
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif texts:
        click.echo("Next: read the texts, commit them, and run dvc repro.", err=True)
