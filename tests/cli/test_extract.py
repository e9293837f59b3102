"""`proda extract` on the command line: what it prints, how it ends, and its score against a glossary."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extraction.sources import ROOT, make_repository, paragraphs, write_sources
from tests.extraction.test_extract import SOURCE, STRESS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path, {SOURCE: paragraphs(*STRESS)})
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


def run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "proda.cli.main", "extract", "--root", str(root), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_it_says_what_became_of_each_source(root: Path) -> None:
    done = run(root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "medicine/stress: 6 statements (6 new, 0 withdrawn), 8 concepts, 1 chain; 4 chunks: 2 chains, 1 nothing, 1 statements\n"
    )
    assert done.stderr == "Next: proda review.\n"
    assert "0 new" in run(root).stdout


def test_what_was_accepted_and_is_withdrawn_is_named(root: Path) -> None:
    run(root)
    path = root / "proposals/medicine/stress.yaml"
    path.write_text(path.read_text().replace("    chunk:", "    status: accepted\n    chunk:"))
    write_sources(root, {SOURCE: paragraphs(*STRESS[1:])})
    done = run(root)
    assert "2 statements that had been accepted are withdrawn" in done.stderr
    assert "  medicine/stress: Chronic stress increases cortisol secretion in most adults." in done.stderr


def test_dry_run_and_json(root: Path) -> None:
    done = run(root, "--dry-run", "--json")
    found = json.loads(done.stdout)
    assert found["written"] is False and found["sources"][SOURCE]["new"] == 6
    assert "Nothing was written" in done.stderr and not (root / "proposals").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("terms.yaml", "chronic stress: a strain that lasts\nADH: a hormone\nrubber: a polymer that stretches\n"),
        ("terms.csv", "term,definition\nChronic stress,a strain that lasts\nADH,a hormone\nrubber,a polymer that stretches\n"),
        ("terms.tsv", "chronic stress\ta strain that lasts\nADH\ta hormone\nrubber\ta polymer that stretches\n"),
        (
            "terms.md",
            "# Terms\n\n- **chronic stress**: a strain that lasts\n- **ADH**: a hormone\n- **rubber** — a polymer that stretches\n",
        ),
    ],
)
def test_the_score_against_a_glossary(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text)
    done = run(root, "--dry-run", "--score", str(root / name))
    assert "Terms: 2 of 3 found (recall 0.67)." in done.stdout
    assert "Quotes at their place in the source: 6 of 6 (100.0%)." in done.stdout
    assert "Not found: rubber" in done.stdout
    score = json.loads(run(root, "--dry-run", "--json", "--score", str(root / name)).stdout)["score"]
    assert (score["terms"], score["found"], score["missing"]) == (3, 2, ["rubber"])


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("medicine/stres",), 1, "Did you mean 'medicine/stress'?"),
        (("--score", "notes.txt"), 1, "Not a glossary: expected a file that ends in one of"),
        (("--score", "broken.yaml"), 1, "Expected one `term: definition` for each term."),
        (("--score", "empty.csv"), 1, "Holds no term with a definition."),
        (("--backend", "magic"), 2, "'magic' is not"),
    ],
)
def test_a_mistake_is_one_message(root: Path, args: tuple[str, ...], code: int, message: str) -> None:
    for name, text in (("notes.txt", "x"), ("broken.yaml", "- a\n- b\n"), ("empty.csv", "term,definition\n")):
        (root / name).write_text(text)
    done = run(root, *[str(root / a) if (root / a).is_file() else a for a in args])
    assert done.returncode == code and message in done.stderr and "Traceback" not in done.stderr
    assert not (root / "proposals").exists() or code == 1


def test_a_source_that_changed_since_it_was_curated_ends_with_1(root: Path) -> None:
    (root / f"knowledge/sources/{SOURCE}.md").write_text("# Title\n\nAnother text.\n")
    done = run(root)
    assert done.returncode == 1 and "Run `proda curate`, then this again." in done.stderr
    assert not (root / "proposals").exists()
