"""The entry of a topic file: its nodes as JSON, its own findings, and facts as integers for rules over all files.

An entry is made by `read_topic.make_entry`, kept in the cache, and read by every rule over the whole knowledge. Ids are stored as 64-bit
hashes, because integer columns let rules over 458,622 nodes finish in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from proda.findings import Finding
from proda.knowledge.characters import skeleton
from proda.records import Case, Chain, Concept, Span, Statement

REPLACED_BY, DISTINCT_FROM, CASE = 0, 1, 2  # roles in ref_rows


class TopicNodes(msgspec.Struct, frozen=True):
    """A line of a compiled shard. In an entry, concepts have no parents and spans yet."""

    discipline: str
    topic: str
    source: str
    concepts: tuple[Concept, ...]
    chains: tuple[Chain, ...]
    statements: tuple[Statement, ...]
    cases: tuple[Case, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """The entry of one topic file. Row blobs are little-endian int64, row after row."""

    file: str
    sha256: bytes  # of the file
    readable: bool  # parsed and of the right form; otherwise everything below `findings` is empty
    findings: tuple[Finding, ...]
    uses: dict[str, str] = {}  # source id → sha256 of its bytes; empty if there is no such file
    touches: tuple[str, ...] = ()  # disciplines whose concepts its statements mention, its own included
    digest: bytes = b""  # of `nodes`: comments and formatting do not enter
    nodes: bytes = b""  # TopicNodes as JSON
    concept_rows: bytes = b""  # id, active
    chain_rows: bytes = b""  # id, active, whether a link
    term_rows: bytes = b""  # normalised term or alias, ordinal of its concept
    statement_rows: bytes = b""  # subject, relation, object, ordinal of its chain, active
    ref_rows: bytes = b""  # id referred to, role, 0 concept, 1 chain or 2 case, ordinal


def sorted_spans(spans: list[Span]) -> tuple[Span, ...]:
    """Spans without repetition, by source and place."""
    if len(spans) > 1:
        return tuple(Span(*s) for s in sorted({(s.source, s.start, s.end) for s in spans}))
    return tuple(spans)


_NOT_WORD = re.compile(r"[^\w+#]+")  # C, C++ and C# are three


def normalised(term: str) -> str:
    """The form that near-duplicate terms share: without case, punctuation, hyphens, invisible characters and a plural s at the end."""
    text = skeleton(term)
    if not text.replace(" ", "").isalnum():
        text = _NOT_WORD.sub(" ", text.replace("_", " ")).strip() or text
    if len(text) > 3 and text.endswith("ies"):
        return text[:-3] + "y"
    if len(text) > 3 and text.endswith("s") and not text.endswith(("ss", "us", "is")):
        return text[:-1]
    return text


def key_of(name: str) -> int:
    """A signed 64-bit hash of an id, a relation or a term; the same in every process."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)
