"""`proda curate`: the sources in chunks, and which of them are worth extracting from.

$ proda curate
17 sources, 212 chunks
  kept              198 chunks      24,310 words   94.2 %
  low-reasoning       9 chunks       1,022 words    4.0 %
  short               5 chunks         131 words    0.5 %
1.1 : 1 words in the sources for each word kept
wrote 17 of 17 files in build/curated
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proda.cli.settings import COUNT_OR_NONE, ROOT_HELP
from proda.errors import counted

if TYPE_CHECKING:
    from proda.store.chunks import Chunk
    from proda.workflows.curate import CurationReport


@click.command(epilog="Example: proda curate --dry-run --rejected 3")
@click.argument("sources", metavar="[SOURCE…]", nargs=-1)
@click.option("--rejected", "shown", type=COUNT_OR_NONE, default=0, metavar="N", help="Print N rejected chunks with their reasons.")
@click.option("--dry-run", is_flag=True, help="Print the counts, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON, for each source too.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def curate(sources: tuple[str, ...], shown: int, dry_run: bool, as_json: bool, root: Path) -> None:
    """Divide the sources into chunks and reject those that are not worth extracting from.

    Rejected chunks are kept with their reason in build/curated, so that nothing is dropped without a trace. With SOURCE, such as
    physics/heat-pumps, only the chunks of these are written; copies are still searched in all sources. The settings are in documents.yaml.
    """
    from proda.document_settings import load_document_settings
    from proda.history.repository import Repository
    from proda.store.chunks import rejected_sample
    from proda.workflows.chunk_judge import endpoint_judge
    from proda.workflows.curate import curate as run

    root = Repository.open(root).root
    settings = load_document_settings(root)
    judge = endpoint_judge(root, settings, send=not dry_run) if settings.curate.judge == "openai" else None
    report = run(root, settings.curate, sources, write=not dry_run, judge=judge)
    sample = rejected_sample((chunk for found in report.sources for chunk in found.chunks), shown)
    if as_json:
        click.echo(json.dumps(_as_json(report, sample), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join([*_summary(report), *_passages(sample)]))
    for source in report.unlisted:
        click.echo(f"{_line(source)} has no entry in the catalogue and was left out. Run `proda check --fix`.", err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    else:
        gone = f", removed {report.removed} of sources that are gone" if report.removed else ""
        click.echo(f"wrote {report.written:,} of {counted(len(report.sources), 'file')} in build/curated{gone}", err=True)


def _summary(report: CurationReport) -> list[str]:
    from proda.workflows.curate import counts_by_reason

    chunks = [chunk for found in report.sources for chunk in found.chunks]
    total = sum(chunk.words for chunk in chunks)
    lines = [f"{counted(len(report.sources), 'source')}, {counted(len(chunks), 'chunk')}"]
    for reason, (number, words) in counts_by_reason(chunks).items():
        lines.append(f"  {reason or 'kept':15}{number:>7,} {'chunk ' if number == 1 else 'chunks'}{words:>12,} words{words / total:>8.1%}")
    if report.compression is None:
        lines.append("No chunk is kept.")
    else:
        lines.append(f"{report.compression:.1f} : 1 words in the sources for each word kept")
    return lines


def _passages(sample: list[Chunk]) -> list[str]:
    lines: list[str] = []
    for chunk in sample:
        lines += ["", f"{_line(chunk.source)} {chunk.id}  {chunk.reason}: {_line(chunk.detail)}"]
        lines += [f"  {_line(line)}" for line in chunk.text.splitlines() if line.strip()]
    return lines


def _as_json(report: CurationReport, sample: list[Chunk]) -> dict[str, Any]:
    def by_reason(chunks: list[Chunk]) -> dict[str, dict[str, int]]:
        from proda.workflows.curate import counts_by_reason

        return {reason or "kept": {"chunks": n, "words": words} for reason, (n, words) in counts_by_reason(chunks).items()}

    return {
        "words": report.words,
        "kept_words": report.kept_words,
        "compression": report.compression and round(report.compression, 3),
        "reasons": by_reason([chunk for found in report.sources for chunk in found.chunks]),
        "sources": {
            found.source: {"words": found.words, "kept_words": found.kept_words, "reasons": by_reason(list(found.chunks))}
            for found in report.sources
        },
        "read": report.read,
        "written": report.written,
        "removed": report.removed,
        "unlisted": list(report.unlisted),
        "rejected": [
            {"id": c.id, "source": c.source, "heading": list(c.heading), "reason": c.reason, "detail": c.detail, "text": c.text}
            for c in sample
        ],
    }


def _line(text: str) -> str:
    """Text of a document for a terminal: no control characters."""
    from proda.errors import printable

    return printable(text)
