"""Make the entries of many topic files, on several cores for many files. The result does not depend on the number of processes.

A worker is this module (see proda/runtime/piped.py): it reads files and sources, and answers with packed entries.
"""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from proda.errors import InputError
from proda.findings import Finding
from proda.knowledge.entry import Entry
from proda.knowledge.read_topic import make_entry, read_source
from proda.knowledge.rules.ids import SOURCE
from proda.knowledge.rules.rule import SourceText
from proda.knowledge.tree import source_path
from proda.records import Relation
from proda.runtime.piped import piped, worker_count, write_frame
from proda.yamlio import read_bytes

POOL_FROM = 200  # files; below this number, starting processes takes longer than they save


class Job(msgspec.Struct, frozen=True):
    """A topic file to read. `known` is the hash of the content whose entry is still valid; empty if there is none."""

    file: str
    known: bytes = b""


class _Order(msgspec.Struct, frozen=True):
    """The input of a worker."""

    root: str
    relations: dict[str, Relation]
    jobs: list[Job]


def make_entries(root: Path, jobs: Sequence[Job], relations: dict[str, Relation], processes: int | None) -> Iterator[Entry]:
    """Yield the entry of each job, in any order; a file whose content is the known one has none.

    `processes` defaults to the number of cores, at most eight. Raises ProdaError if a worker process fails.
    """
    count = processes if processes is not None else worker_count()
    if count < 2 or len(jobs) <= POOL_FROM:
        yield from _made(_Order(str(root), relations, list(jobs)))
        return
    orders = [_Order(str(root.resolve()), relations, list(jobs[i::count])) for i in range(count)]
    decoder = msgspec.msgpack.Decoder(Entry)
    for frame in piped("proda.knowledge.fanout", [msgspec.msgpack.encode(order) for order in orders], "the check"):
        yield decoder.decode(frame)


def _work(orders: BinaryIO, frames: BinaryIO) -> None:
    """Run a worker. Documents hold no reference cycles, so garbage collection would only take time."""
    gc.disable()
    for entry in _made(msgspec.msgpack.decode(orders.read(), type=_Order)):
        write_frame(frames, msgspec.msgpack.encode(entry))


def _made(order: _Order) -> Iterator[Entry]:
    root = Path(order.root)

    @lru_cache(64)
    def source(name: str) -> SourceText | None:
        return read_source(root / source_path(name), root) if SOURCE.fullmatch(name) else None

    for job in order.jobs:
        try:
            data = read_bytes(root / job.file, root)
        except InputError as error:
            found = [f for f in error.findings if isinstance(f, Finding)]
            yield Entry(job.file, b"", False, tuple(msgspec.structs.replace(f, file=job.file) for f in found))
            continue
        if not job.known or hashlib.sha256(data).digest() != job.known:
            yield make_entry(job.file, data, order.relations, source)


if __name__ == "__main__":
    _work(sys.stdin.buffer, sys.stdout.buffer)
