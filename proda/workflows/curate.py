"""knowledge/sources → build/curated: every source of the catalogue divided into chunks, each kept or rejected with its reason.

    report = curate(Path("."))
    report.compression                                # 1.4: words in the sources for each word that is kept

A source whose text and settings are the same as before is not read through the filters again (build/cache/curate). Copies are searched
among all sources in every run; the chunk that comes first by source id and position is kept. A file is written only if it changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from proda.curation.curation import JudgedChunk, curate_text
from proda.curation.judge import REASON, Judge
from proda.curation.many_sources import curate_texts
from proda.curation.near_duplicates import Fingerprint, repeated
from proda.document_settings import CurateSettings
from proda.errors import InputError, NotFoundError, closest
from proda.findings import Finding, report_text
from proda.knowledge.read_topic import read_source
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.records import Record
from proda.store.cached import read_cached, write_cached
from proda.store.chunks import Chunk, chunk_id, prune_chunks, save_chunks
from proda.store.code_version import cache_key

CACHE = "build/cache/curate"
WRITERS = 8  # threads; each waits for the disk
NO_PRINT = Fingerprint("", "")


class CuratedSource(Record, frozen=True):
    """One source and its chunks."""

    source: str
    words: int  # in the whole text
    chunks: tuple[Chunk, ...]

    @property
    def kept_words(self) -> int:
        """Words in the chunks that are kept."""
        return sum(chunk.words for chunk in self.chunks if chunk.kept)


class CurationReport(Record, frozen=True):
    """What a run decided and did."""

    sources: tuple[CuratedSource, ...]  # those that were asked for, by id
    read: int  # sources that went through the filters in this run; the others were in the cache
    written: int  # files of chunks that changed
    removed: int  # files of chunks whose source is gone
    unlisted: tuple[str, ...]  # sources without a catalogue entry, which are left out

    @property
    def words(self) -> int:
        """Words in the sources."""
        return sum(found.words for found in self.sources)

    @property
    def kept_words(self) -> int:
        """Words in the chunks that are kept."""
        return sum(found.kept_words for found in self.sources)

    @property
    def compression(self) -> float | None:
        """Words in the sources for each word that is kept; None if none is."""
        return self.words / self.kept_words if self.kept_words else None


class _Text(msgspec.Struct, frozen=True):
    text: str
    sha256: str


class _Remembered(msgspec.Struct, frozen=True):
    sha256: str  # of the text that the chunks were made from
    chunks: list[JudgedChunk]


def curate(
    root: Path,
    settings: CurateSettings,
    only: Sequence[str] = (),
    *,
    write: bool = True,
    judge: Judge | None = None,
    processes: int | None = None,
) -> CurationReport:
    """Curate the sources of the catalogue; write the chunks of those in `only`, or of all.

    With `write` off, neither chunks nor the cache are written. `processes` defaults to the number of cores. Raises InputError if the
    catalogue or a source cannot be read, or if the settings ask for a judge and none is given; NotFoundError for a source in `only` that
    the catalogue does not list.
    """
    if settings.judge != "none" and judge is None:
        raise InputError(
            f"documents.yaml  curate.judge\n  Got '{settings.judge}', and no judge was given. Nothing was curated."
            " Set judge: none; the cheap filters then decide alone."
        )
    texts, unlisted = _texts(root)
    for source in only:
        if source not in texts:
            close = closest(source, texts)
            raise NotFoundError(
                f"'{source}' is not the id of a source. " + (f"Did you mean '{close}'?" if close else f"Sources are listed in {CATALOGUE}.")
            )
    judged, read = _judged(root, texts, settings, write, processes)
    chunks = _chunks(texts, judged)
    _without_copies(chunks, judged, settings.max_similarity)
    if judge is not None:
        _judge(chunks, judge)
    wanted = sorted(set(only)) if only else sorted(texts)
    found = tuple(CuratedSource(source, len(texts[source].text.split()), tuple(chunks[source])) for source in wanted)
    written = removed = 0
    if write:
        with ThreadPoolExecutor(WRITERS) as pool:
            written = sum(pool.map(lambda each: save_chunks(root, each.source, each.chunks), found))
        removed = 0 if only else prune_chunks(root, texts)
    return CurationReport(found, read, written, removed, unlisted)


def counts_by_reason(chunks: Sequence[Chunk]) -> dict[str, tuple[int, int]]:
    """Reason → (chunks, words), most words first; the chunks that are kept stand under the empty reason, and come first."""
    number: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for chunk in chunks:
        number[chunk.reason] += 1
        words[chunk.reason] += chunk.words
    return {reason: (number[reason], words[reason]) for reason in sorted(number, key=lambda r: (r != "", -words[r], r))}


def _texts(root: Path) -> tuple[dict[str, _Text], tuple[str, ...]]:
    """The texts of the sources that the catalogue lists, by id, and the sources that it does not list."""
    vocabulary = read_vocabulary(root)
    if vocabulary.catalogue is None:
        faults = [fault for fault in vocabulary.findings if fault.file == CATALOGUE]
        raise InputError(report_text(faults) or f"{CATALOGUE}\n  Cannot be read. Run `proda check`.", tuple(faults))
    there = scan(root).sources
    texts: dict[str, _Text] = {}
    faults = []
    for source in sorted(vocabulary.catalogue.sources):
        file = source_path(source)
        if source.count("/") != 1:
            faults.append(Finding(CATALOGUE, 0, f"sources.{source}", "curate", "Not an id like physics/heat. Rename the source."))
            continue
        text = read_source(root / file, root) if source in there else None
        if text is None:
            faults.append(
                Finding(file, 0, "", "curate", "The catalogue lists this source, and there is no such file. Add it, or remove the entry.")
            )
        elif text.text is None:
            faults.append(Finding(file, 0, "", "curate", text.refusal))
        else:
            texts[source] = _Text(text.text, text.sha256)
    if faults:
        raise InputError(f"{report_text(faults)}\nNothing was curated.", tuple(faults))
    return texts, tuple(sorted(there.keys() - texts.keys()))


def _judged(
    root: Path, texts: Mapping[str, _Text], settings: CurateSettings, write: bool, processes: int | None
) -> tuple[dict[str, list[JudgedChunk]], int]:
    """Source → its chunks after the filters, from the cache where that is possible; and how many were not in the cache."""
    settings = msgspec.structs.replace(settings, judge="none")  # it comes later
    key = cache_key(curate_text, settings)
    disciplines: defaultdict[str, list[str]] = defaultdict(list)
    for source in texts:
        disciplines[source.partition("/")[0]].append(source)
    files = {discipline: root / CACHE / f"{discipline}-{key}.json" for discipline in disciplines}
    known = {discipline: read_cached(file, dict[str, _Remembered]) or {} for discipline, file in files.items()}
    judged: dict[str, list[JudgedChunk]] = {}
    todo: list[str] = []
    for source, text in texts.items():
        old = known[source.partition("/")[0]].get(source)
        if old is not None and old.sha256 == text.sha256:
            judged[source] = old.chunks
        else:
            todo.append(source)
    judged.update(curate_texts({source: texts[source].text for source in todo}, settings, processes))
    for discipline, sources in disciplines.items():
        if write and (set(sources) & set(todo) or known[discipline].keys() != set(sources)):
            write_cached(files[discipline], {source: _Remembered(texts[source].sha256, judged[source]) for source in sources})
    return judged, len(todo)


def _chunks(texts: Mapping[str, _Text], judged: Mapping[str, list[JudgedChunk]]) -> dict[str, list[Chunk]]:
    """Source → its chunks with ids and texts, sources sorted."""
    made: dict[str, list[Chunk]] = {}
    for source in sorted(texts):
        seen: Counter[str] = Counter()
        made[source] = []
        for found in judged[source]:
            text = texts[source].text[found.start : found.end]
            name = chunk_id(source, text, seen[text])
            seen[text] += 1
            made[source].append(
                Chunk(
                    id=name,
                    source=source,
                    heading=found.heading,
                    start=found.start,
                    end=found.end,
                    text=text,
                    words=found.words,
                    kept=not found.reason,
                    reason=found.reason,
                    detail=found.detail,
                )
            )
    return made


def _without_copies(chunks: dict[str, list[Chunk]], judged: Mapping[str, list[JudgedChunk]], max_similarity: float) -> None:
    """Reject, in place, each kept chunk that repeats an earlier one of any source."""
    places = [(source, n) for source, made in chunks.items() for n, chunk in enumerate(made) if chunk.kept]
    prints = [judged[source][n].fingerprint or NO_PRINT for source, n in places]
    copies = repeated(prints, [chunks[source][n].text for source, n in places], max_similarity)
    for index, copy in copies.items():
        source, n = places[index]
        first = chunks[places[copy.of][0]][places[copy.of][1]]
        reason = "duplicate" if copy.similarity == 1 else "near-duplicate"
        same = "the same words as" if copy.similarity == 1 else f"{copy.similarity:.0%} of the 5-word sequences of both are shared with"
        chunks[source][n] = _rejected(chunks[source][n], reason, f"{same} {first.id} in {first.source}")


def _judge(chunks: dict[str, list[Chunk]], judge: Judge) -> None:
    """Reject, in place, the kept chunks that the judge refuses."""
    places = [(source, n) for source, made in chunks.items() for n, chunk in enumerate(made) if chunk.kept]
    answers = judge([chunks[source][n] for source, n in places])
    for (source, n), answer in zip(places, answers, strict=True):
        if answer is not None:
            chunks[source][n] = _rejected(chunks[source][n], REASON, answer)


def _rejected(chunk: Chunk, reason: str, detail: str) -> Chunk:
    return msgspec.structs.replace(chunk, kept=False, reason=reason, detail=detail)
