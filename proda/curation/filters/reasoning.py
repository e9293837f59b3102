"""Passages that tell or list without giving a cause, a condition, a definition or a comparison."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

# Words that show it by themselves. A set, because a pattern of a hundred words takes twenty times as long.
_CAUSE = """
    because therefore thus hence consequently thereby accordingly causes cause caused causing produces produce producing
    generates generate induces induce induced triggers trigger triggered stimulates stimulate enables enable enabling allows
    allow allowing permits prevents prevent preventing inhibits inhibit inhibited blocks protects protect responsible
    increases increase increasing decreases decrease decreasing reduces reduce reducing raises lowers promotes promote
    improves improve weakens strengthens accelerates converts affects affect influences influence determines determine depends
    depend makes make drives drive driven governs governed regulates regulate controls control controlled forms form becomes
    become turns turn releases release absorbs absorb activates activate attracts repels opposes oppose resists maintains
    maintain keeps creates create destroys destroy limits supports support counteracts transforms transfers stops stop breaks
    lets provides provide involves involve occurs occur acts serves possess possesses belong belongs uses indicated
    contraindicated remove removes depending dependent proportional inversely implies why explains
"""
_CONDITION = """
    if unless whenever otherwise requires require required must cannot assuming
"""
_DEFINITION = """
    called termed defined refers denoted consists comprises composed contains includes
"""
_COMPARISON = """
    than whereas unlike conversely likewise similarly differs differ rather instead however although though despite
    nevertheless equivalent opposite equal
"""
_WORDS = frozenset(f"{_CAUSE} {_CONDITION} {_DEFINITION} {_COMPARISON}".split())
_PHRASES = re.compile(
    r"\b(?:so that|results? of|brought about|aim(?:s|ed) (?:to|at)|as a (?:result|consequence)|for this reason|due to|owing to"
    r"|thanks to|in order to|in response to|leads? to|leading to|led to"
    r"|result(?:s|ing|ed)? (?:in|from)|g[ia]ves? rise|contribut(?:es?|ing) to|driven by|function of|used (?:to|for|as|in|by)"
    r"|(?:serves?|acts?|functions?|works?) (?:as|by|to)|play(?:s|ed)? (?:\w+ ){1,3}role|based on|associated with"
    r"|helps? (?:to )?\w+|in (?:an effort|an attempt|exchange|return) (?:to|for)|in this way|forced (?:\w+ ){1,4}to|prompt(?:s|ed"
    r"|ing)|follows that|means that|the reason|makes (?:it|them|the)"
    r"|since (?!then\b|the (?:\d|early|late|mid|beginning|start|end)|\d|its? (?:founding|inception))"
    r"|provided that|as long as|only (?:when|if|after)|in the (?:presence|absence) of|(?:needed|necessary) (?:for|to)|can be"
    r"|in (?:which|that) case"
    r"|under (?:\w+ ){0,2}(?:conditions?|circumstances)|when (?:a|an|the|two|these|this|one|it|they|we|you|there|\w+s)\b(?! (?:was"
    r"|were|had))"
    r"|known as|referred to as|described as|classified as|made (?:up )?of|such as|by definition"
    r"|(?:is|are) (?:a|an|the|one|any) (?:\w+[ -]){0,3}(?:type|kind|form|class|process|method|measure|set|group|example|part"
    r"|property|study|theory|system"
    r"|structure|state|substance|condition|ability|tendency|rate|ratio|amount|number|point|region|function|body|device|unit|way"
    r"|result|product|term|branch"
    r"|science|relationship)\b"
    r"|(?:is|are) (?:a|an|the|any) [^.;]{3,80}? (?:that|which|whose|where|when|of)\b|(?:is|are) (?:always|never)\b|divided into"
    r"|at the (?:cost|expense) of"
    r"|in contrast|by contrast|on the other hand|compared (?:to|with)|similar to|different from|the same as|as \w+ as|in spite of"
    r"|the (?:more|less|greater|higher|larger|smaller|lower|faster)\b|while (?:the|a|an|others?|some|in|those)\b)"
)


# A term in bold that is then defined: "**Mammals** are vertebrates that …".
_TERM = re.compile(r"\*\*[^*\n]{2,60}\*\*(?: ?\([^)\n]{1,60}\))? (?:is|are|means|refers?|occurs?)\b")


def low_reasoning(excerpt: Excerpt, settings: CurateSettings) -> str | None:
    """Too small a share of its sentences gives a cause, a condition, a definition or a comparison."""
    total = len(excerpt.sentences)
    found = sum(not _WORDS.isdisjoint(tokens) for tokens in excerpt.tokens)
    if not found or found < settings.min_reasoning * total:  # the phrases can only add
        found = sum(reasons(sentence, tokens) for sentence, tokens in zip(excerpt.sentences, excerpt.tokens, strict=True))
        found = max(found, len(_TERM.findall(excerpt.text)))
    if found and found >= settings.min_reasoning * total:
        return None
    return f"{found} of {total} sentences give a cause, condition, definition or comparison"


def reasons(sentence: str, tokens: list[str]) -> bool:
    """Whether a sentence gives a cause, a condition, a definition or a comparison. `tokens` are its words in lower case."""
    return not _WORDS.isdisjoint(tokens) or _PHRASES.search(sentence.lower()) is not None
