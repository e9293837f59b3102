"""HTML and XHTML → blocks. Also what DOCX, EPUB, CNXML and HTML within Markdown are turned into on their way.

Scripts, styles, navigation, forms and whatever a reader of the page would not see are left out. Links and emphasis leave their text.
Equations come from MathML, from MathJax's and KaTeX's markup, or from `\\\\(…\\\\)` in the text.
"""

from __future__ import annotations

import re
from typing import Any

from proda.documents.blocks import MAX_LABEL, DocumentBlock, ReadDocument, code_span, math
from proda.documents.characters import clean, one_line, raised
from proda.documents.readers.mathml import latex_of
from proda.documents.xml import html_tree, local

_SKIPPED = {
    "script", "style", "noscript", "template", "nav", "iframe", "object", "embed", "svg", "canvas", "video", "audio", "form", "button",
    "select", "textarea", "input", "head", "img", "map", "dialog", "applet", "frameset", "link", "meta", "base", "title",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "section", "article", "main", "body", "html", "header", "footer", "aside", "blockquote", "figure", "figcaption", "address",
    "center", "fieldset", "details", "summary", "hr", "ul", "ol", "menu", "dir", "li", "dl", "dt", "dd", "table", "pre", "caption",
    "h1", "h2", "h3", "h4", "h5", "h6", "tbody", "thead", "tr", "td", "th", "search", "hgroup",
}  # fmt: skip
_LISTS = ("ul", "ol", "menu", "dir")
_HIDDEN_ROLES = ("navigation", "search", "menu", "menubar", "toolbar", "banner", "contentinfo", "complementary")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_TEX = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$", re.DOTALL)
_NUMBER = re.compile(r"^(\d+(?:\.\d+)*\.?)(?=[^\W\d_]{2})")  # of a section, which a style sheet sets apart from its title
_MATH_IMAGE = re.compile(r"\b(?:math|tex|latex|equation)", re.IGNORECASE)
_MAIN_SHARE = 0.5  # of the words of a page that its main part holds, from which the rest is left out
MAX_SPAN = 100  # columns or rows that a cell may take


def read_html(data: bytes | str) -> ReadDocument:
    """The blocks of a page, without what surrounds its main part. Raises UnreadableDocumentError if it holds no element."""
    root = html_tree(data)
    title = next((one_line("".join(e.itertext())) for e in root.iter() if local(e) == "title"), "")
    main = _main_part(root)
    heads = [element for element in main.iter() if local(element) == "h1"]
    if len(heads) == 1:
        title = one_line("".join(heads[0].itertext())) or title
    return ReadDocument("html", tuple(html_blocks(main)), title)


def html_blocks(root: Any, keep: str = "") -> list[DocumentBlock]:
    """The blocks of an element, in order. `keep` are characters of the private use area that the caller has put there."""
    walk = _Walk(keep)
    walk.children(root)
    walk.flush()
    return walk.blocks


def _main_part(root: Any) -> Any:
    """`<main>`, or the only `<article>`, if it holds most of the page's words; else the body."""
    body = next((e for e in root.iter() if local(e) == "body"), root)
    for name in ("main", "article"):
        found = [e for e in body.iter() if local(e) == name or (name == "main" and e.get("role") == "main")]
        if len(found) == 1 and len("".join(found[0].itertext()).split()) > _MAIN_SHARE * len("".join(body.itertext()).split()):
            return found[0]
    return body


