"""The reader that defines what a document means: libyaml's events (through PyYAML), nothing resolved but by our policy.

Events rather than nodes: a document is refused at the first alias, tag or twenty-first level, before anything is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from proda.findings import path_text
from proda.yamlio.policy import FORBIDDEN_CHARACTER, MAX_DEPTH, RefusedError, forbidden, scalar


def parse(data: bytes, numbers: bool = False) -> Any:
    """The document in `data` (bytes that `policy.check_bytes` has passed). Raises RefusedError with line and reason."""
    escapes = b"\\" in data
    events = _events(data)
    result: Any = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RefusedError("A second document starts here, expected one. Remove the '---' line.", _line(event))
            result = _node(next(events), events, numbers, escapes, ())
    return result


def _events(data: bytes) -> Iterator[Any]:
    parser = CParser(data)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, [error.context, error.problem]))
        raise RefusedError(f"Not YAML: {said}. Mend the syntax here or just above.", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, ValueError) as error:
        raise RefusedError(f"Not YAML: {error}. Mend the file.") from None
    finally:
        parser.dispose()


def _node(event: Any, events: Iterator[Any], numbers: bool, escapes: bool, path: tuple[str | int, ...]) -> Any:
    """The value that starts with `event`; consumes its events. Depth is the length of `path`."""
    kind = type(event)
    if kind is yaml.AliasEvent:
        raise RefusedError("An alias (*name) is used. Write the value out.", _line(event), path_text(path))
    if event.anchor is not None:
        raise RefusedError(f"An anchor (&{event.anchor}) is set. Write the value out.", _line(event), path_text(path))
    if event.tag is not None:
        raise RefusedError(f"A tag ({event.tag}) is used; tags are not read. Remove it.", _line(event), path_text(path))
    if kind is yaml.ScalarEvent:
        text: str = event.value
        if escapes and (hit := FORBIDDEN_CHARACTER.search(text)):
            raise forbidden(hit[0], _line(event))
        return scalar(text, numbers) if event.implicit[0] else text
    if len(path) >= MAX_DEPTH:
        raise RefusedError(f"Nested more than {MAX_DEPTH} levels deep. Flatten it.", _line(event))
    if kind is yaml.SequenceStartEvent:
        items: list[Any] = []
        while type(inner := next(events)) is not yaml.SequenceEndEvent:
            items.append(_node(inner, events, numbers, escapes, (*path, len(items))))
        return items
    mapping: dict[str, Any] = {}
    while type(inner := next(events)) is not yaml.MappingEndEvent:
        if type(inner) is yaml.ScalarEvent and inner.implicit[0] and inner.value == "<<":
            raise RefusedError("A merge key (<<) is used. Write the keys out.", _line(inner), path_text(path))
        key = _node(inner, events, False, escapes, (*path, "?"))
        if not isinstance(key, str):
            shown = "a collection" if isinstance(key, list | dict) else repr(inner.value)
            raise RefusedError(f"The key {shown} is not text. Quote it.", _line(inner), path_text(path))
        if key in mapping:
            raise RefusedError(f"The key '{key}' is given twice. Keep one.", _line(inner), path_text((*path, key)))
        mapping[key] = _node(next(events), events, numbers, escapes, (*path, key))
    return mapping


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
