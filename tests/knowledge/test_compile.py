"""The compiled form depends on the content of the files only, not on the cache, the processes, or a run that was killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proda.errors import InputError
from proda.knowledge import fanout
from proda.knowledge.compile import CACHE, check_knowledge, compile_knowledge
from proda.knowledge.entry import TopicNodes
from proda.records import Relation, Span
from tests.knowledge.toy import Toy, compiled, put
from tests.performance.generate_knowledge import generate

PAST = 1_700_000_000


def age(root: Path, clock: list[int]) -> None:
    """Give every file a different old time, so that time stamps are trusted."""
    for path in sorted((root / "knowledge").rglob("*")):
        if path.is_file() and path.stat().st_mtime > PAST + 10**8:
            clock[0] += 1
            os.utime(path, (PAST + clock[0], PAST + clock[0]))


def fresh(root: Path, name: str = "fresh") -> dict[str, bytes]:
    """The compiled form made without a cache."""
    report = compile_knowledge(root, root / name / "out", cache=root / name / f"{time.monotonic_ns()}.sqlite", jobs=1)
    report.raise_errors()
    return compiled(root / name / "out")


def test_every_topic_is_a_line_of_its_discipline(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    files = fresh(root)
    assert list(files) == ["chemistry.jsonl", "physics.jsonl", "relations.json"]
    lines = [msgspec.json.decode(line, type=TopicNodes) for line in files["physics.jsonl"].splitlines()]
    assert [line.topic for line in lines] == ["cooling", "heat"]
    assert [r.id for r in msgspec.json.decode(files["relations.json"], type=list[Relation])] == sorted(Toy().relations)
    cooling, heat = lines
    assert [c.id for c in heat.chains] == ["physics/gap-saves-rail", "physics/rail-buckles"]
    assert heat.chains[1].statements == tuple(f"physics/rail-buckles.s{n}" for n in (1, 2, 3))
    statement = heat.statements[3]
    assert statement.triple == ("physics/heating", "causes", "physics/expansion")
    text = (root / "knowledge/sources/physics/heat.md").read_text()
    assert text[statement.span.start : statement.span.end] == statement.quote
    concepts = {c.id: c for line in lines for c in line.concepts}
    assert concepts["physics/clamping"].parents == (
        "physics/bridge-contracts.s3",
        "physics/gap-saves-rail.s2",
        "physics/gap-saves-rail.s3",
    )
    assert {s.source for s in concepts["physics/clamping"].spans} == {"physics/cooling", "physics/heat"}
    assert "chemistry/heat-speeds.s1" in concepts["physics/heating"].parents
    spans = {(s.span.source, s.span.start, s.span.end) for s in heat.statements if s.chain == "physics/rail-buckles"}
    assert heat.chains[1].spans == tuple(Span(*s) for s in sorted(spans))
    assert cooling.source == "physics/cooling"


def test_retired_nodes_are_kept_with_their_status(tmp_path: Path) -> None:
    toy = Toy()
    toy.topics["physics/heat"]["chains"]["rail-buckles"].update(status="retired", replaced_by="gap-saves-rail")
    toy.concept("physics/heat", "buckling").update(status="retired", replaced_by="stress")
    toy.concept("physics/heat", "expansion")["status"] = "retired"
    heat = msgspec.json.decode(fresh(toy.write(tmp_path))["physics.jsonl"].splitlines()[1], type=TopicNodes)
    assert (heat.chains[1].status, heat.chains[1].replaced_by) == ("retired", "physics/gap-saves-rail")
    assert {c.id for c in heat.concepts if c.status == "retired"} == {"physics/buckling", "physics/expansion"}
    assert check_knowledge(tmp_path).counts["retired"] == 3


def test_with_errors_nothing_is_written(tmp_path: Path) -> None:
    toy = Toy()
    root = toy.write(tmp_path)
    before = fresh(root)
    toy.step("physics/heat", "rail-buckles", 1)["relation"] = "nonsense"
    toy.concept("physics/heat", "stress")["definition"] = "changed"
    toy.write(root)
    report = compile_knowledge(root, root / "fresh" / "out", cache=root / "c.sqlite")
    assert not report.ok
    assert compiled(root / "fresh" / "out") == before
    assert not compile_knowledge(root, root / "never").ok
    assert not (root / "never").exists()
    with pytest.raises(InputError, match="nonsense"):
        report.raise_errors()


def test_comments_layout_and_order_of_keys_change_nothing(tmp_path: Path) -> None:
    toy = Toy()
    root = toy.write(tmp_path)
    compile_knowledge(root, root / "out")
    stamps = {p.name: p.stat().st_mtime_ns for p in (root / "out").iterdir()}
    path = root / "knowledge/physics/heat.yaml"
    path.write_text(
        "# a note\n" + path.read_text().replace("concepts:\n", "concepts:   # here\n\n").replace("term: stress", "term: 'stress'")
    )
    assert compile_knowledge(root, root / "out").changed == ()
    heat = toy.topics["physics/heat"]
    for key in ("concepts", "chains"):
        heat[key] = dict(reversed(heat[key].items()))
    toy.topics["physics/heat"] = dict(reversed(heat.items()))
    toy.write(root)
    assert compile_knowledge(root, root / "out").changed == ()
    assert {p.name: p.stat().st_mtime_ns for p in (root / "out").iterdir()} == stamps


def test_only_shards_that_change_are_written(tmp_path: Path) -> None:
    toy = Toy()
    root = toy.write(tmp_path)
    assert compile_knowledge(root, root / "out").changed == ("relations.json", "chemistry.jsonl", "physics.jsonl")
    toy.concept("physics/heat", "stress")["definition"] = "another account of it"
    toy.write(root)
    assert compile_knowledge(root, root / "out").changed == ("physics.jsonl",)
    toy.topics["chemistry/rates"]["chains"]["heat-speeds"]["steps"][0]["subject"] = "physics/cooling"  # a parent, elsewhere
    toy.write(root)
    assert compile_knowledge(root, root / "out").changed == ("chemistry.jsonl", "physics.jsonl")
    toy.topics["chemistry/rates"]["chains"]["heat-speeds"]["steps"][0]["subject"] = "physics/heating"
    toy.write(root)
    (root / "out" / "physics.jsonl").write_text("spoilt")
    (root / "out" / "old.jsonl").write_text("left over")
    (root / "out" / ".x.tmp").write_text("left over")
    assert "physics.jsonl" in compile_knowledge(root, root / "out").changed
    assert compiled(root / "out") == fresh(root)


def edited(toy: Toy, rng: random.Random) -> None:
    """One random edit; about one in three breaks a rule."""
    topic = rng.choice(sorted(toy.topics))
    discipline = topic.split("/")[0]
    chains = toy.topics[topic]["chains"]
    concepts = toy.topics[topic]["concepts"]
    every = sorted(c for t in toy.topics if t.startswith(discipline) for c in toy.topics[t]["concepts"])
    match rng.randrange(9):
        case 0:
            rng.choice(list(concepts.values()))["definition"] = f"account {rng.random()}"
        case 1:
            rng.choice(list(concepts.values()))["term"] = rng.choice(["stress", "strain", f"term {rng.random()}"])
        case 2:
            path = rng.sample(every, 4)
            relations = [rng.choice(sorted(toy.relations)) for _ in range(3)]
            triples = [f"{a} {r} {b}" for a, r, b in zip(path, relations, path[1:], strict=False)]
            toy.add_chain(topic, f"chain-{rng.randrange(10**6)}", triples)
        case 3 if len(chains) > 1:
            del chains[rng.choice(list(chains))]
        case 4:
            rng.choice(list(chains.values()))["status"] = rng.choice(["active", "retired"])
        case 5:
            toy.sources[topic] = rng.choice(["", "A first line.\n"]) + toy.sources[topic] + "More text.\n"
        case 6:
            new = f"concept-{rng.randrange(10**6)}"
            concepts[new] = {"term": new, "type": "state", "definition": "something new"}
        case 7:
            rng.choice(list(concepts.values()))["distinct_from"] = [rng.choice(every)]
        case _:
            rng.choice(list(toy.relations.values()))["subject_role"] = f"role {rng.random()}"


@pytest.mark.parametrize("seed", range(4))
def test_incremental_is_cold_byte_for_byte_after_any_edits(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    toy, root, out, clock = Toy(), tmp_path, tmp_path / "out", [0]
    good = 0
    history: list[dict[str, Any]] = []
    for _turn in range(14):
        if rng.random() < 0.25 and history:
            toy.__dict__.update(history.pop())  # an earlier state returns
        history.append({k: msgspec.json.decode(msgspec.json.encode(v)) for k, v in toy.__dict__.items()})
        before = {p: p.read_bytes() for p in (root / "knowledge").rglob("*.*")}
        stamps = {p: p.stat() for p in before}
        toy.write(root)
        for path, data in before.items():  # a file that stays the same keeps its time
            if path.exists() and path.read_bytes() == data:
                os.utime(path, ns=(stamps[path].st_atime_ns, stamps[path].st_mtime_ns))
        age(root, clock)
        warm = compile_knowledge(root, out, jobs=1)
        cold = compile_knowledge(root, root / "cold" / "out", cache=root / "cold" / f"{_turn}.sqlite", jobs=1)
        assert warm.findings == cold.findings
        assert (warm.counts, warm.orphans) == (cold.counts, cold.orphans)
        if warm.ok:
            good += 1
            assert compiled(out) == compiled(root / "cold" / "out")
        else:
            toy.__dict__.update(history.pop() if not history[:-1] else history[-2])
        edited(toy, rng)
    assert good >= 3


def test_the_cache_may_be_deleted_spoilt_or_of_another_version(tmp_path: Path) -> None:
    root = Toy().write(tmp_path)
    compile_knowledge(root, root / "out")
    expected = compiled(root / "out")
    cache = root / CACHE

    def delete() -> None:
        cache.unlink()

    def spoil() -> None:
        cache.write_bytes(b"no data base at all" * 1000)

    def truncate() -> None:
        os.truncate(cache, cache.stat().st_size // 2)

    def empty() -> None:
        cache.write_bytes(b"")

    def age_version() -> None:
        with sqlite3.connect(cache) as db:
            db.execute("UPDATE meta SET value = x'00' WHERE name = 'version'")
            db.execute("DROP TABLE topics")

    for harm in (delete, spoil, truncate, empty, age_version):
        harm()
        report = compile_knowledge(root, root / "out")
        assert report.ok, harm.__name__
        assert report.changed == (), harm.__name__
        assert compiled(root / "out") == expected
    (root / "build" / "cache").rename(root / "aside")
    (root / "build" / "cache").write_text("a file where the folder should be")
    assert compile_knowledge(root, root / "out").ok


def test_the_number_of_processes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path, 2000, 3)
    expected = fresh(tmp_path)
    monkeypatch.setattr(fanout, "POOL_FROM", 0)
    report = compile_knowledge(tmp_path, tmp_path / "two", cache=tmp_path / "two.sqlite", jobs=2)
    assert report.ok
    assert compiled(tmp_path / "two") == expected
    assert expected.keys() == {"physics.jsonl", "engineering.jsonl", "medicine.jsonl", "relations.json"}


SCRIPT = """
import os, signal, sys
from pathlib import Path
from proda.knowledge import fanout
from proda.knowledge.compile import compile_knowledge
fanout.POOL_FROM = 0
root, jobs, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
steps = 0

