"""A loaded document against the type that it must have: every fault at once, with the place and the line of each.

decoded({"samples": {"physics": -1}}, Allocation, "samples/allocation.yaml", data)

samples/allocation.yaml:2  samples.physics
  Got -1, expected a whole number of at least 0. Fix the value. [schema]
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from proda.errors import InputError, closest
from proda.findings import MAX_PER_FILE, Finding, KeyPath, Violation, path_text, report_text, rest_of_file
from proda.yamlio.policy import LONG_INTEGER

__all__ = ["Violation", "decoded", "faults", "first_fault", "kind_of", "located", "refuse"]

Kind = TypeVar("Kind")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "keys and values",
}
_ACCUSATIVE = re.compile(r"`(\w+)`")


def decoded(raw: Any, kind: type[Kind], file: str, data: bytes) -> Kind:
    """`raw` as a `kind`. `data` are the bytes that `raw` was read from; lines are looked up there.

    Raises InputError with a finding for every fault.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        findings = located(faults(raw, kind), file, data)
    raise InputError(report_text(findings), findings)


def refuse(found: Iterator[Violation], file: str, data: bytes, rule: str) -> None:
    """Raise InputError with a finding for each of `found`; return if there are none."""
    if findings := located(found, file, data, rule):
        raise InputError(report_text(findings), findings)


def located(found: Iterator[Violation], file: str, data: bytes, rule: str = "schema") -> tuple[Finding, ...]:
    """Faults of one file as findings with lines: the first MAX_PER_FILE, and one more finding if there are others."""
    from proda.yamlio.positions import line_map, line_of

    kept = list(islice(found, MAX_PER_FILE + 1))
    lines = line_map(data)
    findings = [Finding(file, line_of(lines, f.path), path_text(f.path), rule, f.message) for f in kept[:MAX_PER_FILE]]
    return (*findings, *rest_of_file(file, rule, len(kept) > MAX_PER_FILE))


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
            inner = list(faults(raw, get_args(expected)[0], path)) if get_origin(expected) is Annotated else []
            yield from inner or [Violation(path, _explained(raw, expected, str(error)))]


def first_fault(raw: Any, kind: Any, otherwise: str) -> str:
    """Return the first fault in words, with the path of the value, such as "round: Got text, …"; `otherwise` if none is found."""
    found = next(faults(raw, kind), None)
    return otherwise if found is None else f"{path_text(found.path)}: {found.message}".removeprefix(": ")


def _struct(raw: Any, expected: type[msgspec.Struct], path: KeyPath) -> Iterator[Violation]:
    if not isinstance(raw, dict):
        yield Violation(path, f"Got {kind_of(raw)}, expected keys and values ({', '.join(expected.__struct_fields__)}).")
        return
    fields = {f.name: f for f in msgspec.structs.fields(expected)}
    for key in raw:
        if key not in fields:
            close = closest(str(key), fields)
            hint = f"Closest: '{close}'." if close else f"Known: {', '.join(fields)}."
            yield Violation((*path, key), f"'{key}' is not a known key here. {hint} Fix or remove it.")
    for name, field in fields.items():
        if name in raw:
            yield from faults(raw[name], field.type, (*path, name))
        elif field.required:
            yield Violation(path, f"'{name}' is missing. Add it.")


def _explained(raw: Any, expected: Any, said: str) -> str:
    literal = _literal(expected)
    if literal and isinstance(raw, str):
        close = closest(raw, literal)
        hint = f"Closest: '{close}'. " if close else ""
        return f"Got '{raw:.80}', expected one of {', '.join(literal)}. {hint}Choose one."
    if isinstance(raw, str) and LONG_INTEGER.fullmatch(raw) and ("`int`" in said or "`float`" in said):
        return f"Got {raw:.40}{'…' * (len(raw) > 40)}, expected a number of at most 18 digits. Fix the value."
    if isinstance(raw, bool | int) and "`str`" in said:
        shown = str(raw).lower()
        return f"Got {shown} ({kind_of(raw)}), expected text. Quote it: '{shown}'."
    wanted = said.split(" - at ", maxsplit=1)[0].split(", got ", maxsplit=1)[0].removeprefix("Expected ")
    wanted = _ACCUSATIVE.sub(lambda m: _WORDS.get(m[1], m[1]), wanted).replace(" >= ", " of at least ").replace(" <= ", " of at most ")
    wanted = wanted.replace(" > ", " above ").replace("text of length of at least 1", "text that is not empty").replace(" | ", " or ")
    shown = repr(raw) if isinstance(raw, int | float | str) and not isinstance(raw, bool) and len(repr(raw)) <= 60 else kind_of(raw)
    return f"Got {shown}, expected {wanted}. Fix the value."


def _literal(expected: Any) -> tuple[str, ...]:
    if get_origin(expected) is Literal:
        return get_args(expected)
    if get_origin(expected) in (Union, types.UnionType):
        return tuple(v for arm in get_args(expected) for v in _literal(arm))
    return ()


def kind_of(raw: Any) -> str:
    """What a value is, in words: "a list", "text", "nothing"."""
    names = {dict: "keys and values", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if raw is None else names.get(type(raw), type(raw).__name__)