class _Walk:
    """Collects blocks while it goes through a tree; `line` is the text of the block that is being read."""

    def __init__(self, keep: str = "") -> None:
        self.keep = keep
        self.blocks: list[DocumentBlock] = []
        self.line: list[str] = []
        self.kind = "paragraph"
        self.level = 0
        self.marker = ""
        self.depth = -1
        self.bold = 0  # elements in bold that the current place stands in
        self.loose = False  # whether the current line has text that is not in bold

    def flush(self) -> None:
        """End the current block."""
        text = " ".join("".join(self.line).split())
        self.line = []
        label, self.loose = not self.loose and len(text.split()) <= MAX_LABEL, False
        if text:
            if self.kind == "paragraph" and _lone_equation(text):
                self.blocks.append(DocumentBlock("equation", text[1:-1]))
            elif self.kind == "item":
                self.blocks.append(DocumentBlock("item", text, level=max(self.level, 0), marker=self.marker))
            elif self.kind == "heading":
                self.blocks.append(DocumentBlock("heading", _NUMBER.sub(r"\1 ", text), level=self.level))
            else:
                self.blocks.append(DocumentBlock("label" if label else "paragraph", text))
            self.kind, self.marker = "paragraph", ""

    def text(self, text: str | None) -> None:
        if not text:
            return
        place = 0
        text = clean(text, self.keep)
        self.loose = self.loose or (not self.bold and not text.isspace())
        for found in _TEX.finditer(text):
            self.line.append(text[place : found.start()])
            self.line.append(math(found[1] or found[2] or found[3]))
            place = found.end()
        self.line.append(text[place:])

    def children(self, element: Any) -> None:
        self.text(element.text)
        for child in element:
            self.element(child)
            self.text(child.tail)

    def element(self, element: Any) -> None:
        name = local(element)
        if not name or _hidden(element, name):
            self.line.append(_image_math(element) if name == "img" else _script_math(element) if name == "script" else "")
            return
        self.loose = self.loose or (not self.bold and name in ("math", "code", "kbd", "samp", "tt", "sup"))
        if name == "math":
            latex = math(latex_of(element))
            if element.get("display") == "block" or element.get("mode") == "display":
                self.flush()
                self.line.append(latex)
                self.flush()
            else:
                self.line.append(latex)
        elif name == "br":
            if self.line and self.line[-1] == "\n":
                self.flush()
            else:
                self.line.append("\n")
        elif name in _BLOCKS:
            self.block(element, name)
        elif name == "a" and _marks_note(element):
            pass
        elif name in ("sup", "sub"):
            self.script(element, name)
        elif name in ("code", "kbd", "samp", "tt", "var") and name != "var":
            self.line.append(code_span(clean("".join(element.itertext()), self.keep)))
        else:
            self.bold += name in ("b", "strong")
            self.children(element)
            self.bold -= name in ("b", "strong")

    def script(self, element: Any, name: str) -> None:
        """A superscript or subscript. The mark of a note is left out: it is a link, not a power."""
        links = [e for e in element.iter() if local(e) == "a" and (e.get("href") or "").startswith("#")]
        if links:
            return
        simple = not any(local(e) == "math" for e in element.iter())
        if name == "sup" and simple:
            self.line.append(raised(one_line("".join(element.itertext()), self.keep)))
        else:
            self.children(element)

    def block(self, element: Any, name: str) -> None:
        self.flush()
        if name[0] == "h" and name[1:].isdigit():
            self.kind, self.level = "heading", int(name[1:])
            self.children(element)
        elif name == "pre":
            self.blocks.append(DocumentBlock("code", clean("".join(element.itertext()))))
        elif name == "table":
            self.table(element)
        elif name in _LISTS:
            self.list(element, name)
        elif name == "dl":
            self.definitions(element)
        else:
            self.children(element)
        self.flush()
        self.kind = "paragraph"

    def list(self, element: Any, name: str) -> None:
        self.depth += 1
        number = _integer(element.get("start"), 1)
        for child in element:
            if local(child) == "li" and not _hidden(child, "li"):
                self.flush()
                self.kind, self.level, self.marker = "item", self.depth, f"{number}." if name == "ol" else ""
                number += 1
                first = len(self.blocks)
                self.children(child)
                self.flush()
                self.kind = "paragraph"
                self._mark(first, number - 1 if name == "ol" else 0)
            elif local(child):
                self.element(child)
                self.flush()
        self.depth -= 1

    def _mark(self, first: int, number: int) -> None:
        """Make the first paragraph of an item the item, where the item holds paragraphs."""
        if len(self.blocks) > first and self.blocks[first].kind in ("paragraph", "label"):
            marker = f"{number}." if number else ""
            self.blocks[first] = DocumentBlock("item", self.blocks[first].text, level=self.depth, marker=marker)

    def definitions(self, element: Any) -> None:
        """Terms and definitions, each pair as an item `term: definition`."""
        term = ""
        for child in element.iter():
            name = local(child)
            if name == "dt":
                if term:
                    self.blocks.append(DocumentBlock("item", term))
                term = _inline(child, self.keep)
            elif name == "dd":
                inner = _Walk(self.keep)
                inner.children(child)
                inner.flush()
                first, *rest = inner.blocks or [DocumentBlock("paragraph", "")]
                if first.kind in ("paragraph", "label"):
                    told = f"{term.rstrip(':')}: {first.text}" if term and first.text else term or first.text
                    self.blocks.append(DocumentBlock("item", told))
                    self.blocks += rest
                else:
                    self.blocks += [DocumentBlock("item", term)] if term else []
                    self.blocks += [first, *rest]
                term = ""
        if term:
            self.blocks.append(DocumentBlock("item", term))

    def table(self, element: Any) -> None:
        """A table; one that only arranges a page, with a table or headings inside or a single column, leaves its content."""
        inside = [local(e) for e in element.iter()][1:]
        rows = [row for row in element.iter() if local(row) == "tr"]
        widest = max((sum(1 for cell in row if local(cell) in ("td", "th")) for row in rows), default=0)
        if widest <= 1 or "table" in inside or element.get("role") == "presentation" or any(n in inside for n in ("h1", "h2", "h3")):
            self.children(element)
            return
        for child in element:
            if local(child) == "caption":
                self.element(child)
        grid = _grid(rows, self.keep)
        if grid:
            self.blocks.append(DocumentBlock("table", rows=grid))


