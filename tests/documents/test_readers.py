"""What each format needs beyond its words: equations, lists, notes, encodings, and what is left out or refused."""

# ruff: noqa: E501 - a paragraph of a source is one line

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from proda.documents.blocks import MATH_CLOSE, MATH_OPEN, DocumentBlock, ReadDocument, UnreadableDocumentError
from proda.documents.read import read_document
from proda.documents.readers.html import read_html
from proda.documents.readers.mathml import latex_of
from proda.documents.readers.omml import latex_of as latex_of_omml
from proda.documents.source_text import source_text
from proda.documents.xml import xml_tree
from tests.documents import generated
from tests.documents.generated import parts_of

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def lines(name: str, data: bytes | str) -> list[str]:
    document = read_document(name, data if isinstance(data, bytes) else data.encode())
    return [line for line in source_text("T", document).splitlines()[1:] if line]


# Equations.


@pytest.mark.parametrize(
    ("mathml", "latex"),
    [
        ("<mfrac><mi>d</mi><mn>2</mn></mfrac>", r"\frac{d}{2}"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msub><mi>y</mi><mi>i</mi></msub>", "x^2+ y_i"),
        ("<msubsup><mo>∫</mo><mn>0</mn><mi>∞</mi></msubsup><mi>f</mi>", r"\int_0^{\infty}f"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", r"\sum_{i= 1}^n"),
        ("<msqrt><mi>a</mi></msqrt><mroot><mi>b</mi><mn>3</mn></mroot>", r"\sqrt{a}\sqrt[3]{b}"),
        ("<mover><mi>v</mi><mo>→</mo></mover>", r"\vec{v}"),
        ("<mi>sin</mi><mo>(</mo><mi>θ</mi><mo>)</mo>", r"\sin (\theta )"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a, b)"),
        ("<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable>", r"\begin{matrix} a & b \end{matrix}"),
        ("<mn>50</mn><mtext>% of cases</mtext>", r"50\text{\% of cases}"),
        ("<mmultiscripts><mi>U</mi><mn>92</mn><none/><mprescripts/><none/><mn>238</mn></mmultiscripts>", "{}^{238}U_{92}"),
        ("<semantics><mrow><mi>q</mi></mrow><annotation encoding='application/x-tex'>q_{\\star}</annotation></semantics>", r"q_{\star}"),
    ],
)
def test_mathml_as_latex(mathml: str, latex: str) -> None:
    assert latex_of(xml_tree(f"<math>{mathml}</math>")) == latex


@pytest.mark.parametrize(
    ("omml", "latex"),
    [
        ("<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>", r"\frac{a}{b}"),
        ("<m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>", "c^2"),
        ("<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e><m:r><m:t>x</m:t></m:r></m:e></m:rad>", r"\sqrt{x}"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub><m:r><m:t>i</m:t></m:r></m:sub><m:sup><m:r><m:t>n</m:t></m:r></m:sup>"
            "<m:e><m:r><m:t>k</m:t></m:r></m:e></m:nary>",
            r"\sum_i^n k",
        ),
        ("<m:d><m:e><m:r><m:t>α</m:t></m:r></m:e></m:d>", r"\left(\alpha\right)"),
        ("<m:acc><m:e><m:r><m:t>p</m:t></m:r></m:e></m:acc>", r"\hat{p}"),
        ("<m:bar><m:barPr><m:pos m:val='top'/></m:barPr><m:e><m:r><m:t>x</m:t></m:r></m:e></m:bar>", r"\overline{x}"),
        ("<m:func><m:fName><m:r><m:t>cos</m:t></m:r></m:fName><m:e><m:r><m:t>t</m:t></m:r></m:e></m:func>", r"\cos t"),
        (
            "<m:m><m:mr><m:e><m:r><m:t>1</m:t></m:r></m:e><m:e><m:r><m:t>0</m:t></m:r></m:e></m:mr></m:m>",
            r"\begin{matrix} 1 & 0 \end{matrix}",
        ),
    ],
)
def test_words_equations_as_latex(omml: str, latex: str) -> None:
    assert latex_of_omml(xml_tree(f"<m:oMath {M}>{omml}</m:oMath>")) == latex


# DOCX.


def docx(body: str, **parts: str) -> bytes:
    """A Word document of the given XML; `parts` are further files by their names, `_` for `/`."""
    import docx as python_docx

    out = io.BytesIO()
    python_docx.Document().save(out)
    result = io.BytesIO()
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            data: bytes | str = old.read(name)
            if name == "word/document.xml":
                data = f"<w:document {names} {M}><w:body>{body}</w:body></w:document>"
            new.writestr(name, parts.pop(name.replace("/", "_"), data))
        for name, text in parts.items():
            new.writestr(name.replace("_", "/"), text)
    return result.getvalue()


def paragraph(inner: str) -> str:
    return f"<w:p>{inner}</w:p>"


def run(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{text}</w:t></w:r>"


EQUATION = "<m:oMath><m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"


def test_docx_equations_in_a_line_and_alone() -> None:
    body = paragraph(run("Energy is m") + EQUATION + run(", he said.")) + paragraph(f"<m:oMathPara>{EQUATION}</m:oMathPara>")
    assert lines("a.docx", docx(body)) == ["Energy is m$c^2$, he said.", "$$c^2$$"]


def test_a_docx_cannot_forge_an_equation_or_put_one_in_another_place() -> None:
    body = paragraph(run("proda-equation-0-end ") + EQUATION) + paragraph(run("proda-equation-7-end"))
    assert lines("a.docx", docx(body)) == ["proda equation 0-end $c^2$", "proda equation 7-end"]


def test_docx_markup_in_the_text_is_text_and_images_are_dropped() -> None:
    body = paragraph(run("&lt;script&gt;alert(1)&lt;/script&gt; # not a heading"))
    assert lines("a.docx", docx(body)) == ["\\<script>alert(1)\\</script> # not a heading"]


def test_docx_with_entities_or_parts_missing_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(UnreadableDocumentError, match="declares XML entities"):
        read_document("a.docx", docx(paragraph(run("x")), word_styles="", **{"word_styles.xml": bomb}))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w:broken")
    with pytest.raises(UnreadableDocumentError):
        read_document("a.docx", out.getvalue())


# HTML.


def html_lines(body: str, head: str = "") -> list[str]:
    return lines("a.html", f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>")


def test_html_that_a_reader_does_not_see_is_left_out() -> None:
    body = (
        "<header><a href='/'>Site</a></header><nav>Menu</nav><p>Seen.</p><p hidden>a</p><p style='display: none'>b</p>"
        "<div aria-hidden='true'>c</div><script>d()</script><style>e{}</style><noscript>f</noscript><template>g</template>"
        "<iframe src='https://evil.example'>h</iframe><form><input value='i'><button>j</button></form><footer>k</footer><!-- l -->"
        "<object data='m'>n</object><svg><text>o</text></svg><img src='https://evil.example/p.png' alt='q'>"
    )
    assert html_lines(body) == ["Seen."]


def test_html_structure() -> None:
    body = (
        "<h2>Heat<br>pumps</h2><p>One <b>bold</b> <a href='javascript:x'>link</a>.<br>Same paragraph.<br><br>Next.</p>"
        "<ol start='3'><li>three<ul><li>inner</li></ul></li><li><p>four</p><p>more</p></li></ol>"
        "<dl><dt>pump</dt><dd>a machine</dd></dl><blockquote>Quoted.</blockquote><pre>a\n  b</pre><p>x<sub>1</sub>10<sup>-3</sup> e<sup>x</sup></p>"
    )
    assert html_lines(body) == [
        "## Heat pumps",
        "One bold link. Same paragraph.",
        "Next.",
        "3. three",
        "  - inner",
        "4. four",
        "more",
        "- pump: a machine",
        "Quoted.",
        "```",
        "a",
        "  b",
        "```",
        "x110⁻³ e^x",
    ]


def test_html_tables_with_spans_and_tables_that_only_arrange_a_page() -> None:
    spans = "<table><tr><th rowspan=2>a</th><th colspan=2>b|c</th></tr><tr><td>d</td><td>e</td></tr></table>"
    assert html_lines(spans) == ["| a | b\\|c |  |", "|---|---|---|", "|  | d | e |"]
    layout = "<table><tr><td><p>First.</p></td></tr><tr><td><table><tr><td>x</td><td>y</td></tr></table></td></tr></table>"
    assert html_lines(layout) == ["First.", "| x | y |", "|---|---|"]
    assert len(html_lines(f"<table><tr><td colspan=99999999>a</td><td rowspan={10**6}>b</td></tr></table>")) == 2


def test_html_equations_of_every_origin() -> None:
    body = (
        "<p>a <math><mi>x</mi></math> b \\(y^2\\) c <span class='katex'><math><semantics><mi>z</mi><annotation encoding='application/x-tex'>z_1"
        "</annotation></semantics></math><span aria-hidden='true'>z1</span></span> d <img class='mwe-math-fallback-image-inline' alt='w'> e "
        "<script type='math/tex'>v</script></p><math display='block'><mi>u</mi></math>"
    )
    assert html_lines(body) == ["a $x$ b $y^2$ c $z_1$ d $w$ e $v$", "$$u$$"]


def test_html_keeps_the_main_part_and_its_heading_is_the_title() -> None:
    page = "<title>Heat – Site</title><div>Cookies and adverts</div><main><h1>Heat</h1><p>The text of the page is here, and it is longer.</p></main>"
    document = read_html(f"<html><body>{page}</body></html>")
    assert document.title == "Heat" and [b.text for b in document.blocks if b.kind == "paragraph"] == [
        "The text of the page is here, and it is longer."
    ]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", ""), ("iso-8859-1", '<meta charset="iso-8859-1">'), ("utf-16", ""), ("cp1252", ""), ("utf-8-sig", "")],
)
def test_html_encodings(encoding: str, declared: str) -> None:
    data = f"<html><head>{declared}</head><body><p>naïve café</p></body></html>".encode(encoding)
    assert lines("a.html", data) == ["naïve café"]


def test_xhtml_with_elements_that_close_themselves_and_entities() -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html [<!ENTITY own SYSTEM "file:///etc/passwd">]><html xmlns="http://www.w3.org/1999/xhtml">'
        '<head><title/><script src="a.js"/></head><body><a id="top"/><p>a&nbsp;b &eacute; &own; c</p></body></html>'
    )
    [line] = lines("a.xhtml", page)
    assert line.startswith("a b é") and line.endswith("c") and "root" not in line


def test_a_page_nested_beyond_reason_is_read_or_refused() -> None:
    page = f"<html><body>{'<div>' * 100_000}deep{'</div>' * 100_000}</body></html>"
    try:
        assert lines("a.html", page) == ["deep"]
    except UnreadableDocumentError as error:
        assert "nested" in str(error) or "no text" in str(error)


def test_a_short_line_in_bold_stays_one_and_bold_words_do_not() -> None:
    body = (
        "<p><b>Example 1</b></p><p><strong>All</strong> <b>bold</b></p><p><b>Force</b> is mass times acceleration.</p><p><code>x</code></p>"
    )
    assert html_lines(body) == ["**Example 1**", "**All bold**", "Force is mass times acceleration.", "`x`"]
    assert lines("a.md", "**Key *terms***\n\n**Force** is it.\n\n`x`\n\n*italic*\n") == ["**Key terms**", "Force is it.", "`x`", "italic"]
    assert lines("a.docx", docx(paragraph("<w:r><w:rPr><w:b/></w:rPr><w:t>Strategy</w:t></w:r>") + paragraph(run("Text.")))) == [
        "**Strategy**",
        "Text.",
    ]
    assert html_lines(f"<p><b>{'bold ' * 20}</b></p>") == [("bold " * 20).strip()]


# Markdown.

MYST = """\
---
title: "Weak form"
licence: CC0
---
(target)=
# From strong to weak form

Some *emphasis*, a [link](http://example.org), `code_here`, a note[^n] and $a_1 * b_1$ costs $5 or $6.
See {ref}`the rod <rod>` and {eq}`rod`.

```{admonition} Integration by parts
:class: dropdown
Inside, $x^2$ holds.
```

:::{card} Quiz
<iframe src="https://evil.example"></iframe><script>alert(1)</script>
:::

$$
\\frac{a}{b}
$$ (label)

| a | b |
|---|---|
| `x|y` | $c$ |

1. first

   more of it
2. second
   - inner

```python
x = "$not math$"  # **not bold**
```

<div>Raw <b>HTML</b> is <!-- page 3 --> text</div>

[^n]: The note itself.
% a comment
<!-- page 9 -->
"""


def test_markdown_and_myst() -> None:
    document = read_document("a.myst", MYST.encode())
    assert document.title == "Weak form"
    assert [line for line in source_text("Weak form", document).splitlines() if line] == [
        "# Weak form",
        "## From strong to weak form",
        "Some emphasis, a link, `code_here`, a note and $a_1 * b_1$ costs \\$5 or \\$6. See the rod and (rod).",
        "Integration by parts",
        "Inside, $x^2$ holds.",
        "Quiz",
        "$$\\frac{a}{b}$$",
        "| a | b |",
        "|---|---|",
        "| `x\\|y` | $c$ |",
        "1. first",
        "more of it",
        "2. second",
        "  - inner",
        "```",
        'x = "$not math$"  # **not bold**',
        "```",
        "Raw HTML is text",
        "The note itself.",
    ]


def test_adjacent_equations_of_markdown_stay_apart() -> None:
    assert (
        lines("a.md", "The acceleration $a_c$$(a_c = v^2)$ is given.\n\nThen $$b$$ follows.")[0]
        == "The acceleration $a_c$$(a_c = v^2)$ is given."
    )


# Notebooks, LaTeX, text, slides, books, CNXML.


def test_a_notebook_keeps_text_and_code_and_drops_output() -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": ["# Heat\n", "\n", "Text with $x$.\n"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": "<script>1</script>"}]},
        {"cell_type": "raw", "source": "raw"},
        {"cell_type": "markdown"},
        "not a cell",
    ]
    assert lines("a.ipynb", json.dumps({"nbformat": 4, "cells": cells, "metadata": []})) == [
        "## Heat",
        "Text with $x$.",
        "```",
        "print(1)",
        "```",
    ]
    for bad in ("{", "[]", '{"cells": 3}', "[" * 100_000):
        with pytest.raises(UnreadableDocumentError):
            read_document("a.ipynb", bad.encode())


LATEX = r"""
\documentclass{article}
\newcommand{\R}{\mathbb{R}} \newcommand{\term}[1]{\emph{#1}}
\title{On \emph{heat}}
\begin{document}
\maketitle
\section{The rail}\label{sec:rail} % a comment
A rail \term{grows} in $\R$ \cite{kerr}, as Section~\ref{sec:rail} says---``truly''.\footnote{Not always.}
It costs 5\% of 3\,m.

\begin{itemize}
  \item first % gone
  \item[second] with \textbf{bold}
  \begin{enumerate} \item inner \end{enumerate}
\end{itemize}
\begin{align*} a &= b \label{eq:a} \\ c &= d \end{align*}
\[ E = mc^2 \]
\begin{lemma}[Kerr] It bends. \end{lemma}
\begin{tabular}{l|l} \hline metal & density \\ iron & 7.9 \\ \hline \end{tabular}
\begin{verbatim}
x = 100 % not a comment
\end{verbatim}
\begin{figure}\includegraphics{rail.pdf}\caption{A rail.}\end{figure}
G\"odel and Poincar\'e.
\end{document}
"""


def test_latex() -> None:
    document = read_document("a.tex", LATEX.encode())
    assert document.title == "On heat"
    assert [line for line in source_text("On heat", document).splitlines() if line] == [
        "# On heat",
        "## The rail",
        r"A rail grows in $\mathbb{R}$ , as Section says—“truly”. (Not always.) It costs 5% of 3 m.",
        "- first",
        "- second: with bold",
        "  1. inner",
        r"$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$",
        "$$E = mc^2$$",
        "Lemma (Kerr). It bends.",
        "| metal | density |",
        "|---|---|",
        "| iron | 7.9 |",
        "```",
        "x = 100 % not a comment",
        "```",
        "A rail.",
        "Gödel and Poincaré.",
    ]


def test_macros_that_expand_without_end_stay_small() -> None:
    definitions = [r"\newcommand{\xe}{text }"]
    for outer, inner in zip("abcd", "bcde", strict=True):
        definitions.append(rf"\newcommand{{\x{outer}}}" + "{" + rf"\x{inner} " * 8 + "}")
    document = read_document("a.tex", ("".join(definitions) + r"\section{s} " + r"\xa " * 2000 + " end").encode())
    assert document.blocks[-1].text.endswith("end") and len(document.blocks[-1].text) < 100_000
    assert read_document("a.tex", rb"\section{x}\newcommand{\y}{\y a}\y b").blocks[-1].text == "b"


PLAIN = """\
Notes on rails

1.2 How rails grow

The sun heats a rail, and the steel grows
longer, since its atoms need more room. The ther-
mal stress is large; thermal stress bends rails.

Underlined
----------
- one item
  that goes on
- another

CONCLUSIONS

That is all.
"""


def test_plain_text() -> None:
    assert lines("a.txt", PLAIN) == [
        "## Notes on rails",
        "### 1.2 How rails grow",
        "The sun heats a rail, and the steel grows longer, since its atoms need more room. The thermal stress is large; thermal stress bends rails.",
        "### Underlined",
        "- one item that goes on",
        "- another",
        "### CONCLUSIONS",
        "That is all.",
    ]
    assert lines("a.txt", "A long line without any break.\nAnother long line, a paragraph too.") == [
        "A long line without any break.",
        "Another long line, a paragraph too.",
    ]


def test_slides_keep_notes_groups_and_levels_and_drop_numbers(tmp_path: Path) -> None:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Heat\vpumps"
    frame = slide.placeholders[1].text_frame
    frame.text = "outer"
    inner = frame.add_paragraph()
    inner.text, inner.level = "inner\vline", 1
    group = slide.shapes.add_group_shape()
    box = group.shapes.add_textbox(Inches(1), Inches(6), Inches(2), Inches(1))
    box.text_frame.text = "in a group <b>"
    slide.notes_slide.notes_text_frame.text = "Say this aloud."
    deck.save(tmp_path / "a.pptx")
    document = read_document("a.pptx", (tmp_path / "a.pptx").read_bytes())
    assert [(b.kind, b.text, b.level) for b in document.blocks] == [
        ("slide", "", 1),
        ("heading", "Heat pumps", 1),
        ("item", "outer", 0),
        ("item", "inner line", 1),
        ("paragraph", "in a group <b>", 0),
        ("paragraph", "Say this aloud.", 0),
    ]


def test_a_protected_book_is_refused() -> None:
    data = generated.epub(parts_of("# A\n\ntext"))
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(
            "META-INF/encryption.xml",
            '<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></encryption>',
        )
    with pytest.raises(UnreadableDocumentError, match="protected"):
        read_document("a.epub", out.getvalue())


def test_cnxml() -> None:
    module = """<document xmlns="http://cnx.rice.edu/cnxml" xmlns:m="http://www.w3.org/1998/Math/MathML"><title>Heat</title>
      <metadata><md:title xmlns:md="x">not text</md:title></metadata><content><para>A <term>pump</term> moves <m:math><m:mi>Q</m:mi></m:math>.</para>
      <section><title>How</title><list list-type="enumerated"><item>one</item></list><equation><m:math><m:mi>W</m:mi></m:math></equation>
      <table><tgroup cols="2"><tbody><row><entry>a</entry><entry>b</entry></row></tbody></tgroup></table></section></content></document>"""
    document = read_document("a.cnxml", module.encode())
    assert document.title == "Heat"
    assert [line for line in source_text("Heat", document).splitlines() if line] == [
        "# Heat",
        "A pump moves $Q$.",
        "## How",
        "1. one",
        "$$W$$",
        "| a | b |",
        "|---|---|",
    ]


def test_no_reader_lets_a_document_forge_the_marks_of_equations() -> None:
    forged = f"a {MATH_OPEN}x{MATH_CLOSE} b"
    for name, data in (
        ("a.md", forged),
        ("a.html", f"<html><p>{forged}</p></html>"),
        ("a.txt", f"{forged}."),
        ("a.tex", f"\\section{{s}} {forged}"),
    ):
        document: ReadDocument = read_document(name, data.encode())
        blocks: tuple[DocumentBlock, ...] = document.blocks
        assert not any(MATH_OPEN in block.text for block in blocks), name
