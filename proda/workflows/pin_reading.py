"""Sources and knowledge → the pinned reading of the embedded base: the sentences of the sources that no statement quotes.

Passages that `proda curate` rejects because of their type (lists of learning objectives, glossaries, exercises, …) are left out, and so are
tables, equations, code, images and comments. Passages that are only too short, or explain too little, are read: the base needs the words.

readings = pinned_reading(root)
readings[0].sentences        # ("Engineers who lay railway track leave gaps …", …), of the first source
save_reading(root, readings) # samples/base/reading.yaml
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from proda.curation.blocks import TextBlock, blocks_of
from proda.curation.chunking import divide
from proda.curation.excerpt import excerpt_of
from proda.curation.filtering import rejection
from proda.document_settings import CurateSettings, load_document_settings
from proda.errors import InputError
from proda.findings import errors_of
from proda.graph import Knowledge
from proda.knowledge.compile import check_knowledge
from proda.knowledge.read_topic import read_source
from proda.knowledge.tree import RELATIONS, source_path
from proda.language.folding import words
from proda.store.files import write_file
from proda.store.reading import PATH, Reading, pin
from proda.store.relations import load_relations
from proda.workflows.would_be import compiled_topics
from proda.yamlio import dump_yaml

MOST = 2  # concepts of one chain that a sentence may name: three together come close to stating the path
WORTH = ("short", "low-reasoning", "below-level")  # filters that ask how good a passage is, not what it is
READ = ("paragraph", "list")  # kinds of blocks whose lines are sentences
_MARK = re.compile(r"^[ \t]*(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\([ivx]{1,4}\)|[ivx]{2,4}[.)])[ \t]+(?=\S)", re.MULTILINE)


def pinned_reading(root: Path) -> list[Reading]:
    """The reading of the sources that statements quote, sorted by source, in the order of the text.

    A sentence that names more than MOST concepts of one chain is left out, and so is what `_unreadable` says. Deterministic: depends on the
    files of `knowledge/`, and on `curate:` in documents.yaml.
    Raises InputError if the knowledge has errors.
    """
    knowledge = _knowledge(root)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for statement in knowledge.statements.values():
        spans[statement.span.source].append((statement.span.start, statement.span.end))
    settings = load_document_settings(root).curate
    texts = {}
    for source in sorted(spans):
        found = read_source(root / source_path(source), root)
        if found is None or found.text is None:
            raise InputError(f"{source_path(source)}\n  Cannot be read. Run `proda check`, and fix what it finds.")
        spans[source] += _unreadable(found.text, settings)
        texts[source] = (found.sha256, _without_marks(found.text))
    return [_without_paths(reading, knowledge) for reading in pin(texts, spans)]


def save_reading(root: Path, readings: Sequence[Reading]) -> None:
    """Write samples/base/reading.yaml."""
    write_file(root / PATH, dump_yaml({"sources": msgspec.to_builtins(readings)}))


def _unreadable(text: str, settings: CurateSettings) -> Iterator[tuple[int, int]]:
    """The places of `text` that are no prose about its subject: rejected passages, and what stands outside of paragraphs and lists."""
    for piece in divide(text, settings.chunk_words):
        rejected = rejection(excerpt_of(text, piece), settings)
        if rejected is not None and rejected[0] not in WORTH:
            yield piece.start, piece.end
    end = 0
    for block in blocks_of(text):
        if isinstance(block, TextBlock) and block.kind in READ:
            yield end, block.start
            end = block.end
    yield end, len(text)


def _without_marks(text: str) -> str:
    """`text` with spaces in the place of the marks of list items, so that offsets stay the same."""
    return _MARK.sub(lambda mark: " " * len(mark[0]), text)


def _knowledge(root: Path) -> Knowledge:
    """The knowledge as its files are now, whether or not the stage `check` has compiled them."""
    report = check_knowledge(root, compiled=True)
    if not report.ok:
        count = len(errors_of(report.findings))
        errors = f"{count} error{'s' * (count != 1)}"
        raise InputError(f"knowledge/\n  {errors}, so the reading cannot be chosen. Run `proda check`, and fix what it finds.")
    topics = compiled_topics(report)
    return Knowledge(
        load_relations(root / RELATIONS),
        (concept for topic in topics for concept in topic.concepts),
        (statement for topic in topics for statement in topic.statements),
        (chain for topic in topics for chain in topic.chains),
        (case for topic in topics for case in topic.cases),
    )


def _without_paths(reading: Reading, knowledge: Knowledge) -> Reading:
    """The reading without sentences that name more than MOST concepts of one chain."""
    courses = {course for courses in knowledge.courses.values() for course in courses}
    names = {
        c: [f" {' '.join(words(n))} " for n in (knowledge.concepts[c].term, *knowledge.concepts[c].aliases)]
        for course in courses
        for c in course
    }
    kept = []
    for sentence in reading.sentences:
        text = f" {' '.join(words(sentence))} "
        named = {c for c, wordings in names.items() if any(w in text for w in wordings)}
        if all(len(course & named) <= MOST for c in named for course in knowledge.courses[c]):
            kept.append(sentence)
    return msgspec.structs.replace(reading, sentences=tuple(kept))
