"""`proda show ID`: anything that ProDa prints an id of, with what it comes from and what it leads to.

    $ proda show bimetal-strip-bends.s1
    statement  physics/bimetal-strip-bends.s1
      Heating a metal strip causes thermal expansion.
      …
    comes from
      passages  physics/heat-and-matter[1203:1260]  “Heating a metal strip …”
    leads to
      samples 14  physics/bimetal-strip-bends.s1:open-1  What does heating cause?

The id may be short where only one thing fits: without its discipline, or the beginning of a name. `topic:physics/thermal-expansion` names
the kind as well. Only files that mention the thing are parsed, so that a large corpus costs little.
"""

from __future__ import annotations

import os
import shutil
import sys

import click
import msgspec

from proda.cli.card import card
from proda.cli.settings import ROOT_HELP, note
from proda.errors import NotFoundError, counted
from proda.history.lineage import Lineage
from proda.history.mentions import NODES, DataFiles, gather
from proda.history.names import Name, closest, exact, find, split_kind
from proda.history.repository import Repository
from proda.history.trace import Group, Kind, Link, Trace, trace
from proda.records import Item, Sample
from proda.store.corpus import PATCHES
from proda.workflows.freshness import stale_line

FEW = 3
CANDIDATES = 12  # of an ambiguous id that are listed
OPEN = ("record", "id", "split", "kind", "discipline", "topic", "chain", "statements", "stem")  # what is shown of a sealed item


@click.command(epilog="Example: proda show physics/thermal-expansion")
@click.argument("thing", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--all", "everything", is_flag=True, help="List all neighbours, not the first few of each sort.")
@click.option("--sealed", is_flag=True, help="Show the right option of a sealed item, and what the models chose.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def show(thing: str, as_json: bool, everything: bool, sealed: bool, root: str) -> None:
    """Show what ID comes from and what it leads to.

    ID is a concept, statement, chain, sample, item, patch, topic, discipline, source, passage (SOURCE[START:END]) or round (round-2). A
    short form works where only one thing fits it; `topic:ID` names the kind as well.
    """
    repo = Repository.open(root)
    note(stale_line(repo.root))
    files = DataFiles(repo.root)
    (name, *others) = _meant(repo, files, thing)
    lineage = gather(repo, files, name.kind, name.id, sealed=sealed)
    found = traced(repo, lineage, name.kind, name.id)
    if as_json:
        data = as_data(lineage, found) | ({"also": [f"{o.kind}:{o.id}" for o in others]} if others else {})
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
        return
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    text = card(lineage, found, few=None if everything else FEW, width=width)
    if others:
        also = " and ".join(f"a {other.kind} (`proda show {other.kind}:{other.id}`)" for other in others)
        text += f"\n\n{name.id} is also the id of {also}."
    click.echo(text, color=False if plain else None)


def _meant(repo: Repository, files: DataFiles, wanted: str) -> list[Name]:
    """The things meant, all of one id. Raises NotFoundError where none or several ids fit."""
    from proda.history.places import parse_passage, source_ids

    kind, text = split_kind(wanted)
    if kind in (None, "passage", "source") and (passage := parse_passage(text)):
        sources = find(f"source:{passage[0]}", {"source": source_ids(repo.root)})
        return [Name("passage", f"{_one(wanted, sources, source_ids(repo.root)).id}[{passage[1]}:{passage[2]}]")]
    names = files.named(repo.knowledge)
    found = exact(wanted, names)
    if not found and (derived := files.derived_as(text)) and kind in (None, derived):
        return [Name(derived, text)]
    if not found and ":" in text and not (files.items or files.corpus):
        raise NotFoundError(f"'{wanted}'\n  There are no items and samples yet. Run `dvc repro guard` (or `make repro`) first.")
    if not found:
        names = {**names, **files.derived()}
        found = find(wanted, names)
    first = _one(wanted, found, (i for ids in names.values() for i in ids))
    return [first, *(other for other in found if other != first)]


def _one(wanted: str, found: list[Name], ids: object) -> Name:
    """The first of the things found, if all have one id."""
    distinct = list(dict.fromkeys(name.id for name in found))
    if not found:
        close = closest(split_kind(wanted)[1], ids)  # type: ignore[arg-type]
        hint = f"Closest: {', '.join(close)}." if close else "There is nothing to show here yet."
        raise NotFoundError(f"'{wanted}' is not the id of a node, sample, item, patch or round, nor part of one.\n  {hint}")
    if len(distinct) > 1:
        shown = "\n".join(f"  {name.kind:<10}  {name.id}" for name in found[:CANDIDATES])
        more = f"\n  … and {len(found) - CANDIDATES:,} more" if len(found) > CANDIDATES else ""
        raise NotFoundError(f"'{wanted}' fits {counted(len(distinct), 'id')}. Type more of one of them:\n{shown}{more}")
    return found[0]


def traced(repo: Repository, lineage: Lineage, kind: Kind, thing: str) -> Trace:
    """The trace of a thing of any kind."""
    from proda.history import places, round_record

    if kind == "topic":
        return places.topic_trace(lineage, thing)
    if kind == "discipline":
        return places.discipline_trace(lineage, thing)
    if kind == "source":
        return places.source_trace(lineage, places.read_source(repo.root, thing))
    if kind == "passage" and (passage := places.parse_passage(thing)):
        source, start, end = passage
        return places.passage_trace(lineage, places.read_source(repo.root, source), start, end)
    if kind == "round":
        record = round_record.read_round(repo.root, int(thing.removeprefix("round-")), lineage.repairs)
        return round_record.round_trace(record, lineage.repairs)
    found = trace(lineage, kind, thing)
    if kind != "patch":
        return found
    from proda.history.git_log import changes

    commits = changes(repo.root, "--diff-filter=A", "--", f"{PATCHES.as_posix()}/{thing}.yaml")
    added = Group("commits", tuple(Link(c.short, c.subject, c.date) for c in commits))
    return msgspec.structs.replace(found, comes_from=(*found.comes_from, added) if commits else found.comes_from)


def as_data(lineage: Lineage, found: Trace) -> dict[str, object]:
    """The trace as JSON has it: the record's own fields, both directions in full, and every answer or count of answers."""
    thing = found.thing
    data: dict[str, object] = {"record": found.kind, **msgspec.structs.asdict(thing)}
    if isinstance(thing, Sample):
        data |= {"prompt": thing.prompt, "completion": thing.completion, "file": lineage.files.get(thing.id)}
        data |= {"removed": thing.id in lineage.dropped}
    if isinstance(thing, Item) and lineage.hidden(thing):
        # The content hash covers the right option, which one of four guesses would find.
        data = {field: data[field] for field in OPEN}
        data["options"] = [{"text": option.text} for option in thing.options]
    elif isinstance(thing, Item):
        data |= {"hash": thing.content_hash, "answers": lineage.outcomes_of.get(thing.id, [])}
    elif found.kind in NODES or found.kind == "sample":
        tested = [lineage.items[link.id] for group in found.leads_to if group.name == "items" for link in group.links]
        data["tallies"] = lineage.tallies(tested)
    if found.kind == "patch":
        data |= {"verdict": lineage.repairs.verdicts.get(thing.id)}
    data["diagnoses"] = found.diagnoses
    data["noticed"] = found.noticed
    data["comes_from"] = {group.name: group.links for group in found.comes_from}
    data["leads_to"] = {group.name: group.links for group in found.leads_to}
    return data
