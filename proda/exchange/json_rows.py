"""JSON Lines, or one JSON array of objects, of any size → its objects, each with the line on which it begins.

    for line, row in json_rows(Path("train.json"), "", faults): …

The array is read piece by piece, so that a file larger than the memory can be read. A row that is no JSON object is a fault; reading goes
on with the next line (JSON Lines) or the next element (array).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from proda.exchange.faults import Faults
from proda.exchange.text_lines import MAX_LINE, text_lines

JsonObject = dict[str, Any]
MAX_AFTER = 100  # lines after the end of an array that are looked at
UNCLOSED = "unclosed"
_TOKEN = re.compile(r'[\[\]{}",\\]')


def json_rows(path: Path, encoding: str, faults: Faults) -> Iterator[tuple[int, JsonObject]]:
    """Yield (line, object). What is no object, or cannot be parsed, is a fault of kind `malformed`."""
    lines = text_lines(path, encoding, faults)
    first: tuple[int, str] | None = next(((n, text) for n, text in lines if text.strip()), None)
    if first is None:
        return
    number, text = first
    if text.lstrip().startswith("["):
        pieces = _elements(number, text, lines, path.name, faults)
    else:
        pieces = ((n, t) for n, t in _chained(first, lines) if t.strip())
    for line, piece in pieces:
        row = _decoded(piece)
        if isinstance(row, dict):
            yield line, row
        else:
            faults.add(path.name, line, "malformed", row if isinstance(row, str) else f"Not a JSON object: {piece[:80]}")


def _chained(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _decoded(piece: str) -> Any:
    """The value, or a text that says why there is none."""
    try:
        value = msgspec.json.decode(piece.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"{error}"
    return value if isinstance(value, dict) else None


def _elements(number: int, text: str, lines: Iterator[tuple[int, str]], file: str, faults: Faults) -> Iterator[tuple[int, str]]:
    """The elements of an array as text, each with the line on which it begins.

    Brackets inside of strings do not count, and a string ends with its line. A bracket that is never closed ends with the one around it,
    so that a damaged element does not swallow the others.
    """
    open_brackets: list[str] = []
    parts: list[str] = []
    begun = size = 0
    for at, line in _chained((number, text), lines):
        start = 0
        for place, token in _brackets(line):
            ends = token in ("]", "}") and _close(open_brackets, token)
            if token in ("[", "{"):
                open_brackets.append(token)
                if len(open_brackets) == 1:
                    start = place + 1
            elif not open_brackets or (token == "," and len(open_brackets) == 1) or token == UNCLOSED:
                del open_brackets[1:]
                parts.append(line[start:place])
                if (piece := "".join(parts).strip()) or token == ",":
                    yield begun or at, piece
                parts, begun, size, start = [], 0, 0, place + 1
                if not open_brackets:
                    after = [(at, line[start:])] if ends else [(at, line[place:])]
                    more = next(((n, t) for n, t in (*after, *islice(lines, MAX_AFTER)) if t.strip()), None)
                    if more is not None:
                        faults.add(file, more[0], "malformed", f"Nothing may follow the end of the array: {more[1].strip()[:80]}")
                    return
        rest = line[start:]
        begun = begun or (at if rest.strip() else 0)
        size += len(rest)
        if size > MAX_LINE:
            faults.add(file, begun, "malformed", f"The row is longer than {MAX_LINE // 1024 // 1024} MiB.")
            return
        parts.append(f"{rest}\n")
    faults.add(file, begun or number, "malformed", "The file ends inside of the array, so its end is missing.")


def _brackets(line: str) -> Iterator[tuple[int, str]]:
    """The brackets and commas of a line that stand in no string, with their places; UNCLOSED at its end if a string has none."""
    quoted, place = False, 0
    while (hit := _TOKEN.search(line, place)) is not None:
        place = hit.end()
        if hit[0] == "\\":
            place += quoted
        elif hit[0] == '"':
            quoted = not quoted
        elif not quoted:
            yield hit.start(), hit[0]
    if quoted:
        yield len(line), UNCLOSED


def _close(open_brackets: list[str], token: str) -> bool:
    """Close the bracket that `token` belongs to, and those inside of it that were left open. False if there is none."""
    other = "[" if token == "]" else "{"
    if other not in open_brackets:
        return False
    while open_brackets.pop() != other:
        pass
    return True
