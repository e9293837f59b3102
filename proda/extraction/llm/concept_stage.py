"""The third stage: the subjects and objects of a chunk's statements → concepts with type, definition, phrase and aliases.

    ask_concepts(works, asking, caller)           # fills `work.concepts`

A concept that was not described takes nothing away from its statements: its definition is then drafted from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from proda.extraction.llm.caller import Caller, Given, Missing
from proda.extraction.llm.chain_stage import TOO_LONG
from proda.extraction.llm.questions import Asking
from proda.extraction.llm.replies import CHECKING, MOST_CONCEPTS, ConceptReply, good_entries
from proda.extraction.llm.work import ChunkWork
from proda.extraction.names import join_key


def ask_concepts(works: Sequence[ChunkWork], asking: Asking, caller: Caller) -> None:
    """Ask for the concepts of every chunk that has statements."""
    todo = [(work, group) for work in works if not work.unasked for group in _groups(terms_of(work))]
    while todo:
        asked = [(work, group, asking.concepts(work, group)) for work, group in todo]
        got = caller.ask([question for _, _, question in asked], "Concepts")
        todo = []
        for work, group, question in asked:
            answer = got[question.id]
            if isinstance(answer, Given):
                entries = answer.value.concepts
            elif answer.reason in TOO_LONG and len(group) > 1:
                half = len(group) // 2
                todo += [(work, group[:half]), (work, group[half:])]
                continue
            elif isinstance(answer, Missing) and answer.raw is not None and question.context is not None:
                entries, _ = good_entries(ConceptReply, answer.raw.get("concepts"), question.context[CHECKING])
            else:
                entries = []
                work.unasked = work.unasked or answer.reason == "not-asked"
            for entry in entries:
                work.concepts.setdefault(join_key(entry.term), entry)


def terms_of(work: ChunkWork) -> list[str]:
    """The subjects and objects of a chunk's statements, each once, in order."""
    found: dict[str, str] = {}
    for chain in work.chains:
        for _, entry in sorted(chain.statements.items()):
            for term in (entry.subject, entry.object):
                found.setdefault(join_key(term), term)
    return list(found.values())


def _groups(terms: Sequence[str]) -> list[list[str]]:
    """Groups of equal size, so that none has one term only because of the limit."""
    count = -(-len(terms) // MOST_CONCEPTS)
    size = -(-len(terms) // count) if count else 1
    return [list(terms[n : n + size]) for n in range(0, len(terms), size)]
