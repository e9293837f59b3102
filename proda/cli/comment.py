"""Renders a comparison as GitHub-flavoured Markdown, for a comment on a pull request: scores, flips, then nodes; long lists are folded.

All text that comes from data goes through `escaped`, so it cannot form a table cell, HTML tag, link, mention or issue reference.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from proda.history.compare import CHANGES, Comparison, Derived, NodeChange, causes, tally

SHOWN = 60  # entries of a list; GitHub refuses comments of more than 65,536 characters
LONGEST = 240  # characters of one piece of data
LONGEST_QUOTE = 320  # a quote has 300 characters at most, by the guide
# Markdown reads a character reference as plain text, whatever the character itself would mean.
_MEANS = re.compile(r"[^\w\s.,;/()'?%+=“”‘’–—…→-]|_")


def escaped(text: str, limit: int = LONGEST) -> str:
    """Return `text` on one line, cut to `limit` characters, with every character of Markdown syntax escaped."""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    # GitHub looks for @names, #numbers and www. after decoding, so a word joiner separates what follows.
    apart = re.sub(r"([@#]|\bwww|://)", "\\1\u2060", flat)
    return _MEANS.sub(lambda m: f"&#{ord(m[0])};", apart)


def code(name: str) -> str:
    """Return an id or name in code type, escaped."""
    return f"<code>{escaped(name)}</code>"


def comment(found: Comparison, anchors: Mapping[str, str] | None = None) -> str:
    """Return the whole comment. Its first line names the two revisions.

    `anchors` says where the quote of a statement stands in its source, in words, by the statement's id.
    """
    lines = [f"### Changes: {code(found.old)} → {code(found.new)}", ""]
    if found.same:
        lines += ["No difference in meaning.", ""]
    lines += [*_scores(found), *_flips(found), *_nodes(found, anchors or {}), *_settings(found)]
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
    yield (
        f"**Answers**: {a.better:,} items wrong → right, {a.worse:,} right → wrong (majority of the tuned seeds),"
        f" of {a.compared:,} that can be compared."
    )
    if a.sealed_better or a.sealed_worse:
        yield f"Of these sealed: {a.sealed_better:,} and {a.sealed_worse:,}."
    if a.reworded or a.unscored or a.only_old or a.only_new:
        yield (
            f"Not compared: {a.reworded:,} with another text, {a.unscored:,} unscored in either,"
            f" {a.only_old:,} only before, {a.only_new:,} only after."
        )
    if a.stale:
        yield f"{a.stale:,} answered before the item's text changed: run `dvc repro`."
    yield ""
    for title, better in (("right → wrong", False), ("wrong → right", True)):
        rows = [
            f"| {code(f.item)} | {f.before.seeds} → {f.after.seeds} | {_margin(f.before.margin)} | {_margin(f.after.margin)} |"
            for f in found.flips
            if f.better is better
        ]
        yield from _folded(f"{len(rows):,} {title}", ["| item | seeds right | margin before | after |", "|---|--:|--:|--:|"], rows)


def _nodes(found: Comparison, anchors: Mapping[str, str]) -> Iterator[str]:
    if not found.nodes:
        return
    counts = Counter(n.change for n in found.nodes)
    yield from (f"**Nodes**: {', '.join(f'{counts[c]:,} {c}' for c in CHANGES if counts[c])}.", "")
    rows = []
    for node in found.nodes:
        what = "<br>".join(f"{escaped(f.field)}: {_value(f.old)} → {_value(f.new)}" for f in node.fields) or escaped(node.text)
        rows.append(f"| {node.change} | {node.kind} {code(node.id)} | {what}{_quote(node, anchors.get(node.id, ''))} |")
    yield from _folded(f"{len(rows):,} {'node' if len(rows) == 1 else 'nodes'}", ["| | node | what |", "|---|---|---|"], rows)


def _quote(node: NodeChange, anchor: str) -> str:
    """The passage that supports a statement, and where a reader finds it; nothing for other nodes."""
    if not node.quote or node.span is None:
        return ""
    place = ", ".join(filter(None, (f"knowledge/sources/{node.span.source}.md", anchor)))
    return f"<br>Quote: “{escaped(node.quote, LONGEST_QUOTE)}” – {escaped(place)}"


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
    """Yield a table, inside <details> if it has more than five rows, cut at SHOWN rows."""
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
