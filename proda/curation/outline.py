r"""The Markdown text of a source → its sections, and the blocks in each.

    sections = sections_of("# Heat\n\n## Rails\n\nA rail grows when it is hot.\n")
    sections[0].heading                               # ("Heat", "Rails")
    sections[0].blocks                                # [TextBlock(kind="paragraph", start=18, end=46)], as a tuple

A section is what stands below one heading, up to the next heading of any level. A list of learning objectives is a section of its own,
because in textbooks the text goes on below it without a new heading; a label such as "Example 3" or "Exercise 2.1" begins one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from proda.curation.blocks import Heading, TextBlock, blocks_of

_OBJECTIVES_HEADING = re.compile(
    r"(?:\W*(?:key|student|section|chapter|module|unit|lesson|course)\s+)?(?:learning\s+)?"
    r"(?:objectives?|outcomes?|goals|targets)\b(?!\s+(?:of|and|in|for)\b)|\W*what you(?:’|')?(?: wi)?ll learn\b|\W*chapter outline\b",
    re.IGNORECASE,
)
_TASK_LABEL = re.compile(
    r"\W*(?:(?:worked |sample |case |practice )?(?:example|exercise|problem)s?\b(?!\s+(?:of|with|in)\b)|try it\b|checkpoint\b"
    r"|check your\b|test yourself\b|self-check\b"
    r"|your turn\b|think it through\b|practice questions?\b|review questions?\b)",
    re.IGNORECASE,
)
_ANSWER_LABEL = re.compile(r"(?:\*\*)?answers?\W*$", re.IGNORECASE)
# Without emphasis, as in documents that were read from other formats: "Check Your Learning. What is …", "Exercise 3.1: Show that …".
_PLAIN_TASK_LABEL = re.compile(
    r"(?:(?:check your (?:learning|understanding)|try it(?: \d[\d.]*)?)|(?:example|exercise|problem) \d[\d.]*\d?)[.:](?=\s)", re.IGNORECASE
)
_LEADING_LABEL = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_OBJECTIVES_INTRO = re.compile(
    r"\W*(?:(?:by|at|upon|on|after)\b[^.]{0,40}\b(?:end|completion|completing|studying|reading|finishing)\b[^.]*\b(?:able to|can"
    r"|should)\b"
    r"|(?:in|after) this (?:section|chapter|module|unit|lesson|lecture)\b[^.]*\b(?:you|we)\b[^.]*:\s*$"
    r"|after (?:reading|studying|completing|finishing) (?:this|the)\b[^.]*\b(?:able to|can|should|will)\b"
    r"|(?:you|students|the reader) (?:will|should) be able to\b|after reading this\b[^.]*\byou\b[^.]*:\s*$)",
    re.IGNORECASE,
)


class TextSection(msgspec.Struct, frozen=True):
    """The blocks below one heading."""

    heading: tuple[str, ...]  # from the title down
    objectives: bool  # a list of learning objectives
    blocks: tuple[TextBlock, ...]


def sections_of(text: str) -> list[TextSection]:
    """Return the sections of `text` that hold any block, in order. `text` must use line feeds."""
    sections: list[TextSection] = []
    path: list[Heading] = []
    blocks: list[TextBlock] = []
    for found in blocks_of(text):
        if isinstance(found, TextBlock):
            blocks.append(found)
        else:
            sections += _divided(text, tuple(above.title for above in path), blocks)
            blocks = []
            path = [*(above for above in path if above.level < found.level and not _OBJECTIVES_HEADING.match(above.title)), found]
    return [*sections, *_divided(text, tuple(above.title for above in path), blocks)]


def task_label(text: str) -> str:
    """The label with which `text` begins, if it announces an example or an exercise; else the empty string."""
    label = _LEADING_LABEL.match(text)
    if label is not None:
        return label[1].strip(" :.") if _TASK_LABEL.match(label[1]) else ""
    plain = _PLAIN_TASK_LABEL.match(text)
    return plain[0].strip(" :.") if plain else ""


def _divided(text: str, heading: tuple[str, ...], blocks: list[TextBlock]) -> Iterator[TextSection]:
    """The section of a heading; as several, if it holds lists of learning objectives."""
    titled = bool(heading) and _OBJECTIVES_HEADING.match(heading[-1]) is not None
    rest = heading[:-1] if titled else heading  # the text after the list is no longer about objectives
    runs: list[tuple[bool, list[TextBlock]]] = []
    inside = titled  # within a list of objectives, or before it
    listed = False
    for number, block in enumerate(blocks):
        said = text[block.start : block.end]
        if block.kind == "label":
            inside, listed = _OBJECTIVES_HEADING.match(said.strip("*_ ")) is not None, False
        elif block.kind == "list":
            listed = inside
        elif block.kind == "paragraph":
            introduces = _introduces_objectives(said, blocks[number + 1 :])
            inside = introduces or (inside and not listed and len(said) < 200 and said.rstrip().endswith(":"))
            listed = listed and inside
        elif inside and listed:
            inside = False
        begins = block.kind in ("label", "paragraph") and task_label(said)
        # After an answer of one block, the text of the section goes on.
        resumes = block.kind == "paragraph" and number >= 2 and _ANSWER_LABEL.match(text[blocks[number - 2].start : blocks[number - 2].end])
        if not runs or runs[-1][0] != inside or begins or resumes:
            runs.append((inside, []))
        runs[-1][1].append(block)
    for objectives, run in runs:
        yield TextSection(heading if objectives else rest, objectives, tuple(run))


def _introduces_objectives(said: str, following: list[TextBlock]) -> bool:
    if len(said) > 400 or _OBJECTIVES_INTRO.match(said) is None:
        return False
    return (bool(following) and following[0].kind == "list") or "able to" in said[:120]
