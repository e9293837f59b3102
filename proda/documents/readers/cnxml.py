"""A module of OpenStax in CNXML → blocks: its elements are given the names that HTML has for them, then it is read as HTML."""

from __future__ import annotations

from typing import Any

from proda.documents.blocks import ReadDocument, UnreadableDocumentError
from proda.documents.characters import one_line
from proda.documents.readers.html import html_blocks
from proda.documents.xml import local, xml_tree

_NAMES = {
    "para": "p", "item": "li", "emphasis": "em", "term": "b", "link": "span", "note": "section", "example": "section",
    "exercise": "section", "problem": "section", "solution": "section", "definition": "section", "meaning": "p",
    "equation": "div", "quote": "blockquote",
    "row": "tr", "entry": "td", "figure": "figure", "caption": "figcaption", "code": "code", "preformat": "pre", "rule": "section",
    "statement": "p", "proof": "section", "commentary": "section", "footnote": "span", "newline": "br", "sup": "sup", "sub": "sub",
    "tgroup": "section", "thead": "section", "tbody": "section", "tfoot": "section", "foreign": "em", "cite": "em", "glossary": "section",
}  # fmt: skip
_DROPPED = ("metadata", "media", "label", "colspec", "spanspec", "image", "iframe", "object")


def read_cnxml(data: bytes) -> ReadDocument:
    """The blocks of a CNXML module. Raises UnreadableDocumentError if it is not one."""
    root = xml_tree(data)
    if local(root) != "document" or "cnx" not in root.tag:
        raise UnreadableDocumentError("Not a CNXML module: expected <document> of http://cnx.rice.edu/cnxml. Convert the file to HTML.")
    title = next((one_line("".join(e.itertext())) for e in root if local(e) == "title"), "")
    for child in list(root):
        if local(child) == "title":
            root.remove(child)
    _rename(root, 1)
    return ReadDocument("cnxml", tuple(html_blocks(root)), title)


def _rename(element: Any, level: int) -> None:
    for child in list(element):
        name = local(child)
        if not name:
            continue
        if name in _DROPPED:
            _remove(child)
            continue
        if name == "math":
            continue
        _rename(child, level + 1 if name == "section" else level)
        if name == "title":
            outer = local(element)
            child.tag = f"h{min(level, 6)}" if outer == "section" else "p"
        elif name == "list":
            child.tag = "ol" if child.get("list-type") == "enumerated" else "ul"
        elif name == "code" and child.get("display") == "block":
            child.tag = "pre"
        elif name == "entry":
            child.tag = "td"
        elif name != "section":
            child.tag = _NAMES.get(name, name if name in ("table", "div", "span") else "span")
    if local(element) == "equation":
        for child in element:
            if local(child) == "math":
                child.set("display", "block")


def _remove(child: Any) -> None:
    """Take an element out and leave the text that follows it."""
    parent = child.getparent()
    before = child.getprevious()
    tail = child.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(child)
