"""Faults of the paper's public implementation, each planted here and shown to be refused. Named after what goes wrong there.

Three of them belong to extraction from documents (texts merged into one chain, one bad chunk losing the job). They are tested on topic
files and on the check that reads all of them.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

import proda
from proda.builder.extra import extra_samples
from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.debugger.repair import plan_repairs
from proda.debugger.verify import judge
from proda.errors import InputError
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.knowledge.compile import check_knowledge, compile_knowledge
from proda.params import GuardParams, Params
from proda.records import Diagnosis, Patch, Sample
from proda.store.corpus import load_corpus
from proda.store.patches import load_patches, named, patch_text
from proda.store.training_set import mix
from proda.store.training_texts import Text, sample_text
from proda.tester.items import write_items
from proda.tester.letters import read_letter
from proda.tester.overlap import overlap
from tests.knowledge.toy import Toy
from tests.toyresults import make_items_and_samples, outcome
from tests.toyworld import make_repository

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return proda.open(str(make_items_and_samples(make_repository(tmp_path))))


def paths_and_names(knowledge: Knowledge, repo: Repository) -> tuple[dict[str, frozenset[str]], dict[str, tuple[str, ...]]]:
    """What the gate needs to know about the items, as the stage `guard` passes it."""
    concepts = {s.id: (s.subject, s.object) for s in knowledge.statements.values()}
    paths = {i.id: frozenset(c for s in i.statements for c in concepts[s]) for i in repo.items()}
    return paths, {c.id: (c.term, *c.aliases) for c in knowledge.concepts.values()}


def test_statements_of_several_documents_stay_on_their_own_chains(repo: Repository) -> None:
    written = {}
    for path in sorted((repo.root / "knowledge").glob("*/*.yaml")):
        if path.parent.name != "sources":
            topic = yaml.safe_load(path.read_text())
            for chain, body in topic["chains"].items():
                written[f"{topic['discipline']}/{chain}"] = [f"{topic['discipline']}/{chain}.{s['id']}" for s in body["steps"]]
            for link in topic.get("links", {}):
                written[f"{topic['discipline']}/{link}"] = [f"{topic['discipline']}/{link}.s1"]
    compiled = {c.id: list(c.statements) for c in repo.knowledge.chains.values()}
    assert len({s.span.source for s in repo.knowledge.statements.values()}) > 1
    assert compiled == written


def test_a_concept_that_two_documents_share_keeps_the_parents_in_both(tmp_path: Path) -> None:
    Toy().write(tmp_path)
    compile_knowledge(tmp_path, tmp_path / "out", cache=tmp_path / "check.sqlite", jobs=None).raise_errors()
    knowledge = Knowledge.load(tmp_path / "out")
    mentioned = {c: {s.id for s in knowledge.statements.values() if c in (s.subject, s.object)} for c in knowledge.concepts}
    assert {c: set(concept.parents) for c, concept in knowledge.concepts.items()} == mentioned
    assert {p.partition("/")[0] for p in knowledge.concepts["physics/heating"].parents} == {"physics", "chemistry"}


def test_an_orphan_is_a_finding_and_is_adopted_by_no_chain(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    path = next((root / "knowledge/milling").glob("*.yaml"))
    topic = yaml.safe_load(path.read_text())
    topic["concepts"]["lost-thing"] = {"term": "lost thing", "type": "state", "definition": "what nobody speaks of"}
    path.write_text(yaml.safe_dump(topic, sort_keys=False, width=10_000))
    findings = check_knowledge(root).findings
    assert [f.rule for f in findings] == ["orphans"] and "lost-thing" in str(findings[0])


def test_every_item_names_its_chain_its_statements_and_what_made_each_wrong_option(repo: Repository) -> None:
    for item in repo.items():
        assert item.chain in repo.knowledge.chains and item.statements
        assert set(item.statements) <= repo.knowledge.statements.keys()
        assert item.chain in {repo.knowledge.statements[s].chain for s in item.statements}
        assert all((o.operator is None) == (n == item.key) for n, o in enumerate(item.options))


def test_a_repair_written_from_the_failed_question_is_refused_and_ours_is_not(repo: Repository) -> None:
    knowledge, items = repo.knowledge, repo.items("dev")
    item = next(i for i in items if i.kind == "bridge")
    paths, names = paths_and_names(knowledge, repo)
    told = f"{item.prompt} {item.options[item.key].text}"
    assert overlap(items, [Text("patch", told)], paths, names, GuardParams()).leaks

    def teach(node: str, count: int, contrast: object, stepwise: bool, beside: object) -> list[Sample]:
        return extra_samples(knowledge, node, count, start=1000, params=Params(), stepwise=stepwise)

    blamed = Diagnosis(item.id, item.content_hash, item.chain, "concept gap", item.statements, ("seed-0",), ("A",), 1.0, (), "Asked for.")
    patches = plan_repairs(knowledge, items, [blamed], number=1, per_error=20, teach=teach)
    ours = [Text(s.id, sample_text(s)) for p in patches for s in p.samples]
    assert len(ours) >= 20 and not overlap(repo.items(), ours, paths, names, GuardParams()).leaks


def test_a_letter_in_an_explanation_is_no_answer() -> None:
    assert read_letter("The strip bends, since A is wrong.") is None
    assert read_letter("Let us see. (B) cannot be, so C.") is None
    assert read_letter("D. Since A, B and C are wrong.") == "D"


def test_one_bad_file_loses_nothing_of_the_others(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    good, bad = (next((root / "knowledge" / d).glob("*.yaml")) for d in ("milling", "lighting"))
    bad.write_text("concepts: [unclosed\n")
    topic = yaml.safe_load(good.read_text())
    chain = next(iter(topic["chains"]))
    topic["chains"][chain]["steps"][0]["relation"] = "befriends"
    good.write_text(yaml.safe_dump(topic, sort_keys=False, width=10_000))
    found = [str(f) for f in check_knowledge(root).findings]
    assert any("lighting" in f for f in found) and any("befriends" in f for f in found)


def test_a_step_put_in_front_does_not_hand_old_items_to_other_statements(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    before = {i.id: (i.content_hash, i.statements) for i in write_items(proda.open(str(root)).knowledge, seed=0, sealed_share=0.33)}
    path = next((root / "knowledge/lighting").glob("*.yaml"))
    topic = yaml.safe_load(path.read_text())
    topic["chains"] = dict(reversed(topic["chains"].items()))
    topic["concepts"] = dict(reversed(topic["concepts"].items()))
    path.write_text(yaml.safe_dump(topic, sort_keys=False, width=10_000))
    after = {i.id: (i.content_hash, i.statements) for i in write_items(proda.open(str(root)).knowledge, seed=0, sealed_share=0.33)}
    assert after == before


def a_patch(repo: Repository) -> Patch:
    node = next(iter(repo.knowledge.active_statements))
    samples = tuple(extra_samples(repo.knowledge, node, 5, start=1000, params=Params()))
    return named(Patch("", 1, (node,), (), "concept gap", "Asked for.", {}, {}, samples))


def test_a_repair_adds_to_the_corpus_and_overwrites_nothing(repo: Repository) -> None:
    files = {p: p.read_bytes() for p in (repo.root / "samples/corpus").rglob("*.yaml")}
    patch = a_patch(repo)
    (repo.root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    assert [*load_corpus(repo.root), *patch.samples] == list(mix(load_corpus(repo.root), load_patches(repo.root)).samples)
    assert {p: p.read_bytes() for p in (repo.root / "samples/corpus").rglob("*.yaml")} == files


def test_the_exclusion_of_patched_nodes_from_replay_fires(repo: Repository) -> None:
    patch, corpus = a_patch(repo), load_corpus(repo.root)
    made = mix(corpus, [patch], strategy="disjoint")
    assert made.excluded == sum(patch.targets[0] in s.nodes for s in corpus) > 0
    assert not any(patch.targets[0] in s.nodes for s in made.samples if s not in patch.samples)


def test_sampling_does_not_depend_on_any_global_random_state(repo: Repository) -> None:
    def draw() -> list[object]:
        plans = plan_samples(repo.knowledge, dict.fromkeys(repo.knowledge.topics_of, 40), seed=0, window=2)
        return [
            *(write_sample(repo.knowledge, p) for group in plans.values() for p in group),
            *write_items(repo.knowledge, seed=0, sealed_share=0.2),
        ]

    random.seed(1)
    one = draw()
    random.seed(2)
    assert draw() == one


def test_a_corrupt_state_file_is_no_empty_project(repo: Repository) -> None:
    patch = a_patch(repo)
    path = repo.root / f"samples/patches/{patch.id}.yaml"
    path.write_bytes(patch_text(patch).encode()[:200])
    with pytest.raises(InputError, match=patch.id):
        load_patches(repo.root)
    corpus = next((repo.root / "samples/corpus").rglob("*.yaml"))
    corpus.write_text("")
    with pytest.raises(InputError, match=corpus.name):
        load_corpus(repo.root)


def test_a_key_in_the_environment_reaches_no_artefact(repo: Repository, tmp_path: Path) -> None:
    import os

    secret = "sk-planted-5f1c0d2e9b"
    environment = {**os.environ, "OPENAI_API_KEY": secret, "HF_TOKEN": secret, "PYTHONPATH": str(ROOT)}
    for stage in ("check", "synthesize"):
        done = subprocess.run(
            [sys.executable, "-m", f"pipelines.{stage}"], cwd=repo.root, env=environment, capture_output=True, text=True, check=True
        )
        assert secret not in done.stdout + done.stderr
    written = [p for p in repo.root.rglob("*") if p.is_file()]
    assert len(written) > 20 and not any(secret.encode() in p.read_bytes() for p in written)


def test_general_ability_that_falls_is_said_and_fails_the_gate(repo: Repository) -> None:
    items = repo.items("twin")
    before = [outcome(i, m, False) for i in items for m in ("seed-0", "seed-1")]
    after = [outcome(i, m, True) for i in items for m in ("seed-0", "seed-1")]
    assert judge(before, after, general=(0.99, 0.99), number=1).says == "helps"
    verdict = judge(before, after, general=(0.99, 0.90), number=1)
    assert verdict.says == "hurts" and "general suite loses" in verdict.reasons[0]


def test_formats_keep_their_proportion_in_every_discipline(repo: Repository) -> None:
    counts = Counter((s.id.partition("/")[0], s.format) for s in load_corpus(repo.root))
    for discipline in {d for d, _ in counts}:
        total = sum(n for (d, _), n in counts.items() if d == discipline)
        for fmt, share in (("open", 0.6), ("choice", 0.3), ("true-false", 0.1)):
            assert abs(counts[discipline, fmt] / total - share) < 0.1, (discipline, fmt, counts)
