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
from proda.store.proposals import load_proposals
from proda.store.reading import PATH as READING
from proda.store.reading import load_reading
from proda.yamlio import dump_yaml
from tests.e2e.commands import stages_run
from tests.e2e.documents import GENERATED, Material, corpus
from tests.e2e.installed import DATA_STAGES, commit_all, run_installed, smaller_model

MODEL_STAGES = {"base", "train", "evaluate", "diagnose"}
pytestmark = pytest.mark.skipif(importlib.util.find_spec("setuptools") is None, reason="the wheel is built with setuptools")


class Made(NamedTuple):
    """A repository with documents whose chains have been reviewed and committed."""

    site: Path
    root: Path
    material: Material
    joined: dict[str, tuple[str, ...]]  # source → the chains that the reviewer joined
    started: float

    def run(self, program: str, *arguments: str, ok: bool | None = True) -> str:
        return run_installed(self.site, self.root, program, *arguments, ok=ok)


@pytest.fixture(scope="module", params=["generated", "corpus"])
def made(request: pytest.FixtureRequest, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """`proda init`, `ingest`, `curate`, `extract`, `review --add, --join, --accept-all, --commit`, as docs/how-to/documents.md has it."""
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
    for source in material.chains:
        made.joined[source] = _review(made, source, folder / "additions.yaml")
    yield made
    print(f"\n{request.param} documents: {time.monotonic() - made.started:.0f} s")


def _review(made: Made, source: str, file: Path) -> tuple[str, ...]:
    """Add what the extractor did not find, join the chains, accept all that passes the check, and commit; returns the chains' ids."""
    (listed,) = json.loads(_stdout(made, "review", source, "--list", "--json"))
    keys = {tuple(s["triple"]): s["key"] for s in listed["entries"]["statements"]}
    wanted = dict.fromkeys(said for chain in made.material.chains[source] for said in chain)
    missing = [said for said in wanted if said.triple not in keys]
    assert missing and len(missing) < len(wanted)  # a reviewer joins what was found with what was not
    described = {term: {"term": term, "type": kind, "definition": text} for term, (kind, text) in made.material.concepts.items()}
    entries = [{**said._asdict(), "concepts": [described[said.subject], described[said.object]]} for said in missing]
    file.write_text(dump_yaml(entries))
    added = _stdout(made, "review", source, "--add", str(file)).splitlines()
    keys |= {said.triple: line.split("  ")[1] for said, line in zip(missing, added, strict=True)}
    joins = [part for chain in made.material.chains[source] for part in ("--join", ",".join(keys[said.triple] for said in chain))]
    joined = _stdout(made, "review", source, *joins).splitlines()
    made.run("proda", "review", source, "--accept-all", "--commit")
    return tuple(line.split("  ")[1] for line in joined)


def _stdout(made: Made, *arguments: str) -> str:
    """What `proda` prints as data, without the messages beside it."""
    said = made.run("proda", *arguments)
    rows = [line for line in said.splitlines() if not line.startswith(("medicine/", "energy/", "Next: ", "'"))]
    return "\n".join(rows)


def test_what_was_accepted_is_committed_and_passes_the_check(made: Made) -> None:
    log = subprocess.run(["git", "log", "--format=%s"], cwd=made.root, check=True, capture_output=True, text=True).stdout
    assert [f"Review {source}: " in log for source in made.material.chains] == [True, True]
    for source, chain in ((source, chain) for source, chains in made.joined.items() for chain in chains):
        assert f"  {chain}:\n" in (made.root / f"knowledge/{source}.yaml").read_text()
    assert "0 errors" in made.run("proda", "check")


def test_extracting_again_keeps_what_the_reviewer_made(made: Made) -> None:
    before = {source: load_proposals(made.root, source) for source in made.material.chains}
    assert made.run("proda", "extract", *made.material.chains).count("(0 new, 0 withdrawn)") == 3  # two sources, and their sum
    for source, old in before.items():
        new = load_proposals(made.root, source)
        assert (new.statements, new.chains) == (old.statements, old.chains)
        assert sum(s.added for s in new.statements.values()) > 0 and set(made.joined[source]) <= {
            n for n, c in new.chains.items() if c.added
        }


def test_the_reading_of_the_base_is_renewed_with_the_documented_command(made: Made) -> None:
    guide = (made.root / "README.md").read_text()
    assert "`proda reading`" in guide
    assert "sentences of 3 sources" in made.run("proda", "reading")
    read = {reading.source: reading.sentences for reading in load_reading(made.root / READING)}
    quotes = {said.quote for chains in made.material.chains.values() for chain in chains for said in chain}
    assert read.keys() >= made.material.chains.keys() and all(read[source] for source in made.material.chains)
    assert not [s for source in made.material.chains for s in read[source] if s in quotes]


def test_samples_and_items_about_the_new_topics_are_built(made: Made) -> None:
    assert stages_run(made.run("dvc", "repro", "guard")) == DATA_STAGES
    for source in made.material.chains:
        assert (made.root / f"samples/corpus/{source}.yaml").is_file()
    mine = [item for item in load_items(made.root) if item.chain.startswith(f"{made.material.discipline}/")]
    joined = {chain for chains in made.joined.values() for chain in chains}
    assert {item.chain.partition("/")[2] for item in mine} & joined and "dev" in {item.split for item in mine}
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
