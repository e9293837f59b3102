"""A branch → what its pull request is told: checks, differences in meaning, verdicts.

    report = examine(root, "origin/main", number=12)
    report.checks[0]                 # Check(name="data", state="passed", text="0 errors, 3 warnings")
    write_report(report, Path("build/pull-request.json"))

The report is data. On GitHub a workflow without rights writes it, also for pull requests from forks, and a second workflow, which may
comment, reads it and words the comment. So nothing that a fork runs decides what the second one does; it only fills in values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from proda.errors import InputError, NotFoundError, ProdaError, counted
from proda.findings import errors_of
from proda.gitrepo import run_git
from proda.history.anchors import anchors_of
from proda.history.compare import Comparison, Derived, compare
from proda.history.repository import Repository
from proda.history.revision import read_revision
from proda.records import Record
from proda.store.files import write_file
from proda.store.verdicts import read_rounds, read_verdicts
from proda.workflows.build_stages import Built, build, not_committed
from proda.workflows.check_repository import check_repository
from proda.workflows.freshness import code_line, freshness

State = Literal["passed", "failed", "stale", "not run"]
DETAILS = 10  # lines below a check
TEXTS = 200  # samples, and items, that keep their text in the report
LARGEST = 16_000_000  # bytes of a report that is read


class Check(Record, frozen=True):
    """One check. Only `failed` stops the pull request; `stale` says that the models are older than the data."""

    name: str
    state: State
    text: str
    details: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the check was made and found nothing."""
        return self.state == "passed"


class RequestVerdict(Record, frozen=True):
    """The verdict on a repair round that the branch adds or changes."""

    round: int
    says: str
    reasons: tuple[str, ...]
    shown: Mapping[str, int] = {}  # what retraining showed (necessary, harmful, …) → patches


class RequestReport(Record, frozen=True):
    """All that the comment on a pull request is made from."""

    base: str  # commit that the branch is compared with
    head: str  # commit of the branch
    number: int  # of the pull request; 0 if it is not known
    checks: tuple[Check, ...]
    comparison: Comparison | None = None  # None if the data cannot be read
    anchors: Mapping[str, str] = {}
    verdicts: tuple[RequestVerdict, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.state != "failed" for check in self.checks)


def examine(root: Path, base: str, *, number: int = 0, stages: bool = True, progress: bool = False) -> RequestReport:
    """Check the branch at `root` and compare it with the commit at which it left `base`.

    With `stages`, items and samples are built if they are stale, as `dvc repro guard` does: it compares every training text with every
    item. Raises NotFoundError if `base` does not exist, GitError if git cannot be used.
    """
    start, head = fork_point(root, base), run_git(root, "rev-parse", "HEAD").strip()
    checks = [_data(root)]
    if not checks[0].passed or not stages:
        why = "left out (--no-build)" if checks[0].passed else "the data has errors"
        checks += [Check(name, "not run", why) for name in ("build", "leak gate", "items and samples")]
    else:
        checks += _built(root, build(root, "guard", progress=progress))
    checks.append(_models(root))
    try:
        old, new = Repository.open(root, start), Repository.open(root)
        found = compare(read_revision(old, beside=new), read_revision(new, beside=old))
        edited = run_git(root, "status", "--porcelain", "--untracked-files=no").strip()
        found = msgspec.structs.replace(found, old=start[:9], new="working tree" if edited else head[:9])
        verdicts = _verdicts(old.root, new.root)
    except InputError as error:
        if checks[0].passed:  # else the error is listed already
            checks.append(Check("comparison", "failed", "cannot be made", tuple(str(error).splitlines()[:DETAILS])))
        return RequestReport(start, head, number, tuple(checks))
    anchors = anchors_of(new.root, {node.id: node.span for node in found.nodes if node.span})
    return RequestReport(start, head, number, tuple(checks), found, anchors, verdicts)


LEAKS = "no training text gives an item away"
NEVER = "never run"  # how `freshness` names a stage that dvc.lock does not know


def fork_point(root: Path, base: str) -> str:
    """Return the commit at which HEAD left `base`, a branch, tag or commit. Raises NotFoundError, or GitError."""
    from proda.gitrepo import find_commit, open_git

    commit = find_commit(open_git(root), base)
    found = run_git(root, "merge-base", "--all", commit.hexsha, "HEAD").split()
    if not found:
        raise NotFoundError(f"'{base}' and HEAD have no commit in common, so they cannot be compared. Name the branch to merge into.")
    return found[0]


def write_report(report: RequestReport, path: Path) -> None:
    """Write a report as JSON. Of long lists, the texts beyond the first TEXTS are left out."""
    found = report.comparison
    if found:
        trimmed = msgspec.structs.replace(found, samples=_trimmed(found.samples), items=_trimmed(found.items))
        report = msgspec.structs.replace(report, comparison=trimmed)
    write_file(path, msgspec.json.encode(report))


