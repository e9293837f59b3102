"""From documents to a model: an empty folder, two documents, review on the command line, and the whole pipeline with what was accepted.

The documents are written for the test, or two sections of a textbook where the corpus is there. The tests of this file run in order, in
one worker, on one repository for each kind of documents.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from proda.store.items import load_items
from proda.store.reading import PATH as READING
from proda.store.reading import load_reading
from proda.yamlio import dump_yaml
from tests.e2e.commands import stages_run
from tests.e2e.documents import GENERATED, Material, Said, corpus
from tests.e2e.installed import DATA_STAGES, commit_all, run_installed, smaller_model

MODEL_STAGES = {"base", "train", "evaluate", "diagnose"}
pytestmark = pytest.mark.skipif(importlib.util.find_spec("setuptools") is None, reason="the wheel is built with setuptools")


class Made(NamedTuple):
    """A repository with documents whose chains have been reviewed and committed."""

    site: Path
    root: Path
    material: Material
    joined: dict[str, str]  # source → the chain that the reviewer joined
    started: float

    def run(self, program: str, *arguments: str, ok: bool | None = True) -> str:
        return run_installed(self.site, self.root, program, *arguments, ok=ok)


@pytest.fixture(scope="module", params=["generated", "corpus"])
def made(request: pytest.FixtureRequest, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """`proda init`, `ingest`, `curate`, `extract`, `review --add, --join, --accept-all, --commit`, as docs/documents.md has it."""
    material = GENERATED if request.param == "generated" else corpus()
    if material is None:
        pytest.skip("The corpus of textbook sections is not there. Set PRODA_CORPUS to its folder.")
    folder = tmp_path_factory.mktemp(request.param)
    made = Made(site, folder / "repository", material, {}, time.monotonic())
    run_installed(site, folder, "proda", "init", "repository")
    smaller_model(made.root)
    said = made.run("proda", "ingest", *map(str, material.write(folder)), "--discipline", material.discipline,
                    "--licence", "CC-BY-4.0", "--origin", "https://example.org/documents")  # fmt: skip
    assert said.count("new  ") == 2 and "2 new." in said
    made.run("proda", "curate")
    made.run("proda", "extract", *material.chains)
    commit_all(made.root, "Documents")
    for source, chain in material.chains.items():
        made.joined[source] = _review(made, source, chain, folder / "additions.yaml")
    yield made
    print(f"\n{request.param} documents: {time.monotonic() - made.started:.0f} s")


def _review(made: Made, source: str, chain: tuple[Said, ...], file: Path) -> str:
    """Add what the extractor did not find, join the chain, accept all that passes the check, and commit; returns the chain's id."""
    (listed,) = json.loads(_stdout(made, "review", source, "--list", "--json"))
    for chain_found in listed["entries"]["chains"]:
        if (reason := made.material.rejects.get(chain_found["chain"])) is not None:
            made.run("proda", "review", source, "--reject", chain_found["chain"], "--reason", reason)
    keys = {tuple(s["triple"]): s["key"] for s in listed["entries"]["statements"]}
    missing = [said for said in chain if tuple(said.triple) not in keys]
    assert missing and len(missing) < len(chain)  # a reviewer joins what was found with what was not
    described = {term: {"term": term, "type": kind, "definition": text} for term, (kind, text) in made.material.concepts.items()}
    entries = [{**said._asdict(), "concepts": [described[said.subject], described[said.object]]} for said in missing]
    file.write_text(dump_yaml(entries))
    added = _stdout(made, "review", source, "--add", str(file)).splitlines()
    keys |= {tuple(said.triple): line.split("  ")[1] for said, line in zip(missing, added, strict=True)}
    (line,) = _stdout(made, "review", source, "--join", ",".join(keys[tuple(said.triple)] for said in chain)).splitlines()
    made.run("proda", "review", source, "--accept-all", "--commit")
    return line.split("  ")[1]


def _stdout(made: Made, *arguments: str) -> str:
    """What `proda` prints as data, without the messages beside it."""
    said = made.run("proda", *arguments)
    rows = [line for line in said.splitlines() if not line.startswith(("medicine/", "energy/", "Next: ", "'"))]
    return "\n".join(rows)


def test_what_was_accepted_is_committed_and_passes_the_check(made: Made) -> None:
    log = subprocess.run(["git", "log", "--format=%s"], cwd=made.root, check=True, capture_output=True, text=True).stdout
    assert [f"Review {source}: " in log for source in made.material.chains] == [True, True]
    for source, chain in made.joined.items():
        assert f"  {chain}:\n" in (made.root / f"knowledge/{source}.yaml").read_text()
    assert "0 errors" in made.run("proda", "check")


def test_extracting_again_keeps_what_the_reviewer_made(made: Made) -> None:
    before = {source: (made.root / f"proposals/{source}.yaml").read_bytes() for source in made.material.chains}
    said = made.run("proda", "extract", *made.material.chains)
    assert "(0 new, 0 withdrawn)" in said and "0 changed" in said
    assert {source: (made.root / f"proposals/{source}.yaml").read_bytes() for source in before} == before


def test_the_reading_of_the_base_is_renewed_with_the_two_documented_commands(made: Made) -> None:
    guide = (made.root / "README.md").read_text()
    assert "`dvc repro check`" in guide and "`python -m scripts.pin_reading`" in guide
    made.run("dvc", "repro", "check")
    made.run("python", "-m", "scripts.pin_reading")
    read = {reading.source: reading.sentences for reading in load_reading(made.root / READING)}
    quotes = {said.quote for chain in made.material.chains.values() for said in chain}
    assert read.keys() >= made.material.chains.keys() and all(read[source] for source in made.material.chains)
    assert not [s for source in made.material.chains for s in read[source] if s in quotes]


def test_samples_and_items_about_the_new_topics_are_built(made: Made) -> None:
    assert stages_run(made.run("dvc", "repro", "guard")) == DATA_STAGES - {"check"}
    for source in made.material.chains:
        assert (made.root / f"samples/corpus/{source}.yaml").is_file()
    mine = [item for item in load_items(made.root) if item.chain.startswith(f"{made.material.discipline}/")]
    assert {item.chain.partition("/")[2] for item in mine} & set(made.joined.values()) and {item.split for item in mine} >= {"dev", "twin"}
    assert "no difference in meaning" not in made.run("proda", "diff", "HEAD")


@pytest.mark.slow
def test_a_model_is_trained_scored_and_diagnosed(made: Made) -> None:
    if not (made.root / "build/guard-passed").is_file():
        pytest.skip("the tests before this one build the data")
    assert stages_run(made.run("dvc", "repro")) == MODEL_STAGES
    results = made.root / "benchmarks/results"
    assert sorted(p.name for p in (made.root / "build/adapters").iterdir() if p.is_dir()) == ["seed-0", "seed-1"]
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["tuned"]["dev"]["n"] > 10 and (results / "diagnosis.yaml").read_text().strip()
    outcomes = (results / "outcomes/dev.csv").read_text()
    assert f"{made.material.discipline}/" in outcomes
    commit_all(made.root, "Built")
    assert "results are up to date" in made.run("proda", "status")
    assert "build/report/index.html" in made.run("proda", "report")
