"""The report: self-contained, safe for any text in the data, without sealed items, and useful before any stage has run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

import proda
from proda.cli.main import cli
from proda.errors import InputError
from proda.history.repairs import read_repairs
from proda.records import Diagnosis, Evidence, Item, Patch, Sample
from proda.report.closing import closing
from proda.report.glossary import GLOSSARY
from proda.report.page import build_page
from proda.report.scores import needs
from proda.report.svg import Mark, curves, strip
from proda.store.diagnoses import write_diagnoses
from proda.store.items import write_items_tree
from proda.store.patches import named, node_hash, patch_text
from proda.store.verdicts import write_round
from tests.toyresults import RESULTS, commit, make_items_and_samples, make_outcomes, make_patch, make_results
from tests.toyworld import make_repository

HOSTILE = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> {{7*7}} {% raw %} </style></title> 'x'"
ASKED = "Asked for it: 8 of 10 wrong."
LINKS = {"src", "href", "action", "data", "poster", "srcset", "xlink:href", "formaction"}


class Reader(HTMLParser):
    """Tags with their attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def blocks_of(html: str) -> dict[str, Any]:
    """The tables that are embedded in a page, by name."""
    return {
        name: json.loads(text) for name, text in re.findall(r'<script type="application/json" id="data-(\w+)">(.*?)</script>', html, re.S)
    }


def rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an embedded table as mappings."""
    return [dict(zip(table["fields"], row, strict=True)) for row in table["rows"]]


def always_wrong(item: Item, model: str) -> bool:
    """Every item becomes a failure."""
    return False


def page_of(root: Path, *args: str) -> str:
    done = CliRunner().invoke(cli, ["report", "--root", str(root), *args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return Path(done.stdout.strip()).read_text()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_results(make_repository(tmp_path_factory.mktemp("report")), always_wrong)
    commit(root, "Results <b>bold</b> & more")
    return root


@pytest.fixture(scope="module")
def html(root: Path) -> str:
    return page_of(root)


def test_the_page_asks_nothing_of_the_outside(html: str) -> None:
    for tag, attrs in Reader(html).tags:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
        outside = {name for name in LINKS & attrs.keys() if name != "href" or not str(attrs[name]).startswith("#")}
        assert not outside, (tag, attrs)
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert "url(" not in style and "@import" not in style and "http" not in style


def test_the_policy_allows_this_style_and_script_and_no_other(html: str) -> None:
    policy = next(a["content"] for t, a in Reader(html).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'") and "unsafe" not in policy
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_it_says_what_was_built_and_how_it_scored(root: Path, html: str) -> None:
    repo = proda.open(str(root))
    text = " ".join(Reader(html).text.split())
    assert "11 chains" in text and f"{len(repo.samples)} samples" in text and f"{len(repo.items())} items" in text
    for part in ("dev", "twin", "sealed", "general", "95 %", "V1", "seed 0, ends at", "No leaks", "longest", "4f1c2e7a"):
        assert part in text, part
    assert "Results <b>bold</b> & more" in text and "<b>bold</b>" not in html


def test_it_says_what_right_answers_need(root: Path, html: str) -> None:
    found = {name: json.loads((root / RESULTS / f"{name}.json").read_text()) for name in ("metrics", "breakdowns")}
    rows = needs(found["metrics"], found["breakdowns"])
    assert [row.label for row in rows] == [*sorted(row.label for row in rows[:-1]), "all"] and len(rows) > 2
    whole = rows[-1]
    assert whole.right == 0.0 == found["metrics"]["tuned"]["twin"]["accuracy"]
    assert whole.without_stem and whole.without_stem.value == found["metrics"]["tuned"]["twin"]["without_stem"] > 0
    assert whole.unknown and whole.unknown[0] == found["metrics"]["dependence"]["twin"]["all"]["unknown"]["n"]
    text = " ".join(Reader(html).text.split())
    assert "What right answers need" in text and f"{whole.unknown[0]:,} answers" in text
    assert any(row.unknown and f"{row.unknown[0]:,} answers{row.at_least} or more" in text for row in rows[:-1])
    assert needs({}, {}) == []


def test_every_open_item_is_embedded_with_its_options_answers_and_statements(root: Path, html: str) -> None:
    repo, blocks = proda.open(str(root)), blocks_of(html)
    rows = rows_of(blocks["items"]["items"])
    statements = rows_of(blocks["nodes"]["statements"])
    samples = rows_of(blocks["samples"])
    assert [row["id"] for row in rows] == sorted(i.id for i in repo.items("dev", "twin"))
    known = {i.id: i for i in repo.items()}
    for row in rows:
        item = known[row["id"]]
        assert row["stem"] == item.stem and [text for text, *_ in row["options"]] == [o.text for o in item.options]
        assert row["answer"] == item.key and [statements[n]["id"] for n in row["statements"]] == list(item.statements)
        assert [[statements[n]["id"] for n in breaks] for *_, breaks in row["options"]] == [list(o.breaks) for o in item.options]
        wrong = "B" if item.answer == "A" else "A"
        assert blocks["items"]["models"] == ["base", "seed-0", "seed-1"] and row["chosen"] == 3 * wrong and row["margins"] == [-125] * 3
    taught = {statements[n]["id"] for row in rows for n in row["statements"]}
    for statement in statements:
        if statement["id"] in taught:
            assert {samples[n]["id"] for n in statement["samples"]} == {s.id for s in repo.samples if statement["id"] in s.nodes}


def test_an_answer_to_an_older_text_is_none(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path), always_wrong)
    items = proda.open(str(root)).items()
    first = next(i for i in items if i.split == "dev")
    write_items_tree(root, [msgspec.structs.replace(i, stem=f"Again: {i.stem}") if i.id == first.id else i for i in items])
    rows = {row["id"]: row for row in rows_of(blocks_of(page_of(root))["items"]["items"])}
    assert rows[first.id]["chosen"] == "   " and rows[first.id]["facility"] is None
    assert all(row["chosen"].strip() for name, row in rows.items() if name != first.id)


def test_sealed_items_are_counted_and_never_named(root: Path, html: str) -> None:
    sealed = proda.open(str(root)).items("sealed")
    assert sealed and f"{len(sealed)} of {len(sealed)} sealed items" in " ".join(Reader(html).text.split())
    for item in sealed:
        assert item.id not in html and item.stem not in html


def test_sealed_lists_sealed_items_with_their_keys(root: Path, html: str, tmp_path: Path) -> None:
    sealed = {i.id: i for i in proda.open(str(root)).items("sealed")}
    rows = {row["id"]: row for row in rows_of(blocks_of(page_of(root, "--sealed", "--out", str(tmp_path / "all.html")))["items"]["items"])}
    assert sealed.keys() <= rows.keys() and all(rows[i]["answer"] == item.key for i, item in sealed.items())
    assert not sealed.keys() & {row["id"] for row in rows_of(blocks_of(html)["items"]["items"])}


def test_every_link_of_the_summary_leads_to_a_part_of_it_a_list_or_a_thing_that_is_embedded(repaired_html: str) -> None:
    tags = Reader(repaired_html).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    links = {str(attrs["href"]).removeprefix("#") for _, attrs in tags if "href" in attrs}
    blocks = blocks_of(repaired_html)
    things = {f"item/{row[0]}" for row in blocks["items"]["items"]["rows"]} | {
        f"commit/{row[0]}" for row in blocks["repairs"]["commits"]["rows"]
    }
    lists = {link for link in links if re.match(r"list/(items|patches|audit)(\?|$)", link)}
    assert links - lists <= set(ids) | things and len(ids) == len(set(ids))
    assert len(lists) > 5 and links & things


def test_every_term_of_the_page_is_explained(html: str) -> None:
    terms = {name for name, _ in GLOSSARY}
    assert {"base", "baseline solver", "dev", "twin", "sealed", "statement", "chain", "probe", "diagnosis", "patch", "round"} <= terms
    assert {"verdict", "interval"} <= terms
    text = " ".join(Reader(html).text.split())
    assert all(" ".join(meaning.split()) in text for _, meaning in GLOSSARY)


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of one patch, judged twice, after results; one diagnosis is left."""
    root = make_results(make_repository(tmp_path_factory.mktemp("rounds")), always_wrong)
    commit(root, "Results before")
    repo = proda.open(str(root))
    metrics = repo.metrics
    item, other = [i for i in repo.items("dev") if i.kind == "bridge"][:2]
    failed = (("seed-0", "seed-1"), ("A", "A"))
    evidence = Evidence(item.statements[0], "statement", 10, 8, -0.1, "milling/flour")
    blamed = (item.statements[0],)
    found = Diagnosis(
        item.id, item.content_hash, item.chain, "concept gap", blamed, *failed, 1.0, (evidence,), "Asked for it: 8 of 10 wrong."
    )
    write_diagnoses(root, [found], ("seed-0", "seed-1"))
    node = item.statements[0]
    sample = Sample(f"{node}:open-1001", "open", (node,), "What is it?", "This.")
    expect = {node: node_hash(repo.knowledge, node)}
    patch = named(Patch("", 1, (node,), (item.id, other.id), "concept gap", "Not known.", expect, samples=(sample,)))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    commit(root, "Repair it")
    for says, difference in (("hurts", -0.1), ("helps", 0.1)):
        splits = {}
        for name in ("dev", "twin", "sealed"):
            before = metrics["tuned"][name]["accuracy"]
            interval = {"ci95_low": difference - 0.05, "ci95_high": difference + 0.05}
            counts = {"n": 5, "better": 3, "worse": 1, "p": 0.5}
            splits[name] = {"before": before, "after": before + difference, "difference": difference, **interval, **counts}
        general = {"before": 0.9, "after": 0.91, "difference": 0.01}
        verdict = {"before": None, "round": 1, "says": says, "reasons": [f"twin changes by {difference}"], "patches": [patch.id]}
        write_round(root, 1, {**verdict, "splits": splits, "disciplines": {"milling": splits["dev"]}, "general": general})
        commit(root, f"Verdict: {says}")
    return root


