"""benchmarks/validation.yaml: what independent readers answered to the items without seeing the key, by content hash of the item.

    validation = load_validation(Path("."))
    verdict_of(item, validation)          # "validated", "unread" or "disputed"
    disputed(items, validation)           # {"physics/rail-buckles:dev-effect-1": "reader b answers C, the key is A"}
    counted(items, validation).agreement  # 0.97 of the readings agree with the key

    readings:
      0f3a5c2b11aa9e01:
        a: {answer: B, guess: 0.4}
        b: {answer: C, key: B, guess: 0.7, second: A, note: 'A holds as well in a vacuum'}

`guess` estimates how likely somebody without knowledge of the field picks the key. `second` is another option that the reader could defend.
`key` is written only where it is not the reader's answer, so that a disputed item stays known after it has left the benchmark: a disputed
item is withheld until it is mended, and a mended item has another hash, under which nobody has read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from proda.errors import InputError
from proda.findings import Violation
from proda.records import Item
from proda.store.files import write_file
from proda.yamlio import Flow, dump_yaml, load_as
from proda.yamlio.schema import refuse

PATH = Path("benchmarks/validation.yaml")
ENOUGH = 2  # readings of an item
HASH = re.compile(r"[0-9a-f]{16}")
READER = re.compile(r"[a-z][0-9]?")
_HEAD = """\
# What independent readers answered to the items without the key, by content hash of the item. Written by
# `python -m proda.cli.reading_sheet --collect`; proda/store/validation.py says how an entry reads.
"""

Letter = Literal["A", "B", "C", "D"]
Verdict = Literal["validated", "unread", "disputed"]


class ItemReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one reader answered to one item."""

    answer: Letter
    guess: Annotated[float, Meta(ge=0, le=1)]  # how likely an outsider picks the key
    second: Letter | None = None  # another option that can be defended
    note: str = ""
    key: Letter | None = None  # the item's key, where the answer is another option

    @property
    def contests(self) -> bool:
        """Whether the reader disagrees with the key or can defend a second option."""
        return self.key is not None or self.second is not None


Readings = dict[str, ItemReading]
"""Reader → reading of one item."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file: content hash → reader → reading."""

    readings: dict[str, Readings] = {}


class ValidationCounts(msgspec.Struct, frozen=True):
    """How far a set of items has been read, and with what result. Shares are over readings, and None without any.

    The shares include readings of contested items that are no longer in the set: without them a benchmark that withholds what is
    disputed would always be in full agreement.
    """

    validated: int
    unread: int
    disputed: int
    withdrawn: int  # contested items that are not in the set: withheld, or mended since
    readings: int
    agreement: float | None  # share that picks the key
    second: float | None  # share that can defend a second option
    guess: float | None  # mean estimate of how likely an outsider picks the key


def load_validation(root: Path) -> Validation:
    """Return the readings; none if the file does not exist. Raises InputError with every fault of the file."""
    path = root / PATH
    if not path.is_file():
        return Validation()
    validation = load_as(path, Validation, numbers=True, empty={})
    # The bytes serve to find lines, and reading them again is cheap beside parsing.
    refuse(_faults(validation), str(path), path.read_bytes(), "validation")
    return validation


def _faults(validation: Validation) -> Iterator[Violation]:
    for item_hash, readings in validation.readings.items():
        where = ("readings", item_hash)
        if not HASH.fullmatch(item_hash):
            yield Violation(where, f"Got '{item_hash[:80]}', expected the content hash of an item, sixteen hex digits. Fix it.")
        for reader, reading in readings.items():
            if not READER.fullmatch(reader):
                message = f"Got the reader '{reader[:80]}', expected a label of one letter, such as a or b2, and no name. Fix it."
                yield Violation((*where, reader), message)
            if reading.second == reading.answer:
                yield Violation((*where, reader, "second"), f"{reading.second} is the answer itself. Remove `second`, or name another.")
            if reading.key == reading.answer:
                yield Violation((*where, reader, "key"), "`key` is written only where the answer is another option. Remove it.")


