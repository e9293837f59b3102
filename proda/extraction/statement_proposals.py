"""Statements found now, and the ones that were proposed before → the statements of the proposals.

statements, dropped = merged_statements(found, earlier, reading, settled, rejected)
dropped["a1b2c3d4e5f6"]        # "its triple is proposed from another passage"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from proda.extraction.settled import Settled, SourceReading
from proda.records import Triple
from proda.store.proposals import ProposedStatement, placed

GONE = "its passage is no longer in the source"
NOT_FOUND = "it is no longer found"
ONE_CONCEPT = "a confirmed merge makes subject and object one concept"
LIVE = ("proposed", "accepted")


def merged_statements(
    found: Sequence[tuple[str, ProposedStatement]],
    earlier: Mapping[str, ProposedStatement],
    reading: SourceReading,
    settled: Settled,
    rejected: frozenset[str],
) -> tuple[dict[str, ProposedStatement], dict[str, str]]:
    """The statements by key, in the order of the text, those withdrawn last; and of what was dropped, key → reason.

    `rejected` are ids of rejected concepts. Nothing of `earlier` is removed.
    """
    now: dict[str, ProposedStatement] = {}
    for key, statement in found:
        now.setdefault(key, statement)
    kept = {key: _again(old, now.get(key), reading, settled) for key, old in earlier.items()}
    dropped: dict[str, str] = {}
    live = {settled.triple(s) for s in kept.values() if s.status in LIVE}
    refused = {settled.triple(s) for s in kept.values() if s.status == "rejected"}
    for key, statement in sorted(now.items(), key=lambda item: (item[1].evidence.span, item[0])):
        if key in kept:
            continue
        reason = _against(statement, live, refused, settled, rejected)
        if reason:
            dropped[key] = reason
        else:
            kept[key] = statement
            live.add(settled.triple(statement))
    ordered = sorted(kept.items(), key=lambda item: (item[1].status == "withdrawn", item[1].evidence.span, item[0]))
    return dict(ordered), dropped


def _again(old: ProposedStatement, now: ProposedStatement | None, reading: SourceReading, settled: Settled) -> ProposedStatement:
    """An earlier statement in the source as it is now."""
    if old.added or (old.by and now is None):
        return _kept(old, reading, settled)
    if now is not None:
        evidence = now.evidence
        if old.evidence.quote != now.evidence.quote and (chosen := placed(old.evidence, reading.text)) is not None:
            evidence = chosen  # a reviewer has chosen other words of the source
        back = {"status": "proposed", "reason": ""} if old.status == "withdrawn" else {}
        return _merged(msgspec.structs.replace(old, evidence=evidence, chunk=now.chunk, **back), now, settled)
    if old.status in ("rejected", "withdrawn"):
        return old
    here = placed(old.evidence, reading.text)
    if here is None:
        return msgspec.structs.replace(old, status="withdrawn", reason=GONE)
    if old.status == "proposed":
        return msgspec.structs.replace(old, evidence=here, status="withdrawn", reason=NOT_FOUND)
    return msgspec.structs.replace(old, evidence=here)


def _kept(old: ProposedStatement, reading: SourceReading, settled: Settled) -> ProposedStatement:
    """A statement of a reviewer or of an import: it stays while its passage is in the source, whether or not the backend finds it too.

    It keeps its concepts; confirmed merges are applied where its triple is read. What the import withdrew stays withdrawn.
    """
    if old.status == "rejected" or (old.by and old.status == "withdrawn" and old.reason not in (GONE, NOT_FOUND, ONE_CONCEPT)):
        return old
    here = placed(old.evidence, reading.text)
    if here is None:
        return msgspec.structs.replace(old, status="withdrawn", reason=GONE)
    now = msgspec.structs.replace(old, evidence=here, chunk=reading.chunk_at(here.span[0]) or old.chunk)
    subject, _, target = settled.triple(now)
    if subject == target and old.status != "accepted":
        return msgspec.structs.replace(now, status="withdrawn", reason=ONE_CONCEPT)
    return msgspec.structs.replace(now, status="proposed", reason="") if old.status == "withdrawn" else now


def _merged(statement: ProposedStatement, now: ProposedStatement, settled: Settled) -> ProposedStatement:
    """The statement after the confirmed merges, and without those that are no longer confirmed; `now` is as it is found.

    One that has been accepted stays: then the knowledge names the concepts.
    """
    if statement.status != "proposed":
        return statement
    changes: dict[str, str | None] = {}
    for end, wording in (("subject", "subject_as"), ("object", "object_as")):
        mine, found = getattr(statement, end), getattr(now, end)
        undone = (settled.full(found), settled.full(mine)) in settled.unconfirmed
        name = found if undone else settled.reference(mine)
        if name != mine:
            changes |= {end: name, wording: getattr(now, wording)}
    merged = msgspec.structs.replace(statement, **changes)
    if merged.subject == merged.object:
        return msgspec.structs.replace(statement, status="withdrawn", reason=ONE_CONCEPT)
    return merged


def _against(statement: ProposedStatement, live: set[Triple], refused: set[Triple], settled: Settled, rejected: frozenset[str]) -> str:
    """Why a new statement is not proposed; empty if nothing speaks against it."""
    subject, name, target = triple = settled.triple(statement)
    relation = settled.relations[name]
    back = (target, name, subject)
    if subject == target:
        return "its subject and its object are one concept"
    if {subject, target} & rejected:
        return "one of its concepts was rejected"
    if triple in refused or (relation.symmetric and back in refused):
        return "its triple was rejected"
    if triple in live or (relation.symmetric and back in live):
        return "its triple is proposed from another passage"
    if triple in settled.stated:
        return "the knowledge states it"
    if relation.asymmetric and (back in live or back in settled.stated):
        return "the reverse is stated"
    opposite = (subject, relation.opposite or "", target)
    if opposite in live or opposite in settled.stated:
        return "the opposite is stated"
    return ""
