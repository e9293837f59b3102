"""Chunks: they cover the text, keep to the budget, divide no indivisible block, and stay the same when another chunk is edited."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from proda.curation.chunking import Piece, count_words, divide, item_spans

WORDS = "heat rail steel grows slowly under load until bolts give way near joints"
SENTENCES = st.integers(3, 30).map(lambda n: " ".join((WORDS.split() * 3)[:n]).capitalize() + ".")
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=8).map(" ".join)
BLOCKS = st.one_of(
    PARAGRAPHS,
    st.lists(SENTENCES, min_size=1, max_size=5).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.integers(1, 6).map(lambda n: "| a | b |\n| --- | --- |" + "\n| iron | 7.9 |" * n),
    st.just("$$F = m a$$"),
    st.just("<!-- page 7 -->"),
    st.just("## Another part"),
    st.just("**Solution**"),
)
TEXTS = st.lists(BLOCKS, max_size=14).map(lambda blocks: "# Title\n\n" + "\n\n".join(blocks) + "\n")


def _texts(text: str, pieces: list[Piece]) -> list[str]:
    return [text[piece.start : piece.end] for piece in pieces]


def _paragraph(number: int, sentences: int = 6) -> str:
    return " ".join(f"Sentence {n} of paragraph {number} says that the long steel rail grows a little." for n in range(sentences))


@given(TEXTS, st.integers(10, 120))
def test_chunks_cover_the_text_in_order_without_overlap(text: str, budget: int) -> None:
    position = 0
    rest = ""
    for piece in divide(text, budget):
        assert position <= piece.start < piece.end
        rest += text[position : piece.start]
        position = piece.end
    rest += text[position:]
    assert all(not line.strip() or line.startswith(("#", "<!--")) for line in rest.split("\n"))


@given(TEXTS, st.integers(10, 120))
def test_a_chunk_is_longer_than_the_budget_only_if_it_is_a_single_atom(text: str, budget: int) -> None:
    for piece in divide(text, budget):
        assert piece.words <= budget or len(piece.atoms) == 1


@given(TEXTS, st.integers(10, 120))
def test_sentences_items_tables_and_equations_stay_whole(text: str, budget: int) -> None:
    for said in _texts(text, divide(text, budget)):
        assert said.endswith((".", "|", "$", "*"))
        assert said.startswith(("-", "|", "$", "*")) or said[0].isupper()
        assert len(re.findall(r"^\| a", said, re.MULTILINE)) == len(re.findall(r"^\| ---", said, re.MULTILINE))


def test_a_chunk_never_crosses_a_heading() -> None:
    text = "# A\n\nOne short paragraph.\n\n## B\n\nAnother short paragraph.\n"
    assert _texts(text, divide(text, 200)) == ["One short paragraph.", "Another short paragraph."]
    assert [piece.heading for piece in divide(text, 200)] == [("A",), ("A", "B")]


def test_a_chunk_ends_after_a_paragraph_where_one_ends_early_enough() -> None:
    text = "# A\n\n" + "\n\n".join(_paragraph(n) for n in range(5))
    for said in _texts(text, divide(text, 200)):
        assert said.startswith("Sentence 0") and "Sentence 5 of" in said.split("\n")[-1]


def test_a_long_paragraph_is_divided_into_about_equal_parts() -> None:
    text = "# A\n\n" + _paragraph(0, sentences=20)
    sizes = [piece.words for piece in divide(text, 110)]
    assert len(sizes) == 3 and max(sizes) - min(sizes) <= 28


def test_no_small_remainder_is_left_at_the_end_of_a_section() -> None:
    text = "# A\n\n" + _paragraph(0, sentences=16)  # 224 words
    assert min(piece.words for piece in divide(text, 220)) > 80


def test_an_equation_stays_with_its_paragraph() -> None:
    text = f"# A\n\n{_paragraph(0)}\n\n{_paragraph(1)}\n\n$$F = m a$$\n\nwhere m is the mass.\n\n{_paragraph(2)}\n"
    pieces = _texts(text, divide(text, 190))
    assert [said.startswith("$$") for said in pieces] == [False] * len(pieces)
    assert any("$$F = m a$$\n\nwhere m" in said for said in pieces)


def test_items_keep_their_indented_lines() -> None:
    text = "- one\n  more of one\n- two\n\n  $$x$$\n- three"
    assert [text[a:b] for a, b in item_spans(text)] == ["- one\n  more of one", "- two\n\n  $$x$$", "- three"]


def test_words_of_a_table_are_those_with_a_letter_or_digit() -> None:
    assert count_words("| a | b c |\n| --- | --- |\n| 1 |  |") == 4
    assert count_words("Heat flows – slowly.") == 4


def test_an_edit_changes_its_own_chunk_only() -> None:
    text = "# A\n\n" + "\n\n".join(_paragraph(n, sentences=3 + n % 4) for n in range(30))
    before = set(_texts(text, divide(text, 120)))
    edited = text.replace("Sentence 1 of paragraph 14 says", "Sentence 1 of paragraph 14 states")
    assert len(set(_texts(edited, divide(edited, 120))) - before) == 1
