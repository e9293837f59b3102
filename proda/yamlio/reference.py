"""The reader: events of libyaml (through PyYAML), with scalars resolved by our policy alone.

Events rather than nodes: a document is refused at the first alias, tag or level that is too deep, before anything is built from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from proda.findings import path_text
from proda.yamlio.policy import FORBIDDEN_CHARACTER, MAX_DEPTH, RefusedError, forbidden, scalar

_Place = tuple[Any, ...]  # () for the document, (place, key) for what is inside: cheaper than a whole path for every value


def parse(data: bytes, numbers: bool = False) -> Any:
    """The document in `data` (bytes that `policy.check_bytes` has passed). Raises RefusedError with line and reason."""
    escapes = b"\\" in data
    parser = CParser(data)
    result: Any = None
    documents = 0
    try:
        while (event := parser.get_event()) is not None:
            if type(event) is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise RefusedError("A second document starts here, expected one. Remove the '---' line.", _line(event))
                result = _value(parser.get_event(), parser.get_event, numbers, escapes, (), 0)
    except yaml.MarkedYAMLError as error:
        raise _refused(error) from None
    except RefusedError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise RefusedError(f"Not YAML: {error}. Fix the file.") from None
    finally:
        parser.dispose()
    return result


# What libyaml says → what is usually the cause.
CAUSES = {
    "mapping values are not allowed in this context": "A value that contains ': ' needs quotation marks",
    "did not find expected key": "The indentation of this line does not fit the lines above it",
    "did not find expected '-' indicator": "The indentation of this line does not fit the list above it",
}
OPENINGS = {"while parsing a flow mapping": "{", "while parsing a flow sequence": "[", "while scanning a quoted scalar": "quotation mark"}


def _refused(error: yaml.MarkedYAMLError) -> RefusedError:
    """What to say of a syntax error: its usual cause, where something is not closed, or what the parser says."""
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark else 0
    if begun and (opening := OPENINGS.get(error.context or "")):
        until = f" by line {line}" if line > begun.line + 1 else ""
        also = "" if opening == "quotation mark" else " Often a closing quotation mark is missing before that."
        return RefusedError(f"Not YAML: the {opening} that opens on this line is not closed{until}.{also} Close it.", begun.line + 1)
    said = ", ".join(filter(None, [error.context, error.problem]))
    if cause := CAUSES.get(error.problem or ""):
        return RefusedError(f"Not YAML: {said}. {cause}. Fix the syntax here or just above.", line)
    return RefusedError(f"Not YAML: {said}. Fix the syntax here or just above.", line)


def _value(event: Any, get_event: Callable[[], Any], numbers: bool, escapes: bool, place: _Place, depth: int) -> Any:
    """The value that starts with `event`; consumes its events."""
    kind = type(event)
    if kind is yaml.AliasEvent:
        raise RefusedError("An alias (*name) is used. Write the value out.", _line(event), _path(place))
    if event.anchor is not None:
        raise RefusedError(f"An anchor (&{event.anchor}) is set. Write the value out.", _line(event), _path(place))
    if event.tag is not None:
        raise RefusedError(f"A tag ({event.tag}) is used; tags are not read. Remove it.", _line(event), _path(place))
    if kind is yaml.ScalarEvent:
        text: str = event.value
        if escapes and (hit := FORBIDDEN_CHARACTER.search(text)):
            raise forbidden(hit[0], _line(event))
        return scalar(text, numbers) if event.implicit[0] else text
    if depth >= MAX_DEPTH:
        raise RefusedError(f"Nested more than {MAX_DEPTH} levels deep. Flatten it.", _line(event))
    if kind is yaml.SequenceStartEvent:
        items: list[Any] = []
        while type(inner := get_event()) is not yaml.SequenceEndEvent:
            items.append(_value(inner, get_event, numbers, escapes, (place, len(items)), depth + 1))
        return items
    mapping: dict[str, Any] = {}
    while type(inner := get_event()) is not yaml.MappingEndEvent:
        if type(inner) is yaml.ScalarEvent and inner.implicit[0] and inner.value == "<<":
            raise RefusedError("A merge key (<<) is used. Write the keys out.", _line(inner), _path(place))
        key = _value(inner, get_event, False, escapes, (place, "?"), depth + 1)
        if type(key) is not str:
            shown = "a collection" if isinstance(key, list | dict) else repr(inner.value)
            raise RefusedError(f"The key {shown} is not text. Quote it.", _line(inner), _path(place))
        if key in mapping:
            raise RefusedError(f"The key '{key}' is given twice. Keep one.", _line(inner), _path((place, key)))
        mapping[key] = _value(get_event(), get_event, numbers, escapes, (place, key), depth + 1)
    return mapping


def _path(place: _Place) -> str:
    parts = []
    while place:
        place, part = place
        parts.append(part)
    return path_text(tuple(reversed(parts)))


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
