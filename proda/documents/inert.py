"""Plain text → Markdown that shows this text and does nothing else.

    inert("a <script> and [a link](http://example.org)")      # "a \\\\<script> and [a link\\\\](http://example.org)"
    inert("costs $5, then $6")                                # unchanged: these signs delimit no equation

Only what Markdown would act on gets a backslash: quotes are copied from sources, and every backslash is one more character to copy.
"""

from __future__ import annotations

import re

from proda.documents.blocks import CODE_CLOSE, CODE_OPEN, MARKS, MATH_CLOSE, MATH_OPEN

_INLINE = re.compile(f"{MATH_OPEN}([^{MARKS}]*){MATH_CLOSE}|{CODE_OPEN}([^{MARKS}]*){CODE_CLOSE}")
_ACTIVE = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])"  # a backslash that would escape the next character
    r"|<(?=[A-Za-z/!?])"  # a tag, a comment or an automatic link
    r"|&(?=#?\w+;)"  # a character reference
    r"|`"
    r"|\](?=[(\[:])"  # a link, an image, a definition of either
    r"|~(?=~)"
)
_EMPHASIS = re.compile(r"(?<!\s)\*|\*(?!\s)|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)")
_EQUATION = re.compile(r"\$\$|\$(?=[^\s$])[^$]*(?<=[^\s$])\$(?!\d)")  # as Pandoc recognises one
_LINE_START = re.compile(r"#{1,6}(?=\s|$)|>|\||:::|(?:[-=*_] ?){3,}$|~~~|%|[-+*](?=\s|$)|\((?=[\w-]+\)=$)")
_STRAY = re.compile(f"[{MARKS}]")  # a mark without its pair
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_PLACEHOLDER = "TODO:"  # a line that starts so is a placeholder of `proda new`


def inert(text: str) -> str:
    """A text with its equations and code, as Markdown inside a line."""
    parts: list[str] = []
    place = 0
    plain = _INLINE.sub("\0", text)
    dollars = "$" in plain and ("\0" in plain or _EQUATION.search(plain) is not None)
    stars = len(_EMPHASIS.findall(plain)) > 1
    for found in _INLINE.finditer(text):
        parts.append(_escaped(text[place : found.start()], dollars, stars))
        parts.append(f"${latex(found[1])}$" if found[1] is not None else _span(found[2]))
        place = found.end()
    parts.append(_escaped(text[place:], dollars, stars))
    return "".join(parts)


def inert_line(text: str) -> str:
    """The same for a text that is a line of its own, so that it begins no heading, quotation, table, rule or directive."""
    result = inert(text)
    if result.startswith(_PLACEHOLDER):
        return f"To do:{result.removeprefix(_PLACEHOLDER)}"
    return f"\\{result}" if _LINE_START.match(result) else result


def latex(text: str) -> str:
    """LaTeX on one line in which nothing ends the equation or is read as HTML."""
    text = re.sub(r"\\[^ ]|\$|\\$", lambda found: found[0] if len(found[0]) == 2 else "", _STRAY.sub("", text).replace("\n", " "))
    text = " ".join(text.split())
    return _TAG.sub(r"\\lt ", text)


def listing(text: str) -> str:
    """Code between fences that it cannot close, without anything that could be taken for a page anchor."""
    lines = [line.rstrip() for line in text.replace("<!--", "<! --").expandtabs(4).splitlines()]
    lines = [f" {line}" if line.startswith(_PLACEHOLDER) else line for line in lines]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return "\n".join([fence, *lines, fence])


def _escaped(text: str, dollars: bool, stars: bool) -> str:
    text = _ACTIVE.sub(r"\\\g<0>", _STRAY.sub("", text))
    if dollars:
        text = text.replace("$", r"\$")
    return _EMPHASIS.sub(r"\\\g<0>", text) if stars else text


def _span(text: str) -> str:
    text = text.replace("<!--", "<! --")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
