"""What a document may hold: limits, characters, and what a plain scalar means.

no, NO, 2024-01-01, 12:30:45, 0x1F, 1_000, 007, 1.5   stay text
12, -3, 0                                             are integers (up to 18 digits)
true, false                                           are booleans
null, ~, nothing                                      are None
"""

from __future__ import annotations

import math
import re
from typing import Any

from proda.errors import InputError
from proda.findings import Finding

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 20  # nested collections

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
LONG_INTEGER = re.compile(r"[-+]?[0-9]{19,}")
NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_STARTS_NUMBER = frozenset("-+.0123456789")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

_ASCII_TEXT = bytes([*b"\t\n\r", *range(0x20, 0x7F), *range(0x80, 0x100)])
# UTF-8 of: C1 controls; line and paragraph separator and the bidi overrides, embeds and isolates; BOM; non-characters
_FORBIDDEN_BYTES = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")
FORBIDDEN_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


class RefusedError(ValueError):
    """A document breaks the policy. `reason` says how, `line` where (0: the file as a whole)."""

    def __init__(self, reason: str, line: int = 0, path: str = "") -> None:
        super().__init__(reason)
        self.reason, self.line, self.path = reason, line, path

    def as_input_error(self, where: str) -> InputError:
        """The refusal as an error with one finding; `where` names the document."""
        finding = Finding(where, self.line, self.path, "yaml", self.reason)
        return InputError(str(finding), (finding,))


def scalar(text: str, numbers: bool) -> Any:
    """What an unquoted scalar means. `numbers` also reads 2.5 and 1e-3, which params.yaml needs."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _STARTS_NUMBER:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if LONG_INTEGER.fullmatch(text):
        return text  # as a float it would be another number
    if numbers and NUMBER.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return text


def check_bytes(data: bytes) -> str:
    """The document as text. Raises RefusedError on its size, its encoding, or a character that no reviewer could see."""
    if len(data) > MAX_BYTES:
        raise RefusedError(f"The file has {len(data):,} bytes; the limit is {MAX_BYTES:,}. Split it.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise RefusedError("The file is UTF-16, expected UTF-8. Save it as UTF-8.", 1)
    if data.startswith(b"\xef\xbb\xbf"):
        raise RefusedError("The file starts with a byte-order mark. Save it as UTF-8 without BOM.", 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RefusedError(f"Byte 0x{data[error.start]:02x} is not UTF-8. Save the file as UTF-8.", line) from None
    if data.translate(None, _ASCII_TEXT) or (len(text) != len(data) and _FORBIDDEN_BYTES.search(data)):
        hit = FORBIDDEN_CHARACTER.search(text)
        if hit:
            raise forbidden(hit[0], text.count("\n", 0, hit.start()) + 1)
    return text


def forbidden(character: str, line: int) -> RefusedError:
    """The refusal of a character that is not allowed: control, bidi override, line separator."""
    return RefusedError(f"Character U+{ord(character):04X} (control, bidi override or separator) is not allowed. Remove it.", line)
