"""`scripts.planted_round` on a toy repository with a tiny trained base: plan, cache, file, revert.

A model this small, trained with one seed, cannot prove the planted effects. Whether the verdicts agree is tested with the real base.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import proda
from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.debugger.reverts import harmful
from proda.errors import NotFoundError
from proda.experiments.planted_round import commit_round, compared, taken_back
from proda.experiments.planting import ORDER
from proda.store.corpus import write_corpus
from proda.store.patches import apply_patches, load_patches, load_samples
from scripts.planted_round import planted_round, report
from tests import toyworld
from tests.experiments.test_planting import ROUND
from tests.toyresults import make_results

WORDS = ("causes", "requires", "produces", "increases", "triggers")
FEW = ("--needed", "1", "--redundant", "1", "--harmful", "1", "--idle", "1", "--samples", "4", "--seeds", "2")
SAID = {"necessary and sufficient", "necessary", "sufficient", "redundant", "harmful", "unproven"}


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(planted_round, [*FEW, "--disciplines", "weaving", *arguments, "--root", str(root)])


def trained(root: Path) -> dict[str, int]:
    """The files that training and scoring wrote. A file that is written again is another one; reading marks it as used."""
    paths = [*root.glob("build/cache/train/*/seed-*/run.json"), *root.glob("build/cache/trials/*/*.json")]
    return {p.relative_to(root).as_posix(): p.stat().st_ino for p in paths}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy repository with twelve more chains and without a base."""
    told = []
    for number in range(12):
        course = [f"yarn-{number}-0"]
        for step in range(4):
            course += [WORDS[(number + step) % len(WORDS)], f"yarn-{number}-{step + 1}"]
        told.append((f"story-{number}", f"how yarn {number} comes about", course))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toyworld, "CHAINS", {**toyworld.CHAINS, "weaving": told})
        root = make_results(toyworld.make_repository(tmp_path_factory.mktemp("planted")))
    knowledge = proda.open(str(root)).knowledge
    plans = plan_samples(knowledge, {"milling": 40, "lighting": 40, "ovens": 40, "weaving": 240}, seed=0, window=2)
    write_corpus(root, {key: [write_sample(knowledge, plan) for plan in group] for key, group in plans.items()})
    return root


@pytest.fixture(scope="module")
def root(bare: Path) -> Path:
    for stage in ("curriculum", "base"):
        subprocess.run([sys.executable, "-m", f"pipelines.{stage}"], cwd=bare, check=True, capture_output=True)
    return bare


@pytest.fixture(scope="module")
def document(root: Path) -> dict[str, object]:
    result = run(root)
    assert result.exit_code == 0, result.output + repr(result.exception)
    found: dict[str, object] = json.loads((root / "build/planted/planted.json").read_text())
    return found


def test_a_dry_run_lists_the_round_and_says_what_is_missing(bare: Path) -> None:
    result = run(bare, "--dry-run")
    assert result.exit_code == 0, result.output + repr(result.exception)
    rows = [line.split()[1] for line in result.stdout.splitlines()[1:6]]
    assert rows == list(ORDER)
    assert "5 of 5 patches, one by one, over seed 2" in result.stdout and "12 trials: 12 trainings, 0 more in the cache" in result.stdout
    assert "build/base" in result.stderr and "dvc repro" in result.stderr
    error = run(bare).exception
    assert isinstance(error, NotFoundError) and "dvc repro" in str(error)
    assert not (bare / "build/planted").exists() and not load_patches(bare)


