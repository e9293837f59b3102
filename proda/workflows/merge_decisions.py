"""knowledge/merges.yaml as reviewers see it: which concepts may be one, and what was decided about that.

    merges:
      - concepts: [physics/heat-pump, physics/heat-engine-in-reverse]
        keep: physics/heat-pump
        decision: proposed            # proposed, confirmed, refused
        evidence: "one definition; acronym HP in both"

An id without a discipline is one of the discipline that is reviewed. An entry of another form is left alone and not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
    evidence: str = ""


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
        entry["decision"] = decision
        if full_id(discipline, entry.get("keep") or "") != keep:
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
    concepts, keep = entry.get("concepts"), entry.get("keep")
    if not isinstance(concepts, list) or len(concepts) < 2 or not all(isinstance(c, str) and c for c in concepts):
        return None
    ids = tuple(full_id(discipline, c) for c in concepts)
    kept = full_id(discipline, keep) if isinstance(keep, str) and keep else ids[0]
    decision, evidence = entry.get("decision", "proposed"), entry.get("evidence", "")
    if decision not in DECISIONS or kept not in ids:
        return None
    return SeenMerge(index, ids, kept, decision, " ".join(evidence.split()) if isinstance(evidence, str) else _listed(evidence))


def _listed(evidence: Any) -> str:
    return "; ".join(str(part) for part in evidence) if isinstance(evidence, list) else str(evidence)
