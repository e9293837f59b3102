"""benchmarks/exceptions.yaml: items retired or amended by people, each with its reason and the hash of what they judged.

    exceptions:
      - item: physics/bimetal-strip-bends:dev-path
        hash: 0f3a5c…                     # of the item as it was written; another hash means the item has changed since
        action: retire
        reason: the second option is true as well in a vacuum
      - item: …
        hash: …
        action: amend
        reason: …
        stem: a better stem               # and / or options: {B: a better text}, answer: C

An exception that matches no item, or an item that has changed since, stops the build: it no longer says what somebody meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from proda.errors import InputError
from proda.records import LETTERS, Item, Option
from proda.yamlio import load_yaml

PATH = Path("benchmarks/exceptions.yaml")


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of exceptions.yaml."""

    item: str
    hash: str
    action: Literal["retire", "amend"]
    reason: str
    stem: str | None = None
    options: dict[str, str] = {}
    answer: Literal["A", "B", "C", "D"] | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exceptions: tuple[Exemption, ...] = ()


def load_exceptions(root: Path) -> tuple[Exemption, ...]:
    """The entries, in file order; none if the file is absent. Raises InputError on a wrong key, type or missing reason."""
    path = root / PATH
    if not path.is_file():
        return ()
    try:
        entries = msgspec.convert(load_yaml(path) or {}, _File).exceptions
    except msgspec.ValidationError as error:
        raise InputError(f"{PATH}  {error}\n  Each entry needs item, hash, action (retire or amend) and reason.") from None
    for entry in entries:
        if not entry.reason.strip():
            raise InputError(f"{PATH}  {entry.item}\n  The reason is empty. Say why the item is no fair test.")
        if set(entry.options) - set(LETTERS):
            raise InputError(f"{PATH}  {entry.item}.options\n  got {', '.join(entry.options)}, expected letters A to D.")
    return entries


def apply_exceptions(items: Sequence[Item], exceptions: Sequence[Exemption]) -> list[Item]:
    """Items with the retired ones gone and the amended ones changed; order kept. Raises InputError for every stale exception at once."""
    written = {item.id: item for item in items}
    stale = []
    for entry in exceptions:
        if entry.item not in written:
            stale.append(f"{PATH}  {entry.item}\n  No such item is written any more. Remove the exception.")
        elif written[entry.item].content_hash != entry.hash:
            stale.append(
                f"{PATH}  {entry.item}\n  The item has changed since (hash {written[entry.item].content_hash}, exception made for"
                f" {entry.hash}). Read it again with `proda show {entry.item}`, then renew the hash or remove the exception."
            )
    if stale:
        raise InputError("\n".join(stale))
    by_item = {entry.item: entry for entry in exceptions}
    kept = [item for item in items if item.id not in by_item or by_item[item.id].action == "amend"]
    return [_amended(item, by_item[item.id]) if item.id in by_item else item for item in kept]


def _amended(item: Item, entry: Exemption) -> Item:
    options = [msgspec.structs.replace(o, text=entry.options.get(letter, o.text)) for letter, o in zip(LETTERS, item.options, strict=True)]
    answer = entry.answer or item.answer
    if answer != item.answer:
        old, new = item.key, LETTERS.index(answer)
        options[old] = Option(options[old].text, wrong_because=entry.reason)
        options[new] = Option(options[new].text)
    return msgspec.structs.replace(item, stem=entry.stem or item.stem, options=tuple(options), answer=answer)