def step(event, arguments):
    global steps
    if event in ("open", "os.rename") and str(arguments[0]).startswith(str(root)):
        steps += 1
        if steps == last:
            print(*Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(step)
compile_knowledge(root, root / "out", jobs=jobs)
print(steps)
"""


def run_script(root: Path, jobs: int, last: int = 0) -> tuple[int, list[int]]:
    """Exit status, and what was printed: how many files were opened or renamed; or, killed at the `last` of these, its workers' ids."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), str(jobs), str(last)], check=False, stdout=subprocess.PIPE, env=environment
    )
    return run.returncode, [int(word) for word in run.stdout.split()]


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_run_that_is_killed_anywhere_leaves_whole_files_and_the_next_ends_in_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path, 2500, 4)
    expected = fresh(tmp_path)
    places = (tmp_path / "build" / "cache", tmp_path / "out")
    for jobs in (1, 2):
        shutil.rmtree(places[0], ignore_errors=True)
        status, (steps,) = run_script(tmp_path, jobs)
        assert status == 0
        for share in (0.2, 0.5, 0.8, 0.95):
            for path in places:
                shutil.rmtree(path, ignore_errors=True)
            status, workers = run_script(tmp_path, jobs, int(steps * share))
            assert status == -signal.SIGKILL
            for path in (tmp_path / "out").glob("*.json*"):
                if path.suffix != ".tmp":  # half of a file may be left under a name that is never read; the next run removes it
                    assert path.read_bytes() == expected[path.name]
            deadline = time.monotonic() + 20
            while any(map(alive, workers)) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not any(map(alive, workers))
            assert compile_knowledge(tmp_path, tmp_path / "out", jobs=1).ok
            assert compiled(tmp_path / "out") == expected
            assert not list((tmp_path / "out").glob(".*"))


