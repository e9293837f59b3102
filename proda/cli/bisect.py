"""`proda bisect ITEM [A..B]`: the first commit whose results have the item's answer flipped, and the changes that could have done it.

    $ proda bisect physics/bimetal-strip-bends:dev-path
    physics/bimetal-strip-bends:dev-path, in 5 results from 4b5d1e6a2 to 8d2e7b431
    wrong → right at 8d2e7b431 Rebuilt   (1 of 3 seeds at 3f0c9a1d2, 3 of 3 here)
      2 changes since 3f0c9a1d2, one of which did it:
      1c77e02b8 Repair physics/bimetal-strip-bends.s1: concept gap   samples/patches/1-bimetal-strip-bends-s1-3f0c9a1e.yaml
      5ab09d1c4 More epochs   params.yaml
    `--rebuild` tells them apart by at most 1 rebuild, about 10 min.

Walks first parents from B (default: HEAD) back to where its line leaves A's (default: to the first results), and reads what is committed in
benchmarks/results/outcomes: nothing is trained, and no DVC cache is needed. An item is right where most tuned seeds are; results with
another wording of it are another item's. Where results were committed less often than changes, `--rebuild` tries the commits between by
halves, each in a git worktree of its own with the caches of this repository. Sealed items are refused.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.audit import DATA, EVERYTHING
from proda.errors import NotFoundError, UsageError
from proda.history.repository import Repository
from proda.records import Record

if TYPE_CHECKING:
    from proda.history.bisect import Result

RESULTS = Path("benchmarks/results/outcomes")
DECIDES = (*DATA, *EVERYTHING, ":(exclude,glob)knowledge/*.md")  # notes to readers
ASKED = ("dev", "twin")
PATHS = 4  # shown of one change
RIGHT = {True: "right", False: "wrong"}


class ChangedPaths(Record, frozen=True):
    """A commit that changed what decides outcomes."""

    commit: str
    subject: str
    paths: tuple[str, ...]


class Found(Record, frozen=True):
    """A flip, and the changes it lies among."""

    commit: str
    subject: str
    right: bool
    since: str  # commit of the results before
    seeds: tuple[str, str]  # "1 of 3", before and after
    changes: tuple[ChangedPaths, ...]


@click.command(epilog="Example: proda bisect physics/bimetal-strip-bends:dev-path")
@click.argument("item")
@click.argument("range_", metavar="[A..B]", required=False)
@click.option("--rebuild", is_flag=True, help="Rebuild commits between two results, by halves, until one change is left.")
@click.option("--dry-run", is_flag=True, help="With --rebuild: say how many rebuilds and how long, and do none.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def bisect(item: str, range_: str | None, rebuild: bool, dry_run: bool, as_json: bool, root: str) -> None:
    """Find the first commit whose results have the item's answer flipped, and the change that did it.

    Without A..B: from the first results in git to HEAD.
    """
    import git

    from proda.history.bisect import comparable, flips, most_rebuilds

    path = RESULTS / f"{_split(item)}.csv"
    where = Repository.open(root).root
    try:
        repo = git.Repo(where)
    except git.InvalidGitRepositoryError:
        raise NotFoundError(f"{where}\n  Not a git repository, so there are no commits to walk.") from None
    read = [_result(repo, commit, path, item) for commit in _with_results(repo, path, range_)]
    line = comparable(read)
    if not line.results:
        raise NotFoundError(_unknown(repo, read, path, item))
    by_commit = {result.commit: result for result in line.results}
    found = [
        Found(
            flip.first, _subject(repo, flip.first), flip.right, flip.last, (_seeds(by_commit[flip.last]), _seeds(by_commit[flip.first])),
            _changes(repo, flip.last, flip.first),
        )
        for flip in flips(line.results)
    ]  # fmt: skip
    rebuilds = sum(most_rebuilds(len(f.changes)) for f in found)
    estimate = f"{_count(rebuilds, 'rebuild')}, {_minutes(_seconds(where), rebuilds)}"
    if rebuild and rebuilds:
        click.echo(f"At most {estimate}{'.' if dry_run else ': trying.'}", err=True)
    if rebuild and not dry_run:
        found = [_narrowed(where, f, path, item, line.results[-1].hash) for f in found]
    if as_json:
        data = {"item": item, "results": line.results, "reworded": line.reworded, "monotone": len(found) < 2, "flips": found}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    for text in _text(item, line.results, line.reworded, found):
        click.echo(text)
    if not rebuild and rebuilds:
        click.echo(f"`--rebuild` tells them apart by at most {estimate}.", err=True)


def _split(item: str) -> str:
    split = item.rpartition(":")[2].partition("-")[0]
    if split == "sealed":
        raise UsageError(f"'{item}' is sealed: what became of it is counted and never listed. Name a dev or twin item.")
    if split not in ASKED:
        raise NotFoundError(f"'{item}' is no item. Items are named like physics/bimetal-strip-bends:dev-path.")
    return split


def _with_results(repo: Any, path: Path, range_: str | None) -> list[str]:
    """The commits that committed other results than the one before, oldest first; those that the start of the range stands on included."""
    first, dots, last = (range_ or "..HEAD").partition("..")
    if not dots or last.startswith("."):
        raise UsageError(f"'{range_}': expected A..B, two revisions with two dots between them.")
    end = _commit(repo, last or "HEAD")
    walk = ("--first-parent", "--format=%H")
    if range_ is None:
        return str(repo.git.log(*walk, "--reverse", end, "--", path.as_posix())).split()
    span = f"{_commit(repo, first or 'HEAD')}..{end}"
    between = str(repo.git.log(*walk, "--reverse", span)).split()
    if not between:
        raise UsageError(f"'{range_}': no commit lies between. Name the older revision first.")
    start = [str(parent.hexsha) for parent in repo.commit(between[0]).parents[:1]]  # where the line of B leaves that of A
    stands_on = str(repo.git.log(*walk, "-1", *start, "--", path.as_posix())).split() if start else []
    return stands_on + str(repo.git.log(*walk, "--reverse", span, "--", path.as_posix())).split()


def _commit(repo: Any, revision: str) -> str:
    import git

    try:
        return str(repo.commit(revision).hexsha)
    except (git.BadName, ValueError, IndexError):
        raise NotFoundError(f"No revision '{revision}'. `git log --oneline` lists commits, `git branch -a` branches.") from None


def _rows(data: bytes) -> list[dict[str, str]]:
    """The rows of one file of outcomes; none where it has not the columns that are needed here, as in another format of long ago."""
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return list(rows) if {"item", "model", "hash", "correct"} <= set(rows.fieldnames or ()) else []


def _blob(repo: Any, commit: str, path: Path) -> bytes:
    try:
        return bytes((repo.commit(commit).tree / path.as_posix()).data_stream.read())
    except KeyError:
        return b""


def _tally(commit: str, data: bytes, item: str) -> Result:
    from proda.history.bisect import tally

    correct = {"true": True, "false": False}
    return tally(commit, ((row["model"], row["hash"], correct.get(row["correct"])) for row in _rows(data) if row["item"] == item))


def _result(repo: Any, commit: str, path: Path, item: str) -> Result:
    return _tally(commit, _blob(repo, commit, path), item)


def _unknown(repo: Any, read: Sequence[Result], path: Path, item: str) -> str:
    if not read:
        return f"{path}\n  No commit here holds results. Run `dvc repro`, and commit them; or name another range."
    if any(result.hash for result in read):
        return f"{path}  {item}\n  No tuned model has a scored answer to the item as it reads now."
    near = difflib.get_close_matches(item, sorted({row["item"] for row in _rows(_blob(repo, read[-1].commit, path))}), n=1, cutoff=0.5)
    hint = f" Closest: '{near[0]}'." if near else ""
    return f"{path}\n  '{item}' is in none of the {len(read)} results read.{hint} `proda show` lists a node's items."


def _changes(repo: Any, last: str, first: str) -> tuple[ChangedPaths, ...]:
    """The commits after `last`, up to `first`, that touch what outcomes are made from; oldest first. A merge stands for its branch."""
    shape = ("--first-parent", "-m", "--reverse", "--name-only", "--format=%x00%H%x00%s%x00")
    log = str(repo.git(c="core.quotepath=off").log(*shape, f"{last}..{first}", "--", *dict.fromkeys(DECIDES)))
    parts = iter(log.split("\0")[1:])
    return tuple(
        ChangedPaths(commit, subject, tuple(filter(None, names.split("\n"))))
        for commit, subject, names in zip(parts, parts, parts, strict=True)
    )


def _subject(repo: Any, commit: str) -> str:
    return str(repo.commit(commit).summary)


def _narrowed(root: Path, found: Found, path: Path, item: str, digest: str) -> Found:
    """The flip with fewer changes, after rebuilds. One that does not build, or where the item reads otherwise, tells nothing."""
    from proda.history.bisect import narrow
    from proda.history.rebuild import rebuild

    def state(commit: str) -> bool | None:
        data = rebuild(root, commit, path)
        result = _tally(commit, data or b"", item)
        known = result.state if result.hash == digest else None
        why = "it cannot be rebuilt" if data is None else "the item reads otherwise there, or is not scored"
        click.echo(f"{commit[:9]} {'tells nothing: ' + why if known is None else f'{RIGHT[known]}, {_seeds(result)} seeds'}", err=True)
        return known

    left, _ = narrow([change.commit for change in found.changes], before=not found.right, state=state)
    return msgspec.structs.replace(found, changes=tuple(change for change in found.changes if change.commit in left))


def _text(item: str, results: Sequence[Result], reworded: str, found: Sequence[Found]) -> Iterator[str]:
    yield f"{item}, in {_count(len(results), 'result')} from {results[0].commit[:9]} to {results[-1].commit[:9]}"
    if reworded:
        yield f"Up to {reworded[:9]} it read otherwise: those results are of another item, and are not compared."
    if not found:
        yield f"No flip: {RIGHT[bool(results[-1].state)]} in every one, the last time for {_seeds(results[-1])} seeds."
    if len(found) > 1:
        yield f"Not monotone: {len(found)} flips, so the answers go back and forth."
    for flip in found:
        seeds = f"{flip.seeds[0]} seeds at {flip.since[:9]}, {flip.seeds[1]} here"
        yield f"{RIGHT[not flip.right]} → {RIGHT[flip.right]} at {flip.commit[:9]} {flip.subject}   ({seeds})"
        many = len(flip.changes) > 1
        if not flip.changes:
            yield f"  nothing that decides outcomes changed since {flip.since[:9]}: the results alone were made anew"
        else:
            yield f"  {len(flip.changes)} changes since {flip.since[:9]}, one of which did it:" if many else "  the change that did it:"
        for change in flip.changes:
            more = f" and {len(change.paths) - PATHS} more" if len(change.paths) > PATHS else ""
            yield f"  {change.commit[:9]} {change.subject}   {', '.join(change.paths[:PATHS])}{more}"


def _seeds(result: Result) -> str:
    return f"{result.right} of {result.scored}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _seconds(root: Path) -> float | None:
    """What a rebuild of which no cache holds anything takes: training and evaluation, as benchmarks/results/run.json has them."""
    record = Repository(root, "", None).result("run.json")
    if not all("seconds" in record.get(part, {}) for part in ("train", "evaluate")):
        return None
    train = record["train"]
    fresh = all(seed["fresh"] for seed in train["seeds"].values())
    return float((train["seconds"] if fresh else sum(s["seconds"] for s in train["seeds"].values())) + record["evaluate"]["seconds"])


def _minutes(seconds: float | None, rebuilds: int) -> str:
    if seconds is None:
        return "for how long is not known (no times in benchmarks/results/run.json)"
    total = seconds * rebuilds
    return f"about {total / 60:.0f} min" if total >= 60 else f"about {total:.0f} s"
