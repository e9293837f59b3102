"""Where a value stands, worked out only when somebody has to be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from proda.findings import KeyPath


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of `path`, or of the nearest thing around it, in a map that `line_map` made."""
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
        pass  # what was read before the fault still helps
    finally:
        parser.dispose()
    return lines


def _walk(event: Any, events: Iterator[Any], path: KeyPath, lines: dict[KeyPath, int]) -> None:
    """Consume one value, noting where each thing inside it starts."""
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
