"""Options and small pieces of output that several verbs share.

params = with_settings(params, ("train.epochs=6", "train.lora_rank=16"))
samples, items = part(samples, items, disciplines("physics,biology", items), knowledge)
range_ends("v1..v2")          # ("v1", "v2")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from proda.errors import UsageError
from proda.records import Item

C = TypeVar("C", bound=Callable[..., Any])
MOST = 1_000_000  # samples, patches, rounds, …: more is a slip of the keyboard, and would end in a file that cannot be read again
COUNT = click.IntRange(1, MOST)
COUNT_OR_NONE = click.IntRange(0, MOST)
NUMBER = click.IntRange(1, 2**31 - 1)  # of a pull request
LAST_SEED = 2**32 - 1
SEED = click.IntRange(0, LAST_SEED)
ROOT_HELP = "Root of the repository. Default: searched upwards from the current folder."
FEW = 12  # entries of a list that are shown without --all


def setting_options(command: C) -> C:
    """Add --disciplines and --set-param."""
    only = "Use samples and items of these disciplines only (comma-separated). Trainings are then shorter."
    command = click.option("--disciplines", "of", metavar="LIST", help=only)(command)
    help_text = "Override a parameter of params.yaml, such as train.epochs=6. Can be given several times."
    return click.option("-S", "--set-param", "changes", metavar="NAME=VALUE", multiple=True, help=help_text)(command)


def sealed_option(command: C) -> C:
    """Add --sealed, without which no sealed item is named."""
    return click.option("--sealed", is_flag=True, help="Name sealed items too. People who repair must not see them.")(command)


def disciplines(text: str | None, items: Iterable[Item]) -> frozenset[str] | None:
    """Return the disciplines of a comma list; None for all. Raises UsageError for a discipline without items."""
    if text is None:
        return None
    chosen, known = {p.strip() for p in text.split(",")}, {i.discipline for i in items}
    if unknown := sorted(chosen - known):
        raise UsageError(f"--disciplines: no item of {', '.join(map(repr, unknown))}. Expected some of: {', '.join(sorted(known))}.")
    return frozenset(chosen)


def seed_list(text: str) -> tuple[int, ...]:
    """Return the seeds of a comma list. Raises UsageError unless they are different whole numbers."""
    parts = [p.strip() for p in text.split(",")]
    if not all(p.isdecimal() and len(p) < 20 and int(p) <= LAST_SEED for p in parts) or len(set(parts)) < len(parts):
        raise UsageError(f"--seeds {text:.80}: expected different whole numbers from 0 to {LAST_SEED}, such as 0,1,2.")
    return tuple(map(int, parts))


def range_ends(text: str) -> tuple[str, str]:
    """Return (A, B) of `A..B`; an end that is left out is HEAD. Raises UsageError for anything else, `A...B` included."""
    first, dots, last = text.partition("..")
    if not dots or last.startswith("."):
        raise UsageError(f"'{text}': expected A..B, two revisions with two dots between them.")
    return first or "HEAD", last or "HEAD"


def note(line: str) -> None:
    """Print a line to standard error, unless it is empty."""
    if line:
        click.echo(line, err=True)
