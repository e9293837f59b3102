"""`proda report`: one HTML page that says what was built, how it scored, and what to look at next.

$ proda report
build/report/index.html
"""

from __future__ import annotations

from pathlib import Path

import click

from proda.cli.settings import note
from proda.errors import UsageError
from proda.history.repository import Repository
from proda.store.files import write_file
from proda.workflows.freshness import stale_line

DEFAULT = Path("build/report/index.html")


@click.command(epilog="Example: proda report --out build/report/index.html")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=f"Where to write the page (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def report(out: Path | None, root: str) -> None:
    """Write the report, one HTML page that works offline; print its path, and a short summary to standard error."""
    # Drawing and templates are only loaded to work: `proda report --help` starts at once.
    from proda.report.closing import closing
    from proda.report.page import build_page, render

    repo = Repository.open(root)
    target = out or repo.root / DEFAULT
    if target.suffix not in (".html", ".htm"):
        raise UsageError(f"--out {target}: expected a name that ends in .html.")
    write_file(target, render(build_page(repo)))
    click.echo(closing(repo), err=True)
    note(stale_line(repo.root))
    click.echo(target)
