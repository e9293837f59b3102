"""`proda review`: accept, edit or reject what was extracted from a document, beside its text.

    $ proda review physics/heat-pumps
    Review physics/heat-pumps: 12 of 240 decided
    http://127.0.0.1:40123/vB3…/          (Ctrl+C stops it; each decision is written at once)

    $ proda review physics/heat-pumps --list
    $ proda review physics/heat-pumps --accept heat-pump-warms-a-house
    $ proda review physics/heat-pumps --reject a1b2c3d4e5f6 --reason "wrong way round"
    $ proda review physics/heat-pumps --commit

Exit status 0; 1 if a decision is refused, with the findings of `proda check` that are the reason; 2 if the command is called wrongly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proda.errors import NotFoundError, UsageError
from proda.findings import printable

if TYPE_CHECKING:
    from proda.workflows.decisions import Remark

PROPOSED = "○"
ICONS = {"accepted": "✓", "rejected": "✕", "withdrawn": "–"}


@click.command(epilog="Example: proda review --list")
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option(
    "--list", "listed", is_flag=True, help="Print the proposals with their keys; without SOURCE, the sources that have proposals."
)
@click.option("--accept", metavar="KEY", multiple=True, help="Accept a statement or a chain. Can be given several times.")
@click.option("--accept-all", is_flag=True, help="Accept every undecided chain and link that `proda check` finds no error in.")
@click.option("--reject", metavar="KEY", multiple=True, help="Reject a statement or a chain. Can be given several times.")
@click.option("--reason", help="Why they are rejected, in one line.")
@click.option("--commit/--no-commit", help="Commit the review of SOURCE: this document's files and no others.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the page (default: a free one).")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the list, or what was decided, as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: the one around here).")
def review(
    source: str | None,
    listed: bool,
    accept: tuple[str, ...],
    accept_all: bool,
    reject: tuple[str, ...],
    reason: str | None,
    commit: bool,
    port: int,
    no_browser: bool,
    as_json: bool,
    root: str,
) -> None:
    """Review the proposals of a document. Without --list, a decision or --commit, opens a page on this machine.

    Decisions are recorded in proposals/. A chain whose statements are all accepted is written to knowledge/, if `proda check` finds no
    error in the result.
    """
    from proda.history.repository import Repository
    from proda.store.proposals import proposed_sources
    from proda.workflows.scaffold import parse_topic

    if reject and reason is None:
        raise UsageError('--reject needs --reason, as in --reason "not stated in the source".')
    if reason is not None and not reject:
        raise UsageError("--reason is for --reject.")
    if accept_all and accept:
        raise UsageError("--accept-all accepts all that can be accepted: leave out --accept.")
    if source is not None:
        parse_topic(source)
    where = Repository.open(root).root
    sources = proposed_sources(where)
    decides = bool(accept or accept_all or reject)
    if listed:
        if decides or commit:
            raise UsageError("--list decides nothing: leave out --accept, --reject and --commit.")
        _list(where, sources if source is None else (source,), source is not None, as_json)
        return
    chosen = _chosen(source, sources, needed=decides or commit)
    if decides or commit:
        _decide(where, chosen[0], (accept, accept_all, reject, reason or ""), commit, as_json)
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


def _list(root: Path, sources: Sequence[str], entries: bool, as_json: bool) -> None:
    from proda.store.proposals import load_proposals
    from proda.workflows.decisions import progress

    rows = []
    for source in sources:
        proposals = load_proposals(root, source)
        done, total = progress(proposals)
        chains = [{"chain": n, "status": c.status, "statements": list(c.statements)} for n, c in proposals.chains.items()]
        statements = [{"key": k, "status": s.status, "text": s.text, "reason": s.reason} for k, s in proposals.statements.items()]
        accepted = sum(c.status == "accepted" for c in proposals.chains.values())
        rows.append({"source": source, "decided": done, "total": total, "chains": len(chains), "accepted_chains": accepted})
        if entries:
            rows[-1] |= {"entries": {"chains": chains, "statements": statements}}
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(
            f"{row['source']}  {row['decided']} of {row['total']} decided, {row['accepted_chains']} of {row['chains']} chains accepted"
        )
        if entries:
            _print_entries(row["entries"])
    if not rows:
        click.echo("No document has proposals yet. Run `proda extract` first.", err=True)


def _print_entries(entries: Any) -> None:
    statements = {s["key"]: s for s in entries["statements"]}
    for chain in entries["chains"]:
        click.echo(f"\n{ICONS.get(chain['status'], PROPOSED)} {printable(chain['chain'])}")
        for key in chain["statements"]:
            _print_statement(statements[key])
    loose = [s for k, s in statements.items() if not any(k in chain["statements"] for chain in entries["chains"])]
    if loose:
        click.echo("\nin no chain")
    for statement in loose:
        _print_statement(statement)


def _print_statement(statement: Any) -> None:
    reason = f"  ({printable(statement['reason'])})" if statement["reason"] else ""
    click.echo(f"  {ICONS.get(statement['status'], PROPOSED)} {statement['key']}  {printable(statement['text'])}{reason}")


def _decide(root: Path, source: str, wanted: tuple[Sequence[str], bool, Sequence[str], str], commit: bool, as_json: bool) -> None:
    from proda.workflows.decisions import progress, said
    from proda.workflows.review import Review
    from proda.workflows.review_commit import commit_review

    accept, accept_all, reject, reason = wanted
    session = Review(root, source)
    for key in _keys(reject):
        decide = session.reject_chain if key in session.state.proposals.chains else session.reject
        decide(key, reason)
    left: list[Remark] = []
    for key in _keys(accept):
        left += session.accept_chain(key) if key in session.state.proposals.chains else session.accept(key)
    if accept_all:
        left += session.accept_all()
    made = commit_review(root, source) if commit else None
    done, total = progress(session.state.proposals)
    written = sorted(session.state.written_chains)
    if as_json:
        document = {"source": source, "decided": done, "total": total, "chains": written, "left_out": [said(r) for r in left]}
        click.echo(json.dumps(document | {"commit": made.id if made else None}, ensure_ascii=False, indent=2))
    else:
        for name in written:
            click.echo(f"knowledge/{source}.yaml  {name}")
    for remark in left:
        click.echo(f"left out: {printable(said(remark))}", err=True)
    click.echo(f"{source}: {done} of {total} decided.", err=True)
    if commit:
        click.echo(
            f"Committed {made.id[:9]}: {printable(made.subject)}" if made else "Nothing to commit: all is committed already.", err=True
        )
    elif accept or accept_all:
        click.echo(f"Next: `proda review {source} --commit`, then `dvc repro`.", err=True)
    if left and not accept_all:
        sys.exit(1)


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
