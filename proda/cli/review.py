"""`proda review`: accept, edit or reject what was extracted from a document, beside its text.

    $ proda review physics/heat-pumps
    Review physics/heat-pumps: 12 of 240 decided
    http://127.0.0.1:40123/vB3…/          (Ctrl+C stops it; each decision is written at once)

    $ proda review physics/heat-pumps --list
    $ proda review physics/heat-pumps --accept heat-pump-warms-a-house
    $ proda review physics/heat-pumps --reject a1b2c3d4e5f6 --reason "wrong way round"
    $ proda review physics/heat-pumps --add statements.yaml
    proposals/physics/heat-pumps.yaml  5c0d1e2f3a4b  Heat flow causes condensation, because …
    $ proda review physics/heat-pumps --join 5c0d1e2f3a4b,b1c2d3e4f5a6,c0d1e2f3a4b5
    proposals/physics/heat-pumps.yaml  heat-flow-to-evaporation  how heat flow leads to evaporation
    $ proda review physics/heat-pumps --commit

Exit status 0; 1 if a decision is refused, with the findings of `proda check` that are the reason; 2 if the command is called wrongly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from proda.cli.settings import ROOT_HELP
from proda.errors import NotFoundError, UsageError, printable

if TYPE_CHECKING:
    from proda.workflows.decisions import Remark
    from proda.workflows.review import Review


@click.command(epilog="Example: proda review --list")
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option(
    "--list", "listed", is_flag=True, help="Print the proposals with their keys; without SOURCE, the sources that have proposals."
)
@click.option("--accept", metavar="KEY", multiple=True, help="Accept a statement or a chain. Can be given several times.")
@click.option(
    "--accept-all",
    is_flag=True,
    help="Accept every undecided chain and link that `proda check` finds no error in; without SOURCE, of all sources.",
)
@click.option("--reject", metavar="KEY", multiple=True, help="Reject a statement or a chain. Can be given several times.")
@click.option("--reason", help="Why they are rejected, in one line.")
@click.option("--reopen", metavar="KEY", multiple=True, help="Make a decided statement, or a rejected chain, undecided again.")
@click.option(
    "--join",
    metavar="KEY,KEY,KEY",
    multiple=True,
    help="Make a chain of 3 to 6 statements, each starting where the one before ends. Prints the chain's id, which --accept takes.",
)
@click.option("--explains", metavar="TEXT", help='What the chain of --join explains: "how …" (default: worded from its ends).')
@click.option(
    "--add",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Propose the statements that a YAML file lists; prints their keys. Each entry has quote, subject, relation, object and text; its"
    " `concepts:` describe those that are new by term, type and definition. Optional: subject_as, object_as, when, according_to, tense.",
)
@click.option("--commit/--no-commit", help="Commit the review of SOURCE: this document's files and no others.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the page (default: a free one).")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the list, or what was decided, as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def review(
    source: str | None,
    listed: bool,
    accept: tuple[str, ...],
    accept_all: bool,
    reject: tuple[str, ...],
    reason: str | None,
    reopen: tuple[str, ...],
    join: tuple[str, ...],
    explains: str | None,
    add: str | None,
    commit: bool,
    port: int,
    no_browser: bool,
    as_json: bool,
    root: str,
) -> None:
    """Review the proposals of a document. Without --list, a decision or --commit, opens a page on this machine.

    Decisions are recorded in proposals/. A chain whose statements are all accepted is written to knowledge/, if `proda check` finds no
    error in the result. In one call, --add comes first, then --reject, --reopen, --join and --accept.
    """
    from proda.cli.review_list import print_list
    from proda.history.repository import Repository
    from proda.store.proposals import proposed_sources
    from proda.workflows.scaffold import parse_topic

    if reject and reason is None:
        raise UsageError('--reject needs --reason, as in --reason "not stated in the source".')
    if reason is not None and not reject:
        raise UsageError("--reason is for --reject.")
    if accept_all and accept:
        raise UsageError("--accept-all accepts all that can be accepted: leave out --accept.")
    if explains is not None and len(join) != 1:
        raise UsageError("--explains is for one chain: give it with one --join.")
    if source is not None:
        parse_topic(source)
    where = Repository.open(root).root
    sources = proposed_sources(where)
    wanted = Wanted(accept, accept_all, reject, reason or "", reopen, join, explains or "", add)
    decides = any((accept, accept_all, reject, reopen, join, add))
    if listed:
        if decides or commit:
            raise UsageError("--list decides nothing: leave out --accept, --reject, --reopen, --join, --add and --commit.")
        print_list(where, sources if source is None else (source,), source is not None, as_json)
        return
    only_all = accept_all and not any((reject, reopen, join, add))
    chosen = _chosen(source, sources, needed=(decides or commit) and not only_all)
    if only_all and source is None and len(chosen) > 1:
        _accept_everywhere(where, chosen, wanted, commit, as_json)
        return
    if decides or commit:
        document = _decide(where, chosen[0], wanted, commit, as_json)
        if as_json:
            click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        if document["left_out"] and not accept_all:
            sys.exit(1)
        return
    if as_json:
        raise UsageError("--json needs --list, a decision or --commit.")
    _serve(where, chosen, port, no_browser)


def _chosen(source: str | None, sources: Sequence[str], needed: bool) -> tuple[str, ...]:
    """The sources to review, the wanted one first."""
    if source is not None:
        return (source, *(other for other in sources if other != source))
    if not sources:
        raise NotFoundError("proposals/\n  No document has proposals yet. Run `proda extract` first.")
    if needed and len(sources) > 1:
        raise UsageError(f"Give the SOURCE, one of: {', '.join(sources)}.")
    return tuple(sources)


class Wanted(NamedTuple):
    """The decisions of one call."""

    accept: Sequence[str]
    accept_all: bool
    reject: Sequence[str]
    reason: str
    reopen: Sequence[str]
    join: Sequence[str]
    explains: str
    add: str | None


def _accept_everywhere(root: Path, sources: Sequence[str], wanted: Wanted, commit: bool, as_json: bool) -> None:
    """Carry out --accept-all for each source that has something undecided."""
    from proda.store.proposals import load_proposals
    from proda.workflows.decisions import undecided

    open_ = [source for source in sources if undecided(load_proposals(root, source))]
    documents = [_decide(root, source, wanted, commit, as_json) for source in open_]
    if as_json:
        click.echo(json.dumps(documents, ensure_ascii=False, indent=2))
    if not open_:
        click.echo("Nothing is undecided.", err=True)


def _decide(root: Path, source: str, wanted: Wanted, commit: bool, as_json: bool) -> dict[str, Any]:
    """Carry out the decisions of one call on one source, and tell what became of them. Returns the same as JSON-compatible data."""
    from proda.cli.review_told import drafted_lines, left_out_lines, newly_drafted
    from proda.workflows.decisions import progress, said
    from proda.workflows.review import Review
    from proda.workflows.review_commit import commit_review

    session = Review(root, source)
    before = frozenset(session.state.known.concepts)
    added, joined, left = _propose(session, wanted, as_json)
    for key in _keys(wanted.accept):
        left += session.accept_chain(key) if key in session.state.proposals.chains else session.accept(key)
    if wanted.accept_all:
        left += session.accept_all()
    made = commit_review(root, source) if commit else None
    done, total = progress(session.state.proposals)
    written = sorted(session.state.written_chains)
    drafted = newly_drafted(session, before)
    if not as_json:
        for name in written:
            click.echo(f"knowledge/{source}.yaml  {name}")
    for line in (*left_out_lines(left), *drafted_lines(drafted, source)):
        click.echo(line, err=True)
    click.echo(f"{source}: {done} of {total} decided.", err=True)
    if commit:
        click.echo(
            f"Committed {made.id[:9]}: {printable(made.subject)}" if made else "Nothing to commit: all is committed already.", err=True
        )
    elif wanted.accept or wanted.accept_all:
        click.echo(f"Next: `proda check --fix`, `proda review {source} --commit`, then `make repro`.", err=True)
    elif waiting := [name for name in joined if name not in written]:
        click.echo(f"Next: `proda review {source} --accept {','.join(waiting)}`.", err=True)
    document: dict[str, Any] = {"source": source, "decided": done, "total": total, "chains": written}
    document |= {"left_out": [said(r) for r in left], "drafted": drafted}
    return document | {"added": added, "joined": joined, "commit": made.id if made else None}


def _propose(session: Review, wanted: Wanted, as_json: bool) -> tuple[list[str], list[str], list[Remark]]:
    """Carry out --add, --reject, --reopen and --join; returns the keys that were added, the chains that were joined, and what was left out.

    What is new is printed at once, so that it is known even if a later decision is refused.
    """
    from proda.workflows.additions_file import add_from_file

    added: list[str] = []
    if wanted.add is not None:
        made = add_from_file(session, Path(wanted.add))
        added += made.keys
        for note in made.notes:
            click.echo(printable(note), err=True)
    for key in added if not as_json else ():
        click.echo(f"proposals/{session.source}.yaml  {key}  {printable(session.state.proposals.statements[key].text)}")
    for key in _keys(wanted.reject):
        decide = session.reject_chain if key in session.state.proposals.chains else session.reject
        decide(key, wanted.reason)
    for key in _keys(wanted.reopen):
        session.reopen(key)
    joined: list[str] = []
    left: list[Remark] = []
    for path in wanted.join:
        name, remarks = session.join(_keys((path,)), wanted.explains)
        joined.append(name)
        left += remarks
        if not as_json:
            click.echo(f"proposals/{session.source}.yaml  {name}  {printable(session.state.proposals.chains[name].explains)}")
    return added, joined, left


def _keys(values: Sequence[str]) -> list[str]:
    """Keys, given one by one or in a comma list."""
    return [key.strip() for value in values for key in value.split(",") if key.strip()]


def _serve(root: Path, sources: Sequence[str], port: int, no_browser: bool) -> None:
    import webbrowser

    from proda.review.server import ReviewServer
    from proda.workflows.decisions import progress

    try:
        server = ReviewServer(root, sources, port)
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}. Choose another, or leave --port out for a free one.") from None
    with server:
        done, total = progress(server.review(sources[0]).state.proposals)
        click.echo(f"Review {sources[0]}: {done} of {total} decided. Ctrl+C stops; each decision is written at once.", err=True)
        click.echo(server.url)
        sys.stdout.flush()
        if not no_browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
