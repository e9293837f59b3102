"""samples/written/<discipline>/<topic>.yaml: what a language model worded, frozen under the hash of each plan.

    written = load_written(Path("."))
    written["3f0c9a1e0b2d4c55"].wording.question      # "Which process does heating set off?"

    samples:
      - id: physics/bimetal-strip-bends.s1:open-1
        format: open
        question: Which process does heating set off?
        answer: thermal expansion
        explanation: Heating a metal strip makes its particles swing further apart, so …
        plan: 3f0c9a1e0b2d4c55
        model: some-model
        prompt: sample@1

The hash covers the content of what is taught (proda/builder/briefs.py), so an entry applies as long as its plan is the same. An entry whose
plan no longer exists is stale: it is not used, and stays until `proda write --prune` removes it. Entries are sorted by id, then by plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.records import LETTERS, Format, Record, Wording
from proda.store.corpus import encode_wording
from proda.store.files import data_files
from proda.yamlio import dump_yaml, load_list

WRITTEN = Path("samples/written")


class WrittenSample(Record, frozen=True):
    """One frozen wording, and which model and prompt it comes from."""

    id: str
    format: Format
    wording: Wording
    plan: str  # the key: `plan_key` of the plan that it words
    model: str
    prompt: str  # name and version, "sample@1"


Topic = tuple[str, str]
"""(discipline, topic)."""


def load_written(root: Path) -> dict[str, WrittenSample]:
    """Plan hash → frozen wording, in order of file and entry. Empty without files. Raises InputError with file and id of a broken entry."""
    return {one.plan: one for group in load_written_by_topic(root).values() for one in group}


def load_written_by_topic(root: Path) -> dict[Topic, list[WrittenSample]]:
    """(discipline, topic) → frozen wordings. Raises InputError with file and id of a broken entry, or of a plan that occurs twice."""
    found: dict[Topic, list[WrittenSample]] = {}
    seen: dict[str, Path] = {}
    for path in written_paths(root):
        name = path.relative_to(root)
        for one in read_written(path, root):
            if one.plan in seen:
                raise InputError(f"{name}  {one.id}\n  The plan {one.plan} is in {seen[one.plan]} as well. Remove one of the two entries.")
            seen[one.plan] = name
            found.setdefault((path.parent.name, path.stem), []).append(one)
    return found


def written_paths(root: Path) -> list[Path]:
    """The files of samples/written, sorted."""
    return data_files(root / WRITTEN, "*/*.yaml")


def read_written(path: Path, root: Path) -> list[WrittenSample]:
    """The entries of one file. Raises InputError with file and id of a broken entry."""
    return [_decoded(raw, path.relative_to(root)) for raw in load_list(path, "samples")]


def written_text(samples: Iterable[WrittenSample]) -> str:
    """The text of one file. The order of `samples` does not matter; equal samples give equal bytes."""
    return dump_yaml({"samples": [_encoded(one) for one in sorted(samples, key=lambda one: (one.id, one.plan))]})


def written_file(topic: Topic) -> str:
    """The path of a topic's file, relative to the repository."""
    return f"{WRITTEN.as_posix()}/{topic[0]}/{topic[1]}.yaml"


def _encoded(one: WrittenSample) -> dict[str, Any]:
    return {
        "id": one.id,
        "format": one.format,
        **encode_wording(one.wording),
        "plan": one.plan,
        "model": one.model,
        "prompt": one.prompt,
    }


def _decoded(raw: Any, name: Path) -> WrittenSample:
    where = raw.get("id", "?") if isinstance(raw, Mapping) else "?"
    try:
        fields = dict(raw)
        options = fields.pop("options", {})
        answer = fields.pop("answer")
        texts = tuple(options[letter] for letter in LETTERS[: len(options)])
        wording = {
            "question": fields.pop("question"),
            "answer": options[answer] if options else answer,
            "explanation": fields.pop("explanation", ""),
            "options": texts,
        }
        one = msgspec.convert({**fields, "wording": wording}, WrittenSample)
    except (KeyError, TypeError, ValueError, AttributeError, msgspec.ValidationError) as error:
        raise InputError(f"{name}  {where}\n  Not a written sample: {error!s}. Fix the entry, or remove it.") from None
    if (one.format == "choice") != bool(texts) or len(set(texts)) != len(texts):
        raise InputError(
            f"{name}  {where}\n  A choice needs options that differ, and no other format has options. Fix the entry, or remove it."
        )
    if one.format == "true-false" and one.wording.answer not in ("true", "false"):
        raise InputError(f"{name}  {where}\n  Got the answer {one.wording.answer!r}, expected true or false. Fix the entry, or remove it.")
    return one
