"""Sources and knowledge → the pinned reading of the embedded base: the sentences of the sources that no statement quotes.

readings = pinned_reading(root)
readings[0].sentences        # ("Engineers who lay railway track leave gaps …", …), of the first source
save_reading(root, readings) # samples/base/reading.yaml
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.findings import errors_of
from proda.graph import Knowledge
from proda.knowledge.compile import check_knowledge
from proda.knowledge.read_topic import unix_lines
from proda.knowledge.tree import RELATIONS, source_path
from proda.language.folding import words
from proda.store.files import write_file
from proda.store.reading import PATH, Reading, pin
from proda.store.relations import load_relations
from proda.workflows.would_be import compiled_topics
from proda.yamlio import dump_yaml

MOST = 2  # concepts of one chain that a sentence may name: three together come close to stating the path


def pinned_reading(root: Path) -> list[Reading]:
    """The reading of the sources that statements quote, sorted by source, in the order of the text.

    A sentence that names more than MOST concepts of one chain is left out. Deterministic: depends on the files of `knowledge/` only.
    Raises InputError if the knowledge has errors.
    """
    knowledge = _knowledge(root)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for statement in knowledge.statements.values():
        spans[statement.span.source].append((statement.span.start, statement.span.end))
    texts = {}
    for source in sorted(spans):
        data = unix_lines((root / source_path(source)).read_bytes())
        texts[source] = (hashlib.sha256(data).hexdigest(), data.decode())
    return [_without_paths(reading, knowledge) for reading in pin(texts, spans)]


def save_reading(root: Path, readings: Sequence[Reading]) -> None:
    """Write samples/base/reading.yaml."""
    write_file(root / PATH, dump_yaml({"sources": msgspec.to_builtins(readings)}))


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
