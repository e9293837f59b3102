"""build/knowledge, allocation, parameters and frozen texts → the files of samples/corpus. Only what a change can reach is made again.

    made = sample_files(root, allocation, params, written)
    made.files              # {"physics/optics.yaml": "samples:…"}: what has to be written
    made.kept               # {"physics/heat.yaml", …}: files that are there already, with the right bytes

The unit of work is a topic. Its file is a function of

    the code of this package, Python, msgspec, the parameters and the relations         `_version`
    which samples the topic gets, of those that its discipline is given                  `_Entry.share`
    the topics that planning and wording looked at (traced.py, topics.py),
    and the frozen texts that they found in samples/written                              `_Entry.made_from`

build/cache/samples.msgpack holds digests of exactly these for each topic, and the SHA-256 of the file. A file that has this hash is kept if
all digests are the same. Samples themselves are not cached. A damaged or outdated cache is ignored. If the cache cannot be written, the
results are still returned.

Many topics are made in several processes (this module is the worker). The result does not depend on their number.
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from proda.builder.briefs import frozen_or, plan_key
from proda.builder.build import build_corpus
from proda.builder.plan import Part, format_pattern, plan_topic, refuse_allocation, shared_out, units_of
from proda.builder.template_writer import write_sample
from proda.builder.topics import Facts, Place, TopicLine, Topics, UntraceableError, digest, read_relations, read_topics
from proda.builder.traced import TracedKnowledge
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.near_topics import ring_place
from proda.params import Params
from proda.records import FORMATS, Format, Relation
from proda.runtime.piped import piped, worker_count, write_frame
from proda.store.corpus import CORPUS, samples_files
from proda.store.files import refuse_outside, write_file
from proda.store.written import WrittenSample

KNOWLEDGE = Path("build/knowledge")
CACHE = Path("build/cache/samples.msgpack")
VERSION = 1  # raise it when the meaning of a cached value changes without a change of the code
KEY = 8  # bytes of a plan's key
POOL_FROM = 60  # topics; below this number, starting processes takes longer than they save
PACKAGE = Path(__file__).resolve().parents[1]

Shares = dict[str, list[tuple[Part, int]]]
"""Topic → its samples, as part and ordinal."""


class Made(msgspec.Struct, frozen=True):
    """The corpus: every file is in `files` or in `kept`. Names are relative to samples/corpus."""

    files: dict[str, str]
    kept: frozenset[str]
    formats: dict[Format, int]  # number of samples
    computed: int  # topics whose samples were planned and worded


class _Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one topic's file. `read` and `linked` are numbers of topics, in a cache those of `_Cache.entries`."""

    share: bytes  # digest of the samples that the topic gets
    made_from: bytes  # digest of everything else, but for the version
    read: tuple[int, ...]
    linked: tuple[int, ...]
    asked: bytes  # the keys that were looked up among the frozen texts; empty if there were no frozen texts at all
    sha256: bytes
    formats: tuple[int, int, int]  # number of samples, as FORMATS


class _Cache(msgspec.Struct, frozen=True, array_like=True):
    version: bytes
    sharing: dict[str, bytes]  # discipline → digest of what its samples were shared out by
    places: tuple[Place, ...]  # of the topics, by number
    entries: dict[int, _Entry]  # of all topics with samples
    facts: tuple[tuple[bytes, Facts], ...]  # SHA-256 of a line → its facts


class _Order(msgspec.Struct, frozen=True):
    """The input of a worker."""

    folder: str
    relations: tuple[Relation, ...]
    lines: tuple[TopicLine, ...]
    facts: tuple[Facts, ...]
    allocation: dict[str, int]
    params: Params
    written: dict[str, WrittenSample]
    todo: tuple[int, ...]


class _Done(msgspec.Struct, frozen=True, tag=True):
    """The samples of one topic. The text is empty if it has none."""

    number: int
    text: str
    share: bytes
    read: tuple[int, ...]
    linked: tuple[int, ...]
    asked: bytes
    formats: tuple[int, int, int]


class _Failed(msgspec.Struct, frozen=True, tag=True):
    """Why a worker stopped: bad input, or knowledge that cannot be traced."""

    message: str
    untraceable: bool


def sample_files(
    root: Path, allocation: Mapping[str, int], params: Params, written: Mapping[str, WrittenSample], *, jobs: int | None = None
) -> Made:
    """Return the files of the corpus that `build_corpus` gives, byte for byte. Writes nothing but the cache.

    Files that are in samples/corpus already, and need not be made again, are only named. `jobs` is the number of processes (default: the
    number of cores, at most eight). Raises InputError as `build_corpus`, and NotFoundError without compiled knowledge.
    """
    relations = read_relations(root / KNOWLEDGE)
    cache = _loaded(root / CACHE, _version(relations, params))
    try:
        topics = read_topics(root / KNOWLEDGE, relations, dict(cache.facts))
        return _made(root, topics, allocation, params, written, cache, jobs)
    except UntraceableError:
        corpus = build_corpus(Knowledge.load(root / KNOWLEDGE), allocation, params, written)
        formats = Counter(sample.format for group in corpus.values() for sample in group)
        return Made(samples_files(corpus), frozenset(), {f: formats[f] for f in FORMATS}, len(corpus))


