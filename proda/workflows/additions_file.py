"""A file of statements to add to the proposals of a source, as `proda review SOURCE --add FILE` reads it.

    - quote: Insulin promotes the uptake of glucose into muscle cells.
      subject: insulin                  # id, term or alias of a concept
      relation: increases
      object: glucose uptake
      text: Insulin increases glucose uptake, because it brings transporters to the cell membrane.
      when: [after a meal]              # optional, as are subject_as, object_as, according_to, tense
      concepts:                         # only those that are new
        - {term: glucose uptake, type: process, definition: the passage of sugar from the blood into cells}

Each bad entry gives one finding with its line; then nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.extraction.names import concept_id
from proda.findings import KeyPath, Violation, report_text
from proda.workflows.additions import Additions, NewStatement
from proda.workflows.decisions import Remark
from proda.workflows.review import Review
from proda.yamlio import load_yaml_bytes, read_bytes
from proda.yamlio.schema import faults, kind_of, located

Fault = tuple[KeyPath, str]
"""Where in an entry, and what is wrong there."""


def add_from_file(review: Review, path: Path) -> Additions:
    """Add the statements that a file lists. Raises InputError with a finding for each entry that cannot be added, and adds none then."""
    data = read_bytes(path)
    raw = load_yaml_bytes(data, str(path))
    if not isinstance(raw, list) or not raw:
        raise InputError(f"{path}\n  Got {kind_of(raw) if raw != [] else 'an empty list'}, expected a list of statements to add.")
    found: dict[int, list[Fault]] = {}
    good: dict[int, NewStatement] = {}
    for place, entry in enumerate(raw):
        wrong = [(fault.path, fault.message) for fault in faults(entry, NewStatement)]
        if wrong:
            found[place] = wrong
        else:
            good[place] = msgspec.convert(entry, NewStatement)
    entries, places = tuple(good.values()), tuple(good)
    for index, remark in review.additions(entries).faults:
        place = places[index]
        found.setdefault(place, []).append((_path(remark, good[place]), remark.message))
    if found:
        findings = located(_violations(found), str(path), data, "additions")
        raise InputError(report_text(findings), findings)
    return review.add(entries)


def _violations(found: dict[int, list[Fault]]) -> Iterator[Violation]:
    """One for each bad entry: at the field if one is wrong, or else at the entry, with all that is wrong in it."""
    for place, wrong in sorted(found.items()):
        if len(wrong) == 1:
            yield Violation((place, *wrong[0][0]), wrong[0][1])
        else:
            yield Violation((place,), " ".join(f"{_name(path)}{message}" for path, message in wrong))


def _name(path: Sequence[Any]) -> str:
    return f"{path[-1]}: " if path and isinstance(path[-1], str) else ""


def _path(remark: Remark, entry: NewStatement) -> KeyPath:
    for number, concept in enumerate(entry.concepts):
        if remark.concept and concept_id(concept.term) == remark.concept:
            return ("concepts", number, *filter(None, [remark.field]))
    return tuple(filter(None, [remark.field]))
