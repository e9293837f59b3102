"""Draw what people read: items without their keys, statements, samples. Take in a reader's answers to items.

    python -m proda.cli.reading_sheet build/sheets --unread             # build/sheets/sheet-01.md, …: items with fewer than two readings
    python -m proda.cli.reading_sheet --collect a.yaml --reader a --sheets build/sheets      # into benchmarks/validation.yaml
    python -m proda.cli.reading_sheet --statements 120 --seed 3         # printed; the verdicts go to docs/measured/ by hand
    python -m proda.cli.reading_sheet --samples 100 --seed 3

Two readers work on the same sheets and do not see each other's answers. proda/store/sheets.py describes a sheet and an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from proda.cli.main import main
from proda.cli.settings import COUNT, ROOT_HELP, SEED
from proda.errors import InputError, UsageError, counted
from proda.history.repository import Repository
from proda.language.wording import sentence
from proda.store.edit_lock import editing
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_samples
from proda.store.sheets import draw, numbered, read_answers, sheets
from proda.store.validation import PATH, load_validation, merged, verdict_of, write_validation
from proda.store.validation import counted as counts_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ALL = "dev,twin,sealed"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: python -m proda.cli.reading_sheet build/sheets --unread"
)
@click.argument("out", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--items", "splits", metavar="LIST", default=ALL, show_default=True, help="Splits whose items are asked.")
@click.option("--unread", is_flag=True, help="Leave out items with two or more readings, or that --reader has read.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the draw.")
@click.option("--size", type=COUNT, default=120, show_default=True, help="Items on a sheet.")
@click.option("--collect", "answers", multiple=True, type=FILE, help="Answers to take in.")
@click.option("--reader", metavar="LABEL", help="Who answered: a letter, not a name.")
@click.option("--sheets", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Sheets that the answers number.")
@click.option("--statements", type=COUNT, metavar="N", help="Print N statements in use.")
@click.option("--samples", type=COUNT, metavar="N", help="Print N samples, as they are trained on.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help=ROOT_HELP)
def reading_sheet(
    out: Path | None,
    splits: str,
    unread: bool,
    seed: int,
    size: int,
    answers: tuple[Path, ...],
    reader: str | None,
    folder: Path | None,
    statements: int | None,
    samples: int | None,
    root: Path,
) -> None:
    """Write sheets of items without keys to OUT, or take in answers to them, or print statements or samples to be read."""
    tasks = [out is not None, bool(answers), statements is not None, samples is not None]
    if sum(tasks) != 1:
        raise UsageError("Give one of: a folder OUT for sheets of items, --collect, --statements, --samples.")
    root = Repository.open(root).root
    if answers:
        if reader is None:
            raise UsageError("--collect needs --reader: a letter for whoever answered.")
        with editing(root, "reading_sheet --collect"):
            _collect(root, answers, reader, folder)
    elif statements is not None:
        click.echo("\n".join(_statements(root, statements, seed)))
    elif samples is not None:
        click.echo("\n".join(_samples(root, samples, seed)))
    elif out is not None:
        _write(root, out, splits, unread, reader, seed, size)


def _write(root: Path, out: Path, splits: str, unread: bool, reader: str | None, seed: int, size: int) -> None:
    wanted = splits.split(",")
    if wrong := sorted(set(wanted) - set(ALL.split(","))):
        raise UsageError(f"--items: got {', '.join(wrong)}, expected some of {ALL}.")
    validation = load_validation(root)
    items = [item for item in load_items(root) if item.split in wanted]
    if unread and reader is not None:
        items = [item for item in items if reader not in validation.readings.get(item.content_hash, {})]
    elif unread:
        items = [item for item in items if verdict_of(item, validation) == "unread"]
    texts = sheets(items, seed, size)
    # The numbers of another draw would be taken for those of this one.
    if old := sorted(path.name for path in out.glob("sheet-*.md")):
        raise InputError(f"{out}\n  Holds sheets already ({old[0]}, …). Choose another folder, or remove them.")
    for name, text in texts.items():
        write_file(out / name, text)
    click.echo(f"{out}: {counted(len(items), 'item')} on {counted(len(texts), 'sheet')}, drawn with seed {seed} from {splits}")


def _collect(root: Path, paths: tuple[Path, ...], reader: str, folder: Path | None) -> None:
    numbers = numbered(path.read_text(encoding="utf-8") for path in sorted(folder.glob("sheet-*.md"))) if folder else {}
    items = load_items(root)
    by_hash = {item.content_hash: item for item in items}
    validation = load_validation(root)
    taken = gone = 0
    for path in paths:
        readings = read_answers(path, numbers)
        known = [(by_hash[item_hash], reading) for item_hash, reading in readings.items() if item_hash in by_hash]
        validation = merged(validation, reader, known)
        taken += len(known)
        gone += len(readings) - len(known)
    if gone and not taken:
        raise InputError(f"{paths[0]}\n  None of the items is in the benchmark now. Were they drawn from another build?")
    write_validation(root, validation, by_hash)
    counts = counts_of(items, load_validation(root))
    left_out = f"; {gone:,} left out, since their items have changed" if gone else ""
    click.echo(f"{PATH}: readings of reader {reader} taken in: {taken:,}{left_out}")
    click.echo(f"{counted(counts.validated, 'item')} validated, {counts.unread:,} unread, {counts.disputed:,} disputed")


def _statements(root: Path, count: int, seed: int) -> Iterator[str]:
    knowledge = Repository.open(root).knowledge
    pool = knowledge.active_statements
    drawn = draw(pool.values(), count, seed, "statements")
    yield from _rule("statements", len(drawn), len(pool), "statements in use, those of links included", seed)
    for number, statement in enumerate(drawn, start=1):
        yield f"## {number} · {statement.id}\n"
        yield f"- statement: {sentence(knowledge, statement)}"
        yield f"- text: {statement.text}"
        yield f"- quote: {statement.quote}"
        if (work := knowledge.chains[statement.chain].reference) is not None:
            yield f"- reference: {work.author}, {work.title}, {work.year}{f', {work.section}' if work.section else ''}"
        yield ""


def _samples(root: Path, count: int, seed: int) -> Iterator[str]:
    pool = load_samples(root)
    drawn = draw(pool, count, seed, "samples")
    yield from _rule("samples", len(drawn), len(pool), "samples, as the patches change them", seed)
    for number, sample in enumerate(drawn, start=1):
        yield f"## {number} · {sample.id}\n\n```text\n{sample.prompt}\n```\n\n{sample.completion}\n"


def _rule(what: str, drawn: int, of: int, pool: str, seed: int) -> Iterator[str]:
    yield f"# {drawn:,} {what}\n"
    yield f"Rule of the draw: of all {of:,} {pool}, the first {drawn:,} by a hash of the seed {seed} and the id"
    yield f"(`python -m proda.cli.reading_sheet --{what} {drawn} --seed {seed}`).\n"


if __name__ == "__main__":
    main(reading_sheet)
