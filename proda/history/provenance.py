"""The commit, branch and cleanness of the data and code that a build reads.

    found = provenance(Path("."))
    found.commit, found.dirty          ("9ab2…", False)

`dirty` says whether the inputs of the stages in dvc.yaml differ from the commit. Outputs do not count: DVC removes them before a stage
runs, and a build writes them again.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from proda.errors import ProdaError
from proda.gitrepo import GitError, run_git
from proda.records import Record
from proda.yamlio import load_yaml

PIPELINE = "dvc.yaml"
OUTPUTS = ("outs", "metrics", "plots")


class Provenance(Record, frozen=True):
    """Where a build comes from. Without git, or before the first commit, the first three are empty."""

    commit: str
    subject: str  # of the commit's message
    branch: str  # empty on a detached HEAD
    dirty: bool
    dvc_lock: str  # hash of dvc.lock; empty if there is none

    @property
    def name(self) -> str:
        """Branch and subject, as the name of a run: "main: Repair statements of round 2"."""
        return f"{self.branch or self.commit[:9]}: {self.subject}" if self.commit else "without git"


def provenance(root: Path) -> Provenance:
    """Return the provenance of a build in the repository at `root`. Never raises for a missing or broken git."""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    subject = _git(root, "log", "-1", "--no-show-signature", "--format=%s") if commit else ""
    branch = _git(root, "symbolic-ref", "--short", "--quiet", "HEAD") if commit else ""
    lock = root / "dvc.lock"
    digest = sha256(lock.read_bytes()).hexdigest()[:16] if lock.is_file() else ""
    return Provenance(commit, subject, branch, bool(commit) and changed_inputs(root) != [], digest)


def changed_inputs(root: Path) -> list[str]:
    """Return the inputs of the build that differ from the last commit, new files included, as git reports them."""
    inputs = build_inputs(root) or ["."]
    found = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *inputs)
    return found.splitlines()


def build_inputs(root: Path) -> list[str]:
    """Return the paths that the stages of dvc.yaml read and no stage writes; empty without a readable dvc.yaml."""
    try:
        stages = load_yaml(root / PIPELINE)["stages"].values()
        written = [Path(_path(out)) for stage in stages for kind in OUTPUTS for out in stage.get(kind, ())]
        read = {str(dep) for stage in stages for dep in stage.get("deps", ())}
    except (ProdaError, OSError, AttributeError, KeyError, TypeError):
        return []
    inputs = {dep for dep in read if not any(Path(dep).is_relative_to(out) for out in written)}
    return sorted({*inputs, PIPELINE, "params.yaml"})


def _path(out: object) -> str:
    """The path of an output, which is a text, or a mapping from the path to its options."""
    return str(next(iter(out))) if isinstance(out, dict) else str(out)


def _git(root: Path, *arguments: str) -> str:
    """What git prints; empty if there is no git, or it refuses."""
    try:
        return run_git(root, *arguments).rstrip("\n")
    except GitError:
        return ""
