"""Write a general suite that is kept in benchmarks/suites to benchmarks/general, and take in what readers answered to it.

    python -m scripts.write_suite everyday                               # benchmarks/general/everyday.jsonl and its card
    python -m scripts.write_suite everyday --sheets build/sheets         # sheets without the key, for readers
    python -m scripts.write_suite everyday --collect a.yaml --reader a   # into benchmarks/suites/everyday/validation.yaml
    python -m scripts.write_suite everyday --leaks                       # compare the items with all training texts

Items that a reader disputes are left out of the suite until they are mended. proda/store/sheets.py describes a sheet and an answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proda.cli.main import main
from proda.errors import GateError, InputError, UsageError
from proda.params import load_params
from proda.store.files import write_file
from proda.store.patches import load_samples
from proda.store.sheets import numbered, read_answers, sheets
from proda.store.suite_readings import load_readings, readings_path, write_readings
from proda.store.training_texts import training_texts
from proda.store.validation import counted, disputed, merged
from proda.store.written_suites import written_suite, written_suite_files
from proda.tester.overlap import overlap

if TYPE_CHECKING:
    from proda.records import Item

SHEET_SIZE = 120  # items on a sheet
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: python -m scripts.write_suite everyday")
@click.argument("suite")
@click.option("--sheets", "out", type=click.Path(file_okay=False, path_type=Path), help="Write sheets without the key to this folder.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the order of the sheets.")
@click.option("--collect", "answers", multiple=True, type=FILE, help="Answers to take in; their items by content hash or number.")
@click.option("--reader", metavar="LABEL", help="Who answered: a letter, not a name.")
@click.option("--numbers", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Sheets that the answers number.")
@click.option("--leaks", is_flag=True, help="Compare the items with all training texts; exit 1 if one gives an item away.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The repository.")
def write_suite(
    suite: str,
    out: Path | None,
    seed: int,
    answers: tuple[Path, ...],
    reader: str | None,
    folder: Path | None,
    leaks: bool,
    root: Path,
) -> None:
    """Write the suite SUITE of benchmarks/suites to benchmarks/general, or one of: sheets, answers taken in, the leak check."""
    if sum((out is not None, bool(answers), leaks)) > 1:
        raise UsageError("Give at most one of --sheets, --collect, --leaks.")
    if out is not None:
        _write_sheets(written_suite(root, suite), out, seed)
    elif answers:
        if reader is None:
            raise UsageError("--collect needs --reader: a letter for whoever answered.")
        _collect(root, suite, answers, reader, folder)
    elif leaks:
        _check(root, suite)
    else:
        _write(root, suite)


def _write(root: Path, suite: str) -> None:
    items, readings = written_suite(root, suite), load_readings(root, suite)
    left_out = disputed(items, readings)
    for name, text in written_suite_files(root, suite, readings).items():
        write_file(root / name, text)
        click.echo(name)
    for item, why in left_out.items():
        click.echo(f"left out: {item}: {why}", err=True)
    found = counted(items, readings)
    click.echo(f"{len(items)} items: {found.validated} validated, {found.unread} unread, {found.disputed} disputed and left out")


def _write_sheets(items: list[Item], out: Path, seed: int) -> None:
    if old := sorted(path.name for path in out.glob("sheet-*.md")):
        raise InputError(f"{out}\n  Holds sheets already ({old[0]}, …). Choose another folder, or remove them.")
    texts = sheets(items, seed, SHEET_SIZE)
    for name, text in texts.items():
        write_file(out / name, text)
    click.echo(f"{out}: {len(items)} items on {len(texts)} sheets, in an order drawn with seed {seed}")


def _collect(root: Path, suite: str, paths: tuple[Path, ...], reader: str, folder: Path | None) -> None:
    numbers = numbered(path.read_text(encoding="utf-8") for path in sorted(folder.glob("sheet-*.md"))) if folder else {}
    by_hash = {item.content_hash: item for item in written_suite(root, suite)}
    readings = load_readings(root, suite)
    taken = gone = 0
    for path in paths:
        found = read_answers(path, numbers)
        known = [(by_hash[item_hash], reading) for item_hash, reading in found.items() if item_hash in by_hash]
        readings = merged(readings, reader, known)
        taken, gone = taken + len(known), gone + len(found) - len(known)
    if gone and not taken:
        raise InputError(f"{paths[0]}\n  None of its items is in the suite now. Were they drawn from another version?")
    write_readings(root, suite, readings, by_hash.keys())
    left_out = f"; {gone} left out, since their items have changed" if gone else ""
    click.echo(f"{readings_path(suite)}: {taken} readings of reader {reader} taken in{left_out}")


def _check(root: Path, suite: str) -> None:
    items = written_suite(root, suite)
    params = load_params(root / "params.yaml").guard
    found = overlap(items, training_texts(root, load_samples(root)), {item.id: frozenset() for item in items}, {}, params)
    if found.leaks:
        lines = [f"  {leak.where}: {leak.how} {leak.value:.2f} of {leak.item}" for leak in found.leaks[:10]]
        raise GateError("\n".join([f"{len(found.leaks)} of the training texts give an item of '{suite}' away. Reword the items:", *lines]))
    click.echo(f"{found.items} items of '{suite}' compared with {found.texts:,} training texts: none gives an item away")


if __name__ == "__main__":
    main(write_suite)
