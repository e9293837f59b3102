"""`proda import KIND FILE…`: ontologies, question sets and training rows of other tools, for review; `proda import lm-eval TASK…`.

$ proda import obo go.obo --discipline biology --topic fission --under GO:0048285 --origin geneontology.org --licence CC-BY-4.0
read 41 entries, used 37
wrote knowledge/sources/biology/fission.md
wrote knowledge/sources/catalogue.yaml
wrote proposals/biology/fission.yaml
for review: 37 concepts, 52 statements
faults:
  4  obsolete  The term is obsolete in the ontology.
     go.obo:112  GO:0000267 “…”
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from proda.cli.settings import COUNT, ROOT_HELP
from proda.errors import UsageError, counted

if TYPE_CHECKING:
    from proda.workflows.import_plan import ImportKind, PlannedImport

# KINDS of proda/workflows/import_plan.py
CHOICES = ("obo", "skos", "proda-json", "rows", "sharegpt", "messages", "alpaca", "mmlu", "lm-eval")
SHOWN = 3  # faults of one kind that are printed; --json has the first 100


@click.command(
    "import",
    epilog="Example: proda import obo terms.obo --discipline milling --topic terms --origin 'written for an example' --licence CC0-1.0"
    " --dry-run",
)
@click.argument("kind", metavar="KIND", type=click.Choice(CHOICES))
@click.argument("files", metavar="FILE...|TASK...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--discipline", required=True, help="The discipline that the import belongs to.")
@click.option("--topic", default="", help="Name of the source and topic, or of the suite. Default: the name of the first file or task.")
@click.option("--title", default="", help="Title of the source or suite.")
@click.option("--origin", default="", help="Where the files come from. Never guessed.")
@click.option("--licence", default="", help="Licence that they may be used under. Never guessed.")
@click.option("--type", "concept_type", default="entity", show_default=True, help="Type of concepts that have none of ours.")
@click.option("--under", default="", metavar="ID", help="obo, skos: only this term and the terms below it.")
@click.option("--language", default="en", show_default=True, help="skos: language of the labels and definitions to read.")
@click.option("--relation", "relations", multiple=True, metavar="VERB=RELATION", help="proda-json: what a verb means. May be repeated.")
@click.option("--encoding", default="", help="Encoding of the files. Default: by their byte order mark, or UTF-8.")
@click.option(
    "--include",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="lm-eval: a folder of further tasks. Python functions that they name are run.",
)
@click.option("--limit", type=COUNT, help="lm-eval: read only so many questions of each task, from its first one.")
@click.option("--dry-run", is_flag=True, help="Read everything and list the faults, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print counts and faults as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def import_(
    kind: str,
    files: tuple[Path, ...],
    discipline: str,
    topic: str,
    title: str,
    origin: str,
    licence: str,
    concept_type: str,
    under: str,
    language: str,
    relations: tuple[str, ...],
    encoding: str,
    include: Path | None,
    limit: int | None,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Import files of another tool, or tasks by name. Nothing becomes knowledge before it is reviewed.

    \b
    obo, skos       terms → a source, and proposed concepts and statements
    proda-json      knowledge of the paper's public implementation → proposals; its training rows and questions are checked
    rows            training rows (ShareGPT, OpenAI messages, Alpaca) → a source to extract from, and a list of faults
    sharegpt, messages, alpaca
                    the same, rows in this format only
    mmlu            CSV of questions with 2 to 10 options → a general suite in benchmarks/general
    lm-eval         names of multiple-choice tasks of lm-evaluation-harness → the same

    Rows that cannot be used are listed with their line; the others are imported.
    """
    import msgspec

    from proda.history.repository import Repository
    from proda.store.edit_lock import EDITS, PROPOSALS, editing
    from proda.workflows.file_set import write_together
    from proda.workflows.import_data import plan_import
    from proda.workflows.import_plan import ImportPlan

    root = Repository.open(root).root
    tasks = tuple(map(str, files)) if kind == "lm-eval" else ()
    plan = ImportPlan(
        cast("ImportKind", kind), () if tasks else files, discipline, topic=topic, title=title, licence=licence, origin=origin,
        encoding=encoding, language=language.casefold(), type=concept_type, under=under, relations=_relations(relations),
        tasks=tasks, include=include, limit=limit or 0,
    )  # fmt: skip
    with nullcontext() if dry_run else editing(root, "proda import", EDITS, PROPOSALS):
        planned = plan_import(root, plan)
        if planned.texts and not dry_run:
            write_together(root, planned.texts)
    if as_json:
        shown = msgspec.to_builtins(planned)
        names = list(shown.pop("texts"))
        click.echo(json.dumps({"planned": names, "written": [] if dry_run else names, **shown}, indent=2, ensure_ascii=False))
    else:
        for line in _report(planned, dry_run):
            click.echo(line)
    for note in planned.notes:
        click.echo(note, err=True)
    if dry_run:
        click.echo("Nothing was written: a dry run.", err=True)
    elif not planned.texts:
        click.echo("Nothing was written: nothing in the files can be used, or it is there already.", err=True)
    elif planned.proposed:
        click.echo("Next: `proda review`.", err=True)


def _relations(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        verb, sign, relation = text.rpartition("=")
        if not sign or not verb.strip():
            raise UsageError(f"--relation: got {text!r:.80}, expected VERB=RELATION, as in 'leads to=causes'.")
        found[verb.strip()] = relation.strip()
    return found


def _report(planned: PlannedImport, dry_run: bool) -> list[str]:
    lines = [f"read {counted(planned.read, 'entry')}, used {planned.used:,}"]
    lines += [f"{'would write' if dry_run else 'wrote'} {name}" for name in planned.texts]
    if planned.proposed:
        parts = [f"{n:,} {what.removesuffix('s') if n == 1 else what}" for what, n in planned.proposed.items()]
        lines.append(f"for review: {', '.join(parts)}")
    if planned.counts:
        lines.append("faults:")
    for kind, meaning, faults in planned.by_kind():
        lines.append(f"  {planned.counts[kind]:,}  {kind}  {meaning}")
        for fault in faults[:SHOWN]:
            place = f"{fault.file}:{fault.line}" if fault.line else fault.file
            lines.append(f"     {place}  {fault.detail}".rstrip())
    return lines
