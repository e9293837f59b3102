"""Take the pinned reading of the embedded base anew: the sentences of all sources that no statement quotes.

    python -m scripts.pin_reading

Writes samples/base/reading.yaml. The next `dvc repro` then trains the base anew, and with it everything that follows, so this is
for the start of a project or for a new vocabulary, not for every edit of a source.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import msgspec

from proda.files import write_file
from proda.graph import Knowledge
from proda.reading import PATH, pin
from proda.yamlio import dump_yaml


def main(root: Path = Path()) -> None:
    """Read build/knowledge and the sources; write the reading; say how many sentences it has."""
    knowledge = Knowledge.load(root / "build/knowledge")
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for statement in knowledge.statements.values():
        spans[statement.span.source].append((statement.span.start, statement.span.end))
    texts = {}
    for source in sorted(spans):
        data = (root / "knowledge/sources" / f"{source}.md").read_bytes()
        texts[source] = (hashlib.sha256(data).hexdigest(), data.decode())
    readings = pin(texts, spans)
    write_file(root / PATH, dump_yaml({"sources": msgspec.to_builtins(readings)}))
    print(f"{PATH}: {sum(len(r.sentences) for r in readings):,} sentences of {len(readings)} sources")


if __name__ == "__main__":
    main()
