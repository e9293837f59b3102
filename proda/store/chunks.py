"""build/curated/<discipline>/<topic>.jsonl: the chunks of one source, kept and rejected, in the order of the text.

    {"id": "3f2a9c1b7d04", "source": "physics/heat-pumps", "heading": ["Heat pumps", "How one works"], "start": 812, "end": 2011,
     "text": "…", "words": 187, "kept": true}

`proda curate` writes them, `proda extract` reads them. A chunk's id depends on its source and its text only, so that an edit elsewhere in
the document does not change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.records import Record
from proda.stable_hash import by_weight
from proda.store.files import data_files, write_file
from proda.yamlio import read_bytes

FOLDER = "build/curated"


class Chunk(Record, frozen=True):
    """A passage of a source, and whether it is worth extracting from."""

    id: str
    source: str  # "physics/heat-pumps"
    heading: tuple[str, ...]  # the headings above it, from the title down
    start: int  # code points of the source's NFC text, half-open; text == source[start:end]
    end: int
    text: str
    words: int
    kept: bool = True
    reason: str = ""  # the filter that rejected it: "exercise"
    detail: str = ""  # what the filter saw: "8 of 9 lines are numbered questions"


def chunk_id(source: str, text: str, ordinal: int = 0) -> str:
    """The id of a chunk, 12 hexadecimal digits. `ordinal` counts earlier chunks of the same source with the same text."""
    return hashlib.sha256(f"{source}\0{text}\0{ordinal or ''}".encode()).hexdigest()[:12]


def chunks_path(source: str) -> str:
    """The file of a source's chunks, relative to the repository."""
    return f"{FOLDER}/{source}.jsonl"


def save_chunks(root: Path, source: str, chunks: Sequence[Chunk]) -> bool:
    """Write the chunks of one source; returns whether the file changed."""
    return write_file(root / chunks_path(source), b"".join(msgspec.json.encode(chunk) + b"\n" for chunk in chunks))


def load_chunks(root: Path, source: str) -> tuple[Chunk, ...]:
    """The chunks of one source, in order. Raises InputError if it has not been curated, or if the file is damaged."""
    path = root / chunks_path(source)
    if not path.is_file():
        raise InputError(f"{chunks_path(source)}\n  The source has not been curated. Run `proda curate`.")
    try:
        return tuple(msgspec.json.decode(line, type=Chunk) for line in read_bytes(path, root).splitlines())
    except msgspec.DecodeError as error:
        raise InputError(f"{chunks_path(source)}\n  Not a file of chunks ({error}). Run `proda curate` to write it again.") from None


def chunks_there(root: Path, source: str) -> tuple[Chunk, ...]:
    """The chunks of one source as `load_chunks` returns them; none if it has not been curated, or if the file is damaged."""
    try:
        return load_chunks(root, source)
    except InputError:
        return ()


def rejected_sample(chunks: Iterable[Chunk], count: int) -> list[Chunk]:
    """`count` of the rejected chunks, drawn by a hash of their ids: the same ones in every run, whatever else changes."""
    return by_weight([chunk for chunk in chunks if not chunk.kept], "rejected", name=lambda chunk: chunk.id)[:count]


def curated_sources(root: Path) -> tuple[str, ...]:
    """The ids of the sources that have been curated, sorted."""
    return tuple(_source_of(path.relative_to(root / FOLDER)) for path in data_files(root / FOLDER, "*/*.jsonl"))


def prune_chunks(root: Path, sources: Iterable[str]) -> int:
    """Remove the chunks of sources other than `sources`; returns how many files were removed."""
    wanted = set(sources)
    gone = [source for source in curated_sources(root) if source not in wanted]
    for source in gone:
        (root / chunks_path(source)).unlink(missing_ok=True)
    return len(gone)


def _source_of(path: Path) -> str:
    return path.as_posix().removesuffix(".jsonl")
