"""Outcomes ↔ `benchmarks/results/outcomes/<split>.csv`: what each model did on each item, small enough for git, sorted for diffs.

    item,hash,model,split,discipline,chain,kind,answer,chosen,correct,margin,operator
    physics/bimetal-strip-bends:dev-path,0f3a…,base,dev,physics,physics/bimetal-strip-bends,path,C,A,false,-0.071834,inversion

`chosen`, `correct` and `margin` are empty where the answer could not be read: unscored, never wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.records import SPLITS, Outcome
from proda.store.files import write_file

COLUMNS = tuple(field.name for field in msgspec.structs.fields(Outcome))
DIGITS = 6  # of a margin: beyond them it differs between machines


def write_outcomes(folder: Path, outcomes: Iterable[Outcome]) -> list[Path]:
    """One file a split, sorted by item, then model. A split without outcomes has no file. Returns the files."""
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
    """The file's text, header first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in sorted(outcomes, key=lambda o: (o.item, o.model)):
        writer.writerow([_cell(getattr(outcome, column)) for column in COLUMNS])
    return out.getvalue()


def read_outcomes(path: Path) -> list[Outcome]:
    """Outcomes of one file, in its order. Raises InputError naming file and line."""
    with path.open(newline="") as lines:
        rows = csv.reader(lines)
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            raise InputError(
                f"{path}:1\n  got columns {', '.join(header) or 'none'}; expected {', '.join(COLUMNS)}. Run `dvc repro evaluate`."
            )
        outcomes = []
        for row in rows:
            try:
                outcomes.append(msgspec.convert(_record(dict(zip(COLUMNS, row, strict=True))), Outcome, strict=False))
            except (ValueError, msgspec.ValidationError) as error:
                raise InputError(f"{path}:{rows.line_num}\n  {error}. Rebuild it with `dvc repro evaluate`.") from None
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
