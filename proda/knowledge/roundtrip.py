"""A topic file or the catalogue, edited so that a reviewer sees the edit and nothing else: comments and the order of keys stay.

    edited("concepts: # all\\n  heating: {term: Heating}\\n", raw, lambda document: document["concepts"]["heating"].update(term="heating"))
        "concepts: # all\\n  heating: {term: heating}\\n"

Files go through ruamel's round trip. An edit is kept only if the new text says what the old one said, apart from the edit, and still
holds every comment.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.schema import statements_in
from proda.yamlio import load_yaml_text

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_HEADER = re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\n")  # what stands above the document, and its `---`


class UnsafeEditError(Exception):
    """The file cannot be edited without losing something; the message says what, and names the line where it can."""


def edited(text: str, raw: dict[str, Any], edit: Callable[[Any], None]) -> str | None:
    """`text` in canonical form with `edit` applied; None if that is `text` itself, or if the edit is not safe."""
    try:
        result = safely_edited(text, raw, edit)
    except UnsafeEditError:
        return None
    return result if result != text else None


def safely_edited(text: str, raw: dict[str, Any], edit: Callable[[Any], None]) -> str:
    """`text` in canonical form with `edit` applied. `raw` is the document that `text` holds.

    Raises UnsafeEditError if the result would lose a comment or say something else.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header = _HEADER.match(text)
    head = "\n".join(line.rstrip() for line in header[0].splitlines()) + "\n" if header else ""
    body = text[header.end() :] if header else text
    result = head + _round_trip(body, edit)
    wanted = msgspec.json.decode(msgspec.json.encode(raw))
    edit(wanted)
    try:
        same = load_yaml_text(result) == wanted
    except InputError:
        same = False
    if not same:
        raise UnsafeEditError("its layout cannot be kept")
    if lost := Counter(_comments(text)) - Counter(_comments(result)):
        raise UnsafeEditError(f"the comment “{next(iter(lost))[:60]}” would be lost")
    return result


def _round_trip(text: str, edit: Callable[[Any], None]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.resolver import VersionedResolver

    class TextResolver(VersionedResolver):  # type: ignore[misc]
        """Every plain scalar is text, written as it stands: 1.50 stays 1.50, a date stays as it was typed."""

        versioned_resolver: Any = {}  # noqa: RUF012

    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = TextResolver
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    out = io.StringIO()
    try:
        document = yaml.load(text)
        if document is None:
            document = CommentedMap()
        edit(document)
        _flow_evidence(document)
        yaml.dump(document, out)
    except YAMLError as error:
        raise UnsafeEditError(f"the editor cannot read it ({str(error).splitlines()[0]})") from None
    return "\n".join(line.rstrip(" ") for line in out.getvalue().splitlines()).rstrip("\n") + "\n"


def _flow_evidence(document: Any) -> None:
    """Write evidence in one line, `{quote: "…", span: [12, 80]}`, unless there are comments inside."""
    from ruamel.yaml.comments import CommentedSeq

    step: Any
    for step in statements_in(document):
        evidence = step["evidence"]
        if "span" in evidence:
            evidence["span"] = CommentedSeq([str(n) for n in evidence["span"]])
            evidence["span"].fa.set_flow_style()
        notes = evidence.ca.items
        if len(notes) == 1 and "evidence" not in step.ca.items:
            [(key, note)] = notes.items()
            if note[2] is not None and note[2].value.startswith("\n"):  # the comment stands below, and belongs to what follows
                step.ca.items["evidence"] = notes.pop(key)
        if not notes:
            evidence.fa.set_flow_style()


def _comments(text: str) -> list[str]:
    """Everything that could be a comment. Text that only looks like one is compared too, which does no harm."""
    return [c.rstrip() for c in _COMMENT.findall(text)]
