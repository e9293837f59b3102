"""Proposed cases → the `cases:` of their topic file, and what `proda check` says of them.

rules = CaseRules(root, knowledge)
rules(brief, proposed)                                    # the messages of the rules about one topic file; fast
passed, faults = checked_cases(root, "physics/optics", {"a-lens-in-water": proposed})      # all rules, in the knowledge as it would be
text_with_cases(root, "physics/optics", passed)           # the text of the topic file; comments and order stay
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from proda.graph import Knowledge
from proda.knowledge.rules.of_topic import TOPIC_RULES
from proda.knowledge.rules.rule import Context
from proda.knowledge.schema import CaseEntry, TopicFile
from proda.store.case_proposals import ProposedCase
from proda.tester.case_prompt import CaseBrief
from proda.workflows.topic_entries import with_entries
from proda.workflows.would_be import new_errors, would_be
from proda.yamlio import load_yaml

MAX_ID = 100  # characters of a name
ABOUT_CASES = ("ids", "characters", "cases")  # the rules of one topic file that look at its cases


class CaseRules:
    """The rules of `proda check` about the case of one topic file, for replies: without reading other files."""

    def __init__(self, root: Path, knowledge: Knowledge) -> None:
        self._root, self._relations = root, knowledge.relations
        self._topics: dict[str, TopicFile] = {}

    def __call__(self, brief: CaseBrief, case: ProposedCase) -> Iterator[str]:
        """Yield what is wrong, with its place in the case."""
        name = f"{brief.discipline}/{brief.topic}"
        if name not in self._topics:
            self._topics[name] = msgspec.convert(load_yaml(self._root / f"knowledge/{name}.yaml"), TopicFile)
        try:
            entry = msgspec.convert(case_entry(case), CaseEntry)
        except msgspec.ValidationError as error:
            yield str(error)
            return
        topic = msgspec.structs.replace(self._topics[name], concepts={}, links={}, cases={"case": entry})
        context = Context(f"knowledge/{name}.yaml", self._relations, lambda _: None)
        for rule in TOPIC_RULES:
            if rule.name in ABOUT_CASES and rule.check_topic is not None:
                for fault in rule.check_topic(topic, context):
                    if fault.path[:2] == ("cases", "case"):
                        yield f"{_place(fault.path[2:])}: {fault.message}"


def case_entry(case: ProposedCase) -> dict[str, Any]:
    """A case as a topic file holds it, in the order of its keys."""
    variants = [
        {
            "situation": variant.situation,
            "answer": variant.answer,
            "because": variant.because,
            "wrong": {x: {"breaks": wrong.breaks, "because": wrong.because} for x, wrong in sorted(variant.wrong.items())},
        }
        for variant in case.variants
    ]
    return {"chain": case.chain, "question": case.question, "options": dict(sorted(case.options.items())), "variants": variants}


def text_with_cases(root: Path, topic: str, cases: Mapping[str, ProposedCase]) -> str:
    """The text of a topic file with more cases at its end. Raises InputError if it cannot be edited without losing a comment."""
    text = (root / f"knowledge/{topic}.yaml").read_text(encoding="utf-8")
    return with_entries(text, topic, {"cases": {name: case_entry(case) for name, case in cases.items()}})


def checked_cases(root: Path, topic: str, cases: Mapping[str, ProposedCase]) -> tuple[dict[str, ProposedCase], dict[str, str]]:
    """The cases that `proda check` would pass in the topic file, and why it would refuse each of the others. Writes nothing."""
    passed, faults = dict(cases), dict[str, str]()
    while passed:
        with would_be(root, {f"knowledge/{topic}.yaml": text_with_cases(root, topic, passed)}) as tree:
            errors, _ = new_errors(root, tree)
        if not errors:
            break
        blamed = {name: [e for e in errors if f"{e.path}.".startswith(f"cases.{name}.")] for name in passed}
        blamed = {name: found for name, found in blamed.items() if found} or {name: list(errors) for name in passed}
        faults |= {name: "; ".join(f"{e.path}: {e.message}" for e in found) for name, found in blamed.items()}
        passed = {name: case for name, case in passed.items() if name not in blamed}
    return passed, faults


def free_name(knowledge: Knowledge, case: ProposedCase, topic: str, wanted: str, new: Mapping[str, ProposedCase]) -> str:
    """The name that a proposed case gets in the knowledge: free in its discipline, and after the names of the other cases of its chain.

    `new` are cases that are added with it. The cases of a chain are in dev and twin by turns, in the order of their names: a name before
    another one would move that case.
    """
    discipline = topic.partition("/")[0]
    local = {c.id.removeprefix(f"{discipline}/"): c.chain for c in knowledge.cases if c.discipline == discipline}
    local |= {name: f"{discipline}/{one.chain}" for name, one in new.items()}
    last = max((name for name, owner in local.items() if owner == f"{discipline}/{case.chain}"), default="")
    return unused(wanted if wanted > last else f"{last}-and-{wanted}", local)


def unused(wanted: str, taken: Collection[str]) -> str:
    """The name, or the name with the first number that makes it free; at most MAX_ID characters."""
    names = chain([wanted[:MAX_ID].strip("-")], (f"{wanted[: MAX_ID - 5].strip('-')}-{n}" for n in count(2)))
    return next(name for name in names if name not in taken)


def _place(path: tuple[Any, ...]) -> str:
    return " ".join(f"{part + 1}" if isinstance(part, int) else str(part) for part in path) or "the case"
