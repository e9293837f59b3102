"""What the parts of a reply must fulfil. Each check raises ValueError with what is wrong and how to mend it, for the re-ask.

    quoted("heats the rails", checking)
    # ValueError: The quote is not in the source. The nearest passage is: "The sun heats the rail." Copy it …

The first sentence of a message is also the reason that reviewers see where the reply was never mended.
"""

from __future__ import annotations

import re

from proda.extraction.definitions import fitted, uses
from proda.extraction.llm.marked_text import harmless
from proda.extraction.llm.prompt_files import Invented
from proda.extraction.names import concept_id, join_key, singulars
from proda.extraction.quotes import LONGEST, SHORTEST, Located, locate
from proda.records import Record

SHORTEST_TEXT, LONGEST_TEXT = 6, 25  # words of a statement's text and of a definition
MOST_TERM_WORDS = 6
_PRONOUN = re.compile(r"\b(?:it|they|them|he|she|him|this|these|those)\b", re.IGNORECASE)
_POINTS = re.compile(
    r"(?i)\b(?:the|this) (?:passage|text|document|author|section|chapter|figure|table)\b"
    r"|\b(?:figure|fig\.|table|equation|step|statement) \d|\b(?:see|shown|described|mentioned) (?:above|below|here)\b"
)
_INTERNAL = re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{10,}\b|<<|>>|\b[a-z]+_[a-z_]+\b|\bs\d+\b")
_DENIED = re.compile(r"(?i)\b(?:does|do|did|is|are|was|were|can|could|will|would) not\b|\bcannot\b|\bnever\b|\bno longer\b|n't\b")
_REASON = re.compile(r"(?i),? (?:because|since|so that)\b")
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = re.compile(r"(?i)(?:an?|the) \S")


class Checking(Record, frozen=True):
    """What a reply is checked against."""

    passage: str
    relations: frozenset[str] = frozenset()
    invented: Invented = Invented(frozenset(), frozenset())
    before: str = ""  # the object of the step before
    steps: tuple[int, ...] = ()  # numbers of the steps that were asked for
    terms: tuple[str, ...] = ()  # concepts that were asked for
    again: bool = False  # "anything missed?": an empty reply needs no reason


def quoted(quote: str, checking: Checking) -> str:
    """A quote that stands in the passage character for character, as the passage has it (NFC)."""
    found = locate(quote, checking.passage)
    if isinstance(found, Located):
        return checking.passage[found.start : found.end]
    nearest = f' The nearest passage is: "{harmless(found.nearest)[:LONGEST]}".' if found.nearest else ""
    raise ValueError(
        f"The quote {found.reason}.{nearest} Copy {SHORTEST} to {LONGEST} characters of one line, character for character, or leave the"
        " whole entry out."
    )


def own_words(text: str, checking: Checking) -> str:
    """Plain words that are not those of an example."""
    plain(text)
    if join_key(text) in checking.invented.texts:
        raise ValueError("The words belong to an example of the prompt. Use the passage only.")
    return text


def related(relation: str, checking: Checking) -> str:
    """A relation that there is."""
    if relation not in checking.relations:
        raise ValueError(f"The relation is unknown. Use one of: {', '.join(sorted(checking.relations))}.")
    return relation


def term_like(term: str, checking: Checking) -> str:
    """A term: short, without article, with a name that gives an id; not one of the prompt's examples."""
    plain(term)
    if not concept_id(term) or len(term.split()) > MOST_TERM_WORDS or "/" in term:
        raise ValueError(f"The term is no name of a concept. Give one to {MOST_TERM_WORDS} words.")
    if _ARTICLE.match(term):
        raise ValueError("The term begins with an article. Leave it out.")
    if term[-1] in ".,;:" or _PRONOUN.fullmatch(term):
        raise ValueError("The term is no name of a concept. Name the thing itself.")
    if join_key(term) in checking.invented.terms:
        raise ValueError("The term belongs to an example of the prompt. Use the passage only.")
    return term


