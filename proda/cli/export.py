"""`proda export FORMAT OUT`: samples or items as other tools read them, with provenance.

$ proda export alpaca build/export/alpaca
exported 4,160 rows to build/export/alpaca
  train  4,160
licences: CC-BY-4.0 (64 sources)
knowledge: 1c77e02a…
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from proda.cli.settings import ROOT_HELP
from proda.errors import UsageError

if TYPE_CHECKING:
    from proda.records import Split
    from proda.workflows.export_data import ExportFormat, ExportPlan

CHOICES = ("messages", "sharegpt", "alpaca", "huggingface", "lm-eval")  # FORMATS of proda/workflows/export_data.py
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@click.command(epilog="Example: proda export alpaca build/alpaca --dry-run")
@click.argument("form", metavar="FORMAT", type=click.Choice(CHOICES))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--samples", is_flag=True, help="Export the training samples. Default for every format but lm-eval.")
@click.option("--items", is_flag=True, help="Export the test items. Default for lm-eval.")
@click.option("--split", "splits", multiple=True, type=click.Choice(["dev", "twin"]), help="Items of this split only. May be repeated.")
@click.option(
    "--sealed",
    is_flag=True,
    help="Export the sealed items too. They measure what no repair has seen: once they are published, or read by those who write"
    " repairs, they measure nothing any more, and they cannot be sealed again. Keep the folder private.",
)
@click.option("--name", default="proda", help="Name of the data set or task group: letters, digits and underscores.", show_default=True)
@click.option("--parquet", is_flag=True, help="huggingface: write Parquet instead of JSONL.")
@click.option(
    "--bare", is_flag=True, help="messages, sharegpt, alpaca: write provenance to a file of its own, for readers that refuse extra keys."
)
@click.option("--revision", help="Export what this git revision holds. Default: the working tree.")
@click.option("--dry-run", is_flag=True, help="Count what would be exported, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def export(
    form: str,
    out: Path,
    samples: bool,
    items: bool,
    splits: tuple[str, ...],
    sealed: bool,
    name: str,
    parquet: bool,
    bare: bool,
    revision: str | None,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Export samples or items to the folder OUT, as FORMAT.

    \b
    messages      OpenAI chat turns, JSONL
    sharegpt      ShareGPT conversations, JSONL
    alpaca        instruction, input, output, JSONL
    huggingface   a data set for the Hugging Face Hub and `datasets`, with its card
    lm-eval       a task folder of lm-evaluation-harness

    messages, sharegpt and alpaca come with the dataset_info.json that LLaMA-Factory reads. OUT is written as a whole or not at all. An
    earlier export is replaced; any other folder is refused.
    """
    import msgspec

    from proda.history.repository import Repository
    from proda.workflows.export_data import export as write

    plan = _plan(form, out, samples, items, splits, sealed, name, parquet, bare, revision)
    found = write(Repository.open(root).root, plan, dry_run=dry_run)
    rows = sum(found.rows.values())
    if as_json:
        shown = {"format": form, "out": str(out), "written": not dry_run, **msgspec.to_builtins(found)}
        click.echo(json.dumps({"files": 0, **shown}, indent=2))
    else:
        click.echo(f"{'would export' if dry_run else 'exported'} {rows:,} row{'s' * (rows != 1)} to {out}")
        for split, count in found.rows.items():
            click.echo(f"  {split:<6} {count:,}")
        licences = ", ".join(f"{licence or 'none'} ({n} source{'s' * (n != 1)})" for licence, n in found.licences.items())
        click.echo(f"licences: {licences or 'none'}")
        click.echo(f"knowledge: {found.knowledge_commit or 'not in a git repository'}")
    if found.licences.get(""):
        click.echo("Some sources have no entry in the catalogue, so their licence is not known. `proda check` lists them.", err=True)
    if "sealed" in plan.splits:
        click.echo("The folder holds sealed items. Keep it private.", err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)


def _plan(
    form: str,
    out: Path,
    samples: bool,
    items: bool,
    splits: tuple[str, ...],
    sealed: bool,
    name: str,
    parquet: bool,
    bare: bool,
    revision: str | None,
) -> ExportPlan:
    """The plan that the options ask for. Raises UsageError where they contradict each other."""
    from proda.workflows.export_data import ExportPlan

    if samples and items:
        raise UsageError("--samples and --items: expected one of them. Run the command twice, with two folders.")
    wants_items = items or (form == "lm-eval" and not samples)
    if form == "lm-eval" and samples:
        raise UsageError("lm-eval holds test items. Leave out --samples, or choose another format.")
    if wants_items and form not in ("lm-eval", "huggingface"):
        raise UsageError(f"{form} is a format for training, and items are never trained on. Use lm-eval or huggingface.")
    if (splits or sealed) and not wants_items:
        raise UsageError("--split and --sealed choose items, and this exports samples. Add --items, or leave them out.")
    if parquet and form != "huggingface":
        raise UsageError("--parquet: only huggingface is written as Parquet. Leave it out.")
    if bare and form not in ("messages", "sharegpt", "alpaca"):
        raise UsageError("--bare: only for messages, sharegpt and alpaca. Leave it out.")
    if not NAME.fullmatch(name):
        raise UsageError(f"--name: got {name!r:.80}, expected letters, digits and underscores, as in proda_physics.")
    chosen = [s for s in ("dev", "twin") if s in splits or not splits] if wants_items else []
    return ExportPlan(
        cast("ExportFormat", form),
        out,
        name=name,
        splits=(*cast("tuple[Split, ...]", tuple(chosen)), *(("sealed",) if sealed else ())),
        parquet=parquet,
        bare=bare,
        revision=revision,
    )
