"""What the report says of the items: readings, floor and ceiling, negative discrimination, and how few models that rests on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import scipy.stats

import proda
from proda.errors import InputError
from proda.records import Item, Outcome
from proda.report.item_quality import item_quality
from proda.report.item_statistics import ENOUGH, LEAST
from proda.report.scores import RANKED, rank_agreement
from proda.store.files import write_file
from proda.store.outcomes import write_outcomes
from proda.store.solved import PATH as SOLVED
from proda.store.solved import Solved, SolverVotes, solved_text
from proda.store.validation import PATH, ItemReading, Validation, write_validation
from tests.report.test_report import Reader, blocks_of, page_of, rows_of
from tests.toyresults import MODELS, RESULTS, make_items_and_samples, make_outcomes, make_readings, outcome
from tests.toyworld import make_repository


def right(item: Item, model: str) -> bool:
    """The seeds are right on bridges and the base is wrong; on conditions it is the reverse; on all other items no model is right."""
    return (item.kind == "bridge") == (model != "base") if item.kind in ("bridge", "condition") else False


def text_of(html: str) -> str:
    """The text as it reads, with a space between the cells of a table."""
    return " ".join(Reader(html.replace("</td>", "</td> ")).text.split())


def section(html: str) -> str:
    (found,) = re.findall(r'<section id="quality">(.*?)</section>', html, re.S)
    return str(found)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One item is unread, another is disputed, and a third that a reader disputed is in the benchmark no longer."""
    root = make_items_and_samples(make_repository(tmp_path_factory.mktemp("quality"), git=False))
    readings = dict(make_readings(root).readings)
    unread, disputed, *_ = proda.open(str(root)).items("dev")
    readings[unread.content_hash] = {"a": readings[unread.content_hash]["a"]}
    other = "A" if disputed.answer != "A" else "B"
    readings[disputed.content_hash] |= {"b": msgspec.structs.replace(readings[disputed.content_hash]["b"], second=other)}
    write_validation(root, Validation({**readings, "0" * 16: {"a": ItemReading("A", 0.5, key="B")}}))
    make_outcomes(root, right)
    return root


@pytest.fixture(scope="module")
def html(root: Path) -> str:
    return page_of(root)


def test_readings_are_counted_by_what_they_found(root: Path, html: str) -> None:
    items = proda.open(str(root)).items()
    text = text_of(section(html))
    assert f"validated {len(items) - 2} two or more" in text
    assert "unread 1 fewer than two readings; python -m proda.cli.reading_sheet" in text
    assert "disputed 1 a reading disagrees" in text and "withheld or mended 1 disputed items" in text
    # Two readings of each item but one, and one of the withheld item; only this last one picks another option than the key.
    count = 2 * len(items)
    assert f"Of {count:,} readings" in text and f"{100 * (count - 1) / count:.1f} % pick the key" in text


def test_a_malformed_file_of_readings_is_named(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path, git=False))
    (root / PATH).write_text("readings:\n  bad: {a: {answer: A, guess: 0.5}}\n")
    with pytest.raises(InputError, match=r"validation\.yaml"):
        page_of(root)


def test_votes_of_language_models_are_told_if_there_are_any(root: Path, html: str) -> None:
    assert "voted on" not in text_of(section(html))
    items = proda.open(str(root)).items("dev")
    right, wrong = ({x: 5} for x in (items[0].answer, next(x for x in "ABCD" if x != items[0].answer)))
    votes = SolverVotes(items[0].answer, right, wrong, "solve@1")
    gone = msgspec.structs.replace(votes, open=wrong)
    try:
        write_file(root / SOLVED, solved_text(Solved({items[0].content_hash: {"a<b": votes}, "0" * 16: {"a<b": gone}})))
        text = text_of(section(page_of(root)))
    finally:
        (root / SOLVED).unlink()
    assert "1 language model (a<b) voted on 1 item of the benchmark. With the facts given, 50.0 % of the votes pick the key" in text
    assert "without them, 0.0 %. 1 more item is withheld because a model with the facts does not solve it" in text


