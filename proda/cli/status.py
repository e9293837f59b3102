"""`proda status`: shows what is stale, which repair round is open, and what to run next.

    $ proda status
    on repair/round-2 (9f732a6be), 3 files not committed
    stale: check would run, because of knowledge
      knowledge: knowledge modified
        knowledge/physics/thermal-expansion.yaml
      then benchmark, synthesize, guard, train, evaluate, diagnose
    round 2: 200 patches, 12 without a verdict, results not rebuilt
    failed dev items: 184 concept gap, 40 reasoning deficit, 13 unexplained
    next: dvc repro   (results are older than the data)

Compares hashes with dvc.lock, as `dvc status` does, and reads no file that has the time and size it had before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
import msgspec

from proda.cli.settings import FEW, ROOT_HELP, note
from proda.errors import counted
from proda.history.repository import Repository
from proda.workflows.freshness import KINDS, NEVER, Freshness, changed_lines, freshness
from proda.workflows.status import OpenRound, Status


@click.command(epilog="Example: proda status --json")
@click.argument("revision", metavar="[REVISION]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def status(revision: str | None, as_json: bool, root: str) -> None:
    """Show what is stale and why, which repair round is open, and what to run next.

    With REVISION: whether the results committed there are those of the data committed there. Code is not compared then.
    """
    from proda.workflows.status import status as status_of

    where = Repository.open(root, revision).root
    if revision is not None:
        found = freshness(where, unpacked=True)
        data: object = found
        lines = list(_stale(found))
    else:
        state = status_of(where)
        stale = (*_stale(state.freshness, state.changed, state.remote), *_upgraded(state))
        data, lines = state, [*_head(state), *stale, *_round(state.round), *_failed(state), *_undecided(state), _next(state)]
        note(state.git)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    for line in lines:
        click.echo(line)


def _head(state: Status) -> Iterator[str]:
    if state.git:
        return
    place = f"on {state.branch}" if state.branch else "HEAD is detached"
    commit = f" ({state.commit[:9]})" if state.commit else " (no commit yet)"
    files = f", {counted(len(state.uncommitted), 'file')} not committed" if state.uncommitted else ""
    yield f"{place}{commit}{files}"
    if state.under_way:
        yield f"a {state.under_way} is under way"
    if state.unmerged:
        more = f" and {len(state.unmerged) - FEW} more (--json)" if len(state.unmerged) > FEW else ""
        yield f"in conflict: {', '.join(state.unmerged[:FEW])}{more}"


def _stale(found: Freshness, files: Sequence[str] = (), remote: bool = False) -> Iterator[str]:
    if not found.known:
        yield "no dvc.lock: nothing has been built with DVC here"
        return
    data = [change for change in found.changes if change.kind != "code" and change.what != NEVER]
    if data:
        kinds = [kind for kind in KINDS if any(change.kind == kind for change in data)]
        first = list(dict.fromkeys(change.stage for change in data))
        yield f"stale: {', '.join(first)} would run, because of {', '.join(kinds)}"
        reasons = changed_lines(data)
        yield from reasons[:FEW]
        if len(reasons) > FEW:
            yield f"  … and {len(reasons) - FEW} more (--json)"
        yield from (f"    {name}" for name in files[:FEW])
        if len(files) > FEW:
            yield f"    … and {counted(len(files) - FEW, 'more file', 'more files')} (--json)"
        after = [stage for stage in found.stale if stage not in first and stage not in found.never_run]
        if after:
            yield f"  then {', '.join(after)}"
    code = list(dict.fromkeys(change.what for change in found.changes if change.kind == "code"))
    if code:
        stages = list(dict.fromkeys(change.stage for change in found.changes if change.kind == "code"))
        more = f" and {len(code) - 4} more" if len(code) > 4 else ""
        yield f"code changed since it last ran: {', '.join(stages)}   ({', '.join(code[:4])}{more})"
    if found.never_run:
        yield f"never run: {', '.join(found.never_run)}"
    if not (data or code or found.never_run or found.edited or found.missing):
        yield "results are up to date"
    if found.edited:
        yield f"edited after their stage wrote them: {', '.join(found.edited)}"
    if found.missing:
        yield f"missing: {', '.join(found.missing)}"
    if found.absent:
        advice = "`dvc repro` restores them from DVC's cache, or rebuilds them"
        if remote:
            advice = f"`dvc pull --run-cache` gets them from the remote; {advice}"
        yield f"not on this machine: {', '.join(found.absent)} ({advice})"


def _upgraded(state: Status) -> Iterator[str]:
    if state.upgraded:
        yield f"the installed ProDa has other code for: {', '.join(state.upgraded)}"


def _round(this: OpenRound | None) -> Iterator[str]:
    if this is None:
        return
    judged = f"{this.unjudged:,} without a verdict" if this.unjudged else "all with a verdict" if this.patches else "no verdict yet"
    built = "results built" if this.built else "results not rebuilt"
    yield f"round {this.number}: {counted(this.patches, 'patch', 'patches')}, {judged}, {built}"


def _failed(state: Status) -> Iterator[str]:
    if state.failed:
        yield f"failed dev items: {', '.join(f'{number:,} {category}' for category, number in state.failed.items())}"


def _undecided(state: Status) -> Iterator[str]:
    if state.undecided.proposals:
        yield state.undecided.line


def _next(state: Status) -> str:
    return f"next: {state.next}   ({state.why})"
