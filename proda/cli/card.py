"""A trace as text for a terminal: what the thing says first, then its diagnoses, where it comes from and where it leads.

item  physics/bimetal-strip-bends:dev-bridge  dev, bridge
  One concept completes both statements: “Heating causes …” and “… increases the line resistance”. Which one?

    A  heat conduction
       half: Heating causes heat conduction. But “… increases the line resistance” is completed by thermal expansion.
       chosen by seed-1

  ✓ B  thermal expansion
       chosen by base, seed-0

diagnosis
  concept gap, confidence 1.00: 2 of 2 failing models
  …
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from proda.cli.card_bodies import body
from proda.cli.text import dim, short, wrap
from proda.history.lineage import Lineage
from proda.history.repairs import confidence_text, evidence_text
from proda.history.trace import Group, Trace
from proda.records import Chain, Concept, Diagnosis, Evidence, Item, Patch, Sample

ALWAYS = frozenset({"outcomes", "verdicts"})  # groups that are listed in full


def card(lineage: Lineage, found: Trace, *, few: int | None, width: int) -> str:
    """The whole card, styled. Lists `few` neighbours of each sort, or all if None; lines have at most about `width` columns."""
    thing = found.thing
    kind = "link" if isinstance(thing, Chain) and thing.is_link else found.kind
    lines = [f"{click.style(kind, fg='cyan')}  {click.style(thing.id, bold=True)}{dim(_aside(lineage, thing))}"]
    lines += body(lineage, thing, width)
    lines += _findings(lineage, found, few, width)
    for title, groups in (("comes from", found.comes_from), ("leads to", found.leads_to)):
        lines += ["", click.style(title, bold=True)]
        lines += [line for group in groups for line in _group(group, few, width)] or [dim("  nothing")]
    return "\n".join(lines)


def _aside(lineage: Lineage, thing: object) -> str:
    if isinstance(thing, Item):
        return f"  {thing.split}, {thing.kind}"
    if isinstance(thing, Sample):
        return f"  {thing.format}{', removed from training' if thing.id in lineage.dropped else ''}"
    if isinstance(thing, Concept | Chain) and thing.status == "retired":
        return f"  retired, replaced by {thing.replaced_by}" if thing.replaced_by else "  retired"
    if isinstance(thing, Patch):
        return f"  {thing.category}"
    return f"  {thing.type}" if isinstance(thing, Concept) else ""


def _findings(lineage: Lineage, found: Trace, few: int | None, width: int) -> Iterator[str]:
    """The diagnoses about the thing, each with the statements it blames and the evidence; then what else probing found there."""
    own = isinstance(found.thing, Item)
    if found.diagnoses:
        yield from ("", click.style("diagnosis" if own else "diagnoses that blame it", bold=True))
        shown = found.diagnoses if few is None else found.diagnoses[:few]
        for diagnosis in shown:
            yield from _diagnosis(lineage, diagnosis, width, own)
        if more := len(found.diagnoses) - len(shown):
            yield dim(f"  … and {more:,} more (--all)")
    elif own and not lineage.hidden(found.thing):
        yield from _undiagnosed(lineage, found.thing)
    told = {e for d in found.diagnoses if own for e in d.evidence}
    if rest := [e for e in found.noticed if e not in told]:
        yield from (
            "",
            click.style(
                "what probing finds at its targets now" if isinstance(found.thing, Patch) else "what probing found there", bold=True
            ),
        )
        yield from _evidence(lineage, rest, width)


def _undiagnosed(lineage: Lineage, item: Item) -> Iterator[str]:
    """Why a failed item has no diagnosis."""
    tuned = [o for o in lineage.outcomes_of.get(item.id, ()) if o.model != "base" and lineage.fresh(o) and o.correct is not None]
    failed = 2 * sum(not o.correct for o in tuned) > len(tuned)
    if failed and item.split != "dev":
        yield from ("", click.style("diagnosis", bold=True), dim(f"  none: only dev items are diagnosed, and this is a {item.split} item"))
    elif failed:
        yield from ("", click.style("diagnosis", bold=True), dim("  none yet: run `dvc repro diagnose`"))


def _diagnosis(lineage: Lineage, diagnosis: Diagnosis, width: int, own: bool) -> Iterator[str]:
    item = lineage.items.get(diagnosis.item)
    older = item is not None and item.content_hash != diagnosis.hash
    if not own:
        yield f"  {diagnosis.item}"
    yield f"  {click.style(diagnosis.category, fg='yellow')}, {confidence_text(diagnosis)}{', of an older wording' if older else ''}"
    yield from wrap(diagnosis.reason, 2, width) if diagnosis.reason else ()
    if own:
        blamed = {e.node: e for e in reversed(diagnosis.evidence)}
        for label, nodes in (("blamed", diagnosis.nodes), ("also unknown", [n for n in reversed(blamed) if n not in diagnosis.nodes])):
            for node in nodes:
                yield from wrap(f"{label}  {node}{_text_of(lineage, node)}", 4, width, first="  ")
                yield from wrap(_words(lineage, blamed[node]), 4, width) if node in blamed else ()
    elif diagnosis.nodes:
        yield from wrap(f"blamed  {', '.join(diagnosis.nodes)}", 4, width, first="  ")


def _text_of(lineage: Lineage, node: str) -> str:
    know = lineage.knowledge
    if node in know.statements:
        return f"  {know.statements[node].text}"
    return f"  {know.concepts[node].term}" if node in know.concepts else "  (this node no longer exists)"


def _evidence(lineage: Lineage, found: Sequence[Evidence], width: int) -> Iterator[str]:
    for node in dict.fromkeys(e.node for e in found):
        yield f"  {node}"
        for evidence in (e for e in found if e.node == node):
            yield from wrap(_words(lineage, evidence), 4, width)


def _words(lineage: Lineage, evidence: Evidence) -> str:
    margin = f" Mean margin {evidence.margin:+.3f}." if evidence.probe != "data" else ""
    return f"{evidence_text(lineage.knowledge, evidence)}{margin}"


def _group(group: Group, few: int | None, width: int) -> Iterator[str]:
    """A heading with the count, then a row for each neighbour: id, remark, and what it says as far as the line goes."""
    shown = group.links if few is None or group.name in ALWAYS else group.links[:few]
    more = len(group.links) - len(shown)
    yield f"  {group.name} {dim(f'{len(group.links):,}')}"
    column = max((len(link.id) for link in shown), default=0)
    notes = {link.id: f"  {link.note}" if link.note else "" for link in shown}
    beside = all(width - 6 - column - len(notes[link.id]) >= 28 for link in shown)
    for link in shown:
        lead = f"    {link.id:<{column}}{dim(notes[link.id])}"
        if beside and link.text:
            yield f"{lead}  {short(link.text, width - 6 - column - len(notes[link.id]))}"
        else:
            yield lead.rstrip()
            yield from wrap(short(link.text, 2 * (width - 6)), 6, width) if link.text else ()
    if more:
        yield dim(f"    … and {more:,} more (--all)")
