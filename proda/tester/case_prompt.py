"""A chain → a question to a language model for a case, and its reply → a proposed case.

prompt = load_case_prompt()
brief = case_brief(knowledge, knowledge.chains["physics/high-voltage-saves-energy"], earlier=())
question = ask_for_case(brief, prompt, checking)       # for ask_all of proda/calls
proposed = run.results[question.id].value.case(brief, model="some-model", prompt="case@1")
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from proda.calls.checked_replies import CheckedReplies
from proda.calls.plain_text import trimmed
from proda.calls.records import Question
from proda.calls.task_prompts import TaskPrompt, load_task_prompt
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.language.folding import words
from proda.records import Chain, Record, content_hash
from proda.store.case_proposals import CASE_LETTERS, ProposedCase, ProposedVariant, ProposedWrong

PROMPT = Path(__file__).resolve().parent / "prompts/case.md"
STAGE = "cases"  # under which tokens and cost are counted
MAX_TOKENS = 2400  # of a reply: three variants of the greatest length that the checks allow
KEY_VERSION = 1  # raise it when cases must be asked for again
LINKS = 4  # single facts beside a chain that the model gets
TITLE = 6  # words of a title that the name of a case is made of

Text = Annotated[str, Field(max_length=1000)]
Letter = Literal["a", "b", "c", "d"]


class EarlierCase(Record, frozen=True):
    """A case that a chain has, or that was rejected for it, as the model is told."""

    case: str  # situation and question of its first variant
    rejected_because: str = ""


class CaseBrief(Record, frozen=True):
    """What is asked for."""

    chain: str
    discipline: str
    topic: str
    key: str  # sixteen hex digits over the chain as the model gets it
    labels: dict[str, str]  # label in the task → id of the statement
    texts: tuple[str, ...]  # statements and passages, which no reply may copy
    task: dict[str, Any]  # without `earlier`
    earlier: tuple[EarlierCase, ...]

    @property
    def where(self) -> str:
        """The id of the topic, "physics/optics"."""
        return f"{self.discipline}/{self.topic}"

    @property
    def references(self) -> dict[str, str]:
        """Label → the statement as topic files name it: `chain.s2`, or a link by its name, after its discipline if that is another one."""
        local = {label: _local(node, self.discipline) for label, node in self.labels.items()}
        return {label: name if self.is_own(name) else name.removesuffix(".s1") for label, name in local.items()}

    def is_own(self, reference: str) -> bool:
        """Whether a reference names a step of the chain."""
        return reference.startswith(f"{_local(self.chain, self.discipline)}.")


class WrongReply(BaseModel):
    """Why an option is wrong."""

    model_config = ConfigDict(extra="forbid")
    option: Letter
    breaks: Text
    because: Text


class VariantReply(BaseModel):
    """One situation."""

    model_config = ConfigDict(extra="forbid")
    situation: Text
    answer: Letter
    because: Text
    wrong: list[WrongReply] = Field(min_length=3, max_length=3)


class CaseReply(BaseModel):
    """One case."""

    model_config = ConfigDict(extra="forbid")
    title: Text
    question: Text
    options: list[Text] = Field(min_length=4, max_length=4)
    variants: list[VariantReply] = Field(min_length=2, max_length=3)

    def case(self, brief: CaseBrief, model: str, prompt: str) -> ProposedCase:
        """The case as it is proposed: NFC, labels replaced by references. Other labels stay, and the checks refuse them."""
        known = brief.references
        variants = tuple(
            ProposedVariant(
                trimmed(v.situation),
                v.answer,
                trimmed(v.because),
                {
                    w.option: ProposedWrong(known.get(w.breaks.strip(), w.breaks.strip()), trimmed(w.because))
                    for w in sorted(v.wrong, key=lambda w: w.option)
                },
            )
            for v in self.variants
        )
        options = dict(zip(CASE_LETTERS, map(trimmed, self.options), strict=True))
        return ProposedCase(_local(brief.chain, brief.discipline), trimmed(self.question), options, variants, model, prompt, brief.key)

    def name(self) -> str:
        """The title as an id."""
        return "-".join(words(self.title)[:TITLE])

    @model_validator(mode="after")
    def _as_asked(self, info: ValidationInfo) -> CaseReply:
        if len(words(self.title)) < 2:
            raise ValueError(f"title: must have 2 to {TITLE} words")
        faults = info.context["check"](self.case(info.context["brief"], "", "")) if info.context else []
        if faults:
            raise ValueError("\n".join(faults))
        return self


def load_case_prompt(path: Path = PROMPT) -> TaskPrompt:
    """Read the prompt. Raises InputError if it has no version or a broken example."""
    return load_task_prompt(path)


def case_brief(knowledge: Knowledge, chain: Chain, earlier: Sequence[EarlierCase]) -> CaseBrief:
    """What a case of this chain is written from: its statements, facts beside them, passages and definitions. Deterministic."""
    steps = knowledge.path(chain)
    named = {c for s in steps for c in (s.subject, s.object)}
    beside = {s.id: s for concept in sorted(named) for s in (*knowledge.by_subject.get(concept, ()), *knowledge.by_object.get(concept, ()))}
    links = [s for _, s in sorted(beside.items()) if knowledge.chains[s.chain].is_link][:LINKS]
    labels = {s.id.rpartition(".")[2]: s.id for s in steps} | {_local(s.chain, chain.discipline): s.id for s in links}
    statements = {label: knowledge.statements[node] for label, node in labels.items()}
    concepts = sorted({c for s in statements.values() for c in (s.subject, s.object)})
    task = {
        "discipline": discipline_name(chain.discipline),
        "explains": chain.explains,
        "presupposed": list(chain.preconditions),
        "not_covered": list(chain.exclusions),
        "statements": {label: s.text for label, s in statements.items()},
        "passages": {label: s.quote for label, s in statements.items()},
        "concepts": {knowledge.concepts[c].term: knowledge.concepts[c].definition for c in concepts},
    }
    texts = tuple(text for s in statements.values() for text in (s.text, s.quote))
    key = content_hash([KEY_VERSION, chain.id, task, labels])
    return CaseBrief(chain.id, chain.discipline, chain.topic, key, labels, texts, task, tuple(earlier))


def ask_for_case(brief: CaseBrief, prompt: TaskPrompt, checking: CheckedReplies[ProposedCase], more: Sequence[str] = ()) -> Question:
    """Return the question that asks for a case. `more` are remarks on earlier replies; each asks anew."""
    earlier = [{"case": e.case, **({"rejected because": e.rejected_because} if e.rejected_because else {})} for e in brief.earlier]
    task = json.dumps({**brief.task, "earlier": earlier}, ensure_ascii=False, indent=1)
    return Question(
        id=brief.chain,
        stage=STAGE,
        messages=[{"role": "system", "content": prompt.text}, {"role": "user", "content": "\n\n".join([task, *more])}],
        reply=CaseReply,
        context={"check": checking, "brief": brief},
        prompt=prompt.id,
        max_tokens=MAX_TOKENS,
        tag=brief.where,
    )


def _local(node: str, discipline: str) -> str:
    return node.removeprefix(f"{discipline}/")
