"""The pinned reading: sentences of the sources that no statement quotes, frozen so that the embedded base does not change with them.

samples/base/reading.yaml holds, for each source, the sha256 of the text that was read and the sentences that were kept. The base learns
its words from them, and no fact that the benchmark asks for. Editing or adding a source changes nothing here; `proda reading` writes the
list again, and then the base is trained again.

    sources:
      - source: physics/thermal-expansion
        sha256: 41c0…
        sentences: ["Engineers who lay railway track leave gaps …", …]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.yamlio import load_as

PATH = Path("samples/base/reading.yaml")
# A full stop, then a space and a capital letter, a digit or a quotation mark. "e.g. the" and "3.5" stay whole.
SENTENCE_END = re.compile(r"(?<=[.!?])[)”\"]?\s+(?=[A-Z0-9“\"(])")


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences kept of one source."""

    source: str
    sha256: str
    sentences: tuple[str, ...]


class ReadingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    sources: tuple[Reading, ...]


def load_reading(path: Path = PATH) -> tuple[Reading, ...]:
    """The pinned reading, in file order. Raises InputError if it is missing or malformed."""
    if not path.is_file():
        raise InputError(f"{path}\n  The pinned reading is missing. Write it with `proda reading`.")
    return load_as(path, ReadingFile).sources


def unquoted_sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Sentences of a source that overlap none of the quoted spans (half-open, code points), without headings, in order."""
    kept: list[str] = []
    start = 0
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            at = start
            for sentence in SENTENCE_END.split(line):
                begin = text.index(sentence, at)
                at = begin + len(sentence)
                if sentence.strip() and not any(a < at and begin < b for a, b in spans):
                    kept.append(sentence.strip())
        start += len(line) + 1
    return kept


def pin(texts: Mapping[str, tuple[str, str]], spans: Mapping[str, Sequence[tuple[int, int]]]) -> list[Reading]:
    """The pinned reading of `texts` (source id → sha256 and text), given the quoted `spans` of each source; sorted by source."""
    return [Reading(source, sha, tuple(unquoted_sentences(text, spans.get(source, ())))) for source, (sha, text) in sorted(texts.items())]
