"""`proda diff [A [B]]`: compares two revisions by meaning.

    $ proda diff                      HEAD against the working tree
    $ proda diff main                 main against the working tree
    $ proda diff v1..v2               v1 against v2
    $ proda diff main --samples 5     with five changed samples, old and new
    $ proda diff main --markdown      as a comment on a pull request

Exit status 0 whether or not anything differs, 1 if a revision cannot be read, 2 if the command is called wrongly.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
import msgspec

from proda.cli.comment import comment
from proda.cli.settings import COUNT, FEW, ROOT_HELP, note, range_ends, sealed_option
from proda.errors import UsageError, counted
from proda.history.anchors import anchors_of
from proda.history.compare import CHANGES, Comparison, Derived, FieldChange, NeutralScore, Score, causes, compare, tally
from proda.history.flips import evenly
from proda.history.repository import Repository
from proda.history.revision import TEXT_HASH, read_revision


@click.command(epilog="Example: proda diff main --markdown")
@click.argument("revisions", metavar="[A [B]]", nargs=-1)
@click.option("--samples", "shown", metavar="N", type=COUNT, help="Show N changed samples, old and new text.")
@click.option("--all", "everything", is_flag=True, help="List every node and flip, not the first dozen.")
@sealed_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a comment for a pull request.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def diff(
    revisions: tuple[str, ...], shown: int | None, everything: bool, sealed: bool, as_json: bool, as_markdown: bool, root: str
) -> None:
    """Compare two revisions by meaning: nodes, samples, items, flips, scores.

    An item flips if its majority answer changes: most tuned seeds were wrong and are right, or the other way round. Without A: HEAD against
    the work tree. With A: A against the work tree. With A and B (or A..B): A against B.
    """
    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other. Leave one out.")
    old_name, new_name = ends(revisions)
    old, new = Repository.open(root, old_name), Repository.open(root, new_name)
    stale = ""
    if new_name is None:
        from proda.workflows.freshness import stale_line

        stale = stale_line(new.root)
        note(stale)
    found = compare(read_revision(old, beside=new), read_revision(new, beside=old), sealed=sealed)
    if as_json:
        scores = [{**msgspec.structs.asdict(s), "difference": s.difference} for s in found.scores]
        data = {**msgspec.structs.asdict(found), "same": found.same, "scores": scores}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
    elif as_markdown:
        click.echo(comment(found, anchors_of(new.root, {node.id: node.span for node in found.nodes if node.span})))
    else:
        plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
        texts = lines(found, None if everything else FEW, samples=shown or 0, stale=bool(stale))
        click.echo("\n".join(texts), color=False if plain else None)


def ends(revisions: Sequence[str]) -> tuple[str, str | None]:
    """Return (A, B) of the arguments; B is None for the work tree. Raises UsageError for more than two, and for `A...B`."""
    if len(revisions) == 1 and ".." in revisions[0]:
        if "..." in revisions[0]:
            raise UsageError(f"'{revisions[0]}': expected A..B. To compare with the merge base: `proda diff $(git merge-base A B) B`.")
        return range_ends(revisions[0])
    if len(revisions) > 2:
        raise UsageError(f"Expected at most two revisions, got {len(revisions)}: {' '.join(revisions)}.")
    return (revisions[0] if revisions else "HEAD"), (revisions[1] if len(revisions) == 2 else None)


def lines(found: Comparison, few: int | None, *, samples: int = 0, stale: bool = False) -> Iterator[str]:
    """Yield the comparison for a terminal: `few` entries of each list (None: all), and `samples` changed samples with their texts.

    `stale` says that scores and answers of the new side are older than its data.
    """
    yield f"{click.style(found.old, bold=True)} → {click.style(found.new, bold=True)}"
    if found.same:
        yield "no difference in meaning"
    if found.scores:
        when = "  of the last build: not rebuilt yet" if stale else ""
        yield from ("", f"{click.style('scores', bold=True)}{when}", *(f"  {line}" for line in _score_lines(found.scores)))
        yield from (f"  {line}" for line in _neutral_lines(found.neutral))
    if found.nodes:
        yield from ("", f"{click.style('nodes', bold=True)}  {_changes(n.change for n in found.nodes)}")
        for node in found.nodes[:few]:
            yield f"  {click.style(f'{node.change:<8}', fg=COLOURS[node.change])} {node.kind:<9}  {node.id}"
            yield from (f"           {f.field}: {quoted(f.old)} → {quoted(f.new)}" for f in node.fields)
            yield from () if node.fields else (f"           {node.text}",)
        yield from _more(len(found.nodes), few)
    if found.settings:
        yield from ("", click.style("settings and texts", bold=True))
        yield from (f"  {f.field}: {_setting(f)}" for f in found.settings[:few])
        yield from _more(len(found.settings), few)
    for title, derived in (("samples", found.samples), ("items", found.items)):
        if derived:
            yield from ("", f"{click.style(title, bold=True)}  {_changes(d.change for d in derived)}", *_derived_lines(derived))
    if found.hidden_items:
        yield f"  and {counted(found.hidden_items, 'sealed item')}, not listed"
    yield from _sample_lines(found.samples, samples)
    yield from _answer_lines(found, few)


COLOURS = {"added": "green", "changed": "yellow", "retired": "magenta", "removed": "red"}


def _changes(changes: Iterable[str]) -> str:
    """Return for example "2 added, 1 changed"."""
    counts = Counter(changes)
    return ", ".join(f"{counts[c]:,} {c}" for c in CHANGES if counts[c])


def quoted(value: str | None) -> str:
    """Return a field's value in quotes; a dash if it is absent."""
    return "–" if value is None else f"“{value}”"


