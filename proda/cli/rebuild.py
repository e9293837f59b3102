"""`proda rebuild`: rebuild items and samples of this branch, or models too, commit and push them.

    $ proda rebuild --push
    rebuilt check, benchmark, synthesize, guard: 3 files, committed as 3f0c9a1d2 on edit-optics
    Pushed edit-optics to origin.
    $ proda rebuild --check              # commit nothing; exit status 1 if a derived file is not committed as it is built

A workflow runs it on a branch that was edited on the forge's web page, where nobody can run DVC. Running it twice changes nothing.

Exit status 1 if the data has errors, a training text gives an item away, or the push is refused.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from proda.cli.settings import NUMBER, ROOT_HELP, note
from proda.errors import UsageError, counted


@click.command(epilog="Example: proda rebuild --dry-run")
@click.option("--models", is_flag=True, help="Rebuild models, scores and diagnoses too. Default: items, samples and the leak gate.")
@click.option("--check", "checks", is_flag=True, help="Commit nothing; fail if a derived file is not committed as it is built.")
@click.option("--branch", metavar="NAME", help="Commit on a new branch of this name.")
@click.option("--push", "pushes", is_flag=True, help="Push the branch to origin.")
@click.option("--pr", "requests", is_flag=True, help="With --branch and --push: open a pull request into the branch of before.")
@click.option("--start", metavar="WORKFLOW", help="After a push, start this workflow for the branch: GitHub starts none for such a push.")
@click.option("--number", type=NUMBER, help="With --start: number of the pull request, an input of the workflow.")
@click.option("--dry-run", is_flag=True, help="Print which stages would run, and change nothing.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
@click.pass_context
def rebuild(
    context: click.Context,
    models: bool,
    checks: bool,
    branch: str | None,
    pushes: bool,
    requests: bool,
    start: str | None,
    number: int | None,
    dry_run: bool,
    root: str,
) -> None:
    """Fix what `proda check --fix` fixes, rebuild what is derived from the data, and commit it on this branch."""
    from proda.history.repository import Repository
    from proda.workflows.publish import current_branch, is_ahead, on_remote, push_branch, push_place, require_forge
    from proda.workflows.rebuild_branch import rebuild_branch

    _refuse(checks and bool(branch or pushes), "--check commits nothing, so --branch and --push do not apply.")
    _refuse(requests and not (branch and pushes), "--pr needs --branch and --push.")
    _refuse(bool(start) and not pushes, "--start needs --push.")
    where = Repository.open(root).root
    if dry_run:
        _dry_run(where, models)
        return
    needs_api = requests or bool(start)
    place = (require_forge if needs_api else push_place)(where, os.environ) if pushes else None
    before = current_branch(where) if pushes else ""
    if branch and pushes and on_remote(where, branch):
        note(f"The branch {branch} is on the remote already, so what it holds is proposed. Nothing was rebuilt.")
        return
    done = rebuild_branch(where, models=models, commit=not checks, branch=branch or "", progress=True)
    ran = f"rebuilt {', '.join(done.ran)}" if done.ran else "nothing to rebuild"
    if not done.files:
        note(f"{ran}: every derived file is committed as it is built.")
        if branch or not pushes or not is_ahead(where, before):
            return
    elif checks:
        click.echo("\n".join(done.files))
        note(f"{ran}: {counted(len(done.files), 'file')} not committed as built. Run `proda rebuild`, or `dvc repro` and commit.")
        context.exit(1)
    now = current_branch(where) if pushes else branch or "this branch"
    if done.files:
        note(f"{ran}: {counted(len(done.files), 'file')}, committed as {done.commit[:9]} on {now}")
    if not pushes:
        return
    if requests and place:
        from proda.cli.request_body import branch_request
        from proda.workflows.publish import open_branch

        title, body = branch_request(where, now, before)
        note(open_branch(where, place, now, before, title, body, os.environ).url)
    else:
        push_branch(where, place, now, os.environ)
        note(f"Pushed {now} to origin.")
    if start and place:
        from proda.forge.client import connect

        connect(place, os.environ).start(start, now, {"number": str(number)} if number else {})
        note(f"Started {start} for {now}.")


def _dry_run(root: Path, models: bool) -> None:
    from proda.workflows.freshness import freshness

    found = freshness(root)
    stages = found.stale if models else tuple(s for s in found.stale if s in found.upstream.get("guard", ()))
    if not found.known:
        note("Nothing has been built yet, so every stage would run.")
    click.echo(f"would run: {', '.join(stages)}" if stages else "would run: nothing that the data or the code changed")


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise UsageError(why)
