"""The quick reader: ryaml (serde_yaml over a port of libyaml), taken only where it must agree with the reference.

Both run the same scanner, so they differ only in what tokens mean to them: ryaml reads 0x1F as 31, 1.5 as a float, True as a
boolean, expands aliases, keeps `!tags` and allows keys that are not text. `_SUSPECT` finds any token, at any place where one can
start, that could be such a case; matches inside prose merely cost the slower reader. Anything ryaml refuses goes to
the reference as well, which says why.
"""

from __future__ import annotations

import re
from typing import Any

import ryaml

from proda.yamlio.policy import MAX_DEPTH

_END = rb"(?=[ ]*+(?:\n|\Z|[,\]}:]|[ ]#))"
_SUSPECT = re.compile(
    rb"[\n:\-?,\[{] *+(?=[!&*%<?:NTFtfn~+\-.0-9])(?:"  # the look-ahead only saves time
    rb"[!&*%]|<<|\?(?=[ \n])|:(?=[ \n])"  # tags, anchors, aliases, directives, merge keys, explicit and empty keys
    rb"|(?:N(?:ull|ULL)|T(?:rue|RUE)|F(?:alse|ALSE)|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN))" + _END +
    rb"|(?!(?:0|-?[1-9][0-9]{0,17})" + _END + rb")[-+]?\.?[0-9][\w+.\-]*" + _END +
    rb"|(?:true|false|null|~|-?[0-9]+)\s*:(?!\w)"  # a key that is no text
    rb")|\n(?:---|\.\.\.)"
)


def parse(data: bytes, text: str) -> tuple[bool, Any]:
    """(True, document), or (False, None) where the reference has to decide. `text` is `data` decoded."""
    if b"\t" in data or b"\r" in data or (b"\\" in data and b'"' in data) or _SUSPECT.search(b"\n" + data):
        return False, None
    try:
        document = ryaml.loads(text)
    except Exception:  # whatever it dislikes, the reference explains
        return False, None
    return (True, document) if _within(document, MAX_DEPTH) else (False, None)


def _within(value: Any, depth: int) -> bool:
    """Whether collections in `value` nest at most `depth` deep."""
    if type(value) is dict:
        return depth > 0 and all(_within(v, depth - 1) for v in value.values() if type(v) is not str)
    if type(value) is list:
        return depth > 0 and all(_within(v, depth - 1) for v in value if type(v) is not str)
    return True