def _made(
    root: Path,
    topics: Topics,
    allocation: Mapping[str, int],
    params: Params,
    written: Mapping[str, WrittenSample],
    cache: _Cache,
    jobs: int | None,
) -> Made:
    refuse_allocation(allocation, topics.units)
    sharing = {d: digest(units, allocation[d], params.seed, params.samples.window) for d, units in topics.units.items()}
    entries = _unchanged(root, topics, written, cache)
    known = {discipline for discipline, made_from in sharing.items() if cache.sharing.get(discipline) == made_from}
    shares: dict[str, dict[str, bytes]] = {d: {} for d in known}
    for n, entry in cache.entries.items():
        discipline, topic = cache.places[n]
        if discipline in known:
            shares[discipline][topic] = entry.share
    # Where no entry is left to keep, the share of each topic is found when its samples are made.
    for discipline in {topics.facts[n].discipline for n in entries} - known:
        shares[discipline] = {t: _share(s) for t, s in _shared_out(topics, discipline, allocation[discipline], params).items()}
    entries = {n: e for n, e in entries.items() if shares[topics.facts[n].discipline].get(topics.facts[n].topic) == e.share}
    todo = [
        n
        for n, one in enumerate(topics.facts)
        if n not in entries and one.discipline in sharing and (one.discipline not in shares or one.topic in shares[one.discipline])
    ]
    files: dict[str, str] = {}
    kept = {_file(topics, n) for n in entries}
    for done in _done(_order(topics, allocation, params, written, todo), topics, jobs):
        if done.text:
            name, sha256 = _file(topics, done.number), hashlib.sha256(done.text.encode()).digest()
            if _hash_of(root / CORPUS / name) == sha256:
                kept.add(name)
            else:
                files[name] = done.text
            made_from = _made_from(topics, written, done.read, done.linked, done.asked)
            entries[done.number] = _Entry(done.share, made_from, done.read, done.linked, done.asked, sha256, done.formats)
    facts = tuple((line.sha256, one) for line, one in zip(topics.lines, topics.facts, strict=True))
    _keep(root / CACHE, _Cache(cache.version, sharing, tuple(one.place for one in topics.facts), dict(sorted(entries.items())), facts))
    formats = {f: sum(entry.formats[n] for entry in entries.values()) for n, f in enumerate(FORMATS)}
    return Made(files, frozenset(kept), formats, len(todo))


def _unchanged(root: Path, topics: Topics, written: Mapping[str, WrittenSample], cache: _Cache) -> dict[int, _Entry]:
    """The entries whose files are there as they were made, and would be made from the same topics and texts; by the present numbers."""
    now = [topics.number.get(place, -1) for place in cache.places]
    found: dict[int, _Entry] = {}
    for n, entry in cache.entries.items():
        read, linked = tuple(now[i] for i in entry.read), tuple(now[i] for i in entry.linked)
        if now[n] < 0 or min((*read, *linked), default=0) < 0 or (written and not entry.asked):
            continue
        same = entry.made_from == _made_from(topics, written, read, linked, entry.asked)
        if same and _hash_of(root / CORPUS / _file(topics, now[n])) == entry.sha256:
            found[now[n]] = msgspec.structs.replace(entry, read=read, linked=linked)
    return found


def _made_from(topics: Topics, written: Mapping[str, WrittenSample], read: Iterable[int], linked: Iterable[int], asked: bytes) -> bytes:
    keys = (asked[i : i + KEY].hex() for i in range(0, len(asked), KEY)) if written else ()
    frozen = [msgspec.json.encode(written[key]) for key in keys if key in written]
    return digest([topics.whole[n] for n in read], [topics.graph[n] for n in linked], frozen)


def _file(topics: Topics, number: int) -> str:
    return f"{'/'.join(topics.facts[number].place)}.yaml"


def _shared_out(topics: Topics, discipline: str, count: int, params: Params) -> Shares:
    """The samples of each topic of a discipline."""
    concepts = {one.place: topics.concepts_of(n) for n, one in enumerate(topics.facts) if one.discipline == discipline}
    units = units_of(topics.chains_of(discipline), concepts, params.samples.window)
    return shared_out(units[discipline], count, params.seed)


def _share(parts: Sequence[tuple[Part, int]]) -> bytes:
    return digest([(part.kind, part.nodes, ordinal) for part, ordinal in parts])


