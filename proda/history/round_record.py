"""Rounds of repair, from git's history, the patches and benchmarks/verdicts: what each changed, and what it was found to do.

    for record in read_rounds(root, repairs): …
    record.number, record.verdict.says, record.verdict.splits["twin"].difference          2, "helps", 0.0294

A round is on record if a patch of it is in samples/patches, if it has a verdict, or if a commit in the history shares samples out for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from proda.errors import InputError
from proda.history.git_log import Commit, changes, content, log, message, run
from proda.history.repairs import Repairs
from proda.history.rounds import adding, of_earlier_round
from proda.history.trace import Group, Link, Trace, made
from proda.records import CATEGORIES, Patch
from proda.store.corpus import PATCHES
from proda.store.json_results import object_fault
from proda.store.verdicts import VERDICTS, read_rounds
from proda.yamlio import load_yaml_bytes

METRICS = "benchmarks/results/metrics.json"


class BeforeAfter(msgspec.Struct, frozen=True):
    """One group of items before and after a round: mean accuracies over seeds, and items that most seeds flip. `p` is corrected (Holm)."""

    n: int
    before: float
    after: float
    difference: float
    ci95_low: float
    ci95_high: float
    better: int
    worse: int
    p: float


class RoundVerdict(msgspec.Struct, frozen=True):
    """benchmarks/verdicts/round-N.yaml. `before` is the commit whose results the round is compared with."""

    round: int
    says: str
    reasons: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    splits: dict[str, BeforeAfter] = {}
    disciplines: dict[str, BeforeAfter] = {}
    general: dict[str, float] = {}
    suites: dict[str, dict[str, float]] = {}
    neutral_text: dict[str, float] = {}  # loss on neutral text, in nats per token; empty if it was not compared
    apart: dict[str, int] = {}
    before: str | None = None


class PastVerdict(msgspec.Struct, frozen=True):
    """A verdict that the history holds: at which commit, what it said, and why."""

    commit: Commit
    says: str
    reasons: tuple[str, ...]
    patches: tuple[str, ...] = ()  # that it is about


class RoundRecord(msgspec.Struct, frozen=True):
    """One round of repair.

    `patches` are on disk now; `reverted` are those of the verdict that no longer are. `judged` holds every verdict in the history, the
    oldest first; `metrics` are metrics.json before the round and when it was last judged, empty where the history does not hold them.
    """

    number: int
    patches: tuple[str, ...]
    categories: dict[str, int]
    samples: int  # that the patches add
    reverted: tuple[str, ...] = ()
    verdict: RoundVerdict | None = None
    judged: tuple[PastVerdict, ...] = ()
    added: tuple[Commit, ...] = ()  # commits that added its patches, the oldest first
    reallocation: Commit | None = None
    reallocation_reverted: Commit | None = None
    metrics: tuple[dict[str, Any], dict[str, Any]] = ({}, {})

    @property
    def id(self) -> str:
        """`round-2`"""
        return f"round-{self.number}"


def loss_text(change: Mapping[str, float]) -> str:
    """Return the change of the loss on neutral text of a verdict in words: `+0.008 nats per token [+0.003, +0.013]`."""
    if "difference" not in change:
        return "no finite loss after the round"
    return f"{change['difference']:+.3f} nats per token [{change['ci95_low']:+.3f}, {change['ci95_high']:+.3f}]"


def round_ids(root: Path, patches: Iterable[str]) -> list[str]:
    """`round-N` of every round with a patch or a verdict, in order. `patches` are ids of patches, which begin with their round."""
    judged = (path.stem.removeprefix("round-") for path in (root / VERDICTS).glob("round-*.yaml"))
    numbers = {int(n) for n in (*judged, *(p.partition("-")[0] for p in patches)) if n.isdecimal()}
    return [f"round-{n}" for n in sorted(numbers)]


def read_all(root: Path, repairs: Repairs) -> list[RoundRecord]:
    """Every round on record, in order. Raises InputError if a verdict is malformed."""
    verdicts, shared = _verdicts(root), _reallocations(root)
    numbers = {p.round for p in repairs.patches.values()} | set(verdicts) | set(shared)
    return [read_round(root, n, repairs, verdicts.get(n), shared.get(n)) for n in sorted(numbers)]


def read_round(
    root: Path, number: int, repairs: Repairs, verdict: RoundVerdict | None = None, reallocation: Commit | None = None
) -> RoundRecord:
    """One round, with what git's history says of it. The verdict is read where none is given."""
    patches = [p for p in repairs.patches.values() if p.round == number]
    verdict = verdict or _verdicts(root).get(number)
    reallocation = reallocation or _reallocations(root).get(number)
    pattern = f"{PATCHES.as_posix()}/{number}-*.yaml"
    names = {f"{p}.yaml" for p in (*(p.id for p in patches), *(verdict.patches if verdict else ()))}
    told = (run(root, "log", "--diff-filter=A", "--name-only", "--format=commit %H", "--", pattern) or b"").decode("utf-8", "replace")
    judged = _judged(root, number, names)
    its_own = frozenset(adding(told, names))  # an earlier round that is no longer there may have had the same number
    added = tuple(c for c in reversed(changes(root, "--diff-filter=A", "--", pattern)) if c.id in its_own)
    if reallocation and added:
        between = f"{reallocation.id}..{added[0].id}"
        gone = run(root, "log", "--diff-filter=D", "--name-only", "--format=", between, "--", pattern) or b""
        reallocation = None if of_earlier_round(gone.decode("utf-8", "replace"), names) else reallocation
    first = next((c for c in (*added[:1], reallocation) if c), None)
    # After a rebase the history does not hold the commit that the verdict names; the round still begins after the same results.
    before = [verdict.before] if verdict and verdict.before else []
    before += [f"{first.id}^"] if first else []
    return RoundRecord(
        number=number,
        patches=tuple(p.id for p in patches),
        categories=_categories(patches),
        samples=sum(len(p.samples) for p in patches),
        reverted=tuple(p for p in (verdict.patches if verdict else ()) if p not in repairs.patches),
        verdict=verdict,
        judged=judged,
        added=added,
        reallocation=reallocation,
        reallocation_reverted=_revert_of(root, reallocation) if reallocation else None,
        metrics=(_metrics(root, before, verdict, "before"), _metrics(root, [judged[-1].commit.id] if judged else [], verdict, "after")),
    )


