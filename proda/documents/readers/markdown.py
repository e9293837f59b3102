"""Markdown, MyST included, → blocks.

Emphasis and links leave their text; HTML within it is read as HTML, so no tag stays one. Front matter gives the title. Directives leave
their content, roles their text; figures their caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from proda.documents.blocks import (
    CODE_CLOSE,
    CODE_OPEN,
    MARKS,
    MATH_CLOSE,
    MATH_OPEN,
    MAX_LABEL,
    BlockKind,
    DocumentBlock,
    ReadDocument,
    UnreadableDocumentError,
    code_span,
    math,
)
from proda.documents.characters import clean, one_line
from proda.documents.readers.html import html_blocks
from proda.documents.xml import decoded_markup, html_tree

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_COLONS = re.compile(r"\s*:{3,}\s*(?:\{([\w:-]+)\}|([\w-]*))\s*(.*)$")
_NO_BREAK = r"(?:(?!\n[ \t]*\n).)+?"  # an equation ends before a blank line
_DISPLAY = re.compile(
    rf"(?<!\S)\$\$({_NO_BREAK})\$\$(?:[ \t]*\([\w:-]+\))?|\\\[({_NO_BREAK})\\\]"
    r"|^\\begin\{(equation|align|gather|eqnarray|multline)(\*?)\}(.+?)\\end\{\3\4\}",
    re.DOTALL | re.MULTILINE,
)
_INLINE = re.compile(r"(?<!\\)\$(?=[^\s$])((?:\\.|[^$\n\\])*?)(?<!\s)\$(?!\d)|\\\((.+?)\\\)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_ROLE = re.compile(r"\{([\w:-]+)\}`([^`]*)`")
_TARGET = re.compile(r"^\([\w:.-]+\)=\s*$", re.MULTILINE)
_PERCENT = re.compile(r"^%(?: .*)?$", re.MULTILINE)
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTE = re.compile(r"\[\^[^\]\s]+\](?!:)")
_NOTE_TEXT = re.compile(r"^\[\^[^\]\s]+\]:\s*", re.MULTILINE)
_DIRECTIVE = re.compile(r"\{([\w:.-]+)\}\s*(.*)$", re.DOTALL)
_OPTION = re.compile(r"\A(?:\s*:[\w-]+:.*(?:\n|\Z)|\s*---\n(?:.*\n)*?---\n)+")
_DROPPED = (
    "toctree",
    "tableofcontents",
    "image",
    "iframe",
    "raw",
    "bibliography",
    "contents",
    "index",
    "include",
    "literalinclude",
    "video",
    "h5p",
)
_CITATIONS = ("cite", "citep", "citet", "footcite", "cite:p", "cite:t", "index")
_CODE_DIRECTIVES = ("code", "code-block", "code-cell", "sourcecode", "prf:algorithm", "algorithm")
_DIVIDES = re.compile(r"</?(?:br|p|div|li|ul|ol|td|tr|table|h[1-6]|hr|blockquote|section)\b", re.IGNORECASE)
_DEPTH = 12


def read_markdown(data: bytes | str) -> ReadDocument:
    """The blocks of a Markdown text."""
    text = clean(data if isinstance(data, str) else decoded_markup(data))
    front = _FRONT_MATTER.match(text)
    title = ""
    if front:
        stated = _TITLE.search(front[1])
        title = one_line(stated[1].strip().strip("\"'").strip()) if stated else ""
        text = text[front.end() :]
    return ReadDocument("markdown", tuple(markdown_blocks(text)), title)


def markdown_blocks(text: str, depth: int = 0) -> list[DocumentBlock]:
    """The blocks of a text without front matter. `text` holds line feeds only."""
    from markdown_it import MarkdownIt

    held: list[str] = []
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 60}).enable(["table", "strikethrough"])
    tokens = parser.parse(_protected(_without_colons(text), held))
    return list(_Reader(held, depth).blocks(tokens))


def _without_colons(text: str) -> str:
    """Directives between colons (`:::{note} Title`) as fences, if they are closed; fences are read as directives later."""
    out: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        colons = None if fence or mark else _COLONS.match(line)
        if colons:
            out += ["", colons[3] if (colons[1] or "") not in _DROPPED else "", ""]
        elif not fence and re.match(r"\s*:[\w-]+: ?\S*\s*$", line) and out and not out[-1].strip():
            continue  # an option of a directive
        else:
            out.append(line)
    return "\n".join(out)


def _protected(text: str, held: list[str]) -> str:
    """The text with every equation and role outside of code kept in `held` and replaced by its number between marks."""
    pieces: list[str] = []
    lines = text.split("\n")
    n = 0
    plain: list[str] = []
    while n < len(lines):
        mark = _FENCE.match(lines[n])
        if mark:
            pieces.append(_protected_plain("\n".join(plain), held))
            plain = []
            end = n + 1
            while end < len(lines) and not (lines[end].strip().startswith(mark[1]) and not lines[end].strip().strip(mark[1][0])):
                end += 1
            pieces.append("\n".join(lines[n : end + 1]))
            n = end + 1
        else:
            plain.append(lines[n])
            n += 1
    pieces.append(_protected_plain("\n".join(plain), held))
    return "\n".join(pieces)


def _protected_plain(text: str, held: list[str]) -> str:
    def keep(value: str, wrap: str = "") -> str:
        held.append(value)
        return f"{wrap}{MATH_OPEN}{len(held) - 1}{MATH_CLOSE}{wrap}"

    text = _TARGET.sub("", _PERCENT.sub("", text))
    text = _ROLE.sub(lambda found: keep(_role(found[1].lower(), found[2])), text)
    text = _CODE.sub(lambda found: keep(code_span(found[2])), text)
    text = _HTML_COMMENT.sub("", text)
    text = _DISPLAY.sub(lambda found: keep(math(_display(found)), "\n\n"), text)
    text = _INLINE.sub(lambda found: keep(math(found[1] or found[2])), text)
    return _NOTE.sub("", _NOTE_TEXT.sub("", text))


def _display(found: re.Match[str]) -> str:
    if found[3]:
        inner = re.sub(r"\\label\{[^}]*\}", "", found[5])
        return inner if found[3] == "equation" else rf"\begin{{aligned}} {inner} \end{{aligned}}"
    return re.sub(r"\\label\{[^}]*\}", "", found[1] or found[2])


def _role(name: str, content: str) -> str:
    """The text that a MyST role shows."""
    if name == "math":
        return math(content)
    if name.startswith(_CITATIONS):
        return ""
    shown = re.match(r"(.*?)\s*<[^>]*>\s*$", content)
    text = shown[1] if shown and shown[1] else content
    if name == "eq":
        return f"({one_line(text)})"
    return code_span(text) if name in ("code", "func", "class", "py:func", "py:class", "py:mod", "file") else one_line(text)


class _Reader:
    """Turns the tokens of markdown-it into blocks."""

    def __init__(self, held: Sequence[str], depth: int) -> None:
        self.held = held
        self.depth = depth
        self.numbers: list[int | None] = []  # of each open list: its next number
        self.item: tuple[int, str] | None = None  # depth and mark of the item whose first paragraph comes next
        self.heading = 0
        self.cell = False
        self.label = False  # whether all of the line is in bold
        self.rows: list[list[str]] = []

    def text(self, raw: str) -> str:
        """A text with what was kept put back in its places."""
        return re.sub(f"{MATH_OPEN}(\\d+){MATH_CLOSE}", lambda found: self.held[int(found[1])], raw)

    def blocks(self, tokens: Sequence[Any]) -> Iterator[DocumentBlock]:
        for token in tokens:
            kind = token.type
            if kind == "inline":
                yield from self.line(self.inline(token))
            elif kind in ("fence", "code_block"):
                yield from self.fenced(token)
            elif kind == "html_block":
                yield from self.html(token.content)
            elif kind == "heading_open":
                self.heading = int(token.tag[1])
            elif kind == "table_close":
                yield DocumentBlock("table", rows=tuple(map(tuple, self.rows)))
                self.rows = []
            elif kind == "tr_open":
                self.rows.append([])
            elif kind in ("th_open", "td_open", "th_close", "td_close"):
                self.cell = kind.endswith("open")
            else:
                self.structure(token)

    def structure(self, token: Any) -> None:
        """Note the beginning or end of a list or item."""
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self.numbers.append(int(token.attrs.get("start", 1)) if token.type[0] == "o" else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.numbers.pop()
        elif token.type == "list_item_open":
            number = self.numbers[-1]
            self.item = (len(self.numbers) - 1, "" if number is None else f"{number}.")
            self.numbers[-1] = None if number is None else number + 1
        elif token.type == "list_item_close":
            self.item = None

    def line(self, said: str) -> Iterator[DocumentBlock]:
        """The block of a line of text: a heading, cell, item, equation or paragraph."""
        if self.heading:
            yield DocumentBlock("heading", said, level=self.heading)
            self.heading = 0
        elif self.cell:
            self.rows[-1].append(said)
        elif self.item is not None:
            yield DocumentBlock("item", said, level=self.item[0], marker=self.item[1])
            self.item = None
        else:
            lone = re.fullmatch(f"{MATH_OPEN}([^{MARKS}]*){MATH_CLOSE}", said)
            kind: BlockKind = "label" if self.label and len(said.split()) <= MAX_LABEL else "paragraph"
            yield DocumentBlock("equation", lone[1]) if lone else DocumentBlock(kind, said)

    def inline(self, token: Any) -> str:
        parts: list[str] = []
        bold = 0
        self.label = bool(token.children)
        for child in token.children or ():
            bold += child.nesting * (child.type.startswith("strong"))
            self.label = self.label and (bold > 0 or child.type == "strong_close" or not child.content.strip())
            if child.type == "code_inline":
                parts.append(code_span(child.content))
            elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and _DIVIDES.match(child.content)):
                parts.append(" ")
            elif child.type in ("text", "text_special"):
                parts.append(child.content)
        return " ".join(self.text("".join(parts)).split())

    def fenced(self, token: Any) -> Iterator[DocumentBlock]:
        directive = _DIRECTIVE.match((token.info or "").strip())
        if not directive:
            yield DocumentBlock("code", self.plain(token.content))
            return
        name, title = directive[1].lower(), directive[2].strip()
        content = _OPTION.sub("", token.content)
        if name == "math":
            yield DocumentBlock("equation", " ".join(f"{title} {content}".split()))
        elif name in _CODE_DIRECTIVES:
            yield DocumentBlock("code", content)
        elif name not in _DROPPED and self.depth < _DEPTH:
            if name not in ("figure", "glossary", "list-table", "table", "tab-item", "dropdown") and title:
                yield DocumentBlock("paragraph", self.text(one_line(title)))
            yield from markdown_blocks(content, self.depth + 1)

    def plain(self, content: str) -> str:
        """Code whose content may hold the marks of kept text, as it was."""
        return re.sub(f"[{MATH_OPEN}{MATH_CLOSE}{CODE_OPEN}{CODE_CLOSE}]", "", self.text(content))

    def html(self, content: str) -> Iterator[DocumentBlock]:
        """The blocks of a piece of HTML; nothing for one that holds no element, such as a lone end tag."""
        try:
            tree = html_tree(f"<html><body>{self.text(content)}</body></html>")
        except UnreadableDocumentError:
            return
        yield from html_blocks(tree, keep=MARKS)
