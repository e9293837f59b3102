"""knowledge/merges.yaml: pairs of concepts that may be one, and what people decided about them.

    merges:
      - keep: medicine/antidiuretic-hormone
        drop: medicine/vasopressin
        status: proposed
        why: a source says that one is also called the other
        evidence:
          - {concept: medicine/antidiuretic-hormone, term: antidiuretic hormone, source: medicine/kidneys, says: a hormone that …}
          - {concept: medicine/vasopressin, term: vasopressin, source: medicine/pituitary, says: a hormone that …}

`proda extract` proposes; people set `status` to confirmed or refused. A refused pair is never proposed again. A confirmed one is applied at
the next extraction: statements about the dropped concept name the kept one, whose aliases gain the dropped term. No statement is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from proda.findings import Violation
from proda.records import Record
from proda.store.files import write_file
from proda.yamlio import dump_yaml, load_as
from proda.yamlio.schema import refuse

PATH = "knowledge/merges.yaml"
MergeStatus = Literal["proposed", "confirmed", "refused"]
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*")


class MergeEvidence(Record, frozen=True):
    """One of the two concepts as a source or the knowledge has it."""

    concept: str
    term: str
    source: str  # "medicine/kidneys"; empty for a concept of the knowledge
    says: str  # its definition


class Merge(Record, frozen=True):
    """A pair of concepts."""

    keep: str  # "<discipline>/<concept>"
    drop: str
    status: MergeStatus
    why: str
    evidence: tuple[MergeEvidence, ...] = ()
    reason: str = ""  # why people decided as they did

    @property
    def pair(self) -> frozenset[str]:
        """The two concepts, whichever is kept."""
        return frozenset((self.keep, self.drop))


class MergesFile(Record, frozen=True):
    """The whole file."""

    merges: tuple[Merge, ...] = ()


def load_merges(root: Path) -> tuple[Merge, ...]:
    """The pairs, in the order of the file; none if there is no file. Raises InputError with every fault."""
    path = root / PATH
    if not path.is_file():
        return ()
    merges = load_as(path, MergesFile, empty={}).merges
    refuse(_faults(merges), PATH, path.read_bytes(), "merges")
    return merges


def save_merges(root: Path, merges: Iterable[Merge]) -> bool:
    """Write the file; returns whether it changed. Writes no file that would hold nothing, unless there is one."""
    kept = tuple(merges)
    if not kept and not (root / PATH).is_file():
        return False
    return write_file(root / PATH, dump_yaml(msgspec.to_builtins(MergesFile(kept))))


def redirects(merges: Iterable[Merge]) -> Mapping[str, str]:
    """Dropped concept → the concept that stands for it, of the confirmed pairs; chains of them are followed to their end."""
    direct = {m.drop: m.keep for m in merges if m.status == "confirmed"}
    found = {}
    for start in direct:
        end = start
        while end in direct:
            end = direct[end]
        found[start] = end
    return found


def _faults(merges: tuple[Merge, ...]) -> Iterator[Violation]:
    seen: dict[frozenset[str], int] = {}
    confirmed: dict[str, str] = {}
    for index, merge in enumerate(merges):
        where = ("merges", index)
        for field, name in (("keep", merge.keep), ("drop", merge.drop)):
            if not _ID.fullmatch(name):
                yield Violation((*where, field), f"'{name}' is not the id of a concept. Write '<discipline>/<concept>'.")
        if merge.keep == merge.drop:
            yield Violation(where, f"'{merge.keep}' is both kept and dropped. Name two concepts.")
        elif merge.pair in seen:
            yield Violation(where, f"The same pair is also entry {seen[merge.pair] + 1}. Keep one of the two.")
        seen.setdefault(merge.pair, index)
        if merge.status != "confirmed":
            continue
        if merge.drop in confirmed:
            yield Violation((*where, "drop"), f"'{merge.drop}' is already merged into '{confirmed[merge.drop]}'. Drop it once.")
            continue
        confirmed[merge.drop] = merge.keep
        if _returns(merge.drop, confirmed):
            yield Violation(where, f"'{merge.keep}' is itself merged into '{merge.drop}'. Confirm one of the two.")
            del confirmed[merge.drop]


def _returns(start: str, confirmed: Mapping[str, str]) -> bool:
    at = confirmed.get(start)
    while at is not None and at != start:
        at = confirmed.get(at)
    return at == start
