"""The parts of a ZIP container (DOCX, PPTX, EPUB), read within limits.

An archive may claim to be small and unpack to anything, so sizes are checked as declared and again as read.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from proda.documents.blocks import UnreadableDocumentError

MAX_PARTS = 20_000
MAX_PART_BYTES = 64 * 1024 * 1024  # of one part that is read
MAX_BYTES = 1024 * 1024 * 1024  # of all parts as declared, images included
MAX_RATIO = 200  # unpacked to packed, of a part of more than a megabyte
_SMALL = 1024 * 1024


def opened(data: bytes) -> zipfile.ZipFile:
    """The archive, after its declared sizes are checked. Raises UnreadableDocumentError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise UnreadableDocumentError("The file is damaged: it is no complete ZIP container. Get it again.") from None
    if len(parts) > MAX_PARTS:
        raise UnreadableDocumentError(f"The container has {len(parts):,} parts; the limit is {MAX_PARTS:,}. It is not read.")
    if len({part.filename for part in parts}) != len(parts):
        raise UnreadableDocumentError("The container holds two parts of the same name. It is not read.")
    total = 0
    for part in parts:
        total += part.file_size
        if part.flag_bits & 1:
            raise UnreadableDocumentError("The container is encrypted with a password. Save a copy without one.")
        if part.file_size > _SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnreadableDocumentError(
                f"A part of {part.compress_size:,} bytes unpacks to {part.file_size:,}, as in a ZIP bomb. It is not read."
            )
    if total > MAX_BYTES:
        raise UnreadableDocumentError(f"The container unpacks to {total:,} bytes; the limit is {MAX_BYTES:,}. It is not read.")
    return archive


def part_of(archive: zipfile.ZipFile, name: str, limit: int = MAX_PART_BYTES) -> bytes:
    """The bytes of one part, at most `limit`. Raises UnreadableDocumentError if it is missing, damaged or larger."""
    try:
        with archive.open(name) as stream:
            data = stream.read(limit + 1)
    except KeyError:
        raise UnreadableDocumentError(f"The container has no part {name[:100]!r}. The file is incomplete; get it again.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise UnreadableDocumentError(f"The part {name[:100]!r} of the container is damaged. Get the file again.") from None
    if len(data) > limit:
        raise UnreadableDocumentError(f"The part {name[:100]!r} has more than {limit:,} bytes. It is not read.")
    return data
