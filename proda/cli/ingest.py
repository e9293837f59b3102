"""`proda ingest FILE|DIR…`: the text of documents becomes sources of the knowledge.

$ proda ingest papers/ --discipline physics --licence CC-BY-4.0 --origin "https://example.org/heat"
new        papers/heat.pdf     → physics/heat-pumps: 12 pages, 4,310 words, 23 headings, 2 tables
unchanged  papers/rails.docx   physics/rails
refused    papers/scan.pdf     The PDF has no text: its pages are images or empty. Run OCR on it first.
1 new, 1 unchanged, 1 refused.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proda.cli.settings import ROOT_HELP
from proda.errors import UsageError, printable

if TYPE_CHECKING:
    from proda.workflows.ingest import IngestedFile
    from proda.workflows.ingest_files import GivenFiles

ASKED = {
    "licence": "the licence that the documents may be used under, as in --licence CC-BY-4.0",
    "origin": "where the documents come from, as in --origin 'https://example.org/book'",
}


@click.command(
    epilog="Example: proda ingest heat-pumps.md --discipline milling --licence CC-BY-4.0 --origin 'written for this course' --dry-run"
)
@click.argument("paths", metavar="FILE|DIR…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--discipline", metavar="NAME", required=True, help="Discipline of the sources.")
@click.option("--topic", metavar="NAME", help="Topic of the source, for one file. Default: made of the title.")
@click.option("--licence", help="Licence of the documents. Asked for at a terminal if left out; never guessed.")
@click.option("--origin", help="Where the documents come from. Asked for at a terminal if left out.")
@click.option("--title", help="Title of the source, for one file. Default: the one that the document states.")
@click.option("--update", is_flag=True, help="Replace sources whose documents have changed. Otherwise only the changes are shown.")
@click.option(
    "--dvc", is_flag=True, help="Track the texts of new sources with DVC: git holds a hash of each (a .dvc file), DVC's cache the text."
)
@click.option("--dry-run", is_flag=True, help="Read the documents, print what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each file as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def ingest(
    paths: tuple[Path, ...],
    discipline: str,
    topic: str | None,
    licence: str | None,
    origin: str | None,
    title: str | None,
    update: bool,
    dvc: bool,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Turn documents into sources: PDF, DOCX, PPTX, HTML, EPUB, Markdown, text, notebooks, LaTeX and CNXML.

    Each text is written to knowledge/sources/DISCIPLINE/TOPIC.md, with headings, tables, equations as LaTeX and the numbers of pages, and
    gets an entry in the catalogue. A folder is searched for documents. A file that cannot be read is reported with the reason, and the
    others go on; the exit status is then 1. Ingesting a file again writes nothing: an unchanged file is recognised by its bytes, for a
    changed one the changes are shown.
    """
    from proda.history.repository import Repository
    from proda.workflows.catalogue import load_catalogue, require_line
    from proda.workflows.dvc_tracking import require_dvc
    from proda.workflows.ingest import Details
    from proda.workflows.ingest_files import gather, match
    from proda.workflows.ingest_run import run_ingest
    from proda.workflows.scaffold import parse_topic, require_id

    root = Repository.open(root).root
    require_id("--discipline", discipline)
    parse_topic(f"{discipline}/{topic or 'topic'}")
    for field, value in (("licence", licence), ("origin", origin), ("title", title)):
        if value is not None:
            require_line(field, value)
    if dvc:
        require_dvc(root)
    found = gather(paths, root / "knowledge")
    if (topic or title) and len(found.files) != 1:
        raise UsageError(f"--topic and --title are for one file, and {len(found.files):,} were given. Leave them out, or give one file.")
    files = match(found.files, load_catalogue(root), discipline, topic)
    if any(file.state == "new" for file in files) and not dry_run:
        licence, origin = _asked(licence, origin)
    details = Details(licence, origin, title, topic, update)
    asked = _ask_title if sys.stdin.isatty() and len(files) == 1 and not dry_run else None
    results: list[IngestedFile] = []
    for batch in run_ingest(root, files, discipline, details, dvc=dvc, dry_run=dry_run, ask_title=asked):
        results += batch.results
        if not as_json:
            for result in batch.results:
                click.echo("\n".join(_lines(result, dry_run)))
    if as_json:
        click.echo(_as_json(results, dry_run))
    _summary(found, results, dry_run)
    if any(result.state == "refused" for result in results):
        sys.exit(1)


