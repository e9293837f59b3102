"""Prompts and passages → questions. The system message is the prompt; the user message holds data only, between marks.

    question = asking.chains(work, piece, found=())
    question.id                                   # "physics/heat-pumps#3f2a9c1b7d04 chains 0-1199"

A question holds the chunk, its headings and the document's outline, and neither places nor ids: an edit elsewhere in the document does not
change it, unless it changes a heading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from pydantic import BaseModel

from proda.calls.records import Question
from proda.extraction.llm.checks import Checking
from proda.extraction.llm.marked_text import marked
from proda.extraction.llm.prompt_files import PromptFile, invented
from proda.extraction.llm.replies import CHECKING, LAST, ChainsReply, ConceptsReply, LastReply, StatementsReply, TypeName
from proda.extraction.llm.work import AskedPassage, ChunkWork, DraftChain
from proda.extraction.names import join_key
from proda.records import Relation

MOST_OUTLINE = 40  # lines
TYPES = ", ".join(get_args(TypeName))


class Asking:
    """Makes the questions of a run."""

    def __init__(self, prompts: Mapping[str, PromptFile], relations: Sequence[Relation]) -> None:
        self._prompts = prompts
        self._invented = invented(prompts.values())
        self._relations = frozenset(r.id for r in relations)
        lines = "\n".join(f"- `{r.id}`: ⟨subject⟩ {r.phrase} ⟨object⟩ ({r.kind})" for r in sorted(relations, key=lambda r: r.id))
        self._texts = {
            "chains": prompts["chains"].text,
            "statements": prompts["statements"].text.replace("\nRELATIONS\n", f"\n{lines}\n"),
            "concepts": prompts["concepts"].text.replace("one of TYPES.", f"one of {TYPES}."),
        }

    def chains(self, work: ChunkWork, piece: AskedPassage, found: Sequence[DraftChain] = (), turn: int = 0) -> Question:
        """Which explanations does the passage give? With `found`: which others?"""
        parts = [marked("outline", work.outline), marked("headings", " > ".join(work.chunk.heading)), marked("passage", piece.text)]
        if turn:
            parts.append(marked("found", "\n".join(f"{c.explains}: {' '.join(s.claim for s in c.steps)}" for c in found) or "none"))
        last = "Which chains of the passage are missing in `found`? Give only those." if turn else "Give the chains of the passage."
        checking = Checking(piece.text, invented=self._invented, again=bool(turn))
        return self._question("chains", f"{work.id} chains {piece.start}-{piece.end} {turn}", work, [*parts, last], ChainsReply, checking)

    def statements(self, work: ChunkWork, place: int, chain: DraftChain) -> Question:
        """What do the next steps of a chain state?"""
        first, last = chain.next_step, min(chain.next_step + chain.width, len(chain.steps))
        before = chain.statements.get(first - 1)
        parts = [marked("passage", work.chunk.text), marked("chain", chain.explains)]
        if before is not None:
            parts.append(marked("before", f"{before.subject} {before.relation} {before.object}"))
        lines = [f'{n + 1}. {chain.steps[n].claim}\n   quote: "{chain.steps[n].quote}"' for n in range(first, last)]
        parts.append(marked("steps", "\n".join(lines)))
        checking = Checking(
            work.chunk.text, self._relations, self._invented, before.object if before else "", tuple(range(first + 1, last + 1))
        )
        name = f"{work.id} statements {place} {first}-{last}"
        return self._question("statements", name, work, [*parts, "Give the statements of the steps."], StatementsReply, checking)

    def concepts(self, work: ChunkWork, terms: Sequence[str]) -> Question:
        """What are these concepts?"""
        keys = {join_key(term) for term in terms}
        texts = [
            s.text for c in work.chains for s in c.statements.values() if {join_key(s.subject), join_key(s.object)} & keys
        ]  # in the order of the text
        parts = [
            marked("passage", work.chunk.text),
            marked("statements", "\n".join(dict.fromkeys(texts))),
            marked("terms", "\n".join(terms)),
        ]
        checking = Checking(work.chunk.text, invented=self._invented, terms=tuple(terms))
        name = f"{work.id} concepts {' | '.join(terms)}"
        return self._question("concepts", name, work, [*parts, "Describe the concepts."], ConceptsReply, checking)

    def _question(
        self, stage: str, name: str, work: ChunkWork, parts: Sequence[str], reply: type[BaseModel], checking: Checking
    ) -> Question:
        messages = [{"role": "system", "content": self._texts[stage]}, {"role": "user", "content": "\n\n".join(parts)}]
        context = {CHECKING: checking, LAST: LastReply()}
        return Question(name, stage, messages, reply, context, self._prompts[stage].id, tag=work.source)


def outline(text: str) -> str:
    """The headings of a source, one a line; only the upper levels if there are more than MOST_OUTLINE."""
    headings = [line for line in text.split("\n") if line.startswith("#") and line.lstrip("#").startswith(" ")]
    for depth in range(6, 0, -1):
        upper = [line for line in headings if len(line) - len(line.lstrip("#")) <= depth]
        if len(upper) <= MOST_OUTLINE:
            return "\n".join(upper)
    return "\n".join(headings[:MOST_OUTLINE])
