"""What is wrong with the texts of a reply, whatever they are about: layout, Markdown, ids, letters of options, words of the prompt.

    fields = [("question", "What does heating cause?"), ("option 1", "**rust**")]
    list(layout_faults(fields))                   # [TextFault("markdown", "option 1: must have no Markdown or HTML (“**”)")]

Each fault has a reason, which is counted, and a message, which goes back to the model. A message opens with the name of its field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

CHARACTERS = 1000  # in a field at most
REASONS = {
    "layout": "a field is empty, has a line break, or has characters that do not print",
    "markdown": "a field has Markdown or HTML",
    "length": "a field has too few or too many words",
    "internal-id": "a text names an id",
    "option-letter": "a text names an option by its letter",
    "example": "a text repeats the example of the prompt",
}

_MARKDOWN = re.compile(
    r"\*\*|(?<!\w)\*(?=\w)|`|^#{1,6} |^(?:[-*+>]|[0-9]{1,2}[.)]) |!?\[[^\]]*\]\(|(?<!\w)__?(?=\w)|~~|</?[A-Za-z!]|&(?:#\w+|[a-z]+);"
)
_ID = re.compile(r"[a-z0-9-]+/[a-z0-9-]+(?:\.s[0-9]+)?|(?<![\w.])[a-z0-9-]+\.s[0-9]+(?!\w)")
_LETTER = re.compile(
    r"\b(?:option|answer|choice|letter|statement|alternative)s? \(?[A-D]\b(?!\w)|(?<!\w)\(?[A-D]\)|^\(?[A-D][.:)] |^[A-D] (?:is|are)\b"
)

Field = tuple[str, str]
"""(name of the field, its text)."""


class TextFault(NamedTuple):
    """Why a text is refused: a key of REASONS of whoever checks it, and one line that says what was expected."""

    reason: str
    message: str


def trimmed(text: str) -> str:
    """A text of a reply in Unicode form NFC, without blanks around it."""
    return unicodedata.normalize("NFC", text).strip()


def layout_faults(fields: Iterable[Field]) -> Iterator[TextFault]:
    """Yield fields that are empty, of more than one line, too long, or formatted; one fault a field at most."""
    for field, text in fields:
        if not text or not text.isprintable() or "  " in text or text != text.strip():
            yield TextFault("layout", f"{field}: must be one line of plain text, and not empty")
        elif len(text) > CHARACTERS:
            yield TextFault("length", f"{field}: {len(text):,} characters, expected at most {CHARACTERS:,}")
        elif hit := _MARKDOWN.search(text):
            yield TextFault("markdown", f"{field}: must have no Markdown or HTML (“{hit[0].strip()}”)")


def id_faults(fields: Iterable[Field], ids: Collection[str]) -> Iterator[TextFault]:
    """Yield fields that name one of `ids`, or anything of the form of a statement's id."""
    for field, text in fields:
        if named := [i for i in _ID.findall(text) if i in ids or re.search(r"\.s[0-9]+$", i)]:
            yield TextFault("internal-id", f"{field}: must not name the id {named[0]}")


def letter_faults(fields: Iterable[Field], shown: str = "") -> Iterator[TextFault]:
    """Yield fields that name an option by its letter. What `shown` holds may be repeated: it is the text of the task."""
    for field, text in fields:
        hit = _LETTER.search(text)
        if hit and hit[0] not in shown:
            yield TextFault("option-letter", f"{field}: must not name an option by its letter (“{hit[0].strip()}”)")


def example_faults(
    fields: Iterable[Field], invented: Iterable[Sequence[str]], tokens_of: Callable[[str], Sequence[str]]
) -> Iterator[TextFault]:
    """Yield fields that hold the words of an invented name in a row. `tokens_of` returns the words of a text."""
    parts = list(invented)
    for field, text in fields:
        tokens = tokens_of(text)
        if any(holds(tokens, part) for part in parts):
            yield TextFault("example", f"{field}: must not repeat the example")


def holds(tokens: Sequence[str], part: Sequence[str]) -> bool:
    """Return whether the words of `part` stand in `tokens` in a row."""
    size = len(part)
    return size > 0 and any(list(tokens[n : n + size]) == list(part) for n in range(len(tokens) - size + 1))


def runs(tokens: Sequence[str], size: int) -> set[tuple[str, ...]]:
    """Return all runs of `size` words in a row; none if there are fewer words."""
    return {tuple(tokens[n : n + size]) for n in range(len(tokens) - size + 1)}
