"""Terms and texts hold no invisible characters, terms no letters that look like others, and accents are composed (NFC).

Two terms that look the same must be the same string: otherwise one concept is entered twice, and an item matches no training text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from proda.findings import KeyPath
from proda.knowledge.characters import invisible, lookalikes, name_of, odd_spaces
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile, statements_in

_REMOVED_BY_FIX = dict.fromkeys(map(ord, "\u00ad\u200b\u2060"))  # soft hyphen, zero-width space, word joiner


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Characters that a reviewer cannot see, in the names of concepts and in what is said of them."""
    for name, concept in topic.concepts.items():
        where = ("concepts", name)
        yield from _name((*where, "term"), concept.term)
        yield from _name((*where, "phrase"), concept.phrase or "")
        for index, alias in enumerate(concept.aliases):
            yield from _name((*where, "aliases", index), alias)
        yield from _text((*where, "definition"), concept.definition)
    for name, chain in topic.chains.items():
        yield from _text(("chains", name, "explains"), chain.explains)
    for place, statement in topic.statements():
        yield from _text((*place, "text"), statement.text)
        yield from _name((*place, "subject_as"), statement.subject_as or "")
        yield from _name((*place, "object_as"), statement.object_as or "")
        yield from _text((*place, "according_to"), statement.according_to or "")
        for index, condition in enumerate(statement.when):
            yield from _text((*place, "when", index), condition)
    for name, case in topic.cases.items():
        yield from _text(("cases", name, "question"), case.question)
        for letter, option in case.options.items():
            yield from _text(("cases", name, "options", letter), option)
        for index, variant in enumerate(case.variants):
            yield from _text(("cases", name, "variants", index, "situation"), variant.situation)
            yield from _text(("cases", name, "variants", index, "because"), variant.because)


def _name(where: KeyPath, text: str) -> Iterator[Violation]:
    yield from _text(where, text)
    for found in odd_spaces(text):
        yield Violation(where, f"Holds the white space {name_of(found)}. Write a plain blank.")
    for found in lookalikes(text):
        yield Violation(where, f"Mixes scripts: {name_of(found)} looks like a Latin letter. Type the Latin letter.")


def _text(where: KeyPath, text: str) -> Iterator[Violation]:
    if text.isascii():
        return
    for found in invisible(text):
        yield Violation(where, f"Holds the invisible character {name_of(found)}. Remove it.")
    if not unicodedata.is_normalized("NFC", text):
        yield Violation(where, "An accent is a character apart from its letter (decomposed, not NFC). Run `proda check --fix`.")


def fix(document: dict[str, Any], _context: Context) -> None:
    """Compose accents, and remove soft hyphens, zero-width spaces and word joiners. Quotes are left as their sources have them."""
    for concept in (document.get("concepts") or {}).values():
        for key in ("term", "phrase", "definition"):
            _set(concept, key)
        aliases = concept.get("aliases") or []
        for index in range(len(aliases)):
            _set(aliases, index)
    for chain in (document.get("chains") or {}).values():
        _set(chain, "explains")
    for statement in statements_in(document):
        for key in ("text", "subject_as", "object_as", "according_to"):
            _set(statement, key)
        conditions = statement.get("when") or []
        for index in range(len(conditions)):
            _set(conditions, index)


def _set(holder: Any, key: str | int) -> None:
    text = holder.get(key) if isinstance(key, str) else holder[key]
    if isinstance(text, str) and not text.isascii():
        fixed = unicodedata.normalize("NFC", text.translate(_REMOVED_BY_FIX))
        if fixed != text:
            holder[key] = type(text)(fixed)  # ruamel's own kind of text, which remembers its quotes


RULE = Rule(name="characters", description="Terms and texts hold no characters that a reader cannot see.", check_topic=check, fix_topic=fix)
