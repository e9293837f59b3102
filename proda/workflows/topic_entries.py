"""New concepts, chains and links at the end of their sections of a topic file; comments and the order of what is there stay.

    with_entries(text, "physics/heat-pumps", {"chains": {"heat-pump-warms-a-house": {"explains": "…", "steps": [{"id": "s1", …}]}}})

An empty text is a file that does not exist yet. The entries are plain data, as `load_yaml` returns them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.roundtrip import UnsafeEditError, safely_edited
from proda.yamlio import dump_yaml, load_yaml_text

SECTIONS = ("concepts", "chains", "links", "cases")  # in the order of a topic file
Entries = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Section → id → entry."""
_TOP = re.compile(r"[^\s#]")  # starts a line that ends the section above


def with_entries(text: str, source: str, entries: Entries, aliases: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The text of the topic file of `source` with new `entries`, and with `aliases` added to concepts that it has already.

    Lines are inserted where that gives the right document; otherwise the file goes through the round trip of `proda check --fix`, which
    takes seconds for a long one. Raises InputError if the file is not valid YAML, or if an entry cannot be added without losing a comment.
    """
    file = f"knowledge/{source}.yaml"
    raw = (load_yaml_text(text, file) if text.strip() else None) or {}
    if raw and not aliases and (result := _inserted(text, source, raw, entries)) is not None:
        return result
    try:
        return safely_edited(text, raw, _edit(source, entries, aliases or {}))
    except UnsafeEditError as error:
        message = f"{file}\n  Cannot be edited: {error}. Nothing was written. Move the comment, or run `proda check --fix`, then try again."
        raise InputError(message) from None


def plain_with_entries(text: str, source: str, entries: Entries) -> str:
    """What `with_entries` says, for a check: without comments, in any layout."""
    raw = dict((load_yaml_text(text, f"knowledge/{source}.yaml") if text.strip() else None) or {})
    _edit(source, {section: dict(new) for section, new in entries.items()}, {})(raw)
    return dump_yaml(raw)


def _edit(source: str, entries: Entries, aliases: Mapping[str, tuple[str, ...]]) -> Callable[[Any], None]:
    discipline, _, topic = source.partition("/")

    def edit(document: Any) -> None:
        for key, value in (("discipline", discipline), ("topic", topic), ("source", source)):
            if key not in document:
                document[key] = laid_out(value) if hasattr(document, "ca") else value
        for section in SECTIONS[:2]:
            _section(document, section)
        for section, new in entries.items():
            for name, entry in new.items():
                _append(document, section, name, entry)
        for concept, names in aliases.items():
            _add_aliases(document["concepts"][concept], names)

    return edit


def _inserted(text: str, source: str, raw: dict[str, Any], entries: Entries) -> str | None:
    """`text` with the lines of new entries at the ends of their sections; None if that is not the wanted document."""
    lines = text.rstrip("\n").split("\n")
    for section, new in entries.items():
        if not new:
            continue
        made = safely_edited("", {}, _edit(source, {section: new}, {})).split("\n")
        start = made.index(f"{section}:")
        end = next((n for n in range(start + 1, len(made)) if _TOP.match(made[n])), len(made) - 1)
        place = next((n for n, line in enumerate(lines) if line.startswith(f"{section}:")), None)
        if place is None:  # below the last section that comes before it
            above = [n for n, line in enumerate(lines) if line.partition(":")[0] in SECTIONS[: SECTIONS.index(section)]]
            if not above:
                return None
            lines[(at := _end(lines, above[-1])) : at] = made[start:end]
            continue
        if lines[place].rstrip() == f"{section}: {{}}":
            lines[place] = f"{section}:"
        lines[(at := _end(lines, place)) : at] = made[start + 1 : end]
    wanted = {**raw, **{s: {**(raw.get(s) or {}), **new} for s, new in entries.items() if new}}
    result = "\n".join(lines) + "\n"
    try:
        same = load_yaml_text(result) == msgspec.json.decode(msgspec.json.encode(wanted))
    except InputError:
        same = False
    return result if same else None


def _end(lines: Sequence[str], place: int) -> int:
    """The line at which a section that starts at `place` ends; blank lines and comments at its end belong to the next section."""
    end = next((n for n in range(place + 1, len(lines)) if _TOP.match(lines[n])), len(lines))
    while end > place + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _section(document: Any, section: str) -> Any:
    """The mapping of a section, made in its place if the file has none."""
    if not document.get(section):
        if not hasattr(document, "ca"):
            document[section] = {}
        elif document.get(section) is None:
            place = next((n for n, key in enumerate(document) if key in SECTIONS[SECTIONS.index(section) + 1 :]), len(document))
            document.insert(place, section, laid_out({}))
        if hasattr(document, "ca"):
            document[section].fa.set_block_style()
    return document[section]


def _append(document: Any, section: str, name: str, entry: Mapping[str, Any]) -> None:
    """Add an entry at the end. Comment lines below the last entry belong to the section that follows, so they stay below."""
    mapping = _section(document, section)
    if not hasattr(mapping, "ca"):
        mapping[name] = entry
        return
    names = list(document)
    above = mapping or document[names[names.index(section) - 1]]  # a section without entries follows another one
    below = _taken_below(above) if hasattr(above, "ca") and above else None
    mapping[name] = laid_out(entry)
    if below is not None:
        holder, key = _last(mapping)
        holder.ca.items[key] = [None, None, below, None]


def _taken_below(block: Any) -> Any:
    """Remove the comment lines below the last value of a block and return them as a comment token; None if there are none."""
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    holder, key = _last(block)
    if end := _taken_end(block):
        return CommentToken(end, CommentMark(0))
    value = holder[key]
    if hasattr(value, "ca") and value and key not in holder.ca.items and hasattr(value, "keys"):  # below a mapping on one line
        holder, key = value, list(value)[-1]
    note = holder.ca.items.get(key)
    place = 2 if hasattr(holder, "keys") else 0
    if note is None or note[place] is None:
        return None
    same_line, found, below = note[place].value.partition("\n")
    if not found or not below.strip():
        return None
    if same_line:
        note[place] = CommentToken(f"{same_line}\n", note[place].start_mark)
    else:
        del holder.ca.items[key]
    return CommentToken(f"\n{below}", CommentMark(0))


def _taken_end(node: Any) -> str:
    """Remove the comment lines that ruamel keeps at the end of a list and return them; empty if there are none."""
    while hasattr(node, "ca") and node:
        if node.ca.end:
            found = "".join(token.value for token in node.ca.end)
            node.ca.end = []
            return f"\n{found}"
        node = node[next(reversed(list(node))) if hasattr(node, "keys") else -1]
    return ""


def _last(node: Any) -> tuple[Any, Any]:
    """The mapping or sequence that holds the last value of a block, and the key of that value there."""
    while True:
        key = next(reversed(list(node))) if hasattr(node, "keys") else len(node) - 1
        inner = node[key]
        if not hasattr(inner, "ca") or not inner or inner.fa.flow_style():
            return node, key
        node = inner


def _add_aliases(concept: Any, names: tuple[str, ...]) -> None:
    new = [name for name in names if name not in (concept.get("aliases") or ())]
    if not new:
        return
    plain = not hasattr(concept, "ca")
    if concept.get("aliases"):
        concept["aliases"].extend(new if plain else map(laid_out, new))
    elif plain:
        concept["aliases"] = new
    else:
        concept.insert(list(concept).index("definition"), "aliases", laid_out(new))  # above, where no comment of another entry is near


def laid_out(value: Any) -> Any:
    """Plain data as ruamel's round trip writes it in the layout of topic files."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, Mapping):
        made = CommentedMap()
        for key, inner in value.items():
            made[key] = _quote(inner) if key == "quote" else inner if key == "sha256" and not inner.isdecimal() else laid_out(inner)
        return made
    if isinstance(value, list | tuple):
        items = CommentedSeq([laid_out(inner) for inner in value])
        if not any(isinstance(inner, Mapping) for inner in value):
            items.fa.set_flow_style()
        return items
    if isinstance(value, bool | int):
        return str(value).lower()
    return value if dump_yaml(value) == f"{value}\n" else DoubleQuotedScalarString(value)


def _quote(text: str) -> Any:
    """A quote in quotation marks: single ones if it holds a backslash, as LaTeX does, or a double one."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    return SingleQuotedScalarString(text) if "\\" in text or '"' in text else DoubleQuotedScalarString(text)
