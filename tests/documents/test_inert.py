"""Text of a document has no effect in a source: rendered as Markdown, it is shown as it was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from proda.documents.blocks import MARKS, DocumentBlock, ReadDocument, code_span, math
from proda.documents.characters import clean, one_line
from proda.documents.inert import inert_line, latex
from proda.documents.source_text import source_text
from proda.yamlio.policy import FORBIDDEN_CHARACTER

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- page 12 -->",
    "<?php echo 1 ?>",
    "<https://evil.example>",
    "![pixel](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[ref]: https://evil.example 'title'",
    "[text][ref]",
    "# A heading",
    "## A heading ##",
    "> quoted",
    "| a | b |",
    "--- ",
    "===",
    "* * *",
    "```python",
    "~~~",
    ":::{note}",
    "`code` and ``more``",
    "**bold** and _emphasis_ and ~~gone~~",
    "snake_case_name and 2*3*4",
    "&lt;b&gt; &#60;script&#62; &amp;",
    "\\<b> \\[x](y) a\\*b",
    "costs $5 and $x$ and $$y$$",
    "TODO: write 600 words",
    "$(rm -rf /) `reboot` ; echo",
    "key: value\n- item",
    "!!python/object:os.system",
    "{{ jinja }} {% raw %}",
    "x\x00y\x1b[31mz\u202eabc\u200bdef\ufeff",
    "\ue0001\ue001 forged \ue002marks\ue003",
    "(target)=",
    "% comment",
    "+ plus and 1) one",
]


def shown(markdown: str) -> tuple[str, set[str]]:
    """What a reader of the rendered text sees, and the kinds of tokens that it consists of."""
    text: list[str] = []
    kinds: set[str] = set()
    for token in PARSER.parse(markdown):
        kinds.add(token.type)
        for child in token.children or ():
            kinds.add(child.type)
            text.append(" " if child.type in ("softbreak", "hardbreak") else child.content)
    return "".join(text), kinds


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_paragraph_that_shows_itself(text: str) -> None:
    said = one_line(text)
    seen, kinds = shown(inert_line(said))
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}, kinds
    assert seen == said.replace("TODO:", "To do:")


ALPHABET = st.text(st.sampled_from("ab1 .:*_`~<>[]()!#|\\&;$-+=\"'/%{}^\né\ue000\u202e\x07"), max_size=40)


@given(ALPHABET)
@settings(max_examples=400, deadline=None)
def test_no_text_makes_a_tag_a_link_an_image_a_heading_or_code(text: str) -> None:
    said = one_line(text)
    seen, kinds = shown(inert_line(said))
    active = {"html_inline", "html_block", "link_open", "image", "heading_open", "fence", "code_inline", "code_block", "table_open", "hr"}
    assert not kinds & (active | {"blockquote_open", "em_open", "strong_open", "s_open"}), (said, inert_line(said), kinds)
    assert "bullet_list_open" not in kinds
    if "ordered_list_open" not in kinds:  # `1. text` is a numbered item, which shows its number
        assert seen == said


@given(ALPHABET, ALPHABET, ALPHABET)
@settings(max_examples=200, deadline=None)
def test_a_source_holds_only_its_own_comments_lines_and_characters(title: str, text: str, code: str) -> None:
    blocks = (
        DocumentBlock("page", level=1),
        DocumentBlock("paragraph", f"{clean(text)} {math(clean(code))} {code_span(clean(code))}"),
        DocumentBlock("heading", text, level=1),
        DocumentBlock("item", text),
        DocumentBlock("equation", code),
        DocumentBlock("code", code),
        DocumentBlock("table", rows=((text, code), (code, text))),
        DocumentBlock("paragraph", "end"),
    )
    source = source_text(title or "T", ReadDocument("text", blocks))
    assert source.startswith("# ")
    assert not FORBIDDEN_CHARACTER.search(source) and not any(mark in source for mark in MARKS)
    assert re.findall(r"^<!--.*-->$", source, re.MULTILINE) == ["<!-- page 1 -->"]
    outside = re.sub(r"^(`{3,}).*?^\1$|`+[^`]*`+|\$\$?.*?\$\$?", "", source, flags=re.DOTALL | re.MULTILINE)
    assert "<!--" not in outside.replace("<!-- page 1 -->", "").replace("\\<!--", "")


def test_an_equation_cannot_end_itself_or_hold_a_tag() -> None:
    assert latex(r"\text{for all $x$} <script>") == r"\text{for all x} \lt script>"
    assert source_text("T", ReadDocument("text", (DocumentBlock("equation", "a\n$$ b"),))) == "# T\n\n$$a b$$\n"


def test_a_listing_cannot_close_its_fence() -> None:
    source = source_text("T", ReadDocument("text", (DocumentBlock("code", "a\n```\n# not a heading\n````\n<!-- page 3 -->"),)))
    kinds = [token.type for token in PARSER.parse(source)]
    assert kinds == ["heading_open", "inline", "heading_close", "fence"]
    assert "<!--" not in source


def test_a_code_span_may_hold_backticks() -> None:
    seen, kinds = shown(inert_line(f"run {code_span('a `b` c')} now"))
    assert seen == "run a `b` c now" and "code_inline" in kinds


def test_headings_stand_below_the_title_and_a_repeated_title_is_left_out() -> None:
    blocks = (
        DocumentBlock("heading", "Heat", level=3),
        DocumentBlock("heading", "Rails", level=4),
        DocumentBlock("paragraph", "They grow."),
    )
    assert source_text("Heat", ReadDocument("text", blocks)) == "# Heat\n\n## Rails\n\nThey grow.\n"
    assert source_text("Other", ReadDocument("text", blocks)) == "# Other\n\n## Heat\n\n### Rails\n\nThey grow.\n"


def test_of_anchors_without_text_between_them_the_last_stays() -> None:
    blocks = (
        DocumentBlock("page", level=1),
        DocumentBlock("page", level=2),
        DocumentBlock("paragraph", "x"),
        DocumentBlock("page", level=3),
    )
    assert source_text("T", ReadDocument("pdf", blocks)) == "# T\n\n<!-- page 2 -->\n\nx\n"


def test_characters_that_a_source_may_not_hold_are_removed_and_ligatures_opened() -> None:
    assert clean("e\ufb03cient\u00a0na\u0308ive\u200b\u202e\u0007 \U0001d465\u2011y\ue123") == "efficient näive x-y"
    assert one_line("a\u2028b\tc\r\nd") == "a b c d"
