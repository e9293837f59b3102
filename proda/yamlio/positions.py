"""The lines of a document: which key or list item starts where. Computed only for a file that has findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from proda.findings import KeyPath


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of `path` in the result of `line_map`, or of the nearest key or item around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def line_map(data: bytes) -> dict[KeyPath, int]:
    """Lines of every key and list item of a document, as far as it can be parsed."""
    lines: dict[KeyPath, int] = {}
    parser = CParser(data)
    try:
        events: Iterator[Any] = iter(parser.get_event, None)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                _walk(next(events), events, (), lines)
                break
    except (yaml.YAMLError, StopIteration, ValueError, RecursionError):
        pass  # the lines before the fault are still right
    finally:
        parser.dispose()
    return lines


def _walk(event: Any, events: Iterator[Any], path: KeyPath, lines: dict[KeyPath, int]) -> None:
    """Consume one value and note where each key and item inside it starts."""
    if isinstance(event, yaml.SequenceStartEvent):
        index = 0
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            lines[*path, index] = inner.start_mark.line + 1
            _walk(inner, events, (*path, index), lines)
            index += 1
    elif isinstance(event, yaml.MappingStartEvent):
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = key.value if isinstance(key, yaml.ScalarEvent) else "?"
            lines[*path, name] = key.start_mark.line + 1
            _walk(key, events, (*path, "?"), lines)
            _walk(next(events), events, (*path, name), lines)