def read_report(path: Path) -> RequestReport:
    """Read a report that may come from a stranger. Raises InputError unless it is a file of this very form and of a sane size."""
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            raise InputError(f"{path}\n  Not a report: a link, or more than {LARGEST:,} bytes. Write it again with `proda pr --save FILE`.")
        return msgspec.json.decode(path.read_bytes(), type=RequestReport)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}\n  Not a report: {error}. Write it with `proda pr --save FILE`, by the same version of ProDa.") from None
    except OSError as error:
        raise InputError(f"{path}\n  {error.strerror}. Write the report with `proda pr --save FILE`.") from None


def _trimmed(changes: Sequence[Derived]) -> tuple[Derived, ...]:
    return (*changes[:TEXTS], *(msgspec.structs.replace(change, old=None, new=None) for change in changes[TEXTS:]))


def _data(root: Path) -> Check:
    """Check everything that `proda check` checks."""
    found = check_repository(root)
    errors = errors_of(found.findings)
    warnings = len(found.findings) - len(errors)
    text = f"{counted(len(errors), 'error')}, {counted(warnings, 'warning')}"
    details = tuple(" ".join(str(finding).split()) for finding in errors[:DETAILS])
    if len(errors) > DETAILS:
        details += (f"… and {len(errors) - DETAILS:,} more: `proda check --all`",)
    return Check("data", "failed" if errors else "passed", text, details)


def _built(root: Path, built: Built) -> list[Check]:
    """The rows of a build: whether it ended, whether the leak gate passed, and whether what it wrote is committed."""
    if not built.said:
        return [Check("build", "passed", "items and samples are written"), Check("leak gate", "passed", LEAKS), _committed(root)]
    lines = tuple(built.said.splitlines())
    stopped = Check("items and samples", "not run", "the build stopped")
    if built.failed == "guard":
        written = Check("build", "passed", "items and samples are written")
        return [written, Check("leak gate", "failed", "the stage guard failed", lines), stopped]
    what = f"the stage {built.failed} failed" if built.failed else "`dvc repro guard` failed before any stage ran"
    return [Check("build", "failed", what, lines), Check("leak gate", "not run", "the build stopped"), stopped]


def _committed(root: Path) -> Check:
    files = not_committed(root)
    if not files:
        return Check("items and samples", "passed", "committed as they are built")
    more = (f"… and {len(files) - DETAILS:,} more",) if len(files) > DETAILS else ()
    text = f"{counted(len(files), 'derived file')} not as built from the data: run `proda rebuild`, and push"
    return Check("items and samples", "failed", text, (*files[:DETAILS], *more))


def _models(root: Path) -> Check:
    """Whether scores and diagnoses belong to the data. Reads hashes only."""
    try:
        found = freshness(root)
    except ProdaError as error:
        return Check("models and scores", "failed", "dvc.lock cannot be read", tuple(str(error).splitlines()[:DETAILS]))
    if not found.known:
        return Check("models and scores", "not run", "nothing has been built yet")
    changed = found.data_changes("diagnose") or found.data_changes("evaluate")
    if any(change.what == NEVER for change in changed):
        return Check("models and scores", "not run", "no model has been trained yet")
    if changed:
        what = dict.fromkeys(
            f"{change.what if change.kind == change.what else f'{change.kind}: {change.what}'} {change.how}" for change in changed
        )
        return Check("models and scores", "stale", "older than the data; the scores below are those of the last build", (*what,)[:DETAILS])
    line = code_line(found, "diagnose")
    return Check("models and scores", "passed", line or "belong to this data")


def _verdicts(old: Path, new: Path) -> tuple[RequestVerdict, ...]:
    """Verdicts on rounds that are new or have changed, and what attribution newly showed of their patches."""
    before, shown_before = read_rounds(old), read_verdicts(old)
    shown = {patch: verdict for patch, verdict in read_verdicts(new).items() if verdict != shown_before.get(patch)}
    rounds = read_rounds(new)
    attributed: dict[int, dict[str, int]] = {}
    for verdict in shown.values():
        if "retrained" in verdict and isinstance(number := verdict.get("round"), int | str) and str(number).isdecimal():
            counts = attributed.setdefault(int(number), {})
            counts[str(verdict["says"])] = counts.get(str(verdict["says"]), 0) + 1
    changed = sorted({n for n, verdict in rounds.items() if verdict != before.get(n)} | attributed.keys())
    return tuple(
        RequestVerdict(n, str(r.get("says", "not judged")), tuple(map(str, r.get("reasons") or ())), attributed.get(n, {}))
        for n in changed
        for r in [rounds.get(n, {})]
    )
