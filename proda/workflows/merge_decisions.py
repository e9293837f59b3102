"""knowledge/merges.yaml as reviewers see it: which concepts may be one, and what was decided about that.

    merges:
      - keep: physics/heat-pump
        drop: physics/reversed-heat-engine
        status: proposed              # proposed, confirmed, refused
        why: a source says that one is also called the other
        evidence:
          - {concept: physics/heat-pump, term: heat pump, source: physics/heat-pumps, says: a machine that …}

`concepts: [a, b]` may stand for `drop`, `decision` for `status`, and a text for `evidence`. An id without a discipline is one of the
discipline that is reviewed. An entry of another form is left alone and not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.roundtrip import UnsafeEditError, safely_edited
from proda.knowledge.schema import full_id
from proda.knowledge.tree import MERGES
from proda.records import Record
from proda.yamlio import load_yaml_bytes, load_yaml_text, read_bytes

DECISIONS = ("proposed", "confirmed", "refused")


class SeenMerge(Record, frozen=True):
    """An entry of the file; ids are written in full."""

    index: int  # in the file
    concepts: tuple[str, ...]
    keep: str
    decision: str
    why: str = ""
    says: dict[str, str] = msgspec.field(default_factory=dict)  # concept → its definition and where that stands


def seen_merges(root: Path, discipline: str) -> tuple[SeenMerge, ...]:
    """The entries that name a concept of `discipline`, in order; none if there is no file. Raises InputError if it is not YAML."""
    path = root / MERGES
    if not path.is_file():
        return ()
    raw = load_yaml_bytes(read_bytes(path, root), MERGES)
    entries = raw.get("merges") if isinstance(raw, dict) else None
    found = [_seen(index, entry, discipline) for index, entry in enumerate(entries if isinstance(entries, list) else ())]
    return tuple(merge for merge in found if merge and any(c.startswith(f"{discipline}/") for c in merge.concepts))


def decided_merge(text: str, merge: SeenMerge, decision: str, keep: str, discipline: str) -> str:
    """The text of the file with a decision about one entry, everything else as it was. Raises InputError if that cannot be done."""
    raw = load_yaml_text(text, MERGES)

    def edit(document: Any) -> None:
        entry = document["merges"][merge.index]
        entry["decision" if "decision" in entry else "status"] = decision
        if full_id(discipline, entry.get("keep") or "") == keep:
            return
        if "drop" in entry:
            entry["keep"], entry["drop"] = entry["drop"], entry["keep"]
        else:
            entry["keep"] = next(c for c in entry["concepts"] if full_id(discipline, c) == keep)

    try:
        return safely_edited(text, raw, edit)
    except (UnsafeEditError, StopIteration) as error:
        raise InputError(f"{MERGES}\n  Cannot be edited: {error}. Nothing was written. Change the entry by hand.") from None


def resolved(merges: Sequence[SeenMerge]) -> dict[str, str]:
    """Concept → the concept that it was merged into, by the confirmed entries, followed to the end."""
    into = {c: m.keep for m in merges if m.decision == "confirmed" for c in m.concepts if c != m.keep}
    return {concept: _followed(concept, into) for concept in into}


def _followed(concept: str, into: Mapping[str, str]) -> str:
    seen = [concept]
    while (after := into.get(seen[-1])) is not None and after not in seen:
        seen.append(after)
    return seen[-1]


def _seen(index: int, entry: Any, discipline: str) -> SeenMerge | None:
    if not isinstance(entry, dict):
        return None
    keep, concepts = entry.get("keep"), entry.get("concepts", [entry.get("keep"), entry.get("drop")])
    if not isinstance(concepts, list) or len(concepts) < 2 or not all(isinstance(c, str) and c for c in concepts):
        return None
    ids = tuple(full_id(discipline, c) for c in concepts)
    kept = full_id(discipline, keep) if isinstance(keep, str) and keep else ids[0]
    decision, evidence = entry.get("decision", entry.get("status", "proposed")), entry.get("evidence", "")
    if decision not in DECISIONS or kept not in ids or len(set(ids)) < len(ids):
        return None
    parts = [part for part in evidence if isinstance(part, dict)] if isinstance(evidence, list) else []
    says = {full_id(discipline, _line(part.get("concept"))): _told(part) for part in parts}
    why = " ".join(filter(None, (_line(entry.get("why")), _line(evidence))))
    return SeenMerge(index, ids, kept, decision, why, says)


def _told(part: dict[str, Any]) -> str:
    """What the evidence says of a concept: `heat pump: a machine that … (physics/heat-pumps)`."""
    source = _line(part.get("source"))
    told = ": ".join(filter(None, (_line(part.get("term")), _line(part.get("says")))))
    return f"{told} ({source})" if source else told


def _line(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
