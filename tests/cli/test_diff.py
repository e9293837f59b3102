"""`proda diff` between real commits of a real repository."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from proda.cli.diff import ends, lines
from proda.cli.main import cli
from proda.errors import NotFoundError, UsageError
from proda.history.compare import Answers, Comparison, Score
from proda.history.flips import evenly
from proda.records import Item
from proda.store.proposals import save_proposals
from proda.workflows.review import Review
from tests.reviewworld import SENTENCES, SOURCE, add_source, key_of, make_review, proposals, source_text
from tests.toyresults import commit, make_outcomes, make_results
from tests.toyworld import make_repository

TOPIC = Path("knowledge/milling/milling-basics.yaml")


def forgets_lighting(item: Item, model: str) -> bool:
    """The tuned models lose one discipline."""
    return model != "base" and item.discipline != "lighting"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commit 1: results. Commit 2: a comment and blanks. Commit 3: a definition, an epoch, and answers that got worse."""
    root = make_results(make_repository(tmp_path_factory.mktemp("diff")))
    commit(root, "Results")
    topic = root / TOPIC
    topic.write_text("# a comment\n" + topic.read_text().replace("term: frost\n", "term:   frost   # cold\n"))
    commit(root, "Only comments")
    topic.write_text(topic.read_text().replace("the 2th thing", "the second thing"))
    params = root / "params.yaml"
    params.write_text(params.read_text().replace("method: full, epochs: 1", "method: full, epochs: 2"))
    make_outcomes(root, forgets_lighting)
    commit(root, "A definition")
    return root


