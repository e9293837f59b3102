"""An item as the templates word it → a question to a language model for another wording, and its reply → that wording.

    prompt = load_item_prompt()
    question = ask_for_item(knowledge, item, prompt, checking)         # for ask_all of proda/calls
    run.results[item.id].value.written(item, "some-model", prompt.id)  # WrittenItem(stem="…", options=("…", …), plan="3f0c…", …)

The model is told neither the key nor why an option is wrong, so it cannot make the right option stand out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from proda.calls.checked_replies import CheckedReplies
from proda.calls.plain_text import trimmed
from proda.calls.records import Question
from proda.calls.task_prompts import TaskPrompt, load_task_prompt
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.records import Item, ItemKind
from proda.store.written_items import WrittenItem
from proda.tester.worded import item_plan

PROMPT = Path(__file__).resolve().parent / "prompts/item.md"
INVENTED = ("kiln breath", "brindle bloom", "slip tarnish", "ochre drift", "ash quilt", "umber creep")  # names of the prompt's examples
STAGE = "items"  # under which tokens and cost are counted
MAX_TOKENS = 600  # of a reply: the longest one that the checks allow is about half of it
# The kinds that are worded, with what the model is told about each. Cases are worded by people already.
ASKS: dict[ItemKind, str] = {
    "bridge": "One concept is missing in two statements. Keep both statements, with their direction and their conditions.",
    "mechanism": "Two steps lie between a start and an end. Keep both, and which of them is the start.",
    "order": "Three steps follow one after another from a start. Keep the start, and that they follow from it.",
    "effect": "One quantity changes while all else stays the same. Keep the direction of the change, the conditions, and that nothing else"
    " changes.",
    "counterfactual": "Something is absent. It is asked what would then lack one of its causes, not directly but by way of the number of"
    " steps that the question names. Keep all of that.",
    "condition": "An explanation runs over three concepts. It is asked what it presupposes, or which case it does not cover. Keep which of"
    " the two is asked.",
}
KEPT = frozenset({"effect", "condition"})  # their options are no names of concepts, and stay as they are


class ItemReply(BaseModel):
    """One worded item."""

    model_config = ConfigDict(extra="forbid")
    question: Annotated[str, Field(max_length=1000)]
    options: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(min_length=4, max_length=4)]

    def written(self, item: Item, model: str, prompt: str) -> WrittenItem:
        """The wording as it is frozen: NFC, without blanks around it."""
        return WrittenItem(item.id, trimmed(self.question), tuple(map(trimmed, self.options)), item_plan(item), model, prompt)

    @model_validator(mode="after")
    def _as_planned(self, info: ValidationInfo) -> ItemReply:
        faults = info.context["check"](self.written(info.context["item"], "", "")) if info.context else []
        if faults:
            raise ValueError("\n".join(faults))
        return self


def load_item_prompt(path: Path = PROMPT) -> TaskPrompt:
    """Read the prompt. Raises InputError if it has no version or a broken example."""
    return load_task_prompt(path)


def ask_for_item(
    knowledge: Knowledge, item: Item, prompt: TaskPrompt, checking: CheckedReplies[WrittenItem], more: Sequence[str] = ()
) -> Question:
    """Return the question that asks for another wording. `more` are remarks on earlier replies; each asks anew."""
    concepts = [knowledge.concepts[c] for c in item.nodes if c in knowledge.concepts]
    shown = " ".join([item.stem, *(o.text for o in item.options)]).casefold()
    task = {
        "discipline": discipline_name(item.discipline),
        "asks": ASKS[item.kind],
        "question": item.stem,
        "options": [option.text for option in item.options],
        # Only of concepts that the task shows: the others are what the item asks for, or lie in between.
        "names": {c.term: list(c.aliases) for c in concepts if c.aliases and c.term.casefold() in shown},
        "keep": ["options"] if item.kind in KEPT else [],
    }
    return Question(
        id=item.id,
        stage=STAGE,
        messages=[
            {"role": "system", "content": prompt.text},
            {"role": "user", "content": "\n\n".join([json.dumps(task, ensure_ascii=False, indent=1), *more])},
        ],
        reply=ItemReply,
        context={"check": checking, "item": item},
        prompt=prompt.id,
        max_tokens=MAX_TOKENS,
        tag=f"{item.discipline}/{item.topic}",
    )
