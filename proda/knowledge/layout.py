"""Whether a YAML file already has the layout that `--fix` would give it. Quick, because most files do.

    is_canonical("term: heat\\naliases: [warmth]\\n", {"term": "heat", "aliases": ["warmth"]})      # True
    is_canonical("term:   heat\\n", {"term": "heat"})                                             # False

The document is walked beside the lines of the text. False means only that the slower round trip has to decide.
"""

from __future__ import annotations

from typing import Any

_FLOW_KEYS = ("evidence",)  # mappings under these keys stand in one line; others may


def is_canonical(text: str, raw: Any) -> bool:
    """Whether the round trip of `roundtrip.safely_edited` would certainly leave `text`, which holds `raw`, as it is."""
    if not isinstance(raw, dict) or not raw or not text.endswith("\n") or text.endswith("\n\n"):
        return False
    lines = _Lines(text)
    return _mapping(raw, "", lines) and lines.ended()


class _Lines:
    """The lines of a text, comment lines skipped where they have the indentation of the line that follows."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")[:-1]
        self.at = 0

    def take(self, indent: str) -> str:
        """The next line without `indent`; empty if there is none, or if it is indented otherwise."""
        while self.at < len(self.lines) and self.lines[self.at].startswith(f"{indent}#"):
            if self.lines[self.at] != self.lines[self.at].rstrip():
                return ""
            self.at += 1
        if self.at == len(self.lines) or not self.lines[self.at].startswith(indent):
            return ""
        self.at += 1
        return self.lines[self.at - 1][len(indent) :]

    def ended(self) -> bool:
        """Whether all lines have been taken."""
        return self.at == len(self.lines)


def _mapping(mapping: dict[str, Any], indent: str, lines: _Lines, first: str | None = None) -> bool:
    """Whether the next lines hold `mapping` at `indent`. `first` is the first line, if it was taken already (after a dash)."""
    for key, value in mapping.items():
        line = lines.take(indent) if first is None else first
        first = None
        if not line.startswith(f"{key}:"):
            return False
        rest = line[len(key) + 1 :]
        if isinstance(value, dict) and value and key not in _FLOW_KEYS and not rest.startswith(" {"):
            if rest or not _mapping(value, indent + "  ", lines):
                return False
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            if rest or not all(_item(item, indent + "  ", lines) for item in value):
                return False
        elif not rest.startswith(" ") or not _inline(rest[1:], value):
            return False
    return True


def _item(item: Any, indent: str, lines: _Lines) -> bool:
    line = lines.take(indent)
    return isinstance(item, dict) and bool(item) and line.startswith("- ") and _mapping(item, indent + "  ", lines, line[2:])


def _inline(written: str, value: Any) -> bool:
    """Whether `written` is a scalar, or a flow collection of scalars, in canonical form."""
    if isinstance(value, dict) and value:
        parts: list[tuple[str, Any]] = [(f", {key}: " if n else f"{{{key}: ", inner) for n, (key, inner) in enumerate(value.items())]
        return _in_flow(written, parts, "}")
    if isinstance(value, list) and value:
        return _in_flow(written, [(", " if n else "[", inner) for n, inner in enumerate(value)], "]")
    text = _shown(value)
    return bool(text) and text == text.strip() and not {"\n", "\t"} & set(text) and written in _forms(text)


def _in_flow(written: str, parts: list[tuple[str, Any]], end: str) -> bool:
    """Whether `written` consists of the parts, each a lead and a value, and `end`."""
    for lead, value in parts:
        forms = [f"[{', '.join(map(_shown, value))}]"] if isinstance(value, list) else _forms(_shown(value))
        form = next((f for f in forms if written.startswith(lead + f)), None)
        if form is None:
            return False
        written = written[len(lead) + len(form) :]
    return written == end


def _forms(text: str) -> list[str]:
    """The ways in which a text may be written that the round trip keeps: quoted, or plain."""
    double = ['"' + text.replace('"', '\\"') + '"'] if "\\" not in text else []
    return [*double, "'" + text.replace("'", "''") + "'", text]


def _shown(value: Any) -> str:
    if value is True or value is False:
        return str(value).lower()
    return "" if value is None or isinstance(value, dict | list) else str(value)
