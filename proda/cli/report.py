"""`proda report`: one HTML page with what was built, how it scored, the rounds of repair, and what fails and why.

$ proda report
build/report/index.html
"""

from __future__ import annotations

from pathlib import Path

import click

from proda.cli.settings import ROOT_HELP, note
from proda.errors import UsageError
from proda.history.repository import Repository
from proda.store.files import write_file
from proda.workflows.freshness import stale_line

DEFAULT = Path("build/report/index.html")


@click.command(epilog="Example: proda report --out build/report/index.html")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=f"Where to write the page (default: {DEFAULT}).")
@click.option("--sealed", is_flag=True, help="List sealed items too, with their right options. Not for people who repair.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def report(out: Path | None, sealed: bool, root: str) -> None:
    """Write the report, one HTML page that works offline. Prints its path, and a short summary on standard error."""
    # Imported here so that `proda report --help` starts at once.
    from proda.report.closing import closing
    from proda.report.page import build_page
    from proda.report.render import render

    repo = Repository.open(root)
    target = out or repo.root / DEFAULT
    if target.suffix not in (".html", ".htm"):
        raise UsageError(f"--out {target}\n  Expected a file name that ends in .html or .htm.")
    write_file(target, render(build_page(repo, sealed=sealed)))
    click.echo(closing(repo), err=True)
    note(stale_line(repo.root))
    click.echo(target)
