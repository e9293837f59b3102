"""What a run knows about a chunk → `FoundInChunk`, as every backend gives it.

    joined(work).chains[0].explains               # "how heating buckles a rail"

A chain is kept as the model ordered it if each of its steps became a statement, the object of each is the subject of the next, and no
concept occurs twice. Else its statements stand alone, and may be linked by what they share (`chains.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from proda.extraction.chains import LEAST, MOST
from proda.extraction.found import FoundChain, FoundDefinition, FoundInChunk, FoundStatement, Mention
from proda.extraction.llm.replies import ConceptReply, StatementReply
from proda.extraction.llm.work import ChunkWork, DraftChain
from proda.extraction.names import join_key

NOT_STATED = "no step of its chains could be stated"


def joined(work: ChunkWork) -> FoundInChunk:
    """The statements, definitions and chains of one chunk, or why it is set aside. A chunk with a statement is not set aside."""
    places: dict[tuple[str, str, str, str], int] = {}
    statements: list[FoundStatement] = []
    chains: list[FoundChain] = []
    for chain in work.chains:
        numbers: dict[int, int] = {}
        for step, entry in sorted(chain.statements.items()):
            key = (join_key(entry.subject), entry.relation, join_key(entry.object), entry.quote)
            if key not in places:
                places[key] = len(statements)
                statements.append(_statement(entry, work))
            numbers[step] = places[key]
        if _is_chain(chain):
            order = tuple(numbers[step] for step in range(len(chain.steps)))
            chains.append(FoundChain(chain.explains, order, chain.preconditions, chain.exclusions))
    lost = tuple(dict.fromkeys(line for chain in work.chains for line in _lost(chain)))
    if not statements:
        return FoundInChunk(work.chunk.id, refused=_refused(work), lost=lost)
    return FoundInChunk(work.chunk.id, tuple(statements), _definitions(work, statements), tuple(chains), lost=lost)


def _lost(chain: DraftChain) -> Iterator[str]:
    """The claims of a chain that became no statement, and its explanation if a fault broke it up, each with the reason."""
    for step, reason in sorted(chain.refused.items()):
        yield f"{chain.steps[step].claim.rstrip('.')}: {reason}"
    if chain.fault and not _is_chain(chain):
        yield f"{chain.explains}: {chain.fault}"


def _refused(work: ChunkWork) -> str:
    """Why a chunk without a statement is set aside; empty if the model found nothing in it."""
    counts = Counter(work.refusals)
    if counts:
        return "; ".join(f"{n} × {reason}" if n > 1 else reason for reason, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
    return NOT_STATED if work.chains else ""


def _is_chain(chain: DraftChain) -> bool:
    count = len(chain.steps)
    if not chain.whole or not LEAST <= count <= MOST or len(chain.statements) != count:
        return False
    entries = [chain.statements[step] for step in range(count)]
    passed = [join_key(entries[0].subject), *(join_key(e.object) for e in entries)]
    follow = all(join_key(one.object) == join_key(other.subject) for one, other in pairwise(entries))
    return follow and len(set(passed)) == len(passed)


def _statement(entry: StatementReply, work: ChunkWork) -> FoundStatement:
    at = work.chunk.start + work.chunk.text.index(entry.quote)
    return FoundStatement(
        _mention(entry.subject, entry.subject_as, work), entry.relation, _mention(entry.object, entry.object_as, work), entry.text,
        at, at + len(entry.quote), tuple(entry.when), entry.according_to or None, entry.tense,
    )  # fmt: skip


def _mention(term: str, wording: str, work: ChunkWork) -> Mention:
    concept = work.concepts.get(join_key(term))
    if concept is None:
        return Mention(term, wording or term)
    return Mention(term, wording or term, _article(concept), concept.plural, tuple(concept.aliases))


def _article(concept: ConceptReply) -> Literal["", "a", "the"]:
    first = concept.phrase.partition(" ")[0].lower()
    return "the" if first == "the" else "a" if first in ("a", "an") else ""


def _definitions(work: ChunkWork, statements: list[FoundStatement]) -> tuple[FoundDefinition, ...]:
    """The definitions of the concepts that the statements name. One without a quote is drafted, at the place of its statement."""
    found = []
    for key, concept in work.concepts.items():
        near = next((s for s in statements if key in (join_key(s.subject.term), join_key(s.object.term))), None)
        if near is None:
            continue
        at = work.chunk.text.find(concept.quote) if concept.quote else -1
        start, end = (near.start, near.end) if at < 0 else (work.chunk.start + at, work.chunk.start + at + len(concept.quote))
        mention = near.subject if join_key(near.subject.term) == key else near.object
        found.append(FoundDefinition(mention, concept.definition, start, end, concept.type, drafted=at < 0))
    return tuple(found)