def test_two_runs_at_once_wait_for_each_other(tmp_path: Path) -> None:
    generate(tmp_path, 1200, 2)
    with ThreadPoolExecutor(3) as pool:
        assert [status for status, _ in pool.map(lambda _: run_script(tmp_path, 1), range(3))] == [0, 0, 0]
    assert compiled(tmp_path / "out") == fresh(tmp_path)


def test_shape_counts_a_foreign_concept_in_every_discipline_that_mentions_it(tmp_path: Path) -> None:
    toy = Toy()
    report = check_knowledge(toy.write(tmp_path), shape=True)
    assert report.counts == {"disciplines": 2, "topics": 3, "chains": 4, "links": 0, "statements": 12, "concepts": 13, "retired": 0}
    assert report.shape is not None
    assert report.shape.connectivity == {"chemistry": 1.0, "physics": 1.0}
    assert report.shape.relations == {"causes": 0.6667, "requires": 0.25, "prevents": 0.0833}
    assert report.shape.kinds == {"causal": 1.0}
    toy.step("physics/cooling", "bridge-contracts", 2)["object"] = "cooling-rate"
    toy.topics["physics/cooling"]["concepts"]["cooling-rate"] = {"term": "rate", "type": "quantity", "definition": "a speed"}
    report = check_knowledge(toy.write(tmp_path), shape=True)
    assert report.shape is not None
    # apart now: 2 chains + 6 statements + 7 concepts, and 1 + 3 + 4
    assert report.shape.connectivity == {"chemistry": 1.0, "physics": round(15 / 23, 4)}


def test_a_stage_run_prints_one_line_and_the_findings(tmp_path: Path) -> None:
    toy = Toy()
    root = toy.write(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    stage = [sys.executable, "-m", "pipelines.check"]
    done = subprocess.run(stage, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
    assert (root / "build" / "knowledge" / "physics.jsonl").is_file()
    put(root, "knowledge/physics/heat.yaml", "a: b\n")
    done = subprocess.run(stage, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "knowledge/physics/heat.yaml:1  a\n" in done.stdout
