"""Rebuilds what is derived from the data of a branch, and commits it there: for people who edit on the forge's web page.

    done = rebuild_branch(root)                 # `proda check --fix`, items and samples
    done = rebuild_branch(root, models=True)    # models, scores and diagnoses too
    done.commit                                 # "3f0c9a1d2"; empty if everything was committed as it is built

A second rebuild finds nothing to do, since derived files follow from the data alone. If it does find something, it refuses, so that a
workflow which rebuilds after each push ends.
"""

from __future__ import annotations

from pathlib import Path

from proda.errors import GateError, InputError, ProdaError, UsageError, counted
from proda.findings import errors_of, report_text
from proda.gitrepo import GitError, missing_identity, run_git, under_way
from proda.records import Record
from proda.workflows.build_stages import DERIVED, build, not_committed
from proda.workflows.check_repository import check_repository

TRAILER = "Rebuilt"
# What `proda check --fix` and the stages write.
WRITTEN = (*DERIVED, "knowledge", "benchmarks/verdicts", "proda-version.yaml")


class Rebuilt(Record, frozen=True):
    """What a rebuild did. Without a commit, `files` are those that differ from HEAD."""

    ran: tuple[str, ...]  # stages
    files: tuple[str, ...]
    commit: str = ""


def rebuild_branch(root: Path, *, models: bool = False, commit: bool = True, branch: str = "", progress: bool = False) -> Rebuilt:
    """Fix, check and rebuild, then commit what changed, on the branch that is checked out, or on a new one named `branch`.

    Raises InputError with the errors of the data, GateError if a stage fails or a rebuild of a rebuild changes something, UsageError if
    files other than derived ones are changed already, GitError if git refuses.
    """
    if commit:
        _require_ready(root)
    _fix(root)
    found = check_repository(root)
    if errors := errors_of(found.findings):
        raise InputError(f"{report_text(errors)}\n  The data has errors, so nothing was rebuilt. Correct them, then run this again.")
    built = build(root, *(() if models else ("guard",)), progress=progress)
    if built.said:
        raise GateError(f"{built.said}\n  The build failed, so nothing was committed. Files that it wrote are in the work tree.")
    if models:
        from proda.workflows.complete_run import complete_run

        complete_run(root)
    files = not_committed(root, *(path for path in WRITTEN if (root / path).exists() or path in DERIVED))
    if not files or not commit:
        return Rebuilt(built.ran, files)
    what = "models" if models else "data"
    _require_new(root, what, files)
    if branch:
        run_git(root, "switch", "--quiet", "-c", branch)
    run_git(root, "add", "--all", "--", *files)
    run_git(root, "commit", "--quiet", "-m", _message(what, files))
    return Rebuilt(built.ran, files, run_git(root, "rev-parse", "HEAD").strip())


def _require_ready(root: Path) -> None:
    from proda.gitrepo import open_git

    if what := under_way(open_git(root)):
        raise GitError(f"A git {what} is in progress. Finish it, or run `git {what} --abort`; then run this again.")
    if lacking := missing_identity(root):
        raise GitError(f"git does not know who you are ({lacking}). Set user.name and user.email, then run this again.")
    entries = run_git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no").split("\0")
    # Derived files are written anew: another command, such as `proda pr`, may have rebuilt them.
    changed = [entry for entry in entries if entry and not any(Path(entry[3:]).is_relative_to(path) for path in DERIVED)]
    if changed:
        lines = "\n".join(changed[:10])
        raise UsageError(f"The work tree has changes that are not committed:\n{lines}\n  Commit or stash them, then run this again.")


def _fix(root: Path) -> None:
    from proda.knowledge.fix import fix_knowledge
    from proda.workflows.installed_code import renew

    try:
        fix_knowledge(root, False, lambda _: None)
        renew(root, dry_run=False)
    except ProdaError as error:
        raise InputError(f"{error}\n  Nothing was rebuilt.") from None


def _require_new(root: Path, what: str, files: tuple[str, ...]) -> None:
    """Raise GateError if HEAD is itself a rebuild of the same kind: its files should have been final."""
    last = run_git(root, "log", "-1", f"--format=%(trailers:key={TRAILER},valueonly)").strip()
    if last == what:
        shown = "".join(f"\n    {name}" for name in files[:10])
        raise GateError(
            f"The last commit is a rebuild already, and rebuilding it gives other files:{shown}\n  Nothing was committed. Is another"
            " version of ProDa installed here than where the last commit was made? Rebuild by hand: `dvc repro`, and commit."
        )


def _message(what: str, files: tuple[str, ...]) -> str:
    subject = "Rebuild models, scores and diagnoses" if what == "models" else "Rebuild items and samples"
    number = counted(len(files), "file")
    return f"{subject}\n\n{number}, written by `proda rebuild` from the data of the commit before.\n\n{TRAILER}: {what}\n"
