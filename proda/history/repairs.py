"""Diagnoses, patches and verdicts, indexed by the items and nodes that they are about.

    repairs = read_repairs(Path("."))
    repairs.diagnosis_of["physics/bimetal-strip-bends:dev-bridge"].category        "concept gap"
    repairs.noticed_at["physics/bimetal-strip-bends.s1"]                          what probing found there
    repairs.patches_on["physics/bimetal-strip-bends.s1"]                          patches that target it
    verdict_text(repairs.verdicts["1-bimetal-strip-bends-s1-3f0c9a1e"])           "unproven"

`evidence_text` puts what probing found at a node into words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from proda.errors import counted
from proda.graph import Knowledge
from proda.history.index import index
from proda.language.wording import name
from proda.records import Diagnosis, Evidence, Patch
from proda.store.diagnoses import DIAGNOSIS, load_findings
from proda.store.patches import load_patches
from proda.store.verdicts import read_verdicts, seeds_of

ASKED = {
    "statement": "Asked for this statement",
    "concept": "Asked for the definition",
    "step": "Asked for this step of the chain",
    "between": "Asked for the concept between the step before and this one",
    "condition": "Asked what this explanation presupposes, or does not cover",
    "link": "Asked for the concept between the step before and this one",  # what `between` was called
}
INSTEAD = {"inversion": "the statement the wrong way round", "skip": "a short cut past the step", "early": "the step after it"}


class Repairs:
    """Diagnoses, noticed evidence, patches and verdicts of one revision. Indexes are built when they are first used."""

    def __init__(
        self,
        diagnoses: Iterable[Diagnosis] = (),
        noticed: Iterable[Evidence] = (),
        patches: Iterable[Patch] = (),
        verdicts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.diagnosis_of = {d.item: d for d in diagnoses}
        self.noticed = tuple(noticed)
        self.patches = {p.id: p for p in patches}
        self.verdicts = verdicts or {}

    @cached_property
    def diagnoses_at(self) -> dict[str, list[Diagnosis]]:
        """Node id → diagnoses that blame it, sorted by item."""
        return index((node, d) for _, d in sorted(self.diagnosis_of.items()) for node in d.nodes)

    @cached_property
    def noticed_at(self) -> dict[str, list[Evidence]]:
        """Node id → what probing found there, in the order of the file."""
        return index((e.node, e) for e in self.noticed)

    @cached_property
    def patches_on(self) -> dict[str, list[Patch]]:
        """Node id → patches that target it or set it apart from another concept, by round and id."""
        return index((node, p) for p in self.patches.values() for node in targets_of(p))

    @cached_property
    def patches_for(self) -> dict[str, list[Patch]]:
        """Item id → patches that were written because it failed, by round and id."""
        return index((item, p) for p in self.patches.values() for item in p.items)

    def says(self, patch: str) -> str:
        """The verdict on a patch as one phrase; "not judged yet" if there is none."""
        return verdict_text(self.verdicts.get(patch, {}))


def read_repairs(root: Path) -> Repairs:
    """All diagnoses, patches and verdicts below `root`; empty where there are none yet. Raises InputError if a file is malformed."""
    return Repairs(*read_findings(root), load_patches(root), read_verdicts(root))


def read_findings(root: Path, about: Collection[str] | None = None) -> tuple[list[Diagnosis], list[Evidence]]:
    """Diagnoses and noticed evidence, of those ids if some are given; both are empty before the stage `diagnose` has run."""
    return load_findings(root, about) if (root / DIAGNOSIS).is_file() else ([], [])


def targets_of(patch: Patch) -> tuple[str, ...]:
    """The nodes that a patch targets, and the concepts that it sets apart, each once."""
    return tuple(dict.fromkeys([*patch.targets, *(c for e in patch.edits for c in (e.concept, e.distinct_from))]))


def verdict_text(verdict: Mapping[str, Any]) -> str:
    """A verdict on a patch in a few words: "unproven", "necessary (5 seeds)"."""
    says, seeds = str(verdict.get("says") or "not judged yet"), seeds_of(verdict)
    return f"{says} ({counted(seeds, 'seed')})" if seeds else says


def evidence_text(knowledge: Knowledge, evidence: Evidence) -> str:
    """What probing found at a node, as a sentence that ends in a full stop."""
    if evidence.probe == "data":
        samples = "1 training sample contradicts" if evidence.failed == 1 else f"{evidence.failed} training samples contradict"
        return f"{samples} this statement{f', for example {evidence.preferred}' if evidence.preferred else ''}."
    text = f"{ASKED[evidence.probe]}: {evidence.failed} of {evidence.asked} answers are wrong"
    if evidence.preferred and evidence.failed:
        text += f", most often “{preferred_text(knowledge, evidence.preferred)}”"
    return f"{text}."


def preferred_text(knowledge: Knowledge, preferred: str) -> str:
    """What was taken for the right answer: a concept's name, what a wrong step does, or whose condition it is."""
    if preferred in knowledge.chains:
        return f"a condition of the explanation of {knowledge.chains[preferred].explains}"
    return INSTEAD.get(preferred) or (name(knowledge, preferred) if preferred in knowledge.concepts else preferred)


def confidence_text(diagnosis: Diagnosis) -> str:
    """How many of the failing models support the diagnosis: "confidence 0.67: 2 of 3 failing models"."""
    failed, text = len(diagnosis.failed_by), f"confidence {diagnosis.confidence:.2f}"
    if not failed:
        return text
    agree = round(diagnosis.confidence * failed)
    return f"{text}: {agree} of {failed} failing model{'' if failed == 1 else 's'}"
