"""Gathers what a comparison needs of a repository at one revision.

found = compare(read_revision(old, beside=new), read_revision(new, beside=old))
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from proda.history.compare import Revision
from proda.history.repository import Repository
from proda.records import Sample, Wording
from proda.store.corpus import CORPUS, PATCHES, decode_sample
from proda.store.files import data_files
from proda.store.patches import as_changed, changes, read_patch
from proda.yamlio import load_yaml

TEXT_HASH = "text "  # starts the value of a text, of which only a hash is compared
SETTINGS = ("params.yaml", "samples/allocation.yaml", "benchmarks/exceptions.yaml")
TEXTS = ("knowledge/sources/**/*.md", "samples/base/*.yaml", "benchmarks/general/*", "benchmarks/suites/neutral.yaml")


def read_revision(repo: Repository, beside: Repository) -> Revision:
    """Return what a comparison with `beside` needs of `repo`.

    Only samples that may differ are read: those in files that differ, and those that a patch changes in one revision only.
    """
    name = f"{repo.name} ({repo.commit[:9]})" if repo.commit and not repo.commit.startswith(repo.name) else repo.name
    return Revision(
        name, repo.knowledge, _samples(repo.root, beside.root), repo.items(), repo.outcomes(), repo.metrics, settings(repo.root)
    )


def settings(root: Path) -> dict[str, str]:
    """Return every value of the parameter files, by file and key path; a text as a hash of its words."""
    found: dict[str, str] = {}
    for name in SETTINGS:
        if (root / name).is_file():
            found.update((f"{name} {path}", value) for path, value in _flat(load_yaml(root / name, numbers=True)))
    for pattern in TEXTS:
        for path in [p for p in data_files(root, pattern) if p.is_file()]:
            words = b" ".join(path.read_bytes().split())
            found[path.relative_to(root).as_posix()] = f"{TEXT_HASH}{hashlib.sha256(words).hexdigest()[:9]}"
    return found


def _samples(root: Path, beside: Path) -> list[Sample]:
    # Most files of a large corpus have the same bytes in both revisions, so they are not parsed.
    mine, theirs = (_touched(side) for side in (root, beside))
    touched = [name.encode() for name in {*mine, *theirs} if (name in mine, mine.get(name)) != (name in theirs, theirs.get(name))]
    paths = [*data_files(root / CORPUS, "*/*.yaml"), *data_files(root / PATCHES, "*.yaml")]
    told = []
    for path in paths:
        data, other = path.read_bytes(), beside / path.relative_to(root)
        if not other.is_file() or data != other.read_bytes() or any(n in data for n in touched):
            told.append(path)
    return as_changed((decode_sample(raw, path) for path in told for raw in load_yaml(path).get("samples", ())), mine)


def _touched(root: Path) -> dict[str, Wording | None]:
    """Return the derived samples that patches change: id → new wording, or None if removed."""
    paths = data_files(root / PATCHES, "*.yaml")
    return changes(read_patch(path) for path in paths if any(key in path.read_bytes() for key in (b"\nremove:", b"\noverride:")))


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for number, part in enumerate(value):
            # An exception is identified by its item, not by its position in the file.
            name = part.get("item", number) if isinstance(part, Mapping) else number
            yield from _flat(part, f"{path}[{name}]")
    elif value is not None:
        yield path, str(value)
