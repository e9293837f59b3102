"""Renders a comparison as GitHub-flavoured Markdown, for a comment on a pull request: scores, flips, then nodes and texts; long lists are
folded, and cut as `Limits` says.

All text that comes from data goes through `escaped`, so it cannot form a table cell, HTML tag, link, mention or issue reference.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from proda.errors import counted
from proda.history.compare import CHANGES, Comparison, Derived, NodeChange, Score, causes, tally
from proda.records import Record

LONGEST = 240  # characters of one piece of data
LONGEST_QUOTE = 320  # a quote has 300 characters at most, by the guide
LONGEST_TEXT = 500  # a sample or item
AROUND = 12  # words shown on each side of what changed in a sample or item
# Markdown reads a character reference as plain text, whatever the character itself would mean.
_MEANS = re.compile(r"[^\w\s.,;/()'?%+=“”‘’–—…→-]|_")


class Limits(Record, frozen=True):
    """How much of long lists is shown."""

    rows: int = 60  # of a table
    texts: int = 12  # samples, and as many items, whose text is shown


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


def comment(found: Comparison, anchors: Mapping[str, str] | None = None, limits: Limits | None = None) -> str:
    """Return the whole comment. Its first line names the two revisions.

    `anchors` says where the quote of a statement stands in its source, in words, by the statement's id.
    """
    cut = limits or Limits()
    lines = [f"### Changes: {code(found.old)} → {code(found.new)}", ""]
    if found.same:
        lines += ["No difference in meaning.", ""]
    lines += [*_scores(found), *_flips(found, cut), *_nodes(found, anchors or {}, cut), *_settings(found, cut)]
    lines += [*_derived("Samples", found.samples, cut), *_derived("Items", found.items, cut)]
    if found.hidden_items:
        lines.append(f"Not listed: {found.hidden_items:,} sealed {'item' if found.hidden_items == 1 else 'items'}.")
    return "\n".join(lines).rstrip()


def _scores(found: Comparison) -> Iterator[str]:
    if not found.scores:
        return
    if _same_results(found):
        shown = next((s for s in found.scores if (s.model, s.suite) == ("tuned", "twin")), found.scores[-1])
        what = f"{escaped(shown.model)}, {escaped(shown.suite)}: {_accuracy(shown.new, shown.new_range)}"
        yield from (f"**Scores and answers**: both commits hold the same results ({what}).", "")
        return
    yield from ("| model | suite | before | after | difference, same items |", "|---|---|--:|--:|--:|")
    for score in found.scores:
        old, new = _accuracy(score.old, score.old_range), _accuracy(score.new, score.new_range)
        yield f"| {escaped(score.model)} | {escaped(score.suite)} | {old} | {new} | {_points(score)} |"
    for loss in found.neutral:
        old, new = ("–" if value is None else f"{value:.3f}" for value in (loss.old, loss.new))
        moved = "–" if loss.difference is None else f"{loss.difference:+.3f} nats per token"
        yield f"| {escaped(loss.model)} | loss on neutral text | {old} | {new} | {moved} |"
    yield from ("", "In brackets: 95 % confidence intervals.", "")


def _same_results(found: Comparison) -> bool:
    """Whether all scores and answers are equal, for example because the models have not been rebuilt."""
    a = found.answers
    moved = (a.better, a.worse, a.reworded, a.only_old, a.only_new, a.stale)
    return not any(moved) and all((s.old, s.old_range) == (s.new, s.new_range) and not s.change for s in found.scores)


def _accuracy(value: float | None, ends: tuple[float, float] | None) -> str:
    return "–" if value is None else f"{value:.3f}" + (f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else "")


def _points(score: Score) -> str:
    """The difference in percentage points: on items that both answered, with its interval, where that is known."""
    if score.change:
        mean, low, high = (100 * part for part in score.change)
        return f"{mean:+.1f} points [{low:+.1f}, {high:+.1f}]"
    return "–" if score.difference is None else f"{score.difference:+.1f} points"


def _flips(found: Comparison, cut: Limits) -> Iterator[str]:
    a = found.answers
    if not (a.compared or a.reworded or a.only_old or a.only_new) or (found.scores and _same_results(found)):
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
        yield from _folded(f"{len(rows):,} {title}", ["| item | seeds right | margin before | after |", "|---|--:|--:|--:|"], rows, cut)


def _nodes(found: Comparison, anchors: Mapping[str, str], cut: Limits) -> Iterator[str]:
    if not found.nodes:
        return
    counts = Counter(n.change for n in found.nodes)
    yield from (f"**Nodes**: {', '.join(f'{counts[c]:,} {c}' for c in CHANGES if counts[c])}.", "")
    rows = []
    for node in found.nodes:
        what = "<br>".join(f"{escaped(f.field)}: {_value(f.old)} → {_value(f.new)}" for f in node.fields) or escaped(node.text)
        rows.append(f"| {node.change} | {escaped(node.kind)} {code(node.id)} | {what}{_quote(node, anchors.get(node.id, ''))} |")
    yield from _folded(f"{counted(len(rows), 'node')}", ["| | node | what |", "|---|---|---|"], rows, cut)


def _quote(node: NodeChange, anchor: str) -> str:
    """The passage that supports a statement, and where a reader finds it; nothing for other nodes."""
    if not node.quote or node.span is None:
        return ""
    place = ", ".join(filter(None, (f"knowledge/sources/{node.span.source}.md", anchor)))
    return f"<br>Quote: “{escaped(node.quote, LONGEST_QUOTE)}” – {escaped(place)}"


def _settings(found: Comparison, cut: Limits) -> Iterator[str]:
    rows = [f"| {code(f.field)} | {_value(f.old)} | {_value(f.new)} |" for f in found.settings]
    yield from _folded(f"{len(rows):,} settings and texts", ["| what | before | after |", "|---|---|---|"], rows, cut)


def _derived(title: str, changes: Sequence[Derived], cut: Limits) -> Iterator[str]:
    if not changes:
        return
    counts = Counter(c.change for c in changes)
    yield f"**{title}**: {', '.join(f'{counts[c]:,} {c}' for c in CHANGES if counts[c])}."
    named = [f"{code(node)} ({n:,})" if node else f"no changed node ({n:,})" for node, n in causes(changes)]
    yield from (f"Because of {', '.join(named[:6])}{' …' if len(named) > 6 else ''}.", "")
    rows = [
        f"| {escaped(name)} | {' | '.join(f'{n[c]:,}' for c in ('added', 'changed', 'removed'))} |"
        for field in ("discipline", "sort")
        for name, n in tally(changes, field).items()
    ]
    yield from _folded(f"{title.lower()} by discipline and kind", ["| | added | changed | removed |", "|---|--:|--:|--:|"], rows, cut)
    chosen = representative(changes, cut.texts)
    texts = [f"| {c.change} | {code(c.id)} | {_text_change(c)} |" for c in chosen]
    shown = f"{len(texts):,} of {len(changes):,} {title.lower()}" if len(texts) < len(changes) else f"all {title.lower()}"
    yield from _folded(f"Texts: {shown}", ["| | id | text |", "|---|---|---|"], texts, cut, fold=True)


def representative(changes: Sequence[Derived], number: int) -> list[Derived]:
    """Return up to `number` changes whose texts are known: one of each cause and kind of change first, then the others, in order."""
    first: dict[tuple[object, str], Derived] = {}
    known = [c for c in changes if c.old or c.new]
    for change in known:
        first.setdefault((change.causes[:1], change.change), change)
    early = {c.id for c in first.values()}
    return [*first.values(), *(c for c in known if c.id not in early)][:number]


def _text_change(change: Derived) -> str:
    texts = differing(change.old, change.new) if change.old and change.new else (change.old or "", change.new or "")
    old, new = (escaped(text, LONGEST_TEXT) for text in texts)
    return f"{old}<br>→ {new}" if old and new else new or old


def differing(old: str, new: str, around: int = AROUND) -> tuple[str, str]:
    """Return both texts without the words that they share at the start and at the end, but for `around` words on each side.

    So that a reader finds what changed, also where it stands behind the first `LONGEST_TEXT` characters.
    """
    before, after = old.split(), new.split()
    least = min(len(before), len(after))
    head = next((n for n in range(least) if before[n] != after[n]), least)
    tail = next((n for n in range(least - head) if before[-1 - n] != after[-1 - n]), least - head)

    def cut(words: list[str]) -> str:
        first, last = max(0, head - around), len(words) - max(0, tail - around)
        return " ".join([*["…"][: first > 0], *words[first:last], *["…"][: last < len(words)]])

    return cut(before), cut(after)


def _folded(title: str, head: Sequence[str], rows: Sequence[str], cut: Limits, *, fold: bool = False) -> Iterator[str]:
    """Yield a table, inside <details> if it has more than five rows or `fold` is set."""
    if not rows:
        return
    folded = fold or len(rows) > 5
    if folded:
        yield from (f"<details><summary>{html.escape(title)}</summary>", "")
    else:
        yield from (f"{title}:", "")
    yield from (*head, *rows[: cut.rows], "") if cut.rows else ()
    if len(rows) > cut.rows:
        yield from (f"… and {len(rows) - cut.rows:,} more: `proda diff --all`", "")
    if folded:
        yield from ("</details>", "")


def _value(value: str | None) -> str:
    return "–" if value is None else f"“{escaped(value)}”"


def _margin(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"