@pytest.fixture(scope="module")
def repaired_html(repaired: Path) -> str:
    return page_of(repaired)


def test_a_round_shows_scores_before_and_after_intervals_patches_and_earlier_verdicts(repaired: Path, repaired_html: str) -> None:
    text = " ".join(Reader(repaired_html).text.split())
    assert "Round 1: helps twin changes by 0.1" in text and "1 patch (1 concept gap), 1 sample added" in text
    assert "an earlier build was judged hurts in " in text and "twin changes by -0.1" in text
    low, high = (100 * proda.open(str(repaired)).metrics["tuned"]["twin"][k] for k in ("ci95_low", "ci95_high"))
    assert f"twin5 items 0.0 %{low:.1f}–{high:.1f} 10.0 % " in text  # the history holds results that fit the score before, and none after
    assert "+10.0 [+5.0, +15.0] 3, 1" in text and "general" in text and "+1.0 –" in text
    (patch,) = read_repairs(repaired).patches.values()
    row = rows_of(blocks_of(repaired_html)["repairs"]["patches"])[0]
    assert (row["id"], row["category"], row["reason"], row["says"]) == (patch.id, "concept gap", "Not known.", "unproven")
    assert [state for _, state in row["items"]] == ["still fails", "passes now"] and row["targets"] == list(patch.targets)
    assert row["adds"] == [s.id for s in patch.samples] and "List the 1 patch" in text
    commit = next(c for c in rows_of(blocks_of(repaired_html)["repairs"]["commits"]) if c["id"] == row["commit"])
    assert commit["subject"] == "Repair it"


