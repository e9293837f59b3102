"""`proda new DISCIPLINE/TOPIC`: the skeletons of a topic, to be filled in.

$ proda new optics/lenses --title Lenses --origin "written for this knowledge base" --licence CC-BY-4.0
wrote knowledge/sources/optics/lenses.md
wrote knowledge/optics/lenses.yaml
wrote knowledge/sources/catalogue.yaml
wrote samples/allocation.yaml
optics is new: 26 samples (8.6 per statement, the mean of the other disciplines, for its first 3 statements). After writing more
statements, run `proda new optics/lenses --allocate`.
Next: write the text and the entries; `proda check` lists what is missing.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proda.cli.settings import COUNT_OR_NONE, ROOT_HELP
from proda.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from proda.workflows.scaffold import Share

ASKED = {
    "title": "a title, as in --title 'Lenses'",
    "origin": "where the text comes from, as in --origin 'written for this knowledge base'",
    "licence": "the licence that the text may be used under, as in --licence CC-BY-4.0",
}


@click.command(
    epilog="Example: proda new physics/lenses --title Lenses --origin 'written for this knowledge base' --licence CC-BY-4.0 --dry-run"
)
@click.argument("topic_id", metavar="DISCIPLINE/TOPIC")
@click.option("--title", help="Title of the source. Asked for at a terminal if left out.")
@click.option("--origin", help="Where the source comes from. Asked for at a terminal if left out.")
@click.option("--licence", help="Licence of the source. Asked for at a terminal if left out.")
@click.option("--samples", type=COUNT_OR_NONE, help="Samples of the discipline. Default: in proportion to its statements.")
@click.option("--allocate", is_flag=True, help="Write no topic: give the discipline its share of samples by the statements it has now.")
@click.option("--dry-run", is_flag=True, help="Print what would be written as a diff, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the names of the files as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def new(
    topic_id: str,
    title: str | None,
    origin: str | None,
    licence: str | None,
    samples: int | None,
    allocate: bool,
    dry_run: bool,
    as_json: bool,
    root: Path,
) -> None:
    """Create the source, topic file and catalogue entry of a new topic, and give a new discipline its samples.

    No file is overwritten. `proda check` then lists what is left to write.
    """
    from proda.history.repository import Repository
    from proda.store.edit_lock import editing
    from proda.workflows.file_set import write_together
    from proda.workflows.scaffold import NewTopic, Origin, parse_topic, plan_allocation, plan_topic

    root = Repository.open(root).root
    discipline, _ = parse_topic(topic_id)
    told = None
    if allocate and (title or origin or licence):
        raise UsageError("--allocate writes no source: leave out --title, --origin and --licence.")
    if allocate and not (root / f"knowledge/{topic_id}.yaml").is_file():
        raise NotFoundError(f"knowledge/{topic_id}.yaml\n  No such topic. Leave out --allocate to create it.")
    if not allocate:
        told = Origin(**_asked({"title": title, "origin": origin, "licence": licence}))
    with nullcontext() if dry_run else editing(root, "proda new"):
        if told is None:
            share, changed = plan_allocation(root, discipline, samples, update=True)
            planned = NewTopic(changed, share)
        else:
            planned = plan_topic(root, topic_id, told, samples)
        if not dry_run:
            write_together(root, planned.texts)
    share, texts = planned.share, planned.texts
    if dry_run and not as_json:
        click.echo(_diff(root, texts), nl=False)
    if as_json:
        click.echo(json.dumps({"written": [] if dry_run else list(texts), "planned": list(texts), "samples": share.after}, indent=2))
    elif not dry_run:
        for name in texts:
            click.echo(f"wrote {name}")
    if planned.closest:
        click.echo(f"{discipline} is a new discipline. There is one with a similar name: {planned.closest}.", err=True)
    click.echo(_said(share, topic_id), err=True)
    following = "Next: dvc repro." if allocate else "Next: write the text and the entries; `proda check` lists what is missing."
    click.echo("Nothing was written: a dry run." if dry_run else following, err=True)


def _asked(given: Mapping[str, str | None]) -> dict[str, str]:
    """The fields, those left out asked for at a terminal. Raises UsageError off a terminal."""
    missing = [name for name, value in given.items() if value is None]
    if missing and not sys.stdin.isatty():
        wanted = "\n".join(f"  {ASKED[name]}" for name in missing)
        raise UsageError(f"Missing: {', '.join(f'--{name}' for name in missing)}. Nothing was written. Give\n{wanted}")
    return {name: value if value is not None else click.prompt(name.capitalize(), err=True) for name, value in given.items()}


def _said(share: Share, topic_id: str) -> str:
    rate = f"{share.per_statement:.1f} per statement, {'the default' if share.alone else 'the mean of the other disciplines'}"
    count = f"{share.statements:,} statement{'s' * (share.statements != 1)}"
    later = f"`proda new {topic_id} --allocate`"
    if share.before is None:
        why = f"{rate}, for {count if share.statements else 'its first 3 statements'}" if share.after == share.by_statements else "as given"
        return f"{share.discipline} is new: {share.after:,} samples ({why}). After writing more statements, run {later}."
    if share.after != share.before:
        return f"{share.discipline}: {share.before:,} → {share.after:,} samples ({count}; by statements {share.by_statements:,}: {rate})."
    # More statements need more samples. Fewer samples than there are would only make the scores worse, so that is not suggested.
    change = f" To raise it to {share.by_statements:,}, run {later}." if share.by_statements > share.after else ""
    proportion = f"{count}; in proportion to statements: {share.by_statements:,}, {rate}"
    return f"{share.discipline} keeps its {share.after:,} samples; the new topic shares them ({proportion}).{change}"


def _diff(root: Path, texts: Mapping[str, str]) -> str:
    """What would change, as `git diff` shows it."""
    lines: list[str] = []
    for name, text in texts.items():
        path = root / name
        before = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        old = name if path.is_file() else "/dev/null"
        lines += difflib.unified_diff(before, text.splitlines(keepends=True), old, name)
    return "".join(lines)