def round_trace(record: RoundRecord, repairs: Repairs) -> Trace:
    """A round with its patches, and the commits that judged it."""
    patches = [repairs.patches[p] for p in record.patches]
    items = Counter(i for p in patches for i in p.items)
    links = tuple(Link(p.id, p.reason, f"{p.category}, verdict: {repairs.says(p.id)}", p.targets) for p in patches)
    come = [Group("items that failed", tuple(Link(i, note="" if n == 1 else f"{n} patches") for i, n in sorted(items.items())))]
    judged = tuple(Link(j.commit.short, "; ".join(j.reasons), f"{j.commit.date}, {j.says}{_covered(record, j)}") for j in record.judged)
    gone = tuple(Link(p, note="reverted") for p in record.reverted)
    return made("round", record, come, [Group("patches", links), Group("reverted patches", gone), Group("verdicts", judged)])


def _covered(record: RoundRecord, verdict: PastVerdict) -> str:
    """How many patches of the round a verdict is about, if it is not about all: a round may get patches after it was judged."""
    about, total = sum(patch in verdict.patches for patch in record.patches), len(record.patches)
    return f", on {about} of {total} {'patch' if total == 1 else 'patches'}" if about < total else ""


def _categories(patches: Iterable[Patch]) -> dict[str, int]:
    found = Counter(p.category for p in patches)
    return {category: found[category] for category in CATEGORIES if found[category]}


def _verdicts(root: Path) -> dict[int, RoundVerdict]:
    return {number: _verdict(raw, f"{VERDICTS}/round-{number}.yaml") for number, raw in read_rounds(root).items()}


def _verdict(raw: Any, where: str) -> RoundVerdict:
    try:
        return msgspec.convert(raw, RoundVerdict, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}\n  Not a verdict on a round: {error}. Run `proda verify`, which writes it.") from None


def _judged(root: Path, number: int, names: Collection[str]) -> tuple[PastVerdict, ...]:
    """The verdicts that the history holds, the oldest first, but for those on none of the patches in files of these names.

    One that cannot be read any more is left out.
    """
    path = f"{VERDICTS.as_posix()}/round-{number}.yaml"
    found: list[PastVerdict] = []
    for commit in reversed(changes(root, "--diff-filter=AM", "--", path)):
        data = content(root, commit.id, path)
        try:
            verdict = _verdict(load_yaml_bytes(data or b"", path, numbers=True), path)
        except InputError:
            continue
        if names and verdict.patches and not any(f"{p}.yaml" in names for p in verdict.patches):
            continue  # an earlier round with the same number
        past = PastVerdict(commit, verdict.says, verdict.reasons, verdict.patches)
        if not found or msgspec.structs.replace(found[-1], commit=commit) != past:
            found.append(past)
    return tuple(found)


def _reallocations(root: Path) -> dict[int, Commit]:
    """Round → the first commit that shares samples out for it, from the trailers of the history."""
    commits = log(root, "-E", "--grep=^Reallocation: round [0-9]+$")
    found = {}
    for commit in commits:  # newest first, so that the first one of a round is kept last
        if match := re.search(r"^Reallocation: round ([1-9][0-9]*)$", message(root, commit.id), re.MULTILINE):
            found[int(match[1])] = commit
    return found


def _revert_of(root: Path, commit: Commit) -> Commit | None:
    """The commit that git-reverts this one, if there is one."""
    return next(iter(log(root, f"--grep=^This reverts commit {commit.id}")), None)


def _metrics(root: Path, revisions: Iterable[str], verdict: RoundVerdict | None, side: Literal["before", "after"]) -> dict[str, Any]:
    """metrics.json at the first of the revisions that has the scores which the verdict names; empty if none has."""
    for revision in revisions:
        data = content(root, revision, METRICS) or b"{}"
        if object_fault(data):
            continue
        found = msgspec.json.decode(data)
        if verdict and all(_close(_accuracy(found, name), getattr(split, side)) for name, split in verdict.splits.items()):
            return dict(found)
    return {}


def _close(measured: float | None, told: float) -> bool:
    """Whether two accuracies are equal but for their rounding, and for items that only one side of a pair holds."""
    return measured is not None and abs(measured - told) < 0.005


def _accuracy(metrics: Any, split: str) -> float | None:
    """The tuned models' accuracy in metrics.json; None if it is not there."""
    found = metrics
    for key in ("tuned", split, "accuracy"):
        found = found.get(key) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) else None
