"""Multiple-choice tasks of lm-evaluation-harness → items of a general suite.

    for task in harness_tasks(["arc_easy"], include=None, limit=100):
        for number, item in task_items(task, "arc-easy", "general", faults): …

    HarnessTask(name="arc_easy", version="1.0", library="0.4.13", questions=(HarnessQuestion("Question: …\\nAnswer:", …), …), differs=())

The library is asked for the texts of a question (`doc_to_text`, `doc_to_choice`, `doc_to_target`), so a task may use templates, functions
and data sets of any kind. It is optional, and imported only here. A task is a program: its YAML files can name Python functions, which run.

A prompt of ProDa is `Question: …`, then `Answer:` on a new line. Many tasks use the same words, and their questions get the prompt that the
harness would give. Others are put between these words; `asked_alike` counts the first kind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from proda.errors import InputError, NotFoundError, UsageError, closest
from proda.exchange.faults import Faults
from proda.exchange.mcq_csv import suite_item
from proda.records import Item, prompt_text
from proda.store.suite import usable_options

BEFORE, AFTER = prompt_text("\0").split("\0")
DELIMITER = " "  # what ProDa puts between a prompt and an option


class HarnessQuestion(NamedTuple):
    """What a task says about one of its documents. `unreadable` is the error that it raised instead."""

    text: str
    choices: tuple[str, ...]
    target: object  # the index of the right choice, or its text
    unreadable: str = ""


class HarnessTask(NamedTuple):
    """A task that was read. `differs` names what the harness would do in another way than ProDa."""

    name: str
    version: str
    library: str  # version of lm-evaluation-harness
    questions: tuple[HarnessQuestion, ...]
    differs: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The hash of all questions that were read, in their order, with choices and answers."""
        return hashlib.sha256(msgspec.json.encode([[q.text, q.choices, repr(q.target)] for q in self.questions])).hexdigest()

    @property
    def asked_alike(self) -> int:
        """How many questions get the prompt from ProDa that the task gives them."""
        return sum(prompt_text(stem_of(q.text)) == q.text for q in self.questions)


def harness_tasks(names: Sequence[str], *, include: Path | None = None, limit: int | None = None) -> list[HarnessTask]:
    """Read tasks, or all tasks of groups and tags. `include` is a folder of further tasks; `limit` is a number of questions of each task.

    Questions come from the task's test split, or from its validation split if it has no other, in their order.

    Raises UsageError if the library is not installed or a task is not of the supported type, NotFoundError for an unknown name, and
    InputError if a task cannot be loaded, for example because its data cannot be downloaded.
    """
    try:
        from importlib.metadata import version

        from lm_eval.tasks import TaskManager
    except ModuleNotFoundError as error:
        raise UsageError(f"The library {error.name} is not installed. Run `pip install 'proda[lm-eval]'`, then run this again.") from None
    library = version("lm_eval")
    manager = TaskManager(include_path=str(include), include_defaults=False) if include else None
    if manager is None or not set(names) <= set(manager.all_subtasks):  # a group of the folder may name tasks of the library
        manager = TaskManager(include_path=str(include) if include else None)
    for name in names:
        if name not in manager.all_tasks:
            near = closest(name, manager.all_tasks)
            known = f"Closest: '{near}'." if near else "`lm_eval ls tasks` lists them all."
            raise NotFoundError(
                f"{name}\n  No such task in lm-evaluation-harness {library}{f' or in {include}' if include else ''}. {known}"
                " A folder with further tasks is named by --include."
            )
    try:
        found = manager.load(list(names))["tasks"]
    except Exception as error:  # a task is a program, and loads data over the network
        raise InputError(
            f"{', '.join(names)}\n  lm-evaluation-harness {library} cannot load this: {type(error).__name__}: {_line(error)}"
        ) from None
    refused = [f"{name}: {reason}" for name, task in found.items() if (reason := _unsupported(task))]
    if refused:
        more = f"\n  and {len(refused) - 5} more" if len(refused) > 5 else ""
        raise UsageError(
            "Only tasks can be imported that have one question, several choices and one right choice. Nothing was written.\n  "
            + "\n  ".join(refused[:5])
            + more
        )
    return [HarnessTask(name, _version(task), library, _questions(task, name, limit), _differences(task)) for name, task in found.items()]


