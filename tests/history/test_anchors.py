"""Where a passage stands: its page and its heading."""

from __future__ import annotations

from pathlib import Path

from proda.history.anchors import anchors_of, block_at, blocks
from proda.records import Span
from tests.reviewworld import SENTENCES, SOURCE, add_source, source_text

TEXT = source_text()


def _anchor(text: str, passage: str) -> str:
    block = block_at(blocks(text), text.index(passage))
    assert block is not None
    return block.anchor


def test_a_passage_has_the_page_and_the_heading_above_it() -> None:
    assert _anchor(TEXT, "A heat pump carries") == "“Heat pumps”"
    assert _anchor(TEXT, SENTENCES["condensation"]) == "page 1, “How one works”"
    assert _anchor(TEXT, SENTENCES["ice"]) == "page 2, “Frost & noise”"
    assert _anchor("Plain text.\n\nMore of it.\n", "More") == ""


def test_blocks_begin_where_they_say() -> None:
    found = blocks(TEXT)
    assert all(TEXT[block.start : block.start + len(block.text)] == block.text for block in found)
    assert [b.shown for b in found if b.kind == "page"] == ["1", "2"]
    assert [(b.level, b.shown) for b in found if b.kind == "heading"] == [(1, "Heat pumps"), (2, "How one works"), (2, "Frost & noise")]
    assert block_at(found[1:], 0) is None


def test_what_only_looks_like_an_anchor_is_text() -> None:
    assert [b.kind for b in blocks("<!-- page <b> -->\n\n#no heading\n\nsee <!-- page 3 -->\n")] == ["text"] * 3


def test_spans_of_missing_sources_have_no_anchor(tmp_path: Path) -> None:
    (tmp_path / "knowledge/sources").mkdir(parents=True)
    (tmp_path / "knowledge/sources/catalogue.yaml").write_text("sources: {}\n")
    add_source(tmp_path, TEXT)
    start = TEXT.index(SENTENCES["ice"])
    spans = {"here": Span(SOURCE, start, start + 5), "gone": Span("energy/gone", 0, 5)}
    assert anchors_of(tmp_path, spans) == {"here": "page 2, “Frost & noise”"}
