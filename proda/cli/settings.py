"""Options that the experiments (`proda attribute`, `drill`, `study`) share: which part of the base, and with which parameters.

params = with_settings(params, ("train.epochs=6", "train.lora_rank=16"))
samples, items = part(samples, items, disciplines("physics,biology", items))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from proda.errors import UsageError
from proda.records import Item

C = TypeVar("C", bound=Callable[..., Any])


def setting_options(command: C) -> C:
    """--disciplines and --set-param."""
    only = "Samples and items of these alone: fewer facts are learnt better."
    command = click.option("--disciplines", "of", metavar="LIST", help=only)(command)
    help_text = "A parameter other than params.yaml has it, as train.epochs=6; may be given again."
    return click.option("-S", "--set-param", "changes", metavar="NAME=VALUE", multiple=True, help=help_text)(command)


def disciplines(text: str | None, items: Iterable[Item]) -> frozenset[str] | None:
    """The disciplines of a comma list; None for all. Raises UsageError for one without items."""
    if text is None:
        return None
    chosen, known = {p.strip() for p in text.split(",")}, {i.discipline for i in items}
    if unknown := sorted(chosen - known):
        raise UsageError(f"--disciplines: no item of {', '.join(map(repr, unknown))}. There are: {', '.join(sorted(known))}.")
    return frozenset(chosen)


def seed_list(text: str) -> tuple[int, ...]:
    """The seeds of a comma list. Raises UsageError unless they are different whole numbers."""
    parts = [p.strip() for p in text.split(",")]
    if not all(p.isdecimal() for p in parts) or len(set(parts)) < len(parts):
        raise UsageError(f"--seeds {text}: expected different whole numbers, such as 0,1,2.")
    return tuple(map(int, parts))
