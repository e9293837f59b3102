"""Options that the experiments (`proda attribute`, `drill`, `study`) share: which part of the base, and with which parameters.

params = with_settings(params, ("train.epochs=6", "train.lora_rank=16"))
samples, items = part(samples, items, disciplines("physics,biology", items))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from proda.errors import ProdaError, UsageError
from proda.params import Params
from proda.records import Item, Sample

C = TypeVar("C", bound=Callable[..., Any])
PARTS = ("train", "evaluate")  # of another base, other items or another corpus nothing is built here


def setting_options(command: C) -> C:
    """--disciplines and --set-param."""
    only = "Samples and items of these alone: fewer facts are learnt better."
    command = click.option("--disciplines", "of", metavar="LIST", help=only)(command)
    help_text = "A parameter other than params.yaml has it, as train.epochs=6; may be given again."
    return click.option("-S", "--set-param", "changes", metavar="NAME=VALUE", multiple=True, help=help_text)(command)


def with_settings(params: Params, changes: Sequence[str]) -> Params:
    """The parameters with each NAME=VALUE in the place of its own. Raises UsageError for an unknown name or a value of another kind."""
    from proda.yamlio import load_yaml_text

    document = msgspec.to_builtins(params)
    for change in changes:
        name, is_one, value = change.partition("=")
        section, _, key = name.strip().partition(".")
        if not is_one or section not in PARTS or key not in document[section]:
            known = ", ".join(f"{s}.{k}" for s in PARTS for k in document[s])
            raise UsageError(f"--set-param {change}: expected NAME=VALUE. There are: {known}.")
        try:
            document[section][key] = load_yaml_text(f"value: {value}", numbers=True)["value"]
        except ProdaError:
            raise UsageError(f"--set-param {change}: {value!r} is not a value in YAML.") from None
    try:
        return msgspec.convert(document, Params)
    except msgspec.ValidationError as error:
        raise UsageError(f"--set-param {' '.join(changes)}: {error}.") from None


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


def part(samples: Sequence[Sample], items: Sequence[Item], chosen: Collection[str] | None) -> tuple[list[Sample], list[Item]]:
    """The samples and items of the chosen disciplines, in their order."""
    if chosen is None:
        return list(samples), list(items)
    return [s for s in samples if s.id.partition("/")[0] in chosen], [i for i in items if i.discipline in chosen]


def described(chosen: Collection[str] | None, changes: Sequence[str]) -> dict[str, Any]:
    """What was asked for, for the file of results."""
    return {"disciplines": sorted(chosen) if chosen is not None else "all", "parameters": list(changes)}
