"""A repository as Python objects and pandas frames, at the working tree or at any git revision. Read-only.

    import proda
    repo = proda.open(".")                             # the working tree, changes and all
    old = proda.open(".", revision="HEAD~3")
    repo.knowledge.concepts["physics/heating"].definition
    repo.items("dev")[0].stem
    repo.frame("outcomes").groupby(["model", "split"]).correct.mean()

Outcomes are what benchmarks/results holds at that revision; `fresh_outcomes` keeps those whose item still has the same text.
"""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from proda.errors import NotFoundError
from proda.graph import Knowledge
from proda.records import SPLITS, Item, Outcome, Sample, Split
from proda.store.items import load_items
from proda.store.patches import load_samples

if TYPE_CHECKING:
    import pandas as pd

Frame = Literal["concepts", "statements", "chains", "samples", "items", "outcomes"]
TREES = ("knowledge", "samples", "benchmarks", "params.yaml")


class Repository:
    """One revision of a repository. Everything is read when first asked for, and kept."""

    def __init__(self, root: Path, name: str, commit: str | None) -> None:
        self.root = root
        self.name = name
        self.commit = commit

    @classmethod
    def open(cls, path: str | Path = ".", revision: str | None = None) -> Repository:
        """The repository around `path`. Raises NotFoundError where there is none, or no such revision.

        A revision is unpacked once into build/cache/revisions/<commit>, which may be deleted at any time.
        """
        root = _find_root(Path(path))
        if revision is None:
            return cls(root, "working tree", None)
        import git

        try:
            repo = git.Repo(root, search_parent_directories=True)
            commit = repo.commit(revision)
        except git.InvalidGitRepositoryError:
            raise NotFoundError(f"{root} is not in a git repository, so it has no revision '{revision}'.") from None
        except (git.BadName, ValueError, IndexError):
            raise NotFoundError(f"No revision '{revision}'. `git log --oneline` lists commits, `git branch -a` branches.") from None
        return cls(_unpack(repo, commit, root), revision, commit.hexsha)

    @cached_property
    def knowledge(self) -> Knowledge:
        """Compiled from the YAML of this revision. Raises InputError with every finding if it does not hold together."""
        from proda.knowledge.compile import compile_knowledge

        cache = self.root / "build" / "cache" / "api"
        cache.mkdir(parents=True, exist_ok=True)
        report = compile_knowledge(self.root, cache / "knowledge", cache=cache / "check.sqlite", jobs=None)
        report.raise_errors()
        return Knowledge.load(cache / "knowledge")

    @cached_property
    def samples(self) -> list[Sample]:
        """Corpus and patches."""
        return load_samples(self.root)

    def items(self, *splits: Split) -> list[Item]:
        """Items of the splits; all of them if none is named."""
        return [item for item in self._items if not splits or item.split in splits]

    @cached_property
    def _items(self) -> list[Item]:
        return load_items(self.root)

    def outcomes(self, *splits: Split) -> list[Outcome]:
        """Outcomes as benchmarks/results holds them; empty if the benchmark has not been run."""
        return [o for o in self._outcomes if not splits or o.split in splits]

    @cached_property
    def _outcomes(self) -> list[Outcome]:
        from proda.store.outcomes import read_outcomes

        folder = self.root / "benchmarks" / "results" / "outcomes"
        paths = [folder / f"{split}.csv" for split in SPLITS]
        return [outcome for path in paths if path.is_file() for outcome in read_outcomes(path)]

    def fresh_outcomes(self, *splits: Split) -> list[Outcome]:
        """Outcomes whose item still reads as it did when it was answered."""
        now = {item.id: item.content_hash for item in self._items}
        return [o for o in self.outcomes(*splits) if now.get(o.item) == o.hash]

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """benchmarks/results/metrics.json; empty if absent."""
        return self.result("metrics.json")

    def result(self, name: str) -> dict[str, Any]:
        """A JSON file of benchmarks/results; empty if absent."""
        path = self.root / "benchmarks" / "results" / name
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) if path.is_file() else {}

    def frame(self, what: Frame) -> pd.DataFrame:
        """Records as a pandas frame, a row each, in order of id. Lists stay Python tuples."""
        import pandas as pd

        tables: dict[str, Sequence[Any]] = {
            "concepts": list(self.knowledge.concepts.values()) if what == "concepts" else (),
            "statements": list(self.knowledge.statements.values()) if what == "statements" else (),
            "chains": list(self.knowledge.chains.values()) if what == "chains" else (),
            "samples": self.samples if what == "samples" else (),
            "items": self._items if what == "items" else (),
            "outcomes": self._outcomes if what == "outcomes" else (),
        }
        if what not in tables:
            raise NotFoundError(f"No frame '{what}'. There are: {', '.join(tables)}.")
        return pd.DataFrame([msgspec.structs.asdict(record) for record in tables[what]])


def _find_root(path: Path) -> Path:
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / "knowledge" / "relations.yaml").is_file():
            return folder
    raise NotFoundError(f"{start}\n  No knowledge/relations.yaml here or above, so this is no ProDa repository.")


def _unpack(repo: Any, commit: Any, root: Path) -> Path:
    """The revision's data trees in build/cache/revisions/<commit>; renamed into place, so that a half-unpacked one is never read."""
    target = root / "build" / "cache" / "revisions" / str(commit.hexsha)
    if target.is_dir():
        return target
    present = [name for name in TREES if name in commit.tree]
    if "knowledge" not in present:
        raise NotFoundError(f"Revision {commit.hexsha[:9]} holds no knowledge/, so there is nothing to compare.")
    buffer = io.BytesIO()
    repo.archive(buffer, commit.hexsha, path=present)
    buffer.seek(0)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as work:
        with tarfile.open(fileobj=buffer) as tar:
            tar.extractall(work, filter="data")
        try:
            os.rename(work, target)
        except OSError:
            if not target.is_dir():  # another process was first, which is fine
                raise
        else:
            Path(work).mkdir()  # what the context manager is about to remove
    return target
