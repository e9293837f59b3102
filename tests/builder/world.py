"""The wide toy knowledge, extended by qualified statements, links, preconditions, exclusions and a second topic."""

from __future__ import annotations

import msgspec

from proda.graph import Knowledge
from proda.records import Chain, Span, Statement
from tests.toyworld import wide_knowledge


def link(name: str, subject: str, relation: str, obj: str, text: str, **qualifiers: object) -> tuple[Chain, Statement]:
    """A link between concepts of the discipline `weaving`."""
    span = Span("weaving/weaving-notes", 0, len(text))
    ends = (f"weaving/{subject}", relation, f"weaving/{obj}")
    made = Statement(f"weaving/{name}.s1", f"weaving/{name}", "weaving", "weaving-basics", *ends, text, text, span)
    return Chain(f"weaving/{name}", "weaving", "weaving-basics", "", (made.id,)), msgspec.structs.replace(made, **qualifiers)


def qualified(count: int = 20) -> Knowledge:
    """Stories from number 10 on are in the topic `looms`. Every fifth one has a qualified first statement and limits."""
    plain = wide_knowledge(count)
    links = [
        link(f"link-{n}", f"thing-{n}-1", "increases", f"thing-{n + 1}-3", f"Thing {n} 1 increases thing {n + 1} 3.") for n in range(3)
    ]
    links.append(link("second", "thing-4-0", "is-part-of", "thing-9-2", "Thing 4 0 is part of thing 9 2."))
    chains = [_limited(c) for c in plain.chains.values()] + [c for c, _ in links]
    statements = [_worded(s) for s in plain.statements.values()] + [s for _, s in links]
    concepts = [msgspec.structs.replace(c, topic=_topic(c.id, c.topic)) for c in plain.concepts.values()]
    return Knowledge(plain.relations.values(), concepts, statements, chains)


def _number(node: str) -> int | None:
    found = [part for part in node.replace(".", "-").split("-") if part.isdigit()]
    return int(found[0]) if found and ("story-" in node or "thing-" in node) else None


def _topic(node: str, topic: str) -> str:
    number = _number(node)
    return "looms" if number is not None and number >= 10 else topic


def _limited(chain: Chain) -> Chain:
    number = _number(chain.id)
    chain = msgspec.structs.replace(chain, topic=_topic(chain.id, chain.topic))
    if number is None or number % 5:
        return chain
    excluded = (f"the case of {number}",) if number % 10 else ()
    return msgspec.structs.replace(chain, preconditions=(f"the ground of {number}", f"the air of {number}"), exclusions=excluded)


def _worded(statement: Statement) -> Statement:
    number = _number(statement.id)
    statement = msgspec.structs.replace(statement, topic=_topic(statement.id, statement.topic))
    if number is None or number % 5 or not statement.id.endswith(".s1"):
        return statement
    term = f"thing {number} 1"
    return msgspec.structs.replace(statement, object_as=f"an odd kind of {term}", when=(f"in the year {number}",))
