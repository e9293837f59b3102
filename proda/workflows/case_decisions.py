"""What people decide about proposed cases: an accepted one is written into the topic file of its chain, if `proda check` passes it.

    decided = decide_cases(root, knowledge, accept=("a-line-at-twice-the-voltage",), reject=(), reason="")
    write_together(root, decided.texts)           # knowledge/physics/optics.yaml and proposals/cases/physics/optics.yaml, or neither

A name in the knowledge may differ from the key of the proposal (proda/workflows/case_entries.py, `free_name`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from proda.errors import InputError, NotFoundError, closest
from proda.graph import Knowledge
from proda.store.case_proposals import (
    CaseProposals,
    ProposedCase,
    case_proposals_file,
    case_proposals_text,
    load_case_proposals,
    topics_with_case_proposals,
)
from proda.workflows.case_entries import checked_cases, free_name, text_with_cases
from proda.workflows.plan_cases import withdrawn


class DecidedCases(msgspec.Struct, frozen=True):
    """The files to write, and what was decided."""

    texts: dict[str, str | None]
    accepted: dict[str, str]  # key → id in the knowledge
    rejected: tuple[str, ...]


class ListedCase(msgspec.Struct, frozen=True):
    """A proposed case with its place."""

    topic: str
    key: str
    case: ProposedCase


def listed_cases(root: Path, knowledge: Knowledge, topics: Sequence[str] = ()) -> Iterator[ListedCase]:
    """Yield the proposed cases of the topics, or of all, by topic and key. A case whose chain has changed is withdrawn."""
    for topic in _topics(root, topics):
        proposals = withdrawn(load_case_proposals(root, topic), knowledge, topic)
        yield from (ListedCase(topic, key, case) for key, case in sorted(proposals.cases.items()))


def set_aside(root: Path, topics: Sequence[str] = ()) -> dict[str, str]:
    """Chain → why it has no proposed case, for the chains that were set aside."""
    found: dict[str, str] = {}
    for topic in _topics(root, topics):
        for chain, why in sorted(load_case_proposals(root, topic).set_aside.items()):
            found[f"{topic.partition('/')[0]}/{chain}"] = f"{why.reason}: {why.detail}"
    return found


def decide_cases(
    root: Path, knowledge: Knowledge, topics: Sequence[str], accept: Sequence[str], reject: Sequence[str], reason: str
) -> DecidedCases:
    """Accept and reject proposed cases by key. Writes nothing.

    Raises NotFoundError for an unknown key, and InputError if a case is not undecided, if its chain has changed since it was written, or
    with what `proda check` would find in the knowledge with it.
    """
    files: dict[str, CaseProposals] = {}
    new: dict[str, dict[str, ProposedCase]] = {}
    accepted: dict[str, str] = {}
    found = list(listed_cases(root, knowledge, topics))
    for keys, status in ((accept, "accepted"), (reject, "rejected")):
        for key in keys:
            one = _open(found, key)
            before = files.get(one.topic) or withdrawn(load_case_proposals(root, one.topic), knowledge, one.topic)
            decided = msgspec.structs.replace(one.case, status=status, reason="" if status == "accepted" else reason)
            files[one.topic] = msgspec.structs.replace(before, cases={**before.cases, one.key: decided})
            there = _written(knowledge, one) if status == "accepted" else None
            if there is not None:
                accepted[key] = there
            elif status == "accepted":
                mine = new.setdefault(one.topic, {})
                name = free_name(knowledge, one.case, one.topic, one.key, mine)
                mine[name] = one.case
                accepted[key] = f"{one.topic.partition('/')[0]}/{name}"
    texts: dict[str, str | None] = {}
    for topic, cases in new.items():
        _, faults = checked_cases(root, topic, cases)
        if faults:
            lines = "\n".join(f"  {name}: {why}" for name, why in faults.items())
            raise InputError(f"knowledge/{topic}.yaml\n  Nothing was written. `proda check` would find:\n{lines}")
        texts[f"knowledge/{topic}.yaml"] = text_with_cases(root, topic, cases)
    # The topic file comes first: if the program is killed between the two files, the case is in the knowledge and still proposed.
    texts |= {case_proposals_file(topic): case_proposals_text(proposals) for topic, proposals in files.items()}
    return DecidedCases(texts, accepted, tuple(reject))


def _written(knowledge: Knowledge, one: ListedCase) -> str | None:
    """The id of the case in the knowledge, if an acceptance was killed after it had written the topic file."""
    chain, first = f"{one.topic.partition('/')[0]}/{one.case.chain}", one.case.variants[0]
    same = (c.id for c in knowledge.cases if (c.chain, c.question, c.situation) == (chain, one.case.question, first.situation))
    return next(same, None)


def _topics(root: Path, topics: Sequence[str]) -> tuple[str, ...]:
    there = topics_with_case_proposals(root)
    return there if not topics else tuple(topic for topic in sorted(set(topics)) if topic in there)


def _open(found: Sequence[ListedCase], key: str) -> ListedCase:
    """The undecided case of that key. Raises NotFoundError or InputError if there is not exactly one."""
    named = [one for one in found if key in (one.key, f"{one.topic}/{one.key}")]
    if not named:
        close = closest(key, [one.key for one in found])
        hint = f"Did you mean {close}?" if close else "`proda write --cases --list` lists the keys."
        raise NotFoundError(f"{key}\n  No proposed case has this key. {hint}")
    if len(named) > 1:
        places = ", ".join(f"{one.topic}/{one.key}" for one in named)
        raise InputError(f"{key}\n  Several topics have a proposed case of this key. Name one as {places}.")
    if not named[0].case.is_open:
        case = named[0].case
        why = f" {case.reason}" if case.reason else ""
        advice = "`proda write --cases` asks for another." if case.status != "accepted" else "Edit the topic file to change it."
        raise InputError(f"{case_proposals_file(named[0].topic)}  {named[0].key}\n  The case is {case.status} already.{why} {advice}")
    return named[0]
