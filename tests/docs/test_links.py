"""Links of the pages, as a forge shows them: each leads to a file of this repository, and to a heading that exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, links, pages

PAGES = pages(history=True)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    wrong = []
    for line, address in links(PAGES[page]):
        if re.match(r"[a-z]+:", address):
            continue
        path, _, anchor = address.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        name = target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else ""
        if not target.exists():
            wrong.append(f"{page}:{line}  {address}\n  There is no such file.")
        elif anchor and name in PAGES and anchor not in anchors(PAGES[name]):
            wrong.append(f"{page}:{line}  {address}\n  The page has no such heading.")
    assert not wrong, "\n".join(wrong)


def test_the_check_of_links_sees_text_tables_and_images() -> None:
    text = "# A `b` c-d\n\n[x](y.md#z) ![p](q.svg)\n\n| [t](u.md) |\n|---|\n"
    assert [address for _, address in links(text)] == ["y.md#z", "q.svg", "u.md"]
    assert anchors(text) == {"a-b-c-d"}
    assert sum(1 for text in PAGES.values() for _ in links(text)) > 60


def test_nothing_refers_to_a_page_that_was_moved() -> None:
    listed = subprocess.run(
        ["git", "grep", "-nIE", r"docs/[a-z0-9/-]+\.md", "--", ":!JOURNAL.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = [(line, path) for line in listed.stdout.splitlines() for path in re.findall(r"docs/[a-z0-9/-]+\.md", line)]
    assert len(named) > 10
    missing = [line for line, path in named if not (ROOT / path).is_file() and "docs/how-to/NAME.md" not in path]
    assert not missing, "\n".join(missing)


def test_readme_is_short() -> None:
    assert len(PAGES["README.md"].split()) <= 1200


@pytest.mark.parametrize("folder", ["how-to", "explanation", "reference", "decisions"])
def test_a_page_that_lists_a_folder_links_to_each_page_in_it(folder: str) -> None:
    (index,) = (name for name in (f"docs/{folder}/index.md", f"docs/{folder}/README.md") if name in PAGES)
    rows = [line for line in PAGES[index].splitlines() if line.startswith("| [")]
    listed = {address for line in rows for _, address in links(line.split("|")[1])} | {"journal.md"}  # shown as JOURNAL.md on a forge
    assert {path.name for path in (ROOT / "docs" / folder).glob("*.md")} - {Path(index).name} - listed == set()


def test_pages_that_a_forge_shows_hold_no_directive_of_the_book() -> None:
    shown = {name for name, text in PAGES.items() if "```{" in text} - {"docs/index.md", "docs/explanation/journal.md"}
    assert shown == set()


@pytest.mark.parametrize("page", ["docs/how-to/repair.md", "docs/how-to/by-hand.md"])
def test_a_guide_of_one_job_is_short(page: str) -> None:
    assert len(PAGES[page].split()) <= 500
