"""Rows → JSONL and Parquet files, one row after the other, so that no more than one batch is in memory.

    written = write_jsonl(folder / "train.jsonl", rows)     # WrittenFile(rows=4160, bytes=2_101_554, sha256="41c0…")

Equal rows give equal JSONL bytes. A file is flushed to the disk before the function returns.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from proda.exchange.sample_rows import Columns, Row
from proda.records import Record

BATCH = 5_000  # rows of a Parquet row group


class WrittenFile(Record, frozen=True):
    """A file of an export."""

    rows: int
    bytes: int
    sha256: str


def write_jsonl(path: Path, rows: Iterable[Row]) -> WrittenFile:
    """Write one JSON object a line, UTF-8. Creates parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.Encoder().encode
    digest, size, count = hashlib.sha256(), 0, 0
    with path.open("wb") as out:
        for row in rows:
            line = encode(row) + b"\n"
            out.write(line)
            digest.update(line)
            size += len(line)
            count += 1
        out.flush()
        os.fsync(out.fileno())
    return WrittenFile(count, size, digest.hexdigest())


def write_parquet(path: Path, rows: Iterable[Row], columns: Columns) -> WrittenFile:
    """Write a Parquet file with the given columns, in row groups of BATCH rows. Creates parent folders."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, _arrow(kind, pa)) for name, kind in columns.items()])
    count = 0
    with path.open("wb") as out:
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in _batches(rows):
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                count += len(batch)
        out.flush()
        os.fsync(out.fileno())
    with path.open("rb") as done:
        digest = hashlib.file_digest(done, "sha256").hexdigest()
    return WrittenFile(count, path.stat().st_size, digest)


def write_text(path: Path, text: str) -> WrittenFile:
    """Write a text file. Creates parent folders. `rows` of the result is 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return WrittenFile(0, len(data), hashlib.sha256(data).hexdigest())


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _arrow(kind: Any, pa: Any) -> Any:
    if isinstance(kind, dict):
        return pa.list_(pa.struct([(name, _arrow(inner, pa)) for name, inner in kind.items()]))
    return {"string": pa.string(), "int64": pa.int64(), "strings": pa.list_(pa.string())}[kind]
