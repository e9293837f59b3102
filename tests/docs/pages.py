"""The pages of the documentation, read as Markdown: code blocks, code in the text, links and headings.

for block in blocks(PAGES["docs/how-to/teams.md"]):
    block.language, block.text, block.line
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
PARSER = MarkdownIt("commonmark").enable("table")
# The journal and the changelog describe the past, so their commands and paths need not exist any more.
HISTORY = ("CHANGELOG.md", "JOURNAL.md", "docs/explanation/journal.md")
COMMAND = re.compile(r"^(?:proda|dvc|make)(?= )")
SHELL = ("sh", "bash", "console", "")


class Block(NamedTuple):
    """A fenced code block, and the line of the page that it starts on."""

    language: str
    text: str
    line: int


class Command(NamedTuple):
    """A command that a page tells its reader to run."""

    page: str
    line: int
    words: tuple[str, ...]

    @property
    def place(self) -> str:
        """Page and line, for messages."""
        return f"{self.page}:{self.line}  {shlex.join(self.words)}"


def pages(*, history: bool = False) -> dict[str, str]:
    """Path → text of README.md, of everything in docs/, and of the README of new repositories."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "proda/templates/repository/README.md"]
    names = sorted(path.relative_to(ROOT).as_posix() for path in paths)
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in names if history or name not in HISTORY}


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced code blocks of a page, those in lists too."""
    for token in PARSER.parse(text):
        if token.type == "fence" and not token.info.startswith("{"):
            yield Block(token.info.strip(), token.content, (token.map or [0])[0] + 1)


def code_spans(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each piece of code in running text."""
    for line, token in _inline(text):
        if token.type == "code_inline":
            yield line, token.content


def links(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, address) of each link and image."""
    for line, token in _inline(text):
        address = token.attrGet("href") if token.type == "link_open" else token.attrGet("src") if token.type == "image" else None
        if address is not None:
            yield line, str(address)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as a forge names them."""
    tokens = PARSER.parse(text)
    titles = (after.content for token, after in zip(tokens, tokens[1:], strict=False) if token.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()).replace(" ", "-") for title in titles}


def commands(page: str, text: str) -> Iterator[Command]:
    """Yield the commands of a page: in shell blocks, behind `$` in blocks with output, and in the text."""
    for block in blocks(text):
        if block.language not in SHELL:
            continue
        lines = block.text.splitlines()
        session = any(line.startswith("$ ") for line in lines)
        for number, line in enumerate(lines, start=block.line + 1):
            if session and not line.startswith("$ "):
                continue
            yield from _split(page, number, line.removeprefix("$ "))
    for number, code in code_spans(text):
        if "\n" not in code:
            yield from _split(page, number, code)


def _split(page: str, number: int, line: str) -> Iterator[Command]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an apostrophe in a line of output
        return
    part: list[str] = []
    for word in [*words, "&&"]:
        if word in ("&&", "||", "|", ";"):
            if len(part) > 1 and part[0] in ("proda", "dvc", "make"):
                yield Command(page, number, tuple(part))
            part = []
        else:
            part += [word]


def _inline(text: str) -> Iterator[tuple[int, Token]]:
    for token in PARSER.parse(text):
        if token.type == "inline":
            for child in token.children or ():
                yield (token.map or [0])[0] + 1, child
