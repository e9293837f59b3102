"""What `proda check --fix` mends: layout, missing or moved spans, hashes and missing entries of the catalogue.

    evidence: {quote: "…"}   →   evidence: {quote: "…", span: [1203, 1260]}

Comments and the order of keys stay (roundtrip.py); a file of which anything would be lost is left alone. Running it twice changes
nothing the second time.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.read_topic import read_source
from proda.knowledge.roundtrip import edited
from proda.knowledge.rules.ids import SOURCE
from proda.knowledge.rules.of_knowledge import KNOWLEDGE_RULES
from proda.knowledge.rules.of_topic import TOPIC_RULES
from proda.knowledge.rules.rule import Context, SourceText
from proda.knowledge.schema import TopicFile
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.store.files import write_file
from proda.yamlio import load_yaml_bytes, read_bytes


def fix_knowledge(root: Path, dry_run: bool = False) -> list[str]:
    """Mend all that can be mended below `root`; returns the files (relative to it) that change, sorted.

    Files that are not valid YAML, or not of the right form, are left alone: their findings say what to do.
    """
    tree = scan(root)
    relations = frozenset(r.id for r in read_vocabulary(root).relations or ())

    @lru_cache(64)
    def source(name: str) -> SourceText | None:
        return read_source(root / source_path(name), root) if SOURCE.fullmatch(name) else None

    changed = []
    for file in tree.topics:
        mended = _mended_topic(root, file, Context(file, relations, source))
        if mended is not None:
            changed.append(file)
            if not dry_run:
                write_file(root / file, mended)
    catalogue = _mended_catalogue(root, {name: text for name in tree.sources if (text := source(name))})
    if catalogue is not None:
        changed.append(CATALOGUE)
        if not dry_run:
            write_file(root / CATALOGUE, catalogue)
    return sorted(changed)


def _mended_topic(root: Path, file: str, context: Context) -> str | None:
    try:
        data = read_bytes(root / file, root)
        raw = load_yaml_bytes(data, file)
        msgspec.convert(raw, TopicFile)
    except (InputError, msgspec.ValidationError):
        return None

    def edit(document: dict[str, Any]) -> None:
        for rule in TOPIC_RULES:
            if rule.fix_topic is not None:
                rule.fix_topic(document, context)

    return edited(data.decode(), raw, edit)


def _mended_catalogue(root: Path, sources: dict[str, SourceText]) -> str | None:
    path = root / CATALOGUE
    data = b"sources: {}\n"
    try:
        if path.is_file():
            data = read_bytes(path, root)
        raw = load_yaml_bytes(data, CATALOGUE)
        if not isinstance(raw, dict) or not isinstance(raw.get("sources", {}), dict):
            return None
    except InputError:
        return None

    def edit(document: dict[str, Any]) -> None:
        for rule in KNOWLEDGE_RULES:
            if rule.fix_catalogue is not None:
                rule.fix_catalogue(document, sources)

    if not raw.get("sources"):  # made here: block style, from nothing
        data, raw = b"", {}
    text = edited(data.decode(), raw, edit)
    return None if text is not None and path.is_file() and text == path.read_text() else text
