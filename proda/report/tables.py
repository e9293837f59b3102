"""Tables of rows as compact JSON: what the script of the page reads lists, details and graphs from.

    table = PageTable(("id", "term"), [("physics/heating", "heating")])
    embedded({"concepts": table})          # '{"concepts":{"fields":["id","term"],"rows":[["physics/heating","heating"]]}}'

A row refers to a row of another table by its number, or by an id where that is shorter to use than to store.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

NONE = -1  # in the place of a row's number: there is none
# Within a script element these characters could end it or start another one. In a JSON text they only stand inside strings.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class PageTable(msgspec.Struct, frozen=True):
    """Rows with a value for each field."""

    fields: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def embedded(value: Any) -> str:
    """Return JSON that can stand in a script element: markup in its strings is inert."""
    return msgspec.json.encode(value).decode().translate(ESCAPES)


def places(ids: Iterable[str]) -> dict[str, int]:
    """Return id → its number in the order given."""
    return {each: number for number, each in enumerate(ids)}
