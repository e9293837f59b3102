"""Which format a file has, by its content; its name decides only between formats that are plain text.

format_of("report.txt", b"%PDF-1.7 …")      # "pdf": the content counts
format_of("notes.md", b"# Notes")           # "markdown"
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from proda.documents.blocks import UnreadableDocumentError
from proda.documents.xml import decoded_markup

# Suffix → format; a folder is searched for these.
SUFFIXES = {
    ".pdf": "pdf", ".docx": "docx", ".pptx": "pptx", ".epub": "epub", ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown",
    ".markdown": "markdown", ".mdown": "markdown", ".myst": "markdown", ".txt": "text", ".text": "text", ".ipynb": "ipynb", ".tex": "tex",
    ".ltx": "tex", ".cnxml": "cnxml",
}  # fmt: skip
_BINARY = ("pdf", "docx", "pptx", "epub")
_NAMES = "PDF, DOCX, PPTX, EPUB, HTML, Markdown, text, notebooks, LaTeX and CNXML"
_RTF = "The file is RTF. Save it as DOCX."
_OLD_OFFICE = "The file is in the format of Office before 2007. Save it as DOCX or PPTX."
_OPEN_DOCUMENT = "The file is in an OpenDocument format. Save it as DOCX or PPTX."
_WORKBOOK = "The file is a workbook of Excel. Save the text that it holds as DOCX, HTML or Markdown."
# Suffix → why a document of that name is not read, and what to do; for folders, where such files are not opened.
REFUSED = {
    ".rtf": _RTF, ".doc": _OLD_OFFICE, ".dot": _OLD_OFFICE, ".ppt": _OLD_OFFICE, ".xls": _OLD_OFFICE, ".odt": _OPEN_DOCUMENT,
    ".ott": _OPEN_DOCUMENT, ".odp": _OPEN_DOCUMENT, ".ods": _OPEN_DOCUMENT, ".xlsx": _WORKBOOK,
}  # fmt: skip
# First bytes of files that hold no text to read → what they are and what to do.
_OTHERS = (
    (b"{\\rtf", _RTF),
    (b"\x89PNG", "The file is an image. Run OCR on it and ingest the result."),
    (b"\xff\xd8\xff", "The file is an image. Run OCR on it and ingest the result."),
    (b"GIF8", "The file is an image. Run OCR on it and ingest the result."),
    (b"II*\x00", "The file is an image. Run OCR on it and ingest the result."),
    (b"MM\x00*", "The file is an image. Run OCR on it and ingest the result."),
    (b"\x1f\x8b", "The file is compressed (gzip). Unpack it first."),
    (b"7z\xbc\xaf", "The file is an archive (7z). Unpack it first."),
    (b"Rar!", "The file is an archive (RAR). Unpack it first."),
    (b"BZh", "The file is compressed (bzip2). Unpack it first."),
    (b"\xfd7zXZ", "The file is compressed (xz). Unpack it first."),
    (b"%!PS", "The file is PostScript. Convert it to PDF."),
    (b"AT&TFORM", "The file is DjVu. Convert it to PDF."),
    (b"version https://git-lfs", "The file is a pointer of Git LFS, not the document. Run `git lfs pull`."),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_CNXML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<document\b[^>]*cnx\.rice\.edu/cnxml", re.DOTALL)
_TEX = re.compile(r"\\documentclass|\\begin\{document\}|\\chapter\{|\\section\*?\{")
_HEAD = 4096


def format_of(name: str, data: bytes) -> str:
    """The format of a file, one of the values of SUFFIXES. Raises UnreadableDocumentError, with the reason, for any other."""
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise UnreadableDocumentError("The file is empty. Get it again.")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_archive(data)
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise UnreadableDocumentError("The file is encrypted with a password. Save a copy without one.")
        raise UnreadableDocumentError(_OLD_OFFICE)
    for start, reason in _OTHERS:
        if data.startswith(start):
            raise UnreadableDocumentError(reason)
    if b"\0" in data[:_HEAD] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableDocumentError(f"The file is in a binary format that is not known here. Formats: {_NAMES}.")
    return _of_text(PurePath(name).suffix.lower(), decoded_markup(data[: 16 * _HEAD])[:_HEAD])


def _of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise UnreadableDocumentError("The file is damaged: it is no complete ZIP container. Get it again.") from None
    if "word/document.xml" in names or any(name.startswith("word/document") for name in names):
        return "docx"
    if "ppt/presentation.xml" in names:
        return "pptx"
    if "META-INF/container.xml" in names:
        return "epub"
    if any(name.startswith("xl/") for name in names):
        raise UnreadableDocumentError(_WORKBOOK)
    if "content.xml" in names and "mimetype" in names:
        raise UnreadableDocumentError(_OPEN_DOCUMENT)
    if any("EncryptedPackage" in name for name in names):
        raise UnreadableDocumentError("The file is encrypted with a password. Save a copy without one.")
    raise UnreadableDocumentError("The file is a ZIP archive. Unpack it and give the documents in it.")


def _of_text(suffix: str, head: str) -> str:
    named = SUFFIXES.get(suffix)
    if _CNXML.match(head):
        return "cnxml"
    if _HTML.match(head):
        return "html"
    start = head.lstrip("\ufeff \t\r\n")
    if named == "ipynb" or (start.startswith("{") and ('"nbformat"' in head or '"cells"' in head)):
        return "ipynb"
    if named in _BINARY:
        raise UnreadableDocumentError(f"The file is named {suffix}, but its content is plain text. Rename it, or get the document again.")
    if named:
        return named
    if _TEX.search(head):
        return "tex"
    if not suffix:
        return "text"
    raise UnreadableDocumentError(f"Files named {suffix[:20]} are not read. Formats: {_NAMES}.")
