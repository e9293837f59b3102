"""Edit a topic file so that a concept is set apart from another that models confuse with it. A commit of a repair makes this edit.

    set_apart(text, Edit("knowledge/physics/thermal-expansion.yaml", "physics/thermal-expansion", "physics/thermal-contraction"))

      thermal-expansion:
        term: thermal expansion
        type: process
    +   distinct_from: [thermal-contraction]
        definition: the increase in a body's size as its temperature rises

A reviewer sees one new line. A file in which more would change, or a comment would be lost, is refused and left as it is.
"""

from __future__ import annotations

from difflib import ndiff
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.roundtrip import UnsafeEditError, safely_edited
from proda.knowledge.schema import TopicFile, full_id, local_name
from proda.records import Edit
from proda.yamlio import load_yaml_text

FIELD = "distinct_from"
BEFORE = "definition"  # the key that a new line goes above


def set_apart(text: str, edit: Edit) -> str:
    """The file's text with the other concept added to `distinct_from`; `text` unchanged if it is there already.

    Raises InputError if the concept no longer exists or is retired, or if the edit would change more than one line.
    """
    discipline, _, local = edit.concept.partition("/")
    other = edit.distinct_from.removeprefix(f"{discipline}/")
    raw = load_yaml_text(text, edit.file)
    try:
        concept = msgspec.convert(raw, TopicFile).concepts.get(local)
    except msgspec.ValidationError as error:
        raise _refused(edit, f"Not a topic file: {error}. Run `proda check`, fix the file, then repair again.") from None
    if concept is None or concept.status != "active":
        what = "no longer exists" if concept is None else "is retired"
        raise _refused(edit, f"The concept {what}, so the diagnosis is out of date. Run `dvc repro`, then repair again.")
    if edit.distinct_from in (full_id(discipline, name) for name in concept.distinct_from):
        return text

    def add(document: Any) -> None:
        entry = document["concepts"][local]
        if FIELD in entry:
            entry[FIELD].append(other)
        elif hasattr(entry, "ca"):
            entry.insert(list(entry).index(BEFORE), FIELD, _in_one_line(other))
        else:  # plain data, which `edited` compares the result with
            entry[FIELD] = [other]

    try:
        result = safely_edited(text, raw, add)
        one_line = sum(line.startswith("+ ") for line in ndiff(text.splitlines(), result.splitlines())) == 1
    except UnsafeEditError:
        one_line = False
    if not one_line:
        raise _refused(
            edit,
            f"Cannot add `{FIELD}: [{other}]` as one line and keep the rest. Run `proda check --fix` and commit that, or add the line"
            " by hand; then repair again.",
        )
    return result


def _in_one_line(other: str) -> Any:
    from ruamel.yaml.comments import CommentedSeq

    names = CommentedSeq([other])
    names.fa.set_flow_style()
    return names


def _refused(edit: Edit, why: str) -> InputError:
    return InputError(f"{edit.file}  concepts.{local_name(edit.concept)}\n  {why}")
