"""`proda merge-driver`: what git calls to merge a YAML file that both sides changed. `proda merge --install` tells git about it.

    $ git merge optics
    Auto-merging knowledge/physics/optics.yaml
    knowledge/physics/optics.yaml:41  physics/snell.s1
      text
        ours: A denser medium slows light down.
        theirs: Light is slower in a denser medium.
        base: A denser medium slows light.
    CONFLICT (content): Merge conflict in knowledge/physics/optics.yaml

Exit status: 0 if everything is merged, 3 if conflict markers are left.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from proda.cli.settings import note
from proda.merging.driver import merged_in_place
from proda.merging.install import CONFLICTS
from proda.merging.merge import Labels, conflict_text

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("merge-driver", hidden=True, epilog="Example: proda merge --install")
@click.argument("base", type=FILE)
@click.argument("ours", type=FILE)
@click.argument("theirs", type=FILE)
@click.argument("path")
@click.argument("size", type=click.IntRange(1, 1000), default=7)
@click.argument("names", nargs=-1)
@click.option("--inner", is_flag=True, help="Merge two common ancestors: keep the base version of what conflicts, without markers.")
def merge_driver(base: Path, ours: Path, theirs: Path, path: str, size: int, names: tuple[str, ...], inner: bool) -> None:
    """Merge the versions BASE, OURS and THEIRS of the file that the repository has at PATH, and write the result to OURS.

    SIZE is the length of conflict markers, NAMES what they call the two sides.
    """
    # Git before 2.44 leaves the places of the names as they are.
    told = [name for name in names if name and not name.startswith("%")]
    labels = Labels(told[0], told[1], size) if len(told) == 2 else Labels(size=size)
    merged, message = merged_in_place(path, base, ours, theirs, labels, inner=inner)
    note(message)
    if merged.conflicts:
        as_text = bool(message) or merged.conflicts[0].line == 0
        note(merged.conflicts[0].why if as_text else conflict_text(path, merged.conflicts))
        sys.exit(CONFLICTS)