def diffed(root: Path, *args: str) -> Result:
    done = CliRunner().invoke(cli, ["diff", "--root", str(root), *args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def as_json(root: Path, *args: str) -> dict:  # type: ignore[type-arg]
    found = json.loads(diffed(root, *args, "--json").stdout)
    assert isinstance(found, dict)
    return found


def test_head_against_an_untouched_tree_is_no_change(root: Path) -> None:
    assert "no difference in meaning" in diffed(root).stdout
    assert as_json(root)["same"] is True


def test_comments_and_blanks_are_no_change_of_meaning(root: Path) -> None:
    found = as_json(root, "HEAD~2", "HEAD~1")
    assert found["same"] is True and found["nodes"] == [] and found["settings"] == []


def test_a_definition_a_setting_and_flips_are_told(root: Path) -> None:
    found = as_json(root, "HEAD~1..HEAD")
    assert [(n["id"], n["change"], n["fields"][0]["field"]) for n in found["nodes"]] == [("milling/sail-rotation", "changed", "definition")]
    assert [(s["field"], s["old"], s["new"]) for s in found["settings"]] == [("params.yaml train.epochs", "1", "2")]
    assert found["answers"]["worse"] > 0 and found["answers"]["better"] == 0
    assert found["flips"] and all(f["item"].startswith("lighting/") and not f["better"] for f in found["flips"])
    twin = next(s for s in found["scores"] if (s["model"], s["suite"]) == ("tuned", "twin"))
    assert twin["difference"] == pytest.approx(100 * (twin["new"] - twin["old"])) and twin["difference"] < 0
    text = diffed(root, "HEAD~1..HEAD").stdout
    assert "“the second thing that" in text and "right → wrong" in text and "no difference" not in text


def test_two_names_and_two_dots_mean_the_same(root: Path) -> None:
    assert as_json(root, "HEAD~2", "HEAD") == as_json(root, "HEAD~2..HEAD")


def test_scores_that_are_older_than_the_data_are_headed_so() -> None:
    scores = (Score("tuned", "twin", 0.7, 0.7),)
    found = Comparison("HEAD", "working tree", (), (), (), (), (), Answers(), scores)
    assert "scores  of the last build: not rebuilt yet" in map(click.unstyle, lines(found, 5, stale=True))
    assert "scores" in map(click.unstyle, lines(found, 5))


def test_the_working_tree_counts_with_what_is_not_committed(root: Path) -> None:
    topic = root / TOPIC
    before = topic.read_text()
    try:
        topic.write_text(before.replace("how wind grinds grain", "how the wind grinds grain"))
        (change,) = as_json(root)["nodes"]
        assert (change["id"], change["kind"]) == ("milling/wind-grinds-grain", "chain")
    finally:
        topic.write_text(before)


def test_samples_and_items_that_follow_are_counted(root: Path) -> None:
    path = root / "samples/corpus/milling/milling-basics.yaml"
    before = path.read_text()
    try:
        path.write_text(re.sub(r"(question: .*)", r"\1 Indeed?", before, count=3))
        found = as_json(root)
        assert len(found["samples"]) == 3 and {s["change"] for s in found["samples"]} == {"changed"}
        text = diffed(root).stdout
        assert "samples  3 changed" in text and "in       milling ~3" in text
    finally:
        path.write_text(before)


def test_changed_samples_are_shown_old_and_new_on_request(root: Path) -> None:
    path = root / "samples/corpus/milling/milling-basics.yaml"
    before = path.read_text()
    try:
        path.write_text(re.sub(r"(question: .*)", r"\1 Indeed?", before, count=3))
        text = diffed(root, "--samples", "2").stdout
        assert text.count("  changed  milling/") == 2 and text.count("    - ") >= 2
        assert text.count("Indeed?") == 2 and "Indeed?" not in diffed(root).stdout
    finally:
        path.write_text(before)


def test_better_and_worse_flips_are_shown_in_equal_numbers() -> None:
    better, worse = [f"b{n}" for n in range(30)], [f"w{n}" for n in range(30)]
    assert evenly(better, worse, 12) == [*better[:6], *worse[:6]]
    assert evenly(better[:2], worse, 12) == [*better[:2], *worse[:10]]
    assert evenly(better, worse[:2], 12) == [*better[:10], *worse[:2]]
    assert evenly(better[:3], worse[:2], 12) == [*better[:3], *worse[:2]]
    assert evenly(better, worse, None) == [*better, *worse] and evenly([], [], 12) == []


def test_a_text_of_a_source_that_says_something_else_is_no_secret(root: Path) -> None:
    path = root / "samples/base/reading.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("The valley knows wind.", "The valley fears wind."))
        assert [s["field"] for s in as_json(root)["settings"]] == ["samples/base/reading.yaml"]
        assert "samples/base/reading.yaml: text changed" in diffed(root).stdout
    finally:
        path.write_text(before)


def test_markdown_starts_with_the_scores_then_flips_then_nodes(root: Path) -> None:
    text = diffed(root, "HEAD~1..HEAD", "--markdown").stdout
    places = [text.index(part) for part in ("| model | suite |", "**Answers**", "**Nodes**")]
    assert places == sorted(places)
    assert text.count("<details>") == text.count("</details>")


def test_misuse_and_unknown_revisions_are_told_apart(root: Path) -> None:
    with pytest.raises(NotFoundError, match="No revision 'nonsense'"):
        diffed(root, "nonsense")
    with pytest.raises(UsageError):
        diffed(root, "a", "b", "c")
    with pytest.raises(UsageError):
        diffed(root, "--json", "--markdown")
    with pytest.raises(UsageError, match="merge-base"):
        ends(("a...b",))
    assert ends(("v1..",)) == ("v1", "HEAD") and ends(("..v2",)) == ("HEAD", "v2") and ends(()) == ("HEAD", None)


def test_the_comment_shows_the_quote_of_a_changed_statement_and_where_it_stands(tmp_path: Path) -> None:
    root = make_review(tmp_path, git=True)
    planted = "<img src=x onerror=alert(1)> | @everyone [x](javascript:y)"
    text = source_text(extra=f"\n## Late | <b>\n\nNoise {planted} is loud.\n")
    add_source(root, text)
    found = proposals(text)
    quote = f"Noise {planted} is loud."
    evidence = msgspec.structs.replace(
        found.statements[key_of("heat-flow")].evidence, quote=quote, span=(text.index(quote), text.index(quote) + len(quote))
    )
    changed = msgspec.structs.replace(found.statements[key_of("heat-flow")], evidence=evidence)
    save_proposals(root, msgspec.structs.replace(found, statements={**found.statements, key_of("heat-flow"): changed}))
    Review(root, SOURCE).accept_chain("heat-pump-warms-a-room")
    comment = diffed(root, "--markdown").stdout
    row = next(line for line in comment.splitlines() if "heat&#45;pump" in line or "heat-pump-warms-a-room.s1" in line)
    assert f"Quote: “{SENTENCES['compression']}” – knowledge/sources/energy/heat-pumps.md, page 1, “How one works”" in html.unescape(
        row
    ).replace("\u2060", "")
    assert "<img" not in comment and "](" not in comment and "@everyone" not in comment and "<b>" not in comment
    hostile = next(line for line in comment.splitlines() if "onerror" in line)
    assert hostile.count(" | ") == 2 and "page 2" in hostile  # three cells, whatever the quote contains
    assert "Quote: “" not in "".join(line for line in comment.splitlines() if "| concept" in line or "| chain" in line)
