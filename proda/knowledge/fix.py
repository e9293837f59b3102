"""What `proda check --fix` changes: layout, missing or moved spans, hashes in the catalogue, entries for new sources.

    evidence: {quote: "…"}   →   evidence: {quote: "…", span: [1203, 1260]}

Comments and the order of keys stay (roundtrip.py). A file in which something would be lost is left as it is, with a warning that says
why. Running it twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.findings import Finding
from proda.knowledge.layout import is_canonical
from proda.knowledge.read_topic import read_source
from proda.knowledge.roundtrip import UnsafeEditError, safely_edited
from proda.knowledge.rules.ids import SOURCE
from proda.knowledge.rules.of_knowledge import KNOWLEDGE_RULES
from proda.knowledge.rules.of_topic import TOPIC_RULES
from proda.knowledge.rules.rule import Context, SourceText
from proda.knowledge.schema import TopicFile
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.store.files import write_file
from proda.yamlio import load_yaml_bytes, read_bytes

Edit = Callable[[Any], None]
Note = Callable[[Finding], None]


def fix_knowledge(root: Path, dry_run: bool = False, note: Note | None = None) -> list[str]:
    """Fix what can be fixed below `root`; returns the files (relative to it) that change, sorted.

    Files that are not valid YAML, or not of the right form, are left alone: their findings say what to do. `note` is called with a
    warning for each file that needs an edit and cannot be edited safely.
    """
    tree = scan(root)
    relations = {r.id: r for r in read_vocabulary(root).relations or ()}

    @lru_cache(64)
    def source(name: str) -> SourceText | None:
        return read_source(root / source_path(name), root) if SOURCE.fullmatch(name) else None

    changed = []
    for file in tree.topics:
        fixed = _fixed_topic(root, file, Context(file, relations, source), note)
        if fixed is not None:
            changed.append(file)
            if not dry_run:
                write_file(root / file, fixed)
    catalogue = _fixed_catalogue(root, {name: text for name in tree.sources if (text := source(name))}, note)
    if catalogue is not None:
        changed.append(CATALOGUE)
        if not dry_run:
            write_file(root / CATALOGUE, catalogue)
    return sorted(changed)


def _fixed_topic(root: Path, file: str, context: Context, note: Note | None) -> bytes | None:
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

    return _fixed(file, data, raw, edit, note)


def _fixed_catalogue(root: Path, sources: dict[str, SourceText], note: Note | None) -> bytes | None:
    path = root / CATALOGUE
    data = b"sources: {}\n"
    try:
        if path.is_file():
            data = read_bytes(path, root)
        raw = load_yaml_bytes(data, CATALOGUE)
    except InputError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("sources", {}), dict):
        return None

    def edit(document: dict[str, Any]) -> None:
        for rule in KNOWLEDGE_RULES:
            if rule.fix_catalogue is not None:
                rule.fix_catalogue(document, sources)

    if not raw.get("sources"):  # written in block style from nothing
        data, raw = b"", {}
    fixed = _fixed(CATALOGUE, data, raw, edit, note)
    return None if fixed is not None and path.is_file() and fixed == path.read_bytes() else fixed


def _fixed(file: str, data: bytes, raw: dict[str, Any], edit: Edit, note: Note | None) -> bytes | None:
    """The bytes of the file with the edit; None if nothing changes or the edit is not safe."""
    text = data.decode()
    wanted = deepcopy(raw)
    edit(wanted)
    needed = wanted != raw
    if not needed and (is_canonical(text, raw) or _crlf_only(text, raw)):
        return None
    try:
        fixed = safely_edited(text, raw, edit)
    except UnsafeEditError as reason:
        if note is not None and needed:
            message = f"--fix left this file alone: {reason}. Move the comment or make the change by hand."
            note(Finding(file, 0, "", "fix", message, "warning"))
        return None
    return None if fixed == text else fixed.encode()


def _crlf_only(text: str, raw: dict[str, Any]) -> bool:
    """Whether all line ends are those of Windows and nothing else differs: git rewrites them, so there is nothing to fix."""
    return text.count("\r\n") == text.count("\n") > 0 and is_canonical(text.replace("\r\n", "\n"), raw)
