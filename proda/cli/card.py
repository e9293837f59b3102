"""A trace as text for a terminal: what the thing says first, then where it comes from and where it leads.

item  physics/bimetal-strip-bends:dev-path  dev, path
  Which explanation leads all the way from heating to bending?

    A  heating causes bending, which …
       inversion: “heating causes bending” is neither stated nor implied.
       chosen by seed-1

  ✓ B  heating causes thermal expansion, which …
       chosen by base, seed-0
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from proda.history.lineage import Group, Lineage, Trace
from proda.language.wording import clause
from proda.records import LETTERS, Chain, Concept, Item, Sample, Statement


def card(lineage: Lineage, trace: Trace, *, few: int | None, width: int) -> str:
    """The whole card, styled; `few` neighbours of each sort are listed, all if None; lines of at most about `width` columns."""
    thing = trace.thing
    lines = [f"{click.style(trace.kind, fg='cyan')}  {click.style(thing.id, bold=True)}{_dim(_aside(thing))}"]
    lines += _body(lineage, thing, width)
    for title, groups in (("comes from", trace.comes_from), ("leads to", trace.leads_to)):
        lines += ["", click.style(title, bold=True)]
        lines += [line for group in groups for line in _group(group, few, width)] or [_dim("  nothing yet")]
    return "\n".join(lines)


def _aside(thing: object) -> str:
    if isinstance(thing, Item):
        return f"  {thing.split}, {thing.kind}"
    if isinstance(thing, Sample):
        return f"  {thing.format}"
    if isinstance(thing, Concept | Chain) and thing.status == "retired":
        return f"  retired, replaced by {thing.replaced_by}" if thing.replaced_by else "  retired"
    return f"  {thing.type}" if isinstance(thing, Concept) else ""


def _body(lineage: Lineage, thing: object, width: int) -> Iterator[str]:
    if isinstance(thing, Concept):
        yield from _wrap(f"{thing.term}: {thing.definition}", 2, width)
        for label, values in (("also called", thing.aliases), ("not to be confused with", thing.distinct_from)):
            if values:
                yield from _wrap(_dim(f"{label} {', '.join(values)}"), 2, width)
    elif isinstance(thing, Statement):
        yield from _step(lineage, thing, "", width)
    elif isinstance(thing, Chain):
        yield from _wrap(thing.explains, 2, width)
        for label, values in (("holds when", thing.preconditions), ("not for", thing.exclusions)):
            if values:
                yield from _wrap(_dim(f"{label}: {'; '.join(values)}"), 2, width)
        for number, step in enumerate(lineage.knowledge.path(thing), 1):
            yield ""
            yield from _step(lineage, step, str(number), width)
    elif isinstance(thing, Sample):
        yield from (line for part in thing.prompt.split("\n") for line in _wrap(part, 2, width))
        yield from (click.style(line, fg="green") for line in _wrap(thing.completion, 2, width))
    elif isinstance(thing, Item):
        yield from _question(lineage, thing, width)


def _question(lineage: Lineage, item: Item, width: int) -> Iterator[str]:
    """Stem, then each option with what is wrong about it and who chose it."""
    yield from _wrap(item.stem, 2, width)
    for letter, option in zip(LETTERS, item.options, strict=False):
        right = letter == item.answer
        text = _wrap(option.text, 7, width, first=f"  {'✓' if right else ' '} {letter}  ")
        yield ""
        yield from (click.style(line, fg="green") for line in text) if right else text
        operators = " and ".join(x for x in (option.operator, option.also) if x)
        if why := ": ".join(x for x in (operators, option.wrong_because) if x):
            yield from (_dim(line) for line in _wrap(why, 7, width))
        if chosen := [o.model for o in lineage.outcomes_of.get(item.id, ()) if o.chosen == letter and lineage.fresh(o)]:
            yield click.style(f"       chosen by {', '.join(chosen)}", fg="green" if right else "red")


def _step(lineage: Lineage, statement: Statement, number: str, width: int) -> Iterator[str]:
    """The sentence, its triple, and the evidence with its source."""
    lead = f"  {number}  " if number else "  "
    yield from _wrap(statement.text, len(lead), width, first=lead)
    know = lineage.knowledge
    known = statement.subject in know.concepts and statement.object in know.concepts and statement.relation in know.relations
    said = clause(know, statement.triple) if known else " ".join(statement.triple)
    yield _dim(f"{' ' * len(lead)}{_short(said, width - len(lead))}")
    where = f"{statement.span.source}[{statement.span.start}:{statement.span.end}]"
    yield from (_dim(line) for line in _wrap(f"“{statement.quote}” {where}", len(lead), width))


def _group(group: Group, few: int | None, width: int) -> Iterator[str]:
    """A heading with the count, then a row for each neighbour: id, remark, and what it says as far as the line goes."""
    shown = group.links if few is None or group.name == "outcomes" else group.links[:few]
    more = len(group.links) - len(shown)
    yield f"  {group.name} {_dim(str(len(group.links)))}"
    column = max((len(link.id) for link in shown), default=0)
    notes = {link.id: f"  {link.note}" if link.note else "" for link in shown}
    beside = all(width - 6 - column - len(notes[link.id]) >= 28 for link in shown)
    for link in shown:
        lead = f"    {link.id:<{column}}{_dim(notes[link.id])}"
        if beside and link.text:
            yield f"{lead}  {_short(link.text, width - 6 - column - len(notes[link.id]))}"
        else:
            yield lead.rstrip()
            yield from _wrap(_short(link.text, 2 * (width - 6)), 6, width) if link.text else ()
    if more:
        yield _dim(f"    … and {more:,} more (--all)")


def _wrap(text: str, indent: int, width: int, first: str | None = None) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(text, width, initial_indent=first or blank, subsequent_indent=blank, break_on_hyphens=False) or [blank]


def _short(text: str, width: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: max(width - 1, 1)].rstrip() + "…"


def _dim(text: str) -> str:
    return click.style(text, dim=True) if text else ""
