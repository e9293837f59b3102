"""Write the pinned reading of the embedded base: the sentences of all sources that no statement quotes.

    python -m scripts.pin_reading

Writes samples/base/reading.yaml. The next `dvc repro` trains the base again, and everything that follows. Run this at the start of a
project or for a new vocabulary, not for every edit of a source.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import msgspec

from proda.graph import Knowledge
from proda.knowledge.read_topic import unix_lines
from proda.language.folding import words
from proda.store.files import write_file
from proda.store.reading import PATH, Reading, pin
from proda.yamlio import dump_yaml

MOST = 2  # concepts of one chain that a sentence may name: three together come close to stating the path


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


def main(root: Path = Path()) -> None:
    """Read build/knowledge and the sources, write the reading, and print how many sentences it has."""
    knowledge = Knowledge.load(root / "build/knowledge")
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for statement in knowledge.statements.values():
        spans[statement.span.source].append((statement.span.start, statement.span.end))
    texts = {}
    for source in sorted(spans):
        data = unix_lines((root / "knowledge/sources" / f"{source}.md").read_bytes())
        texts[source] = (hashlib.sha256(data).hexdigest(), data.decode())
    readings = [_without_paths(r, knowledge) for r in pin(texts, spans)]
    write_file(root / PATH, dump_yaml({"sources": msgspec.to_builtins(readings)}))
    print(f"{PATH}: {sum(len(r.sentences) for r in readings):,} sentences of {len(readings)} sources")


if __name__ == "__main__":
    main()
