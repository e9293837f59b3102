"""Read, write and track documents, some at a time, so that an interruption costs little.

for batch in run_ingest(root, files, "physics", details, dvc=False, dry_run=False):
    …        # batch.results: what became of each file; its sources are written
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from proda.documents.blocks import ReadDocument
from proda.documents.isolated import IsolatedReader
from proda.errors import printable
from proda.knowledge.tree import source_path
from proda.progress import Progress
from proda.workflows.dvc_tracking import is_tracked, track
from proda.workflows.ingest import Details, IngestBatch, plan_ingest, quotes_for, taken_topics, write_batch
from proda.workflows.ingest_files import MatchedFile

BATCH = 200  # files that are written together


def run_ingest(
    root: Path,
    files: Sequence[MatchedFile],
    discipline: str,
    details: Details,
    *,
    dvc: bool,
    dry_run: bool,
    ask_title: Callable[[Path, str], str] | None = None,
) -> Iterator[IngestBatch]:
    """Yield each batch after it is written; with `dry_run`, without writing it.

    With `dvc`, new sources are tracked by DVC; sources that it tracks already are tracked again after an update. Progress is shown on
    standard error.
    """
    taken = taken_topics(root, discipline)
    quotes = quotes_for(root, files)
    with IsolatedReader() as reader, Progress("ingest", len(files), "files") as progress:

        def read(path: Path) -> ReadDocument:
            try:
                return reader.read(path)
            finally:
                progress.advance(note=printable(path.name))

        for start in range(0, len(files), BATCH):
            batch = plan_ingest(root, files[start : start + BATCH], discipline, details, read, ask_title, taken, quotes)
            if not dry_run:
                write_batch(root, batch)
                new = {source_path(result.source) for result in batch.results if result.state == "new"}
                track(root, [name for name in batch.texts if is_tracked(root, name) or (dvc and name in new)])
            yield batch
