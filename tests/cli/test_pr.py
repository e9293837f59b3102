"""`proda pr`: the report on a branch, the comment made of it, and how it reaches the forge."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from proda.cli.comment import comment as markdown
from proda.cli.comment import differing
from proda.cli.request_comment import MARKER, STEPS, length, request_comment
from proda.errors import InputError
from proda.history.compare import Answers, Comparison, Derived, NodeChange, Score
from proda.records import Item
from proda.store.items import load_items, write_items_tree
from proda.workflows.request_report import LARGEST, Check, RequestReport, RequestVerdict, read_report, write_report
from tests.forge.server import PERSON, Forge, environment, git, serving, with_remote
from tests.toyresults import commit, make_outcomes, make_results
from tests.toyworld import make_repository

TOPIC = "knowledge/milling/milling-basics.yaml"
HOSTILE = "<img src=x onerror=alert(1)> @everyone [x](javascript:y) | ``` <!-- proda: pull request --> #1 https://evil.example \n# Title"


def proda(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "GH_", "CI_"))}
    command = [sys.executable, "-P", "-m", "proda.cli.main", *arguments]
    done = subprocess.run(command, cwd=root, env={**kept, **variables}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def lights_right(item: Item, model: str) -> bool:
    return model != "base" and item.discipline == "lighting"


def mills_right(item: Item, model: str) -> bool:
    return model != "base" and item.discipline == "milling"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """main: results. The branch `edit`: a definition, reworded samples and items, and other answers."""
    folder = tmp_path_factory.mktemp("pr")
    root = make_results(make_repository(folder / "work"), lights_right)
    commit(root, "Results")
    with_remote(root, folder / "bare.git")
    git(root, "switch", "-q", "-c", "edit")
    topic = root / TOPIC
    topic.write_text(topic.read_text().replace("the 2th thing", f"the second thing {' '.join(HOSTILE.split())}".replace(": ", "∶ ")))
    make_outcomes(root, mills_right)
    corpus = root / "samples/corpus/milling/milling-basics.yaml"
    corpus.write_text(re.sub(r"(question: .*)", r"\1 Indeed?", corpus.read_text(), count=2))
    items = load_items(root)
    reworded = {next(item.id for item in items if item.split == split) for split in ("dev", "sealed")}
    write_items_tree(root, [structs.replace(item, stem=f"{item.stem} Really?") if item.id in reworded else item for item in items])
    commit(root, "Edited")
    return root


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge(user=dict(PERSON))) as served:
        yield served


@pytest.fixture(scope="module")
def comment(root: Path) -> str:
    done = proda(root, "pr", "main", "--no-build", "--markdown")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_comment_has_checks_scores_flips_and_texts_in_this_order(comment: str) -> None:
    parts = (MARKER, "**data**: 0 errors", "| model | suite |", "**Answers**", "**Nodes**", "**Samples**", "**Items**")
    places = [comment.index(part) for part in parts]
    assert places == sorted(places) and comment.startswith(MARKER)
    assert re.search(r"\| tuned \| dev \| 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] \| .* points \[[+-]", comment)
    worse, better = (
        re.search(rf"\d+ {what}(?:</summary>|:)(.*?)\n\n.*?\n\n", comment, re.DOTALL) for what in ("right → wrong", "wrong → right")
    )
    assert worse and better and "<code>lighting/" in worse[0] and "<code>milling/" in better[0]
    assert "Indeed?" in comment and "Really?" in comment and "Answer&#58; " in comment


def test_texts_of_sealed_items_are_not_shown(root: Path, comment: str) -> None:
    report = json.loads(proda(root, "pr", "main", "--no-build", "--json").stdout)
    assert report["comparison"]["hidden_items"] > 0 and "Not listed:" in comment
    assert not [item for item in report["comparison"]["items"] if item["sort"].startswith("sealed")]


def test_text_from_data_stays_text(comment: str) -> None:
    assert "onerror" in comment
    for markup in ("<img", "@everyone", "](", "```", "https://evil"):
        assert markup not in comment, markup
    assert comment.count(MARKER) == 1


def test_a_knowledge_error_fails_and_is_named_with_its_line(root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(root), str(clone))
    topic = clone / TOPIC
    topic.write_text(topic.read_text().replace("relation: causes", "relation: cuases", 1))
    done = proda(clone, "pr", "origin/edit", "--no-build", "--markdown")
    assert done.returncode == 1 and "❌ **data**: 1 error" in done.stdout and "cuases" in done.stdout and "### Changes" not in done.stdout


def test_the_report_of_one_run_becomes_the_one_comment_of_another(root: Path, tmp_path: Path, forge: Forge) -> None:
    path = tmp_path / "report.json"
    assert proda(root, "pr", "main", "--no-build", "--number", "12", "--save", str(path)).returncode == 0
    forge.heads[12] = git(root, "rev-parse", "HEAD")
    post = ("pr", "--from", str(path), "--post", "--head", forge.heads[12])
    for _ in range(2):
        done = proda(root, *post, **environment(forge))
        assert done.returncode == 0 and "#issuecomment-" in done.stderr, done.stderr
    (row,) = forge.comments[12]
    assert row["body"].startswith(MARKER) and "**Nodes**" in row["body"]
    forge.heads[12] = "b" * 40
    row["body"] = f"{MARKER}\nof a newer commit"
    done = proda(root, *post, **environment(forge))
    assert done.returncode == 0 and "does not end at" in done.stderr and row["body"].endswith("of a newer commit")
    forge.fail("GET", "/12", 500)
    assert proda(root, "pr", "--from", str(path), "--post", **environment(forge)).returncode == 0 and "**Nodes**" in row["body"]


def test_posting_without_a_number_or_with_a_wrong_option_is_told_apart(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    proda(root, "pr", "main", "--no-build", "--save", str(path))
    for arguments, said in (
        (("--from", str(path), "--post"), "--number N"),
        (("--from", str(path), "main"), "BASE"),
        (("main", "--head", "x"), "--head needs --post"),
        (("main", "--json", "--markdown"), "exclude each other"),
    ):
        done = proda(root, "pr", *arguments)
        assert done.returncode == 2 and said in done.stderr
    unknown = proda(root, "pr", "nonsense", "--no-build")
    assert unknown.returncode == 1 and "No revision 'nonsense'" in unknown.stderr


def a_report(**changes: Any) -> RequestReport:
    found = Comparison("a", "b", (), (), (), (), (), Answers(), ())
    return msgspec.structs.replace(RequestReport("a" * 40, "b" * 40, 12, (Check("data", "passed", "0 errors"),), found), **changes)


def test_a_report_is_read_only_if_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_report(a_report(), path)
    assert read_report(path) == a_report()
    good = json.loads(path.read_text())
    for wrong in (
        b"",
        b"[]",
        b"{",
        json.dumps({**good, "more": 1}).encode(),
        json.dumps({**good, "number": "12; rm"}).encode(),
        b"[" * 100_000,
    ):
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=r"Not a report"):
            read_report(path)
    path.write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(InputError, match=r"more than"):
        read_report(path)
    path.unlink()
    with pytest.raises(InputError, match=r"No such file"):
        read_report(path)
    (tmp_path / "secret").write_text("{}")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match=r"a link"):
        read_report(path)


def test_of_a_changed_text_the_words_around_the_change_are_shown() -> None:
    shared = " ".join(f"w{n}" for n in range(200))
    old, new = differing(f"{shared} is red {shared}", f"{shared} was quite red {shared}", 3)
    assert (old, new) == ("… w197 w198 w199 is red w0 w1 …", "… w197 w198 w199 was quite red w0 w1 …")
    assert differing("a b", "a b c", 3) == ("a b", "a b c") and differing("a a", "a a a", 0) == ("…", "… a")


def test_results_that_are_the_same_are_one_line() -> None:
    score = Score("tuned", "twin", 0.49, 0.49, (0.46, 0.52), (0.46, 0.52))
    same = Comparison("aaa", "bbb", (), (), (), (), (), Answers(compared=1751), (score,))
    text = markdown(same)
    assert "**Scores and answers**: both commits hold the same results (tuned, twin: 0.490 [0.460, 0.520])." in text
    assert "| model |" not in text and "**Answers**" not in text
    for other in (
        structs.replace(same, answers=Answers(compared=1751, better=1)),
        structs.replace(same, scores=(structs.replace(score, new=0.5),)),
    ):
        assert "| model |" in markdown(other) and "**Answers**" in markdown(other)


def test_a_report_by_a_stranger_adds_no_markup_wherever_its_text_is(tmp_path: Path) -> None:
    derived = tuple(Derived(HOSTILE, "changed", HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, HOSTILE) for _ in range(3))
    nodes = (NodeChange(HOSTILE, HOSTILE, "added", HOSTILE, quote=HOSTILE),)
    found = Comparison(HOSTILE, HOSTILE, nodes, (), derived, derived, (), Answers(), ())
    report = a_report(
        comparison=found,
        checks=(Check(HOSTILE, "failed", HOSTILE, (HOSTILE,)),),
        verdicts=(RequestVerdict(1, HOSTILE, (HOSTILE,), {HOSTILE: 2}),),
        base=HOSTILE,
        head=HOSTILE,
        anchors={HOSTILE: HOSTILE},
    )
    text = request_comment(report, 65_536)
    for markup in ("<img", "@everyone", "](", "```", "https://evil", "\n# Title"):
        assert markup not in text, markup
    assert text.count("onerror") > 10 and text.count(MARKER) == 1


def test_a_huge_change_fits_into_a_comment_and_says_that_it_is_cut() -> None:
    samples = tuple(
        Derived(
            f"physics/node-{n}.s1:open-1", "changed", f"discipline {n % 16}", "open", (f"physics/node-{n}.s1",), "old *" * 90, "new *" * 90
        )
        for n in range(14_000)
    )
    nodes = tuple(NodeChange(f"physics/node-{n}.s1", "statement", "changed", "A *bold* claim. " * 20) for n in range(3_000))
    report = a_report(comparison=Comparison("a", "b", nodes, (), samples, samples, (), Answers(), ()))
    text = request_comment(report, 65_536)
    assert 5_000 < length(text) <= 65_536 and "14,000 changed" in text and "more: `proda diff --all`" in text
    assert text.count("<details>") == text.count("</details>")
    assert STEPS[0].rows > STEPS[-1].rows
    tiny = request_comment(report, 700)
    assert length(tiny) <= 700 and "cut here" in tiny and tiny.count("<details>") == tiny.count("</details>")
    assert length("😀") == 2