def test_rows_of_the_tables_are_kinds_and_disciplines_with_their_counts(root: Path, html: str) -> None:
    items = proda.open(str(root)).items()
    kinds = {kind: [i for i in items if i.kind == kind] for kind in ("bridge", "condition", "effect")}
    assert all(kinds.values())
    text = text_of(section(html))
    # kind, items, none right, all right, median facility, discrimination below zero
    assert f"bridge {len(kinds['bridge'])} 0 0 66.7 % 0" in text
    assert f"condition {len(kinds['condition'])} 0 0 33.3 % {len(kinds['condition'])}" in text
    assert f"effect {len(kinds['effect'])} {len(kinds['effect'])} 0 0.0 % 0" in text
    neither = sum(i.kind not in ("bridge", "condition") for i in items)
    assert text.count(f"all {len(items)} {neither} 0 ") == 2  # by kind, by discipline
    for discipline in {i.discipline for i in items}:
        assert re.search(rf"\b{discipline.replace('-', ' ')} {sum(i.discipline == discipline for i in items)} ", text), discipline


def test_items_with_negative_discrimination_can_be_listed_and_sealed_ones_are_only_counted(root: Path, html: str) -> None:
    items = proda.open(str(root)).items()
    negative = [i for i in items if i.kind == "condition"]
    shown, hidden = ([i for i in negative if (i.split == "sealed") is sealed] for sealed in (False, True))
    assert shown and hidden
    assert f"{len(shown)} dev or twin items with negative discrimination , the lowest first." in text_of(section(html).replace("</a>", " "))
    rows = {row["id"]: row for row in rows_of(blocks_of(html)["items"]["items"])}
    assert {i for i, row in rows.items() if row["discrimination"] is not None and row["discrimination"] < 0} == {i.id for i in shown}
    for item in shown:
        assert (rows[item.id]["facility"], rows[item.id]["discrimination"]) == (0.3333, -1.0)
    assert not [i.id for i in hidden if i.id in html]
    assert len(hidden) > 1
    assert f"{len(hidden)} sealed items with negative discrimination are not listed." in text_of(section(html))


def with_outcomes(root: Path, outcomes: list[Outcome], out: Path) -> str:
    """The text of the section with other outcomes."""
    folder = root / RESULTS / "outcomes"
    before = {path: path.read_text() for path in folder.iterdir()}
    try:
        write_outcomes(folder, outcomes)
        return text_of(section(page_of(root, "--out", str(out / "page.html"))))
    finally:
        for path, text in before.items():
            path.write_text(text)


def test_it_says_on_how_few_models_the_statistics_rest(root: Path, html: str, tmp_path: Path) -> None:
    text = text_of(section(html))
    items = proda.open(str(root)).items()
    assert f"These statistics rest on 3 models (base, seed-0, seed-1) and on {len(items)} items that they answered." in text
    assert "Discrimination over 3 models is weak evidence" in text
    assert "If all models guessed independently, 42.2 % of the items would have no right answer, and 1.6 % right answers only." in text
    names = ["base", *(f"seed-{k}" for k in range(ENOUGH - 1))]
    few, most, many = (
        with_outcomes(root, [outcome(i, model, right(i, model)) for i in items for model in names[:count]], tmp_path)
        for count in (LEAST - 1, ENOUGH - 1, ENOUGH)
    )
    assert f"Discrimination needs at least {LEAST} models, and there are {LEAST - 1}." in few and "negative discrimination" not in few
    assert f"Discrimination over {ENOUGH - 1} models is weak evidence" in most and "weak evidence" not in many
    assert f"rest on {ENOUGH} models" in many and "dev or twin item" in many


def test_outcomes_of_an_older_text_are_left_out(root: Path, tmp_path: Path) -> None:
    items = proda.open(str(root)).items()
    found = [outcome(item, model, right(item, model)) for item in items for model in MODELS]
    text = with_outcomes(root, [msgspec.structs.replace(o, hash="f" * 16) if o.item == items[0].id else o for o in found], tmp_path)
    assert f"on {len(items) - 1} items that they answered" in text


