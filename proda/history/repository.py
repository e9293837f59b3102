"""Reads a repository as Python objects and pandas frames, at the working tree or at any git revision.

    import proda
    repo = proda.open(".")                             # the working tree, changes and all
    old = proda.open(".", revision="HEAD~3")
    repo.knowledge.concepts["physics/heating"].definition
    repo.items("dev")[0].stem
    repo.frame("outcomes").groupby(["model", "split"]).correct.mean()

Nothing is written but caches. Outcomes are what benchmarks/results holds at that revision; `fresh_outcomes` keeps those whose item still
has the same text.
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

from proda.errors import InputError, NotFoundError
from proda.gitrepo import find_commit, open_git
from proda.graph import Knowledge
from proda.records import SPLITS, Item, Outcome, Sample, Split
from proda.store.items import load_items
from proda.store.patches import load_samples

if TYPE_CHECKING:
    import pandas as pd

    from proda.store.solved import SolvedCounts
    from proda.store.validation import ValidationCounts

Frame = Literal["concepts", "statements", "chains", "samples", "items", "outcomes"]
TREES = ("knowledge", "samples", "benchmarks", "params.yaml", "dvc.yaml", "dvc.lock", ".dvcignore")
REVISIONS = Path("build/cache/revisions-2")  # the number grows when TREES does, so that no smaller copy is read
# What is read of a revision; a link elsewhere in it is left out.
READ = (
    "knowledge",
    "samples",
    "params.yaml",
    "dvc.yaml",
    "dvc.lock",
    *(f"benchmarks/{part}" for part in ("items", "results", "exceptions", "validation", "solved")),
)


class Repository:
    """One revision of a repository. Each part is read on first use, then kept."""

    def __init__(self, root: Path, name: str, commit: str | None) -> None:
        self.root = root
        self.name = name
        self.commit = commit

    @classmethod
    def open(cls, path: str | Path = ".", revision: str | None = None) -> Repository:
        """Return the repository around `path`, at `revision` if one is given.

        A revision is unpacked once into build/cache, which may be deleted at any time. Raises NotFoundError if there is no repository or
        no such revision, and GitError if git cannot be used.
        """
        root = _find_root(Path(path))
        if revision is None:
            return cls(root, "working tree", None)
        repo = open_git(root)
        commit = find_commit(repo, revision)
        return cls(_unpack(repo, commit, root), revision, commit.hexsha)

    @cached_property
    def knowledge(self) -> Knowledge:
        """Knowledge compiled from the YAML of this revision. Raises InputError with every finding if `proda check` finds errors."""
        from proda.knowledge.compile import compile_knowledge

        cache = self.root / "build" / "cache" / "api"
        cache.mkdir(parents=True, exist_ok=True)
        report = compile_knowledge(self.root, cache / "knowledge", cache=cache / "check.sqlite", jobs=None)
        report.raise_errors()
        return Knowledge.load(cache / "knowledge")

    @cached_property
    def samples(self) -> list[Sample]:
        """Samples of the corpus and of the patches, as they are trained on."""
        return load_samples(self.root)

    def items(self, *splits: Split) -> list[Item]:
        """Items of the given splits; of all splits if none is given."""
        return [item for item in self._items if not splits or item.split in splits]

    @cached_property
    def _items(self) -> list[Item]:
        return load_items(self.root)

    def validation_counts(self) -> ValidationCounts:
        """How many items are validated, unread and disputed, by benchmarks/validation.yaml. Raises InputError if the file is malformed."""
        from proda.store.validation import counted, load_validation

        return counted(self._items, load_validation(self.root))

    def solved_counts(self) -> SolvedCounts:
        """How models have voted on the items, by benchmarks/solved.yaml. Raises InputError if the file is malformed."""
        from proda.store.solved import load_solved, solved_counts

        return solved_counts(self._items, load_solved(self.root))

    def outcomes(self, *splits: Split) -> list[Outcome]:
        """Outcomes in benchmarks/results; empty if the benchmark has not been run."""
        return [o for o in self._outcomes if not splits or o.split in splits]

    @cached_property
    def _outcomes(self) -> list[Outcome]:
        from proda.store.outcomes import read_outcomes

        folder = self.root / "benchmarks" / "results" / "outcomes"
        paths = [folder / f"{split}.csv" for split in SPLITS]
        return [outcome for path in paths if path.is_file() for outcome in read_outcomes(path)]

    def fresh_outcomes(self, *splits: Split) -> list[Outcome]:
        """Outcomes whose item has the same text now as when it was answered."""
        now = {item.id: item.content_hash for item in self._items}
        return [o for o in self.outcomes(*splits) if now.get(o.item) == o.hash]

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Content of benchmarks/results/metrics.json; empty if the file is absent."""
        return self.result("metrics.json")

    def neutral_text(self) -> str:
        """Return what metrics.json says of the loss on neutral text, in one line; empty if it was not measured."""
        from proda.store.neutral_losses import neutral_line

        return neutral_line(self.metrics)

    def result(self, name: str) -> dict[str, Any]:
        """Content of a JSON file in benchmarks/results; empty if the file is absent. Raises InputError if it is damaged."""
        from proda.store.json_results import read_result

        return read_result(self.root, name, self.name if self.commit else "")

    def frame(self, what: Frame) -> pd.DataFrame:
        """Return records as a pandas frame, one row each, in order of id. Lists stay Python tuples."""
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
            raise NotFoundError(f"No frame '{what}'. Expected one of: {', '.join(tables)}.")
        return pd.DataFrame([msgspec.structs.asdict(record) for record in tables[what]])