def _order(
    topics: Topics, allocation: Mapping[str, int], params: Params, written: Mapping[str, WrittenSample], todo: Sequence[int]
) -> _Order:
    """An order for all of `todo`. Topics that are near one another follow one another, so that a topic is decoded once."""
    ordered = sorted(todo, key=lambda n: (topics.facts[n].discipline, ring_place(*topics.facts[n].place)))
    folder = str(topics.folder.resolve())
    return _Order(folder, topics.relations, topics.lines, topics.facts, dict(allocation), params, dict(written), tuple(ordered))


def _done(order: _Order, topics: Topics, jobs: int | None) -> Iterator[_Done]:
    """Make the samples of all topics of an order, in any order. Raises InputError for a frozen text that does not fit its plan."""
    count = worker_count() if jobs is None else jobs
    if count < 2 or len(order.todo) <= POOL_FROM:
        yield from _worked(order, topics)
        return
    size = -(-len(order.todo) // count)
    parts = (msgspec.structs.replace(order, todo=order.todo[start : start + size]) for start in range(0, len(order.todo), size))
    decoder = msgspec.msgpack.Decoder(_Done | _Failed)
    for frame in piped("proda.builder.incremental", [msgspec.msgpack.encode(part) for part in parts], "the samples"):
        answer = decoder.decode(frame)
        if isinstance(answer, _Done):
            yield answer
        elif answer.untraceable:
            raise UntraceableError(answer.message)
        else:
            raise InputError(answer.message)


def _worked(order: _Order, topics: Topics) -> Iterator[_Done]:
    pattern = format_pattern(order.params.samples.open_share, order.params.samples.choice_share)
    discipline, shares = "", {}
    for number in order.todo:
        one = topics.facts[number]
        if one.discipline != discipline:
            discipline = one.discipline
            shares = _shared_out(topics, discipline, order.allocation[discipline], order.params)
        yield _written(order, topics, number, shares.get(one.topic, []), pattern)


def _written(order: _Order, topics: Topics, number: int, parts: Sequence[tuple[Part, int]], pattern: Sequence[Format]) -> _Done:
    """Plan and word the samples of a topic, and note what they were made from."""
    knowledge = TracedKnowledge(topics)
    knowledge.touch(number)
    plans = plan_topic(knowledge, parts, pattern, order.params.seed)
    samples = [write_sample(knowledge, plan) for plan in plans]
    keys: list[str] = []
    if order.written:
        keys = [plan_key(knowledge, plan) for plan in plans]
        samples = [frozen_or(sample, key, order.written) for sample, key in zip(samples, keys, strict=True)]
    formats = Counter(sample.format for sample in samples)
    text = next(iter(samples_files({topics.facts[number].place: samples}).values())) if samples else ""
    return _Done(
        number,
        text,
        _share(parts),
        tuple(sorted(knowledge.read)),
        tuple(sorted(knowledge.linked - knowledge.read)),
        b"".join(map(bytes.fromhex, keys)),
        (formats["open"], formats["choice"], formats["true-false"]),
    )


def _hash_of(path: Path) -> bytes:
    """The SHA-256 of a file; empty if there is no such file, or if a link stands in its place or in that of its folder."""
    try:
        if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
            return b""
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _version(relations: tuple[Relation, ...], params: Params) -> bytes:
    """A hash of what all files depend on: code, libraries, parameters and relations. Empty if the code is not in files."""
    code = sorted(PACKAGE.rglob("*.py"))
    if not code:
        return b""
    found = hashlib.sha256(f"{VERSION} {sys.version} {unicodedata.unidata_version} {msgspec.__version__}".encode())
    for path in code:
        found.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    found.update(msgspec.msgpack.encode((relations, params.seed, params.samples)))
    return found.digest()


def _loaded(path: Path, version: bytes) -> _Cache:
    """The cache, or an empty one if it is damaged, of another version, outside the repository, or cannot be read."""
    try:
        if version and path.is_file():
            refuse_outside(path)
            data = path.read_bytes()
            if hashlib.sha256(data[32:]).digest() == data[:32]:
                found = msgspec.msgpack.decode(data[32:], type=_Cache)
                if found.version == version:
                    return found
    except (OSError, InputError, msgspec.DecodeError):
        pass
    return _Cache(version, {}, (), {}, ())


def _keep(path: Path, cache: _Cache) -> None:
    """Write the cache, behind its hash, if it can be written."""
    data = msgspec.msgpack.encode(cache)
    try:
        if cache.version:
            write_file(path, hashlib.sha256(data).digest() + data)
    except (OSError, InputError):
        return  # the next run makes everything again


def _work(orders: BinaryIO, frames: BinaryIO) -> None:
    """Run a worker."""
    order = msgspec.msgpack.decode(orders.read(), type=_Order)
    try:
        for done in _worked(order, Topics(Path(order.folder), order.relations, order.lines, order.facts)):
            write_frame(frames, msgspec.msgpack.encode(done))
    except (InputError, UntraceableError) as error:
        write_frame(frames, msgspec.msgpack.encode(_Failed(str(error), isinstance(error, UntraceableError))))


if __name__ == "__main__":
    _work(sys.stdin.buffer, sys.stdout.buffer)
