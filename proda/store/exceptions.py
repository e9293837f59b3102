"""benchmarks/exceptions.yaml: items that people have retired or amended, each with the reason and the hash of the item they read.

    exceptions:
      - item: physics/bimetal-strip-bends:dev-bridge
        hash: 0f3a5c…                     # of the item as it was written; another hash means that the item has changed since
        action: retire
        reason: the second option is true as well in a vacuum
      - item: …
        hash: …
        action: amend
        reason: …
        stem: a better stem               # and / or options: {B: a better text}, answer: C

An exception that matches no item, or an item that has changed since, stops the build, because its reason may no longer hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from proda.errors import InputError
from proda.findings import Violation
from proda.records import LETTERS, Item, Option
from proda.yamlio import load_as
from proda.yamlio.schema import refuse

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


class ExceptionsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    exceptions: tuple[Exemption, ...] = ()


def load_exceptions(root: Path) -> tuple[Exemption, ...]:
    """The entries, in file order; none if the file does not exist. Raises InputError with every fault of the file."""
    path = root / PATH
    if not path.is_file():
        return ()
    entries = load_as(path, ExceptionsFile, empty={}).exceptions
    refuse(_faults(entries), str(path), path.read_bytes(), "exceptions")
    return entries


def _faults(entries: Sequence[Exemption]) -> Iterator[Violation]:
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        where = ("exceptions", number)
        if not entry.reason.strip():
            yield Violation((*where, "reason"), "The reason is empty. Say why the item is not a fair test.")
        if unknown := sorted(set(entry.options) - set(LETTERS)):
            yield Violation((*where, "options"), f"Got the option {', '.join(unknown)}, expected letters A to D. Fix the letter.")
        if entry.action == "amend" and entry.stem is None and not entry.options and entry.answer is None:
            yield Violation(where, "The entry amends nothing. Give a stem, options or an answer, or retire the item.")
        if entry.item in seen:
            yield Violation((*where, "item"), f"'{entry.item}' has an exception above. Keep one.")
        seen.add(entry.item)


def apply_exceptions(items: Sequence[Item], exceptions: Sequence[Exemption]) -> list[Item]:
    """The items without the retired ones and with the amended ones changed, in order. Raises InputError naming every stale exception."""
    written = {item.id: item for item in items}
    stale = []
    for entry in exceptions:
        if entry.item not in written:
            stale.append(f"{PATH}  {entry.item}\n  The build no longer writes this item. Remove the exception.")
        elif written[entry.item].content_hash != entry.hash:
            stale.append(
                f"{PATH}  {entry.item}\n  The item has changed since: its hash is {written[entry.item].content_hash}, the exception was"
                f" made for {entry.hash}. Read the item with `proda show {entry.item}`, then update the hash or remove the exception."
            )
    if stale:
        raise InputError("\n".join(stale))
    by_item = {entry.item: entry for entry in exceptions}
    kept = [item for item in items if item.id not in by_item or by_item[item.id].action == "amend"]
    return [_amended(item, by_item[item.id]) if item.id in by_item else item for item in kept]


def _amended(item: Item, entry: Exemption) -> Item:
    options = [_with_text(o, entry.options.get(letter, o.text)) for letter, o in zip(LETTERS, item.options, strict=True)]
    answer = entry.answer or item.answer
    if answer != item.answer:
        old, new = item.key, LETTERS.index(answer)
        options[old] = Option(options[old].text, wrong_because=entry.reason, triples=options[old].triples)
        options[new] = Option(options[new].text, triples=options[new].triples)
    return msgspec.structs.replace(item, stem=entry.stem or item.stem, options=tuple(options), answer=answer)


def _with_text(option: Option, text: str) -> Option:
    # What is recorded of the old text need not hold for a new one, so it is dropped: blame then falls on all statements of the item.
    return option if text == option.text else msgspec.structs.replace(option, text=text, triples=(), breaks=())