def _find_root(path: Path) -> Path:
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / "knowledge" / "relations.yaml").is_file():
            return folder
    raise NotFoundError(
        f"{start}\n  Not a ProDa repository: there is no knowledge/relations.yaml here or in a folder above. Change folder, or use --root."
    )


def _unpack(repo: Any, commit: Any, root: Path) -> Path:
    """Return a folder with the revision's data, below build/cache. It is renamed into place, so a half-unpacked one is never read."""
    target = root / REVISIONS / str(commit.hexsha)
    if target.is_dir():
        return target
    present = [name for name in TREES if name in commit.tree]
    if "knowledge" not in present:
        raise NotFoundError(f"Revision {commit.hexsha[:9]} holds no knowledge/, so there is nothing to compare.")
    buffer = io.BytesIO()
    # The files' bytes as committed, whatever line ends this machine wants in its work tree.
    repo.git(c=["core.autocrlf=false", "core.eol=lf"]).archive(commit.hexsha, "--", *present, output_stream=buffer)
    buffer.seek(0)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as work:
        with tarfile.open(fileobj=buffer) as tar:
            _extract(tar, Path(work).resolve())
        try:
            os.rename(work, target)
        except OSError:
            if not target.is_dir():  # another process was first, which is fine
                raise
        else:
            Path(work).mkdir()  # what the context manager is about to remove
    return target


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive of git, then its links, and leave out links that lead out of the folder.

    Python's own filter for this came with 3.11.4. Raises InputError where such a link replaces data that is read.
    """
    links = []
    for member in tar:
        target = folder / member.name
        if not target.resolve().is_relative_to(folder):
            raise InputError(f"{member.name}\n  In this revision a file of this name is outside the repository. Name another revision.")
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.issym():
            links.append((target, member))
        elif content := tar.extractfile(member):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
    for target, member in links:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(member.linkname)
    for target, member in links:  # when all are there, since a link may lead out through another one
        if not Path(os.path.realpath(target)).is_relative_to(folder):
            target.unlink()
            if member.name.startswith(READ):
                raise InputError(
                    f"{member.name}\n  In this revision it is a link to {member.linkname}, outside the repository, so it cannot be read."
                    " Name a revision without the link."
                )
