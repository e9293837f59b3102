"""Outcomes ↔ `benchmarks/results/outcomes/<split>.csv`: the answer of each model to each item, sorted so that diffs are small.

    item,hash,model,split,discipline,chain,kind,answer,chosen,correct,margin,operator
    physics/bimetal-strip-bends:dev-bridge,0f3a…,base,dev,physics,physics/bimetal-strip-bends,bridge,C,A,false,-0.071834,half

`chosen`, `correct` and `margin` are empty if the answer could not be scored, which is not the same as wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError, counted
from proda.records import SPLITS, Outcome
from proda.store.files import write_file

COLUMNS = tuple(field.name for field in msgspec.structs.fields(Outcome))
DIGITS = 6  # of a margin; further digits differ between machines
SHOWN = 200  # characters of a header in a message


def write_outcomes(folder: Path, outcomes: Iterable[Outcome]) -> list[Path]:
    """Write one file per split, sorted by item, then model, and return the files. The file of a split without outcomes is deleted."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.split, []).append(outcome)
    written = []
    for split in SPLITS:
        path = folder / f"{split}.csv"
        if split in groups:
            write_file(path, csv_text(groups[split]))
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def csv_text(outcomes: Iterable[Outcome]) -> str:
    """Return the text of a file, header first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in sorted(outcomes, key=lambda o: (o.item, o.model)):
        writer.writerow([_cell(getattr(outcome, column)) for column in COLUMNS])
    return out.getvalue()


def read_outcomes(path: Path) -> list[Outcome]:
    """Return the outcomes of one file, in its order. Raises InputError naming file and line if it is malformed or not UTF-8."""
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return _parsed(path, csv.reader(lines))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}\n  Not UTF-8 at byte {error.start}. Restore the file from git, or run `dvc repro evaluate`.") from None
    except OSError as error:
        raise InputError(f"{path}\n  The file cannot be read: {error.strerror}.") from None


def _parsed(path: Path, rows: Any) -> list[Outcome]:
    outcomes: list[Outcome] = []
    try:
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            got, expected = ", ".join(header)[:SHOWN] or "none", ", ".join(COLUMNS)
            raise InputError(f"{path}:1\n  got columns {got}; expected {expected}. Run `dvc repro evaluate`.")
        for row in rows:
            if len(row) != len(COLUMNS):
                raise InputError(
                    f"{path}:{rows.line_num}\n  got {counted(len(row), 'column')}, expected {len(COLUMNS)}."
                    " Restore the file from git, or run `dvc repro evaluate`."
                )
            outcomes.append(msgspec.convert(_record(dict(zip(COLUMNS, row, strict=True))), Outcome, strict=False))
    except (csv.Error, msgspec.ValidationError) as error:
        raise InputError(f"{path}:{rows.line_num}\n  {error}. Restore the file from git, or run `dvc repro evaluate`.") from None
    return outcomes


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.{DIGITS}f}" if isinstance(value, float) else str(value)


def _record(cells: dict[str, str]) -> dict[str, Any]:
    nothing = {column: cells[column] or None for column in ("chosen", "correct", "margin")}
    return {**cells, **nothing}