def signed(counts: Mapping[str, int]) -> str:
    """Return counts by change in short form: "+25 −25", "+3 ~2" (added, removed, changed)."""
    marks = {"added": "+", "removed": "−", "changed": "~", "retired": "×"}
    return " ".join(f"{marks[c]}{counts[c]:,}" for c in ("added", "removed", "changed", "retired") if counts.get(c))


def _setting(change: FieldChange) -> str:
    """A changed setting; a text, of which only a hash is known, in words."""
    shown = {change.old, change.new} - {None}
    if shown and all(str(value).startswith(TEXT_HASH) for value in shown):
        return "new text" if change.old is None else "text removed" if change.new is None else "text changed"
    return f"{quoted(change.old)} → {quoted(change.new)}"


def _score_lines(scores: Sequence[Score]) -> Iterator[str]:
    for score in scores:
        old, new = ("   –" if v is None else f"{v:.3f}" for v in (score.old, score.new))
        moved = ""
        if score.difference is not None and abs(score.difference) >= 0.05:
            moved = click.style(f"{score.difference:+.1f} points", fg="green" if score.difference > 0 else "red")
        yield f"{score.model:<6} {score.suite:<8} {old:>6} → {new:>6}   {moved}".rstrip()


def _neutral_lines(scores: Sequence[NeutralScore]) -> Iterator[str]:
    for score in scores:
        old, new = ("   –" if v is None else f"{v:.3f}" for v in (score.old, score.new))
        moved = ""
        if score.difference is not None and abs(score.difference) >= 0.0005:
            moved = click.style(f"{score.difference:+.3f} nats per token", fg="red" if score.difference > 0 else "green")
        yield f"{score.model:<6} {'loss on neutral text':<8} {old:>6} → {new:>6}   {moved}".rstrip()


def _derived_lines(changes: Sequence[Derived]) -> Iterator[str]:
    for field in ("discipline", "sort"):
        parts = [f"{name} {signed(counts)}" for name, counts in tally(changes, field).items()]
        yield f"  {'in' if field == 'discipline' else 'as':<7}  {', '.join(parts)}"
    named = [f"{node} {times:,}" if node else f"no changed node ({times:,})" for node, times in causes(changes)]
    rest = f", … {len(named) - 5:,} more" if len(named) > 5 else ""
    yield f"  because  {', '.join(named[:5])}{rest}"


def _sample_lines(samples: Sequence[Derived], number: int) -> Iterator[str]:
    """Some changed samples, old and new; those that were reworded first, since a reader can compare them."""
    order = ("changed", "added", "removed")
    for sample in sorted(samples, key=lambda s: (order.index(s.change) if s.change in order else len(order), s.id))[:number]:
        yield f"  {click.style(f'{sample.change:<8}', fg=COLOURS[sample.change])} {sample.id}"
        for mark, text, colour in (("-", sample.old, "red"), ("+", sample.new, "green")):
            yield from (click.style(f"    {mark} {line}", fg=colour) for line in (text or "").splitlines())


def _answer_lines(found: Comparison, few: int | None) -> Iterator[str]:
    a = found.answers
    if not any(msgspec.structs.astuple(a)):
        return
    yield ""
    yield f"{click.style('answers', bold=True)}  {counted(a.compared, 'item')} compared, by the majority of the tuned seeds"
    yield f"  wrong → right {a.better:,}, right → wrong {a.worse:,}"
    if a.sealed_better or a.sealed_worse:
        yield f"  of these sealed: {a.sealed_better:,} and {a.sealed_worse:,}"
    apart = {
        "not compared, since the item's text changed": a.reworded,
        "unscored in either": a.unscored,
        f"only in {found.old}": a.only_old,
        f"only in {found.new}": a.only_new,
        "answered before the item's text changed (run `dvc repro`)": a.stale,
    }
    yield from (f"  {number:,} {what}" for what, number in apart.items() if number)
    better, worse = ([flip for flip in found.flips if flip.better is side] for side in (True, False))
    for flip in evenly(better, worse, few):
        mark = click.style("better", fg="green") if flip.better else click.style("worse ", fg="red")
        margins = f"margin {margin(flip.before.margin)} → {margin(flip.after.margin)}"
        yield f"  {mark}  {flip.item}  {flip.before.seeds} → {flip.after.seeds} seeds  {margins}"
    yield from _more(len(found.flips), few)


def margin(value: float | None) -> str:
    """Return a margin with its sign; a dash if it is unknown."""
    return "–" if value is None else f"{value:+.3f}"


def _more(number: int, few: int | None) -> Iterator[str]:
    if few is not None and number > few:
        yield click.style(f"  … and {number - few:,} more (--all)", dim=True)
