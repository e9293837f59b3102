"""Texts with parts that a command writes: merged line by line, with those parts as they are on our side.

    <!-- numbers: COMMAND -->
    | discipline | topics |
    <!-- end of numbers -->

Such a part is derived from other files, so neither version is right after a merge, and the command that its first line names writes it
again. What people wrote around it is merged as git merges any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(
    r"^<!-- (?P<name>[^:\n]+): (?P<command>python -m [^\n]+) -->\n(?P<text>.*?)^<!-- end of (?P=name) -->$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class GeneratedPart:
    """A part of a text that a command writes."""

    name: str
    command: str
    text: str


def parts_of(text: str) -> dict[str, GeneratedPart]:
    """The parts by name. A name that occurs twice is that of the last."""
    return {found["name"]: GeneratedPart(found["name"], found["command"], found["text"]) for found in _PART.finditer(text)}


def with_parts_of(ours: str, text: str) -> str:
    """`text` with the parts of `ours` in the place of those of the same name."""
    there = parts_of(ours)

    def part(found: re.Match[str]) -> str:
        mine = there.get(found["name"])
        return found[0] if mine is None else f"{found[0][: found.start('text') - found.start()]}{mine.text}<!-- end of {mine.name} -->"

    return _PART.sub(part, text)


def outdated(ours: str, theirs: str) -> tuple[str, ...]:
    """The commands that write the parts whose text differs between the sides, in the order of `ours`."""
    other = parts_of(theirs)
    differ = (part for name, part in parts_of(ours).items() if name in other and other[name].text != part.text)
    return tuple(dict.fromkeys(part.command for part in differ))
