"""Multiple-choice questions, from CSV files or tasks of lm-evaluation-harness → a general suite and its card.

plan_suite(root, ImportPlan("mmlu", (Path("astronomy_test.csv"),), "general", …), Faults())
plan_tasks(root, ImportPlan("lm-eval", (), "general", tasks=("arc_easy",), …), Faults())
# both: PlannedImport(texts={"benchmarks/general/….jsonl": …, "benchmarks/general/….yaml": …}, …)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from proda.errors import InputError, UsageError
from proda.exchange.faults import Faults
from proda.exchange.harness_tasks import HarnessTask, harness_tasks, task_items
from proda.exchange.mcq_csv import mcq_items
from proda.records import Item
from proda.store.suites import FOLDER, RESERVED, SuiteTask, suite_files
from proda.workflows.import_plan import ImportPlan, PlannedImport, origin_of, topic_id
from proda.workflows.scaffold import Origin

Found = tuple[str, int, Item]
"""File or task, line or number of the question (0 if unknown), item."""
_ROWS = ("malformed", "no-question", "options", "no-key")  # faults that stand for a row that is left out


def plan_suite(root: Path, plan: ImportPlan, faults: Faults) -> PlannedImport:
    """CSV files of multiple-choice questions → benchmarks/general/<topic>.jsonl and its card."""
    name, origin = _name(root, plan)
    digests: dict[str, str] = {}

    def items() -> Iterator[Found]:
        for path in plan.files:
            with path.open("rb") as file:
                digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
            yield from ((path.name, 0, item) for item in mcq_items(path, name, plan.discipline, plan.encoding, faults))

    return _planned(name, origin, items(), faults, files=digests)


def plan_tasks(root: Path, plan: ImportPlan, faults: Faults) -> PlannedImport:
    """Tasks of lm-evaluation-harness → benchmarks/general/<topic>.jsonl and its card, which records version and hash of each task."""
    name, origin = _name(root, plan)
    read = harness_tasks(plan.tasks, include=plan.include, limit=plan.limit or None)

    def items() -> Iterator[Found]:
        for task in read:
            yield from ((task.name, number, item) for number, item in task_items(task, name, plan.discipline, faults))

    tasks = {task.name: SuiteTask(task.library, task.version, len(task.questions), task.asked_alike, task.sha256) for task in read}
    return _planned(name, origin, items(), faults, tasks=tasks, notes=_notes(read))


def _name(root: Path, plan: ImportPlan) -> tuple[str, Origin]:
    """Name and origin of the suite. Raises UsageError or InputError if it must not be written."""
    name = topic_id(plan).partition("/")[2]
    if name in RESERVED:
        raise UsageError(f"--topic: '{name}' is the suite that the curriculum writes. Choose another name.")
    origin = origin_of(plan, name)
    if (root / FOLDER / f"{name}.jsonl").exists() and not (root / FOLDER / f"{name}.yaml").exists():
        raise InputError(f"{FOLDER}/{name}.jsonl\n  Exists already, and was not imported. Nothing is overwritten. Choose another --topic.")
    return name, origin


def _planned(
    name: str,
    origin: Origin,
    found: Iterable[Found],
    faults: Faults,
    *,
    files: dict[str, str] | None = None,
    tasks: dict[str, SuiteTask] | None = None,
    notes: tuple[str, ...] = (),
) -> PlannedImport:
    """The suite of the items that were found. `files` and `tasks` are for its card, and are read after all items."""
    items: dict[str, Item] = {}
    read = 0
    for place, number, item in found:
        read += 1
        if item.id in items:
            faults.add(place, number, "duplicate", item.stem)
        items[item.id] = item
    read += sum(faults.counts[kind] for kind in _ROWS)
    texts: dict[str, str] = {}
    if items:
        texts = suite_files(name, origin.title, origin.origin, origin.licence, files or {}, items.values(), tasks=tasks)
        notes = (*notes, f"To score models on it, add '{name}' to evaluate.general in params.yaml and run `dvc repro evaluate`.")
    return PlannedImport(texts, read, len(items), {}, dict(faults.counts), tuple(faults.kept), notes)


def _notes(tasks: Iterable[HarnessTask]) -> tuple[str, ...]:
    """One line for each task that ProDa asks in another way than the harness."""
    lines = []
    for task in tasks:
        others = len(task.questions) - task.asked_alike
        parts = [f"{others:,} of {len(task.questions):,} questions get another prompt than in the harness"] if others else []
        parts += [f"the task's {', '.join(task.differs)} {'is' if len(task.differs) == 1 else 'are'} not used"] if task.differs else []
        lines += [f"{task.name}: {'; '.join(parts)}. Compare accuracies only with those of ProDa."] if parts else []
    return tuple(lines)
