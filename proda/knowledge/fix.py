"""What `proda check --fix` mends: layout, missing or moved spans, hashes and missing entries of the catalogue.

    evidence: {quote: "…"}   →   evidence: {quote: "…", span: [1203, 1260]}

Files are edited through ruamel's round trip, so comments and the order of keys stay. An edit is kept only if the new text says
what the old one said, but for what was mended, and still holds every comment; otherwise the file is left alone. Running it twice
changes nothing the second time.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.files import write_file
from proda.knowledge.entry import read_source
from proda.knowledge.rules.ids import SOURCE
from proda.knowledge.rules.of_base import BASE_RULES
from proda.knowledge.rules.of_topic import TOPIC_RULES
from proda.knowledge.rules.rule import Context, SourceText
from proda.knowledge.schema import TopicFile
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.knowledge.vocabulary import read_vocabulary
from proda.yamlio import load_yaml_bytes, load_yaml_text, read_bytes

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)


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

    return _edited(data.decode(), raw, edit)


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
        for rule in BASE_RULES:
            if rule.fix_catalogue is not None:
                rule.fix_catalogue(document, sources)

    if not raw.get("sources"):  # made here: block style, from nothing
        data, raw = b"", {}
    text = _edited(data.decode(), raw, edit)
    return None if text is not None and path.is_file() and text == path.read_text() else text


def _edited(text: str, raw: dict[str, Any], edit: Callable[[Any], None]) -> str | None:
    """`text` in canonical form with `edit` applied; None if that is what it is already, or if anything would be lost."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.resolver import VersionedResolver

    class TextResolver(VersionedResolver):  # type: ignore[misc]
        """Every plain scalar is text, written as it stands: 1.50 stays 1.50, a date stays as it was typed."""

        versioned_resolver: Any = {}  # noqa: RUF012

    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = TextResolver
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    document = yaml.load(text)
    if document is None:
        document = CommentedMap()
    edit(document)
    _flow_evidence(document)
    out = io.StringIO()
    yaml.dump(document, out)
    result = "\n".join(line.rstrip(" ") for line in out.getvalue().splitlines()).rstrip("\n") + "\n"
    wanted = msgspec.json.decode(msgspec.json.encode(raw))
    edit(wanted)
    try:
        same = load_yaml_text(result) == wanted
    except InputError:
        same = False
    kept = not Counter(_comments(text)) - Counter(_comments(result))
    return result if same and kept and result != text else None


def _flow_evidence(document: Any) -> None:
    """Lay out evidence in one line, `{quote: "…", span: [12, 80]}`, unless there are comments inside."""
    from ruamel.yaml.comments import CommentedSeq

    for chain in (document.get("chains") or {}).values():
        for step in chain["steps"]:
            evidence = step["evidence"]
            if not hasattr(evidence, "fa"):
                continue  # plain data, made only to compare with
            if "span" in evidence:
                evidence["span"] = CommentedSeq([str(n) for n in evidence["span"]])
                evidence["span"].fa.set_flow_style()
            notes = evidence.ca.items
            if len(notes) == 1 and "evidence" not in step.ca.items:
                [(key, note)] = notes.items()
                if note[2] is not None and note[2].value.startswith("\n"):  # it stands below, and belongs to what follows
                    step.ca.items["evidence"] = notes.pop(key)
            if not notes:
                evidence.fa.set_flow_style()


def _comments(text: str) -> list[str]:
    """Everything that could be a comment; text that merely looks like one is compared too, which does no harm."""
    return [c.rstrip() for c in _COMMENT.findall(text)]
