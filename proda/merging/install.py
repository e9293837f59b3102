"""Writes the merge drivers that .gitattributes names into the configuration of a clone, since git takes no commands from a repository.

    install(Path("."))                 # ("merge.proda.driver", …): the settings that were written; () the second time
    missing_attributes(Path("."))      # the lines that .gitattributes lacks

The drivers run the Python that installed them. Where that fails, git merges the text, so that the version of the other side is never lost.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from proda.gitrepo import UNDER_WAY, GitError, run_git
from proda.merging.files import DERIVED, DRIVER, GENERATED, INNER, LOCK

CONFLICTS = 3  # exit status of `proda merge-driver`: another one than that of a command that fails
NOTE = "proda-rebuild"  # in git's folder: the commit that was merged into and a file that was kept as it is there, one pair a line
_AS_TEXT = "git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B"
_NOTED = f'echo "$(git rev-parse HEAD)" %P >>"$(git rev-parse --git-path {NOTE})"'
_LOCK_SAID = (
    'echo "dvc.lock and derived files stay as they are on the side that is merged into. Run dvc repro to rebuild them, then commit." >&2'
)


def settings(python: str = sys.executable) -> dict[str, str]:
    """The settings of git, by name. `python` is the interpreter that runs ProDa."""

    def driver(option: str) -> str:
        command = f"{shlex.quote(python)} -P -m proda.cli.main merge-driver{option} %O %A %B %P %L %X %Y"
        return f"{command}; code=$?; if test $code = {CONFLICTS}; then exit 1; elif test $code != 0; then {_AS_TEXT}; fi"

    return {
        f"merge.{DRIVER}.name": "ProDa: entries of YAML files",
        f"merge.{DRIVER}.driver": driver(""),
        f"merge.{DRIVER}.recursive": INNER,
        f"merge.{INNER}.name": "ProDa: entries of YAML files, in a common ancestor",
        f"merge.{INNER}.driver": driver(" --inner"),
        f"merge.{DERIVED}.name": "ProDa: derived files, which dvc repro rebuilds",
        f"merge.{DERIVED}.driver": _NOTED,
        f"merge.{GENERATED}.name": "ProDa: texts with parts that a command writes",
        f"merge.{GENERATED}.driver": driver(""),
        f"merge.{LOCK}.name": "ProDa: dvc.lock, which dvc repro rebuilds",
        f"merge.{LOCK}.driver": f"{_NOTED}; {_LOCK_SAID}",
    }


def install(root: Path, *, dry_run: bool = False) -> tuple[str, ...]:
    """Write the settings into the configuration of the clone; returns the names of those that were missing or different.

    With `dry_run`, nothing is written. Raises GitError if `root` is in no git repository.
    """
    run_git(root, "rev-parse", "--git-dir")
    changed = tuple(name for name, value in settings().items() if _value(root, name) != value)
    if not dry_run:
        for name in changed:
            run_git(root, "config", "--local", "--replace-all", name, settings()[name])
    return changed


def missing_attributes(root: Path) -> tuple[str, ...]:
    """The patterns that git does not give to the drivers here: .gitattributes is missing, older, or overruled."""
    wanted = {
        "knowledge/a/b.yaml": DRIVER,
        "knowledge/sources/catalogue.yaml": DRIVER,
        "knowledge/relations.yaml": DRIVER,
        "knowledge/merges.yaml": DRIVER,
        "benchmarks/validation.yaml": DRIVER,
        "benchmarks/exceptions.yaml": DRIVER,
        "benchmarks/solved.yaml": DRIVER,
        "benchmarks/verdicts/a.yaml": DRIVER,
        "samples/allocation.yaml": DRIVER,
        "proposals/a/b.yaml": DRIVER,
        "proposals/cases/a/b.yaml": DRIVER,
        "benchmarks/items/dev/a/b.yaml": DERIVED,
        "benchmarks/results/metrics.json": DERIVED,
        "benchmarks/general/a.yaml": DERIVED,
        "samples/corpus/a/b.yaml": DERIVED,
        "knowledge/CARD.md": GENERATED,
        "dvc.lock": LOCK,
    }
    fields = run_git(root, "check-attr", "-z", "merge", "--", *wanted).split("\0")
    found = dict(zip(fields[::3], fields[2::3], strict=False))
    return tuple(path for path, name in wanted.items() if found.get(path) != name)


def kept_files(root: Path) -> tuple[str, ...]:
    """The derived files that merges into this branch kept as they were, and that no commit has rebuilt since; sorted.

    Merges into other branches do not count, nor do merges that were aborted or followed by a commit that changes dvc.lock.
    """
    path = _note(root)
    if not path.is_file():
        return ()
    by_commit: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        commit, _, name = line.partition(" ")
        by_commit.setdefault(commit, set()).add(name)
    return tuple(sorted({name for commit, names in by_commit.items() if _waits(root, commit) for name in names}))


def _waits(root: Path, commit: str) -> bool:
    """Whether what a merge into `commit` kept still waits for a rebuild on the branch that is checked out."""
    try:
        if run_git(root, "rev-parse", "HEAD").strip() == commit:
            folder = Path(run_git(root, "rev-parse", "--absolute-git-dir").rstrip("\n"))
            return any((folder / state).exists() for state, _ in UNDER_WAY)  # else it was aborted
        run_git(root, "merge-base", "--is-ancestor", commit, "HEAD")
        return not run_git(root, "rev-list", "-1", "--first-parent", f"{commit}..HEAD", "--", "dvc.lock").strip()
    except GitError:  # on another branch, or a line of an older driver
        return False


def clear_kept(root: Path) -> None:
    """Forget the derived files that merges kept."""
    _note(root).unlink(missing_ok=True)


def _note(root: Path) -> Path:
    return root / run_git(root, "rev-parse", "--git-path", NOTE).rstrip("\n")


def _value(root: Path, name: str) -> str:
    try:
        return run_git(root, "config", "--local", "--get", name).removesuffix("\n")
    except GitError:
        return ""


def is_installed(root: Path) -> bool:
    """Whether the clone has every setting."""
    return not install(root, dry_run=True)


def index_versions(root: Path) -> dict[str, dict[int, bytes]]:
    """The versions of each file with an open conflict: path → stage (1 base, 2 ours, 3 theirs) → bytes."""
    found: dict[str, dict[int, bytes]] = {}
    for line in run_git(root, "ls-files", "--unmerged", "-z").split("\0"):
        if line:
            facts, _, path = line.partition("\t")
            _, blob, stage = facts.split(" ")
            data = subprocess.run(["git", "cat-file", "blob", blob], cwd=root, capture_output=True, check=True).stdout
            found.setdefault(path, {})[int(stage)] = data
    return found
