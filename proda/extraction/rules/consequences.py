"""What follows from a clause in the same sentence: "X increases Y, causing Z".

consequences(ts, clause, gerunds, casing)      # the clause in which increased Y causes Z
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from proda.extraction.rules.casing import Casing
from proda.extraction.rules.clauses import Clause
from proda.extraction.rules.groups import VerbGroup
from proda.extraction.rules.objects import objects_at
from proda.extraction.rules.patterns import Pattern
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import (
    is_adverb,
)
from proda.extraction.wordsets import word_set


def consequences(ts: Sequence[Token], clause: Clause, gerunds: Mapping[str, tuple[Pattern, ...]], casing: Casing) -> Iterator[Clause]:
    """The clause of ", causing Z" after "X increases Y": what follows from Y, and so from X.

    Only after relations whose object is there once they hold: what a prevented thing would cause is not stated.
    """
    at = clause.objects.end
    if clause.pattern.relation not in _BRINGING or clause.pattern.swap or len(clause.objects.phrases) != 1 or clause.objects.narrowed:
        return
    if clause.group.past or clause.objects.when or clause.group.when or at + 2 >= len(ts) or ts[at].text != ",":
        return
    at += 1
    while at < len(ts) and (is_adverb(ts[at].lower) or ts[at].lower == "thereby"):
        at += 1
    for pattern in gerunds.get(ts[at].lower, ()) if at < len(ts) else ():
        end = at + 1
        if any(end + n >= len(ts) or ts[end + n].lower not in slot for n, slot in enumerate(pattern.after)):
            continue
        objects = objects_at(ts, end + len(pattern.after), pattern, casing)
        if objects is not None:
            subject = clause.objects.phrases[0]
            group = VerbGroup(at, end + len(pattern.after), "any")
            plain = msgspec.structs.replace(pattern, worded=False)
            yield Clause(plain, (subject,), group, objects, subject.start, False, clause.pattern.relation == "increases")
        return


_BRINGING = word_set("causes produces triggers increases enables")
