"""`proda attribute` on a toy repository with a tiny trained base: plan, training, verdicts, continuing after an interruption."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from proda.cli.attribute import attribute
from proda.cli.audit import audit
from proda.errors import NotFoundError, ProdaError, UsageError
from proda.experiments.attribution import fresh_seeds
from proda.records import Sample
from proda.store.corpus import load_corpus, write_corpus
from proda.store.diagnoses import load_diagnoses
from proda.store.items import load_items
from proda.store.patches import load_patches, load_samples, named, patch_text
from proda.store.verdicts import read_verdicts, shown_by, write_round, write_verdict
from proda.workflows.repair_round import plan_here as plan
from tests.killing import kill_when
from tests.toyresults import commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import make_repository

VERDICTS = "benchmarks/verdicts"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}  # the same sums, however busy the machine is


def command(root: Path) -> list[str]:
    """The command line of `proda attribute` with one seed."""
    code = "from proda.cli.attribute import attribute; attribute()"
    return [sys.executable, "-c", code, "--seeds", "2", "--root", str(root)]


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(attribute, [*arguments, "--root", str(root)])


def done(root: Path, *arguments: str) -> Result:
    result = run(root, *arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


def refused(root: Path, *arguments: str) -> ProdaError:
    error = run(root, *arguments).exception
    assert isinstance(error, ProdaError), repr(error)
    return error


def trained(root: Path) -> dict[str, int]:
    """Every training in the cache with the time at which it ended, and every scoring with its inode: reading it renews its time."""
    ended = {p: p.stat().st_mtime_ns for p in root.glob("build/cache/train/*/seed-*/run.json")}
    written = {p: p.stat().st_ino for p in root.glob("build/cache/trials/*/*.json")}
    return {p.relative_to(root).as_posix(): value for p, value in (ended | written).items()}


def verdicts(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((root / VERDICTS).glob("*.yaml"))}


def add_lighting(root: Path) -> str:
    """Write a third patch, the only one that teaches lighting, and return its id. The other two teach ovens."""
    patch = next(p for p in plan(root, load_diagnoses(root), 1, 20) if p.targets[0].startswith("lighting/"))
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    return patch.id


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with two patches and without a base."""
    root = make_results(make_repository(tmp_path_factory.mktemp("attribute")), lambda *_: False)
    make_diagnoses(root)
    commit(root, "Built")
    for patch in plan(root, load_diagnoses(root), 1, 20)[:2]:
        (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
        commit(root, f"Repair {patch.targets[0]}")
    make_outcomes(root, lambda item, model: model != "base")
    commit(root, "Rebuilt")
    return root


@pytest.fixture(scope="module")
def based(bare: Path) -> Path:
    """The repository with a base, before any trial."""
    root = bare.with_name("based")
    shutil.copytree(bare, root)
    for stage in ("curriculum", "base"):
        subprocess.run([sys.executable, "-m", f"pipelines.{stage}"], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture(scope="module")
def whole(based: Path) -> Path:
    """Attributed with one seed, without an interruption."""
    root = shutil.copytree(based, based.with_name("whole"))
    subprocess.run(command(root), env=ENVIRONMENT, check=True, capture_output=True, timeout=300)
    return root


@pytest.fixture(scope="module")
def root(whole: Path) -> Path:
    """With an unproven verdict of the round, then attributed with a second seed too."""
    root = shutil.copytree(whole, whole.with_name("root"))
    shutil.rmtree(root / VERDICTS)
    write_round(root, 1, {"round": 1, "patches": [p.id for p in load_patches(root)]})
    assert "4 trials: 4 trainings, 4 more in the cache" in done(root, "--seeds", "2,3").output
    return root


def test_a_dry_run_says_what_it_would_train_and_needs_no_base(bare: Path) -> None:
    before = verdicts(bare)
    text = done(bare, "--dry-run").output
    assert "round 1: 2 of 2 patches, one by one, over seeds 2, 3, 4, 5, 6" in text
    assert "4 trials: 20 trainings, 0 more in the cache; duration unknown; this run stops after 2 h 00 min" in text
    document = json.loads(done(bare, "--dry-run", "--json", "--seeds", "2,3,4").stdout)
    assert (document["missing"], document["seeds"], document["seconds"]) == (12, [2, 3, 4], None)
    one, other = (p.id for p in load_patches(bare))
    assert set(document["trials"]) == {"all patches", "none of the round", f"without {one}", f"without {other}"}
    assert verdicts(bare) == before and not trained(bare)


def test_the_estimate_goes_by_the_last_build(bare: Path, tmp_path: Path) -> None:
    root = shutil.copytree(bare, tmp_path / "toy")
    seeds = {str(n): {"seconds": 100.0, "fresh": True} for n in range(3)}
    record = {"train": {"seconds": 120.0, "seeds": seeds}, "evaluate": {"seconds": 60.0, "models": ["base", "seed-0", "seed-1"]}}
    (root / "benchmarks/results/run.json").write_text(json.dumps(record))
    assert json.loads(done(root, "--dry-run", "--json").stdout)["seconds"] == 20 * (40 + 20)  # three trained side by side in 120 s
    assert "about 20 min at the pace of the last build" in done(root, "--dry-run").output


def test_chosen_disciplines_have_their_own_patches_and_a_smaller_estimate(bare: Path, tmp_path: Path) -> None:
    root = shutil.copytree(bare, tmp_path / "toy")
    other = add_lighting(root)
    samples = len(load_samples(root))
    record = {"train": {"seconds": 120.0, "samples": samples, "seeds": {"0": {"seconds": 120.0, "fresh": True}}}}
    (root / "benchmarks/results/run.json").write_text(json.dumps(record))
    whole, part, longer = (
        json.loads(done(root, "--dry-run", "--json", *arguments).stdout)
        for arguments in ((), ("--disciplines", "lighting"), ("--disciplines", "lighting", "-S", "train.epochs=3"))
    )
    assert (whole["patches"], part["patches"], set(part["trials"])) == (3, 1, {"all patches", "none of the round"})
    assert whole["pace"] == pytest.approx(120) and 30 < part["pace"] < 90 and longer["pace"] == pytest.approx(3 * part["pace"])
    assert longer["trials"] == part["trials"] and longer["seeds"] == whole["seeds"]
    assert "not among --disciplines" in str(refused(root, "--disciplines", "ovens", "--patch", other))


def test_results_of_chosen_disciplines_are_no_verdict_on_the_committed_models(based: Path, tmp_path: Path) -> None:
    root = shutil.copytree(based, tmp_path / "part")
    other = add_lighting(root)
    write_round(root, 1, {"round": 1, "patches": [p.id for p in load_patches(root)]})
    before = verdicts(root)
    arguments = ("--seeds", "2", "--disciplines", "lighting", "-S", "train.epochs=2")
    result = done(root, *arguments)
    assert "prove nothing about those" in result.stderr and verdicts(root) == before
    path = root / "build/attribute/attribution.json"
    document = json.loads(path.read_text())
    assert (document["disciplines"], document["parameters"], document["stopped"]) == (["lighting"], ["train.epochs=2"], "")
    assert [v["patch"] for v in document["verdicts"]] == [other] and len(load_patches(root)) == 3
    assert all(name.startswith("lighting/") for v in document["verdicts"] for name in v["items"])
    kept, written = trained(root), path.read_bytes()
    assert json.loads(done(root, *arguments, "--json", "--hours", "0", "--out", str(tmp_path / "a.json")).stdout) == document
    assert trained(root) == kept and (tmp_path / "a.json").read_bytes() == written and verdicts(root) == before


def test_without_a_base_one_message_says_what_is_missing(bare: Path) -> None:
    error = refused(bare)
    assert isinstance(error, NotFoundError)
    assert "build/base, build/curriculum" in str(error) and "dvc repro" in str(error)


def test_each_patch_gets_a_verdict_in_place_of_the_unproven_one(root: Path) -> None:
    found = read_verdicts(root)
    assert set(found) == {p.id for p in load_patches(root)}
    for patch in load_patches(root):
        verdict = found[patch.id]
        assert verdict["says"] == "unproven" and "at least 5 seeds" in verdict["why"]
        assert list(verdict["retrained"]["seeds"]) == [2, 3]
        assert set(patch.items) <= set(verdict["items"]) and any(":twin-" in name for name in verdict["items"])
        assert not any(":sealed-" in name for name in verdict["items"])
    one, other = (found[p.id]["retrained"] for p in load_patches(root))
    assert one["without"] == other["only"] and one["full"] == other["full"] != one["none"] == other["none"]


def test_a_second_run_trains_nothing_and_says_the_same(root: Path) -> None:
    before, files = trained(root), verdicts(root)
    assert len(before) == 4 * 2 * 2  # four trials of two seeds, trained and scored
    assert "4 trials: 0 trainings, 8 more in the cache" in done(root, "--seeds", "2,3", "--hours", "0").output
    assert trained(root) == before and verdicts(root) == files


def test_the_round_is_judged_again_without_touching_what_attribution_found(root: Path) -> None:
    files = verdicts(root)
    write_round(root, 1, {"round": 1, "patches": [p.id for p in load_patches(root)]})
    assert verdicts(root) == files


def test_the_cap_stops_before_a_training_and_says_how_to_go_on(based: Path) -> None:
    result = done(based, "--hours", "0", "--seeds", "2")
    assert "Stopped after" in result.stderr and "before 'all patches'" in result.stderr and "same command again" in result.stderr
    assert not trained(based) and not verdicts(based)
    document = json.loads(done(based, "--hours", "0", "--seeds", "2", "--json").stdout)
    assert document["verdicts"] == [] and "Stopped" in document["stopped"]


def test_audit_reads_the_verdicts(root: Path) -> None:
    result = CliRunner().invoke(audit, ["HEAD~3..HEAD", "--json", "--root", str(root)])
    lines = json.loads(result.stdout)["lines"]
    assert {line["says"] for line in lines if line["patch"]} == {"unproven"}
    assert {line["level"] for line in lines} <= {"could have", "probably", "nothing"}  # never proof


def test_kill_9_in_the_middle_then_again_gives_the_verdicts_of_an_uninterrupted_run(based: Path, whole: Path, tmp_path: Path) -> None:
    killed = shutil.copytree(based, tmp_path / "killed")
    kill_when(lambda: bool(trained(killed)), command(killed), env=ENVIRONMENT)
    kept = trained(killed)
    assert 0 < len(kept) < 8 and not verdicts(killed)
    subprocess.run(command(killed), env=ENVIRONMENT, check=True, capture_output=True, timeout=300)
    assert verdicts(killed) == verdicts(whole) and len(verdicts(whole)) == 2
    assert kept.items() <= trained(killed).items(), "what was trained before the end was not trained again"
    assert trained(killed).keys() == trained(whole).keys()


@pytest.mark.slow
def test_a_real_model_that_is_told_the_answers_by_one_patch_alone_proves_it(based: Path, tmp_path: Path) -> None:
    """Each patch contains its own items with their keys. The leak check would refuse such a patch; attribution must find its effect."""
    root = shutil.copytree(based, tmp_path / "told")
    params = root / "params.yaml"
    train = "train: {seeds: [0, 1], method: full, epochs: 60, learning_rate: 0.01, batch_tokens: 512, warmup_steps: 5, general_replay: 0.0}"
    params.write_text("".join(f"{train}\n" if line.startswith("train:") else line for line in params.read_text().splitlines(True)))
    write_corpus(root, {("milling", "milling-basics"): load_corpus(root)[-20:]})
    items = {i.id: i for i in load_items(root, ("dev", "twin"))}
    for patch in load_patches(root):
        chains = {items[name].chain for name in patch.items}
        told = [i for i in items.values() if i.chain in chains]
        samples = tuple(Sample(f"told-{i.id}", "open", (), i.stem, i.options[i.key].text) for i in told)
        (root / f"samples/patches/{patch.id}.yaml").unlink()
        taught = named(msgspec.structs.replace(patch, samples=samples))
        (root / f"samples/patches/{taught.id}.yaml").write_text(patch_text(taught))
        commit(root, f"Tell {taught.id}")
    done(root)
    for patch, verdict in read_verdicts(root).items():
        assert verdict["says"] == "necessary", verdict["why"]
        assert "necessary and sufficient" in shown_by(verdict).values(), verdict
        assert float(verdict["effects"]["sufficient"]["adjusted"]) < 0.05, patch
    lines = json.loads(CliRunner().invoke(audit, ["HEAD~4..HEAD", "--json", "--root", str(root)]).stdout)["lines"]
    proven = {line["item"] for line in lines if line["level"] == "proof"}
    assert proven and proven <= {name for verdict in read_verdicts(root).values() for name in verdict["items"]}


def test_one_patch_can_be_asked_about_while_the_other_stays_in(bare: Path) -> None:
    one, other = (p.id for p in load_patches(bare))
    document = json.loads(done(bare, "--patch", one, "--dry-run", "--json").stdout)
    assert (document["asked"], document["patches"]) == (1, 2)
    assert set(document["trials"]) == {"all patches", "none of the round", f"without {one}", f"without {other}"}


def test_an_unknown_patch_round_discipline_or_parameter_is_one_message(bare: Path) -> None:
    assert "no patch '1-none-00000000'" in str(refused(bare, "--patch", "1-none-00000000"))
    assert "no patch of round 7" in str(refused(bare, "--round", "7"))
    error = refused(bare, "--round", "7", "--patch", load_patches(bare)[0].id)
    assert isinstance(error, UsageError) and "one round" in str(error)
    assert "no item of 'baking'" in str(refused(bare, "--disciplines", "baking"))
    assert "train.speed=2: expected NAME=VALUE" in str(refused(bare, "--set-param", "train.speed=2"))
    assert "no patch of round 1 teaches milling. They teach ovens." in str(refused(bare, "--disciplines", "milling"))
    assert "benchmarks/verdicts" in str(refused(bare, "--out", "elsewhere.json"))


def test_default_seeds_are_those_after_the_seeds_of_the_build() -> None:
    assert fresh_seeds((0, 1, 2), 5) == (3, 4, 5, 6, 7) and fresh_seeds((7, 3), 2) == (8, 9) and fresh_seeds((), 2) == (0, 1)


def test_seeds_of_the_build_are_refused_because_they_would_favour_the_patches(bare: Path) -> None:
    for seeds in ("0", "7,1,8"):
        error = refused(bare, "--dry-run", "--seeds", seeds)
        assert isinstance(error, UsageError) and "train.seeds" in str(error) and "such as 2,3,4,5,6" in str(error)
    assert json.loads(done(bare, "--dry-run", "--json", "--seeds", "9, 7").stdout)["seeds"] == [9, 7]
    assert "different whole numbers" in str(refused(bare, "--seeds", "3,3"))


def retrained(says: str, seeds: int) -> dict[str, object]:
    row = {"hash": "9b1c", "full": 5, "without": 0, "none": 0, "only": 5, "shown": "necessary"}
    return {"patch": "1-x-00000000", "round": 1, "says": says, "retrained": {"seeds": list(range(seeds))}, "items": {"d/c:dev-path": row}}


def test_a_verdict_is_replaced_by_one_that_rests_on_as_many_seeds_and_never_by_fewer(tmp_path: Path) -> None:
    write_round(tmp_path, 1, {"patches": ["1-x-00000000", "1-y-00000000"]})
    for says, seeds, stands in (("necessary", 5, True), ("unproven", 2, False), ("sufficient", 5, True), ("necessary", 6, True)):
        assert write_verdict(tmp_path, retrained(says, seeds)) is stands
        assert (read_verdicts(tmp_path)["1-x-00000000"]["says"] == says) is stands
    write_round(tmp_path, 1, {"patches": ["1-x-00000000"]})
    assert read_verdicts(tmp_path)["1-x-00000000"]["says"] == "necessary"


def test_only_a_retrained_verdict_shows_anything_of_an_item() -> None:
    verdict = retrained("necessary", 5)
    assert shown_by(verdict) == {"9b1c": "necessary"}
    assert shown_by({k: v for k, v in verdict.items() if k != "retrained"}) == {} == shown_by({"patch": "x", "says": "necessary"})
