"""A brief → a question to a language model, and its reply → a text for the sample.

    prompt = load_sample_prompt()
    prompt.id                                            # "sample@1", from the first line of prompts/sample.md
    question = ask_for_wording(brief, knowledge, prompt, checking)     # for ask_all of proda/calls
    worded = run.results[question.id].value.wording()

The prompt is Markdown with worked examples: sections `## Example` with a block `task` (what the model gets) and a block `json` (what it
replies). Names in examples are invented, so a reply that uses one has copied it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

from proda.builder.briefs import Brief
from proda.calls.checked_replies import CheckedReplies
from proda.calls.plain_text import trimmed
from proda.calls.records import Question
from proda.calls.task_prompts import TaskPrompt, load_task_prompt
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.records import Wording

PROMPT = Path(__file__).resolve().parent / "prompts/sample.md"
STAGE = "samples"  # under which tokens and cost are counted
MAX_TOKENS = 700  # of a reply: the longest one that the checks allow is about half of it


class WordedReply(BaseModel):
    """One worded exercise."""

    model_config = ConfigDict(extra="forbid")
    question: str
    options: list[str]
    answer: str
    explanation: str

    def wording(self) -> Wording:
        """The text as it is frozen: NFC, without blanks around it."""
        options = tuple(trimmed(option) for option in self.options)
        return Wording(trimmed(self.question), trimmed(self.answer), trimmed(self.explanation), options)

    @model_validator(mode="after")
    def _as_planned(self, info: ValidationInfo) -> WordedReply:
        faults = info.context["check"](self.wording()) if info.context else []
        if faults:
            raise ValueError("\n".join(faults))
        return self


def load_sample_prompt(path: Path = PROMPT) -> TaskPrompt:
    """Read the prompt. Raises InputError if it has no version or a broken example."""
    return load_task_prompt(path)


def invented_names(prompt: TaskPrompt) -> tuple[str, ...]:
    """Return the names that only the examples use."""
    return prompt.invented("names", "options")


def ask_for_wording(
    brief: Brief, knowledge: Knowledge, prompt: TaskPrompt, checking: CheckedReplies[Wording], more: Sequence[str] = ()
) -> Question:
    """Return the question that asks for the text of a brief. `more` are remarks on earlier replies; each asks anew."""
    topic = knowledge.node(brief.plan.nodes[0])
    task = json.dumps(_task(brief, knowledge), ensure_ascii=False, indent=1)
    return Question(
        id=brief.sample.id,
        stage=STAGE,
        messages=[{"role": "system", "content": prompt.text}, {"role": "user", "content": "\n\n".join([task, *more])}],
        reply=WordedReply,
        context={"check": checking},
        prompt=prompt.id,
        max_tokens=MAX_TOKENS,
        tag=f"{topic.discipline}/{topic.topic}",
    )


def _task(brief: Brief, knowledge: Knowledge) -> dict[str, Any]:
    sample = brief.sample
    concepts = [knowledge.concepts[c] for c in sorted(brief.planned)]
    return {
        "format": sample.format,
        "discipline": discipline_name(sample.discipline),
        "question": sample.question,
        "options": list(sample.options),
        "answer": sample.answer,
        "explanation": sample.explanation,
        "facts": list(brief.facts),
        "names": {c.term: list(c.aliases) for c in concepts if c.aliases},
        "keep": sorted(brief.keep),
    }