def test_a_diagnosis_is_embedded_with_its_evidence_and_what_it_blames(repaired_html: str) -> None:
    (row,) = rows_of(blocks_of(repaired_html)["repairs"]["diagnoses"])
    assert row["category"] == "concept gap" and row["confidence"] == "confidence 1.00: 2 of 2 failing models"
    assert row["reason"] == "Asked for it: 8 of 10 wrong." and not row["older"]
    told = "Asked for this statement: 8 of 10 answers are wrong, most often “flour”."
    assert row["evidence"] == [[row["nodes"][0], told, 10, 8]]


def test_versions_are_the_base_and_the_models_before_and_after_each_judged_round(repaired: Path, html: str) -> None:
    page = build_page(proda.open(str(repaired)))
    assert [v.name for v in page.versions] == ["base", "V1", "V2"] and page.versions[1].note == "before round 1"
    metrics = proda.open(str(repaired)).metrics
    assert page.versions[2].marks["twin"].value == metrics["tuned"]["twin"]["accuracy"]
    assert page.versions[0].marks["general"].value == metrics["general"]["base"]["accuracy"]


def test_the_chance_level_of_the_general_suite_is_that_of_its_options(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path), always_wrong)
    four, text = page_of(root), closing(proda.open(str(root)))
    assert "chance: .25; in brackets" in text
    path = root / RESULTS / "metrics.json"
    metrics = json.loads(path.read_text())
    for who in ("base", "tuned"):
        metrics["general"][who]["chance"] = 0.5
    path.write_text(json.dumps(metrics))
    assert "chance: .25, in the general suite .50; in brackets" in closing(proda.open(str(root)))
    page = build_page(proda.open(str(root)))
    assert {row.label: row.chance for row in page.headline} == {"dev": 0.25, "twin": 0.25, "sealed": 0.25, "general": 0.5}
    lines = [re.findall(r'<line class="chance" x1="0" x2="100%" y1="([0-9.]+)"', html) for html in (four, page_of(root))]
    assert len(lines[0]) == 4 and len(set(lines[0])) == 1
    assert lines[1][:3] == lines[0][:3] and float(lines[1][3]) < float(lines[0][3])


def test_a_round_without_a_verdict_says_what_to_run(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path), always_wrong)
    make_patch(root)
    text = " ".join(Reader(page_of(root)).text.split())
    assert "Round 1 This round has not been judged. Run dvc repro, then proda verify." in text


def test_a_malformed_verdict_is_named(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path), always_wrong)
    (root / "benchmarks/verdicts").mkdir(exist_ok=True)
    (root / "benchmarks/verdicts/round-1.yaml").write_text("round: 1\nsays: [helps]\n")
    with pytest.raises(InputError, match="Not a verdict on a round"):
        page_of(root)


def test_a_diagnosis_of_a_sealed_item_is_not_shown(tmp_path: Path) -> None:
    root = make_results(make_repository(tmp_path), always_wrong)
    sealed = proda.open(str(root)).items("sealed")[0]
    found = Diagnosis(sealed.id, sealed.content_hash, sealed.chain, "concept gap", (), ("seed-0",), ("A",), 1.0)
    write_diagnoses(root, [found], ("seed-0",))
    assert sealed.id not in page_of(root)


def test_without_git_the_page_lacks_the_history_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    html = page_of(root, "--out", str(tmp_path / "page.html"))
    assert "built from <code>no commit</code>" in html and "No commit changes knowledge" in html and "Right answers on twin items" in html


def test_a_leak_on_a_sealed_item_is_counted_but_not_shown(root: Path, tmp_path: Path) -> None:
    path = root / RESULTS / "overlap.json"
    before = path.read_text()
    names = [next(i.id for i in proda.open(str(root)).items(split)) for split in ("dev", "sealed")]
    leaks = [{"item": name, "where": "w", "how": "stem", "value": 1.0, "text": f"leak of {name}"} for name in names]
    try:
        whole = [{"item": name, "sample": "s"} for name in names]
        path.write_text(json.dumps({"items": 2, "texts": 1, "n_leaks": len(leaks), "leaks": leaks, "closest": [], "shown_whole": whole}))
        html = page_of(root, "--out", str(tmp_path / "leak.html"))
    finally:
        path.write_text(before)
    assert "2 leaks" in html and f"leak of {names[0]}" in html and f"leak of {names[1]}" not in html
    assert "2 items shown whole: one training sample words all of their statements" in html


