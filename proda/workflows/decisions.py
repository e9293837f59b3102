"""What a reviewer decides about proposals, as new proposals. Pure functions: nothing is read or written.

after = accepted(proposals, ("a1b2c3d4e5f6",))
after.statements["a1b2c3d4e5f6"].status          # "accepted"; so have the two concepts that it names
shorter(after, "heat-pump-warms-a-house")        # runs of statements that can still be a chain, if one of them was rejected
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from proda.errors import ProdaError
from proda.extraction.chains import LEAST
from proda.knowledge.schema import ConceptType
from proda.records import Tense
from proda.store.proposals import Proposals
from proda.yamlio.policy import FORBIDDEN_CHARACTER

E = TypeVar("E")
MAX_TEXT = 2000  # characters of an edited field
DEAD = ("rejected", "withdrawn")


class Remark(msgspec.Struct, frozen=True):
    """A fault or a doubt, and the field that it is about, as far as it is known."""

    message: str
    severity: Literal["error", "warning"] = "error"
    statement: str = ""  # key
    concept: str = ""  # id
    chain: str = ""
    field: str = ""  # "subject_as"


class RefusedDecisionError(ProdaError):
    """A decision that cannot be carried out. Nothing was written; `remarks` say why."""

    def __init__(self, message: str, remarks: tuple[Remark, ...] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {said(remark)}" for remark in remarks)]))
        self.message = message
        self.remarks = remarks


class StatementEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a statement that a reviewer may change."""

    text: str
    relation: str
    subject_as: str | None = None
    object_as: str | None = None
    when: tuple[str, ...] = ()
    according_to: str | None = None
    tense: Tense = "present"


class ConceptEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a concept that a reviewer may change."""

    term: str
    type: ConceptType
    definition: str
    phrase: str | None = None
    plural: bool = False
    aliases: tuple[str, ...] = ()
    distinct_from: tuple[str, ...] = ()


class ChainEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of a chain that a reviewer may change."""

    explains: str
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


def said(remark: Remark) -> str:
    """A remark as one line: `a1b2c3d4e5f6 subject_as: 'it' does not name the concept.`"""
    place = " ".join(filter(None, (remark.statement or remark.concept or remark.chain, remark.field)))
    return f"{place}: {remark.message}" if place else remark.message


def homes(proposals: Proposals, key: str) -> tuple[str, ...]:
    """The chains that a statement belongs to, rejected and withdrawn ones left out."""
    return tuple(name for name, chain in proposals.chains.items() if chain.status not in DEAD and key in chain.statements)


def blocking(proposals: Proposals, chain: str) -> tuple[str, ...]:
    """The statements of a chain that were rejected or withdrawn: with one of them, the chain cannot be accepted."""
    return tuple(key for key in proposals.chains[chain].statements if proposals.statements[key].status in DEAD)


def complete(proposals: Proposals, chain: str) -> bool:
    """Whether all statements of a chain are accepted."""
    return all(proposals.statements[key].status == "accepted" for key in proposals.chains[chain].statements)


def shorter(proposals: Proposals, chain: str) -> tuple[tuple[str, ...], ...]:
    """The runs of at least three consecutive statements without a rejected one; none if no statement was rejected."""
    if not blocking(proposals, chain):
        return ()
    runs: list[list[str]] = [[]]
    for key in proposals.chains[chain].statements:
        if proposals.statements[key].status in DEAD:
            runs.append([])
        else:
            runs[-1].append(key)
    return tuple(tuple(run) for run in runs if len(run) >= LEAST)


def accepted(proposals: Proposals, keys: Iterable[str]) -> Proposals:
    """`proposals` with these statements accepted, and the concepts that they name."""
    keys = list(keys)
    after = _with_status(proposals, keys, "accepted", "")
    named = {end for key in keys for end in (after.statements[key].subject, after.statements[key].object)}
    concepts = {
        name: msgspec.structs.replace(concept, status="accepted", reason="") if name in named and concept.status == "proposed" else concept
        for name, concept in after.concepts.items()
    }
    return msgspec.structs.replace(after, concepts=concepts)


def rejected(proposals: Proposals, keys: Iterable[str], reason: str) -> Proposals:
    """`proposals` with these statements rejected. Raises RefusedDecisionError without a reason."""
    return _with_status(proposals, keys, "rejected", _reason(reason))


def reopened(proposals: Proposals, keys: Iterable[str]) -> Proposals:
    """`proposals` with these statements undecided again."""
    return _with_status(proposals, keys, "proposed", "")


def chain_decided(proposals: Proposals, chain: str, status: Literal["accepted", "rejected", "proposed"], reason: str = "") -> Proposals:
    """`proposals` with the status of a chain. A rejected chain takes along the undecided statements that no other chain needs."""
    why = _reason(reason) if status == "rejected" else ""
    entry = msgspec.structs.replace(proposals.chains[chain], status=status, reason=why)
    after = msgspec.structs.replace(proposals, chains={**proposals.chains, chain: entry})
    if status != "rejected":
        return after
    alone = [key for key in entry.statements if after.statements[key].status == "proposed" and not homes(after, key)]
    return _with_status(after, alone, "rejected", why)


def shortened(proposals: Proposals, chain: str, keys: tuple[str, ...]) -> Proposals:
    """`proposals` with a chain cut to one of its `shorter` runs. Raises RefusedDecisionError for other statements."""
    if keys not in shorter(proposals, chain):
        raise RefusedDecisionError("These statements are not what is left of the chain. Reload the page, then choose again.")
    entry = msgspec.structs.replace(proposals.chains[chain], statements=keys)
    return msgspec.structs.replace(proposals, chains={**proposals.chains, chain: entry})


