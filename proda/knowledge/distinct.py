"""One edit of a topic file: a concept is set apart from another that is taken for it. What a repair's commit adds to knowledge/.

    set_apart(text, Edit("knowledge/physics/thermal-expansion.yaml", "physics/thermal-expansion", "physics/thermal-contraction"))

      thermal-expansion:
        term: thermal expansion
        type: process
    +   distinct_from: [thermal-contraction]
        definition: the increase in a body's size as its temperature rises

A reviewer sees one line. A file in which it would be more, or lose a comment, is refused and not touched.
"""

from __future__ import annotations

from difflib import ndiff
from typing import Any

import msgspec

from proda.errors import InputError
from proda.knowledge.roundtrip import edited
from proda.knowledge.schema import TopicFile, full_id
from proda.records import Edit
from proda.yamlio import load_yaml_text

FIELD = "distinct_from"
BEFORE = "definition"  # where a new line goes, as in the files that people write


def set_apart(text: str, edit: Edit) -> str:
    """The file's text with `distinct_from` naming the other concept; the text itself where it does already.

    Raises InputError where the concept is gone or retired, or the edit cannot be one line.
    """
    discipline, _, local = edit.concept.partition("/")
    other = edit.distinct_from.removeprefix(f"{discipline}/")
    raw = load_yaml_text(text, edit.file)
    try:
        concept = msgspec.convert(raw, TopicFile).concepts.get(local)
    except msgspec.ValidationError as error:
        raise _refused(edit, f"The file is no topic: {error}. Run `proda check`, mend it, then repair again.") from None
    if concept is None or concept.status != "active":
        what = "gone" if concept is None else "retired"
        raise _refused(edit, f"The concept is {what}, expected what was diagnosed. Run `dvc repro`, then repair again.")
    if edit.distinct_from in (full_id(discipline, name) for name in concept.distinct_from):
        return text

    def add(document: Any) -> None:
        entry = document["concepts"][local]
        if FIELD in entry:
            entry[FIELD].append(other)
        elif hasattr(entry, "ca"):
            entry.insert(list(entry).index(BEFORE), FIELD, _in_one_line(other))
        else:  # plain data, made only to compare with
            entry[FIELD] = [other]

    result = edited(text, raw, add)
    if result is None or sum(line.startswith("+ ") for line in ndiff(text.splitlines(), result.splitlines())) != 1:
        raise _refused(
            edit,
            f"Cannot add `{FIELD}: [{other}]` as one line and keep all else. Run `proda check --fix` and commit that, or add the line"
            " by hand; then repair again.",
        )
    return result


def _in_one_line(other: str) -> Any:
    from ruamel.yaml.comments import CommentedSeq

    names = CommentedSeq([other])
    names.fa.set_flow_style()
    return names


def _refused(edit: Edit, why: str) -> InputError:
    return InputError(f"{edit.file}  concepts.{edit.concept.partition('/')[2]}\n  {why}")