def test_the_file_says_of_each_patch_what_was_planted_and_what_attribution_said(document: dict[str, object]) -> None:
    rows = document["patches"]
    assert isinstance(rows, list) and [row["planted"] for row in rows] == list(ORDER)
    for row in rows:
        assert row["said"] in SAID and row["agree"] is (row["said"] == row["expected"]) and row["expected"] in SAID
        assert set(row["accuracy"]) == {"full", "without", "none", "only"} and row["items"] >= 4 and row["why"]
    assert (document["disciplines"], document["seeds"], document["stopped"]) == (["weaving"], [2], "")
    gate = document["gate"]
    assert isinstance(gate, list) and [row["expected"] for row in gate] == ["hurts", "helps", None, "hurts"]
    assert all(row["says"] in ("helps", "hurts", "unproven") and set(row["splits"]) == {"dev", "twin"} for row in gate)
    shown = [row["patch"] for row in rows if row["said"] == "harmful"]
    assert [r for r in gate[3]["reasons"] if "shown to harm" in r] == [r for r in gate[3]["reasons"] if r.split()[0] in shown]
    assert gate[2]["splits"] == gate[3]["splits"] and not any("shown to harm" in r for row in gate[:3:2] for r in row["reasons"])
    back = document["revert"]
    assert isinstance(back, dict) and back["byte_for_byte"] is True and back["conflict"] == ""


def test_a_second_run_trains_nothing_and_writes_the_same(root: Path, document: dict[str, object], tmp_path: Path) -> None:
    before = trained(root)
    assert len(before) == 12 * 2  # trained and scored
    result = run(root, "--hours", "0", "--out", str(tmp_path))
    assert "12 trials: 0 trainings, 12 more in the cache" in result.stderr
    assert json.loads((tmp_path / "planted.json").read_text()) == document and trained(root) == before
    assert not (root / "benchmarks/verdicts").exists() and not load_patches(root)


def test_a_run_that_may_take_no_time_decides_nothing_and_says_so(root: Path, document: dict[str, object], tmp_path: Path) -> None:
    result = run(root, "--seed", "1", "--hours", "0", "--out", str(tmp_path))
    assert "not decided" in result.stdout and "Stopped after" in result.stderr
    found = json.loads((tmp_path / "planted.json").read_text())
    assert found["gate"] == [] and all(row["agree"] is None for row in found["patches"])
    assert found["revert"]["byte_for_byte"] is True


def test_the_revert_takes_the_harmful_patch_alone_and_is_proposed_by_its_verdict(tmp_path: Path) -> None:
    commits, harm = commit_round(tmp_path, ROUND), ROUND.harmful.id
    assert {p.id for p in load_patches(tmp_path)} == set(commits) == {p.patch.id for p in ROUND.patches}
    before = load_samples(tmp_path)
    verdicts = [{"patch": p, "round": 3, "says": "harmful" if p == harm else "unproven", "why": "Made up."} for p in commits]
    back = taken_back(tmp_path, harm, commits[harm], verdicts)
    assert back == {"patch": harm, "proposed": [harm], "conflict": "", "byte_for_byte": True}
    after = {s.id: s for s in load_samples(tmp_path)}
    spoilt = {o.sample for o in ROUND.harmful.override}
    assert {s.id for s in before if after.get(s.id) != s} == spoilt  # and these alone
    assert after == {s.id: s for s in apply_patches(ROUND.corpus, [p.patch for p in ROUND.patches if p.patch.id != harm])}
    assert not harmful(tmp_path)


def test_a_verdict_agrees_if_it_is_the_expected_one() -> None:
    def verdict(says: str, adjusted: float) -> dict[str, object]:
        effects = {"sufficient": {"adjusted": adjusted, "difference": 0.5}}
        return {"says": says, "why": "", "accuracy": {}, "effects": effects}

    both = "necessary and sufficient"
    cases = ((both, "necessary", 0.01, True), (both, "necessary", 0.2, False), ("redundant", "sufficient", 0.01, False))
    for expected, says, adjusted, agree in (*cases, ("unproven", "unproven", 1.0, True)):
        assert compared(expected, verdict(says, adjusted))["agree"] is agree
    assert compared(both, None) == {"said": None, "agree": None}
    row = {"patch": "3-x", "planted": "idle", "said": "unproven", "agree": True}
    gate = [{"asked": "the round without it", "expected": "helps", "agree": False, "says": "unproven", "reasons": ["twin changes"]}]
    back = {"patch": "3-y", "proposed": [], "conflict": "", "byte_for_byte": True}
    text = "\n".join(report({"patches": [row], "gate": gate, "revert": back}))
    assert "unproven" in text and "(expected: helps; agrees: no)" in text and "restored byte for byte" in text