def renamed_chain(proposals: Proposals, chain: str, name: str) -> Proposals:
    """`proposals` with another id for a chain, in the same place."""
    return msgspec.structs.replace(proposals, chains={name if key == chain else key: entry for key, entry in proposals.chains.items()})


def edited_statement(proposals: Proposals, key: str, edit: StatementEdit, relations: Iterable[str]) -> Proposals:
    """`proposals` with a statement reworded. Raises RefusedDecisionError with a remark for each field that cannot be used."""
    fields = cleaned(edit, ("text", "relation"), Remark("", statement=key))
    if fields["relation"] not in relations:
        remark = Remark(f"'{fields['relation']}' is not a relation of knowledge/relations.yaml.", statement=key, field="relation")
        raise RefusedDecisionError("The edit was not saved.", (remark,))
    return msgspec.structs.replace(
        proposals, statements={**proposals.statements, key: msgspec.structs.replace(proposals.statements[key], **fields)}
    )


def edited_concept(proposals: Proposals, name: str, edit: ConceptEdit) -> Proposals:
    """`proposals` with a concept changed; a definition that was drafted and has been rewritten counts as written."""
    fields = cleaned(edit, ("term", "type", "definition"), Remark("", concept=name))
    before = proposals.concepts[name]
    after = msgspec.structs.replace(before, **fields, drafted=before.drafted and fields["definition"] == before.definition)
    return msgspec.structs.replace(proposals, concepts={**proposals.concepts, name: after})


def edited_chain(proposals: Proposals, name: str, edit: ChainEdit) -> Proposals:
    """`proposals` with what a chain explains, and when it holds, changed."""
    fields = cleaned(edit, ("explains",), Remark("", chain=name))
    return msgspec.structs.replace(proposals, chains={**proposals.chains, name: msgspec.structs.replace(proposals.chains[name], **fields)})


def progress(proposals: Proposals) -> tuple[int, int]:
    """How many statements are decided, and how many there are; withdrawn ones do not count."""
    statuses = [s.status for s in proposals.statements.values() if s.status != "withdrawn"]
    return sum(status != "proposed" for status in statuses), len(statuses)


def undecided(proposals: Proposals) -> int:
    """How many statements are not decided yet."""
    return sum(s.status == "proposed" for s in proposals.statements.values())


def unnamed(proposals: Proposals) -> tuple[str, ...]:
    """The proposed concepts that no statement names, withdrawn ones left out, in order: the source defines them and says no more.

    Nothing is decided about these, and none is written: a concept goes into the knowledge with the first chain or link that names it.
    """
    named = {end for s in proposals.statements.values() if s.status != "withdrawn" for end in (s.subject, s.object)}
    return tuple(name for name, concept in proposals.concepts.items() if concept.status == "proposed" and name not in named)


def drafted(proposals: Proposals) -> tuple[str, ...]:
    """The concepts that live statements name and whose definition was made up from a statement, in order."""
    named = {end for s in proposals.statements.values() if s.status not in DEAD for end in (s.subject, s.object)}
    return tuple(n for n, c in proposals.concepts.items() if c.drafted and c.status not in DEAD and n in named)


def in_place(entries: Mapping[str, E], key: str, entry: E, rank: Callable[[str, E], Any]) -> dict[str, E]:
    """`entries` with a new one before the first that ranks above it, so that a file in order stays in order; others keep their places."""
    found: dict[str, E] = {}
    for other, old in entries.items():
        if key not in found and rank(other, old) > rank(key, entry):
            found[key] = entry
        if other != key:
            found[other] = old
    return {**found, key: entry} if key not in found else found


def _with_status(proposals: Proposals, keys: Iterable[str], status: Any, reason: str) -> Proposals:
    changed = {key: msgspec.structs.replace(proposals.statements[key], status=status, reason=reason) for key in keys}
    return msgspec.structs.replace(proposals, statements={**proposals.statements, **changed})


def _reason(reason: str) -> str:
    line, fault = _line(reason)
    if fault or not line:
        raise RefusedDecisionError("Nothing was rejected.", (Remark(fault or "Give the reason, in one line.", field="reason"),))
    return line


def cleaned(edit: msgspec.Struct, needed: tuple[str, ...], place: Remark) -> dict[str, Any]:
    """The fields of an edit, trimmed; an empty optional field is None. Raises RefusedDecisionError with all faults, each at `place`."""
    fields: dict[str, Any] = {}
    remarks = []
    for name, value in msgspec.structs.asdict(edit).items():
        fault = ""
        if isinstance(value, str):
            fields[name], fault = _line(value)
            if not fields[name]:
                fields[name] = None
                fault = fault or ("Empty, expected text." if name in needed else "")
        elif isinstance(value, tuple):
            lines = [_line(part) for part in value]
            fields[name] = tuple(dict.fromkeys(line for line, _ in lines if line))
            fault = next((f for _, f in lines if f), "")
        else:
            fields[name] = value
        if fault:
            remarks.append(msgspec.structs.replace(place, message=fault, field=name))
    if remarks:
        raise RefusedDecisionError("The edit was not saved.", tuple(remarks))
    return fields


def _line(text: str) -> tuple[str, str]:
    """`text` on one line in NFC, and what is wrong with it."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    if hit := FORBIDDEN_CHARACTER.search(line):
        return "", f"Character U+{ord(hit[0]):04X} (control, bidi override or separator) is not allowed. Remove it."
    if len(line) > MAX_TEXT:
        return line, f"{len(line):,} characters, expected at most {MAX_TEXT:,}. Shorten it."
    return line, ""