def _asked(licence: str | None, origin: str | None) -> tuple[str, str]:
    """Licence and origin, those left out asked for at a terminal. Raises UsageError off a terminal."""
    from proda.workflows.catalogue import require_line

    given = {"licence": licence, "origin": origin}
    missing = [name for name, value in given.items() if value is None]
    if missing and not sys.stdin.isatty():
        wanted = "\n".join(f"  {ASKED[name]}" for name in missing)
        raise UsageError(f"Missing: {', '.join(f'--{name}' for name in missing)}. Nothing was written. Give\n{wanted}")
    for name in missing:
        given[name] = str(click.prompt(name.capitalize(), err=True)).strip()
        require_line(name, given[name] or "")
    return given["licence"] or "", given["origin"] or ""


def _ask_title(_path: Path, named: str) -> str:
    return str(click.prompt("Title", default=named, err=True))


def _lines(result: IngestedFile, dry_run: bool) -> Iterator[str]:
    """What is printed of one file: its state and what was found, then notes and changes, indented."""
    state = f"{result.state:<9}"
    if result.state == "refused":
        yield f"{state}  {result.file}  {result.reason}"
        return
    if result.state == "repeated":
        yield f"{state}  {result.file}  has the bytes of {result.reason}"
        return
    if result.state in ("unchanged", "renamed"):
        yield f"{state}  {result.file}  {result.source}"
    elif result.state == "new":
        yield f"{state}  {result.file}  {'would be' if dry_run else '→'} {result.source}: {_counts(result)}"
    else:
        done = "" if result.state == "updated" and not dry_run else " (not written)"
        lines = f"{result.added:,} line{'s' * (result.added != 1)} added, {result.removed:,} removed"
        yield f"{state}  {result.file}  {result.source}: {lines}{done}"
    yield from (f"           {line}" for line in result.changes)
    for statement in result.lost:
        yield f"           {statement} quotes a passage that the new text does not hold"
    for note in result.notes:
        yield f"           {note}"


def _counts(result: IngestedFile) -> str:
    named = (
        ("page", result.pages),
        ("word", result.words),
        ("heading", result.headings),
        ("table", result.tables),
        ("equation", result.equations),
    )
    return ", ".join(f"{count:,} {name}{'s' * (count != 1)}" for name, count in named if count)


def _as_json(results: Sequence[IngestedFile], dry_run: bool) -> str:
    import msgspec

    written = [r.source for r in results if r.state in ("new", "updated")]
    return json.dumps({"files": msgspec.to_builtins(results), "written": [] if dry_run else written}, indent=2, ensure_ascii=False)


def _summary(found: GivenFiles, results: Sequence[IngestedFile], dry_run: bool) -> None:
    for path, reason in found.skipped:
        click.echo(f"skipped {printable(str(path))}  {reason}", err=True)
    if found.others:
        kinds = ", ".join(f"{printable(suffix)} {count:,}" for suffix, count in found.others.most_common(8))
        count = sum(found.others.values())
        click.echo(f"{count:,} file{'s' * (count != 1)} of other kinds left out: {kinds}.", err=True)
    counts = Counter(result.state for result in results)
    click.echo(f"{', '.join(f'{count:,} {state}' for state, count in counts.items()) or 'No document found'}.", err=True)
    if any(result.lost for result in results):
        click.echo("Quotes that a text no longer holds: `proda check` reports them; edit those statements, or retire them.", err=True)
    if counts["changed"]:
        click.echo("Give --update to replace the sources of changed documents.", err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif counts["new"] or counts["updated"]:
        click.echo("Next: proda curate.", err=True)
