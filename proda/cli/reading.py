"""`proda reading`: sources → samples/base/reading.yaml, the text that the embedded base learns its words from.

$ proda reading
samples/base/reading.yaml: 412 sentences of 3 sources
The base is trained again by the next `dvc repro`, and everything that follows.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from proda.cli.settings import ROOT_HELP
from proda.errors import counted


@click.command(epilog="Example: proda reading --dry-run")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def reading(dry_run: bool, root: Path) -> None:
    """Choose the sentences that the embedded base reads, and write them to samples/base/reading.yaml.

    These are the sentences of the sources that no statement quotes, without passages that `proda curate` rejects because of their type:
    learning objectives, glossaries, exercises and the like. The embedded base knows the words of this file only, so run this when
    your first topics are in place, and for a new vocabulary; not for every edit, because the base is trained again afterwards. A
    pretrained base does not read the file.
    """
    from proda.history.repository import Repository
    from proda.store.edit_lock import editing
    from proda.store.reading import PATH, load_reading
    from proda.workflows.pin_reading import pinned_reading, save_reading

    root = Repository.open(root).root
    with nullcontext() if dry_run else editing(root, "proda reading"):
        readings = pinned_reading(root)
        before = load_reading(root / PATH) if (root / PATH).is_file() else None
        changed = before != tuple(readings)
        if changed and not dry_run:
            save_reading(root, readings)
    sentences = sum(len(one.sentences) for one in readings)
    click.echo(f"{PATH}: {counted(sentences, 'sentence')} of {counted(len(readings), 'source')}{'' if changed else '; unchanged'}")
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif changed:
        click.echo("The base is trained again by the next `dvc repro`, and everything that follows.", err=True)
