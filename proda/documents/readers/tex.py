"""LaTeX → blocks: sections, paragraphs, lists, tables, listings; equations as they are.

Comments, the preamble and layout are left out, and macros that the file defines are expanded. Citations and references leave nothing,
labels neither; footnotes stand in brackets where they are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError, code_span, math
from proda.documents.characters import clean, one_line
from proda.documents.readers.tex_macros import SECTIONS, context, expanded, plain_text
from proda.documents.xml import decoded_markup

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*\n?[ \t]*")
_BODY = re.compile(r"\\begin\s*\{document\}(.*?)(?:\\end\s*\{document\}|\Z)", re.DOTALL)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_VERBATIM = ("verbatim", "verbatim*", "lstlisting", "minted", "alltt", "Verbatim")
_EQUATIONS = ("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "alignat", "flalign", "dmath")
_LISTS = {"itemize": "", "enumerate": "1", "description": "", "compactitem": "", "compactenum": "1", "inparaenum": "1"}
_TABLES = ("tabular", "tabular*", "tabularx", "tabulary", "longtable", "array")
_DROPPED_ENVIRONMENTS = ("tikzpicture", "pgfpicture", "picture", "thebibliography", "comment", "filecontents", "filecontents*", "asy")
_NAMED = {
    "theorem", "lemma", "corollary", "proposition", "definition", "example", "remark", "proof", "exercise", "claim", "conjecture", "axiom",
    "algorithm", "problem", "solution", "fact", "observation",
}  # fmt: skip
_DROPPED = {
    "label", "ref", "eqref", "cref", "Cref", "autoref", "pageref", "cite", "citep", "citet", "citeauthor", "citeyear", "nocite", "index",
    "includegraphics", "input", "include", "bibliography", "bibliographystyle", "vspace", "hspace", "usepackage", "documentclass",
    "pagestyle", "thispagestyle", "setlength", "addtolength", "setcounter", "addtocounter", "newcommand", "renewcommand", "providecommand",
    "def", "newenvironment", "renewenvironment", "newtheorem", "DeclareMathOperator", "hypersetup", "maketitle", "tableofcontents",
    "author", "date", "title", "thanks", "centering", "noindent", "newpage", "clearpage", "pagebreak", "linebreak", "hline", "toprule",
    "midrule", "bottomrule", "cmidrule", "cline", "color", "vskip", "hskip", "phantom", "hphantom", "vphantom", "rule", "write", "openout",
    "immediate", "special", "catcode", "let", "lstset", "geometry", "graphicspath", "captionsetup", "markboth", "markright",
    "addcontentsline",
}  # fmt: skip
_ACCENTS = ("'", "`", "^", '"', "~", "=", ".", "u", "v", "H", "c", "k", "r", "b", "d", "t")
_DEPTH = 60
MAX_BYTES = 8 * 1024 * 1024


def read_tex(data: bytes | str) -> ReadDocument:
    """The blocks of a LaTeX file. Raises UnreadableDocumentError if it cannot be parsed."""
    from pylatexenc.latexwalker import LatexWalker, LatexWalkerError

    if len(data) > MAX_BYTES:
        raise UnreadableDocumentError(f"The file has {len(data):,} bytes of LaTeX; the limit is {MAX_BYTES:,}. Split it.")
    text = clean(data if isinstance(data, str) else decoded_markup(data))
    listings: list[str] = []
    text = _without_comments(text, listings)
    body = _BODY.search(text)
    try:
        shown = expanded(body[1] if body else text, text)
        nodes = LatexWalker(shown, latex_context=context(), tolerant_parsing=True).get_latex_nodes()[0]
        reader = _Reader(listings)
        reader.nodes(nodes, 0)
        reader.flush()
    except (LatexWalkerError, RecursionError, IndexError, AssertionError) as error:
        raise UnreadableDocumentError(f"Not LaTeX that can be read ({type(error).__name__}). Convert it to HTML or PDF.") from None
    return ReadDocument("tex", tuple(reader.blocks), _title(text))


def _without_comments(text: str, listings: list[str]) -> str:
    """The text without comments; listings, in which `%` is none, are kept in `listings` and stand as `\\prodalisting{n}`."""
    names = "|".join(map(re.escape, _VERBATIM))
    pattern = re.compile(rf"\\begin\{{({names})\}}[ \t]*(?:\[[^\]\n]*\])?(?:\{{[^}}\n]*\}})?[ \t]*\n?(.*?)\\end\{{\1\}}", re.DOTALL)
    pieces: list[str] = []
    place = 0
    for found in pattern.finditer(text):
        pieces.append(_COMMENT.sub(r"\1", text[place : found.start()]))
        listings.append(found[2])
        pieces.append(f"\n\n\\prodalisting{{{len(listings) - 1}}}\n\n")
        place = found.end()
    pieces.append(_COMMENT.sub(r"\1", text[place:]))
    return "".join(pieces)


def _title(text: str) -> str:
    from pylatexenc.latexwalker import LatexWalker

    found = re.search(r"\\title\s*(?:\[[^\]]*\])?\s*\{", text)
    if not found:
        return ""
    nodes = LatexWalker(text[found.start() :][:2000], latex_context=context(), tolerant_parsing=True).get_latex_nodes(read_max_nodes=1)[0]
    reader = _Reader([])
    return one_line(reader.inline(_arguments(nodes[0])[-1:], 0)) if nodes else ""


def _arguments(node: Any) -> list[Any]:
    """The arguments of a macro or environment that are there."""
    given = node.nodeargd.argnlist if node.nodeargd is not None else ()
    return [argument for argument in given if argument is not None]


class _Reader:
    """Collects blocks while it goes through the nodes of pylatexenc; `line` is the paragraph that is being read."""

    def __init__(self, listings: Sequence[str]) -> None:
        self.listings = listings
        self.blocks: list[DocumentBlock] = []
        self.line: list[str] = []
        self.item: tuple[int, str] | None = None
        self.depth = 0  # lists that the current place stands in

    def flush(self) -> None:
        """End the current paragraph."""
        text = " ".join("".join(self.line).split())
        self.line = []
        if not text:
            return
        if self.item is not None:
            self.blocks.append(DocumentBlock("item", text, level=self.item[0], marker=self.item[1]))
            self.item = None
        else:
            self.blocks.append(DocumentBlock("paragraph", text))

    def inline(self, nodes: Sequence[Any], depth: int) -> str:
        """What nodes say, on one line."""
        inner = _Reader(self.listings)
        inner.nodes(nodes, depth + 1)
        inner.flush()
        return " ".join(math(b.text) if b.kind == "equation" else b.text for b in inner.blocks if b.kind != "code")

    def nodes(self, nodes: Sequence[Any], depth: int) -> None:
        if depth > _DEPTH:
            raise RecursionError
        for node in nodes:
            kind = type(node).__name__
            if kind == "LatexCharsNode":
                self.characters(node.chars)
            elif kind == "LatexGroupNode":
                self.nodes(node.nodelist, depth + 1)
            elif kind == "LatexMathNode":
                self.equation(node.latex_verbatim(), node.displaytype == "display")
            elif kind == "LatexMacroNode":
                self.macro(node, depth)
            elif kind == "LatexEnvironmentNode":
                self.environment(node, depth)
            elif kind == "LatexSpecialsNode":
                said = node.specials_chars
                if "\n" in said:
                    self.flush()
                else:
                    self.line.append({"~": " ", "``": "“", "''": "”", "---": "—", "--": "–", "!`": "¡", "?`": "¿"}.get(said, said))

    def characters(self, text: str) -> None:
        first, *rest = _PARAGRAPH.split(text)
        self.line.append(_typographic(first))
        for piece in rest:
            self.flush()
            self.line.append(_typographic(piece))

    def equation(self, source: str, display: bool) -> None:
        source = re.sub(r"\\(?:label|tag|nonumber|notag)\b\s*(?:\{[^}]*\})?", "", source.strip())
        named = re.match(r"\\begin\s*\{(\w+)\*?\}(.*)\\end\s*\{\1\*?\}\Z", source, re.DOTALL)
        if named:
            inner = re.sub(r"\A\s*\{\d+\}", "", named[2]) if named[1] == "alignat" else named[2]
            latex = inner if named[1] in ("equation", "displaymath", "math", "dmath") else rf"\begin{{aligned}} {inner} \end{{aligned}}"
        else:
            latex = re.sub(r"\A(?:\$\$|\$|\\\[|\\\()|(?:\$\$|\$|\\\]|\\\))\Z", "", source)
        latex = " ".join(latex.split())
        if not display:
            self.line.append(math(latex))
        elif latex:
            self.flush()
            self.blocks.append(DocumentBlock("equation", latex))

    def macro(self, node: Any, depth: int) -> None:
        name = node.macroname.rstrip("*")
        given = _arguments(node)
        if name.lower() in SECTIONS:
            self.flush()
            self.item = None
            said = self.inline(given[-1:], depth)
            if said:
                self.blocks.append(DocumentBlock("heading", said, level=SECTIONS[name.lower()]))
        elif name == "prodalisting":
            self.flush()
            number = self.inline(given, depth)
            if number.isdecimal() and int(number) < len(self.listings):
                self.blocks.append(DocumentBlock("code", self.listings[int(number)]))
        elif name in ("par", "caption"):
            self.flush()
            self.nodes(given[-1:], depth + 1)
            self.flush()
        elif name not in _DROPPED:
            self.line.append(self.said(node, name, given, depth))

    def said(self, node: Any, name: str, given: list[Any], depth: int) -> str:
        """What a macro within a line shows."""
        if name in ("\\", "newline", "tabularnewline"):
            return " "
        if name in ("footnote", "footnotetext", "marginpar"):
            note = self.inline(given[-1:], depth)
            return f" ({note})" if note else ""
        if name in ("texttt", "lstinline", "verb", "code", "mintinline"):
            return code_span(clean(self.inline(given[-1:], depth) or getattr(node.nodeargd, "verbatim_text", "")))
        if name in ("href", "url", "path"):
            return self.inline(given[-1:], depth)
        if given and name not in _ACCENTS:
            return self.inline_with_space(given, depth)
        text = plain_text().nodelist_to_text([node])
        return clean(text) if text.strip() else " "

    def inline_with_space(self, nodes: Sequence[Any], depth: int) -> str:
        """What arguments say. Blanks at their ends stay: `\\emph{so }far`."""
        inner = _Reader(self.listings)
        inner.nodes(nodes, depth + 1)
        if inner.blocks:
            inner.flush()
            return " ".join(block.text for block in inner.blocks if block.kind != "code")
        return "".join(inner.line)

    def environment(self, node: Any, depth: int) -> None:
        name = node.environmentname.rstrip("*")
        if name in _EQUATIONS:
            self.equation(node.latex_verbatim(), True)
        elif name in _LISTS:
            self.items(node, _LISTS[name], depth)
        elif name in _TABLES or node.environmentname in _TABLES:
            self.table(node, depth)
        elif name not in _DROPPED_ENVIRONMENTS:
            self.flush()
            if name in _NAMED:
                note = self.inline(_arguments(node), depth)
                self.line.append(f"{name.capitalize()}{f' ({note})' if note else ''}. ")
            self.nodes(node.nodelist, depth + 1)
            self.flush()

    def items(self, node: Any, numbered: str, depth: int) -> None:
        self.flush()
        self.depth += 1
        for count, (label, content) in enumerate(_items(node.nodelist), start=1):
            self.flush()
            self.item = (self.depth - 1, f"{count}." if numbered else "")
            said = self.inline(_arguments(label), depth)
            self.line.append(f"{said}: " if said else "")
            self.nodes(content, depth + 1)
            self.flush()
            self.item = None
        self.depth -= 1

    def table(self, node: Any, depth: int) -> None:
        self.flush()
        rows: list[tuple[str, ...]] = []
        cells: list[list[Any]] = [[]]
        for inner in [*node.nodelist, None]:
            kind = type(inner).__name__
            if inner is None or (kind == "LatexMacroNode" and inner.macroname in ("\\", "tabularnewline", "cr")):
                row = tuple(self.inline(cell, depth) for cell in cells)
                if any(row):
                    rows.append(row)
                cells = [[]]
            elif kind == "LatexSpecialsNode" and inner.specials_chars == "&":
                cells.append([])
            elif kind != "LatexMacroNode" or inner.macroname not in _DROPPED:
                cells[-1].append(inner)
        if rows:
            self.blocks.append(DocumentBlock("table", rows=tuple(rows)))


def _items(nodes: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """The nodes of a list, divided at `\\item`."""
    label: Any = None
    content: list[Any] = []
    for node in nodes:
        if type(node).__name__ == "LatexMacroNode" and node.macroname == "item":
            if label is not None:
                yield label, content
            label, content = node, []
        else:
            content.append(node)
    if label is not None:
        yield label, content


def _typographic(text: str) -> str:
    return text.replace("``", "“").replace("''", "”").replace("---", "—").replace("--", "–").replace("~", " ")
