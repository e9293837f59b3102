"""Decisions of a reviewer → files: what is written, what is refused and why, what can be undone."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.findings import errors_of
from proda.knowledge.compile import check_knowledge
from proda.store.merges import load_merges
from proda.store.proposals import ProposedChain, load_proposals, proposals_path, save_proposals
from proda.workflows.check_repository import check_repository
from proda.workflows.decisions import ChainEdit, ConceptEdit, RefusedDecisionError, StatementEdit
from proda.workflows.proposals_text import ProposalsText
from proda.workflows.review import Review
from proda.workflows.review_files import ChangedOnDiskError
from tests import reviewworld
from tests.reviewworld import CHAINS, SOURCE, add_source, key_of, make_review, proposals, source_text, with_statement

TOPIC = f"knowledge/{SOURCE}.yaml"
FIRST, SECOND, THIRD = CHAINS
MERGES = "knowledge/merges.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "toy"))


def _topic(root: Path) -> dict:  # type: ignore[type-arg]
    return yaml.safe_load((root / TOPIC).read_text())


def _bytes(root: Path) -> dict[str, bytes]:
    folders = [root / "knowledge", root / "proposals", root / "samples"]
    return {str(p.relative_to(root)): p.read_bytes() for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()}


def _refused(review: Review, decide: object, *args: object) -> RefusedDecisionError:
    """The refusal of a decision, which must leave all files as they were."""
    before = _bytes(review.root)
    with pytest.raises(RefusedDecisionError) as caught:
        decide(*args)  # type: ignore[operator]
    assert _bytes(review.root) == before
    return caught.value


def test_a_decision_is_on_disk_at_once(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept(key_of("compression"))
    review.reject(key_of("noise"), "  not about\n heating ")
    read = load_proposals(root, SOURCE)
    assert read.statements[key_of("compression")].status == "accepted"
    assert read.concepts["compression"].status == "accepted" and read.concepts["rime"].status == "proposed"
    assert (read.statements[key_of("noise")].status, read.statements[key_of("noise")].reason) == ("rejected", "not about heating")
    assert not (root / TOPIC).exists()


def test_the_last_statement_of_a_chain_writes_it_into_the_knowledge_clean_under_the_check(root: Path) -> None:
    review = Review(root, SOURCE)
    for name in CHAINS[FIRST][1]:
        review.accept(key_of(name))
    topic = _topic(root)
    steps = topic["chains"][FIRST]["steps"]
    assert [s["id"] for s in steps] == ["s1", "s2", "s3"] and steps[1]["subject_as"] == "a high vapour temperature"
    text = source_text()
    assert all(text[slice(*s["evidence"]["span"])] == s["evidence"]["quote"] for s in steps)
    assert list(topic["concepts"]) == ["compression", "vapour-temperature", "heat-flow", "condensation"]
    assert load_proposals(root, SOURCE).chains[FIRST].status == "accepted"
    assert "energy" in yaml.safe_load((root / "samples/allocation.yaml").read_text())["samples"]
    assert errors_of(check_repository(root).findings) == ()


def test_a_new_discipline_gets_the_share_of_its_statements_as_they_grow(tmp_path: Path) -> None:
    root = make_review(tmp_path, git=True)
    review = Review(root, SOURCE)

    def share() -> int:
        return int(yaml.safe_load((root / "samples/allocation.yaml").read_text())["samples"]["energy"])

    review.accept_chain(FIRST)
    one = share()
    review.accept_chain(SECOND)
    assert share() == pytest.approx(one * 7 / 3, abs=1)
    path = root / "samples/allocation.yaml"
    path.write_text(path.read_text().replace(f"energy: {share()}", "energy: 777"))
    review.accept_chain(THIRD)
    assert share() == 777  # a person's number stays


def test_an_existing_topic_file_keeps_its_comments_and_order(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    path = root / TOPIC
    path.write_text("# by hand\n" + path.read_text().replace("chains:\n", "# the chains\nchains:\n") + "# the end\n")
    before = path.read_text()
    review = Review(root, SOURCE)
    review.accept_chain(SECOND)
    after = path.read_text()
    assert after.startswith("# by hand\n") and "\n# the chains\nchains:\n" in after and after.endswith("# the end\n")
    assert list(_topic(root)["chains"]) == [FIRST, SECOND]
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []


def test_what_the_check_would_refuse_is_refused_beside_its_field(root: Path) -> None:
    with_statement(root, "heat-flow", subject_as="it")
    review = Review(root, SOURCE)
    error = _refused(review, review.accept, key_of("heat-flow"))
    assert [(r.statement, r.field) for r in error.remarks] == [(key_of("heat-flow"), "subject_as")]
    assert "does not name the concept" in str(error)
    error = _refused(review, review.accept_chain, FIRST)
    assert (key_of("heat-flow"), "subject_as", FIRST) in {(r.statement, r.field, r.chain) for r in error.remarks}
    review.edit(key_of("heat-flow"), StatementEdit("A high vapour temperature causes a heat flow, as it must.", "causes"), {})
    review.accept_chain(FIRST)
    assert "subject_as" not in _topic(root)["chains"][FIRST]["steps"][1]


def test_a_quote_that_the_source_does_not_hold_is_refused(root: Path) -> None:
    evidence = msgspec.structs.replace(proposals(source_text()).statements[key_of("ice")].evidence, quote="Frost is nice.")
    with_statement(root, "ice", evidence=evidence)
    review = Review(root, SOURCE)
    error = _refused(review, review.accept, key_of("ice"))
    assert error.remarks[0].statement == key_of("ice") and "does not say" in error.remarks[0].message


def test_a_span_that_has_moved_is_mended_if_the_quote_occurs_once(root: Path) -> None:
    text = source_text().replace("# Heat pumps\n", "# Heat pumps\n\nA new line above all.\n")
    add_source(root, text)
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    step = _topic(root)["chains"][FIRST]["steps"][0]
    assert text[slice(*step["evidence"]["span"])] == step["evidence"]["quote"]


def test_hints_tell_warnings_before_the_decision(root: Path) -> None:
    with_statement(root, "ice", text="It makes frost there.")
    review = Review(root, SOURCE)
    found = review.hints(key_of("ice"))
    assert found and {r.severity for r in found} == {"warning"} and {r.statement for r in found} == {key_of("ice")}
    assert any("text-length" in r.message for r in found)
    assert review.hints(key_of("compression")) == ()


def test_a_rejected_statement_blocks_its_chains_and_a_shorter_one_is_offered(root: Path) -> None:
    review = Review(root, SOURCE)
    review.reject(key_of("condensation"), "wrong relation")
    error = _refused(review, review.accept_chain, SECOND)
    assert "1 statement is rejected" in error.message and "Shorten it" in error.message
    _refused(review, review.shorten, SECOND, (key_of("evaporation"), key_of("ice")))
    _refused(review, review.shorten, FIRST, (key_of("compression"), key_of("heat-flow")))
    review.shorten(SECOND, tuple(key_of(n) for n in ("pressure-drop", "evaporation", "ice")))
    review.edit_chain(SECOND, ChainEdit("how a valve leads to frost", preconditions=("the air is moist",)))
    review.accept_chain(SECOND)
    chain = _topic(root)["chains"][SECOND]
    assert chain["explains"] == "how a valve leads to frost" and chain["preconditions"] == ["the air is moist"]
    assert [s["id"] for s in chain["steps"]] == ["s1", "s2", "s3"]
    assert errors_of(check_knowledge(root).findings) == ()


def test_rejecting_a_chain_rejects_what_no_other_chain_needs(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept(key_of("compression"))
    review.reject_chain(FIRST, "no explanation")
    status = {name: load_proposals(root, SOURCE).statements[key_of(name)].status for name in CHAINS[FIRST][1]}
    assert status == {"compression": "accepted", "heat-flow": "rejected", "condensation": "proposed"}
    _refused(review, review.accept_chain, FIRST)
    review.reopen(FIRST)
    assert load_proposals(root, SOURCE).chains[FIRST].status == "proposed"


def test_a_statement_without_a_chain_becomes_a_link_between_accepted_chains_only(root: Path) -> None:
    statements = dict(proposals(source_text()).statements)
    statements["feedfeedfeed"] = msgspec.structs.replace(
        statements[key_of("noise")],
        subject="vapour-temperature",
        relation="depends-on",
        object="condensation",
        text="Vapour temperature depends on condensation, because the coil takes the heat.",
    )
    save_proposals(root, msgspec.structs.replace(proposals(source_text()), statements=statements))
    review = Review(root, SOURCE)
    error = _refused(review, review.accept, "feedfeedfeed")
    assert "energy/vapour-temperature and energy/condensation: in no accepted chain" in str(error)
    review.accept_chain(FIRST)
    review.accept("feedfeedfeed")
    link = _topic(root)["links"]["vapour-temperature-depends-on-condensation"]
    assert link["relation"] == "depends-on" and link["evidence"]["quote"] == statements[key_of("noise")].evidence.quote
    assert errors_of(check_repository(root).findings) == ()
    assert Review(root, SOURCE).state.written["feedfeedfeed"] == "vapour-temperature-depends-on-condensation"
    _refused(review, review.accept, key_of("noise"))


def test_what_is_in_the_knowledge_is_an_ordinary_edit(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    edit = StatementEdit("Compression causes heat.", "causes")
    for decide, args in (
        (review.reject, (key_of("compression"), "x")),
        (review.reopen, (key_of("compression"),)),
        (review.edit, (key_of("compression"), edit, {})),
        (review.reject_chain, (FIRST, "x")),
        (review.edit_chain, (FIRST, ChainEdit("x"))),
    ):
        assert f"edit {TOPIC}" in str(_refused(review, decide, *args))
    concept = ConceptEdit("flow", "process", "another definition of the same thing")
    assert "is in the knowledge" in str(_refused(review, review.edit, key_of("comfort"), None, {"heat-flow": concept}))


def test_undo_restores_every_file_and_goes_back_step_by_step(root: Path) -> None:
    review = Review(root, SOURCE)
    states = [_bytes(root)]
    review.accept(key_of("compression"))
    states.append(_bytes(root))
    review.accept_chain(FIRST)
    states.append(_bytes(root))
    review.reject(key_of("noise"), "x")
    assert "reject" in review.undoable
    for state in reversed(states):
        review.undo()
        assert _bytes(root) == state
    assert "no decision to undo" in str(_refused(review, review.undo))


def test_undo_is_refused_after_another_change(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept(key_of("compression"))
    Review(root, SOURCE).reject(key_of("noise"), "x")
    review.reload()
    assert review.undoable == ""
    assert "have changed since" in str(_refused(review, review.undo))


@pytest.mark.parametrize("file", [proposals_path(SOURCE), TOPIC, MERGES])
def test_a_file_that_changed_meanwhile_is_a_conflict_and_nothing_is_lost(root: Path, file: str) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    path = root / file
    path.write_text((path.read_text() if path.exists() else "") + "# another\n")
    before = _bytes(root)
    with pytest.raises(ChangedOnDiskError, match="Nothing was written"):
        review.reject(key_of("noise"), "x")
    with pytest.raises(ChangedOnDiskError):
        review.accept_chain(SECOND)
    assert _bytes(root) == before
    review.reload()
    review.reject(key_of("noise"), "x")


def test_an_edit_keeps_the_key_and_a_rewritten_definition_is_no_draft(root: Path) -> None:
    review = Review(root, SOURCE)
    edit = StatementEdit(" Coil  frost limits air flow, because it fills the gaps. ", "limits", when=("in moist air", " "), subject_as=" ")
    concept = ConceptEdit("air flow", "process", "the movement of air through the fins", aliases=("airflow", "airflow"))
    review.edit(key_of("airflow"), edit, {"air-flow": concept})
    read = load_proposals(root, SOURCE)
    statement = read.statements[key_of("airflow")]
    assert (statement.text, statement.relation) == ("Coil frost limits air flow, because it fills the gaps.", "limits")
    assert (statement.when, statement.subject_as, statement.status) == (("in moist air",), None, "proposed")
    assert read.concepts["air-flow"].aliases == ("airflow",) and not read.concepts["air-flow"].drafted
    assert read.concepts["comfort"].drafted


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": " "}, "text"),
        ({"relation": "helps"}, "relation"),
        ({"text": "a\u202eb"}, "text"),
        ({"when": ("x\x07",)}, "when"),
        ({"text": "x" * 2001}, "text"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(root: Path, fields: dict[str, object], field: str) -> None:
    review = Review(root, SOURCE)
    edit = msgspec.structs.replace(StatementEdit("Compression causes noise.", "causes"), **fields)
    error = _refused(review, review.edit, key_of("noise"), edit, {})
    assert [(r.statement, r.field) for r in error.remarks] == [(key_of("noise"), field)]


@pytest.mark.parametrize("reason", ["", " \n", "a\u202eb"])
def test_a_rejection_needs_a_reason(root: Path, reason: str) -> None:
    review = Review(root, SOURCE)
    assert _refused(review, review.reject, key_of("noise"), reason).remarks[0].field == "reason"


def test_accept_all_writes_what_is_clean_and_says_why_the_rest_is_not(root: Path) -> None:
    with_statement(root, "defrost", subject_as="it")
    review = Review(root, SOURCE)
    left = review.accept_all()
    assert list(_topic(root)["chains"]) == [FIRST, SECOND]
    read = load_proposals(root, SOURCE)
    assert {n: c.status for n, c in read.chains.items()} == {FIRST: "accepted", SECOND: "accepted", THIRD: "proposed"}
    assert read.statements[key_of("airflow")].status == "proposed"
    assert {r.statement for r in left} == {key_of("defrost"), key_of("noise"), key_of("comfort")}
    assert errors_of(check_repository(root).findings) == ()


@pytest.mark.parametrize("bad", [(), (1,), (0, 3)])
def test_accept_all_writes_loose_statements_together_as_one_after_the_other_would(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: tuple[int, ...]
) -> None:
    found = proposals(source_text())
    pairs = [
        ("vapour-temperature", "condensation"),
        ("compression", "condensation"),
        ("evaporation", "pressure-drop"),
        ("coil-frost", "pressure-drop"),
    ]
    added = {}
    for number, (subject, target) in enumerate(pairs):
        text = f"{subject} depends on {target}, because the coil takes the heat.".replace("-", " ").capitalize()
        extra = {"subject_as": "it"} if number in bad else {}
        added[f"feedfeedfee{number}"] = msgspec.structs.replace(
            found.statements[key_of("noise")], subject=subject, relation="depends-on", object=target, text=text, **extra
        )
    save_proposals(root, msgspec.structs.replace(found, statements={**added, **found.statements}))
    alone = Path(shutil.copytree(root, tmp_path / "alone"))
    for chain in (FIRST, SECOND, THIRD):
        Review(root, SOURCE).accept_chain(chain)
        Review(alone, SOURCE).accept_chain(chain)
    review, other, remarks = Review(root, SOURCE), Review(alone, SOURCE), []
    writes: list[tuple[str, ...]] = []
    write = review.write
    monkeypatch.setattr(review, "write", lambda *args: writes.append(tuple(args[2])) or write(*args))
    left = review.accept_all()
    for key in (*added, key_of("noise"), key_of("comfort")):
        try:
            other.accept(key)
        except RefusedDecisionError as error:
            remarks += error.remarks
    assert _bytes(root) == _bytes(alone) and left == tuple(remarks)
    assert len(_topic(root)["links"]) == len(added) - len(bad)
    assert bad or len(writes) == 1


def test_a_chain_that_is_completed_on_the_way_is_written_or_reported(root: Path) -> None:
    found = proposals(source_text())
    same = ProposedChain("the same again", (key_of("compression"), key_of("heat-flow"), key_of("condensation")))
    save_proposals(root, msgspec.structs.replace(found, chains={**found.chains, "twice": same}))
    review = Review(root, SOURCE)
    left = review.accept_chain(FIRST)
    assert [r.chain for r in left] == ["twice", "twice"] and all("shared-pairs" in r.message for r in left)
    assert list(_topic(root)["chains"]) == [FIRST]
    review.reject_chain("twice", "stated twice")
    assert load_proposals(root, SOURCE).statements[key_of("compression")].status == "accepted"


def test_a_chain_id_that_is_taken_gets_a_number(root: Path) -> None:
    found = proposals(source_text())
    save_proposals(root, msgspec.structs.replace(found, chains={FIRST: found.chains[FIRST]}))
    other = root / "knowledge/energy/old.yaml"
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    (root / TOPIC).rename(other)
    other.write_text(other.read_text().replace("topic: heat-pumps", "topic: old"))
    save_proposals(root, found)
    review = Review(root, SOURCE)
    text = other.read_text()
    other.write_text(text.replace("relation: increases", "relation: enables").replace("relation: causes", "relation: triggers", 1))
    review.reload()
    review.accept_chain(FIRST)
    assert list(_topic(root)["chains"]) == [f"{FIRST}-2"]
    assert f"{FIRST}-2" in load_proposals(root, SOURCE).chains
    assert _topic(root)["concepts"] == {}  # the other topic has them


def test_a_killed_write_is_finished_by_accepting_again(root: Path) -> None:
    """The topic file is written first: without the proposals, the chain is there and not marked."""
    before = (root / proposals_path(SOURCE)).read_bytes()
    Review(root, SOURCE).accept_chain(FIRST)
    topic = (root / TOPIC).read_bytes()
    (root / proposals_path(SOURCE)).write_bytes(before)
    Review(root, SOURCE).accept_chain(FIRST)
    assert (root / TOPIC).read_bytes() == topic
    assert load_proposals(root, SOURCE).chains[FIRST].status == "accepted"


def test_errors_elsewhere_do_not_stop_a_review_and_new_ones_do(root: Path) -> None:
    other = root / "knowledge/milling/milling-basics.yaml"
    other.write_text(other.read_text().replace("relation: causes", "relation: cuases", 1))
    assert errors_of(check_knowledge(root).findings)
    Review(root, SOURCE).accept_chain(FIRST)
    found = proposals(source_text())
    save_proposals(root, msgspec.structs.replace(found, concepts={n: c for n, c in found.concepts.items() if n != "evaporation"}))
    review = Review(root, SOURCE)
    error = _refused(review, review.accept_chain, SECOND)
    assert [(r.statement, r.field) for r in error.remarks] == [(key_of("evaporation"), "object"), (key_of("ice"), "subject")]
    assert all("'energy/evaporation' is not a concept" in r.message for r in error.remarks)


def test_while_a_file_cannot_be_read_no_chain_is_written(root: Path) -> None:
    (root / "knowledge/milling/broken.yaml").write_text("discipline: milling\n")
    review = Review(root, SOURCE)
    review.accept(key_of("compression"))
    error = _refused(review, review.accept_chain, FIRST)
    assert all("knowledge/milling/broken.yaml" in r.message for r in error.remarks)


def test_a_concept_that_shares_a_term_with_another_is_told_at_the_concept(root: Path) -> None:
    found = proposals(source_text())
    concept = msgspec.structs.replace(found.concepts["compression"], term="yeast growth")
    statement = msgspec.structs.replace(
        found.statements[key_of("compression")], text="Yeast growth increases the vapour temperature, as the work stays in it."
    )
    save_proposals(
        root,
        msgspec.structs.replace(
            found, concepts={**found.concepts, "compression": concept}, statements={**found.statements, key_of("compression"): statement}
        ),
    )
    review = Review(root, SOURCE)
    error = _refused(review, review.accept, key_of("compression"))
    assert [r.concept for r in error.remarks] == ["compression"] and "near-terms" in error.remarks[0].message
    edit = ConceptEdit("yeast growth", "process", concept.definition, distinct_from=("ovens/yeast-growth",))
    review.edit(key_of("compression"), None, {"compression": edit})
    review.accept_chain(FIRST)
    assert _topic(root)["concepts"]["compression"]["distinct_from"] == ["ovens/yeast-growth"]


@pytest.mark.parametrize("form", [reviewworld.MERGES, reviewworld.SHORT_MERGES], ids=["as extracted", "short"])
def test_merges_are_decided_in_their_file_and_hold_for_what_is_accepted_afterwards(root: Path, form: str) -> None:
    (root / MERGES).write_text(form)
    review = Review(root, SOURCE)
    assert [m.concepts for m in review.state.merges] == [("energy/coil-frost", "energy/rime"), ("energy/comfort", "ovens/loaf-softness")]
    error = _refused(review, review.decide_merge, 1, "confirmed", "energy/comfort")
    assert "ovens/loaf-softness is in the knowledge already" in error.message
    review.decide_merge(1, "refused", "energy/comfort")
    review.decide_merge(0, "confirmed", "energy/rime")
    after = (root / MERGES).read_text()
    assert "# both are ice" in after
    assert [(m.keep, m.decision) for m in review.state.merges] == [("energy/rime", "confirmed"), ("energy/comfort", "refused")]
    raw = yaml.safe_load(after)["merges"]
    assert raw[0]["keep"].endswith("rime") and raw[0].get("drop", "coil-frost").endswith("coil-frost")
    if form is reviewworld.MERGES:
        assert [(m.keep, m.status) for m in load_merges(root)] == [("energy/rime", "confirmed"), ("energy/comfort", "refused")]
    review.accept_chain(SECOND)
    concepts = _topic(root)["concepts"]
    assert "coil-frost" not in concepts and concepts["rime"]["aliases"] == ["coil frost"]
    assert _topic(root)["chains"][SECOND]["steps"][-1]["object"] == "rime"
    assert errors_of(check_knowledge(root).findings) == ()
    review.undo()
    review.undo()
    review.undo()
    assert yaml.safe_load((root / MERGES).read_text()) == yaml.safe_load(form)


@pytest.mark.parametrize(
    "text",
    ["merges: 7\n", "merges:\n  - 3\n  - {concepts: [energy/rime]}\n  - {concepts: [energy/a, energy/b], decision: maybe}\n", "[]\n", ""],
)
def test_merges_of_another_form_are_not_shown_and_no_obstacle(root: Path, text: str) -> None:
    (root / MERGES).write_text(text)
    review = Review(root, SOURCE)
    assert review.state.merges == ()
    review.accept(key_of("compression"))
    assert (root / MERGES).read_text() == text


def test_the_text_of_the_proposals_is_the_one_that_extraction_writes(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept(key_of("compression"))
    review.reject(key_of("noise"), "no: 'quotes' \"and\" # all")
    data = (root / proposals_path(SOURCE)).read_bytes()
    assert not save_proposals(root, review.state.proposals)
    assert ProposalsText().of(review.state.proposals).encode() == data


def test_nothing_of_the_check_is_left_behind(root: Path) -> None:
    review = Review(root, SOURCE)
    review.accept_chain(FIRST)
    assert not list((root / "build/cache").glob("would-be-*"))
