"""`proda check`: print every finding on the repository, or nothing and exit 0.

    $ proda check
    knowledge/optics/refraction.yaml:17  chains.snell.steps[1].object
      'optics/snels-law' is not a concept. Closest: 'optics/snells-law'. Fix the reference, or add the concept. [references]
    1 error, 0 warnings; 64 topics, 379 chains, 1,512 statements, 1,204 concepts

Findings go to standard output, the summary to standard error. Of the knowledge, only what changed since the last run is read again.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proda.cli.settings import ROOT_HELP, note
from proda.errors import NotFoundError, UsageError
from proda.findings import Finding, errors_of, report_text, short_report

if TYPE_CHECKING:
    from proda.knowledge.report import Report

FIRST = ("yaml", "schema")  # rules that a file must pass before the others are applied
SHOWN_FILES = 3


@click.command(epilog="Example: proda check --fix --dry-run")
@click.option("--json", "as_json", is_flag=True, help="Print findings, counts and the shape of the knowledge as JSON.")
@click.option("--all", "show_all", is_flag=True, help="Print all findings, not only the first few of each rule.")
@click.option("--fix", is_flag=True, help="Fix layout, spans, hashes, missing catalogue entries and proda-version.yaml first.")
@click.option("--dry-run", is_flag=True, help="With --fix: print which files would change, and change none.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def check(as_json: bool, show_all: bool, fix: bool, dry_run: bool, root: Path) -> None:
    """Check the knowledge and every file that the build reads.

    Works from any folder of the repository. Exits with 1 if there are errors; warnings do not count.
    """
    from proda.workflows.check_repository import check_repository, find_root
    from proda.workflows.freshness import stale_line

    if dry_run and not fix:
        raise UsageError("--dry-run needs --fix.")
    root = find_root(root)
    if not (root / "knowledge").is_dir():
        raise NotFoundError(f"{root}\n  Not a ProDa repository: there is no folder knowledge/ here or above. Change folder, or use --root.")
    if fix:
        _fix(root, dry_run)
    checked = check_repository(root, shape=as_json)
    if as_json:
        print(json.dumps(_document(checked.report, checked.findings), ensure_ascii=False, indent=2))
    elif checked.findings:
        print(report_text(checked.findings) if show_all else short_report(checked.findings))
        note(_unread(checked.findings))
    print(_summary(checked.report, checked.findings), file=sys.stderr)
    if not errors_of(checked.findings):
        note(stale_line(root))
    sys.exit(1 if errors_of(checked.findings) else 0)


def _fix(root: Path, dry_run: bool) -> None:
    from proda.knowledge.fix import fix_knowledge
    from proda.store.edit_lock import editing
    from proda.workflows.installed_code import VERSION_FILE, renew

    left: list[Finding] = []
    with nullcontext() if dry_run else editing(root, "proda check --fix"):
        fixed = fix_knowledge(root, dry_run, left.append)
        renewed = [VERSION_FILE] if renew(root, dry_run=dry_run) else []
    for file in (*fixed, *renewed):
        print(f"{'would fix' if dry_run else 'fixed'} {file}", file=sys.stderr)
    if left:
        print(report_text(left), file=sys.stderr)


def _document(report: Report, findings: tuple[Finding, ...]) -> dict[str, Any]:
    import msgspec

    shape = report.shape
    return {
        "findings": msgspec.to_builtins(findings),
        "counts": report.counts,
        "orphans": report.orphans,
        "connectivity": shape.connectivity if shape else {},
        "relations": shape.relations if shape else {},
        "kinds": shape.kinds if shape else {},
    }


def _unread(findings: tuple[Finding, ...]) -> str:
    """A line that names the topic files of which nothing but the first fault was checked; empty if there are none."""
    unread = {f.file for f in errors_of(findings) if f.rule in FIRST and f.file.startswith("knowledge/")}
    files = sorted(file for file in unread if file.count("/") == 2 and not file.startswith("knowledge/sources/"))
    if not files:
        return ""
    more = f" and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
    one = len(files) == 1
    return (
        f"{', '.join(files[:SHOWN_FILES])}{more} {'was' if one else 'were'} not checked further, and {'is' if one else 'are'} not counted."
        f" Fix {'it' if one else 'them'}, then run `proda check` again."
    )


def _summary(report: Report, findings: tuple[Finding, ...]) -> str:
    errors = len(errors_of(findings))
    warnings = len(findings) - errors
    counts = ", ".join(f"{number:,} {name if number != 1 else name.removesuffix('s')}" for name, number in report.counts.items() if number)
    verdict = f"{errors:,} error{'s' * (errors != 1)}, {warnings:,} warning{'s' * (warnings != 1)}"
    return f"{verdict}; {counts or 'nothing to count'}"
