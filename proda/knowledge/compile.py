"""Check the knowledge and compile it. Only what a change affects is computed again.

    report = compile_knowledge(Path("."), Path("build/knowledge"))
    report.ok, report.counts["chains"], report.changed          # True, 43953, ("physics.jsonl",)

    files → entries (per file, cached by content) → rules over all entries (columns of integers) → shards (cached by digest)

The output depends only on what the files say: not on the cache, the number of processes, comments or the order of keys. With errors,
nothing is written.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from proda.findings import MAX_PER_FILE, Finding, errors_of, path_text, sorted_findings
from proda.knowledge.cache import Cache, DamagedCacheError, Hashed, remove
from proda.knowledge.entry import Entry
from proda.knowledge.fanout import Job, make_entries
from proda.knowledge.read_topic import source_hash
from proda.knowledge.report import Report, RuleResults, Shape
from proda.knowledge.rules.rule import Rule, Violation
from proda.knowledge.tree import SOURCES, Stamp, Tree, scan, source_path
from proda.knowledge.vocabulary import Vocabulary, read_vocabulary

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns

CACHE = Path("build/cache/check.sqlite")
_RECENT_NS = 2_000_000_000  # a file younger than this may change again without a new time stamp


def check_knowledge(
    root: Path, *, cache: Path | None = None, jobs: int | None = None, shape: bool = False, compiled: bool = False
) -> Report:
    """Check the knowledge below `root`; the report holds all findings. Writes nothing but the cache.

    `cache` defaults to `root`/build/cache/check.sqlite, `jobs` to the number of cores. With `shape`, the report also holds connectivity
    and the shares of relations; with `compiled`, the compiled form in memory, if there are no errors.
    """
    return _run(root, None, cache, jobs, shape, compiled)


def compile_knowledge(root: Path, out: Path, *, cache: Path | None = None, jobs: int | None = None, shape: bool = False) -> Report:
    """`check_knowledge`, and the compiled form in `out` (absolute, or relative to the working directory) if there are no errors.

    Two runs at once wait for each other. A run that is killed leaves whole files, and the next run ends in the same bytes.
    """
    return _run(root, out, cache, jobs, shape, False)


def _run(root: Path, out: Path | None, cache_path: Path | None, jobs: int | None, shape: bool, compiled: bool) -> Report:
    path = cache_path or root / CACHE
    for attempt in (path, path, None):  # a damaged cache is made again; if the second fails too (a full disk), none is used
        try:
            return _run_with(attempt, root, out, jobs, shape, compiled)
        except DamagedCacheError:
            remove(path)
    raise AssertionError("a cache in memory cannot be damaged")


def _run_with(cache_path: Path | None, root: Path, out: Path | None, jobs: int | None, shape: bool, compiled: bool) -> Report:
    with Cache.open(cache_path) as cache:
        started_ns = time.time_ns()
        tree = scan(root)
        vocabulary = read_vocabulary(root)
        if vocabulary.relations is None:  # no topic file can be checked without them
            return Report(sorted_findings(vocabulary.findings), {}, 0)
        known = cache.hashes()
        sources = _source_hashes(tree, known, cache, started_ns)
        entries = _entries(tree, vocabulary, sources, cache, jobs, started_ns)
        verdict = _verdict(tree, vocabulary, sources, entries, cache)
        local = (finding for entry in entries for finding in entry.findings)
        findings = sorted_findings([*tree.findings, *vocabulary.findings, *local, *verdict.findings])
        changed: list[str] = []
        if out is not None and not errors_of(findings):
            from proda.knowledge.shards import publish

            prefix = f"{out.resolve()}/"
            mine = {k.removeprefix(prefix): v for k, v in known.items() if k.startswith(prefix)}
            changed, remembered = publish(out, entries, vocabulary.relations, cache.nodes, mine)
            fresh = {n: _cautious(h, started_ns) for n, h in remembered.items() if mine.get(n) != h}
            cache.put_hashes((prefix + name, hashed) for name, hashed in fresh.items())
            cache.drop_hashes(prefix + name for name in mine.keys() - remembered.keys())
        cache.drop_hashes(name for name in known if os.path.isabs(name) and not os.path.exists(name))
        shards: tuple[bytes, ...] = ()
        if compiled and not errors_of(findings):
            from proda.knowledge.shards import shards_of

            shards = tuple(shards_of(entries, cache.nodes))
        shaped = _shape(vocabulary, sources, entries, cache) if shape else None
        return Report(findings, verdict.counts, verdict.orphans, shaped, tuple(changed), vocabulary.relations, shards)


def _source_hashes(tree: Tree, known: dict[str, Hashed], cache: Cache, started_ns: int) -> dict[str, str]:
    """The hash of every source; a source is read only if its stamp is new."""
    hashes: dict[str, str] = {}
    fresh: list[tuple[str, Hashed]] = []
    for source, stamp in tree.sources.items():
        path = source_path(source)
        old = known.get(path)
        if old is not None and old.stamp == stamp:
            hashes[source] = old.sha256
            continue
        hashes[source] = source_hash(tree.root / path, tree.root)
        fresh.append((path, _cautious(Hashed(stamp, hashes[source]), started_ns)))
    if fresh:
        cache.put_hashes(fresh)
    cache.drop_hashes(p for p in known if p.startswith(f"{SOURCES}/") and p.removeprefix(f"{SOURCES}/").removesuffix(".md") not in hashes)
    return hashes


def _entries(tree: Tree, vocabulary: Vocabulary, sources: dict[str, str], cache: Cache, jobs: int | None, started_ns: int) -> list[Entry]:
    """The entry of every topic file, sorted by path; made again if the file, one of its sources or a relation changed."""
    relations = {r.id: r for r in vocabulary.relations or ()}
    relations_key = hashlib.sha256(msgspec.msgpack.encode(vocabulary.relations)).digest()
    known = cache.topics() if cache.get("relations") == relations_key else {}
    todo: list[Job] = []
    entries: dict[str, Entry] = {}
    for path, stamp in tree.topics.items():
        old = known.get(path)
        if old is None or any(sources.get(source, "") != sha for source, sha in old[1].uses.items()):
            todo.append(Job(path))
        else:
            entries[path] = old[1]
            if old[0] != stamp:
                todo.append(Job(path, old[1].sha256))
    unchanged = {job.file for job in todo if job.known}
    stamps = {job.file: _cautious_stamp(tree.topics[job.file], started_ns) for job in todo}

    def made() -> Iterable[tuple[Stamp, Entry]]:
        for entry in make_entries(tree.root, todo, relations, jobs):
            unchanged.discard(entry.file)
            entries[entry.file] = msgspec.structs.replace(entry, nodes=b"")
            yield stamps[entry.file], entry

    if todo:
        cache.put_topics(made())
        cache.put_stamps((path, stamps[path]) for path in sorted(unchanged))
    if gone := known.keys() - tree.topics.keys():
        cache.drop_topics(sorted(gone))
    if not known:
        cache.put("relations", relations_key)
    return [entries[path] for path in tree.topics]


def _verdict(tree: Tree, vocabulary: Vocabulary, sources: dict[str, str], entries: list[Entry], cache: Cache) -> RuleResults:
    """The results of the rules over all files; cached until something that the rules look at changes."""
    seen = hashlib.sha256(msgspec.msgpack.encode((vocabulary.relations, vocabulary.catalogue, sources)))
    for entry in entries:
        seen.update(entry.file.encode() + b"\0" + entry.sha256)
    packed = cache.get("verdict")
    if packed[:32] == seen.digest():
        return msgspec.msgpack.decode(packed[32:], type=RuleResults)
    verdict = _judged(tree, vocabulary, sources, entries, cache)
    cache.put("verdict", seen.digest() + msgspec.msgpack.encode(verdict))
    return verdict


def _judged(tree: Tree, vocabulary: Vocabulary, sources: dict[str, str], entries: list[Entry], cache: Cache) -> RuleResults:
    from proda.knowledge.rules import sources as sources_rule
    from proda.knowledge.rules.of_knowledge import KNOWLEDGE_RULES
    from proda.knowledge.rules.orphans import orphan_rows
    from proda.knowledge.shape import counts_of

    columns = _columns(vocabulary, sources, entries, cache)
    complete = all(e.readable for e in entries)
    faults: list[tuple[Rule, str, Violation]] = []
    for rule in KNOWLEDGE_RULES:
        if rule.check_all is None or (rule.needs_all and not complete):
            continue
        if rule is sources_rule.RULE and vocabulary.catalogue is None:
            continue
        found = list(islice(rule.check_all(columns), MAX_PER_FILE + 1))
        faults += [(rule, file, fault) for file, fault in found[:MAX_PER_FILE]]
        if len(found) > MAX_PER_FILE:
            message = f"More than {MAX_PER_FILE:,} findings of this rule. Fix these first; the others are not listed."
            faults.append((rule, "knowledge", Violation((), message)))
    return RuleResults(_placed(tree.root, faults), counts_of(columns), len(orphan_rows(columns)))


def _placed(root: Path, faults: list[tuple[Rule, str, Violation]]) -> tuple[Finding, ...]:
    """Faults as findings with lines; each file is read once."""
    from proda.yamlio.positions import line_map, line_of

    maps = {}
    findings = []
    for rule, file, fault in faults:
        if file not in maps:
            maps[file] = line_map((root / file).read_bytes()) if (root / file).is_file() else {}
        line = line_of(maps[file], fault.path) if maps[file] else 0
        findings.append(Finding(file, line, path_text(fault.path), rule.name, fault.message, rule.severity))
    return sorted_findings(findings)


def _columns(vocabulary: Vocabulary, sources: dict[str, str], entries: list[Entry], cache: Cache) -> Columns:
    from proda.knowledge.columns import Columns

    catalogue = vocabulary.catalogue.sources if vocabulary.catalogue else None
    readable = [e for e in entries if e.readable]
    return Columns(readable, cache.nodes, vocabulary.relations or (), catalogue, sources)


def _shape(vocabulary: Vocabulary, sources: dict[str, str], entries: list[Entry], cache: Cache) -> Shape:
    from proda.knowledge.shape import shape_of

    return shape_of(_columns(vocabulary, sources, entries, cache))


def _cautious_stamp(stamp: Stamp, started_ns: int) -> Stamp:
    """The stamp, or one that never matches if the file is so young that it may change again under the same time."""
    return stamp if stamp.mtime_ns < started_ns - _RECENT_NS else Stamp(-1, stamp.size, stamp.inode)


def _cautious(hashed: Hashed, started_ns: int) -> Hashed:
    return msgspec.structs.replace(hashed, stamp=_cautious_stamp(hashed.stamp, started_ns))
