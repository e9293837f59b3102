"""Lines for a terminal: wrapped, cut short, dimmed; numbers with their nouns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import click


def wrap(text: str, indent: int, width: int, first: str | None = None) -> list[str]:
    """`text` in lines of at most `width` columns, all indented; the first line begins with `first` if it is given."""
    blank = " " * indent
    lead = blank if first is None else first
    return textwrap.wrap(text, width, initial_indent=lead, subsequent_indent=blank, break_on_hyphens=False) or [blank]


def short(text: str, width: int) -> str:
    """`text` on one line, cut to `width` columns with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: max(width - 1, 1)].rstrip() + "…"


def dim(text: str) -> str:
    """`text` in a fainter colour."""
    return click.style(text, dim=True) if text else ""


def row(counts: Mapping[str, int]) -> str:
    """Counts on one line: "length 2, other-concept 3"."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def p_text(p: float) -> str:
    """A p-value with three digits: "p 0.024", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"
