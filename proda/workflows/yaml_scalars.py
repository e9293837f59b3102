"""Replace scalars of a YAML text by position, so that layout, quotes and comments stay as they are.

replace_scalars("a: b  # why\\n", lambda text: "c" if text == "b" else text)      # ("a: c  # why\\n", 1)
replace_scalars_at("a: b\\nb: b\\n", lambda place, text: "c" if place == ("a",) and text == "b" else text)      # ("a: c\\nb: b\\n", 1)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from proda.errors import InputError
from proda.yamlio import dump_yaml, load_yaml_text

Place = tuple[str, ...]
"""The keys that lead to a value. An item of a list has the place of the list. A key has the place of its mapping, and KEY behind it."""
KEY = "(key)"
_SIMPLE = re.compile(r"[^\n\"'\\]*")


def replace_scalars(text: str, replace: Callable[[str], str], where: str = "<text>") -> tuple[str, int]:
    """`text` with `replace` applied to each string, keys included, and the number of strings that changed.

    Raises InputError if the text is not valid YAML, or a string that changes is written in a way that cannot be replaced in place.
    """
    return replace_scalars_at(text, lambda _place, said: replace(said), where)


def replace_scalars_at(text: str, replace: Callable[[Place, str], str], where: str = "<text>") -> tuple[str, int]:
    """The same with the place of each string."""
    import yaml

    document = load_yaml_text(text, where)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [(node, after) for place, node in _nodes(root) if (after := replace(place, node.value)) != node.value]
    result = text
    for node, after in sorted(found, key=lambda f: -f[0].start_mark.index):
        quote = node.style or ('"' if _is_plain(node.value) and not _is_plain(after) else "")
        if node.style not in (None, "'", '"') or not _SIMPLE.fullmatch(after):
            raise InputError(
                f"{where}:{node.start_mark.line + 1}\n  Cannot replace this text in place. Write it on one line, then run this again."
            )
        result = f"{result[: node.start_mark.index]}{quote}{after}{quote}{result[node.end_mark.index :]}"
    if found and load_yaml_text(result, where) != _replaced(document, replace):
        raise InputError(
            f"{where}\n  Cannot be edited without changing something else. Nothing was written. Quote its values, then run this again."
        )
    return result, len(found)


def _is_plain(text: str) -> bool:
    """Whether YAML is written with this text unquoted."""
    return dump_yaml(text) == f"{text}\n"


def _nodes(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """The string scalars of a composed document, keys included, with their places."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        yield place, node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _nodes(key, (*place, KEY))
            yield from _nodes(value, (*place, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _nodes(value, place)


def _replaced(value: Any, replace: Callable[[Place, str], str], place: Place = ()) -> Any:
    if isinstance(value, str):
        return replace(place, value)
    if isinstance(value, dict):
        return {replace((*place, KEY), key): _replaced(inner, replace, (*place, key)) for key, inner in value.items()}
    return [_replaced(inner, replace, place) for inner in value] if isinstance(value, list) else value
