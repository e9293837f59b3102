"""The texts of many sources → the chunks of each, in parallel processes if there is enough to do.

    dict(curate_texts({"physics/heat": text}, CurateSettings()))     # {"physics/heat": [JudgedChunk(…), …]}

If the parent dies, also by kill -9, its processes end too.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping

from proda.curation.curation import JudgedChunk, curate_text
from proda.document_settings import CurateSettings
from proda.errors import ProdaError
from proda.progress import Progress

POOL_FROM = 3_000_000  # characters from which processes pay: starting them takes about a second
BATCH = 200_000  # characters that a process takes at a time


def curate_texts(
    texts: Mapping[str, str], settings: CurateSettings, processes: int | None = None
) -> Iterator[tuple[str, list[JudgedChunk]]]:
    """Yield each source with its chunks, in the order of `texts`.

    `processes` defaults to the number of cores if there are `POOL_FROM` characters or more, and else to one. The result does not depend
    on it. Raises ProdaError if a process ends early.
    """
    if processes is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        processes = cores if sum(map(len, texts.values())) >= POOL_FROM else 1
    with Progress("curate", total=len(texts), unit="sources") as progress:
        found = _side_by_side(texts, settings, processes) if processes > 1 else _one_by_one(texts, settings)
        for source, chunks in found:
            progress.advance()
            yield source, chunks


def _one_by_one(texts: Mapping[str, str], settings: CurateSettings) -> Iterator[tuple[str, list[JudgedChunk]]]:
    for source, text in texts.items():
        yield source, curate_text(text, settings)


def _side_by_side(texts: Mapping[str, str], settings: CurateSettings, processes: int) -> Iterator[tuple[str, list[JudgedChunk]]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    batches = _batches(texts)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(batches) or 1), context, _start, (os.getpid(),)) as pool:
        try:
            work = [pool.submit(_curate_batch, [texts[source] for source in batch], settings) for batch in batches]
            for batch, future in zip(batches, work, strict=True):
                yield from zip(batch, future.result(), strict=True)
        except BrokenProcessPool:
            raise ProdaError(
                "A worker process of the curation ended early, perhaps for lack of memory. Nothing was written. Run the command again."
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _curate_batch(texts: list[str], settings: CurateSettings) -> list[list[JudgedChunk]]:
    return [curate_text(text, settings) for text in texts]


def _batches(texts: Mapping[str, str]) -> list[list[str]]:
    """The sources in groups of about `BATCH` characters, in order."""
    batches: list[list[str]] = []
    size = BATCH
    for source, text in texts.items():
        if size >= BATCH:
            batches.append([])
            size = 0
        batches[-1].append(source)
        size += len(text)
    return batches


def _start(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it too, and ends its processes
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """End this process when its parent is gone, also when the parent was killed."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
