"""Text of an import → a paragraph of a Markdown source, without blocks, tags, links and images.

paragraph("# <b>Heat</b>\\n* [x](http://y)")      "\\\\# &lt;b>Heat&lt;/b> * \\\\[x](http://y)"
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from proda.exchange.found import one_line

# What begins a block at the start of a line: a heading, quotation, list, rule, table, code fence, or a comment such as a page anchor.
_BLOCK = re.compile(r"^(?:#{1,6}(?=\s|$)|>|[-+*](?=\s)|(?:[-_*=]\s*){3,}$|\||```|~~~|:::|\d{1,9}[.)](?=\s))")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"(!?)\[(?=[^\]]*\][(\[:])")


def paragraph(text: str) -> str:
    """Return a text as one line that Markdown reads as plain text: no heading, list, tag, link or image."""
    line = _LINK.sub(_escaped, _TAG.sub("&lt;", one_line(text)))
    if hit := _BLOCK.match(line):
        digits = re.match(r"\d+", hit[0])
        place = digits.end() if digits else 0
        line = f"{line[:place]}\\{line[place:]}"
    return line


def source_text(title: str, paragraphs: Iterable[str]) -> str:
    """Return the Markdown of a source: its title, then one paragraph a line. Paragraphs are as `paragraph` returns them."""
    return "\n\n".join([f"# {one_line(title).lstrip('# ') or 'Untitled'}", *paragraphs]) + "\n"


def _escaped(link: re.Match[str]) -> str:
    return f"\\{link[1]}\\[" if link[1] else "\\["
