"""PDF: where a heading ends, what a table is, which lines are running heads or page numbers, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from proda.documents.blocks import DocumentBlock, UnreadableDocumentError
from proda.documents.pdf.read import read_pdf
from proda.documents.source_text import source_text

TEXT = "The rail grows longer when the sun heats it and the steel has nowhere to go."


def pdf(draw: Callable[[Any], None], size: tuple[float, float] = (595.0, 842.0), **options: Any) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, **options)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def text(canvas: Any, x: float, y: float, said: str, size: float = 10, font: str = "Helvetica") -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, said)


def body(canvas: Any, y: float, lines: int = 6, x: float = 72) -> float:
    for n in range(lines):
        text(canvas, x, y - 12 * n, TEXT)
    return y - 12 * lines


def blocks(data: bytes, kind: str | None = None) -> list[DocumentBlock]:
    return [b for b in read_pdf(data).blocks if kind is None or b.kind == kind]


def test_a_heading_does_not_swallow_the_line_below() -> None:
    def draw(canvas: Any) -> None:
        text(canvas, 72, 780, "Thermal stress", 14, "Helvetica-Bold")
        text(canvas, 72, 766, "A note in bold right below", 10, "Helvetica-Bold")
        body(canvas, 750)

    found = [b.text for b in blocks(pdf(draw)) if b.kind != "page"]
    assert found[0] == "Thermal stress"
    assert found[1] == "A note in bold right below"


def test_a_heading_of_two_lines_is_one() -> None:
    def draw(canvas: Any) -> None:
        text(canvas, 72, 780, "Thermal stress in continuous", 16, "Helvetica-Bold")
        text(canvas, 72, 761, "welded rails", 16, "Helvetica-Bold")
        body(canvas, 735)

    assert [b.text for b in blocks(pdf(draw), "heading")] == ["Thermal stress in continuous welded rails"]


def test_bold_headings_in_the_size_of_the_text_need_space_above() -> None:
    def draw(canvas: Any) -> None:
        y = body(canvas, 780)
        text(canvas, 72, y - 12, "Expansion of steel", 10, "Helvetica-Bold")
        y = body(canvas, y - 26)
        text(canvas, 72, y, "Emphasised words within a paragraph of text", 10, "Helvetica-Bold")
        body(canvas, y - 12)

    assert [b.text for b in blocks(pdf(draw), "heading")] == ["Expansion of steel"]


def test_a_ruled_table_holds_no_heading_and_keeps_merged_cells() -> None:
    def draw(canvas: Any) -> None:
        y = body(canvas, 800)
        canvas.grid([72, 200, 330], [y - 60, y - 40, y - 20])
        canvas.rect(72, y - 20, 258, 18)
        text(canvas, 120, y - 15, "Metals and their densities", 14, "Helvetica-Bold")
        for n, row in enumerate((("iron", "7.9"), ("copper", "8.9"))):
            for m, cell in enumerate(row):
                text(canvas, 76 + 128 * m, y - 34 - 20 * n, cell, 12, "Helvetica-Bold")
        body(canvas, y - 90)

    data = pdf(draw)
    assert blocks(data, "heading") == []
    [table] = blocks(data, "table")
    assert table.rows == (("Metals and their densities", ""), ("iron", "7.9"), ("copper", "8.9"))


def test_a_table_without_vertical_lines_is_found_by_its_columns() -> None:
    def draw(canvas: Any) -> None:
        y = body(canvas, 800) - 20
        for n, row in enumerate(
            (("metal", "density", "use"), ("iron", "7.9", "rails"), ("copper", "8.9", "wires"), ("lead", "11.3", "weights"))
        ):
            for m, cell in enumerate(row):
                text(canvas, 72 + 120 * m, y - 14 * n, cell)
        body(canvas, y - 80)

    [table] = blocks(pdf(draw), "table")
    assert table.rows[0] == ("metal", "density", "use") and table.rows[3] == ("lead", "11.3", "weights")


def test_a_frame_around_text_is_no_table() -> None:
    def draw(canvas: Any) -> None:
        canvas.rect(60, 600, 480, 210)
        canvas.line(60, 700, 540, 700)
        canvas.line(300, 600, 300, 606)
        for start in (790, 690):
            body(canvas, start, 6)

    assert blocks(pdf(draw), "table") == []


def test_bookmarks_make_headings_with_their_levels() -> None:
    def draw(canvas: Any) -> None:
        for n, (title, level) in enumerate((("First part", 0), ("Detail", 1), ("Second part", 0))):
            y = 780 - 120 * n
            canvas.bookmarkHorizontal(title, 0, y)
            canvas.addOutlineEntry(title, title, level)
            text(canvas, 72, y, title)  # set as the text is
            body(canvas, y - 14)

    assert [(b.text, b.level) for b in blocks(pdf(draw), "heading")] == [("First part", 1), ("Detail", 2), ("Second part", 1)]


def test_powers_do_not_become_numbers_and_formulae_keep_their_digits() -> None:
    def draw(canvas: Any) -> None:
        body(canvas, 800)
        line = canvas.beginText(72, 700)
        for said, size, rise in (
            ("The charge is 1.6 × 10", 10, 0),
            ("-19", 6.5, 4),
            (" C, and water is H", 10, 0),
            ("2", 6.5, -2),
            ("O.", 10, 0),
        ):
            line.setFont("Helvetica", size)
            line.setRise(rise)
            line.textOut(said)
        canvas.drawText(line)

    assert [b.text for b in blocks(pdf(draw), "paragraph")][-1] == "The charge is 1.6 × 10⁻¹⁹ C, and water is H2O."


def test_columns_that_the_file_writes_row_by_row_are_read_one_after_the_other() -> None:
    left = [f"left line number {n} of the first column" for n in range(12)]
    right = [f"right line number {n} of the second column" for n in range(12)]

    def draw(canvas: Any) -> None:
        text(canvas, 72, 800, "A title over both of the columns of this page", 18)
        for n, (a, b) in enumerate(zip(left, right, strict=True)):
            text(canvas, 72, 760 - 12 * n, a)
            text(canvas, 310, 760 - 12 * n, b)

    said = " ".join(b.text for b in blocks(pdf(draw)) if b.text)
    assert said == f"A title over both of the columns of this page {' '.join(left)} {' '.join(right)}"


def pages(draw: Callable[[Any, int], None], count: int) -> bytes:
    def all_pages(canvas: Any) -> None:
        for number in range(1, count + 1):
            draw(canvas, number)
            if number < count:
                canvas.showPage()

    return pdf(all_pages)


def test_running_heads_and_page_numbers_go_and_the_text_at_their_height_stays() -> None:
    def draw(canvas: Any, number: int) -> None:
        text(canvas, 72, 810, f"Chapter {number} of the lectures", 8)
        text(canvas, 290, 30, f"– {number} –", 8)
        body(canvas, 780, 3)
        text(canvas, 72, 700, f"Page {number} has a text of its own: {'abcd'[number - 1] * 7} is said here.")

    data = pages(draw, 4)
    said = " ".join(b.text for b in blocks(data, "paragraph"))
    assert "lectures" not in said and "–" not in said
    assert all(f"Page {n} has a text" in said for n in range(1, 5))
    assert [b.level for b in blocks(data, "page")] == [1, 2, 3, 4]


def test_a_page_begins_between_paragraphs() -> None:
    goes_on = "and this sentence goes on to the next page where it comes to its end"

    def draw(canvas: Any, number: int) -> None:
        if number == 1:
            body(canvas, 780, 2)
            text(canvas, 72, 756, goes_on)
        else:
            text(canvas, 72, 780, "without a break.")
            body(canvas, 750, 2)

    lines = source_text("T", read_pdf(pages(draw, 2))).splitlines()[1:]
    joined = f"{TEXT} {TEXT} {goes_on} without a break."
    assert [line for line in lines if line] == ["<!-- page 1 -->", joined, "<!-- page 2 -->", f"{TEXT} {TEXT}"]


def test_a_turned_page_is_read_as_a_reader_would_turn_it() -> None:
    def draw(canvas: Any) -> None:
        canvas.rotate(90)
        canvas.translate(0, -595)
        text(canvas, 72, 560, "Landscape table of results", 16, "Helvetica-Bold")
        body(canvas, 530, 8)

    data = pdf(draw)
    assert [b.text for b in blocks(data, "heading")] == ["Landscape table of results"]
    assert blocks(data, "paragraph")[0].text.startswith(TEXT)


def test_listings_keep_their_lines() -> None:
    def draw(canvas: Any) -> None:
        body(canvas, 800)
        for n, line in enumerate(("def f(x):", "    return x + 1", "print(f(2))")):
            text(canvas, 72, 700 - 12 * n, line, 9, "Courier")
        body(canvas, 650)

    [code] = blocks(pdf(draw), "code")
    assert code.text.splitlines() == ["def f(x):", "    return x + 1", "print(f(2))"]


def test_an_encrypted_file_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="encrypted with a password"):
        read_pdf(_encrypted())


def _encrypted() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption

    def draw(canvas: Any) -> None:
        body(canvas, 800)

    return pdf(draw, encrypt=StandardEncryption("secret", canPrint=0))


def test_a_scan_without_text_is_refused() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    def draw(canvas: Any) -> None:
        canvas.drawImage(ImageReader(Image.new("RGB", (40, 40), "grey")), 0, 0, 595, 842)

    with pytest.raises(UnreadableDocumentError, match="Run OCR"):
        read_pdf(pdf(draw))


def test_pages_without_text_are_named() -> None:
    def draw(canvas: Any, number: int) -> None:
        if number != 2:
            body(canvas, 700)

    assert read_pdf(pages(draw, 3)).notes == ("Without text: page 2.",)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <</Root 1 0 R>>\n", b"%PDF-1.7" + bytes(range(256)) * 40]
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        read_pdf(data)


def test_a_file_cut_anywhere_is_read_or_refused() -> None:
    def draw(canvas: Any) -> None:
        body(canvas, 800)

    data = pdf(draw)
    for end in range(0, len(data), max(len(data) // 25, 1)):
        try:
            read_pdf(data[:end])
        except UnreadableDocumentError:
            continue


def test_the_titles_that_programs_write_are_no_titles() -> None:
    for title, wanted in (("Microsoft Word - draft7.doc", ""), ("report_final.pdf", ""), ("The physics of rails", "The physics of rails")):

        def draw(canvas: Any, title: str = title) -> None:
            canvas.setTitle(title)
            body(canvas, 800)

        assert read_pdf(pdf(draw)).title == wanted
