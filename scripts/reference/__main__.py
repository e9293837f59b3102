"""Print one generated part of the reference: `python -m scripts.reference formats`."""

from __future__ import annotations

from pathlib import Path

import click

from scripts.reference import PARTS, part


@click.command()
@click.argument("name", type=click.Choice(PARTS))
def main(name: str) -> None:
    """Print one generated part of the reference, as Markdown."""
    click.echo(part(name, Path(__file__).resolve().parents[2]))


if __name__ == "__main__":
    main()
