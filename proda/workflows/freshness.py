"""Compares what dvc.lock records with the work tree: which stages would run, and because of which changed input.

    found = freshness(Path("."))
    found.stale                      # ("check", "train", …), in the order in which they run
    found.changes[0]                 # ChangedInput(stage="check", kind="knowledge", what="knowledge", how="modified")

    require_fresh(Path("."), "evaluate")       # raises UsageError if the scores are older than the data

It finds what `dvc status` finds, in a fraction of its time. Data (knowledge, samples, patches, exceptions, parameters, what another stage
writes) makes results stale. A change of code alone is reported and never refused, since most changes of code change no result.
A repository without dvc.lock has no recorded results, so nothing in it is stale. A stage that dvc.lock does not name has never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from proda.errors import InputError, NotFoundError, ProdaError, UsageError
from proda.findings import Finding
from proda.gitrepo import GitError, run_git
from proda.records import Record
from proda.store.digests import Digests
from proda.store.run_record import RUN_RECORD, is_record
from proda.workflows.installed_code import VERSION_FILE
from proda.yamlio import load_yaml
from proda.yamlio.load import has_conflict

Kind = Literal["knowledge", "samples", "patches", "exceptions", "parameters", "derived data", "code"]
KINDS: tuple[Kind, ...] = get_args(Kind)
How = Literal["modified", "new", "deleted"]
NEVER = "never run"
LOCK, PIPELINE, PARAMS = "dvc.lock", "dvc.yaml", "params.yaml"
# The start of a path → the kind of input; the first that fits counts.
STARTS: tuple[tuple[str, Kind], ...] = (
    *(("knowledge", "knowledge"), ("samples/patches", "patches"), ("samples/corpus", "derived data"), ("samples", "samples")),
    *(("benchmarks/exceptions.yaml", "exceptions"), ("benchmarks", "derived data"), ("build", "derived data")),
)


class ChangedInput(Record, frozen=True):
    """An input of a stage that is not what it was when the stage last ran."""

    stage: str
    kind: Kind
    what: str  # a path, the name of a parameter, "command", or "never run"
    how: How


class Freshness(Record, frozen=True):
    """What dvc.lock and the work tree say about each other. `stages` are all stages, in the order in which they run."""

    known: bool = False  # whether there is a dvc.lock
    stages: tuple[str, ...] = ()
    changes: tuple[ChangedInput, ...] = ()
    edited: tuple[str, ...] = ()  # results in git that are not what their stage wrote
    missing: tuple[str, ...] = ()  # results in git that are not in the work tree
    absent: tuple[str, ...] = ()  # outputs in build/ that are not on this machine; DVC fetches or rebuilds them
    upstream: Mapping[str, tuple[str, ...]] = {}  # stage → it, and all stages that it depends on

    @property
    def stale(self) -> tuple[str, ...]:
        """Stages that would run because of a changed input, theirs or of a stage before them."""
        changed = {change.stage for change in self.changes}
        return tuple(stage for stage in self.stages if changed.intersection(self.upstream[stage]))

    @property
    def never_run(self) -> tuple[str, ...]:
        """Stages that have no results yet, in the order in which they run."""
        return never_run(self.changes)

    def data_changes(self, stage: str) -> tuple[ChangedInput, ...]:
        """Changes of data under the results of a stage; changes of code are not among them."""
        before = self.upstream.get(stage, ())
        return tuple(c for c in self.changes if c.stage in before and c.kind != "code")

    def code_changes(self, stage: str) -> tuple[ChangedInput, ...]:
        """Changes of code under the results of a stage."""
        before = self.upstream.get(stage, ())
        return tuple(c for c in self.changes if c.stage in before and c.kind == "code")


def freshness(root: Path, *, unpacked: bool = False) -> Freshness:
    """Compare dvc.lock with the work tree at `root`, or with an `unpacked` revision, which holds neither code nor build/.

    Raises InputError if dvc.lock or dvc.yaml cannot be read.
    """
    if not (root / LOCK).is_file() or not (root / PIPELINE).is_file():
        return Freshness()
    stages, locked = read_stages(root, PIPELINE), read_stages(root, LOCK)
    owner = {out: name for name, stage in stages.items() for out in _outs(stage)}
    upstream = _upstream(stages, owner)
    order = tuple(sorted(stages, key=lambda name: len(upstream[name])))
    digests = Digests(root, cached=not unpacked)
    with_code = not unpacked and ((root / "pipelines").is_dir() or (root / VERSION_FILE).is_file())
    named = {PARAMS, *(file for stage in stages.values() for file, _ in _named_params(stage))}
    values = {file: load_yaml(root / file, numbers=True) for file in named if (root / file).is_file()}
    changes: list[ChangedInput] = []
    for name in order:
        lock = locked.get(name)
        if lock is None:
            changes.append(ChangedInput(name, "derived data", NEVER, "new"))
            continue
        found = [*_changed_deps(stages[name], lock, locked, owner, digests), *_changed_params(stages[name], lock, values)]
        if stages[name].get("cmd") != lock.get("cmd"):
            found.append(("code", "command", "modified"))
        changes += [ChangedInput(name, *each) for each in found if with_code or each[0] != "code"]
    edited, missing, absent = _outs_now(stages, locked, digests)
    if unpacked:
        absent = ()
    digests.save()
    return Freshness(True, order, tuple(changes), edited, missing, absent, upstream)


def require_fresh(root: Path, stage: str) -> str:
    """Return a line about code that changed since the results of `stage` were built; empty if none did.

    Raises UsageError, naming the changed inputs and what to run, if those results are older than the data.
    """
    found = freshness(root)
    if changed := found.data_changes(stage):
        raise UsageError(refusal(changed))
    return code_line(found, stage)


def require_diagnosis(root: Path, number: int) -> str:
    """As `require_fresh` for the diagnoses, but allow the changes that round `number` of repair has committed so far.

    So a repair that was interrupted can be run again: its own patches are no reason to diagnose again.
    """
    from proda.history.repository import Repository
    from proda.history.rounds import before_round

    found = freshness(root)
    changed = found.data_changes("diagnose")
    if not changed:
        return code_line(found, "diagnose")
    try:
        start = Repository.open(root, _before(root, number, before_round)).root
        same = (start / LOCK).is_file() and (start / LOCK).read_bytes() == (root / LOCK).read_bytes()
        own = same and not freshness(start, unpacked=True).data_changes("diagnose")
    except NotFoundError:
        own = False
    if not own:
        raise UsageError(refusal(changed))
    return code_line(found, "diagnose")


def stale_line(root: Path) -> str:
    """Return one line that says that results here are older than the data; empty if they are not. Raises nothing."""
    try:
        found = freshness(root)
    except ProdaError as error:
        return str(error).replace("\n", " ")
    changed = [c for c in found.data_changes("diagnose") or found.data_changes("evaluate") if c.what != NEVER]
    if not changed:
        return ""
    return f"Results are older than {_named(changed)}. Run `dvc repro` to rebuild them; `proda status` says more."


def refusal(changed: Iterable[ChangedInput]) -> str:
    """Return the message for results that are older than the data they come from."""
    changed = tuple(changed)
    modified = [c for c in changed if c.what != NEVER]
    lines = [f"Results are older than {_named(modified)}:", *changed_lines(modified)] if modified else []
    if never := never_run(changed):
        lines.append(f"{'  ' if modified else 'There are no results yet. '}Never run: {', '.join(never)}.")
    return "\n".join((*lines, "  Run `dvc repro`, then run this again."))


def changed_lines(changed: Iterable[ChangedInput]) -> list[str]:
    """Return a line for each input that changed, such as "  knowledge: knowledge modified", each once."""
    return list(dict.fromkeys(f"  {c.kind}: {c.what} {c.how}" for c in changed))


def never_run(changed: Iterable[ChangedInput]) -> tuple[str, ...]:
    """Return the stages among the changes that have no results yet."""
    return tuple(c.stage for c in changed if c.what == NEVER)


def code_line(found: Freshness, stage: str) -> str:
    """Return a line that names the stages, up to `stage`, whose code changed since they ran; empty if there is none."""
    names = list(dict.fromkeys(c.stage for c in found.code_changes(stage)))
    if not names:
        return ""
    return f"Code of the stage{'s' * (len(names) > 1)} {', '.join(names)} changed since the results were built; `dvc repro` rebuilds them."


def _named(changed: Sequence[ChangedInput]) -> str:
    kinds = {c.kind for c in changed}
    names = [kind for kind in KINDS if kind in kinds]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _before(root: Path, number: int, before_round: Any) -> str:
    try:
        return str(before_round(root, number))
    except NotFoundError:  # nothing of the round is committed yet
        return "HEAD"


def read_stages(root: Path, name: str) -> dict[str, dict[str, Any]]:
    """Return the stages of dvc.yaml or dvc.lock. Raises InputError, with findings and the remedy, if the file cannot be read."""
    try:
        raw = load_yaml(root / name, numbers=True)
        stages = (raw.get("stages") or {}) if isinstance(raw, dict) else None
        if not isinstance(stages, dict) or not all(isinstance(stage, dict) for stage in stages.values()):
            expected = "Expected `stages:` with a mapping for each stage."
            raise InputError(f"{name}\n  {expected}", (Finding(name, 1, "stages", "yaml", expected),))
    except InputError as error:
        advice = _remedy(root, name)
        findings = (f for f in error.findings if isinstance(f, Finding))
        told = tuple(msgspec.structs.replace(f, message=f"{f.message} {advice}") for f in findings)
        raise InputError(f"{error}\n  {advice}", told) from None
    return stages


def _remedy(root: Path, name: str) -> str:
    """What to do about a dvc.yaml or dvc.lock that cannot be read."""
    try:
        in_conflict = bool(run_git(root, "ls-files", "--unmerged", "--", name))
    except GitError:
        in_conflict = False
    path = root / name
    in_conflict = in_conflict or (path.is_file() and has_conflict(path.read_bytes()))
    if name == PIPELINE:
        return "`proda merge` names all files in conflict." if in_conflict else f"`git diff {name}` shows what changed in it."
    if in_conflict:
        return (
            f"Take the file of one side (`git checkout --ours {name}`), resolve the other files in conflict, which `proda merge` names,"
            f" then run `dvc repro`, which writes {name} again."
        )
    return f"If a run of DVC was killed: `git restore {name}`, then `dvc repro`."


def _names(entries: Iterable[Any]) -> Iterator[str]:
    """The paths of a list in dvc.yaml, where an entry is a path, or a path with settings."""
    for entry in entries:
        yield entry if isinstance(entry, str) else str(next(iter(entry)))


def _outs(stage: Mapping[str, Any]) -> list[str]:
    return [path for part in ("outs", "metrics", "plots") for path in _names(stage.get(part) or ())]


def _producer(path: str, owner: Mapping[str, str]) -> str | None:
    """The output that holds a path, if a stage writes it."""
    return next((out for out in owner if path == out or path.startswith(f"{out}/")), None)


def _upstream(stages: Mapping[str, Any], owner: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    direct = {
        name: {owner[out] for dep in _names(stage.get("deps") or ()) if (out := _producer(dep, owner)) is not None}
        for name, stage in stages.items()
    }
    reached: dict[str, tuple[str, ...]] = {}
    for name in stages:
        seen, todo = {name: None}, [name]
        while todo:
            new = sorted(direct[todo.pop()] - seen.keys())
            seen.update(dict.fromkeys(new))
            todo += new
        reached[name] = tuple(seen)
    return reached


def _kind(path: str) -> Kind:
    return next((kind for start, kind in STARTS if path == start or path.startswith(f"{start}/")), "code")


def _changed_deps(
    stage: Mapping[str, Any], lock: Mapping[str, Any], locked: Mapping[str, Any], owner: Mapping[str, str], digests: Digests
) -> Iterator[tuple[Kind, str, How]]:
    recorded = {str(dep["path"]): str(dep.get("md5", "")) for dep in lock.get("deps") or ()}
    for path in _names(stage.get("deps") or ()):
        built = _producer(path, owner)
        if built == path and path.startswith("build/"):
            # Large, and not in git: what its stage wrote last is compared, not the files, which may not be on this machine.
            outs = (locked.get(owner[path]) or {}).get("outs") or ()
            now = next((str(out.get("md5", "")) for out in outs if out["path"] == path), None)
        elif built is not None and path.startswith("build/"):
            now = digests.of(path) if (digests.root / path).exists() else recorded.get(path)
        else:
            now = digests.of(path)
        if path not in recorded:
            yield _kind(path), path, "new"
        elif now is None:
            yield _kind(path), path, "deleted"
        elif now != recorded[path]:
            yield _kind(path), path, "modified"


def _named_params(stage: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(file, parameter) for each that a stage names: of params.yaml, or of another file as in `- proda-version.yaml: [code.train]`."""
    for entry in stage.get("params") or ():
        if isinstance(entry, str):
            yield PARAMS, entry
        elif isinstance(entry, Mapping):
            yield from ((file, str(name)) for file, names in entry.items() for name in names or ())


