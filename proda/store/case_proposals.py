"""proposals/cases/<discipline>/<topic>.yaml: cases that a language model wrote for the chains of a topic, and what people decided.

    found = load_case_proposals(Path("."), "physics/electromagnetic-induction")
    found.cases["a-line-at-twice-the-voltage"].is_open           # True: nobody has decided

    cases:
      a-line-at-twice-the-voltage:
        chain: high-voltage-saves-energy
        question: How does the power lost as heat in the wires change?
        options: {a: It doubles., b: …, c: …, d: …}
        variants:
          - situation: A rural line of fixed resistance carries 200 kilowatts …
            answer: d
            because: The same power at twice the voltage needs half the current, …
            wrong:
              a: {breaks: high-voltage-saves-energy.s2, because: …}
        model: some-model
        prompt: case@1
        asked: 3f0c9a1e0b2d4c55          # hash of the chain as the model got it
        status: accepted                 # left out as long as nobody has decided
    set_aside:
      moving-magnet-drives-current: {reason: invalid, detail: …, model: some-model, prompt: case@1, asked: 9b1c…}

A case has the fields of a case in a topic file, and its key becomes the name of that case. Nothing here is knowledge: `proda write --cases
--accept KEY` writes a case into the topic file. The file is apart from the proposals of sources, because chains that people wrote have no
such proposals, and because extracting a source again must not touch its cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from proda.findings import Violation
from proda.records import Record
from proda.store.files import data_files
from proda.yamlio import dump_yaml, load_as
from proda.yamlio.schema import refuse

FOLDER = "proposals/cases"
CASE_LETTERS = ("a", "b", "c", "d")
CaseDecision = Literal["proposed", "accepted", "rejected", "withdrawn"]  # withdrawn: its chain is not what it was written for


class ProposedWrong(Record, frozen=True):
    """Why an option is wrong, and the statement that it denies."""

    breaks: str  # "<chain>.<step>" or "<link>", after its discipline if that is another one
    because: str


class ProposedVariant(Record, frozen=True):
    """One situation, with the option that is right in it."""

    situation: str
    answer: str  # a letter, a to d
    because: str
    wrong: dict[str, ProposedWrong]


class ProposedCase(Record, frozen=True):
    """A case, where it comes from, and what was decided about it."""

    chain: str  # without its discipline, which is that of the file
    question: str
    options: dict[str, str]
    variants: tuple[ProposedVariant, ...]
    model: str
    prompt: str  # name and version, "case@1"
    asked: str
    status: CaseDecision = "proposed"
    reason: str = ""  # why it was rejected or withdrawn

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided about it."""
        return self.status == "proposed"


class SetAside(Record, frozen=True):
    """A chain for which the model wrote no case that passes the checks. It is asked again once one of the last three fields differs."""

    reason: str
    detail: str
    model: str
    prompt: str
    asked: str


class CaseProposals(Record, frozen=True):
    """The whole file. `set_aside` is by chain, without its discipline."""

    cases: dict[str, ProposedCase] = msgspec.field(default_factory=dict)
    set_aside: dict[str, SetAside] = msgspec.field(default_factory=dict)


def case_proposals_file(topic: str) -> str:
    """The path of a topic's file, relative to the repository. `topic` is an id like physics/optics."""
    return f"{FOLDER}/{topic}.yaml"


def load_case_proposals(root: Path, topic: str) -> CaseProposals:
    """The cases proposed for one topic; none without a file. Raises InputError with every fault of the file."""
    path = root / case_proposals_file(topic)
    if not path.is_file():
        return CaseProposals()
    found = load_as(path, CaseProposals, empty={})
    refuse(_faults(found), str(path), path.read_bytes(), "case-proposals")
    return found


def case_proposals_text(proposals: CaseProposals) -> str | None:
    """The text of a file, sorted by key; None if it would hold nothing, so that there is none."""
    if not proposals.cases and not proposals.set_aside:
        return None
    sections = (("cases", dict(sorted(proposals.cases.items()))), ("set_aside", dict(sorted(proposals.set_aside.items()))))
    return dump_yaml(msgspec.to_builtins({name: entries for name, entries in sections if entries}))


def topics_with_case_proposals(root: Path) -> tuple[str, ...]:
    """The ids of the topics that have such a file, sorted."""
    found = data_files(root / FOLDER, "*/*.yaml")
    return tuple(path.relative_to(root / FOLDER).as_posix().removesuffix(".yaml") for path in found)


def _faults(proposals: CaseProposals) -> Iterator[Violation]:
    for name, case in proposals.cases.items():
        where = ("cases", name)
        if tuple(sorted(case.options)) != CASE_LETTERS:
            yield Violation((*where, "options"), f"Got the options {', '.join(sorted(case.options)) or 'none'}, expected a, b, c and d.")
        for number, variant in enumerate(case.variants):
            if variant.answer not in CASE_LETTERS:
                yield Violation((*where, "variants", number, "answer"), f"Got '{variant.answer[:20]}', expected a, b, c or d.")
        if case.status in ("rejected", "withdrawn") and not case.reason.strip():
            yield Violation((*where, "reason"), f"The case is {case.status} without a reason. Say why.")
