"""`proda audit [A..B]`: which data change could have fixed, or broken, which test.

    $ proda audit main..repair/round-1
    3f0c9a1 → 8d2e7b4: 131 items fixed, 44 broken (dev and twin; more seeds that way than the other)
    for every item: 8d2e7b4 Rebuild: training parameters
    fixed   physics/bimetal-strip-bends:twin-path   3 of 3 seeds
      could have   1c77e02  1-bimetal-strip-bends-s1-3f0c9a1e   through physics/bimetal-strip-bends.s1

Reads git history and the results committed in it: nothing is trained, and no DVC cache is needed. Without A..B: from the commit before
the last round's first patch to the work tree. Sealed items are counted and never listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from proda.errors import NotFoundError, UsageError
from proda.history.compare import compare_nodes
from proda.history.repository import Repository
from proda.store.corpus import PATCHES
from proda.store.patches import load_patches
from proda.store.verdicts import read_verdicts, shown_by
from proda.yamlio import load_yaml_bytes

DATA = ("knowledge", str(PATCHES), "samples/allocation.yaml", "samples/written", "benchmarks/exceptions.yaml")
EVERYTHING = (
    *("params.yaml", "constraints.txt", "pipelines", "knowledge/relations.yaml", "samples/allocation.yaml"),
    *("proda", ":(exclude)proda/cli", ":(exclude)proda/report", ":(exclude)proda/debugger"),  # these three read results, and make none
)
MAX_COMMITS = 500


@click.command(epilog="Example: proda audit HEAD~1..HEAD")
@click.argument("range_", metavar="[A..B]", required=False)
@click.option("--item", help="Only this item.")
@click.option("--patch", help="Only what this patch lies under.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def audit(range_: str | None, item: str | None, patch: str | None, as_json: bool, root: str) -> None:
    """Say which change could have fixed or broken which item, and what of that is proven.

    An item's flip comes with the changes under it. `could have`: touches what the item rests on; `probably`: touches what the wrong answer
    had wrong; `proof`: a retrain with and without it showed it (`proda attribute`). Without A..B: from before the last round's first patch
    to the work tree.
    """
    from proda.history.audit import audit as audit_lines
    from proda.history.audit import departures, summary
    from proda.statistics import paired

    where = Repository.open(root).root
    first, last = _ends(where, range_)
    old, new = Repository.open(root, first), Repository.open(root, last)
    if not old.outcomes() or not new.outcomes():
        empty = old if not old.outcomes() else new
        raise NotFoundError(f"{empty.name} holds no outcomes (benchmarks/results/outcomes), so no flip can be told. Name another revision.")
    changes, everywhere = history(where, old.commit or first, new.commit)
    pairs, _ = paired((o for o in old.outcomes() if o.model != "base"), (o for o in new.outcomes() if o.model != "base"))
    departed = {(item, True): statements for item, statements in departures(old.knowledge, old.items(), old.outcomes()).items()}
    departed |= {(item, False): statements for item, statements in departures(new.knowledge, new.items(), new.outcomes()).items()}
    lines = audit_lines(pairs, new.items(), new.knowledge, changes, departed)
    sealed = [line for line in lines if ":sealed-" in line.item]
    shown = [line for line in lines if ":sealed-" not in line.item]
    if item is not None:
        shown = [line for line in shown if line.item == item]
        if not shown:
            raise NotFoundError(f"'{item}' did not flip between {first} and {last or 'the work tree'}, or is no dev or twin item.")
    if patch is not None:
        shown = [line for line in shown if line.patch == patch]
    if as_json:
        data = {"from": old.commit, "to": new.commit, "everywhere": everywhere, "lines": [msgspec.structs.asdict(line) for line in shown]}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    counts = summary(shown)
    ends = f"{(old.commit or first)[:9]} → {(new.commit or 'work tree')[:9]}"
    click.echo(
        f"{ends}: {counts.get('fixed', 0)} items fixed, {counts.get('broken', 0)} broken (dev and twin; more seeds that way than the other)"
    )
    for commit in everywhere:
        click.echo(f"for every item: {commit}")
    for text in _text(shown):
        click.echo(text)
    if sealed and item is None and patch is None:
        hidden = summary(sealed)
        click.echo(f"sealed: {hidden.get('fixed', 0)} fixed, {hidden.get('broken', 0)} broken; never listed", err=True)


def history(root: Path, first: str, last: str | None) -> tuple[list[Any], list[str]]:
    """The data changes between two commits, oldest first, and the commits that touch what every item rests on, a line each.

    With `last` None up to HEAD; what is not committed yet is no change anyone could revert, and is left out.
    """
    import git

    from proda.history.audit import Change

    repo = git.Repo(root)
    span = f"{first}..{last or 'HEAD'}"
    commits = list(repo.iter_commits(span, paths=list(DATA), reverse=True, no_merges=True))
    if len(commits) > MAX_COMMITS:
        raise UsageError(f"{span} holds {len(commits)} commits that touch data; at most {MAX_COMMITS} are read. Name a shorter range.")
    verdicts = read_verdicts(root)
    changes = []
    for commit in commits:
        names = [str(name) for name in commit.stats.files]
        for name in (n for n in names if n.startswith(f"{PATCHES.as_posix()}/") and n.endswith(".yaml")):
            patch = Path(name).stem
            verdict = verdicts.get(patch, {})
            brief = (commit.hexsha[:9], str(commit.summary), _targets(commit, name), patch, str(verdict.get("says", "")))
            changes.append(Change(*brief, reverted=_gone(commit, name), shown=shown_by(verdict)))
        if any(name.startswith("knowledge/") and name.endswith(".yaml") and name != "knowledge/relations.yaml" for name in names):
            nodes = _nodes(root, commit)
            if nodes:
                changes.append(Change(commit.hexsha[:9], str(commit.summary), nodes))
    everywhere = [f"{c.hexsha[:9]} {c.summary}" for c in repo.iter_commits(span, paths=list(EVERYTHING), reverse=True, no_merges=True)]
    return changes, everywhere


def _targets(commit: Any, name: str) -> tuple[str, ...]:
    """The nodes of a patch that a commit added, or took away: read from that commit or its parent, whatever the work tree holds today."""
    for tree in (commit.tree, *(parent.tree for parent in commit.parents)):
        try:
            blob = tree / name
        except KeyError:
            continue
        raw = load_yaml_bytes(blob.data_stream.read(), f"{commit.hexsha[:9]}:{name}")
        return tuple(map(str, raw.get("targets", ()))) if isinstance(raw, dict) else ()
    return ()


def _gone(commit: Any, name: str) -> bool:
    try:
        commit.tree / name
    except KeyError:
        return True
    return False


def _nodes(root: Path, commit: Any) -> tuple[str, ...]:
    """Nodes that a commit changed; those that it added have no items before it, and those that it retired none after."""
    if not commit.parents:
        return ()
    before, after = (Repository.open(root, c.hexsha).knowledge for c in (commit.parents[0], commit))
    return tuple(sorted(n.id for n in compare_nodes(before, after)))


def _ends(root: Path, given: str | None) -> tuple[str, str | None]:
    if given is not None:
        if ".." not in given or "..." in given:
            raise UsageError(f"'{given}': expected A..B, two revisions with two dots between them.")
        first, _, last = given.partition("..")
        return first or "HEAD", last or "HEAD"
    from proda.history.rounds import before_round

    rounds = [p.round for p in load_patches(root)]
    if not rounds:
        raise NotFoundError(f"{PATCHES}\n  No patch here. Name the range to audit: `proda audit A..B`.")
    return before_round(root, max(rounds)), None


def _text(lines: Iterable[Any]) -> Iterator[str]:
    last = ""
    for line in lines:
        if line.item != last:
            what = "fixed " if line.fixed > line.broken else "broken"
            yield f"{what}  {line.item}  {max(line.fixed, line.broken)} of {line.seeds} seeds"
            last = line.item
        if line.level == "nothing":
            yield "  no change lies under it"
        else:
            what = f"{line.patch} ({line.says})" if line.says else line.patch or line.subject
            yield f"  {line.level}  {line.commit}  {what}  through {', '.join(line.through)}"
