"""`proda mv ID NEW`: rename a concept, a chain or a topic wherever its id is written.

    $ proda mv physics/heating warming
    knowledge/chemistry/reaction-kinetics.yaml                      1 place
    knowledge/physics/thermal-expansion.yaml                        4 places
    samples/patches/1-heating-3f0c9a1e.yaml                         9 places
    Renamed the concept physics/heating to physics/warming: 14 places in 3 files. physics/heating stays as a retired id.
    Next: dvc repro. It writes items, samples and results again. …

Nothing is written if a file that would change has uncommitted changes, or if one of the new texts cannot be made.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import click

from proda.cli.settings import ROOT_HELP
from proda.errors import counted

NEXT = "Next: dvc repro. It writes items, samples and results again. Then `git add -A` and commit: renamed files are new to git."
REWORDED = (
    "Wordings are drawn by id, so those of the renamed node change. An exception whose item reads differently then stops the build until"
    " it is judged again."
)


@click.command(epilog="Example: proda mv physics/bimetal-strip-bends heated-strip-bends --dry-run")
@click.argument("old", metavar="ID")
@click.argument("new", metavar="NEW")
@click.option("--topic", is_flag=True, help="Rename the topic, if a concept or chain has the same id.")
@click.option("--dry-run", is_flag=True, help="Print the files and the number of places, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the files and the number of places as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def mv(old: str, new: str, topic: bool, dry_run: bool, as_json: bool, root: Path) -> None:
    """Rename a concept, chain or topic in knowledge, exceptions, patches, verdicts and proposals. NEW is in the same discipline.

    The old id of a concept or chain stays as a retired entry. Statement ids follow their chain, and items keep their split.
    """
    from proda.history.repository import Repository
    from proda.store.edit_lock import ALL, editing
    from proda.workflows.file_set import require_committed, require_inside, write_together
    from proda.workflows.rename import plan_rename

    root = Repository.open(root).root
    with nullcontext() if dry_run else editing(root, "proda mv", *ALL):
        planned = plan_rename(root, old, new, topic=topic)
        require_inside(root, planned.texts)
        if not dry_run:
            require_committed(root, planned.texts)
            write_together(root, planned.texts)
    renaming, places = planned.renaming, planned.places
    if as_json:
        document = {"kind": renaming.kind, "old": renaming.old, "new": renaming.new, "places": places, "written": not dry_run}
        click.echo(json.dumps(document, indent=2))
    else:
        width = max(map(len, places))
        for file, count in places.items():
            click.echo(f"{file:<{width}}  {counted(count, 'place')}")
    total = f"{counted(sum(places.values()), 'place')} in {counted(len(places), 'file')}"
    if dry_run:
        click.echo(f"Would rename the {renaming.kind} {renaming.old} to {renaming.new}: {total}. Nothing was written: a dry run.", err=True)
        return
    stays = "" if renaming.kind == "topic" else f" {renaming.old} stays as a retired id."
    click.echo(f"Renamed the {renaming.kind} {renaming.old} to {renaming.new}: {total}.{stays}", err=True)
    click.echo(NEXT if renaming.kind == "topic" else f"{NEXT} {REWORDED}", err=True)
