"""A comparison as GitHub-flavoured Markdown, for a comment on a pull request: scores, flips, then nodes; long lists folded.

Whatever comes from data goes through `escaped`: no table cell, HTML tag, link, mention or issue reference can be made with it.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from proda.history.compare import CHANGES, Comparison, Derived, causes, tally

SHOWN = 60  # entries of a list; GitHub refuses comments of more than 65,536 characters
LONGEST = 240  # characters of one piece of data
# A character reference is text to Markdown, whatever the character would have meant.
_MEANS = re.compile(r"[^\w\s.,;/()'?%+=“”‘’–—…→-]|_")


def escaped(text: str, limit: int = LONGEST) -> str:
    """`text` on one line, at most `limit` characters, that reads the same and can be nothing but text."""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    # GitHub looks for @names, #numbers and www. after decoding, so a word joiner keeps what follows apart.
    apart = re.sub(r"([@#]|\bwww|://)", "\\1\u2060", flat)
    return _MEANS.sub(lambda m: f"&#{ord(m[0])};", apart)


def code(name: str) -> str:
    """An id or name in code type; escaped all the same."""
    return f"<code>{escaped(name)}</code>"


def comment(found: Comparison) -> str:
    """The whole comment. Its first line names the two revisions; without any difference it says so and ends."""
    lines = [f"### Change of meaning: {code(found.old)} → {code(found.new)}", ""]
    if found.same:
        lines += ["No change of meaning.", ""]
    lines += [*_scores(found), *_flips(found), *_nodes(found), *_settings(found)]
    lines += [*_derived("Samples", found.samples), *_derived("Items", found.items)]
    return "\n".join(lines).rstrip()


def _scores(found: Comparison) -> Iterator[str]:
    if not found.scores:
        return
    yield from ("| model | suite | before | after | difference |", "|---|---|--:|--:|--:|")
    for score in found.scores:
        old, new = ("–" if v is None else f"{v:.3f}" for v in (score.old, score.new))
        points = "–" if score.difference is None else f"{score.difference:+.1f} points"
        yield f"| {score.model} | {score.suite} | {old} | {new} | {points} |"
    yield ""


def _flips(found: Comparison) -> Iterator[str]:
    a = found.answers
    if not (a.compared or a.reworded or a.only_old or a.only_new):
        return
    yield f"**Answers**: {a.better:,} wrong → right, {a.worse:,} right → wrong, of {a.compared:,} that can be compared."
    if a.sealed_better or a.sealed_worse:
        yield f"Of these on sealed items, which are never listed: {a.sealed_better:,} and {a.sealed_worse:,}."
    if a.reworded or a.unscored or a.only_old or a.only_new:
        yield (
            f"Not compared: {a.reworded:,} of reworded items, {a.unscored:,} unscored in either,"
            f" {a.only_old:,} only before, {a.only_new:,} only after."
        )
    if a.stale:
        yield f"{a.stale:,} answers are older than their item: run `dvc repro`."
    yield ""
    for title, better in (("right → wrong", False), ("wrong → right", True)):
        rows = [
            f"| {code(f.item)} | {escaped(f.model)} | {_margin(f.old_margin)} | {_margin(f.new_margin)} |"
            for f in found.flips
            if f.better is better
        ]
        yield from _folded(f"{len(rows):,} {title}", ["| item | model | margin before | after |", "|---|---|--:|--:|"], rows)


def _nodes(found: Comparison) -> Iterator[str]:
    if not found.nodes:
        return
    counts = Counter(n.change for n in found.nodes)
    yield from (f"**Nodes**: {', '.join(f'{counts[c]:,} {c}' for c in CHANGES if counts[c])}.", "")
    rows = []
    for node in found.nodes:
        what = "<br>".join(f"{escaped(f.field)}: {_value(f.old)} → {_value(f.new)}" for f in node.fields) or escaped(node.text)
        rows.append(f"| {node.change} | {node.kind} {code(node.id)} | {what} |")
    yield from _folded(f"{len(rows):,} nodes", ["| | node | what |", "|---|---|---|"], rows)


def _settings(found: Comparison) -> Iterator[str]:
    rows = [f"| {code(f.field)} | {_value(f.old)} | {_value(f.new)} |" for f in found.settings]
    yield from _folded(f"{len(rows):,} settings and texts", ["| what | before | after |", "|---|---|---|"], rows)


def _derived(title: str, changes: Sequence[Derived]) -> Iterator[str]:
    if not changes:
        return
    counts = Counter(c.change for c in changes)
    yield f"**{title}**: {', '.join(f'{counts[c]:,} {c}' for c in CHANGES if counts[c])}."
    named = [f"{code(node)} {n:,}" if node else f"no changed node {n:,}" for node, n in causes(changes)]
    yield from (f"Because of {', '.join(named[:6])}{' …' if len(named) > 6 else ''}.", "")
    rows = [
        f"| {escaped(name)} | {' | '.join(f'{n[c]:,}' for c in ('added', 'changed', 'removed'))} |"
        for by in ("discipline", "sort")
        for name, n in tally(changes, by).items()
    ]
    yield from _folded(f"{title.lower()} by discipline and kind", ["| | added | changed | removed |", "|---|--:|--:|--:|"], rows)


def _folded(title: str, head: Sequence[str], rows: Sequence[str]) -> Iterator[str]:
    """A table; behind a <details> if it has more than five rows, cut at SHOWN."""
    if not rows:
        return
    if len(rows) > 5:
        yield from (f"<details><summary>{html.escape(title)}</summary>", "")
    else:
        yield from (f"{title}:", "")
    yield from (*head, *rows[:SHOWN], "")
    if len(rows) > SHOWN:
        yield from (f"… and {len(rows) - SHOWN:,} more: `proda diff --all`", "")
    if len(rows) > 5:
        yield from ("</details>", "")


def _value(value: str | None) -> str:
    return "–" if value is None else f"“{escaped(value)}”"


def _margin(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"
