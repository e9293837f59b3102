"""The version and the changelog: their agreement, the faults that are named, and what preparing a release writes."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import proda
from proda.errors import InputError, UsageError
from proda.history.changes import EVERYTHING
from scripts.release import check, prepare, read_changelog, release, version_of
from scripts.stage_deps import VERSION

ROOT = Path(__file__).resolve().parent.parent
GOOD = """\
# Changelog

What changes for users.

## [Unreleased]

### Added

- `proda sing`.

## [0.2.0] - 2026-03-01

### Fixed

- A fault.
- Another.

## [0.1.0] - 2026-01-31

### Added

- Everything.
"""


def made(root: Path, changelog: str = GOOD, version: str = "0.2.0") -> Path:
    (root / "proda").mkdir(exist_ok=True)
    (root / "proda/__init__.py").write_text(f'"""ProDa."""\n\n__version__ = "{version}"\n__all__ = ["__version__"]\n')
    (root / "CHANGELOG.md").write_text(changelog)
    return root


def test_the_changelog_of_this_project_has_the_shape_and_names_its_version() -> None:
    sections = check(ROOT)
    assert version_of(ROOT) == proda.__version__ and sections[0].name == "Unreleased"


def test_the_version_is_written_once() -> None:
    assert not re.search(r'^version *= *"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def test_no_stage_depends_on_the_version_so_a_release_makes_no_result_stale() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert len(stages) > 5 and not [name for name, stage in stages.items() if VERSION in stage["deps"]]
    assert f":(exclude){VERSION}" in EVERYTHING  # nor does `proda audit` take a release for a change of every item


def test_sections_are_read_with_their_entries(tmp_path: Path) -> None:
    found = check(made(tmp_path))
    assert [(s.name, s.date, s.line, s.kinds) for s in found] == [
        ("Unreleased", "", 5, {"Added": 1}),
        ("0.2.0", "2026-03-01", 11, {"Fixed": 2}),
        ("0.1.0", "2026-01-31", 18, {"Added": 1}),
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("# Changelog\n", "# Changes\n", "CHANGELOG.md:1  the first line"),
        ("## [0.2.0] - 2026-03-01", "## 0.2.0 (2026-03-01)", "CHANGELOG.md:11  got `## 0.2.0 (2026-03-01)`, expected"),
        ("## [0.2.0] - 2026-03-01", "## [0.02.0] - 2026-03-01", "CHANGELOG.md:11  got"),
        ("## [0.2.0] - 2026-03-01", "## [0.2.0]", "CHANGELOG.md:11  [0.2.0] has no valid date"),
        ("## [0.2.0] - 2026-03-01", "## [0.2.0] - 2026-02-30", "CHANGELOG.md:11  [0.2.0] has no valid date"),
        ("## [0.1.0] - 2026-01-31", "## [0.3.0] - 2026-01-31", "CHANGELOG.md:18  [0.3.0] of 2026-01-31 stands below [0.2.0]"),
        ("## [0.1.0] - 2026-01-31", "## [0.1.0] - 2026-04-01", "the newest stands first"),
        ("## [Unreleased]\n", "## [Unreleased] - 2026-04-01\n", "CHANGELOG.md:5  `## [Unreleased]` has no date"),
        ("## [Unreleased]\n\n### Added\n\n- `proda sing`.\n\n", "", "CHANGELOG.md:5  the first version is not"),
        ("### Fixed\n", "### Repaired\n", "CHANGELOG.md:13  got `### Repaired`, expected one of Added, Changed"),
        ("- Another.\n", "\n### Fixed\n\n- Another.\n", "CHANGELOG.md:17  `### Fixed` stands twice in [0.2.0]"),
        ("- Everything.\n", "", "CHANGELOG.md:18  `### Added` of [0.1.0] has no entries"),
        ("### Added\n\n- Everything.", "- Everything.", "CHANGELOG.md:20  an entry stands above the first"),
    ],
)
def test_a_fault_is_named_with_its_line(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=re.escape(says)):
        read_changelog(GOOD.replace(old, new))


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(InputError) as found:
        read_changelog(GOOD.replace("### Fixed", "### Repaired").replace("2026-01-31", "2026-13-31"))
    assert len(str(found.value).splitlines()) == 2


def test_a_version_that_the_changelog_does_not_name_is_a_fault(tmp_path: Path) -> None:
    says = "CHANGELOG.md:11  the newest version is 0.2.0, and that of proda/__init__.py is 0.2.1."
    with pytest.raises(InputError, match=re.escape(says)):
        check(made(tmp_path, version="0.2.1"))
    with pytest.raises(InputError, match="expected one assignment"):
        check(made(tmp_path, version="0.2"))


def test_a_tag_is_published_only_in_the_commit_that_prepared_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("CHANGELOG.md:5  [Unreleased] has entries")):
        check(made(tmp_path), "v0.2.0")
    empty = GOOD.replace("\n### Added\n\n- `proda sing`.\n", "", 1)
    assert [s.name for s in check(made(tmp_path, empty), "v0.2.0")] == ["Unreleased", "0.2.0", "0.1.0"]
    with pytest.raises(InputError, match=re.escape("Expected the tag v0.2.0.")):
        check(tmp_path, "v0.1.0")
    first = GOOD[: GOOD.index("## [0.2.0]")]
    with pytest.raises(InputError, match=r"There is no section \[0\.2\.0\]"):
        check(made(tmp_path, first), "v0.2.0")


def test_preparing_moves_what_is_unreleased_and_the_tag_may_be_published_then(tmp_path: Path) -> None:
    prepare(made(tmp_path), "0.3.0", datetime.date(2026, 5, 4))
    assert (tmp_path / "CHANGELOG.md").read_text() == GOOD.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [0.3.0] - 2026-05-04\n")
    assert '__version__ = "0.3.0"\n__all__ = ["__version__"]\n' in (tmp_path / "proda/__init__.py").read_text()
    assert check(tmp_path, "v0.3.0")[1].kinds == {"Added": 1}
    done = CliRunner().invoke(release, ["--notes", "--root", str(tmp_path)])
    assert done.stdout == "### Added\n\n- `proda sing`.\n"


@pytest.mark.parametrize(
    ("version", "error", "says"),
    [
        ("0.2.0", UsageError, "expected a version above 0.2.0, which is released"),
        ("0.1.9", UsageError, "expected a version above 0.2.0"),
        ("1.0", UsageError, "expected three numbers"),
        ("v1.0.0", UsageError, "expected three numbers"),
    ],
)
def test_a_version_that_cannot_be_released_writes_nothing(tmp_path: Path, version: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        prepare(made(tmp_path), version, datetime.date(2026, 5, 4))
    assert (tmp_path / "CHANGELOG.md").read_text() == GOOD


def test_without_changes_there_is_nothing_to_release(tmp_path: Path) -> None:
    empty = GOOD.replace("\n### Added\n\n- `proda sing`.\n", "", 1)
    with pytest.raises(InputError, match="nothing to release"):
        prepare(made(tmp_path, empty), "0.3.0", datetime.date(2026, 5, 4))


def test_the_first_release_may_be_the_version_that_the_code_has(tmp_path: Path) -> None:
    prepare(made(tmp_path, GOOD[: GOOD.index("## [0.2.0]")], "0.1.0"), "0.1.0", datetime.date(2026, 5, 4))
    assert [s.name for s in check(tmp_path, "v0.1.0")] == ["Unreleased", "0.1.0"]