def _grid(rows: list[Any], keep: str) -> tuple[tuple[str, ...], ...]:
    """The cells of a table. A cell over several rows or columns stands in the first of each."""
    held: dict[tuple[int, int], str] = {}
    taken: set[tuple[int, int]] = set()
    for n, row in enumerate(rows):
        column = 0
        for cell in row:
            if local(cell) not in ("td", "th"):
                continue
            while (n, column) in taken:
                column += 1
            held[n, column] = _inline(cell, keep)
            high, wide = (min(_integer(cell.get(key), 1), MAX_SPAN) for key in ("rowspan", "colspan"))
            taken |= {(n + down, column + along) for down in range(max(high, 1)) for along in range(max(wide, 1))}
            column += max(wide, 1)
    width = 1 + max((column for _, column in held), default=-1)
    return tuple(tuple(held.get((n, column), "") for column in range(width)) for n in range(len(rows)))


def _inline(element: Any, keep: str) -> str:
    """What an element says, on one line."""
    walk = _Walk(keep)
    walk.children(element)
    walk.flush()
    said = []
    for block in walk.blocks:
        said.append(math(block.text) if block.kind == "equation" else code_span(block.text) if block.kind == "code" else block.text)
    return " ".join(text for text in said if text)


def _lone_equation(text: str) -> bool:
    return math(text[1:-1]) == text and text.count(text[0]) == 1


def _hidden(element: Any, name: str) -> bool:
    if name in _SKIPPED or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if name in ("header", "footer", "aside") and name != "aside":
        parent = element.getparent()
        top = parent is None or local(parent) in ("body", "html")
        return top and not any(local(e) in ("h1", "h2") for e in element.iter())
    return element.get("role") in _HIDDEN_ROLES or bool(_HIDDEN_STYLE.search(element.get("style") or ""))


def _image_math(element: Any) -> str:
    """An image of an equation that carries its LaTeX."""
    latex = element.get("alt") or ""
    if not _MATH_IMAGE.search(element.get("class") or "") or not latex.strip():
        return ""
    latex = re.sub(r"^\{\\displaystyle (.*)\}$", r"\1", latex.strip(), flags=re.DOTALL)
    return math(clean(latex).strip("$"))


def _script_math(element: Any) -> str:
    """MathJax's `<script type="math/tex">`."""
    return math(clean(element.text or "")) if (element.get("type") or "").startswith("math/tex") else ""


def _marks_note(element: Any) -> bool:
    """Whether a link is the mark of a note or a way to another place of the page."""
    said = "".join(element.itertext()).strip()
    return (element.get("href") or "").startswith("#") and len(said) <= 4 and not any(c.isalpha() for c in said)


def _integer(text: str | None, default: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isdecimal() and len(text) < 7 else default
