"""`proda check`: every finding on the knowledge base, or none and exit 0.

    $ proda check
    knowledge/optics/refraction.yaml:17  chains.snell.steps[1].object
      'optics/snels-law' is not a concept. Closest: 'optics/snells-law'. Mend the reference, or add the concept. [references]
    1 error, 0 warnings; 64 topics, 379 chains, 1,512 statements, 1,204 concepts

Findings go to standard output, the summary to standard error. Only what changed since the last run is read again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.errors import ProdaError, UsageError
from proda.findings import Finding, errors_of, report_text, sorted_findings
from proda.knowledge.compile import check_knowledge
from proda.knowledge.report import Report

if TYPE_CHECKING:
    from proda.graph import Knowledge


@click.command(epilog="Example: proda check --fix --dry-run")
@click.option("--json", "as_json", is_flag=True, help="Print findings, counts and the shape of the base as JSON.")
@click.option("--fix", is_flag=True, help="Mend what can be mended: layout, spans, the catalogue. Then check.")
@click.option("--dry-run", is_flag=True, help="With --fix: say which files would change, and change none.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="The repository.")
def check(as_json: bool, fix: bool, dry_run: bool, root: Path) -> None:
    """Check the knowledge base and everything that refers to it. Exit 1 if there are errors; warnings do not count."""
    if dry_run and not fix:
        raise UsageError("--dry-run says what --fix would do: give both.")
    if fix:
        _fix(root, dry_run)
    report = check_knowledge(root, shape=as_json)
    findings = sorted_findings([*report.findings, *_references(root, report)])
    if as_json:
        print(json.dumps(_document(report, findings), ensure_ascii=False, indent=2))
    elif findings:
        print(report_text(findings))
    print(_summary(report, findings), file=sys.stderr)
    sys.exit(1 if errors_of(findings) else 0)


def _fix(root: Path, dry_run: bool) -> None:
    from proda.knowledge.fix import fix_knowledge

    for file in fix_knowledge(root, dry_run):
        print(f"{'would mend' if dry_run else 'mended'} {file}", file=sys.stderr)


def _references(root: Path, report: Report) -> list[Finding]:
    """What items, samples, patches and exceptions refer to and is not there; nothing can be said of it while the base has errors."""
    if not report.ok or not any((root / folder).exists() for folder in ("samples", "benchmarks")):
        return []
    from proda.history.repository import Repository
    from proda.store.dangling import dangling

    knowledge = Repository.open(root).knowledge
    found = dangling(root, frozenset({*knowledge.concepts, *knowledge.statements, *knowledge.chains}))
    return [*found, *_stale_patches(root, knowledge)]


def _stale_patches(root: Path, knowledge: Knowledge) -> list[Finding]:
    """Patches that are not committed yet, and were written against something else than what is here; a committed one is applied."""
    from proda.store.corpus import PATCHES

    waiting = {path for path in (root / PATCHES).glob("*.yaml") if path.relative_to(root).as_posix() not in _committed(root)}
    if not waiting:
        return []
    from proda.store.items import load_items
    from proda.store.patches import read_patch, stale
    from proda.workflows.renamed_patches import renamed_patches

    names = [path.relative_to(root).as_posix() for path in waiting]
    waiting -= {root / name for name in renamed_patches(root, names)}
    items = {item.id: item for item in load_items(root, ("dev",))}
    found = []
    for path in sorted(waiting):
        file = path.relative_to(root).as_posix()
        try:
            lines = stale(read_patch(path), knowledge, items)
        except ProdaError as error:
            found.append(Finding(file, 0, "", "patch", str(error).partition("\n  ")[2] or str(error)))
            continue
        message = "was written against something else: {}. Diagnose and repair again."
        found += [Finding(file, 0, "expect", "patch", message.format(line)) for line in lines]
    return found


def _committed(root: Path) -> frozenset[str]:
    """Paths below samples/patches in HEAD; none where there is no git."""
    import subprocess

    from proda.store.corpus import PATCHES

    command = ["git", "ls-tree", "-r", "--name-only", "HEAD", "--", PATCHES.as_posix()]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return frozenset(done.stdout.splitlines()) if done.returncode == 0 else frozenset()


def _document(report: Report, findings: tuple[Finding, ...]) -> dict[str, Any]:
    shape = report.shape
    return {
        "findings": msgspec.to_builtins(findings),
        "counts": report.counts,
        "orphans": report.orphans,
        "connectivity": shape.connectivity if shape else {},
        "relations": shape.relations if shape else {},
        "kinds": shape.kinds if shape else {},
    }


def _summary(report: Report, findings: tuple[Finding, ...]) -> str:
    errors = len(errors_of(findings))
    warnings = len(findings) - errors
    counts = ", ".join(f"{number:,} {name}" for name, number in report.counts.items() if number)
    verdict = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    return f"{verdict}; {counts or 'nothing to count'}"
