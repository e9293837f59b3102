"""Write YAML in one canonical form: block style, indented by two blanks, keys in the given order, one line for each scalar, no escapes.

    term: thermal expansion
    switch: 'no'
    steps:
      - id: s1
        text: |-
          two
          lines

There is no emitter behind it: the layout is simple, and a corpus of 160,000 samples is rewritten often. Text is quoted if this reader, or
another YAML reader, would read it as anything but text.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from proda.yamlio.policy import FORBIDDEN_CHARACTER

# a text that every YAML reader reads as that text: it starts with a letter, or with a number followed by words
_PLAIN = re.compile(r"(?:[^\W\d_]|[0-9]+[^\W\d_]*[ ,;](?=\S*[^\W\d_]))(?:[^\n\t\r:#]|:(?=[^\s,\[\]{}])|(?<=\S)#)*(?<![ \t:])")
_WORDS = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)")
_BLOCK = re.compile(r"\S[^\t\r\n]*(?<! )(?:\n+\S[^\t\r\n]*(?<! ))+\n?")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_FLOW = re.compile(r"[A-Za-z][\w/.+~-]*")  # a text that needs no quotes inside brackets
_ESCAPED = re.compile(r'[\\"\n\t\r]')
_MAX_KEY = 1000  # libyaml does not look for the colon after more characters


class Flow(tuple[Any, ...]):
    """A sequence that `dump_yaml` writes on one line, `[[a, b], [c, d]]`. Holds texts and nested sequences of texts."""


def dump_yaml(document: Any) -> str:
    """`document` as YAML text that `load_yaml` reads back as the same value; equal values give equal bytes.

    Takes dicts with text keys, lists or tuples, str, int (up to 18 digits), finite float, bool, None. A float is read back as one
    only with `numbers=True`. Raises ValueError on any other value, and on characters that the reader would refuse.
    """
    out: list[str] = []
    if isinstance(document, dict) and document:
        _mapping(document, "", out, "")
    elif isinstance(document, list | tuple) and document:
        _sequence(document, "", out)
    else:
        out.append(_scalar(document, ""))
        out.append("\n")
    return "".join(out)


def _mapping(mapping: dict[Any, Any], indent: str, out: list[str], first: str) -> None:
    """Append the lines of a mapping; `first` replaces the indent of the first key."""
    lead = first or indent
    deeper = indent + "  "
    for key, value in mapping.items():
        if type(key) is not str or len(key) > _MAX_KEY:
            raise ValueError(f"a key must be text of at most {_MAX_KEY} characters, got {key!r:.80}")
        out.append(f"{lead}{_scalar(key, '')}:")
        lead = indent
        if type(value) is dict and value:
            out.append("\n")
            _mapping(value, deeper, out, "")
        elif type(value) in (list, tuple) and value:
            out.append("\n")
            _sequence(value, deeper, out)
        else:
            out.append(f" {_scalar(value, deeper)}\n")


def _sequence(items: list[Any] | tuple[Any, ...], indent: str, out: list[str]) -> None:
    deeper = indent + "  "
    for item in items:
        if type(item) is dict and item:
            _mapping(item, deeper, out, f"{indent}- ")
        elif type(item) in (list, tuple) and item:
            out.append(f"{indent}-\n")
            _sequence(item, deeper, out)
        else:
            out.append(f"{indent}- {_scalar(item, deeper)}\n")


def _scalar(value: Any, indent: str) -> str:
    kind = type(value)
    if kind is str:
        return str(value) if _is_plain(value) else _quoted(value, indent)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int and abs(value) < 10**18:
        return str(value)
    if kind is float and math.isfinite(value):
        return repr(value)
    if kind is Flow:
        return _flow(value)
    if kind in (dict, list, tuple):
        return "{}" if kind is dict else "[]"
    raise ValueError(f"cannot be written as YAML: {value!r:.80} ({kind.__name__})")


@lru_cache(4096)  # keys and ids recur
def _is_plain(text: str) -> bool:
    """Whether a text can be written without quotes."""
    return bool(_PLAIN.fullmatch(text)) and not _WORDS.fullmatch(text) and not FORBIDDEN_CHARACTER.search(text)


def _flow(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return value if _is_bare(value) else _quoted(value, "")


@lru_cache(4096)
def _is_bare(text: str) -> bool:
    """Whether a text can be written inside brackets without quotes."""
    return bool(_FLOW.fullmatch(text)) and not _WORDS.fullmatch(text)


def _quoted(text: str, indent: str) -> str:
    if hit := FORBIDDEN_CHARACTER.search(text):
        raise ValueError(f"character U+{ord(hit[0]):04X} cannot be written: the reader would refuse it")
    if indent and _BLOCK.fullmatch(text):
        chomp = "" if text.endswith("\n") else "-"
        lines = text.removesuffix("\n").split("\n")
        return f"|{chomp}\n" + "\n".join(indent + line if line else "" for line in lines)
    if "\n" in text or "\t" in text or "\r" in text:
        return _double(text)
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return '"' + _ESCAPED.sub(lambda m: _ESCAPES[m[0]], text) + '"'
