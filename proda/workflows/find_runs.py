"""Which run belongs to a commit, to results, or to a number; and which commit, data and results belong to a run.

    find_runs(Path("."), "8c1f0e2d")                       a run, by the first digits of its id
    find_runs(Path("."), "main~2")                         runs that were built from a commit, and the run whose results it holds
    find_runs(Path("."), "tuned/twin/accuracy=0.708")      runs with this value, rounded to the digits that are given
    find_runs(Path("."), "0.708")                          the same, in any score
    find_runs(Path("."), "1f0c….dir")                      runs that read data with this digest

Runs come from the repository's own database and from the server that MLFLOW_TRACKING_URI names. A run that neither has, such as one that
was made on another machine, is described from the run.json that git holds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.run_stores import DATABASE, all_runs, experiment_name, own_store, shared_name, shared_store, shared_uri, trouble
from proda.compiler.tracking import end_killed_runs
from proda.compiler.upload import COPY, ORIGIN, is_sent
from proda.errors import NotFoundError, ProdaError, UsageError
from proda.gitrepo import GitError, run_git
from proda.records import Record
from proda.store.run_record import RUN_RECORD

COMMIT, DIRTY, BRANCH = "mlflow.source.git.commit", "mlflow.source.git.dirty", "mlflow.source.git.branch"
NUMBER = re.compile(r"(?:(?P<name>[^=\s]+)=)?(?P<value>[-+]?\d*\.\d+)")
SHORTEST = 4  # digits of a run's id
RESULTS = "benchmarks/results"


class FoundRun(Record, frozen=True):
    """A run, and what it belongs to. Times are milliseconds since 1970; None if they are not known."""

    run_id: str  # on the server, if it is there
    own_id: str  # in the repository's database; empty if it is not there
    status: str  # RUNNING, FINISHED, FAILED or KILLED; empty if it is only known from git
    name: str
    started: int | None
    ended: int | None
    commit: str
    branch: str
    dirty: bool
    stored: str  # the store that has it, as it may be printed; empty if it is only known from git
    uploaded: bool | None  # whether the server has all of it; None without a server
    results: str  # hash of the results, the parameters and the data
    result_commits: tuple[str, ...]  # commits whose benchmarks/results came from this run, the newest first
    in_worktree: bool  # whether the results in the working tree came from this run
    data: dict[str, tuple[str, ...]]  # name → digests
    params: dict[str, str]
    metrics: dict[str, float]
    matches: tuple[str, ...] = ()  # names of the metrics or data that were asked for


def list_runs(root: Path, most: int) -> list[FoundRun]:
    """Return the newest runs, those of the server and those that only this repository has."""
    commits = _recorded(root, most=0)
    return [_described(root, own, copy, commits) for own, copy in _joined(root, most)][:most]


def find_runs(root: Path, what: str) -> list[FoundRun]:
    """Return the runs that `what` names (see the module), the newest first. Raises NotFoundError if there are none."""
    number = NUMBER.fullmatch(what)
    commit = _commit(root, what)
    joined = _joined(root, None)
    recorded = _recorded(root, most=None)
    found = [_described(root, own, copy, recorded) for own, copy in joined]
    known = {run_id for run in found for run_id in (run.run_id, run.own_id)}
    found += [run for run_id, commits in recorded.items() if run_id not in known and (run := _from_git(root, run_id, commits))]
    if number and not commit:
        return _with_number(found, number["name"], number["value"])
    if "=" in what:
        raise UsageError(f"'{what}'\n  Expected NAME=NUMBER with a decimal point, for example tuned/twin/accuracy=0.708.")
    named = [run for run in found if len(what) >= SHORTEST and (run.run_id.startswith(what) or run.own_id.startswith(what))]
    if named:
        return named
    if commit:
        built = [run for run in found if run.commit == commit or commit in run.result_commits or _holds(root, commit, run)]
        if built:
            return built
        raise NotFoundError(f"{commit[:9]}\n  No run was built from this commit, and its {RUN_RECORD} names none.")
    read = [
        msgspec.structs.replace(run, matches=names)
        for run in found
        if len(what) >= SHORTEST
        and (names := tuple(name for name, digests in run.data.items() if any(d.startswith(what) for d in digests)))
    ]
    read += [run for run in found if len(what) >= SHORTEST and run.results.startswith(what)]
    if read:
        return read
    raise NotFoundError(
        f"'{what}'\n  No run, commit, data digest or number of that name. Give the first digits of a run's id, a git revision, or a score"
        " such as tuned/twin/accuracy=0.708. `proda runs` lists the runs."
    )


def _with_number(found: Iterable[FoundRun], name: str | None, text: str) -> list[FoundRun]:
    """Runs with a metric that rounds to the number as it is written."""
    digits, wanted = len(text.partition(".")[2]), float(text)
    runs = []
    names: set[str] = set()
    for run in found:
        names |= set(run.metrics)
        candidates = {key: value for key, value in run.metrics.items() if name is None or key == name}
        if matches := tuple(sorted(key for key, value in candidates.items() if f"{value:.{digits}f}" == f"{wanted:.{digits}f}")):
            runs.append(msgspec.structs.replace(run, matches=matches))
    if runs:
        return runs
    if name is not None and name not in names:
        from proda.errors import closest

        near = closest(name, names)
        raise NotFoundError(f"'{name}'\n  No run has a metric of this name.{f' Closest: {near}.' if near else ''}")
    raise NotFoundError(f"{f'{name}=' if name else ''}{text}\n  No run has this value. Give fewer digits to search more widely.")


def _joined(root: Path, most: int | None) -> list[tuple[Any | None, Any | None]]:
    """Runs as (in the repository's database, on the server), either of them None, the newest first."""
    own = own_store(root)
    end_killed_runs(root, own)
    mine = all_runs(own, most=most)
    theirs: list[Any] = []
    if shared_uri(root) is not None:
        try:
            theirs = all_runs(shared_store(root), experiment_name(shared=True), most=most)
        except Exception as error:  # a server fails in many ways
            print(f"  {trouble(root, error)} Only runs of this machine are known.", file=sys.stderr)
    copies = {str(run.info.run_id): run for run in theirs}
    origins = {str(run.data.tags[ORIGIN]): run for run in theirs if ORIGIN in run.data.tags}
    pairs: list[tuple[Any | None, Any | None]] = []
    taken = set()
    for run in mine:
        copy = copies.get(run.data.tags.get(COPY, "")) or origins.get(run.info.run_id)
        taken |= {copy.info.run_id} if copy else set()
        pairs.append((run, copy))
    pairs += [(None, run) for run in theirs if run.info.run_id not in taken]
    return sorted(pairs, key=lambda pair: -max(run.info.start_time for run in pair if run is not None))


def _described(root: Path, own: Any | None, copy: Any | None, recorded: Mapping[str, list[str]]) -> FoundRun:
    run = own or copy
    assert run is not None
    tags = {**(copy.data.tags if copy else {}), **(own.data.tags if own else {})}
    # Another machine may have continued the run on the server.
    latest = copy if copy is not None and (own is None or is_sent(own)) else run
    ids = [str(r.info.run_id) for r in (copy, own) if r is not None] + [tags.get(COPY, "")]
    commits = [commit for run_id in dict.fromkeys(ids) for commit in recorded.get(run_id, ())]
    data: dict[str, tuple[str, ...]] = {}
    for found in latest.inputs.dataset_inputs if latest.inputs else ():
        data[found.dataset.name] = (*data.get(found.dataset.name, ()), found.dataset.digest)
    return FoundRun(
        run_id=ids[0],
        own_id=str(own.info.run_id) if own else "",
        status=latest.info.status,
        name=latest.info.run_name or "",
        started=latest.info.start_time,
        ended=latest.info.end_time,
        commit=latest.data.tags.get(COMMIT, ""),
        branch=latest.data.tags.get(BRANCH, ""),
        dirty=latest.data.tags.get(DIRTY) == "true",
        stored=shared_name(root) if copy else DATABASE,
        uploaded=None if shared_uri(root) is None else copy is not None and (own is None or is_sent(own)),
        results=latest.data.tags.get("proda.results", ""),
        result_commits=tuple(commit for commit in commits if commit),
        in_worktree="" in commits,
        data=data,
        params=dict(latest.data.params),
        metrics=dict(latest.data.metrics),
    )


def _from_git(root: Path, run_id: str, commits: list[str]) -> FoundRun | None:
    """A run that no store has, from the run.json of the newest commit that names it."""
    record = _record(root, commits[0])
    if record is None:
        return None
    return FoundRun(
        run_id=run_id,
        own_id="",
        status="",
        name="",
        started=None,
        ended=None,
        commit=str(record.get("commit") or ""),
        branch=str(record.get("branch") or ""),
        dirty=bool(record.get("dirty")),
        stored="",
        uploaded=None,
        results=str(record.get("results") or ""),
        result_commits=tuple(commit for commit in commits if commit),
        in_worktree="" in commits,
        data={},
        params={},
        metrics={},
    )


def _recorded(root: Path, *, most: int | None) -> dict[str, list[str]]:
    """Run id → the commits whose run.json was changed to name it, the newest first; "" stands for the working tree."""
    found: dict[str, list[str]] = {}
    now = _record(root, "")
    if now and now.get("run_id"):
        found[str(now["run_id"])] = [""]
    if most == 0:
        return found
    try:
        log = run_git(root, "log", "--all", "--format=%x00%H", "--unified=0", "--patch", "--", RUN_RECORD.as_posix())
    except GitError:
        return found
    for part in log.split("\0")[1:]:
        commit, _, patch = part.partition("\n")
        named = re.search(r'^\+\s*"run_id": "([^"]+)"', patch, re.MULTILINE)
        if named:
            found.setdefault(named[1], []).append(commit.strip())
    return found


def _record(root: Path, commit: str) -> dict[str, Any] | None:
    """The content of run.json in a commit, or in the working tree for ""; None if there is none that can be read."""
    try:
        text = run_git(root, "show", f"{commit}:{RUN_RECORD.as_posix()}") if commit else (root / RUN_RECORD).read_text(encoding="utf-8")
        record = msgspec.json.decode(text)
    except (ProdaError, OSError, UnicodeError, msgspec.DecodeError):
        return None
    return record if isinstance(record, dict) else None


def _holds(root: Path, commit: str, run: FoundRun) -> bool:
    """Whether the results in a commit came from the run, also if an earlier commit brought them."""
    record = _record(root, commit) or {}
    return bool(record.get("run_id")) and record["run_id"] in (run.run_id, run.own_id)


def _commit(root: Path, what: str) -> str:
    """The commit that `what` names; empty if it names none."""
    if what.startswith("-"):
        return ""
    try:
        return run_git(root, "rev-parse", "--verify", "--quiet", f"{what}^{{commit}}").strip()
    except GitError:
        return ""
