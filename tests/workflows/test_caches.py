"""Scores are computed again after a change of the code behind them and where a cached file cannot be used; real models, real trainings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from safetensors.torch import load_file, save_file

import proda.store.code_version as versions
from proda.compiler.train import train_seeds
from proda.debugger.probes import Answer, Probe, statement_probes
from proda.params import load_params
from proda.records import Item, Sample
from proda.store.code_version import ROOT, code_version
from proda.store.suite import SUITE
from proda.tester.items import write_items
from proda.workflows.prober import Prober
from proda.workflows.trials import Laboratory, Trial
from tests.compiler.tiny import FACTS, TRAIN, tiny_base
from tests.toyworld import PARAMS, knowledge

WORLD = knowledge()
ITEMS = [i for i in write_items(WORLD, seed=0, sealed_share=0.0) if i.split == "dev"][:6]
PROBES = [p for s in list(WORLD.statements.values())[:2] for p in statement_probes(WORLD, s)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a base, what its curriculum wrote, and items, as far as trials read it."""
    root = tmp_path_factory.mktemp("caches")
    (root / "params.yaml").write_text(PARAMS)
    tiny_base(root / "build", context=256)
    shutil.rmtree(root / "build/cache", ignore_errors=True)
    texts = b"".join(msgspec.json.encode(d) + b"\n" for d in FACTS)
    for name, data in (("documents", texts), ("replay", texts)):
        (root / "build/curriculum").mkdir(exist_ok=True)
        (root / f"build/curriculum/{name}.jsonl").write_bytes(data)
    (root / SUITE).parent.mkdir(parents=True)
    (root / SUITE).write_bytes(b"".join(msgspec.json.encode(i) + b"\n" for i in ITEMS[:3]))
    return root


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of this project's code, which is what versions are read from; to be changed."""
    shutil.copytree(ROOT / "proda", tmp_path / "code/proda", ignore=shutil.ignore_patterns("__pycache__"))
    code_version.cache_clear()
    monkeypatch.setattr(versions, "ROOT", tmp_path / "code")
    yield tmp_path / "code"
    code_version.cache_clear()


def trial(root: Path, items: Sequence[Item] = ITEMS) -> Trial:
    found = load_params(root / "params.yaml")
    params = msgspec.structs.replace(found, train=msgspec.structs.replace(TRAIN, epochs=1))
    samples = [Sample(f"milling/a.s1:open-{n}", "open", (), d.prompt, d.completion) for n, d in enumerate(FACTS)]
    return Laboratory(root, seeds=(0,), params=params, items=items).run(samples)


def probed(root: Path, probes: Sequence[Probe] = PROBES) -> dict[str, list[Answer]]:
    params = msgspec.structs.replace(TRAIN, seeds=(0,), epochs=1)
    runs = train_seeds(root / "build/base", FACTS, [], params, None, cache=root / "build/cache")
    adapter = root / f"build/cache/train/{runs[0].inputs}/seed-0/adapter"
    return Prober(root / "build/base", {"seed-0": adapter}, batch_tokens=512, cache=root / "build/cache").answers(probes)


def files(root: Path, what: str) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in sorted((root / "build/cache" / what).rglob("*.json")) if p.is_file()}


Run = Callable[[Path], object]
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "one digit changed": lambda data: data[:-4] + bytes([data[-4] ^ 1]) + data[-3:],
    "empty": lambda _: b"",
    "conflict markers": lambda data: b"<<<<<<< HEAD\n" + data,
    "of another version": lambda _: b'[{"scores": [1]}]',
}
RUNS: list[tuple[str, Run]] = [("trials", trial), ("probes", probed)]


@pytest.mark.parametrize(("what", "run"), RUNS)
def test_the_second_run_reads_what_the_first_wrote(root: Path, what: str, run: Run) -> None:
    first, kept = run(root), files(root, what)
    stamps = {p: p.stat().st_mtime_ns for p in (root / "build/cache" / what).rglob("*.json")}
    assert run(root) == first and files(root, what) == kept
    assert stamps == {p: p.stat().st_mtime_ns for p in (root / "build/cache" / what).rglob("*.json")}


