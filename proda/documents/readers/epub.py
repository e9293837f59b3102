"""A book (EPUB) → blocks: the chapters that its package file lists, in that order."""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from proda.documents.archive import opened, part_of
from proda.documents.blocks import DocumentBlock, ReadDocument, UnreadableDocumentError
from proda.documents.characters import one_line
from proda.documents.readers.html import html_blocks
from proda.documents.xml import html_tree, local, xml_tree

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # they disguise fonts, not text
_TEXT_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
MAX_CHAPTERS = 5_000


def read_epub(data: bytes) -> ReadDocument:
    """The blocks of an EPUB file. Raises UnreadableDocumentError if it is damaged or protected."""
    archive = opened(data)
    names = set(archive.namelist())
    if _ENCRYPTION in names:
        _refuse_protected(xml_tree(part_of(archive, _ENCRYPTION)))
    package = next((e.get("full-path") for e in xml_tree(part_of(archive, _CONTAINER)).iter() if local(e) == "rootfile"), None)
    if not package:
        raise UnreadableDocumentError("The book names no package file. Get it again.")
    root = xml_tree(part_of(archive, package))
    title = next((one_line(e.text or "") for e in root.iter() if local(e) == "title"), "")
    chapters = _chapters(root, posixpath.dirname(package))
    if len(chapters) > MAX_CHAPTERS:
        raise UnreadableDocumentError(f"The book lists {len(chapters):,} chapters; the limit is {MAX_CHAPTERS:,}. It is not read.")
    blocks: list[DocumentBlock] = []
    missing = 0
    for name in chapters:
        if name in names:
            blocks += _chapter(archive, name)
        else:
            missing += 1
    notes = (f"{missing} of {len(chapters)} chapters are listed and missing.",) if missing else ()
    return ReadDocument("epub", tuple(blocks), title, 0, notes)


def _chapter(archive: zipfile.ZipFile, name: str) -> list[DocumentBlock]:
    tree = html_tree(part_of(archive, name))
    return html_blocks(next((e for e in tree.iter() if local(e) == "body"), tree))


def _chapters(package: Any, folder: str) -> list[str]:
    """The paths of the chapters in reading order, without the table of contents."""
    manifest: dict[str, Any] = {e.get("id"): e for e in package.iter() if local(e) == "item"}
    found: list[str] = []
    for reference in (e for e in package.iter() if local(e) == "itemref" and e.get("linear") != "no"):
        item = manifest.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _TEXT_TYPES or "nav" in (item.get("properties") or "").split():
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote((item.get("href") or "").partition("#")[0])))
        if path not in found:
            found.append(path)
    return found


def _refuse_protected(encryption: Any) -> None:
    methods = {e.get("Algorithm") for e in encryption.iter() if local(e) == "encryptionmethod"}
    if methods - set(_FONT_ONLY):
        raise UnreadableDocumentError("The book is protected (DRM). Use a copy without protection.")
