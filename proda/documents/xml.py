"""XML and HTML → an lxml tree, without loading, expanding or looking up anything that the document names."""

from __future__ import annotations

import html.entities
import re
from typing import Any

from proda.documents.blocks import UnreadableDocumentError

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_OWN = ("amp", "lt", "gt", "quot", "apos")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENCODING = re.compile(rb"(?:<\?xml[^>]{0,200}encoding|<meta[^>]{0,200}charset)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_SELF_CLOSED = re.compile(r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)([A-Za-z][\w:-]*)((?:\s[^<>]*)?)/>")


def xml_tree(data: bytes | str) -> Any:
    """The root of an XML document. Raises UnreadableDocumentError if it is not well formed, or nested too deeply."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data.encode() if isinstance(data, str) else data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocumentError(f"Not well-formed XML ({' '.join(str(error).split())[:120]}). Repair the file.") from None
    if root is None:
        raise UnreadableDocumentError("The file holds no XML element. Get it again.")
    return root


def html_tree(data: bytes | str) -> Any:
    """The root of an HTML or XHTML document. Raises UnreadableDocumentError if it holds no element."""
    from lxml import etree
    from lxml import html as lxml_html

    text = data if isinstance(data, str) else decoded_markup(data)
    if _DECLARATION.match(text) or 'xmlns="http://www.w3.org/1999/xhtml"' in text[:2000]:
        plain = _DOCTYPE.sub("", _DECLARATION.sub("", text), count=1)
        try:
            return xml_tree(_NAMED.sub(_character, plain))
        except UnreadableDocumentError:
            text = _SELF_CLOSED.sub(r"<\1\2></\1>", plain)
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise UnreadableDocumentError("The HTML holds no text. Check that this is the page that was meant.") from None
    return root


def decoded_markup(data: bytes) -> str:
    """Bytes as text, in the encoding that a byte-order mark, an XML declaration or a `meta` element names; else UTF-8 or Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    named = _ENCODING.search(data[:4096])
    for encoding in (named[1].decode("ascii") if named else "utf-8", "utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def local(element: Any) -> str:
    """The name of an element without its namespace, in lower case; empty for comments and references to entities."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name in _XML_OWN:
        return found[0]
    character = html.entities.html5.get(f"{name};")
    return "".join(f"&#{ord(c)};" for c in character) if character else ""
