"""Replace scalars of a YAML text by position, so that layout, quotes and comments stay as they are.

replace_scalars("a: b  # why\\n", lambda text: "c" if text == "b" else text)      # ("a: c  # why\\n", 1)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from proda.errors import InputError
from proda.yamlio import load_yaml_text

_SIMPLE = re.compile(r"[^\n\"'\\]*")


def replace_scalars(text: str, replace: Callable[[str], str], where: str = "<text>") -> tuple[str, int]:
    """`text` with `replace` applied to each string, keys included, and the number of strings that changed.

    Raises InputError if the text is not valid YAML, or a string that changes is written in a way that cannot be replaced in place.
    """
    import yaml

    document = load_yaml_text(text, where)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [(node, after) for node in _nodes(root) if (after := replace(node.value)) != node.value]
    result = text
    for node, after in sorted(found, key=lambda f: -f[0].start_mark.index):
        written = after if node.style is None else f"{node.style}{after}{node.style}"
        if node.style not in (None, "'", '"') or not _SIMPLE.fullmatch(after):
            raise InputError(
                f"{where}:{node.start_mark.line + 1}\n  Cannot replace this text in place. Write it on one line, then run this again."
            )
        result = result[: node.start_mark.index] + written + result[node.end_mark.index :]
    if found and load_yaml_text(result, where) != _replaced(document, replace):
        raise InputError(
            f"{where}\n  Cannot be edited without changing something else. Nothing was written. Quote its values, then run this again."
        )
    return result, len(found)


def _nodes(node: Any) -> Iterator[Any]:
    """The string scalars of a composed document, keys included."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _nodes(key)
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _nodes(value)


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {replace(key): _replaced(inner, replace) for key, inner in value.items()}
    return [_replaced(inner, replace) for inner in value] if isinstance(value, list) else value
