"""Files with a wrong name, and files that are empty, encrypted, compression bombs, special, or crash a parser."""

from __future__ import annotations

import faulthandler
import io
import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from proda.documents.blocks import UnreadableDocumentError
from proda.documents.isolated import IsolatedReader
from proda.documents.read import file_bytes, read_document
from proda.documents.sniff import format_of
from tests.documents import generated
from tests.documents.generated import EROSION, HEAT_PUMPS, parts_of


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.txt", b"%PDF-1.7 ...", "pdf"),
        ("a", b"\n\n%PDF-1.4", "pdf"),
        ("a.zip", archive(word__document_xml=b"<w/>"), "docx"),
        ("a.docx", archive(ppt__presentation_xml=b"<p/>"), "pptx"),
        ("a.docx", archive(**{"META-INF/container.xml": b"<c/>"}), "epub"),
        ("a.pdf", b"<!DOCTYPE html><p>x", "html"),
        ("a.txt", b"\xef\xbb\xbf<html>x", "html"),
        ("a.xml", b'<document xmlns="http://cnx.rice.edu/cnxml">', "cnxml"),
        ("a.json", b'{"cells": [], "nbformat": 4}', "ipynb"),
        ("a.MD", b"# x", "markdown"),
        ("a.tex", b"x", "tex"),
        ("a", b"\\documentclass{article}", "tex"),
        ("README", b"words", "text"),
        ("a.txt", "naïve".encode("utf-16"), "text"),
    ],
)
def test_the_content_tells_the_format(name: str, data: bytes, found: str) -> None:
    assert format_of(name, data) == found


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"", "empty"),
        ("a.md", b"\xef\xbb\xbf \n\t\n", "empty"),
        ("a.pdf", b"just words", "named .pdf, but its content is plain text"),
        ("a.py", b"print(1)", "Files named .py are not read"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Office before 2007"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted with a password"),
        ("a.rtf", b"{\\rtf1 x}", "RTF"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "Run OCR"),
        ("a.pdf", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("a.bin", b"\x7fELF\x00\x01", "binary format"),
        ("a.docx", b"PK\x03\x04 cut short", "damaged"),
        ("a.xlsx", archive(xl__workbook_xml=b"<x/>"), "Excel"),
        ("a.odt", archive(content_xml=b"<x/>", mimetype=b"application/vnd.oasis.opendocument.text"), "OpenDocument"),
        ("a.zip", archive(readme=b"x"), "ZIP archive"),
    ],
)
def test_other_files_are_refused_with_what_to_do(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=reason):
        format_of(name, data)


def test_a_part_that_explodes_is_refused_before_it_is_unpacked() -> None:
    for name, main in (("a.docx", "word/document.xml"), ("a.pptx", "ppt/presentation.xml"), ("a.epub", "META-INF/container.xml")):
        with pytest.raises(UnreadableDocumentError, match="ZIP bomb"):
            read_document(name, archive(**{main: bytes(40_000_000)}))


def test_a_part_that_lies_about_its_size_is_refused_when_it_is_read() -> None:
    data = bytearray(archive(**{"word/document.xml": bytes(3_000_000)}))
    directory = data.rindex(b"PK\x01\x02")
    for place in (directory + 24, data.index(b"PK\x03\x04") + 22):
        data[place : place + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(UnreadableDocumentError):
        read_document("a.docx", bytes(data))


def test_encrypted_and_doubled_parts_are_refused() -> None:
    data = bytearray(archive(**{"word/document.xml": b"<w/>"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableDocumentError, match="encrypted"):
        read_document("a.docx", bytes(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("word/document.xml", b"<a/>")
        packed.writestr("word/document.xml", b"<b/>")
    with pytest.raises(UnreadableDocumentError, match="same name"):
        read_document("a.docx", out.getvalue())


def test_documents_cut_or_flipped_anywhere_are_read_or_refused() -> None:
    parts = parts_of(HEAT_PUMPS)
    for name, data in (("a.docx", generated.docx(parts)), ("a.epub", generated.epub(parts)), ("a.pptx", generated.pptx(parts))):
        for share in range(1, 8):
            broken = bytearray(data)
            broken[len(data) * share // 9] ^= 0x55
            for bad in (data[: len(data) * share // 8], bytes(broken)):
                try:
                    read_document(name, bad)
                except UnreadableDocumentError:
                    continue


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for path in (tmp_path, tmp_path / "pipe.md", Path("/dev/null"), tmp_path / "missing.md"):
        with pytest.raises(UnreadableDocumentError):
            file_bytes(path)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.pdf"
    path.write_bytes(generated.pdf(parts_of(HEAT_PUMPS + EROSION), 2))
    return path


def test_the_process_reads_what_is_read_without_one(book: Path) -> None:
    with IsolatedReader() as reader:
        assert reader.read(book) == read_document(book.name, book.read_bytes())
        with pytest.raises(UnreadableDocumentError, match="empty"):
            (book.parent / "empty.md").touch()
            reader.read(book.parent / "empty.md")
        assert reader.read(book).pages >= 1


def test_a_parser_that_takes_too_long_is_ended_and_the_next_file_is_read(book: Path) -> None:
    with IsolatedReader(timeout_s=0.001) as reader:
        with pytest.raises(UnreadableDocumentError, match="was stopped"):
            reader.read(book)
        reader.timeout_s = 60.0
        assert reader.read(book).pages >= 1


@pytest.fixture
def quiet_crashes() -> Iterator[None]:
    """Without pytest's listing of the stack of a process that crashes, which would stand among the results."""
    faulthandler.disable()
    yield
    faulthandler.enable(file=sys.__stderr__)


@pytest.mark.usefixtures("quiet_crashes")
def test_a_parser_that_crashes_is_reported_and_the_next_file_is_read(book: Path, tmp_path: Path) -> None:
    (tmp_path / "long.tex").write_text(r"\section{x}" + r" text \emph{more} $x^2$ of it" * 40_000)
    with IsolatedReader() as reader:
        reader.read(book)
        process = reader._process

        def crash() -> None:
            time.sleep(0.5)
            os.kill(process.pid, signal.SIGSEGV)

        threading.Thread(target=crash).start()
        with pytest.raises(UnreadableDocumentError, match="SIGSEGV"):
            reader.read(tmp_path / "long.tex")
        assert reader.read(book).pages >= 1


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="address space is limited on Linux")
def test_a_document_that_needs_too_much_memory_is_refused(book: Path, tmp_path: Path) -> None:
    (tmp_path / "large.txt").write_text("word " * 12_000_000)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    with IsolatedReader(memory_bytes=held + 150_000_000) as reader:
        with pytest.raises(UnreadableDocumentError, match="memory"):
            reader.read(tmp_path / "large.txt")
        reader.memory_bytes = 8 << 30
        assert reader.read(book).pages >= 1
