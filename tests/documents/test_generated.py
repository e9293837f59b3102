"""Documents of every format, written from known texts, come back with their words, order and headings.

Required: at least .995 of the words in both directions, as multisets and in order, and .95 of the headings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from proda.documents.read import read_document
from proda.documents.source_text import own_title, source_text
from tests.documents import generated
from tests.documents.generated import (
    EROSION,
    HEAT_PUMPS,
    Part,
    agreement,
    headings,
    headings_of_parts,
    in_order,
    parts_of,
    words,
    words_of_parts,
)

WORDS, HEADINGS = 0.995, 0.95


def book() -> list[Part]:
    """Both texts, twice under other headings, long enough for several pages of two columns."""
    parts = parts_of(HEAT_PUMPS) + parts_of(EROSION)
    again = [part._replace(text=f"{part.text} revisited") if part.kind == "heading" else part for part in parts]
    return parts + again


def read_back(name: str, data: bytes) -> str:
    document = read_document(name, data)
    return source_text(own_title(document) or "untitled", document)


def gate(parts: Sequence[Part], source: str, title_in_text: bool = True) -> None:
    written, read = words_of_parts(parts), words(source)
    recalled, precise = agreement(written, read)
    missing, extra = Counter(written) - Counter(read), Counter(read) - Counter(written)
    assert recalled >= WORDS and precise >= WORDS, (recalled, precise, list(missing)[:20], list(extra)[:20])
    assert in_order(written, read) >= WORDS
    wanted, found = Counter(headings_of_parts(parts)), Counter(headings(source))
    same = sum((wanted & found).values())
    assert same >= HEADINGS * wanted.total() and same >= HEADINGS * found.total(), (wanted - found, found - wanted)


@pytest.mark.parametrize("bookmarks", [False, True])
@pytest.mark.parametrize("indent", [False, True])
@pytest.mark.parametrize("columns", [1, 2])
def test_pdf_with_running_heads_page_numbers_and_divided_words(columns: int, indent: bool, bookmarks: bool) -> None:
    parts = book()
    source = read_back("book.pdf", generated.pdf(parts, columns, indent=indent, bookmarks=bookmarks))
    gate(parts, source)
    assert "collected lectures" not in source
    anchors = [line for line in source.splitlines() if line.startswith("<!-- page")]
    assert len(anchors) >= 3 and anchors == sorted(anchors, key=lambda line: int(line.split()[2]))


@pytest.mark.parametrize("columns", [1, 2])
def test_paragraphs_of_a_pdf_stay_whole(columns: int) -> None:
    parts = book()
    lines = set(words_lines(read_back("book.pdf", generated.pdf(parts, columns))))
    paragraphs = [part for part in parts if part.kind == "paragraph"]
    whole = sum(" ".join(words(part.text)) in lines for part in paragraphs)
    assert whole >= 0.9 * len(paragraphs)  # a compound such as air-craft, once in the text, keeps its hyphen


def words_lines(source: str) -> list[str]:
    return [" ".join(words(line)) for line in source.splitlines()]


@pytest.mark.parametrize(
    ("name", "write"),
    [("book.docx", generated.docx), ("book.html", generated.html_page), ("book.epub", generated.epub), ("book.pptx", generated.pptx)],
)
def test_other_formats(name: str, write: Callable[[Sequence[Part]], bytes]) -> None:
    parts = book()
    if name.endswith("pptx"):  # a table stands below the text of its slide
        parts = generated.tables_last(parts)
    source = read_back(name, write(parts))
    gate(parts, source)
    if not name.endswith("pptx"):
        assert set(words_lines(source)) >= {" ".join(words(part.text)) for part in parts if part.kind == "paragraph"}


def test_tables_keep_their_cells_in_every_format() -> None:
    parts = book()
    row = "| propane | −42 °C | 3 |"
    for name, write in (("a.pdf", generated.pdf), ("a.docx", generated.docx), ("a.html", generated.html_page), ("a.epub", generated.epub)):
        assert row in read_back(name, write(parts)).splitlines(), name
    assert row in read_back("a.pptx", generated.pptx(parts)).splitlines()


def test_markdown_comes_back_as_it_is() -> None:
    source = read_back("heat.md", HEAT_PUMPS.encode())
    assert source == HEAT_PUMPS.replace("---|---|---|", "---|---|---|")


@pytest.fixture(scope="module")
def modules() -> list[Path]:
    found = sorted((generated.corpus() / "mini").rglob("*.md"))
    assert len(found) >= 30
    return found


def corpus_gate(modules: Sequence[Path], write: Callable[[Sequence[Part]], bytes], name: str) -> None:
    parts = [part for path in modules for part in parts_of(path.read_text(encoding="utf-8"))]
    gate(parts, read_back(name, write(parts)))


@pytest.mark.parametrize("columns", [1, 2])
def test_pdf_of_corpus_sections(modules: list[Path], columns: int) -> None:
    corpus_gate(modules[4:31:6], lambda parts: generated.pdf(parts, columns), "corpus.pdf")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["corpus.docx", "corpus.html", "corpus.epub", "corpus.pptx", "1.pdf", "2.pdf"])
def test_every_module_of_the_small_corpus_in_every_format(modules: list[Path], name: str) -> None:
    for path in modules:
        parts = parts_of(path.read_text(encoding="utf-8"))
        if name.endswith("pdf"):
            data = generated.pdf(parts, int(name[0]))
        else:
            parts = generated.tables_last(parts) if name.endswith("pptx") else parts
            data = {"docx": generated.docx, "html": generated.html_page, "epub": generated.epub, "pptx": generated.pptx}[name[7:]](parts)
        try:
            gate(parts, read_back(name, data))
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from None
