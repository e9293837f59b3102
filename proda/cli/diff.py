"""`proda diff [A [B]]`: two revisions compared by meaning.

    $ proda diff                      HEAD against the working tree
    $ proda diff main                 main against the working tree
    $ proda diff v1..v2               v1 against v2
    $ proda diff main --markdown      as a comment on a pull request

Exit status 0 whether or not anything differs; 1 if a revision cannot be read, 2 on misuse.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from proda.cli.comment import comment
from proda.errors import UsageError
from proda.history.compare import CHANGES, Comparison, Derived, Revision, Score, causes, compare, tally
from proda.history.repository import Repository
from proda.records import Sample, Wording
from proda.store.corpus import CORPUS, PATCHES, decode_sample
from proda.store.patches import as_changed, changes, read_patch
from proda.yamlio import load_yaml

FEW = 12
SETTINGS = ("params.yaml", "samples/allocation.yaml", "benchmarks/exceptions.yaml")
TEXTS = ("knowledge/sources/**/*.md", "samples/base/*.yaml", "benchmarks/general/*")


@click.command(epilog="Example: proda diff main --markdown")
@click.argument("revisions", metavar="[A [B]]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a comment for a pull request.")
@click.option("--all", "everything", is_flag=True, help="List every node and flip, not the first few.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def diff(revisions: tuple[str, ...], as_json: bool, as_markdown: bool, everything: bool, root: str) -> None:
    """Compare two revisions by meaning: nodes, samples, items, flipped answers, scores.

    Without A: HEAD against the working tree. With A: A against the working tree. With A and B (or A..B): A against B.
    """
    if as_json and as_markdown:
        raise UsageError("Either --json or --markdown, not both.")
    old_name, new_name = ends(revisions)
    old, new = Repository.open(root, old_name), Repository.open(root, new_name)
    found = compare(read_revision(old, beside=new), read_revision(new, beside=old))
    if as_json:
        scores = [{**msgspec.structs.asdict(s), "difference": s.difference} for s in found.scores]
        data = {**msgspec.structs.asdict(found), "same": found.same, "scores": scores}
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2))
    elif as_markdown:
        click.echo(comment(found))
    else:
        plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
        click.echo("\n".join(lines(found, None if everything else FEW)), color=False if plain else None)


def ends(revisions: Sequence[str]) -> tuple[str, str | None]:
    """(A, B) of the arguments; B is None for the working tree. Raises UsageError on more than two, or on `A...B`."""
    if len(revisions) == 1 and ".." in revisions[0]:
        if "..." in revisions[0]:
            raise UsageError(f"'{revisions[0]}': write A..B; a comparison with the merge base is `proda diff $(git merge-base A B) B`.")
        old, _, new = revisions[0].partition("..")
        return old or "HEAD", new or "HEAD"
    if len(revisions) > 2:
        raise UsageError(f"At most two revisions, got {len(revisions)}: {' '.join(revisions)}.")
    return (revisions[0] if revisions else "HEAD"), (revisions[1] if len(revisions) == 2 else None)


def read_revision(repo: Repository, beside: Repository) -> Revision:
    """All that a comparison with `beside` needs of a repository: of the samples, those in files that differ between the two, and those
    that patches touch in one of them alone; as they are trained on.
    """
    name = f"{repo.name} ({repo.commit[:9]})" if repo.commit and not repo.commit.startswith(repo.name) else repo.name
    return Revision(
        name, repo.knowledge, _samples(repo.root, beside.root), repo.items(), repo.outcomes(), repo.metrics, settings(repo.root)
    )


def _samples(root: Path, beside: Path) -> list[Sample]:
    # A file with the same bytes on both sides has nothing to tell, and most of a large corpus is that.
    mine, theirs = (_touched(side) for side in (root, beside))
    touched = [name.encode() for name in {*mine, *theirs} if (name in mine, mine.get(name)) != (name in theirs, theirs.get(name))]
    paths = [*sorted((root / CORPUS).glob("*/*.yaml")), *sorted((root / PATCHES).glob("*.yaml"))]
    told = []
    for path in paths:
        data, other = path.read_bytes(), beside / path.relative_to(root)
        if not other.is_file() or data != other.read_bytes() or any(n in data for n in touched):
            told.append(path)
    return as_changed((decode_sample(raw, path) for path in told for raw in load_yaml(path).get("samples", ())), mine)


def _touched(root: Path) -> dict[str, Wording | None]:
    """What patches do to derived samples."""
    paths = sorted((root / PATCHES).glob("*.yaml"))
    return changes(read_patch(path) for path in paths if any(key in path.read_bytes() for key in (b"\nremove:", b"\noverride:")))


def settings(root: Path) -> dict[str, str]:
    """Every value of the parameter files, by file and key path; a text counts as a hash of its words."""
    found: dict[str, str] = {}
    for name in SETTINGS:
        if (root / name).is_file():
            found.update((f"{name} {path}", value) for path, value in _flat(load_yaml(root / name, numbers=True)))
    for pattern in TEXTS:
        for path in sorted(p for p in root.glob(pattern) if p.is_file()):
            words = b" ".join(path.read_bytes().split())
            found[path.relative_to(root).as_posix()] = f"text {hashlib.sha256(words).hexdigest()[:9]}"
    return found


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for number, part in enumerate(value):
            # An exception is known by its item, not by its place in the file.
            name = part.get("item", number) if isinstance(part, Mapping) else number
            yield from _flat(part, f"{path}[{name}]")
    elif value is not None:
        yield path, str(value)


def lines(found: Comparison, few: int | None) -> Iterator[str]:
    """The comparison for a terminal."""
    yield f"{click.style(found.old, bold=True)} → {click.style(found.new, bold=True)}"
    if found.same:
        yield "no change of meaning"
    if found.scores:
        yield from ("", click.style("scores", bold=True), *(f"  {line}" for line in _score_lines(found.scores)))
    if found.nodes:
        yield from ("", f"{click.style('nodes', bold=True)}  {counted(n.change for n in found.nodes)}")
        for node in found.nodes[:few]:
            yield f"  {click.style(f'{node.change:<8}', fg=COLOURS[node.change])} {node.kind:<9}  {node.id}"
            yield from (f"           {f.field}: {quoted(f.old)} → {quoted(f.new)}" for f in node.fields)
            yield from () if node.fields else (f"           {node.text}",)
        yield from _more(len(found.nodes), few)
    if found.settings:
        yield from ("", click.style("settings and texts", bold=True))
        yield from (f"  {f.field}: {quoted(f.old)} → {quoted(f.new)}" for f in found.settings[:few])
        yield from _more(len(found.settings), few)
    for title, derived in (("samples", found.samples), ("items", found.items)):
        if derived:
            yield from ("", f"{click.style(title, bold=True)}  {counted(d.change for d in derived)}", *_derived_lines(derived))
    yield from _answer_lines(found, few)


COLOURS = {"added": "green", "changed": "yellow", "retired": "magenta", "removed": "red"}


def counted(changes: Iterable[str]) -> str:
    """ "2 added, 1 changed"."""
    counts = Counter(changes)
    return ", ".join(f"{counts[c]:,} {c}" for c in CHANGES if counts[c])


def quoted(value: str | None) -> str:
    """A field's value in quotes; a dash where there was none."""
    return "–" if value is None else f"“{value}”"