@pytest.mark.parametrize(("what", "run"), RUNS)
@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("tester/scoring.py", "TOLERANCE = 1e-3", "TOLERANCE = 1e-4"),
        ("records.py", "Question: ", "Q: "),
        ("runtime/causal_lm.py", "def context_length", "UNUSED = 1\n\n\ndef context_length"),
    ],
)
def test_after_a_change_of_scoring_or_wording_no_old_score_is_read(
    root: Path, changed: Path, what: str, run: Run, module: str, old: str, new: str
) -> None:
    first = run(root)
    before = files(root, what)
    path = changed / "proda" / module
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    code_version.cache_clear()
    assert run(root) == first  # the code that ran is the same; only its version is said to be another
    after = files(root, what)
    assert len(after) == len(before) + 1 and before.items() <= after.items()


@pytest.mark.parametrize(("what", "run"), RUNS)
def test_a_change_of_code_that_does_not_score_keeps_the_scores(root: Path, changed: Path, what: str, run: Run) -> None:
    first, before = run(root), files(root, what)
    for module in ("debugger/diagnose.py", "cli/study.py"):
        path = changed / "proda" / module
        path.write_text(path.read_text() + "\nUNUSED = 1\n")
    code_version.cache_clear()
    assert run(root) == first and files(root, what) == before


@pytest.mark.parametrize(("what", "run"), RUNS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_computed_again(root: Path, what: str, run: Run, damage: str) -> None:
    shutil.rmtree(root / "build/cache" / what, ignore_errors=True)
    first, before = run(root), files(root, what)
    for path, data in before.items():
        path.write_bytes(DAMAGE[damage](data))
    assert run(root) == first and files(root, what) == before


@pytest.mark.parametrize(("what", "run"), RUNS)
def test_a_folder_in_the_place_of_a_file_is_done_without(root: Path, what: str, run: Run) -> None:
    first, before = run(root), files(root, what)
    for path in before:
        path.unlink()
        path.mkdir()
    assert run(root) == first
    for path in before:
        path.rmdir()


@pytest.mark.parametrize(("what", "run"), RUNS)
def test_a_cache_that_cannot_be_written_is_done_without(root: Path, what: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(root)
    folder = root / "build/cache" / what
    shutil.rmtree(folder)
    folder.write_text("a file where the folder should be")
    try:
        assert run(root) == first and "cannot be written" in capsys.readouterr().err
    finally:
        folder.unlink()


def test_other_weights_of_the_same_inputs_are_scored_anew(root: Path) -> None:
    """As another processor trains them from the same texts."""
    shutil.rmtree(root / "build/cache/train", ignore_errors=True)
    first = probed(root)
    (folder,) = (root / "build/cache/train").glob("*/seed-0/adapter")
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    (path,) = folder.glob("*.safetensors")
    save_file({name: value.flip(0) for name, value in load_file(path).items()}, path, {"format": "pt"})
    try:
        prober = Prober(root / "build/base", {"seed-0": folder}, batch_tokens=512, cache=root / "build/cache")
        assert [a.margin for a in prober.answers(PROBES)["seed-0"]] != [a.margin for a in first["seed-0"]]
    finally:
        for path, data in kept.items():
            path.write_bytes(data)


def test_outcomes_of_an_item_that_was_renamed_are_not_read(root: Path) -> None:
    renamed = [msgspec.structs.replace(i, id=i.id.replace(":dev-", ":dev-x")) for i in ITEMS]
    assert [i.content_hash for i in renamed] == [i.content_hash for i in ITEMS]
    trial(root)
    assert {o.item for o in trial(root, renamed).outcomes} == {i.id for i in renamed}


def test_probes_are_asked_again_when_their_wording_changes(root: Path) -> None:
    probed(root)
    before = files(root, "probes")
    asked = [msgspec.structs.replace(p, prompt=p.prompt.replace("Question: ", "Question, please: ")) for p in PROBES]
    assert asked != PROBES and [a.probe for a in probed(root, asked)["seed-0"]] == asked
    assert len(files(root, "probes")) == len(before) + 1
