"""Extraction of whole repositories: what is new, kept, withdrawn and never proposed again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, NotFoundError
from proda.knowledge.compile import check_knowledge
from proda.knowledge.schema import ChainEntry, ConceptEntry, EvidenceEntry, Step, TopicFile
from proda.store.chunks import load_chunks
from proda.store.merges import PATH as MERGES
from proda.store.merges import Merge, load_merges, save_merges
from proda.store.proposals import (
    Proposals,
    ProposedChain,
    ProposedConcept,
    ProposedEvidence,
    ProposedStatement,
    load_proposals,
    proposals_path,
    save_proposals,
)
from proda.workflows import extract as extract_module
from proda.workflows.check_repository import check_repository
from proda.workflows.extract import ExtractReport, extract
from proda.yamlio import dump_yaml
from tests.extraction.sources import ROOT, make_repository, paragraphs, write_sources

STRESS = [
    "Chronic stress increases cortisol secretion in most adults. Cortisol secretion raises blood glucose within a few hours.",
    "High blood glucose causes damage to small vessels of the kidney. Damage to small vessels reduces kidney function over the years.",
    "Some people drink tea in the afternoon. What a day it was for all of them!",
    "Antidiuretic hormone (ADH) increases the reabsorption of water in the kidney. ADH is secreted by the posterior pituitary gland.",
]
SOURCE = "medicine/stress"


def run(root: Path, *sources: str, dry_run: bool = False) -> ExtractReport:
    return extract(root, sources, "rules", dry_run=dry_run)


def edit(root: Path, change: dict[str, dict[str, object]], section: str = "statements") -> Proposals:
    """Set fields of statements, concepts or chains, as a reviewer does."""
    proposals = load_proposals(root, SOURCE)
    entries = {k: msgspec.structs.replace(v, **change.get(k, {})) for k, v in getattr(proposals, section).items()}
    edited = msgspec.structs.replace(proposals, **{section: entries})
    save_proposals(root, edited)
    return edited


def by_text(proposals: Proposals, start: str) -> tuple[str, ProposedStatement]:
    return next((key, s) for key, s in proposals.statements.items() if s.text.startswith(start))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path, {SOURCE: paragraphs(*STRESS)})


def test_a_source_is_read_into_statements_concepts_and_chains(root: Path) -> None:
    report = run(root).sources[SOURCE]
    proposals = load_proposals(root, SOURCE)
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    assert (report.statements, report.new, report.withdrawn, report.chains) == (6, 6, 0, 1)
    for statement in proposals.statements.values():
        assert text[slice(*statement.evidence.span)] == statement.evidence.quote
        assert {statement.subject, statement.object} <= proposals.concepts.keys()
    (chain,) = proposals.chains.values()
    assert [proposals.statements[key].subject for key in chain.statements] == [
        "chronic-stress", "cortisol-secretion", "blood-glucose", "damage-to-small-vessels",
    ]  # fmt: skip
    assert chain.explains == "how chronic stress affects kidney function"
    assert proposals.concepts["antidiuretic-hormone"].aliases == ("ADH",)


def test_every_chunk_has_an_outcome(root: Path) -> None:
    run(root)
    chunks = [c.id for c in load_chunks(root, SOURCE)]
    outcomes = load_proposals(root, SOURCE).chunks
    assert list(outcomes) == chunks
    assert [outcomes[c].outcome for c in chunks] == ["chains", "chains", "nothing", "statements"]


def test_the_second_run_proposes_nothing_and_changes_no_byte(root: Path) -> None:
    run(root)
    before = (root / proposals_path(SOURCE)).read_bytes()
    report = run(root).sources[SOURCE]
    assert (report.new, report.changed) == (0, False)
    assert (root / proposals_path(SOURCE)).read_bytes() == before


def test_a_changed_paragraph_changes_only_its_part(root: Path) -> None:
    run(root)
    before = load_proposals(root, SOURCE)
    key, _ = by_text(before, "Chronic stress")
    edit(root, {key: {"status": "accepted", "text": "Lasting stress raises the cortisol secretion of most adults."}})
    changed = [*STRESS[:3], "Vasopressin increases the reabsorption of water in the kidney.", "Heat stroke causes damage to the brain."]
    write_sources(root, {SOURCE: paragraphs("A new introduction stands here and says little.", *changed)})
    report = run(root).sources[SOURCE]
    after = load_proposals(root, SOURCE)
    assert (report.new, report.withdrawn) == (2, 2)
    kept = after.statements[key]
    assert (kept.status, kept.text) == ("accepted", "Lasting stress raises the cortisol secretion of most adults.")
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    assert all(text[slice(*s.evidence.span)] == s.evidence.quote for s in after.statements.values() if s.status != "withdrawn")
    assert {s.reason for s in after.statements.values() if s.status == "withdrawn"} == {"its passage is no longer in the source"}
    untouched = before.statements.keys() & {k for k, s in after.statements.items() if s.status != "withdrawn"}
    assert all(after.statements[k].text == before.statements[k].text for k in untouched - {key})


def test_what_was_accepted_and_is_gone_is_named_and_comes_back_with_its_passage(root: Path) -> None:
    run(root)
    key, statement = by_text(load_proposals(root, SOURCE), "Chronic stress")
    edit(root, {key: {"status": "accepted"}})
    write_sources(root, {SOURCE: paragraphs(*STRESS[1:])})
    report = run(root).sources[SOURCE]
    assert report.withdrawn_accepted == (statement.text,)
    chain = next(iter(load_proposals(root, SOURCE).chains.values()))
    assert (chain.status, chain.reason) == ("withdrawn", "a statement of it is withdrawn or rejected")
    write_sources(root, {SOURCE: paragraphs(*STRESS)})
    run(root)
    after = load_proposals(root, SOURCE)
    assert after.statements[key].status == "proposed" and next(iter(after.chains.values())).status == "proposed"


def test_a_rejected_statement_is_never_proposed_again(root: Path) -> None:
    run(root)
    key, _ = by_text(load_proposals(root, SOURCE), "Chronic stress")
    edit(root, {key: {"status": "rejected", "reason": "too vague"}})
    again = "In short, chronic stress increases cortisol secretion in most adults."
    write_sources(root, {SOURCE: paragraphs(*STRESS, again)})
    report = run(root).sources[SOURCE]
    after = load_proposals(root, SOURCE)
    assert report.new == 0 and after.statements[key].reason == "too vague"
    assert report.reasons == {"its triple was rejected": 1}
    write_sources(root, {SOURCE: paragraphs(*STRESS[1:], again)})  # its own passage goes, and it stays rejected
    run(root)
    assert load_proposals(root, SOURCE).statements[key].status == "rejected"


def test_a_rejected_concept_or_chain_is_not_proposed_again(root: Path) -> None:
    run(root)
    (name,) = load_proposals(root, SOURCE).chains
    edit(root, {name: {"status": "rejected"}}, "chains")
    edit(root, {"blood-glucose": {"status": "rejected"}}, "concepts")
    write_sources(root, {SOURCE: paragraphs(*STRESS, "Insulin resistance increases blood glucose in many adults.")})
    report = run(root).sources[SOURCE]
    after = load_proposals(root, SOURCE)
    assert report.new == 0 and report.reasons == {"one of its concepts was rejected": 1}
    assert [c.status for c in after.chains.values()] == ["rejected"]


def test_the_same_triple_is_proposed_once_and_its_reverse_or_opposite_not_at_all(root: Path) -> None:
    more = [
        "In winter, cortisol secretion raises blood glucose.",
        "Cortisol secretion increases blood glucose at night.",
        "Cortisol secretion lowers blood glucose in rare families.",
        "Damage to small vessels causes high blood glucose.",
    ]
    write_sources(root, {SOURCE: paragraphs(*STRESS, *more)})
    report = run(root).sources[SOURCE]
    assert report.statements == 6
    assert report.reasons == {
        "its triple is proposed from another passage": 2, "the opposite is stated": 1, "the reverse is stated": 1,
    }  # fmt: skip


def with_entries(root: Path, section: str, entries: dict[str, object]) -> None:
    """Put new statements or chains into the proposals, as a reviewer does."""
    proposals = load_proposals(root, SOURCE)
    save_proposals(root, msgspec.structs.replace(proposals, **{section: {**getattr(proposals, section), **entries}}))


def test_a_chain_that_a_reviewer_joined_is_neither_withdrawn_nor_proposed_twice(root: Path) -> None:
    run(root)
    (found,) = load_proposals(root, SOURCE).chains.values()
    keys = found.statements[1:]  # the extractor's chain is longer, and goes for the joined one
    edit(root, {"chronic-stress-to-kidney-function": {"status": "rejected", "reason": "part of another"}}, "chains")
    with_entries(root, "chains", {"how-sugar-harms": ProposedChain("how cortisol harms the kidney", keys, added=True)})
    before = (root / proposals_path(SOURCE)).read_bytes()
    assert not run(root).sources[SOURCE].changed and (root / proposals_path(SOURCE)).read_bytes() == before
    longer = [*STRESS, "In old age, low kidney function causes swelling of the legs and feet."]
    write_sources(root, {SOURCE: paragraphs(*longer)})
    run(root)
    after = load_proposals(root, SOURCE)
    assert list(after.chains) == ["chronic-stress-to-kidney-function", "how-sugar-harms"]
    assert after.chains["how-sugar-harms"].status == "proposed" and after.chains["how-sugar-harms"].added
    edit(root, {keys[1]: {"status": "rejected", "reason": "untrue"}})
    run(root)
    assert load_proposals(root, SOURCE).chains["how-sugar-harms"].status == "withdrawn"


def test_a_statement_that_a_reviewer_added_stays_while_its_passage_does_and_moves_with_it(root: Path) -> None:
    run(root)
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    quote = "Some people drink tea in the afternoon."
    tea = ProposedStatement(
        "tea", "decreases", "chronic-stress", "Tea decreases chronic stress, because people rest while they drink it.",
        ProposedEvidence(quote, (text.index(quote), text.index(quote) + len(quote))), load_chunks(root, SOURCE)[2].id, added=True,
    )  # fmt: skip
    with_entries(root, "statements", {"feedfeedfeed": tea})
    with_entries(root, "concepts", {"tea": ProposedConcept("tea", "substance", "a hot drink made from leaves")})
    assert run(root).sources[SOURCE].outcomes == {"chains": 2, "nothing": 1, "statements": 1}  # the chunks have the same outcomes as before
    assert load_proposals(root, SOURCE).statements["feedfeedfeed"] == tea
    changed = ["A new introduction stands here and says little.", *STRESS[:2], STRESS[2] + " Nobody knows why.", STRESS[3]]
    write_sources(root, {SOURCE: paragraphs(*changed)})
    assert run(root).sources[SOURCE].withdrawn == 0
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    moved = load_proposals(root, SOURCE).statements["feedfeedfeed"]
    assert text[slice(*moved.evidence.span)] == quote and moved.chunk == load_chunks(root, SOURCE)[3].id != tea.chunk
    write_sources(root, {SOURCE: paragraphs(*STRESS[:2], STRESS[3])})
    assert run(root).sources[SOURCE].withdrawn == 1
    after = load_proposals(root, SOURCE)
    assert (
        after.statements["feedfeedfeed"].reason == "its passage is no longer in the source" and after.concepts["tea"].status == "withdrawn"
    )
    write_sources(root, {SOURCE: paragraphs(*STRESS)})
    run(root)
    back = load_proposals(root, SOURCE)
    assert (back.statements["feedfeedfeed"].status, back.concepts["tea"].status) == ("proposed", "proposed")
    edit(root, {"feedfeedfeed": {"status": "rejected", "reason": "not stated"}})
    run(root)
    assert load_proposals(root, SOURCE).statements["feedfeedfeed"].status == "rejected"


def test_a_confirmed_merge_reaches_a_statement_that_a_reviewer_added(root: Path) -> None:
    """Its concepts stay as given, but its triple is read as merged: it is linked, and no second one of the same triple is proposed."""
    run(root)
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    quote = "Some people drink tea in the afternoon."
    span = (text.index(quote), text.index(quote) + len(quote))
    evidence = ProposedEvidence(quote, span)
    fear = ProposedStatement("fear", "causes", "hormone-release", "Fear causes hormone release, as tea does.", evidence, "x", added=True)
    with_entries(root, "statements", {"feedfeedfeed": fear})
    concepts = {n: ProposedConcept(n.replace("-", " "), "process", f"a thing called {n}") for n in ("fear", "hormone-release")}
    with_entries(root, "concepts", concepts)
    save_merges(root, [Merge("medicine/cortisol-secretion", "medicine/hormone-release", "confirmed", "one thing")])
    run(root)
    after = load_proposals(root, SOURCE)
    assert after.statements["feedfeedfeed"].object == "hormone-release" and after.concepts["hormone-release"].status == "withdrawn"
    assert after.concepts["cortisol-secretion"].status == "proposed"
    write_sources(root, {SOURCE: paragraphs(*STRESS, "Fear causes cortisol secretion in many animals.")})
    assert run(root).sources[SOURCE].reasons == {"its triple is proposed from another passage": 1}
    save_merges(root, [Merge("medicine/fear", "medicine/hormone-release", "confirmed", "one thing")])
    run(root)
    assert load_proposals(root, SOURCE).statements["feedfeedfeed"].reason == "a confirmed merge makes subject and object one concept"
    save_merges(root, [Merge("medicine/fear", "medicine/hormone-release", "refused", "one thing")])
    run(root)
    assert load_proposals(root, SOURCE).statements["feedfeedfeed"].status == "proposed"


def test_a_source_that_leaves_the_catalogue_is_withdrawn_as_a_whole(root: Path) -> None:
    write_sources(
        root, {SOURCE: paragraphs(*STRESS), "medicine/heat": paragraphs("Heat stroke causes damage to nerve cells of the brain.")}
    )
    run(root)
    write_sources(root, {"medicine/heat": paragraphs("Heat stroke causes damage to nerve cells of the brain.")})
    report = run(root).sources
    assert report[SOURCE].removed and report[SOURCE].withdrawn == 6
    gone = load_proposals(root, SOURCE)
    entries = (*gone.statements.values(), *gone.concepts.values(), *gone.chains.values())
    assert {entry.status for entry in entries} == {"withdrawn"} and gone.chunks == {}
    assert not run(root).sources[SOURCE].changed


def test_a_dry_run_writes_nothing(root: Path) -> None:
    report = run(root, dry_run=True)
    assert report.sources[SOURCE].new == 6
    assert not (root / "proposals").exists() and not (root / MERGES).exists()


def test_one_bad_source_does_not_stop_the_others(root: Path) -> None:
    write_sources(root, {SOURCE: paragraphs(*STRESS), "medicine/heat": paragraphs("Heat stroke causes damage to nerve cells.")})
    (root / "knowledge/sources/medicine/heat.md").write_text("# Another text\n\nIt has changed since.\n")
    report = run(root)
    assert list(report.sources) == [SOURCE] and "Run `proda curate`" in report.failures["medicine/heat"]
    with pytest.raises(NotFoundError, match="Did you mean 'medicine/stress'"):
        run(root, "medicine/stres")


def test_nothing_curated_is_one_message(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {})
    with pytest.raises(InputError, match="proda ingest"):
        run(root)


def test_text_of_a_document_stays_text(root: Path) -> None:
    """YAML, HTML and shell in a document are quoted, and come back as they were."""
    evil = [
        "Acute `rm -rf /` disease: {a: 1} causes <script>alert(1)</script> swelling of the whole arm.",
        "Chronic <b>stress</b> increases cortisol secretion in most adults, # and this: is &no comment.",
        "**Cold shock** is a [state](javascript:alert) that increases <i>heat</i> loss, and !!python/object is no tag.",
        "- **no**: an answer: that {{ holds }} a !tag, *an alias and 'quotes'",
    ]
    write_sources(root, {SOURCE: paragraphs(*evil)})
    run(root)
    proposals = load_proposals(root, SOURCE)
    text = (root / f"knowledge/sources/{SOURCE}.md").read_text()
    assert proposals.statements
    assert proposals.concepts["no"].definition == "an answer: that {{ holds }} a !tag, an alias and 'quotes'"
    for statement in proposals.statements.values():
        assert text[slice(*statement.evidence.span)] == statement.evidence.quote
    raw = dump_yaml(msgspec.to_builtins(proposals))
    assert (root / proposals_path(SOURCE)).read_text() == raw
    assert run(root).sources[SOURCE].new == 0


def test_concepts_of_the_knowledge_are_reused_and_homonyms_are_kept_apart(root: Path) -> None:
    topic = _topic("medicine", "hormones", {"adh": ConceptEntry("antidiuretic hormone", "substance", "a hormone that saves water")})
    other = _topic("physics", "stress", {"function": ConceptEntry("kidney function", "quantity", "a curve of the shape of a kidney")})
    for name, text in (("medicine/hormones", topic), ("physics/stress", other)):
        path = root / f"knowledge/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run(root)
    proposals = load_proposals(root, SOURCE)
    assert "antidiuretic-hormone" not in proposals.concepts and "adh" not in proposals.concepts
    assert by_text(proposals, "Antidiuretic hormone")[1].subject == "adh"
    assert proposals.concepts["kidney-function"].distinct_from == ("physics/function",)
    (merge,) = load_merges(root)
    assert (merge.keep, merge.drop, merge.status) == ("physics/function", "medicine/kidney-function", "proposed")
    assert merge.why == "the same name in two disciplines" and merge.evidence[0].says == "a curve of the shape of a kidney"


def test_a_refused_merge_is_never_proposed_again_and_a_confirmed_one_keeps_every_statement(root: Path) -> None:
    heat = paragraphs("Long hunger raises the blood glucoses of many adults. Blood glucoses cause damage to small arteries of the heart.")
    write_sources(root, {SOURCE: paragraphs(*STRESS), "medicine/hunger": heat})
    run(root)
    (merge,) = load_merges(root)
    assert (merge.keep, merge.drop, merge.why) == (
        "medicine/blood-glucose", "medicine/blood-glucoses", "the name of one is the plural of the other's",
    )  # fmt: skip
    save_merges(root, [msgspec.structs.replace(merge, status="refused", reason="two measurements")])
    run(root)
    assert [m.status for m in load_merges(root)] == ["refused"]
    statements = len(load_proposals(root, "medicine/hunger").statements)
    save_merges(root, [msgspec.structs.replace(merge, status="confirmed")])
    run(root)
    after = load_proposals(root, "medicine/hunger")
    assert len(after.statements) == statements
    assert {"blood-glucose"} == {s.subject for s in after.statements.values()} - {"long-hunger"}
    assert "blood-glucose" in after.concepts and after.concepts["blood-glucoses"].reason == "merged into blood-glucose"
    assert not run(root).sources["medicine/hunger"].changed
    save_merges(root, [msgspec.structs.replace(merge, status="refused")])  # it can be undone
    run(root)
    undone = load_proposals(root, "medicine/hunger")
    assert {"blood-glucoses"} == {s.subject for s in undone.statements.values()} - {"long-hunger"}
    assert undone.concepts["blood-glucoses"].status == "proposed"


def test_a_confirmed_merge_gives_the_kept_concept_the_dropped_name(root: Path) -> None:
    other = paragraphs("Vasopressin increases the reabsorption of water in the kidney. Old age lowers the secretion of vasopressin.")
    write_sources(root, {SOURCE: paragraphs(*STRESS), "medicine/pituitary": other})
    save_merges(root, [Merge("medicine/antidiuretic-hormone", "medicine/vasopressin", "confirmed", "a textbook says so")])
    for _ in range(2):  # the first run does not know the other source's concept yet
        run(root)
    kept = load_proposals(root, "medicine/pituitary")
    assert kept.concepts["antidiuretic-hormone"].aliases == ("ADH", "vasopressin")
    assert by_text(kept, "Vasopressin")[1].subject == "antidiuretic-hormone"
    assert [f for f in check_repository(root).findings if f.severity == "error"] == []


def test_names_that_only_look_alike_are_nominated_and_numbers_are_not(root: Path) -> None:
    lines = [
        "Glomerular filtration rate increases the volume of dilute urine. Angiotensin I increases the volume of blood plasma.",
        "Glomerular filtraton rate increases the volume of dense urine. Angiotensin II increases the volume of plasma proteins.",
    ]
    write_sources(root, {"medicine/a": paragraphs(lines[0]), "medicine/b": paragraphs(lines[1])})
    run(root)
    (merge,) = load_merges(root)
    assert (merge.keep, merge.drop) == ("medicine/glomerular-filtration-rate", "medicine/glomerular-filtraton-rate")
    assert merge.why == "the names are spelt alike"
    names = {name for source in ("medicine/a", "medicine/b") for name in load_proposals(root, source).concepts}
    assert {"angiotensin-i", "angiotensin-ii"} <= names


def test_check_reads_merges_and_names_their_faults(root: Path) -> None:
    assert [f for f in check_repository(root).findings if f.severity == "error"] == []
    save_merges(root, [Merge("medicine/a", "medicine/a", "proposed", "x"), Merge("medicine/a", "medicine/b", "confirmed", "x")])
    found = [f.message for f in check_repository(root).findings if f.file == MERGES]
    assert len(found) == 1 and "both kept and dropped" in found[0]
    save_merges(root, [Merge("medicine/a", "medicine/b", "confirmed", "x"), Merge("medicine/b", "medicine/a", "confirmed", "x")])
    assert "is itself merged" in next(f.message for f in check_repository(root).findings if f.file == MERGES)
    save_merges(root, [Merge("medicine/a", "medicine/b", "confirmed", "x")])
    found = [f.message for f in check_repository(root).findings if f.file == MERGES]
    assert found == ["'medicine/a' is neither in the knowledge nor proposed. Name a concept that is, or refuse the merge."]


def test_an_accepted_chain_passes_check_without_errors(root: Path) -> None:
    run(root)
    proposals = load_proposals(root, SOURCE)
    (root / f"knowledge/{SOURCE}.yaml").parent.mkdir(parents=True, exist_ok=True)
    (root / f"knowledge/{SOURCE}.yaml").write_text(_accepted(proposals))
    findings = check_knowledge(root).findings
    assert [str(f) for f in findings if f.severity == "error"] == []
    warned = {f.rule for f in findings} - {"trivial", "referenced"}  # a drafted definition is made from its statement
    assert warned == set(), [str(f) for f in findings]


def test_a_run_that_is_killed_leaves_whole_files_and_can_be_repeated(tmp_path: Path) -> None:
    sources = {f"medicine/stress-{n}": paragraphs(*[f"{line} This is paper {n}." for line in STRESS * 2]) for n in range(30)}
    whole, killed = make_repository(tmp_path / "whole", sources), make_repository(tmp_path / "killed", sources)
    run(whole)
    code = f"from pathlib import Path\nfrom proda.workflows.extract import extract\nextract(Path({str(killed)!r}), (), 'rules')"
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-P", "-c", code], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        deadline = time.monotonic() + 20
        while process.poll() is None and len(list(killed.glob("proposals/*/*.yaml"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(killed)
    mine, theirs = ({p.name: p.read_bytes() for p in r.glob("proposals/*/*.yaml")} for r in (whole, killed))
    assert len(mine) == 30 and mine == theirs


def _topic(discipline: str, topic: str, concepts: dict[str, ConceptEntry]) -> str:
    return dump_yaml(msgspec.to_builtins(TopicFile(discipline, topic, f"{discipline}/{topic}", concepts)))


def _accepted(proposals: Proposals) -> str:
    """The topic file of all chains and the concepts that they name."""
    discipline, _, topic = proposals.source.partition("/")
    chains, used = {}, set()
    for name, chain in proposals.chains.items():
        steps = []
        for number, key in enumerate(chain.statements, start=1):
            s = proposals.statements[key]
            used |= {s.subject, s.object}
            steps.append(
                Step(
                    subject=s.subject, relation=s.relation, object=s.object, text=s.text, subject_as=s.subject_as, object_as=s.object_as,
                    when=s.when, evidence=EvidenceEntry(s.evidence.quote, s.evidence.span), id=f"s{number}",
                )
            )  # fmt: skip
        chains[name] = ChainEntry(chain.explains, tuple(steps))
    concepts = {
        name: ConceptEntry(c.term, c.type, c.definition, c.phrase, c.plural, c.aliases, c.distinct_from)  # type: ignore[arg-type]
        for name, c in proposals.concepts.items()
        if name in used
    }
    return dump_yaml(msgspec.to_builtins(TopicFile(discipline, topic, proposals.source, concepts, chains)))


def test_what_is_known_of_a_discipline_is_gathered_once_for_all_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("medicine/stress", "medicine/sleep", "physics/heat")
    root = make_repository(tmp_path, {name: paragraphs(*STRESS) for name in names})
    gathered: list[str] = []
    real = extract_module._Context.settled
    monkeypatch.setattr(extract_module._Context, "settled", lambda self, discipline: gathered.append(discipline) or real(self, discipline))
    assert set(run(root).sources) == set(names)
    assert sorted(gathered) == ["medicine", "physics"]
