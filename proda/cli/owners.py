"""`proda owners`: the file CODEOWNERS, with a line for each discipline.

$ proda owners --write
.github/CODEOWNERS
2 disciplines have no owner yet: economics, physics. Fill them in in .github/CODEOWNERS, which --write creates.
"""

from __future__ import annotations

from contextlib import nullcontext

import click

from proda.cli.settings import ROOT_HELP, note
from proda.errors import counted


@click.command(epilog="Example: proda owners")
@click.option("--write", "writes", is_flag=True, help="Write the file; lines that are there stay.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def owners(writes: bool, root: str) -> None:
    """Print .github/CODEOWNERS, with a line to fill in for each discipline that has none."""
    from proda.history.repository import Repository
    from proda.store.edit_lock import editing
    from proda.store.files import write_file
    from proda.workflows.owners import PATH, owners_text

    where = Repository.open(root).root
    with editing(where, "proda owners") if writes else nullcontext():
        found = owners_text(where)
        if writes:
            write_file(where / PATH, found.text)
    if writes:
        click.echo(PATH.as_posix())
    else:
        click.echo(found.text, nl=False)
    if found.missing:
        written = "" if writes else ", which --write creates"
        has = "has" if len(found.missing) == 1 else "have"
        whose = f"{counted(len(found.missing), 'discipline')} {has} no owner yet: {', '.join(found.missing)}."
        note(f"{whose} Fill them in in {PATH.as_posix()}{written}.")