def said(text: str, subject: str, target: str, when: tuple[str, ...], checking: Checking) -> str:
    """A statement's text: one sentence of 6 to 25 words that stands by itself and names both ends and every condition."""
    own_words(text, checking)
    if not SHORTEST_TEXT <= len(text.split()) <= LONGEST_TEXT:
        raise ValueError(f"The text has {len(text.split())} words. Write {SHORTEST_TEXT} to {LONGEST_TEXT}.")
    if text[-1] not in ".!" or "\n" in text:
        raise ValueError("The text is not one sentence. End it with a full stop.")
    if (pronoun := _PRONOUN.search(text)) is not None:
        raise ValueError(f"The text uses a pronoun. Name the thing instead of '{pronoun[0]}'.")
    if _POINTS.search(text):
        raise ValueError("The text points to another text. Write it so that it stands by itself.")
    if _DENIED.search(_REASON.split(text, maxsplit=1)[0]):
        raise ValueError("The text denies its statement. Choose a relation that says it, such as prevents, or leave the statement out.")
    for what, name in (("subject", subject), ("object", target)):
        if not names(text, name):
            raise ValueError(f"The text does not name its {what}. It must contain '{name}'.")
    for condition in when:
        if not _within(condition, text):
            raise ValueError(f"The text leaves out a condition. It must contain '{condition}', as `when` has it.")
    return text


def stands_as(wording: str, term: str) -> str:
    """A wording of `subject_as` or `object_as`: empty, or a noun phrase that contains the term."""
    if wording:
        plain(wording)
        if not names(wording, term):
            raise ValueError(f"The wording does not contain its term. It must contain '{term}', or be empty.")
    return wording


def condition_like(when: str) -> str:
    """A condition: a phrase of two words or more, without a full stop."""
    plain(when)
    if len(when.split()) < 2 or when[-1] in ".,;:":
        raise ValueError("The condition is no phrase. Write it with its preposition and without a full stop: during cold working.")
    return when


def defined(definition: str, term: str, checking: Checking) -> str:
    """A definition: a noun phrase of 6 to 25 words that does not use its term."""
    own_words(definition, checking)
    if not SHORTEST_TEXT <= len(definition.split()) <= LONGEST_TEXT:
        raise ValueError(f"The definition has {len(definition.split())} words. Write {SHORTEST_TEXT} to {LONGEST_TEXT}.")
    if uses(definition, term):
        raise ValueError(f"The definition uses its own term. Say it without '{term}'.")
    if fitted(definition, term) is None or _PRONOUN.search(definition):
        raise ValueError("The definition is no noun phrase. Begin with the class it belongs to, without 'it is' or 'refers to'.")
    return definition.rstrip(" .")


def occurs(alias: str, term: str, checking: Checking) -> str:
    """An alias that the passage uses, and that is not the term itself."""
    term_like(alias, checking)
    if join_key(alias) == join_key(term):
        raise ValueError("An alias equals the term. Leave it out.")
    if not _within(alias, checking.passage):
        raise ValueError(f"An alias does not occur in the passage. Leave '{alias}' out.")
    return alias


def phrase_like(phrase: str, term: str) -> str:
    """A phrase: empty, or the term behind an article."""
    article, _, rest = phrase.partition(" ")
    if phrase and (article.lower() not in ("a", "an", "the") or rest != term):
        raise ValueError(f"The phrase is not the term with its article. Write 'a {term}' or 'the {term}', or leave it empty.")
    return phrase


def names(text: str, term: str) -> bool:
    """Whether a text contains each word of a term, in the singular or the plural."""
    there = {form for word in join_key(text).split() for form in (word, *singulars(word))}
    return all(there & {word, *singulars(word)} for word in join_key(term).split())


def _within(phrase: str, text: str) -> bool:
    """Whether the words of a phrase stand in a text, in their order; case and punctuation do not count."""
    return f" {' '.join(_WORD.findall(phrase.casefold()))} " in f" {' '.join(_WORD.findall(text.casefold()))} "


def plain(text: str) -> str:
    """Refuse ids, marks and control characters: they come from the message, not from the passage."""
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError("The words are not plain text on one line. Write them without line breaks and outer blanks.")
    if _INTERNAL.search(text):
        raise ValueError("The words hold an internal id or mark. Write for a reader who sees this entry alone.")
    return text
