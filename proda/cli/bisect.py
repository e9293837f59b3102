"""`proda bisect ITEM [A..B]`: finds the commit at which an item's answer flipped, and the changes that could have caused it.

    $ proda bisect physics/bimetal-strip-bends:dev-bridge
    physics/bimetal-strip-bends:dev-bridge, in 5 results from 4b5d1e6a2 to 8d2e7b431
    wrong → right at 8d2e7b431 Rebuilt   (1 of 3 seeds at 3f0c9a1d2, 3 of 3 here)
      one of the 2 changes since 3f0c9a1d2:
      1c77e02b8 Repair physics/bimetal-strip-bends.s1: concept gap   samples/patches/1-bimetal-strip-bends-s1-3f0c9a1e.yaml
      5ab09d1c4 More epochs   params.yaml
    `--rebuild` tells them apart with at most 1 rebuild, about 10 min.

Walks first parents from B (default: HEAD) back to where its line leaves A's (default: to the first results), and reads the committed
benchmarks/results/outcomes: nothing is trained, and DVC's cache is not needed. An item is right if most tuned seeds are; results that hold
it with another text are not compared. Where results were committed less often than changes, `--rebuild` tries the commits between by
halves, each in a separate git worktree that shares this repository's caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from proda.cli.settings import ROOT_HELP, note, range_ends, sealed_option
from proda.errors import UsageError, counted
from proda.history.repository import Repository

if TYPE_CHECKING:
    from proda.history.bisect import Result
    from proda.history.committed_results import Story

PATHS = 4  # shown of one change
RIGHT = {True: "right", False: "wrong"}


@click.command(epilog="Example: proda bisect materials/work-hardening:dev-effect")
@click.argument("item", metavar="ITEM")
@click.argument("range_", metavar="[A..B]", required=False)
@click.option("--rebuild", is_flag=True, help="Rebuild commits between two results, by halves, until one change is left.")
@click.option("--dry-run", is_flag=True, help="With --rebuild: print how many rebuilds and how long, and do none.")
@sealed_option
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def bisect(item: str, range_: str | None, rebuild: bool, dry_run: bool, sealed: bool, as_json: bool, root: str) -> None:
    """Find the first commit whose results have the item's answer flipped, and the change that caused it.

    An item flips if its majority answer changes: most tuned seeds were wrong and are right, or the other way round. Without A..B: from the
    first results in git to HEAD.
    """
    from proda.history.bisect import most_rebuilds
    from proda.history.committed_results import narrowed, read_story, split_of
    from proda.history.rebuild import rebuild_seconds

    if split_of(item) == "sealed" and not sealed:
        raise UsageError(f"'{item}' is sealed: people who repair must not see what became of it. Add --sealed to see it all the same.")
    where = Repository.open(root).root
    story = read_story(where, item, range_ends(range_) if range_ is not None else None)
    if story.missing:
        note(story.missing)
    rebuilds = sum(most_rebuilds(len(f.changes)) for f in story.found)
    estimate = f"{counted(rebuilds, 'rebuild')}, {_minutes(rebuild_seconds(where), rebuilds)}"
    if rebuild and rebuilds:
        note(f"At most {estimate}.")
    if rebuild and not dry_run:
        digest = story.line.results[-1].hash
        left = tuple(narrowed(where, f, item, digest, _told) for f in story.found)
        story = msgspec.structs.replace(story, found=left)
    if as_json:
        line = story.line
        data = {
            "item": item, "results": line.results, "reworded": line.reworded, "monotone": len(story.found) < 2, "flips": story.found
        }  # fmt: skip
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    for text in _text(item, story):
        click.echo(text)
    if not rebuild and rebuilds:
        note(f"`--rebuild` tells them apart with at most {estimate}.")


def _told(commit: str, result: Result | None, known: bool | None) -> None:
    """Print what a rebuild showed."""
    if known is not None and result is not None:
        note(f"{commit[:9]} {RIGHT[known]}, {result.seeds} seeds")
    else:
        why = "it cannot be rebuilt" if result is None else "the item has another text there, or is not scored"
        note(f"{commit[:9]} cannot be judged: {why}")


def _text(item: str, story: Story) -> Iterator[str]:
    results, found = story.line.results, story.found
    yield f"{item}, in {counted(len(results), 'result')} from {results[0].commit[:9]} to {results[-1].commit[:9]}"
    if story.line.reworded:
        yield f"Results up to {story.line.reworded[:9]} hold the item with another text, so they are not compared."
    if not found:
        yield f"No flip: {RIGHT[bool(results[-1].state)]} in every result, in the last one for {results[-1].seeds} seeds."
    if len(found) > 1:
        yield f"Not monotone: {len(found)} flips, so the answers go back and forth."
    for flip in found:
        seeds = f"{flip.seeds[0]} seeds at {flip.since[:9]}, {flip.seeds[1]} here"
        yield f"{RIGHT[not flip.right]} → {RIGHT[flip.right]} at {flip.commit[:9]} {flip.subject}   ({seeds})"
        if not flip.changes:
            yield f"  no data, parameter or code changed since {flip.since[:9]}; only the results were rebuilt"
        elif len(flip.changes) == 1:
            yield "  the change that caused it:"
        else:
            yield f"  one of the {len(flip.changes)} changes since {flip.since[:9]}:"
        for change in flip.changes:
            more = f" and {len(change.paths) - PATHS} more" if len(change.paths) > PATHS else ""
            yield f"  {change.commit[:9]} {change.subject}   {', '.join(change.paths[:PATHS])}{more}"


def _minutes(seconds: float | None, rebuilds: int) -> str:
    if seconds is None:
        return "duration unknown (no times in benchmarks/results/run.json)"
    total = seconds * rebuilds
    return f"about {total / 60:.0f} min" if total >= 60 else f"about {total:.0f} s"