def task_items(task: HarnessTask, name: str, discipline: str, faults: Faults) -> Iterator[tuple[int, Item]]:
    """Yield (number of the question from 1, item of the suite `name`). Questions that cannot be used are faults with their number."""
    subject = re.sub(r"[^a-z0-9]+", "-", task.name.casefold()).strip("-")
    for number, question in enumerate(task.questions, start=1):
        stem, choices = stem_of(question.text), list(question.choices)
        key = _key(question)
        if question.unreadable:
            faults.add(task.name, number, "malformed", question.unreadable)
        elif not stem.strip():
            faults.add(task.name, number, "no-question", ", ".join(choices))
        elif not usable_options(choices):
            faults.add(task.name, number, "options", f"{stem[:60]}: {', '.join(choices)}")
        elif key is None:
            faults.add(task.name, number, "no-key", f"Got '{question.target}' as the answer of: {stem}")
        else:
            yield number, suite_item(name, discipline, subject, stem, choices, key)


def stem_of(text: str) -> str:
    """Return what ProDa puts between `Question: ` and `Answer:`: the text of a task without these words at its start and end."""
    stem = text.removeprefix(BEFORE).removesuffix(AFTER)
    return stem if prompt_text(stem) == text else stem.strip()


def _key(question: HarnessQuestion) -> int | None:
    """The index of the right choice, from its index or its text; None if there is no such choice."""
    target = question.target
    if isinstance(target, str):
        return question.choices.index(target) if target in question.choices else None
    if isinstance(target, int) and not isinstance(target, bool) and 0 <= target < len(question.choices):
        return target
    return None


def _questions(task: Any, name: str, limit: int | None) -> tuple[HarnessQuestion, ...]:
    try:
        documents: Iterable[Any] = islice(task.eval_docs, limit)
        return tuple(_question(task, document) for document in documents)
    except Exception as error:  # as above: what a task reads and how is up to its author
        raise InputError(f"{name}\n  The questions of the task cannot be read: {type(error).__name__}: {_line(error)}") from None


def _question(task: Any, document: Any) -> HarnessQuestion:
    try:
        text, choices = task.doc_to_text(document), task.doc_to_choice(document)
        if not isinstance(text, str) or not all(isinstance(choice, str) for choice in choices):
            return HarnessQuestion("", (), None, f"The question or a choice is no text: {text!r:.60}, {choices!r:.60}")
        return HarnessQuestion(text, tuple(choices), task.doc_to_target(document))
    except Exception as error:  # one document that the task's own functions reject
        return HarnessQuestion("", (), None, f"{type(error).__name__}: {_line(error)}")


def _unsupported(task: Any) -> str:
    """Why a task cannot be imported; empty if it can be."""
    config = getattr(task, "config", None)
    if task.OUTPUT_TYPE != "multiple_choice":
        return f"Got output_type {task.OUTPUT_TYPE}, expected multiple_choice."
    if getattr(task, "multiple_input", 0):
        return "Each choice has another question in front of it (doc_to_text is a number)."
    if getattr(task, "multiple_target", 0):
        return "A question has more than one right choice (doc_to_target is a list)."
    if callable(getattr(config, "process_results", None)):
        return "It judges answers with a function of its own (process_results)."
    if any(getattr(config, field, None) for field in ("doc_to_image", "doc_to_audio")):
        return "Its questions have images or sound."
    return ""


def _differences(task: Any) -> tuple[str, ...]:
    """What the harness would put before or after a question, and ProDa does not."""
    config = task.config
    delimiter, examples = getattr(config, "target_delimiter", DELIMITER), getattr(config, "num_fewshot", None) or 0
    found = {
        "description": bool(getattr(config, "description", "")),
        f"{examples} examples": examples > 0,
        "gen_prefix": bool(getattr(config, "gen_prefix", None)),
        f"target_delimiter {delimiter!r}": delimiter != DELIMITER,
    }
    return tuple(name for name, differs in found.items() if differs)


def _version(task: Any) -> str:
    metadata = getattr(task.config, "metadata", None) or {}
    return str(metadata.get("version", "")) if isinstance(metadata, dict) else ""


def _line(error: Exception) -> str:
    """The message of an error as one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]
