"""The compiled knowledge of many commits: from one to the next, only the files that differ are written and compiled.

    with CommittedKnowledge(root) as known:
        known.changed_nodes(commit)      # ("physics/bimetal-strip-bends.s1",): what the commit changed, added or removed

`Repository.open(root, revision)` unpacks samples, items and results too, and compiles every topic: fine for one revision, slow for a
hundred. Both give the same knowledge.
"""

from __future__ import annotations

import re
import tempfile
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from proda.gitrepo import open_git, run_git
from proda.graph import CompiledTopic, Knowledge
from proda.history.compare import compare_nodes
from proda.history.repository import Repository

FOLDER = Path("build/cache")
KEPT = 8  # compiled knowledge in memory, by tree; a history with branches goes back and forth between a few
_PLAIN = ("100644", "100755")
# Attributes with which a file in the work tree has other bytes than in git.
_CONVERTS = re.compile(rb"\b(?:filter|eol(?!=lf\b)|ident|working-tree-encoding|export-ignore|export-subst)\b")


class CommittedKnowledge:
    """Compiles knowledge of commits in a work folder below build/cache, which is removed at the end of the `with` block."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._repo = open_git(root)
        self._blobs: dict[str, str] = {}  # path below knowledge/ → hash of its content, as in the work folder
        self._kept: OrderedDict[str, Knowledge] = OrderedDict()

    def __enter__(self) -> Self:
        (self._root / FOLDER).mkdir(parents=True, exist_ok=True)
        self._work = tempfile.TemporaryDirectory(dir=self._root / FOLDER, prefix=".audit-")
        self._folder = Path(self._work.name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._work.cleanup()

    def changed_nodes(self, commit: Any) -> tuple[str, ...]:
        """Return the ids of nodes that a commit changed, added or removed, sorted; empty for the first commit of a history.

        Of a merge, the nodes that differ from those of each parent. Raises InputError with every finding if the knowledge of the commit or
        of a parent has errors, and NotFoundError if one of them holds no knowledge.
        """
        if not commit.parents:
            return ()
        after = self.at(commit)
        changed = ({node.id for node in compare_nodes(self.at(parent), after)} for parent in commit.parents)
        return tuple(sorted(set.intersection(*changed)))

    def at(self, commit: Any) -> Knowledge:
        """Return the compiled knowledge of a commit. Raises as `changed_nodes` does."""
        if "knowledge" not in commit.tree:
            return Repository.open(self._root, commit.hexsha).knowledge  # raises NotFoundError
        tree = commit.tree["knowledge"].hexsha
        if tree not in self._kept:
            blobs = self._files(commit)
            self._kept[tree] = self._compiled(blobs) if blobs is not None else Repository.open(self._root, commit.hexsha).knowledge
        self._kept.move_to_end(tree)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[tree]

    def _files(self, commit: Any) -> dict[str, str] | None:
        """Path → blob of all files of the knowledge; None if they are not all plain files whose bytes are those in git."""
        listed = run_git(self._root, "ls-tree", "-r", "-z", "--full-tree", commit.hexsha, "--", "knowledge", ".gitattributes")
        found: dict[str, str] = {}
        for entry in filter(None, listed.split("\0")):
            facts, _, path = entry.partition("\t")
            mode, _, blob = facts.split()
            if mode not in _PLAIN or {"", ".", ".."}.intersection(path.split("/")):
                return None
            if path.endswith(".gitattributes") and _CONVERTS.search(self._content(blob)):
                return None
            if path.startswith("knowledge/"):
                found[path] = blob
        return found

    def _compiled(self, blobs: dict[str, str]) -> Knowledge:
        from proda.knowledge.compile import check_knowledge

        self._check_out(blobs)
        report = check_knowledge(self._folder, cache=self._folder / "check.sqlite", compiled=True)
        report.raise_errors()
        decoder = msgspec.json.Decoder(CompiledTopic)
        topics = [decoder.decode(line) for shard in report.shards for line in shard.splitlines() if line]
        return Knowledge(
            report.relations,
            (concept for topic in topics for concept in topic.concepts),
            (statement for topic in topics for statement in topic.statements),
            (chain for topic in topics for chain in topic.chains),
            (case for topic in topics for case in topic.cases),
        )

    def _check_out(self, blobs: dict[str, str]) -> None:
        """Write the files that differ from those in the work folder, and remove those that are not in the tree."""
        for path in self._blobs.keys() - blobs.keys():
            file = self._folder / path
            file.unlink()
            for folder in file.relative_to(self._folder).parents[:-1]:
                if any((self._folder / folder).iterdir()):
                    break
                (self._folder / folder).rmdir()
        for path, blob in blobs.items():
            if self._blobs.get(path) != blob:
                file = self._folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self._content(blob))
        self._blobs = blobs

    def _content(self, blob: str) -> bytes:
        return bytes(self._repo.odb.stream(bytes.fromhex(blob)).read())
