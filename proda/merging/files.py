"""Which files of a repository are merged entry by entry, and which are rebuilt; the text of .gitattributes says it to git.

kind_of("knowledge/physics/optics.yaml")     # "topic"
node_and_field("knowledge/physics/optics.yaml", ("chains", "snell", "steps", "s1", "text"))     # ("physics/snell.s1", "text")
"""

from __future__ import annotations

from typing import Literal

from proda.merging.threeway import GROUPED
from proda.merging.tree import KeyPath

Kind = Literal["topic", "entries", "whole"]
SECTIONS = ("concepts", "chains", "links", "cases")
DRIVER = "proda"  # the names that .gitattributes gives
INNER = "proda-inner"
DERIVED = "proda-derived"
LOCK = "proda-lock"
GENERATED = "proda-generated"
WRITTEN = ("benchmarks/items/", "benchmarks/results/", "benchmarks/general/", "samples/corpus/")  # as in .gitattributes


def kind_of(path: str) -> Kind:
    """How the file at `path` (relative to the repository, with slashes) is merged. A file of one decision is one entry."""
    parts = path.split("/")
    if parts[0] == "knowledge" and len(parts) == 3 and parts[1] != "sources":
        return "topic"
    return "whole" if path.startswith("benchmarks/verdicts/") else "entries"


def is_derived(path: str) -> bool:
    """Whether `dvc repro` writes the file, so that neither side of a conflict counts."""
    return path == "dvc.lock" or path.startswith(WRITTEN)


def node_and_field(path: str, keys: KeyPath) -> tuple[str, str]:
    """The id of the node that a key path lies in, and the field below it (empty for the node itself)."""
    if kind_of(path) == "topic" and len(keys) > 1 and keys[0] in SECTIONS:
        node, rest = f"{path.split('/')[1]}/{keys[1]}", keys[2:]
        if keys[0] == "chains" and len(rest) > 1 and rest[0] == "steps":
            node, rest = f"{node}.{rest[1]}", rest[2:]
        return node, ".".join(rest)
    if len(keys) < 2:
        return "", ".".join(keys)
    deep = 3 if keys[0] in GROUPED else 2
    return " ".join(keys[1:deep]), ".".join(keys[deep:])
