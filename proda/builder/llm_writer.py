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
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

from proda.builder.briefs import Brief
from proda.builder.reply_checks import WordingChecks
from proda.calls.records import Question
from proda.errors import InputError
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.records import Record, Wording

PROMPT = Path(__file__).resolve().parent / "prompts/sample.md"
STAGE = "samples"  # under which tokens and cost are counted
MAX_TOKENS = 700  # of a reply: the longest one that the checks allow is about half of it
_FIRST = re.compile(r"prompt: (sample@[0-9]+)\n")
_BLOCK = re.compile(r"^```(task|json)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


class SamplePrompt(Record, frozen=True):
    """The prompt, and what its examples hold."""

    id: str  # "sample@1"; part of the key of each stored reply
    text: str
    examples: tuple[tuple[dict[str, Any], str], ...]  # task, and the JSON of the reply
    invented: tuple[str, ...]  # names that only the examples use


class CheckedWording:
    """Checks the replies to one brief, and counts the refused ones by reason. A repeated reply counts once."""

    def __init__(self, checks: WordingChecks, brief: Brief) -> None:
        self._checks, self._brief = checks, brief
        self._refused: dict[Wording, list[str]] = {}

    def __call__(self, said: Wording) -> list[str]:
        """Return what is wrong with a reply, one line for each fault."""
        faults = self._checks.faults(self._brief, said)
        if faults:
            self._refused[said] = sorted({fault.reason for fault in faults})
        return [fault.message for fault in faults]

    @property
    def refused(self) -> Counter[str]:
        """Reason → refused replies. A reply with several faults counts for each of their reasons."""
        return Counter(reason for reasons in self._refused.values() for reason in reasons)


class WordedReply(BaseModel):
    """One worded exercise."""

    model_config = ConfigDict(extra="forbid")
    question: str
    options: list[str]
    answer: str
    explanation: str

    def wording(self) -> Wording:
        """The text as it is frozen: NFC, without blanks around it."""
        options = tuple(_plain(option) for option in self.options)
        return Wording(_plain(self.question), _plain(self.answer), _plain(self.explanation), options)

    @model_validator(mode="after")
    def _as_planned(self, info: ValidationInfo) -> WordedReply:
        faults = info.context["check"](self.wording()) if info.context else []
        if faults:
            raise ValueError("\n".join(faults))
        return self


def load_sample_prompt(path: Path = PROMPT) -> SamplePrompt:
    """Read the prompt. Raises InputError without a version in the first line, or for an example that is broken."""
    text = path.read_text(encoding="utf-8")
    first = _FIRST.match(text)
    if first is None:
        raise InputError(f"{path}\n  The first line must be `prompt: sample@VERSION`, with a number as the version.")
    examples = []
    invented: set[str] = set()
    for section in text.split("\n## Example\n")[1:]:
        blocks = dict(_BLOCK.findall(section))
        try:
            task = json.loads(blocks["task"])
            examples.append((task, blocks["json"]))
            invented |= {re.sub(r"^(?:an?|the) ", "", name) for name in (*task["names"], *task["options"])}
        except (KeyError, ValueError) as error:
            raise InputError(f"{path}\n  An example is broken: {error}. It needs the blocks `task` and `json`.") from None
    return SamplePrompt(first[1], text[first.end() :].strip(), tuple(examples), tuple(sorted(invented)))


def ask_for_wording(
    brief: Brief, knowledge: Knowledge, prompt: SamplePrompt, checking: CheckedWording, more: Sequence[str] = ()
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


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
