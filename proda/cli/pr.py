"""`proda pr [BASE]`: check a branch as a pull request is checked, and write or post the comment on it.

    $ proda pr main
    passed   data               0 errors, 3 warnings
    passed   build              items and samples are written
    passed   leak gate          no training text gives an item away
    failed   items and samples  2 derived files not as built from the data: run `proda rebuild`, and push
    stale    models and scores  older than the data; the scores below are those of the last build
    …
    $ proda pr main --post --number 12       # on any forge that is GitHub or GitLab, with a token in the environment
    $ proda pr main --open                   # push this branch and open its pull request

On GitHub, one workflow runs `proda pr --save FILE` without any right, and a second one runs `proda pr --from FILE --post`.

Exit status 1 if a check fails, or the forge refuses; 2 if the command is called wrongly.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from proda.cli.settings import FEW, NUMBER, ROOT_HELP, note
from proda.errors import UsageError


@click.command(epilog="Example: proda pr main --no-build --markdown")
@click.argument("base", metavar="[BASE]", required=False)
@click.option(
    "--no-build",
    is_flag=True,
    help="Do not build (default: `dvc repro guard`, which writes derived files). The leak gate is then left out.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the comment.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file, for --from.")
@click.option("--from", "saved", type=click.Path(dir_okay=False, path_type=Path), help="Read a report from a file and check nothing.")
@click.option("--number", type=NUMBER, help="Number of the pull request.")
@click.option("--post", is_flag=True, help="Write the comment on the pull request, or update the one that is there.")
@click.option("--head", metavar="COMMIT", help="With --post: leave the comment as it is unless the pull request ends at this commit.")
@click.option(
    "--open", "opens", is_flag=True, help="Push this branch, and open its pull request into BASE or update its text; check nothing."
)
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
@click.pass_context
def pr(
    context: click.Context,
    base: str | None,
    no_build: bool,
    as_markdown: bool,
    as_json: bool,
    save: Path | None,
    saved: Path | None,
    number: int | None,
    post: bool,
    head: str | None,
    opens: bool,
    root: str,
) -> None:
    """Check this branch against BASE (default: origin/main, or main) as its pull request is checked, and tell or post the result.

    The comment shows the checks, verdicts, scores with intervals, flips by name, changed nodes with their quotes, and the samples and items
    that follow. It is bounded to what the forge takes. Tokens: GITHUB_TOKEN or GH_TOKEN, or GITLAB_TOKEN.
    """
    from proda.history.repository import Repository
    from proda.workflows.publish import default_base
    from proda.workflows.request_report import examine, read_report, write_report

    _refuse(as_markdown and as_json, "--markdown and --json exclude each other. Leave one out.")
    _refuse(bool(saved) and bool(base or save or no_build), "--from reads a report, so BASE, --save and --no-build do not apply.")
    _refuse(bool(head) and not post, "--head needs --post.")
    _refuse(opens and bool(saved or save or post or number), "--open checks nothing, so --from, --save, --post and --number do not apply.")
    where = Repository.open(root).root
    if opens:
        _open(where, base)
        return
    if saved:
        report = read_report(saved)
    else:
        quiet = as_markdown or as_json
        report = examine(where, base or default_base(where), number=number or 0, stages=not no_build, progress=not quiet)
    if number and report.number != number:
        report = msgspec.structs.replace(report, number=number)
    if save:
        write_report(report, save)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2))
    elif as_markdown:
        from proda.cli.request_comment import request_comment

        click.echo(request_comment(report, MARKDOWN_LIMIT))
    elif not saved:
        _print(report)
    if post:
        _post(where, report, head)
    if not report.passed and not saved:
        context.exit(1)


MARKDOWN_LIMIT = 65_536  # GitHub's, which is the smallest


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise UsageError(why)


def _print(report: object) -> None:
    from proda.cli.diff import lines
    from proda.workflows.request_report import RequestReport

    assert isinstance(report, RequestReport)
    for check in report.checks:
        click.echo(f"{check.state:<8} {check.name:<18} {check.text}")
        for detail in check.details:
            click.echo(f"           {detail}")
    for verdict in report.verdicts:
        click.echo(f"round {verdict.round}: {verdict.says}: {'; '.join(verdict.reasons)}")
    if report.comparison:
        stale = any(check.state == "stale" for check in report.checks)
        click.echo("")
        click.echo("\n".join(lines(report.comparison, FEW, stale=stale)), color=False)


def _post(root: Path, report: object, head: str | None) -> None:
    from proda.cli.request_comment import MARKER, request_comment
    from proda.forge.client import connect
    from proda.forge.place import find_place
    from proda.workflows.request_report import RequestReport

    assert isinstance(report, RequestReport)
    if not report.number:
        raise UsageError("--post needs the number of the pull request: --number N.")
    client = connect(find_place(root, os.environ), os.environ)
    if head and client.head(report.number) != head:
        note(f"Pull request {report.number} does not end at {head[:9]}, so its comment stays. The newest commit has a run of its own.")
        return
    note(client.put_comment(report.number, MARKER, request_comment(report, client.limit)))


def _open(root: Path, base: str | None) -> None:
    from proda.cli.request_body import branch_request
    from proda.workflows.publish import current_branch, default_base, open_branch, require_forge

    place = require_forge(root, os.environ)
    branch, into = current_branch(root), base or default_base(root, local=True)
    title, body = branch_request(root, branch, into)
    opened = open_branch(root, place, branch, into, title, body, os.environ)
    note(f"{'Opened' if opened.new else 'Updated'} {place.called} {opened.number}")
    click.echo(opened.url)