def test_hostile_text_stays_inert(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path))
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text().replace("explains: how wind grinds grain", "explains: " + json.dumps(HOSTILE)))
    items = [
        msgspec.structs.replace(
            i, stem=f"{HOSTILE} {i.id}", options=tuple(msgspec.structs.replace(o, text=o.text + HOSTILE) for o in i.options)
        )
        for i in proda.open(str(root)).items()
    ]
    write_items_tree(root, items)
    make_outcomes(root, always_wrong)
    (root / RESULTS / "run.json").write_text(json.dumps({HOSTILE: HOSTILE}))
    (root / RESULTS / "shortcuts.json").write_text(json.dumps({"solvers": {HOSTILE: {"accuracy": 0.25}}}))
    worst = [{"item": i.id, "where": HOSTILE, "how": HOSTILE, "value": 0.5, "text": HOSTILE} for i in items]
    (root / RESULTS / "overlap.json").write_text(json.dumps({"items": 1, "texts": 1, "n_leaks": 0, "leaks": [], "closest": worst}))
    (root / RESULTS / "training.csv").write_text(f"seed,step,loss\n{HOSTILE},0,2\n{HOSTILE},1,1\n")
    dev = next(i for i in items if i.split == "dev")
    found = Diagnosis(dev.id, dev.content_hash, dev.chain, "concept gap", (HOSTILE,), ("seed-0",), ("A",), 1.0, (), HOSTILE)
    write_diagnoses(root, [found], ("seed-0",))
    node = dev.statements[0]
    patch = named(Patch("", 1, (node, HOSTILE), (HOSTILE, dev.id), "concept gap", HOSTILE, {}))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    write_round(root, 1, {"round": 1, "says": HOSTILE, "reasons": [HOSTILE], "patches": [patch.id, HOSTILE.replace("/", "")]})
    commit(root, HOSTILE)
    html = page_of(root)
    page = Reader(html)
    kinds = [attrs.get("type") for tag, attrs in page.tags if tag == "script"]
    assert kinds == ["application/json"] * 4 + [None] and "img" not in {tag for tag, _ in page.tags}
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert "{{7*7}}" in page.text and page.text.count(HOSTILE) > 5
    blocks = blocks_of(html)
    assert all(HOSTILE in row["stem"] and HOSTILE in row["options"][0][0] for row in rows_of(blocks["items"]["items"]))
    assert rows_of(blocks["repairs"]["patches"])[0]["reason"] == HOSTILE


def test_a_repository_without_results_gets_a_page_that_says_what_to_run(tmp_path: Path) -> None:
    html = page_of(make_repository(tmp_path, git=False))
    text = " ".join(Reader(html).text.split())
    for command in ("dvc repro evaluate", "dvc repro train", "dvc repro guard", "dvc repro benchmark", "make repro"):
        assert f"Run {command}." in text, command
    assert "No model has been scored yet" in text and "There has been no round of repair yet." in text and "11 chains" in text


def test_the_same_repository_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    one, two = (page_of(root, "--out", str(tmp_path / name)) for name in ("1.html", "2.html"))
    assert one == two


def test_marks_stay_on_the_scale_and_unusable_curves_are_left_out() -> None:
    drawn = strip(Mark(-1.0, -2.0, 0.5), Mark(7.0, 0.5, 9.0, (3.0, 4.0)))
    assert all(0 <= float(x) <= 100 for x in re.findall(r'(?:cx|x1|x2)="([\d.-]+)%"', drawn))
    assert curves({}) is None and curves({"seed 0": [(0.0, 1.0)]}) is None
    found = curves({"seed 0": [(0.0, 2.0), (10.0, 1.0)]})
    assert found is not None and (found.steps, found.top, found.last) == (10, 2.0, (1.0,))