def test_without_items_and_outcomes_the_section_says_what_to_run(tmp_path: Path) -> None:
    text = text_of(section(page_of(make_repository(tmp_path, git=False))))
    assert "There are no items yet. Run dvc repro benchmark." in text
    assert "No model has answered an item yet. Run dvc repro evaluate." in text
    assert "weak evidence" not in text


def suites(base: list[float], tuned: list[float], general: list[float]) -> dict[str, Any]:
    """metrics.json with twin items twice as many as dev items, and accuracy on dev .1 below that on twin."""
    splits = {"dev": (10, -0.1), "twin": (20, 0.0)}
    blocks = {
        who: {split: {"n": n, "seeds": [x + less for x in seeds]} for split, (n, less) in splits.items()}
        for who, seeds in (("base", base), ("tuned", tuned))
    }
    return {**blocks, "general": {"base": {"seeds": general[:1]}, "tuned": {"seeds": general[1:]}}}


def test_rank_agreement_needs_five_models_with_both_scores(root: Path, html: str) -> None:
    four = rank_agreement(suites([0.2], [0.3, 0.4, 0.5], [0.9, 0.8, 0.7, 0.6]))
    assert (four.models, four.correlation) == (4, None)
    benchmark, general = [0.2, 0.3, 0.4, 0.5, 0.6], [0.9, 0.7, 0.8, 0.6, 0.6]
    five = rank_agreement(suites(benchmark[:1], benchmark[1:], general))
    assert five.models == 5 == RANKED
    assert five.correlation == pytest.approx(scipy.stats.spearmanr(benchmark, general).statistic, abs=1e-4)
    assert rank_agreement(suites([0.2], [0.3, 0.4, 0.5, 0.6], [0.9] * 5)).correlation is None
    assert rank_agreement({}).models == 0
    # Scores have no names, so with another number of scores on one suite it is not known which model each belongs to.
    assert rank_agreement(suites([0.2], [0.3, 0.4, 0.5, 0.6], [0.9, 0.8, 0.7, 0.6])).models == 1


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (suites([0.2], [0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9]), "needs at least 5 models that have a score on both"),
        (suites([0.2], [0.3, 0.4, 0.5, 0.6], [0.5, 0.6, 0.7, 0.8, 0.9]), "over 5 models: +1.00."),
        (suites([0.2], [0.3, 0.4, 0.5, 0.6], [0.9] * 5), "Not defined: all 5 models score alike"),
    ],
)
def test_the_page_gives_the_rank_agreement_only_where_it_means_something(
    scores: dict[str, Any], said: str, root: Path, tmp_path: Path
) -> None:
    path = root / RESULTS / "metrics.json"
    before = path.read_text()
    known = json.loads(before)
    try:
        for who in ("base", "tuned"):  # other parts of the page need the whole block
            scores[who] = {split: {**known[who][split], **scores[who][split]} for split in scores[who]}
            scores["general"][who] = {**known["general"].get(who, known[who]["dev"]), **scores["general"][who]}
        path.write_text(json.dumps(scores))
        text = text_of(section(page_of(root, "--out", str(tmp_path / "ranks.html"))))
    finally:
        path.write_text(before)
    assert said in text
    assert ("Spearman" in text) is ("+1.00" in said)


def test_models_are_named_in_order_and_unscored_answers_are_left_out(root: Path) -> None:
    items = proda.open(str(root)).items("dev")[:2]
    answers = [outcome(item, f"seed-{k}", True) for item in items for k in (10, 2, 1)]
    unread = Outcome(*msgspec.structs.astuple(outcome(items[0], "base", False))[:8], None, None, None)
    found = item_quality([*answers, unread], items)
    assert found is not None and found.models == ("seed-1", "seed-2", "seed-10")
    assert (found.by_kind[-1].items, found.by_kind[-1].ceiling, found.negative) == (2, 2, 0)
    assert item_quality([unread], items) is None