def write_validation(root: Path, validation: Validation, current: Collection[str] | None = None) -> bool:
    """Write the file, sorted by hash and reader; return whether it changed.

    `current` are the content hashes of all items. Readings of other items are dropped, unless one of them contests its item: such an item
    is withheld from the benchmark, and would come back as unread.
    """
    kept = {
        item_hash: readings
        for item_hash, readings in sorted(validation.readings.items())
        if readings and (current is None or item_hash in current or _contested(readings))
    }
    lines = [_HEAD, "readings:\n" if kept else "readings: {}\n"]
    for item_hash, readings in kept.items():
        lines.append(f"  {dump_yaml(item_hash).rstrip()}:\n")
        lines += [f"    {dump_yaml(reader).rstrip()}: {{{_fields(reading)}}}\n" for reader, reading in sorted(readings.items())]
    return write_file(root / PATH, "".join(lines))


def _fields(reading: ItemReading) -> str:
    fields = [f"answer: {reading.answer}"]
    if reading.key:
        fields.append(f"key: {reading.key}")
    fields.append(f"guess: {round(reading.guess, 2):g}")
    if reading.second:
        fields.append(f"second: {reading.second}")
    if reading.note:
        fields.append(f"note: {in_brackets(reading.note)}")
    return ", ".join(fields)


def in_brackets(text: str) -> str:
    """The text as YAML, quoted where brackets and commas would end it."""
    return dump_yaml({"note": Flow((text,))}).removeprefix("note: [").removesuffix("]\n")


def merged(validation: Validation, reader: str, readings: Iterable[tuple[Item, ItemReading]]) -> Validation:
    """Return the validation with the readings of one more reader, whose earlier readings of the same items they replace.

    Fills in `key` where the reader picks another option. Raises InputError if `reader` is no label.
    """
    if not READER.fullmatch(reader):
        raise InputError(f"Got the reader '{reader[:80]}', expected a label of one letter, such as a or b2. A name does not belong here.")
    found = {item_hash: dict(known) for item_hash, known in validation.readings.items()}
    for item, reading in readings:
        key = None if reading.answer == item.answer else msgspec.convert(item.answer, Letter)
        found.setdefault(item.content_hash, {})[reader] = msgspec.structs.replace(reading, key=key)
    return Validation(found)


def verdict_of(item: Item, validation: Validation) -> Verdict:
    """Return what the readings say about an item.

    "disputed": a reader picks another option than the key, or can defend a second one. "validated": two or more readers, none of whom
    disputes it. "unread": fewer than two. An item that has changed has another hash, and is unread.
    """
    readings = validation.readings.get(item.content_hash, {})
    if any(reading.answer != item.answer or reading.second for reading in readings.values()):
        return "disputed"
    return "validated" if len(readings) >= ENOUGH else "unread"


def disputed(items: Iterable[Item], validation: Validation) -> dict[str, str]:
    """Return the id of each disputed item → why, in the order of the items. The benchmark leaves these out until they are mended."""
    return {
        item.id: "; ".join(_objections(item, validation.readings[item.content_hash]))
        for item in items
        if verdict_of(item, validation) == "disputed"
    }


def _objections(item: Item, readings: Readings) -> Iterator[str]:
    for reader, reading in sorted(readings.items()):
        said = []
        if reading.answer != item.answer:
            said.append(f"answers {reading.answer}, the key is {item.answer}")
        if reading.second:
            said.append(f"can defend {reading.second} as well")
        if said:
            yield f"reader {reader} {' and '.join(said)}{f' ({reading.note})' if reading.note else ''}"


def counted(items: Iterable[Item], validation: Validation) -> ValidationCounts:
    """Return how many of the items are validated, unread and disputed, and what their readings say."""
    by_hash = {item.content_hash: item for item in items}
    verdicts = [verdict_of(item, validation) for item in by_hash.values()]
    withdrawn = {h for h, readings in validation.readings.items() if h not in by_hash and _contested(readings)}
    readings = [r for h, found in validation.readings.items() if h in by_hash or h in withdrawn for r in found.values()]

    def share(values: Iterable[float]) -> float | None:
        return sum(values) / len(readings) if readings else None

    return ValidationCounts(
        validated=verdicts.count("validated"),
        unread=verdicts.count("unread"),
        disputed=verdicts.count("disputed"),
        withdrawn=len(withdrawn),
        readings=len(readings),
        agreement=share(r.key is None for r in readings),
        second=share(r.second is not None for r in readings),
        guess=share(r.guess for r in readings),
    )


def _contested(readings: Readings) -> bool:
    return any(reading.contests for reading in readings.values())
