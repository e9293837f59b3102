"""`proda audit [A..B]`: lists the changes that could have fixed or broken each item.

    $ proda audit main..repair/round-1
    3f0c9a1d2 → 8d2e7b431: 131 items fixed, 44 broken (dev and twin items whose majority answer changed)
    every item: 8d2e7b431 Rebuild: training parameters
    fixed, by the surest change: 3 probably, 98 could have, 30 no change under it
    patches, by items fixed less items broken
      +3 −0  1-bimetal-strip-bends-s1-3f0c9a1e (unproven)
      … and 90 more (--all)
      removed by 5ab09d1c4  1-heating-s1-77aa01bc (unproven): 0 items fixed and 2 broken without it
    fixed   physics/bimetal-strip-bends:twin-bridge   0 of 3 → 3 of 3 seeds
      could have   1c77e02b8  1-bimetal-strip-bends-s1-3f0c9a1e (unproven)   through physics/bimetal-strip-bends.s1  by Ada Lovelace

Reads git history and the results committed in it: nothing is trained, and DVC's cache is not needed. Without A..B: from the commit before
the last round's first patch to the work tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from proda.cli.settings import FEW, ROOT_HELP, note, range_ends, sealed_option
from proda.errors import NotFoundError, UsageError, closest, counted
from proda.history.audit import SURENESS, Line, PatchEffect
from proda.history.repository import Repository
from proda.store.corpus import PATCHES
from proda.store.patches import load_patches

ENDS = 6  # patches shown of each end of the list


@click.command(epilog="Example: proda audit HEAD~1..HEAD")
@click.argument("range_", metavar="[A..B]", required=False)
@click.option("--item", metavar="ITEM", help="Only this item.")
@click.option("--patch", metavar="PATCH", help="Only items that rest on something this patch changes.")
@click.option("--all", "everything", is_flag=True, help="List every item and patch, not the first dozen.")
@sealed_option
@click.option("--json", "as_json", is_flag=True, help="Print every line as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def audit(range_: str | None, item: str | None, patch: str | None, everything: bool, sealed: bool, as_json: bool, root: str) -> None:
    """List the changes that could have fixed or broken each item, and what retraining proved of them.

    An item flips if its majority answer changes: most tuned seeds were wrong and are right, or the other way round. `could have` marks a
    change to something that the item rests on, `probably` a change to a statement that a wrong answer contradicts, `proof` a patch that was
    tested by retraining with and without it (`proda attribute`). Without A..B: from before the last round's first patch to the work tree.
    """
    from proda.history.audit import audit as audit_lines
    from proda.history.audit import by_patch, departures, summary
    from proda.history.changes import data_changes
    from proda.history.flips import flips, tallies

    if item is not None and ":sealed-" in item and not sealed:
        raise UsageError(f"'{item}' is sealed: people who repair must not see what became of it. Add --sealed to see it all the same.")
    where = Repository.open(root).root
    first, last = range_ends(range_) if range_ is not None else (_last_round(where), None)
    old, new = Repository.open(root, first), Repository.open(root, last)
    if not old.outcomes() or not new.outcomes():
        empty = old if not old.outcomes() else new
        raise NotFoundError(
            f"{empty.name} holds no outcomes (benchmarks/results/outcomes), so no flip can be found. Name another revision."
        )
    if last is None:
        from proda.workflows.freshness import stale_line

        note(stale_line(where))
    changes, everywhere = data_changes(where, old.commit or first, new.commit)
    departed = {(item, True): statements for item, statements in departures(old.items(), old.outcomes()).items()}
    departed |= {(item, False): statements for item, statements in departures(new.items(), new.outcomes()).items()}
    flipped = flips(tallies(old.outcomes()), tallies(new.outcomes()))
    lines = audit_lines(flipped, new.items(), new.knowledge, changes, departed)
    hidden = [] if sealed else [line for line in lines if ":sealed-" in line.item]
    shown = lines if sealed else [line for line in lines if ":sealed-" not in line.item]
    between = f"between {first} and {last or 'the work tree'}"
    if item is not None:
        shown = [line for line in shown if line.item == item]
        if not shown:
            raise NotFoundError(f"'{item}' did not flip {between}, or there is no such item.")
    if patch is not None:
        known = {change.patch for change in changes if change.patch}
        if patch not in known:
            close = closest(patch, known)
            hint = f" Did you mean '{close}'?" if close else ""
            raise NotFoundError(f"No change {between} is the patch '{patch}'.{hint} `proda audit` without --patch lists the patches.")
        shown = [line for line in shown if line.patch == patch]
    effects = by_patch(shown, changes)
    if as_json:
        rows = [msgspec.structs.asdict(line) for line in shown]
        data = {"from": old.commit, "to": new.commit, "everywhere": everywhere, "patches": effects, "lines": rows}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    counts = summary(shown)
    ends = f"{(old.commit or first)[:9]} → {(new.commit or 'work tree')[:9]}"
    splits = "dev, twin and sealed" if sealed else "dev and twin"
    fixed, broken = counts.get("fixed", 0), counts.get("broken", 0)
    click.echo(f"{ends}: {counted(fixed, 'item')} fixed, {broken:,} broken ({splits} items whose majority answer changed)")
    few = None if everything or item is not None or patch is not None else FEW
    for text in (*(f"every item: {commit}" for commit in everywhere), *_levels(counts), *_patches(effects, few), *_items(shown, few)):
        click.echo(text)
    if hidden and item is None and patch is None:
        apart = summary(hidden)
        note(f"sealed: {apart.get('fixed', 0):,} fixed, {apart.get('broken', 0):,} broken (not listed)")


def _last_round(root: Path) -> str:
    from proda.history.rounds import before_round

    rounds = [p.round for p in load_patches(root)]
    if not rounds:
        raise NotFoundError(f"{PATCHES}\n  There is no patch here. Name the range to audit: `proda audit A..B`.")
    return before_round(root, max(rounds))


def _levels(counts: Mapping[str, int]) -> Iterator[str]:
    """How sure the surest line of the items is."""
    for what in ("fixed", "broken"):
        parts = [
            f"{counts[key]:,} {level if level != 'nothing' else 'no change under it'}"
            for level in SURENESS
            if (key := f"{what}, {level}") in counts
        ]
        if parts:
            yield f"{what}, by the surest change: {', '.join(parts)}"


def _patches(effects: Sequence[PatchEffect], few: int | None) -> Iterator[str]:
    """The patches with the best and the worst balance."""
    if len(effects) < 2:
        return
    yield "patches, by items fixed less items broken"
    cut = few is not None and len(effects) > few
    for effect in effects[:ENDS] if cut else effects:
        yield _effect(effect)
    if cut:
        yield f"  … {counted(len(effects) - 2 * ENDS, 'patch', 'patches')} between (--all)" if len(effects) > 2 * ENDS else "  …"
        for effect in effects[-ENDS:]:
            yield _effect(effect)


def _effect(effect: PatchEffect) -> str:
    patch = f"{effect.patch}{f' ({effect.says})' if effect.says else ''}"
    if effect.removed:
        return f"  removed by {effect.removed}  {patch}: {counted(effect.fixed, 'item')} fixed and {effect.broken:,} broken without it"
    return f"  +{effect.fixed} −{effect.broken}  {patch}"


def _items(lines: Sequence[Line], few: int | None) -> Iterator[str]:
    """The items, surest first, as many fixed as broken ones if the list is cut."""
    from proda.history.audit import by_item
    from proda.history.flips import evenly

    groups = sorted(by_item(lines).values(), key=lambda group: (SURENESS.index(group[0].level), group[0].item))
    better, worse = ([group for group in groups if group[0].better is side] for side in (True, False))
    for group in evenly(better, worse, few):
        top = group[0]
        yield f"{'fixed ' if top.better else 'broken'}  {top.item}  {top.before} → {top.after} seeds"
        for line in group:
            if line.level == "nothing":
                yield "  no change lies under it"
            else:
                what = f"{line.patch} ({line.says})" if line.says else line.patch or line.subject
                by = f"  by {line.author}" if line.author else ""
                commit = f"removed by {line.commit}" if line.reverted else line.commit
                yield f"  {line.level}  {commit}  {what}  through {', '.join(line.through)}{by}"
    if few is not None and len(groups) > few:
        yield f"… and {counted(len(groups) - few, 'more item', 'more items')} (--all)"
