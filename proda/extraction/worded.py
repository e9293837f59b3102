"""How a mention stands in a statement, given the concept that it names: nothing, or a wording for `subject_as` and `object_as`.

    wording_for(Mention("dislocation density", "a high dislocation density", "a"), concept)      # "a high dislocation density"
    wording_for(Mention("heat pump", "a heat pump", "a"), concept)                               # None: the concept's own phrase says it

A wording names its concept by its term or an alias, and takes its number, because the relation's verb agrees with the concept.
"""

from __future__ import annotations

import re

from proda.extraction.canonical import NamedConcept, indefinite
from proda.extraction.found import Mention
from proda.extraction.names import join_key

_ARTICLE = re.compile(r"^(?:an?|the) (?=\S)", re.IGNORECASE)
_COUNTED = re.compile(r"(?:some|many|most|several|all|both|numerous|multiple|various|certain|two|three|four|five|six) ", re.IGNORECASE)
_CLAUSE = re.compile(r" (?:that|which|who|whose) ")


def wording_for(mention: Mention, concept: NamedConcept) -> str | None:
    """The mention's noun phrase if it says more than the concept's phrase, in the number of the concept; else None."""
    bare = _ARTICLE.sub("", mention.wording, count=1)
    if join_key(bare) == join_key(mention.term):
        return None
    folded = mention.wording.casefold()
    named = any(name.casefold() in folded for name in (concept.term, *concept.aliases))
    if named and (mention.plural == concept.plural or join_key(mention.term) == join_key(concept.term)):
        return mention.wording
    at = folded.find(mention.term.casefold())
    if at < 0:
        return mention.wording if named else None
    changed = f"{mention.wording[:at]}{concept.term}{mention.wording[at + len(mention.term) :]}"
    if mention.plural == concept.plural:
        return changed
    if concept.plural:
        return _ARTICLE.sub("", changed, count=1) if changed.lower().startswith(("a ", "an ")) else changed
    if _COUNTED.match(changed) or _CLAUSE.search(changed):
        return mention.wording if named else changed  # "some catalysts", "catalysts that are …" have no singular
    return changed if _ARTICLE.match(changed) or not concept.phrase else f"{indefinite(changed)} {changed}"
