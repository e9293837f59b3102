"""What figures, tables and programs leave behind: captions, rows, listings, labels without their picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt, long_cells

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_CAPTION = re.compile(
    r"(?:\W*(?:figure|fig\.|table|plate|photo|image|video|box|panel|diagram|map|chart|graph)\s*[\dA-Z][\d.]*\b\s*"
    r"(?:[.:(|–—-]|$|(?:shows?|depicts?|illustrates?|presents?|displays?|lists?|summari[sz]es?|gives?|compares?|provides?)\b)"
    r"|\W*(?:this|the) (?:figure|image|photo(?:graph)?|diagram|map|chart|graph|table|picture|video|illustration|drawing)\s+"
    r"(?:shows?|depicts?|illustrates?|presents?|displays?|above|below)"
    r"|\W*(?:image |photo |figure )?credit\b|.*\(credit\b"
    r"|\W*(?:watch|view|click|open|listen to|explore|visit|go to|see) (?:this|the|on|at)\b.*"
    r"\b(?:video|animation|link|simulation|website|site|podcast|image|interactive|page|applet|clip)\b)",
    re.IGNORECASE,
)
_KINDS = (("table", "rows of tables"), ("code", "code"), ("equation", "equations"), ("image", "images"))
_ABOUT_CODE = re.compile(
    r"\b(?:we|us|let[’']?s|below|following|above|here|(?:this|the|these) (?:\w+ )?(?:function|method|class|code|cell|script|program"
    r"|procedure|command|snippet|example"
    r"|line|output)s?|run|print|call)\b|:$",
    re.IGNORECASE,
)
MOST = 0.7
WALKED = 0.5  # share of code from which sentences that only lead from one listing to the next count
MOST_SYMBOLS = 0.45
SHORT_LINE = 5  # words


def leftover(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Mostly tables, code, equations, captions, symbols or lines of a few words."""
    shares = {what: excerpt.share(kind) for kind, what in _KINDS}
    if shares["rows of tables"]:
        shares["rows of tables"] -= _words_in_long_cells(excerpt) / excerpt.words
    most = max(shares, key=lambda what: shares[what])
    if sum(shares.values()) >= MOST:
        return f"{shares[most]:.0%} of the words are {most}"
    if shares["code"] >= WALKED:
        about = sum(_ABOUT_CODE.search(sentence) is not None for sentence in excerpt.sentences)
        if about >= len(excerpt.sentences) / 2:
            return f"{shares['code']:.0%} of the words are code, and {about} of {len(excerpt.sentences)} sentences walk through it"
    total = sum(map(len, excerpt.sentences))
    captions = [s for s in excerpt.sentences if _CAPTION.match(s)]
    if captions and sum(map(len, captions)) >= 0.6 * total:
        return f"{len(captions)} of {len(excerpt.sentences)} sentences are captions or point to media"
    letters = sum(map(str.isalpha, excerpt.prose))
    visible = len(excerpt.prose) - excerpt.prose.count(" ") - excerpt.prose.count("\n")
    if visible > 40 and letters < (1 - MOST_SYMBOLS) * visible:
        return f"{1 - letters / visible:.0%} of the characters are no letters"
    short = [s for s in excerpt.sentences if len(s.split()) <= SHORT_LINE]
    if len(excerpt.sentences) >= 4 and len(short) >= 0.75 * len(excerpt.sentences):
        return f"{len(short)} of {len(excerpt.sentences)} lines have {SHORT_LINE} words or fewer"
    return None


def _words_in_long_cells(excerpt: Excerpt) -> int:
    start = excerpt.atoms[0].start
    tables = [excerpt.text[atom.start - start : atom.end - start] for atom in excerpt.atoms if atom.kind == "table"]
    return sum(len(cell.split()) for table in tables for cell in long_cells(table))
