"""Every key is known, every value has its type. All faults of a file at once, not only the first."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from proda.findings import KeyPath
from proda.knowledge.rules.rule import Rule, Violation

RULE = Rule(name="schema", description="Keys are known, none is missing, values have their type.")


def faults(raw: Any, expected: Any, path: KeyPath = ()) -> Iterator[Violation]:
    """Everything in `raw` that is not as the type `expected` says; nothing if msgspec would decode it."""
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        yield from _struct(raw, expected, path)
    elif get_origin(expected) is dict and isinstance(raw, dict):
        for key, value in raw.items():
            yield from faults(value, get_args(expected)[1], (*path, key))
    elif get_origin(expected) is tuple and get_args(expected)[-1] is ... and isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from faults(value, get_args(expected)[0], (*path, index))
    else:
        try:
            msgspec.convert(raw, expected)
        except msgspec.ValidationError as error:
            yield Violation(path, _explained(raw, expected, str(error)))


def _struct(raw: Any, expected: type[msgspec.Struct], path: KeyPath) -> Iterator[Violation]:
    if not isinstance(raw, dict):
        yield Violation(path, f"Got {_kind(raw)}, expected keys and values ({', '.join(expected.__struct_fields__)}).")
        return
    fields = {f.name: f for f in msgspec.structs.fields(expected)}
    for key in raw:
        if key not in fields:
            close = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"Closest: '{close[0]}'." if close else f"Known: {', '.join(fields)}."
            yield Violation((*path, key), f"'{key}' is not a key of this place. {hint} Mend or remove it.")
    for name, field in fields.items():
        if name in raw:
            yield from faults(raw[name], field.type, (*path, name))
        elif field.required:
            yield Violation(path, f"'{name}' is missing. Add it.")


def _explained(raw: Any, expected: Any, said: str) -> str:
    literal = _literal(expected)
    if literal and isinstance(raw, str):
        close = difflib.get_close_matches(raw, literal, n=1)
        hint = f"Closest: '{close[0]}'. " if close else ""
        return f"Got '{raw}', expected one of {', '.join(literal)}. {hint}Choose one."
    if isinstance(raw, bool | int) and "`str`" in said:
        shown = str(raw).lower()
        return f"Got {shown} ({_kind(raw)}), expected text. Quote it: '{shown}'."
    return f"Got {_kind(raw)}: {said.split(' - at ', maxsplit=1)[0]}. Mend the value."


def _literal(expected: Any) -> tuple[str, ...]:
    if get_origin(expected) is Literal:
        return get_args(expected)
    if get_origin(expected) in (Union, types.UnionType):
        return tuple(v for arm in get_args(expected) for v in _literal(arm))
    return ()


def _kind(raw: Any) -> str:
    names = {dict: "keys and values", list: "a list", str: "text", bool: "true or false", int: "a number"}
    return "nothing" if raw is None else names.get(type(raw), type(raw).__name__)
