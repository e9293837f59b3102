"""The topics that a command is called with, by id, among those that have what the command needs.

chosen_topics({"physics/optics", "physics/heat"}, ["physics/heat"], "items")      # ["physics/heat"]
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from proda.errors import NotFoundError, closest


def chosen_topics(known: Collection[str], topics: Sequence[str], what: str) -> list[str]:
    """Return the topics, sorted; all that are known without any. Raises NotFoundError for one that is not known: it has no `what`."""
    for name in topics:
        if name not in known:
            close = closest(name, known)
            hint = f"Did you mean {close}?" if close else "`proda show DISCIPLINE` lists the topics of a discipline."
            raise NotFoundError(f"{name}\n  No such topic has {what}; expected DISCIPLINE/TOPIC. {hint}")
    return sorted(set(topics)) if topics else sorted(known)
