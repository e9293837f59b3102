"""Check the version and CHANGELOG.md, prepare a release, or print its notes. docs/how-to/releases.md has the steps.

    python -m scripts.release                     # exit 1 if the changelog is malformed or its newest version is not proda.__version__
    python -m scripts.release --tag v0.1.0        # also exit 1 if this tag may not be published
    python -m scripts.release --notes             # print the section of the newest version, in Markdown
    python -m scripts.release --prepare 0.2.0     # write the version and the date into proda/__init__.py and CHANGELOG.md

The changelog follows Keep a Changelog 1.1, and versions follow Semantic Versioning 2.0. The version is written in proda/__init__.py only.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path

import click

from proda.cli.main import main
from proda.errors import InputError, UsageError
from proda.store.files import write_file

CHANGELOG = Path("CHANGELOG.md")
CODE = Path("proda/__init__.py")
UNRELEASED = "Unreleased"
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Known faults")  # the last is an addition of this project
HEADING = re.compile(r"## \[(?P<name>Unreleased|(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2})\](?: - (?P<date>\d{4}-\d\d-\d\d))?")
VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")
ASSIGNED = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)


@dataclass
class Section:
    """One version of the changelog, or what is unreleased."""

    name: str
    date: str
    line: int
    kinds: dict[str, int] = field(default_factory=dict)  # heading → number of its entries
    text: list[str] = field(default_factory=list)  # the lines below the heading


def read_changelog(text: str) -> list[Section]:
    """Return the sections, newest first. Raises InputError that lists every fault with its line."""
    lines = text.splitlines()
    found: list[Section] = []
    faults: list[tuple[int, str]] = [] if lines[:1] == ["# Changelog"] else [(1, "the first line is not `# Changelog`")]
    kind = ""
    for number, line in enumerate(lines, start=1):
        if line.startswith("## "):
            match = HEADING.fullmatch(line)
            if match is None:
                faults.append((number, f"got `{line}`, expected `## [Unreleased]` or `## [1.2.3] - 2026-01-31`"))
                continue
            found.append(Section(match["name"], match["date"] or "", number))
            kind = ""
            continue
        if not found:
            continue
        found[-1].text.append(line)
        if line.startswith("### "):
            kind = line.removeprefix("### ")
            if kind not in KINDS:
                faults.append((number, f"got `### {kind}`, expected one of {', '.join(KINDS)}"))
            if kind in found[-1].kinds:
                faults.append((number, f"`### {kind}` stands twice in [{found[-1].name}]; put its entries together"))
            found[-1].kinds.setdefault(kind, 0)
        elif line.startswith("- "):
            if not kind:
                faults.append((number, "an entry stands above the first `### ` heading of its version"))
            else:
                found[-1].kinds[kind] += 1
    faults += [(s.line, f"`### {kind}` of [{s.name}] has no entries; remove it") for s in found for kind, n in s.kinds.items() if not n]
    faults += _order_faults(found)
    if faults:
        raise InputError("\n".join(f"{CHANGELOG}:{line}  {fault}" for line, fault in sorted(faults)))
    return found


def _order_faults(found: list[Section]) -> list[tuple[int, str]]:
    faults = []
    if [s.name for s in found][:1] != [UNRELEASED]:
        faults.append((found[0].line if found else 1, f"the first version is not `## [{UNRELEASED}]`; add it, even if it is empty"))
    for section in found:
        if section.name == UNRELEASED and (section.date or section is not found[0]):
            faults.append((section.line, f"`## [{UNRELEASED}]` has no date and stands first, once"))
        if section.name != UNRELEASED and not _is_date(section.date):
            faults.append((section.line, f"[{section.name}] has no valid date; write `## [{section.name}] - YYYY-MM-DD`"))
    released = [s for s in found if s.name != UNRELEASED and _is_date(s.date)]
    for newer, older in zip(released, released[1:], strict=False):
        if not (_numbers(newer.name) > _numbers(older.name) and newer.date >= older.date):
            below = f"[{older.name}] of {older.date} stands below [{newer.name}] of {newer.date}"
            faults.append((older.line, f"{below}; the newest stands first"))
    return faults


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def version_of(root: Path) -> str:
    """Return the version in proda/__init__.py. Raises InputError if it is not three numbers."""
    found = ASSIGNED.findall((root / CODE).read_text(encoding="utf-8"))
    if len(found) != 1 or not VERSION.fullmatch(found[0]):
        raise InputError(f"{CODE}  __version__\n  Got {found}, expected one assignment of a version such as '1.2.3'.")
    return str(found[0])


def check(root: Path, tag: str | None = None) -> list[Section]:
    """Return the sections of the changelog. Raises InputError if they and the version, or the tag if one is given, do not agree."""
    sections = read_changelog((root / CHANGELOG).read_text(encoding="utf-8"))
    version, newest = version_of(root), sections[1].name if len(sections) > 1 else None
    if newest not in (None, version):
        raise InputError(f"{CHANGELOG}:{sections[1].line}  the newest version is {newest}, and that of {CODE} is {version}.")
    if tag is None:
        return sections
    if tag != f"v{version}":
        raise InputError(f"The tag is {tag}, and the version in {CODE} is {version}. Expected the tag v{version}.")
    if newest is None:
        raise InputError(f"{CHANGELOG}\n  There is no section [{version}]. Run `python -m scripts.release --prepare {version}` first.")
    if sections[0].kinds:
        raise InputError(f"{CHANGELOG}:{sections[0].line}  [{UNRELEASED}] has entries. Tag the commit in which [{version}] was prepared.")
    return sections


def prepare(root: Path, version: str, today: datetime.date) -> None:
    """Write the version, and the heading of its section, into both files. Raises UsageError or InputError before anything is written."""
    if not VERSION.fullmatch(version):
        raise UsageError(f"--prepare: got '{version}', expected three numbers such as 1.2.3.")
    sections = check(root)
    if len(sections) > 1 and _numbers(version) <= _numbers(sections[1].name):
        raise UsageError(f"--prepare: got {version}, expected a version above {sections[1].name}, which is released.")
    if not sections[0].kinds:
        raise InputError(f"{CHANGELOG}:{sections[0].line}  [{UNRELEASED}] is empty: there is nothing to release.")
    log, code = ((root / path).read_text(encoding="utf-8") for path in (CHANGELOG, CODE))
    head = f"## [{UNRELEASED}]\n"
    write_file(root / CHANGELOG, log.replace(head, f"{head}\n## [{version}] - {today.isoformat()}\n", 1))
    write_file(root / CODE, ASSIGNED.sub(f'__version__ = "{version}"', code))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--tag", metavar="TAG", help="Check that this tag may be published.")
@click.option("--notes", is_flag=True, help="Print the section of the newest version.")
@click.option("--prepare", "version", metavar="VERSION", help="Write the version and today's date into the files.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The checkout.")
def release(tag: str | None, notes: bool, version: str | None, root: Path) -> None:
    """Check the version and the changelog, and prepare a release or print its notes."""
    if sum((tag is not None, notes, version is not None)) > 1:
        raise UsageError("Give one of --tag, --notes and --prepare.")
    if version is not None:
        prepare(root, version, datetime.datetime.now(datetime.UTC).date())
        tag_it = f"git tag -a v{version} -m 'ProDa {version}' && git push --follow-tags"
        click.echo(f"Next: git commit -am 'Release {version}' && {tag_it}", err=True)
        return
    sections = check(root, tag)
    if not notes:
        click.echo(f"version {version_of(root)}, {len(sections) - 1} released in {CHANGELOG}", err=True)
    elif len(sections) > 1:
        click.echo("\n".join(sections[1].text).strip())
    else:
        raise InputError(f"{CHANGELOG}\n  No version is released. Run `python -m scripts.release --prepare {version_of(root)}` first.")


if __name__ == "__main__":
    main(release)
