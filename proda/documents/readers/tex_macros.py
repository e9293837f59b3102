"""Which arguments the macros of LaTeX take, and the macros that a file defines, expanded.

expanded("A \\\\R-module", "\\\\newcommand{\\\\R}{\\\\mathbb{R}}")     # "A \\\\mathbb{R}-module"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

SECTIONS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6, "frametitle": 2}
_ONE = (
    "texttt", "code", "footnotetext", "marginpar", "path", "cref", "Cref", "autoref", "eqref", "citeauthor", "citeyear", "index", "mbox",
    "prodalisting", "hbox", "underline", "enquote", "term", "defn", "Section", "SubSection",
)  # fmt: skip
_DEFINITION = re.compile(r"\\(?:re|provide)?newcommand\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?:\[[^\]]*\])?\s*(?=\{)")
_DEF = re.compile(r"\\def\s*\\([A-Za-z]+)\s*((?:#\d)*)\s*(?=\{)")
MAX_LENGTH = 4  # times the length of the text, to which expansion may let it grow
_ROUNDS = 3


@lru_cache(1)
def context() -> Any:
    """pylatexenc's table of macros with a few more."""
    from pylatexenc.latexwalker import get_default_latex_context_db
    from pylatexenc.macrospec import EnvironmentSpec, MacroSpec, SpecialsSpec

    db = get_default_latex_context_db()
    macros = [MacroSpec(name, "{") for name in _ONE]
    macros += [MacroSpec(name, "*[{") for name in (*SECTIONS, "caption")]
    macros += [
        MacroSpec("title", "[{"),
        MacroSpec("Chapter", "{{"),
        MacroSpec("href", "{{"),
        MacroSpec("citep", "[[{"),
        MacroSpec("citet", "[[{"),
    ]
    environments = [
        EnvironmentSpec(name, "[") for name in ("theorem", "lemma", "corollary", "proposition", "definition", "example", "remark", "proof")
    ]
    environments += [EnvironmentSpec("itemize", "["), EnvironmentSpec("enumerate", "["), EnvironmentSpec("description", "[")]
    db.add_context_category("proda", macros=macros, environments=environments, specials=[SpecialsSpec("\n\n")], prepend=True)
    return db


@lru_cache(1)
def plain_text() -> Any:
    """pylatexenc's converter of accents and symbols to text; it takes longer to build than to use."""
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="verbatim")


def expanded(body: str, text: str) -> str:
    """`body` with the macros expanded that `text` defines with braces around their meaning; the definitions stay out."""
    macros: dict[str, tuple[int, str]] = {}
    spans: list[tuple[int, int]] = []
    for pattern in (_DEFINITION, _DEF):
        for found in pattern.finditer(text):
            end = _closing(text, found.end())
            if end is None:
                continue
            count = int(found[2] or 0) if pattern is _DEFINITION else (found[2] or "").count("#")
            macros[found[1]] = (count, text[found.end() + 1 : end])
            spans.append((found.start(), end + 1))
    if body == text:  # a file without a preamble: its definitions are no text
        for start, end in sorted(spans, reverse=True):
            body = body[:start] + body[end:]
    names = [name for name in macros if name.lower() not in SECTIONS and f"\\{name}" not in macros[name][1]]
    if not names:
        return body
    limit = MAX_LENGTH * len(body) + 10_000
    call = re.compile(rf"\\({'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?![A-Za-z])")
    for _ in range(_ROUNDS):
        result = _once(body, call, macros)
        if result == body or len(result) > limit:
            break
        body = result
    return body


def _once(body: str, call: re.Pattern[str], macros: dict[str, tuple[int, str]]) -> str:
    pieces: list[str] = []
    place = 0
    for found in call.finditer(body):
        if found.start() < place:
            continue
        count, meaning = macros[found[1]]
        end = found.end()
        arguments: list[str] = []
        for _ in range(count):
            start = len(body) - len(body[end:].lstrip())
            close = _closing(body, start) if body[start : start + 1] == "{" else None
            if close is None:
                break
            arguments.append(body[start + 1 : close])
            end = close + 1
        if len(arguments) != count:
            continue
        for number, argument in enumerate(arguments, start=1):
            meaning = meaning.replace(f"#{number}", argument)
        pieces += [body[place : found.start()], meaning]
        place = end
    return "".join([*pieces, body[place:]])


def _closing(text: str, start: int) -> int | None:
    """Where the brace at `start` is closed; None if it is not within 20,000 characters."""
    depth = 0
    n = start
    while n < min(len(text), start + 20_000):
        if text[n] == "\\":
            n += 2
            continue
        depth += {"{": 1, "}": -1}.get(text[n], 0)
        if depth == 0:
            return n
        n += 1
    return None
