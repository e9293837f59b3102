"""The quick reader: ryaml (serde_yaml over a port of libyaml), taken only where it must agree with the reference.

Both run the same scanner, so they differ only in what tokens mean to them: ryaml reads 0x1F and +5 as integers, 1.5 as a float, True as
a boolean, expands aliases, keeps `!tags` and allows keys that are not text. So a document is handed to the reference

- if it holds a character sequence that such a token needs (`_RARE`) in a place where one can start (`_SUSPECT`), or
- if the result holds a float, a key that is not text, an integer of more than 18 digits, or too many levels, or
- if ryaml refuses it: the reference says why.

What merely looks suspicious, in prose, costs time and nothing else.
"""

from __future__ import annotations

import re
from typing import Any

import ryaml

from proda.yamlio.policy import MAX_DEPTH

_RARE = (
    b"!", b"&", b"*", b"%", b"<<", b"\n---", b"\n...",  # tags, anchors, aliases, directives, merge keys, documents
    b"True", b"TRUE", b"False", b"FALSE", b"Null", b"NULL", b"0x", b"0o", b"0b", b"+", b"-0",
)  # fmt: skip
_TEXT = {str}
_END = rb"(?=[ ]*+(?:\n|\Z|[,\]}:#]))"
_SUSPECT = re.compile(
    rb"[\n:\-?,\[{](?:(?<=[\n,\[{])|(?= )|(?<=[\"'\]}]:)) *+"  # where a token can start
    rb"(?:[!&*%]|<<|(?:N(?:ull|ULL)|T(?:rue|RUE)|F(?:alse|ALSE))" + _END + rb"|\+[0-9]|[-+]?0[xob]|-0" + _END + rb")"
    rb"|\n(?:---|\.\.\.)"
)


def parse(data: bytes, text: str) -> tuple[bool, Any]:
    """(True, document), or (False, None) where the reference has to decide. `text` is `data` decoded."""
    if b"\t" in data or b"\r" in data or (b"\\" in data and b'"' in data):
        return False, None
    if (any(rare in data for rare in _RARE) or data.startswith((b"---", b"..."))) and _SUSPECT.search(b"\n" + data):
        return False, None
    try:
        document = ryaml.loads(text)
    except Exception:  # whatever it dislikes, the reference explains
        return False, None
    if type(document) in (dict, list):
        return (True, document) if _agreed(document, MAX_DEPTH) else (False, None)
    return (type(document) in (str, type(None)), document)


def _agreed(document: Any, depth: int) -> bool:
    """Whether a collection, nested at most `depth` deep, holds only what means the same to both readers."""
    level = [document]
    for _ in range(depth):
        deeper: list[Any] = []
        for collection in level:
            values = collection
            if type(collection) is dict:
                if not set(map(type, collection)) <= _TEXT:
                    return False
                values = collection.values()
            for value in values:
                kind = type(value)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    deeper.append(value)
                elif kind is float or (kind is int and not -(10**18) < value < 10**18):
                    return False
        if not deeper:
            return True
        level = deeper
    return False
