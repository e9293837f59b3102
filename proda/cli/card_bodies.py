"""What a thing says, as lines for a terminal: the middle of a card, one function for each kind of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from proda.cli.text import dim, p_text, short, wrap
from proda.errors import counted
from proda.history.lineage import Lineage
from proda.history.places import Discipline, Passage, Source, Topic
from proda.history.round_record import BeforeAfter, RoundRecord, loss_text
from proda.language.wording import sentence
from proda.records import LETTERS, Chain, Concept, Item, Patch, Sample, Statement


def body(lineage: Lineage, thing: object, width: int) -> Iterator[str]:
    """The lines of any record that `proda show` shows."""
    if isinstance(thing, Concept):
        yield from wrap(f"{thing.term}: {thing.definition}", 2, width)
        for label, values in (("also called", thing.aliases), ("not to be confused with", thing.distinct_from)):
            if values:
                yield from wrap(dim(f"{label} {', '.join(values)}"), 2, width)
    elif isinstance(thing, Statement):
        yield from _step(lineage, thing, "", width)
    elif isinstance(thing, Chain):
        yield from _chain(lineage, thing, width)
    elif isinstance(thing, Sample):
        yield from (line for part in thing.prompt.split("\n") for line in wrap(part, 2, width))
        yield from (click.style(line, fg="green") for line in wrap(thing.completion, 2, width))
    elif isinstance(thing, Item):
        yield from _question(lineage, thing, width)
    elif isinstance(thing, Patch):
        yield from _patch(lineage, thing, width)
    elif isinstance(thing, Topic | Discipline):
        yield from _place(thing, width)
    elif isinstance(thing, Source):
        yield f"  {thing.title}"
        yield from wrap(dim(f"{thing.file}, {len(thing.text):,} characters. Origin: {thing.origin}. Licence: {thing.licence}."), 2, width)
    elif isinstance(thing, Passage):
        yield from wrap(dim(f"{thing.title}, characters {thing.start:,} to {thing.end:,}"), 2, width)
        text = f"{dim('… ' + thing.before)}{click.style(thing.text, bold=True)}{dim(thing.after + ' …')}"
        yield from (line for part in text.split("\n") if part.strip() for line in wrap(part, 2, width))
    elif isinstance(thing, RoundRecord):
        yield from _round(thing, width)


def _chain(lineage: Lineage, chain: Chain, width: int) -> Iterator[str]:
    if chain.is_link:
        yield from _step(lineage, lineage.knowledge.path(chain)[0], "", width)
        yield from _reference(chain, width)
        return
    yield from wrap(chain.explains, 2, width)
    for label, values in (("holds when", chain.preconditions), ("not for", chain.exclusions)):
        if values:
            yield from wrap(dim(f"{label}: {'; '.join(values)}"), 2, width)
    yield from _reference(chain, width)
    for number, step in enumerate(lineage.knowledge.path(chain), 1):
        yield ""
        yield from _step(lineage, step, str(number), width)


def _reference(chain: Chain, width: int) -> Iterator[str]:
    """The published work in which the chain or link can be checked."""
    if (work := chain.reference) is not None:
        section = f", {work.section}" if work.section else ""
        yield from wrap(dim(f"see {work.author}, {work.title} ({work.year}){section}"), 2, width)


def _question(lineage: Lineage, item: Item, width: int) -> Iterator[str]:
    """Stem, then each option with what is wrong about it and which models chose it; of a hidden item the texts alone."""
    yield from wrap(item.stem, 2, width)
    hidden = lineage.hidden(item)
    for letter, option in zip(LETTERS, item.options, strict=False):
        right = letter == item.answer and not hidden
        text = wrap(option.text, 7, width, first=f"  {'✓' if right else ' '} {letter}  ")
        yield ""
        yield from (click.style(line, fg="green") for line in text) if right else text
        if hidden:
            continue
        operators = " and ".join(x for x in (option.operator, option.also) if x)
        if why := ": ".join(x for x in (operators, option.wrong_because) if x):
            yield from (dim(line) for line in wrap(why, 7, width))
        if chosen := [o.model for o in lineage.outcomes_of.get(item.id, ()) if o.chosen == letter and lineage.fresh(o)]:
            yield click.style(f"       chosen by {', '.join(chosen)}", fg="green" if right else "red")
    if hidden:
        yield from ("", dim("  A sealed item: which option is right is not shown. `--sealed` shows it."))


def _step(lineage: Lineage, statement: Statement, number: str, width: int) -> Iterator[str]:
    """The sentence, its triple, and the evidence with its source."""
    lead = f"  {number}  " if number else "  "
    yield from wrap(statement.text, len(lead), width, first=lead)
    know = lineage.knowledge
    known = statement.subject in know.concepts and statement.object in know.concepts and statement.relation in know.relations
    said = sentence(know, statement) if known else " ".join(statement.triple)
    yield dim(f"{' ' * len(lead)}{short(said, width - len(lead))}")
    where = f"{statement.span.source}[{statement.span.start}:{statement.span.end}]"
    yield from (dim(line) for line in wrap(f"“{statement.quote}” {where}", len(lead), width))


def _patch(lineage: Lineage, patch: Patch, width: int) -> Iterator[str]:
    """Why it was written, what it holds, and its verdict."""
    yield from wrap(patch.reason, 2, width)
    verdict = lineage.repairs.verdicts.get(patch.id, {})
    parts = [counted(len(patch.samples), "sample") + " added"]
    parts += [counted(len(patch.remove), "sample") + " removed"] if patch.remove else []
    parts += [counted(len(patch.override), "sample") + " reworded"] if patch.override else []
    parts += [counted(len(patch.edits), "edit") + " to the knowledge"] if patch.edits else []
    yield dim(f"  round {patch.round}, for {counted(len(patch.items), 'failed item')}: {', '.join(parts)}")
    why = f". {verdict['why']}" if verdict.get("why") else ""
    yield from wrap(f"verdict: {lineage.repairs.says(patch.id)}{why}", 4, width, first="  ")
    rows = verdict.get("items")
    for item, row in rows.items() if isinstance(rows, Mapping) else ():
        if isinstance(row, Mapping) and row.get("shown"):
            yield from wrap(f"{item}: {row['shown']}", 6, width, first="    ")


def _place(thing: Topic | Discipline, width: int) -> Iterator[str]:
    held = [counted(thing.topics, "topic")] if isinstance(thing, Discipline) else []
    held += [counted(thing.chains, "chain")]
    held += [counted(thing.links, "link")] if thing.links else []
    held += [counted(thing.cases, "case")] if thing.cases else []
    held += [counted(thing.statements, "statement"), counted(thing.concepts, "concept")]
    yield from wrap(", ".join(held), 2, width)
    items = ", ".join(f"{n:,} {split}" for split, n in thing.items.items())
    yield from wrap(f"{counted(thing.samples, 'sample')}; items: {items or 'none'}", 2, width)
    if thing.diagnoses:
        found = ", ".join(f"{n:,} {category}" for category, n in thing.diagnoses.items())
        yield from wrap(f"diagnosed dev items: {found}", 2, width)
    if isinstance(thing, Topic):
        yield dim(f"  {thing.file}, from {', '.join(thing.sources) or 'no source'}")


def _round(record: RoundRecord, width: int) -> Iterator[str]:
    found = ", ".join(f"{n:,} {category}" for category, n in record.categories.items())
    patches = f"{counted(len(record.patches), 'patch')}{f' ({found})' if found else ''}, {counted(record.samples, 'sample')} added"
    yield from wrap(patches + (f"; {len(record.reverted):,} reverted since" if record.reverted else ""), 2, width)
    if record.added:
        dates = dict.fromkeys((record.added[0].date, record.added[-1].date))
        yield dim(f"  commits {record.added[0].short} to {record.added[-1].short}, {' to '.join(dates)}")
    if record.reallocation:
        back = f", reverted by {record.reallocation_reverted.short}" if record.reallocation_reverted else ""
        yield from wrap(f"samples reallocated by {record.reallocation.short}{back}", 2, width)
    verdict = record.verdict
    if verdict is None:
        yield from ("", "  not judged yet: run `dvc repro`, then `proda verify`")
        return
    yield from ("", *(f"  {click.style(verdict.says, bold=True)}: {reason}" for reason in verdict.reasons))
    yield from ("", dim(f"  {'':<15}{'items':>6}{'before':>9}{'after':>8}   change"))
    yield from (_compared(name, c) for name, c in verdict.splits.items())
    if general := verdict.general:
        numbers = f"{general.get('before', 0):>9.3f}{general.get('after', 0):>8.3f}   {general.get('difference', 0):+.3f}"
        yield f"  {'general suite':<15}{'':>6}{numbers}"
    for name, suite in verdict.suites.items():
        numbers = f"{suite.get('before', 0):>9.3f}{suite.get('after', 0):>8.3f}   {suite.get('difference', 0):+.3f}"
        yield f"  {f'  {name}':<15}{'':>6}{numbers}"
    if loss := verdict.neutral_text:
        after = f"{loss['after']:.3f}" if "after" in loss else "–"
        yield f"  {'neutral text':<15}{'':>6}{loss.get('before', 0):>9.3f}{after:>8}   {loss_text(loss)}"


def _compared(name: str, c: BeforeAfter) -> str:
    change = f"{c.difference:+.3f} [{c.ci95_low:+.3f}, {c.ci95_high:+.3f}]"
    return f"  {name:<15}{c.n:>6}{c.before:>9.3f}{c.after:>8.3f}   {change}   {c.better} better, {c.worse} worse   {p_text(c.p)}"
