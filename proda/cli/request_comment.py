"""The report on a pull request → the one comment that it gets: checks, verdicts, then the comparison; cut to what the forge takes.

Every text goes through `escaped`, whoever wrote the report, so a comment holds no link, mention or markup but its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.cli.comment import Limits, code, comment, escaped
from proda.workflows.request_report import Check, RequestReport, RequestVerdict

MARKER = "<!-- proda: pull request -->"
MARKS = {"passed": "✅", "failed": "❌", "stale": "🕒", "not run": "➖"}
STEPS = (Limits(), Limits(30, 8), Limits(12, 4), Limits(5, 1), Limits(0, 0))  # tried in this order until the comment fits
LONGEST_LINE = 400
RESERVE = 400  # characters for the last line of a comment that is cut


def request_comment(report: RequestReport, limit: int) -> str:
    """Return the comment, of `limit` characters at most. Longer lists are shortened first; then the text is cut, and says so."""
    for limits in STEPS:
        text = _text(report, limits)
        if length(text) <= limit:
            return text
    return cut(text, limit, "proda pr --markdown")


def cut(text: str, limit: int, command: str) -> str:
    """Return the first lines of a text that fit into `limit` characters, with open folds closed, and a line that names `command`."""
    kept: list[str] = []
    used = 0
    for line in text.splitlines():
        used += length(line) + 1
        if used > limit - RESERVE:
            break
        kept.append(line)
    opened = sum(line.startswith("<details>") for line in kept) - sum(line.startswith("</details>") for line in kept)
    end = ["", "</details>"] * opened + ["", f"**The text is cut here: the forge takes {limit:,} characters.** All of it: `{command}`"]
    return "\n".join([*kept, *end])


def length(text: str) -> int:
    """Return how many characters a forge counts: those beyond the basic plane, such as emoji, count twice."""
    return len(text.encode("utf-16-le")) // 2


def _text(report: RequestReport, limits: Limits) -> str:
    all_passed = all(check.passed for check in report.checks)
    title = "all checks pass" if all_passed else "no check fails" if report.passed else "a check fails"
    lines = [MARKER, f"## ProDa: {title}", "", *_checks(report), *_verdicts(report.verdicts)]
    if report.comparison:
        lines += ["", comment(report.comparison, report.anchors, limits)]
    stale = any(check.state == "stale" for check in report.checks)
    how = "Models are rebuilt when the label <code>rebuild models</code> is set, or with `dvc repro`. " if stale else ""
    lines += [
        "",
        f"<sub>{how}Commit {code(report.head[:9])}, compared with {code(report.base[:9])}. A new push updates this comment.</sub>",
    ]
    return "\n".join(lines)


def _checks(report: RequestReport) -> Iterator[str]:
    for check in report.checks:
        yield f"- {MARKS[check.state]} **{escaped(check.name)}**: {line_text(check)}"
        yield from (f"  - {escaped(detail, LONGEST_LINE)}" for detail in check.details)


def line_text(check: Check) -> str:
    """The text of a check, with the commands in it in code type."""
    parts = check.text.split("`")
    return "".join(code(part) if number % 2 else _kept_spaces(part) for number, part in enumerate(parts))


def _kept_spaces(part: str) -> str:
    """The escaped text, with a space where it starts or ends with one."""
    return f"{' ' * part.startswith(' ')}{escaped(part)}{' ' * (part.endswith(' ') and bool(part.strip()))}"


def _verdicts(verdicts: tuple[RequestVerdict, ...]) -> Iterator[str]:
    if verdicts:
        yield ""
    for verdict in verdicts:
        shown = ", ".join(f"{number:,} {escaped(what)}" for what, number in verdict.shown.items())
        reasons = "; ".join(escaped(reason) for reason in verdict.reasons)
        attributed = f" Patches retrained with and without: {shown}." if shown else ""
        yield f"**Repair round {verdict.round}: {escaped(verdict.says)}**{': ' if reasons else ''}{reasons}.{attributed}"