def _score_lines(scores: Sequence[Score]) -> Iterator[str]:
    for score in scores:
        old, new = ("   –" if v is None else f"{v:.3f}" for v in (score.old, score.new))
        moved = ""
        if score.difference is not None and abs(score.difference) >= 0.05:
            moved = click.style(f"{score.difference:+.1f} points", fg="green" if score.difference > 0 else "red")
        yield f"{score.model:<6} {score.suite:<8} {old:>6} → {new:>6}   {moved}".rstrip()


def _derived_lines(changes: Sequence[Derived]) -> Iterator[str]:
    for by in ("discipline", "sort"):
        parts = [f"{name} {sum(counts.values()):,}" for name, counts in tally(changes, by).items()]
        yield f"  {'in' if by == 'discipline' else 'as':<7}  {', '.join(parts)}"
    named = [f"{node} {count:,}" if node else f"none of these ({count:,} took another place)" for node, count in causes(changes)]
    rest = f", … {len(named) - 5:,} more" if len(named) > 5 else ""
    yield f"  because  {', '.join(named[:5])}{rest}"


def _answer_lines(found: Comparison, few: int | None) -> Iterator[str]:
    a = found.answers
    if not any(msgspec.structs.astuple(a)):
        return
    yield from ("", f"{click.style('answers', bold=True)}  {a.compared:,} compared")
    yield f"  wrong → right {a.better:,}, right → wrong {a.worse:,}"
    if a.sealed_better or a.sealed_worse:
        yield f"  of these on sealed items, which are never listed: {a.sealed_better:,} and {a.sealed_worse:,}"
    apart = {
        "of reworded items, no longer comparable": a.reworded,
        "unscored in either": a.unscored,
        f"only in {found.old}": a.only_old,
        f"only in {found.new}": a.only_new,
        "older than their item (run `dvc repro`)": a.stale,
    }
    yield from (f"  {count:,} {what}" for what, count in apart.items() if count)
    for flip in found.flips[:few]:
        mark = click.style("better", fg="green") if flip.better else click.style("worse ", fg="red")
        yield f"  {mark}  {flip.item}  {flip.model}  margin {margin(flip.old_margin)} → {margin(flip.new_margin)}"
    yield from _more(len(found.flips), few)


def margin(value: float | None) -> str:
    """A margin with its sign."""
    return "–" if value is None else f"{value:+.3f}"


def _more(count: int, few: int | None) -> Iterator[str]:
    if few is not None and count > few:
        yield click.style(f"  … and {count - few:,} more (--all)", dim=True)
