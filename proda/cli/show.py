"""`proda show ID`: a node, sample or item as a card, with what it comes from and what comes from it.

    $ proda show physics/bimetal-strip-bends.s1
    statement  physics/bimetal-strip-bends.s1
      Heating a metal strip causes thermal expansion.
      …
    comes from
      passages  physics/heat-and-matter[1203:1260]  “Heating a metal strip …”
    leads to
      samples 14  physics/bimetal-strip-bends.s1:open-1  What does heating cause?

Only files that name what is asked for are parsed, so that one card of a large corpus costs little.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click
import msgspec

from proda.cli.card import card
from proda.cli.settings import note
from proda.history.lineage import Lineage, Trace
from proda.history.repository import Repository
from proda.records import SPLITS, Item, Sample, Wording
from proda.store.corpus import CORPUS, PATCHES, decode_overridden, decode_sample
from proda.store.items import ITEMS, decode_item
from proda.store.patches import as_changed
from proda.workflows.freshness import stale_line
from proda.yamlio import load_yaml

FEW = 3


@click.command(epilog="Example: proda show physics/thermal-expansion")
@click.argument("thing", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--all", "everything", is_flag=True, help="List all neighbours, not the first few of each sort.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def show(thing: str, as_json: bool, everything: bool, root: str) -> None:
    """Show the node, sample or item ID, with what it comes from and what comes from it."""
    repo = Repository.open(root)
    note(stale_line(repo.root))
    lineage = gather(repo, thing)
    trace = lineage.trace(thing)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(as_data(lineage, trace)), indent=2))
        return
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    click.echo(card(lineage, trace, few=None if everything else FEW, width=width), color=False if plain else None)


def gather(repo: Repository, thing: str) -> Lineage:
    """The lineage of one id, read from the files that name it; of everything if none does, so that close ids can be offered."""
    root, knowledge = repo.root, repo.knowledge
    sample_paths = [*sorted((root / CORPUS).glob("*/*.yaml")), *sorted((root / PATCHES).glob("*.yaml"))]
    item_paths = [path for split in SPLITS for path in sorted((root / ITEMS / split).glob("*/*.yaml"))]
    # What is made from a node is named after it and lists it, so a file that does not hold the id has nothing to add.
    node = thing.partition(":")[0]
    needle = knowledge.statements[node].chain if node in knowledge.statements else node
    samples, files = _samples([p for p in sample_paths if _names(p, {needle, thing})], root)
    wanted = {needle, thing, *(n for s in samples if s.id == thing for n in s.nodes)}
    items = _items([p for p in item_paths if _names(p, wanted)])
    outcomes = repo.outcomes(*sorted({i.split for i in items})) if items else []
    lineage = Lineage(knowledge, samples, items, outcomes, files)
    if lineage.kind_of(thing) is None:
        lineage = Lineage(knowledge, _samples(sample_paths, root)[0], _items(item_paths))
    return lineage


def as_data(lineage: Lineage, trace: Trace) -> dict[str, object]:
    """The card as JSON has it: the record's own fields, both directions in full, and every answer or count of answers."""
    thing = trace.thing
    data: dict[str, object] = {"record": trace.kind, **msgspec.structs.asdict(thing)}
    if isinstance(thing, Sample):
        data |= {"prompt": thing.prompt, "completion": thing.completion, "file": lineage.files.get(thing.id)}
    if isinstance(thing, Item):
        data |= {"hash": thing.content_hash, "answers": lineage.outcomes_of.get(thing.id, [])}
    else:
        tested = [lineage.items[link.id] for group in trace.leads_to if group.name == "items" for link in group.links]
        data["tallies"] = lineage.tallies(tested)
    data["comes_from"] = {group.name: group.links for group in trace.comes_from}
    data["leads_to"] = {group.name: group.links for group in trace.leads_to}
    return data


def _names(path: Path, needles: set[str]) -> bool:
    content = path.read_bytes()
    return any(needle.encode() in content for needle in needles)


def _samples(paths: list[Path], root: Path) -> tuple[list[Sample], dict[str, str]]:
    """Samples of the files as patches among them word them, and sample id → file relative to `root` that holds its words."""
    samples: list[Sample] = []
    files: dict[str, str] = {}
    worded: dict[str, Wording | None] = {}
    for path in paths:
        raw, file = load_yaml(path), path.relative_to(root).as_posix()
        by = [decode_overridden(entry, path) for entry in raw.get("override", ())]
        found = [decode_sample(entry, path) for entry in raw.get("samples", ())]
        worded |= {o.sample: o.by for o in by}
        files |= dict.fromkeys((*(s.id for s in found), *(o.sample for o in by)), file)
        samples += found
    return as_changed(samples, worded), files


def _items(paths: list[Path]) -> list[Item]:
    by_name = {str(split): split for split in SPLITS}
    return [decode_item(raw, path, by_name[path.parts[-3]]) for path in paths for raw in load_yaml(path)["items"]]
