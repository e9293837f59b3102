"""The text of one source → its chunks, each with the first reason to reject it and what finds its copies.

    judged = curate_text(text, CurateSettings())
    judged[0].reason                                  # "objectives"; empty: no filter rejects it

Nothing here looks at other sources or at files, so the result can be kept for as long as the text and the settings stay the same.
"""

from __future__ import annotations

import msgspec

from proda.curation.chunking import divide
from proda.curation.excerpt import excerpt_of
from proda.curation.filtering import rejection
from proda.curation.near_duplicates import Fingerprint, fingerprints
from proda.document_settings import CurateSettings


class JudgedChunk(msgspec.Struct, frozen=True):
    """A chunk after the filters, before it is compared with others."""

    heading: tuple[str, ...]
    start: int  # code points
    end: int
    words: int
    reason: str = ""
    detail: str = ""
    fingerprint: Fingerprint | None = None  # of a chunk that no filter rejects


def curate_text(text: str, settings: CurateSettings) -> list[JudgedChunk]:
    """The chunks of `text` in order. `text` must be in NFC with line feeds. A pure function of its arguments."""
    judged: list[JudgedChunk] = []
    for piece in divide(text, settings.chunk_words):
        reason, detail = rejection(excerpt_of(text, piece), settings) or ("", "")
        judged.append(JudgedChunk(piece.heading, piece.start, piece.end, piece.words, reason, detail))
    passed = [n for n, chunk in enumerate(judged) if not chunk.reason]
    prints = fingerprints([text[judged[n].start : judged[n].end] for n in passed], settings.max_similarity)
    for n, found in zip(passed, prints, strict=True):
        judged[n] = msgspec.structs.replace(judged[n], fingerprint=found)
    return judged
