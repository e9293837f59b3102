"""`proda merge`: show the conflicts of a merge by node; with --install, let git merge knowledge and decisions entry by entry.

$ proda merge --install
merge.proda.driver
…
Git now merges the files of .gitattributes with ProDa in this clone.

$ proda merge
knowledge/physics/optics.yaml:41  physics/snell.s1
  text
    ours: A denser medium slows light down.
    theirs: Light is slower in a denser medium.
    base: A denser medium slows light.
1 conflict in 1 file. Choose a version, remove the markers, then: git add FILE && git merge --continue
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from proda.cli.settings import ROOT_HELP, note
from proda.errors import counted
from proda.merging.files import is_derived
from proda.merging.install import (
    clear_kept,
    index_versions,
    install,
    is_installed,
    kept_files,
    missing_attributes,
)
from proda.merging.merge import Conflict, UnmergeableError, conflict_text, merge_file

DERIVED = "A derived file: neither side counts. `dvc repro` writes it again."
OTHER = "A conflict that has no nodes. `git status` says what each side did."
DONE = "Git now merges the files of .gitattributes with ProDa in this clone."


@click.command(epilog="Example: proda merge --install --dry-run")
@click.option("--install", "installing", is_flag=True, help="Write the merge drivers into the git configuration of this clone.")
@click.option("--dry-run", is_flag=True, help="With --install: print the settings that would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the conflicts as JSON.")
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help=ROOT_HELP)
def merge(installing: bool, dry_run: bool, as_json: bool, root: Path) -> None:
    """Show by node what both sides of a merge, rebase, cherry-pick or revert changed, and which derived files have to be rebuilt.

    Exit status 1 if there are conflicts. With --install, git merges knowledge, decisions and derived files of this clone with ProDa.
    """
    from proda.history.repository import Repository

    root = Repository.open(root).root
    if installing:
        _install(root, dry_run)
        return
    found, others = _conflicts(root)
    kept = _kept(root)
    if as_json:
        listed = [{"file": path, **asdict(each)} for path, those in found.items() for each in those]
        click.echo(json.dumps({"conflicts": listed, "other_files": others, "derived": kept}, indent=2, ensure_ascii=False))
    else:
        for path, those in found.items():
            click.echo(conflict_text(path, those))
        for path in others:
            click.echo(f"{path}\n  {DERIVED if is_derived(path) else OTHER}")
    if kept:
        note(f"{counted(len(kept), 'derived file')} as on the side that was merged into. Run `dvc repro` to rebuild, then commit.")
    number = sum(map(len, found.values()))
    if number or others:
        note(_summary(found, others))
        sys.exit(1)
    note("No conflict is open.")
    note("" if is_installed(root) else "Git merges knowledge as text in this clone. To change that: proda merge --install")


def _summary(found: dict[str, tuple[Conflict, ...]], others: list[str]) -> str:
    derived = sum(map(is_derived, others))
    parts = []
    if found:
        parts.append(f"{counted(sum(map(len, found.values())), 'conflict')} by node in {counted(len(found), 'file')}")
    if len(others) > derived:
        parts.append(f"{counted(len(others) - derived, 'conflict')} in files without nodes")
    if derived:
        parts.append(f"{counted(derived, 'derived file')} in conflict")
    advice = ["Choose a version, remove the markers, then git add; see git status."] if len(parts) > bool(derived) else []
    if derived:
        then = "After the others are resolved, `dvc repro`" if advice else "Then `dvc repro`"
        advice.append(f"Derived files: `git checkout --ours FILE`, then git add. {then} writes them again.")
    return f"{', '.join(parts)}. {' '.join(advice)}"


def _install(root: Path, dry_run: bool) -> None:
    written = install(root, dry_run=dry_run)
    for name in written:
        click.echo(name)
    if lacking := missing_attributes(root):
        shown = ", ".join(lacking)
        advice = "Run `proda init` in an empty folder, and copy the .gitattributes that it writes."
        note(f".gitattributes\n  Git does not use the drivers for {shown}. {advice}")
    if dry_run:
        note("Nothing was written: a dry run.")
    else:
        note(DONE if written else "Installed already, nothing was written.")


def _conflicts(root: Path) -> tuple[dict[str, tuple[Conflict, ...]], list[str]]:
    """The open conflicts of files that are merged by entry, and the other files with a conflict, derived ones among them."""
    found: dict[str, tuple[Conflict, ...]] = {}
    others: list[str] = []
    for path, versions in index_versions(root).items():
        try:
            if is_derived(path):
                raise UnmergeableError(DERIVED)
            if not {2, 3} <= versions.keys():
                raise UnmergeableError("one side has no such file")
            conflicts = merge_file(path, versions.get(1, b""), versions[2], versions[3]).conflicts
        except UnmergeableError:
            others.append(path)
            continue
        if conflicts:
            found[path] = conflicts
        else:
            others.append(path)
    return found, others


def _kept(root: Path) -> list[str]:
    """The derived files that merges kept, as long as results are stale; then the note of them is removed."""
    from proda.workflows.freshness import freshness

    kept = list(kept_files(root))
    if kept and not index_versions(root):
        state = freshness(root)
        if not state.stale and not state.edited and not state.missing:
            clear_kept(root)
            return []
    return kept