def _changed_params(stage: Mapping[str, Any], lock: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[Kind, str, How]]:
    for file, name in _named_params(stage):
        recorded = (lock.get("params") or {}).get(file) or {}
        now: Any = values.get(file)
        for part in name.split("."):
            now = now.get(part) if isinstance(now, Mapping) else None
        if file != PARAMS:
            if now != recorded.get(name):
                yield _kind(file), file, "deleted" if now is None else "modified" if name in recorded else "new"
            continue
        if name not in recorded:
            if now is not None:
                yield "parameters", name, "new"
        elif now is None:
            yield "parameters", name, "deleted"
        elif now != recorded[name]:
            yield from (("parameters", inner, "modified") for inner in _differing(name, recorded[name], now))


def _differing(name: str, old: object, new: object) -> Iterator[str]:
    """The names of the single parameters that differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                yield from _differing(f"{name}.{key}", old.get(key), new.get(key))
    else:
        yield name


def _outs_now(stages: Mapping[str, Any], locked: Mapping[str, Any], digests: Digests) -> tuple[tuple[str, ...], ...]:
    """Outputs in git that differ from what their stage wrote, those that are missing, and outputs in build/ that are not here."""
    edited, missing, absent = [], [], []
    for name in stages:
        for out in (locked.get(name) or {}).get("outs") or ():
            path = str(out["path"])
            if path.startswith("build/"):
                if not (digests.root / path).exists():
                    absent.append(path)
            elif not (digests.root / path).exists():
                missing.append(path)
            elif digests.of(path) != out.get("md5"):
                edited.append(path)
    record = digests.root / RUN_RECORD
    if record.is_file() and not is_record(record.read_bytes()):  # no output of DVC, which would know its hash
        edited.append(RUN_RECORD.as_posix())
    return tuple(edited), tuple(missing), tuple(absent)
