"""build/knowledge → items, in several processes if there is much of it. The result does not depend on their number.

    items_in_parts(Path("build/knowledge"), seed=0, sealed_share=0.2)       # what `write_items` returns

This module is the worker too: it reads the knowledge, writes the items of its part, and answers with them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from proda.graph import Knowledge
from proda.records import Item
from proda.runtime.piped import piped, worker_count, write_frame
from proda.tester.items import WHOLE, ItemsPart, write_items

POOL_FROM = 20_000_000  # bytes of compiled knowledge; below this number, starting processes takes longer than they save
FRAME = 200  # items in a frame


class _Order(msgspec.Struct, frozen=True):
    folder: str
    stamps: list[tuple[str, int, int]]
    seed: int
    sealed_share: float
    part: ItemsPart


def items_in_parts(folder: Path, *, seed: int, sealed_share: float, jobs: int | None = None) -> list[Item]:
    """Return the items of the compiled knowledge in `folder`, sorted by id.

    `jobs` is the number of processes (default: the number of cores, at most eight). Each holds the whole knowledge. Raises NotFoundError
    without compiled knowledge, and ProdaError if a process fails.
    """
    stamps = _stamps(folder)
    count = worker_count() if jobs is None else jobs
    if count < 2 or sum(size for _, size, _ in stamps) < POOL_FROM:
        return write_items(Knowledge.load(folder), seed=seed, sealed_share=sealed_share, part=WHOLE)
    orders = [_Order(str(folder.resolve()), stamps, seed, sealed_share, ItemsPart(number, count)) for number in range(count)]
    decoder = msgspec.msgpack.Decoder(list[Item])
    frames = piped("proda.tester.items_in_parts", [msgspec.msgpack.encode(order) for order in orders], "the items")
    return sorted((item for frame in frames for item in decoder.decode(frame)), key=lambda item: item.id)


def _stamps(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of the files of the knowledge: all processes have to read the same."""
    found = [(path.name, path.stat()) for path in sorted(folder.glob("*.json*"))]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in found]


def _work(orders: BinaryIO, frames: BinaryIO) -> None:
    """Run a worker."""
    order = msgspec.msgpack.decode(orders.read(), type=_Order)
    folder = Path(order.folder)
    knowledge = Knowledge.load(folder)
    if _stamps(folder) != order.stamps:
        sys.exit(f"{folder}\n  The compiled knowledge changed while items were written. Run again.")
    items = write_items(knowledge, seed=order.seed, sealed_share=order.sealed_share, part=order.part)
    for start in range(0, len(items), FRAME):
        write_frame(frames, msgspec.msgpack.encode(items[start : start + FRAME]))


if __name__ == "__main__":
    _work(sys.stdin.buffer, sys.stdout.buffer)
