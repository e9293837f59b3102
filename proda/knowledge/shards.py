"""Write compiled nodes: one `<discipline>.jsonl` with a line for each topic, and relations.json.

A shard is a pure function of the topic files that define or mention concepts of its discipline. It is written again when the digest of
those files changes, or when the shard is not the one that was written last.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from proda.knowledge.cache import Hashed
from proda.knowledge.entry import Entry, sorted_spans
from proda.knowledge.tree import Stamp
from proda.records import Concept, Relation, Span
from proda.store.files import refuse_outside, write_file


class _Mention(msgspec.Struct, frozen=True):
    """The part of a statement that the concepts it mentions record."""

    id: str
    subject: str
    object: str
    span: Span


class _Mentions(msgspec.Struct, frozen=True):
    statements: list[_Mention]


class _Line(msgspec.Struct, frozen=True):
    """A topic whose chains and statements are copied unchanged."""

    discipline: str
    topic: str
    source: str
    concepts: list[Concept]
    chains: msgspec.Raw
    statements: msgspec.Raw
    cases: msgspec.Raw = msgspec.Raw(b"[]")


def publish(
    out: Path,
    entries: Sequence[Entry],
    relations: Iterable[Relation],
    nodes_of: Callable[[str], bytes],
    known: dict[str, Hashed],
) -> tuple[list[str], dict[str, Hashed]]:
    """Bring `out` up to date; returns the names of the files that changed, and what to remember about every file.

    Each file is replaced atomically; after a kill, the next call finishes the work. Raises InputError if a link leads `out` out of the
    repository.
    """
    refuse_outside(out)
    changed: list[str] = []
    remembered: dict[str, Hashed] = {}
    relations_json = msgspec.json.format(msgspec.json.encode(sorted(relations, key=lambda r: r.id)), indent=2) + b"\n"
    if write_file(out / "relations.json", relations_json):
        changed.append("relations.json")
    own, touching = _by_discipline(entries)
    for discipline in sorted(own):
        name = f"{discipline}.jsonl"
        made_from = hashlib.sha256(b"".join(e.digest for e in touching[discipline])).digest()
        old = known.get(name)
        if old is not None and old.made_from == made_from and _intact(out / name, old):
            remembered[name] = Hashed(_stamp(out / name), old.sha256, made_from)
            continue
        data = _shard(own[discipline], touching[discipline], f"{discipline}/", nodes_of)
        if write_file(out / name, data):
            changed.append(name)
        remembered[name] = Hashed(_stamp(out / name), hashlib.sha256(data).hexdigest(), made_from)
    changed += _prune(out, {"relations.json", *remembered})
    return changed, remembered


def shards_of(entries: Sequence[Entry], nodes_of: Callable[[str], bytes]) -> Iterator[bytes]:
    """The bytes of every shard, disciplines sorted; nothing is written."""
    own, touching = _by_discipline(entries)
    return (_shard(own[discipline], touching[discipline], f"{discipline}/", nodes_of) for discipline in sorted(own))


def _by_discipline(entries: Sequence[Entry]) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """Discipline → entries of its own topics, and entries of all topics that mention its concepts."""
    touching: dict[str, list[Entry]] = defaultdict(list)
    own: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        own[entry.file.split("/")[1]].append(entry)
        for discipline in entry.touches:
            touching[discipline].append(entry)
    return own, touching


def _shard(own: Sequence[Entry], touching: Sequence[Entry], prefix: str, nodes_of: Callable[[str], bytes]) -> bytes:
    """The bytes of one shard; each concept gets the statements of all files that mention it."""
    mentions = msgspec.json.Decoder(_Mentions)
    line = msgspec.json.Decoder(_Line)
    parents: dict[str, list[_Mention]] = defaultdict(list)
    loaded = {entry.file: nodes_of(entry.file) for entry in touching}
    for data in loaded.values():
        for mention in mentions.decode(data).statements:
            for concept_id in {mention.subject, mention.object}:
                if concept_id.startswith(prefix):
                    parents[concept_id].append(mention)
    out = bytearray()
    for entry in own:
        topic = line.decode(loaded[entry.file])
        concepts = []
        for c in topic.concepts:
            by = parents.get(c.id, [])
            ids = tuple(sorted(m.id for m in by))
            spans = sorted_spans([m.span for m in by])
            concepts.append(msgspec.structs.replace(c, parents=ids, spans=spans))
        out += msgspec.json.encode(msgspec.structs.replace(topic, concepts=concepts))
        out += b"\n"
    return bytes(out)


def _intact(path: Path, known: Hashed) -> bool:
    """Whether the file is the one that was written, by its stamp or else by its hash."""
    if not path.is_file():
        return False
    if _stamp(path) == known.stamp:
        return True
    return hashlib.sha256(path.read_bytes()).hexdigest() == known.sha256


def _stamp(path: Path) -> Stamp:
    found = os.stat(path)
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)


def _prune(out: Path, wanted: set[str]) -> list[str]:
    """Remove shards of disciplines that no longer exist, and temporary files of a killed run."""
    gone = [p for p in sorted(out.iterdir()) if p.name not in wanted and p.name.endswith((".jsonl", ".tmp"))]
    for path in gone:
        path.unlink()
    return [p.name for p in gone if not p.name.endswith(".tmp")]
