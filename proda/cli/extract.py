"""`proda extract`: curated sources → proposals to review.

$ proda extract physics/heat-pumps
physics/heat-pumps: 12 statements (3 new, 1 withdrawn), 9 concepts, 2 chains; 14 chunks: 2 chains, 5 statements, 6 nothing, 1 set aside
1 statement that was accepted is withdrawn, because its passage is no longer in the source:
  physics/heat-pumps: A heat pump causes evaporation of the refrigerant at low pressure.
Next: proda review.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from proda.cli.settings import ROOT_HELP
from proda.errors import counted

if TYPE_CHECKING:
    from proda.extraction.llm.read import LlmReading
    from proda.extraction.score import GlossaryScore
    from proda.workflows.extract import ExtractReport, SourceReport

SHOWN = 20  # sources, texts or terms that are listed
MOST_REASONS = 5  # why replies were refused


@click.command(epilog="Example: proda extract --backend rules --dry-run")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--backend", type=click.Choice(["rules", "openai"]), help="What reads the chunks. Default: `extract.backend` of documents.yaml."
)
@click.option("--score", "glossary", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="GLOSSARY",
              help="Compare the proposals with a glossary: YAML, CSV, TSV, or Markdown lines `- **term**: definition`.")  # fmt: skip
@click.option(
    "--dry-run", is_flag=True, help="Print what would be proposed, and write nothing; with `openai`, send nothing and print an estimate."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def extract(sources: tuple[str, ...], backend: str | None, glossary: Path | None, dry_run: bool, as_json: bool, root: Path) -> None:
    """Find statements, concepts and chains in curated sources, and propose them for review.

    Without SOURCE, all curated sources are read. What reviewers have decided is kept: a statement stays as it is while its passage stands,
    is withdrawn when the passage is gone, and is never proposed again once it was rejected. The backend `openai` asks the endpoint of
    documents.yaml, with the key in PRODA_API_KEY; what was answered is never paid for again. Pairs of concepts that may be one are written
    to knowledge/merges.yaml, where people confirm or refuse them.
    """
    from proda.document_settings import load_document_settings
    from proda.history.repository import Repository
    from proda.store.edit_lock import PROPOSALS, editing
    from proda.workflows.extract import extract as run
    from proda.workflows.extract import score

    root = Repository.open(root).root
    chosen = backend or load_document_settings(root).extract.backend
    lock = nullcontext() if dry_run else editing(root, "proda extract", PROPOSALS)
    with lock:
        report = run(root, sources, chosen, dry_run=dry_run)
    result = None if glossary is None else score(root, glossary, report.proposals)
    if as_json:
        click.echo(json.dumps(_as_json(report, result, dry_run), indent=2, ensure_ascii=False))
    else:
        _print(report)
        if result is not None:
            _print_score(result)
    _tell(report, dry_run)
    stopped = report.asked is not None and report.asked.stopped and not dry_run
    if report.failures or stopped:
        sys.exit(1)


def _print(report: ExtractReport) -> None:
    from proda.errors import printable

    changed = {name: found for name, found in report.sources.items() if found.changed or len(report.sources) <= SHOWN}
    for name, found in list(changed.items())[:SHOWN]:
        click.echo(printable(f"{name}: {_line(found)}"))
    if len(changed) > SHOWN:
        click.echo(f"… and {len(changed) - SHOWN} more sources with changes. `--json` lists all.")
    if len(report.sources) > 1:
        click.echo(f"{len(report.sources)} sources: {_total(report)}")


def _line(found: SourceReport) -> str:
    if found.removed:
        return f"no longer in the catalogue; {counted(found.withdrawn, 'statement')} withdrawn"
    what = f"{counted(found.statements, 'statement')} ({found.new:,} new, {found.withdrawn:,} withdrawn)"
    chunks = ", ".join(f"{number:,} {outcome.replace('-', ' ')}" for outcome, number in found.outcomes.items())
    concepts, chains = counted(found.concepts, "concept"), counted(found.chains, "chain")
    return f"{what}, {concepts}, {chains}; {counted(sum(found.outcomes.values()), 'chunk')}: {chunks or 'none'}"


def _total(report: ExtractReport) -> str:
    found = report.sources.values()
    statements, new, gone = (sum(getattr(f, name) for f in found) for name in ("statements", "new", "withdrawn"))
    concepts, chains = sum(f.concepts for f in found), sum(f.chains for f in found)
    what = (
        f"{counted(statements, 'statement')} ({new:,} new, {gone:,} withdrawn), {counted(concepts, 'concept')}, {counted(chains, 'chain')}"
    )
    return f"{what}; {sum(f.changed for f in found):,} changed"


def _print_score(result: GlossaryScore) -> None:
    from proda.errors import printable

    click.echo(f"Terms: {result.found:,} of {result.terms:,} found (recall {result.recall:.2f}).")
    click.echo(
        f"Definitions from the source: {result.defined:,}; agreement (F1 of words) {result.agreement:.2f};"
        f" {result.agreeing:.0%} at .5 or more."
    )
    share = result.located / result.quotes if result.quotes else 1.0
    click.echo(f"Quotes at their place in the source: {result.located:,} of {result.quotes:,} ({share:.1%}).")
    if result.missing:
        more = f", … and {len(result.missing) - SHOWN} more" if len(result.missing) > SHOWN else ""
        click.echo(printable(f"Not found: {', '.join(result.missing[:SHOWN])}{more}"))


def _tell(report: ExtractReport, dry_run: bool) -> None:
    from proda.errors import printable

    for message in report.failures.values():
        click.echo(printable(message).replace("\\x0a", "\n"), err=True)
    if report.asked is not None:
        _tell_calls(report.asked, dry_run)
    lost = [(name, text) for name, found in report.sources.items() for text in found.withdrawn_accepted]
    if lost:
        verb = "is" if len(lost) == 1 else "are"
        click.echo(
            f"{counted(len(lost), 'statement')} that had been accepted {verb} withdrawn. Check the knowledge that rests on them:", err=True
        )
        for name, text in lost[:SHOWN]:
            click.echo(printable(f"  {name}: {text}"), err=True)
        if len(lost) > SHOWN:
            click.echo(f"  … and {len(lost) - SHOWN} more.", err=True)
    if report.merges:
        click.echo(f"{counted(report.merges, 'pair')} of concepts may be one: decide in knowledge/merges.yaml.", err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif not report.failures and not (report.asked is not None and report.asked.stopped):
        click.echo("Next: proda review.", err=True)


def _tell_calls(asked: LlmReading, dry_run: bool) -> None:
    from proda.errors import printable

    for line in asked.tally.lines():
        click.echo(printable(line), err=True)
    for reason, number in list(asked.refusals.items())[:MOST_REASONS]:
        click.echo(printable(f"  refused {number:,} ×: {reason}"), err=True)
    left = sum(map(len, asked.unfinished.values()))
    if dry_run and left:
        click.echo(
            f"{counted(left, 'chunk')} not asked: a dry run sends nothing. Later stages are estimated once the first is answered.", err=True
        )
    elif asked.stopped:
        click.echo(
            f"Stopped: {asked.stopped}. {counted(left, 'chunk')} not finished, and without a record. What was answered is kept in"
            " build/replies. Raise the cap in documents.yaml, or keep it, and run this again to go on.", err=True,
        )  # fmt: skip
    elif left:
        click.echo(f"{counted(left, 'chunk')} ran into trouble that may pass. Run this again to ask them again.", err=True)


def _as_json(report: ExtractReport, result: GlossaryScore | None, dry_run: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "written": not dry_run,
        "sources": {name: msgspec.to_builtins(one) for name, one in report.sources.items()},
        "failures": report.failures,
        "merges": report.merges,
    }
    if report.asked is not None:
        asked = report.asked
        found["calls"] = {
            "tally": msgspec.to_builtins(asked.tally), "refused": asked.refusals, "stopped": asked.stopped,
            "unfinished": {source: sorted(ids) for source, ids in asked.unfinished.items() if ids},
        }  # fmt: skip
    if result is not None:
        found["score"] = {
            "terms": result.terms, "found": result.found, "recall": round(result.recall, 4), "defined": result.defined,
            "agreement": round(result.agreement, 4), "agreeing": round(result.agreeing, 4), "quotes": result.quotes,
            "located": result.located, "missing": result.missing,
        }  # fmt: skip
    return found
