"""What an import is asked to do, what it would write, and the rules that all kinds of import share.

plan = ImportPlan("obo", (Path("go.obo"),), "biology", topic="fission", origin="geneontology.org", licence="CC-BY-4.0")
topic_id(plan)      # "biology/fission"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from proda.errors import InputError, UsageError
from proda.exchange.faults import KINDS as MEANINGS
from proda.exchange.faults import ImportFault
from proda.exchange.found import slug
from proda.knowledge.tree import CATALOGUE, source_path
from proda.records import Record
from proda.store.proposals import Proposals, load_proposals, proposals_path
from proda.workflows.scaffold import Origin, catalogue_with, require_origin

ImportKind = Literal["obo", "skos", "proda-json", "rows", "sharegpt", "messages", "alpaca", "mmlu", "lm-eval"]
KINDS: tuple[ImportKind, ...] = get_args(ImportKind)


class ImportPlan(Record, frozen=True):
    """What to import, and what the user says about it."""

    kind: ImportKind
    files: tuple[Path, ...]
    discipline: str
    topic: str = ""  # default: the name of the first file or task; of a suite from CSV "mmlu"
    title: str = ""
    licence: str = ""
    origin: str = ""
    encoding: str = ""  # default: by the byte order mark, or UTF-8
    language: str = "en"  # of the labels of a thesaurus
    type: str = "entity"  # of concepts whose type the knowledge does not know
    under: str = ""  # the id of a term: only this one and those below it
    relations: dict[str, str] = {}  # noqa: RUF012  verb → relation, in addition to those that the relations themselves have
    tasks: tuple[str, ...] = ()  # names of tasks of lm-evaluation-harness; `files` is then empty
    include: Path | None = None  # a folder of further tasks
    limit: int = 0  # questions of each task, from its first one; 0: all


class PlannedImport(Record, frozen=True):
    """The files that the import would write, relative to the repository, and what it read."""

    texts: dict[str, str]
    read: int  # rows, terms or entries
    used: int  # of them, those that are in the texts
    proposed: dict[str, int]  # "concepts", "statements", "chains" → how many wait for review
    counts: dict[str, int]  # kind of fault → how many
    faults: tuple[ImportFault, ...]  # the first of each kind
    notes: tuple[str, ...] = ()  # what a user must know besides

    def by_kind(self) -> list[tuple[str, str, list[ImportFault]]]:
        """The kinds of fault, the most frequent first: the kind, what it means, and the first faults of this kind."""
        kinds = sorted(self.counts, key=lambda kind: (-self.counts[kind], kind))
        return [(kind, MEANINGS[kind], [fault for fault in self.faults if fault.kind == kind]) for kind in kinds]


def topic_id(plan: ImportPlan) -> str:
    """The source and topic of an import: `physics/heat-pumps`."""
    first = slug(plan.tasks[0] if plan.tasks else plan.files[0].stem)
    return f"{plan.discipline}/{plan.topic or ('mmlu' if plan.kind == 'mmlu' else first)}"


def origin_of(plan: ImportPlan, title: str) -> Origin:
    """Title, origin and licence, as the catalogue records them. Raises UsageError for what is missing; neither has a default."""
    given = {"origin": plan.origin, "licence": plan.licence}
    if missing := [name for name, value in given.items() if not value]:
        wanted = " and ".join(f"--{name}" for name in missing)
        raise UsageError(
            f"Missing: {wanted}. Nothing was written. Say where the files come from, and under which licence they may be used."
        )
    origin = Origin(plan.title or title, plan.origin, plan.licence)
    require_origin(origin)
    return origin


def backend_of(plan: ImportPlan) -> str:
    """The name under which proposals record the import."""
    return f"import {plan.kind}"


def earlier(root: Path, source: str) -> Proposals | None:
    """The proposals of a source; None if there are none."""
    return load_proposals(root, source) if (root / proposals_path(source)).is_file() else None


def source_texts(root: Path, source: str, origin: Origin, text: str, old: Proposals | None, backend: str) -> dict[str, str]:
    """The source and the catalogue with it; nothing if they are there already.

    Raises InputError if the source exists with another text and was not written by this kind of import.
    """
    path = source_path(source)
    there = (root / path).read_text(encoding="utf-8") if (root / path).is_file() else None
    ours = old is not None and backend in old.backend.split(", ")
    if there is not None and there != text and not ours:
        raise InputError(f"{path}\n  Exists already, and was not imported as this is. Nothing is overwritten. Choose another --topic.")
    if there == text:
        return {}
    return {path: text, CATALOGUE: catalogue_with(root, source, origin, text, replace=there is not None)}


def waiting(proposals: Proposals) -> dict[str, int]:
    """How many concepts, statements and chains wait for review."""
    parts: Mapping[str, Mapping[str, object]] = {
        "concepts": proposals.concepts,
        "statements": proposals.statements,
        "chains": proposals.chains,
    }
    return {name: sum(getattr(p, "status", "") == "proposed" for p in part.values()) for name, part in parts.items()}
