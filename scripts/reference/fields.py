"""A record type → what a reader of its file needs to know: each field with its type, its default and its comment.

    table(Dropped)      "| field | type | default | meaning |\\n…\\n| `sample` | text | required |  |\\n…"

Types and defaults come from msgspec, the meaning from the comment behind the field in the source.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
import types
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal

import msgspec

WORDS: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}


def table(record: type[msgspec.Struct], extra: Callable[[str], str] | None = None, head: str = "") -> str:
    """The fields of a record as a Markdown table. `extra` gives another column, with the heading `head`, by field name."""
    hints = typing.get_type_hints(record, include_extras=True)
    meaning = comments(record)
    rows = []
    for field in msgspec.structs.fields(record):
        cells = [f"`{field.encode_name}`", type_text(hints[field.name]), _default(field), escaped(meaning.get(field.name, ""))]
        rows.append([*cells, extra(field.name)] if extra else cells)
    columns = ["field", "type", "default", "meaning", *([head] if extra else [])]
    return "\n".join(_row(cells) for cells in [columns, ["---"] * len(columns), *rows])


def summary(record: type) -> str:
    """The docstring of a record in one paragraph."""
    return escaped(" ".join((inspect.getdoc(record) or "").split()))


def escaped(text: str) -> str:
    """Text whose brackets, asterisks and underscores are shown and not read as Markdown; code in backquotes is left alone."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<>*\[\]_])", r"\\\1", part) for part in parts)


def inner_records(record: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The record types in the fields of a record, in the order of the fields."""
    for hint in typing.get_type_hints(record, include_extras=True).values():
        yield from _records_in(hint)


@cache
def comments(record: type) -> dict[str, str]:
    """Field → the comment on its line, of the record and the classes that it inherits from; on several lines if the default is."""
    found: dict[str, str] = {}
    for owner in reversed(record.__mro__):
        if owner.__module__.partition(".")[0] != "proda":
            continue
        text = inspect.getsource(inspect.getmodule(owner) or owner)
        notes = {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT and not token.string.startswith("# fmt:")
        }
        (body,) = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef) and node.name == owner.__name__]
        for node in body.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                said = [notes[line] for line in range(node.lineno, (node.end_lineno or node.lineno) + 1) if line in notes]
                if said:
                    found[node.target.id] = " ".join(said)
    return found


def type_text(hint: Any) -> str:
    """A type in words: `tuple[str, ...]` is "list of text", `Annotated[float, Meta(ge=0, le=1)]` is "number, 0 to 1"."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint in WORDS:
        return WORDS[hint]
    if origin is typing.Annotated:
        return type_text(inside[0]) + "".join(_limits(meta) for meta in inside[1:] if isinstance(meta, msgspec.Meta))
    if origin is Literal:
        return " \\| ".join(f"`{value}`" if value != "" else "empty" for value in inside)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_text(one) for one in inside if one not in (type(None), msgspec.UnsetType))
    if origin in (tuple, list):
        if origin is tuple and inside[-1] is not ...:
            return f"list of {len(inside)}: {', '.join(type_text(one) for one in inside)}"
        return f"list of {type_text(inside[0])}"
    if origin is dict:
        return f"map from {type_text(inside[0])} to {type_text(inside[1])}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise TypeError(f"Got the type {hint!r}, which has no words yet. Add them to scripts/reference/fields.py.")


def value_text(value: object) -> str:
    """A value as YAML has it, in code; empty for an empty text or collection, and for None."""
    if value is None or value in ("", (), {}):
        return "none" if value is None else "empty"
    plain = msgspec.to_builtins(value)
    if isinstance(plain, bool):
        return f"`{str(plain).lower()}`"
    return f"`{plain}`"


def _records_in(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for one in typing.get_args(hint):
        yield from _records_in(one)


def _limits(meta: msgspec.Meta) -> str:
    """The bounds of a type: ", 1 or more"."""
    if meta.ge is not None and meta.le is not None:
        return f", {meta.ge:g} to {meta.le:g}"
    if meta.gt is not None and meta.le is not None:
        return f", above {meta.gt:g}, at most {meta.le:g}"
    if meta.ge is not None:
        return f", {meta.ge:g} or more"
    if meta.gt is not None:
        return f", above {meta.gt:g}"
    if meta.pattern is not None:
        return f", as `{meta.pattern}`"
    return ", not empty" if meta.min_length else ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return value_text(field.default_factory())
    if field.default is msgspec.NODEFAULT:
        return "required"
    if field.default is msgspec.UNSET:
        return "none"
    return "see below" if isinstance(field.default, msgspec.Struct) else value_text(field.default)


def _row(cells: list[str]) -> str:
    """One line of a table. A bar inside a cell is escaped, unless it is already."""
    return "| " + " | ".join(cell.replace("\\|", "|").replace("|", "\\|") for cell in cells) + " |"
