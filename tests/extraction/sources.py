"""Small repositories with sources and chunks, for the tests of extraction.

    root = make_repository(tmp_path, {"physics/rails": "# Rails\n\nHeating causes expansion of steel rails.\n"})
    curate(root)        # again, after a source has changed

The chunker is for tests only: one chunk for each paragraph.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from proda.store.chunks import Chunk, chunk_id, save_chunks
from proda.store.relations import load_relations
from proda.yamlio import dump_yaml

ROOT = Path(__file__).resolve().parent.parent.parent
RELATIONS = load_relations(ROOT / "knowledge/relations.yaml")
BY_ID = {relation.id: relation for relation in RELATIONS}


def make_repository(root: Path, sources: Mapping[str, str]) -> Path:
    """A repository with the shipped relations and these sources, curated."""
    (root / "knowledge/sources").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "knowledge/relations.yaml", root / "knowledge/relations.yaml")
    write_sources(root, sources)
    return root


def write_sources(root: Path, sources: Mapping[str, str]) -> None:
    """Write the sources, their catalogue entries and their chunks; sources that are not named leave the catalogue."""
    entries = {}
    for source, text in sources.items():
        path = root / f"knowledge/sources/{source}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries[source] = {"title": source, "origin": "written for a test", "licence": "CC0-1.0", "sha256": digest}
        save_chunks(root, source, chunks_of(source, text))
    (root / "knowledge/sources/catalogue.yaml").write_text(dump_yaml({"sources": entries}), encoding="utf-8")


def chunks_of(source: str, text: str) -> list[Chunk]:
    """One chunk for each paragraph."""
    chunks, heading, place = [], (), 0
    seen: Counter[str] = Counter()
    for line in text.split("\n"):
        start, place = place, place + len(line) + 1
        if line.startswith("#"):
            heading = (line.lstrip("# "),)
        elif line.strip() and not line.startswith("<!--"):
            chunks.append(Chunk(chunk_id(source, line, seen[line]), source, heading, start, start + len(line), line, len(line.split())))
            seen[line] += 1
    return chunks


def paragraphs(*lines: str) -> str:
    """A source of these paragraphs."""
    return "# Title\n\n" + "\n\n".join(lines) + "\n"
