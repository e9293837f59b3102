"""A text file of any size → its lines, numbered, in whatever encoding it has.

    for number, line in text_lines(Path("terms.obo"), "", faults): …

A byte order mark says what the encoding is (UTF-8, UTF-16, UTF-32); without one, UTF-8 is expected unless `encoding` names another. A line
that cannot be decoded is a fault with its number, and the others are read.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from proda.errors import UsageError
from proda.exchange.faults import Faults

MAX_LINE = 16 * 1024 * 1024  # bytes; a longer line is a fault
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def encoding_of(path: Path, given: str) -> tuple[str, int]:
    """Return the encoding of a file and the length of its byte order mark. Raises UsageError if `given` is no encoding."""
    with path.open("rb") as file:
        head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    try:
        return codecs.lookup(given or "utf-8").name, 0
    except LookupError:
        raise UsageError(f"--encoding: got '{given[:60]}', expected the name of an encoding, as in utf-8 or cp1252.") from None


def text_lines(path: Path, encoding: str, faults: Faults) -> Iterator[tuple[int, str]]:
    """Yield (number, line) without the line end, from 1. Lines that cannot be decoded are faults."""
    name, skipped = encoding_of(path, encoding)
    if name.startswith(("utf-16", "utf-32")):
        # A line feed is more than one byte there, so the file is decoded as a stream; bytes that are no characters become U+FFFD.
        with path.open(encoding=name, errors="replace", newline=None) as text:
            text.seek(skipped)
            for number, line in enumerate(text, start=1):
                if "\ufffd" in line:
                    faults.add(path.name, number, "malformed", f"Not {name}.")
                else:
                    yield number, line.rstrip("\n")
        return
    with path.open("rb") as file:
        file.seek(skipped)
        number = 0
        while raw := file.readline(MAX_LINE + 1):
            number += 1
            if len(raw) > MAX_LINE:
                faults.add(path.name, number, "malformed", f"The line is longer than {MAX_LINE // 1024 // 1024} MiB.")
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(MAX_LINE)
                continue
            try:
                yield number, raw.rstrip(b"\r\n").decode(name)
            except UnicodeDecodeError:
                hint = "" if encoding else " Give --encoding, as in --encoding cp1252."
                faults.add(path.name, number, "malformed", f"The line is not {name}.{hint}")
