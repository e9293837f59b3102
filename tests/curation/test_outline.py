"""Blocks and sections: what each line of a source belongs to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proda.curation.blocks import Heading, TextBlock, blocks_of
from proda.curation.outline import sections_of

LINES = st.sampled_from(
    ["# Title", "## Part", "A line of text.", "- item", "  more of it", "1. first", "| a | b |", "$$x=1$$", "$$", "```", "![fig](a.png)",
     "**Label**", "", "---", "<!-- page 12 -->", "where x is small."]
)  # fmt: skip


def _kinds(text: str) -> list[tuple[str, str]]:
    return [(b.kind, text[b.start : b.end]) for b in blocks_of(text) if isinstance(b, TextBlock)]


def test_each_kind_of_block_is_recognised() -> None:
    text = (
        "A paragraph.\n\n**Label**\n- one\n  more\n\n- two\n\n| a | b |\n| --- | --- |\n\n$$\nx = 1\n$$\n\n```\n"
        "# no heading\n\n- no item\n```\n\n![fig](a.png)\n<!-- page 3 -->\nThe end.\n"
    )
    assert _kinds(text) == [
        ("paragraph", "A paragraph."),
        ("label", "**Label**"),
        ("list", "- one\n  more\n\n- two"),
        ("table", "| a | b |\n| --- | --- |"),
        ("equation", "$$\nx = 1\n$$"),
        ("code", "```\n# no heading\n\n- no item\n```"),
        ("image", "![fig](a.png)"),
        ("paragraph", "The end."),
    ]


def test_an_equation_that_is_never_closed_ends_at_a_blank_line() -> None:
    assert _kinds("$$x = 1\n\nText goes on.\n") == [("equation", "$$x = 1"), ("paragraph", "Text goes on.")]


def test_headings_lose_their_marks() -> None:
    assert [b for b in blocks_of("### **Heat** flow ###\n") if isinstance(b, Heading)] == [Heading(3, "Heat flow")]


def test_a_section_has_the_headings_above_it() -> None:
    sections = sections_of("# A\n\none\n\n## B\n\ntwo\n\n### C\n\nthree\n\n## D\n\nfour\n")
    assert [s.heading for s in sections] == [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D")]


def test_the_text_after_a_list_of_objectives_is_a_section_without_their_heading() -> None:
    text = "# A\n\n## Learning Objectives\n\nBy the end, you will be able to:\n\n- Explain heat\n\nHeat flows.\n\n### Deeper\n\nMore.\n"
    sections = sections_of(text)
    assert [(s.heading, s.objectives) for s in sections] == [
        (("A", "Learning Objectives"), True),
        (("A",), False),
        (("A", "Deeper"), False),
    ]


def test_objectives_are_found_without_a_heading() -> None:
    text = "# A\n\nAfter reading this section, students should be able to\n\n- explain heat\n- measure it\n\nHeat flows downhill.\n"
    assert [s.objectives for s in sections_of(text)] == [True, False]


def test_a_goal_of_the_subject_is_no_objective() -> None:
    assert [s.objectives for s in sections_of("# A\n\n## Goals of monetary policy\n\nBanks keep prices stable.\n")] == [False]


def test_an_example_begins_a_section_and_the_text_after_its_answer_another() -> None:
    text = "# A\n\nText.\n\n**Example 3**\n\nWhat is 2 + 2?\n\n**Answer:**\n\n4\n\nText goes on.\n"
    assert len(sections_of(text)) == 3
    plain = "# A\n\nText.\n\nCheck Your Learning. What is 2 + 2?\n\nAnswer:\n\n4\n\nText goes on.\n"
    assert len(sections_of(plain)) == 3


@given(st.lists(LINES, max_size=25))
def test_every_line_belongs_to_one_block_or_is_a_heading_rule_comment_or_blank(lines: list[str]) -> None:
    text = "\n".join(lines)
    position = 0
    rest = ""
    for block in blocks_of(text):
        if isinstance(block, TextBlock):
            assert position <= block.start < block.end
            rest += text[position : block.start] + "\n"
            position = block.end
    rest += text[position:]
    assert all(not line.strip() or line.strip().startswith(("#", "---", "<!--")) for line in rest.split("\n"))
