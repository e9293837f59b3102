"""Imports files of other tools: each kind of file becomes texts to be written, proposals to be reviewed, and a list of faults.

    planned = plan_import(root, ImportPlan("obo", (Path("go.obo"),), "biology", topic="fission", origin="…", licence="CC-BY-4.0"))
    planned.texts       # {"knowledge/sources/biology/fission.md": …, "proposals/biology/fission.yaml": …, "…/catalogue.yaml": …}
    write_together(root, planned.texts)

    obo, skos       terms → a source, and proposals that quote it
    proda-json      the public implementation's knowledge → proposals; its training rows and questions → faults only
    rows, sharegpt, messages, alpaca
                    training rows → a source of their explanations, to be extracted like any document
    mmlu            CSV files of multiple-choice questions → a general suite
    lm-eval         multiple-choice tasks of lm-evaluation-harness, by name → a general suite

Nothing becomes knowledge or a sample by being imported. Training rows do not become samples, because a sample names the nodes that it
teaches and follows from them; a row names none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec

from proda.errors import NotFoundError, UsageError
from proda.exchange.faults import Faults
from proda.knowledge.schema import ConceptType
from proda.workflows.import_plan import ImportKind, ImportPlan, PlannedImport, topic_id
from proda.workflows.import_rows import plan_rows
from proda.workflows.import_suites import plan_suite, plan_tasks
from proda.workflows.import_terms import plan_core, plan_terms
from proda.workflows.scaffold import parse_topic


def plan_import(root: Path, plan: ImportPlan) -> PlannedImport:
    """Read the files and return what would be written; writes nothing.

    Raises UsageError for arguments that cannot be used, NotFoundError for a missing file, InputError for one that cannot be read at all, or
    if a source of that name exists and was not imported. Rows that cannot be used are no error: they are listed as faults.
    """
    for path in plan.files:
        if not path.is_file():
            raise NotFoundError(f"{path}\n  No such file. Nothing was written.")
    if plan.kind != "lm-eval" and (plan.include or plan.limit):
        raise UsageError(f"--include and --limit are for lm-eval, not for {plan.kind}. Leave them out.")
    if plan.type not in get_args(ConceptType):
        raise UsageError(f"--type: got '{plan.type[:60]}', expected one of {', '.join(get_args(ConceptType))}.")
    parse_topic(topic_id(plan))
    found = _plan_of(plan.kind)(root, plan, Faults())
    return msgspec.structs.replace(found, texts={name: text for name, text in found.texts.items() if not _is_there(root / name, text)})


def _plan_of(kind: ImportKind) -> Callable[[Path, ImportPlan, Faults], PlannedImport]:
    if kind in ("obo", "skos"):
        return plan_terms
    if kind == "proda-json":
        return plan_core
    if kind == "lm-eval":
        return plan_tasks
    return plan_suite if kind == "mmlu" else plan_rows


def _is_there(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()
