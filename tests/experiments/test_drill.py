"""Each kind of fault changes only what it should, and the counts equal those computed by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from proda.builder.extra import extra_samples
from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.debugger.diagnose import examine, probes_of
from proda.debugger.probes import Answer, Probe
from proda.experiments import drill_counts
from proda.experiments.drill_counts import NOT_NOTICED, ONLY_HERE, OWN, UNPLANTED, DrillCounts, Flags, flags, probed_nodes
from proda.experiments.faults import EXPECTED, KINDS, Kind, PlantedFault, chains_of, draw_faults, plant, states
from proda.experiments.mutations import another_right, exchange, flip, flipped
from proda.graph import Knowledge
from proda.language.read_samples import Reader, asserted, contradictions
from proda.language.wording import path_text, question, sentence
from proda.params import Params
from proda.records import LETTERS, Category, Diagnosis, Evidence, Item, Sample
from proda.store.training_texts import sample_text
from tests.toyitems import bridge, effect, linked_knowledge, toy_items
from tests.toyworld import knowledge


def with_aliases(world: Knowledge) -> Knowledge:
    """The world with a second name for every third concept."""
    concepts = [
        msgspec.structs.replace(c, aliases=(f"the {c.term} of old",)) if n % 3 == 0 else c for n, c in enumerate(world.concepts.values())
    ]
    return Knowledge(world.relations.values(), concepts, world.statements.values(), world.chains.values())


WORLD = with_aliases(linked_knowledge(50))
READER = Reader(WORLD)
ITEMS = toy_items(WORLD, ["dev"])
ITEM = {i.id: i for i in ITEMS}
SAMPLES = [
    write_sample(WORLD, p)
    for group in plan_samples(WORLD, {"weaving": 2600, "milling": 90, "lighting": 90}, seed=0, window=2).values()
    for p in group
]
SAMPLES += [
    sample
    for node in sorted(WORLD.active_statements.keys() - {s.unit for s in SAMPLES})  # links that the corpus leaves out
    for sample in extra_samples(WORLD, node, 10, start=0, params=Params())
]
FAULTS = draw_faults(WORLD, SAMPLES, ITEMS, sites=2, seed=0)
SEEDS = ("seed-0", "seed-1", "seed-2")
CHAIN_OF = {s.id: s.chain for s in WORLD.statements.values()} | {f"{c}.s{n}": c for c in "abcdefgx" for n in range(1, 5)}
MADE_UP = {f"{c}:{n}": tuple(f"{c}.s{m}" for m in range(1, 5)) for c in "abcdefgx" for n in range(3)}  # items of one chain
RESTS_ON = {i.id: i.statements for i in ITEMS} | MADE_UP


def count(*given: Any) -> DrillCounts:
    return drill_counts.count(*given, chain_of=CHAIN_OF, rests_on=RESTS_ON)


def drawn(kind: Kind) -> list[PlantedFault]:
    return [f for f in FAULTS if f.kind == kind]


def planted(fault: PlantedFault) -> tuple[dict[str, Sample], dict[str, Sample]]:
    """Changed samples before and after planting; removed samples are missing in the latter."""
    after, items = plant(WORLD, SAMPLES, ITEMS, [fault])
    assert items == ITEMS
    new = {s.id: s for s in after}
    old = {s.id: s for s in SAMPLES if new.get(s.id) != s}
    assert [s.id for s in after] == [s.id for s in SAMPLES if s.id in new]
    return old, {i: new[i] for i in old if i in new}


def labels(sample: Sample) -> list[object]:
    return [sample.id, sample.format, sample.nodes, sample.plan, len(sample.options)]


def test_sites_are_drawn_by_name_and_no_chain_or_item_bears_two_faults() -> None:
    assert Counter(f.kind for f in FAULTS) == dict.fromkeys(KINDS, 2)
    for part in ([c for f in FAULTS for c in f.chains], [i for f in FAULTS for i in f.items]):
        assert part and len(set(part)) == len(part)
    assert draw_faults(WORLD, SAMPLES[::-1], ITEMS[::-1], sites=2, seed=0) == FAULTS
    assert draw_faults(WORLD, SAMPLES, ITEMS, sites=2, seed=1) != FAULTS
    assert all(f.category == EXPECTED[f.kind] and f.items for f in FAULTS)
    assert all({WORLD.statements[n].chain for n in f.nodes} <= set(f.chains) for f in FAULTS)


def test_items_that_rest_on_a_faulty_statement_can_show_the_fault_and_no_others() -> None:
    """Of the two items of a chain often only one rests on the statement; an item of another chain may rest on it by a link."""
    many = draw_faults(WORLD, SAMPLES, ITEMS, sites=50, seed=0)
    for fault in (f for f in many if f.nodes):
        resting = {i.id for i in ITEMS if set(i.statements) & set(fault.nodes)}
        if fault.kind == "composition":  # a bridge leaves the chain where a step is skipped, so only an effect takes that step
            assert set(fault.items) == {i for i in resting if i.endswith("effect")}
        else:
            assert set(fault.items) == resting
    assert any({ITEM[i].kind for i in f.items} == {"bridge", "effect"} for f in many)
    assert any(WORLD.chains[f.chains[0]].is_link for f in many if f.nodes)
    of_items = [f for f in many if not f.nodes]
    assert all(list(f.chains) == chains_of(WORLD, ITEM[f.items[0]]) for f in of_items) and {len(f.chains) for f in of_items} == {1, 2}


def test_an_item_that_prints_its_statements_shows_no_fault_of_theirs_and_may_have_one_of_its_own() -> None:
    about_conditions = [msgspec.structs.replace(i, kind="condition") for i in ITEMS]
    kinds = {f.kind for f in draw_faults(WORLD, SAMPLES, about_conditions, sites=2, seed=0)}
    assert kinds == {"key", "true-distractor"}


def test_a_small_world_gets_some_of_each_and_fewer_than_asked() -> None:
    few = draw_faults(WORLD, SAMPLES, ITEMS, sites=50, seed=0)
    counts = Counter(f.kind for f in few)
    assert len(counts) == len(KINDS) and max(counts.values()) < 50
    without_samples = {f.kind for f in draw_faults(WORLD, [], ITEMS, sites=1, seed=0)}
    assert without_samples == {"key", "true-distractor"}  # what no sample teaches cannot be withheld or falsified
    assert draw_faults(WORLD, SAMPLES, [], sites=1, seed=0) == []


def test_nothing_planted_changes_nothing() -> None:
    assert plant(WORLD, SAMPLES, ITEMS, []) == (SAMPLES, ITEMS)


@pytest.mark.parametrize("fault", drawn("withheld"), ids=lambda f: f.nodes[0])
def test_the_statement_that_a_wrong_option_breaks_is_removed_from_all_samples(fault: PlantedFault) -> None:
    statements = [WORLD.statements[n] for n in fault.nodes]
    broken = {o.breaks for i in ITEMS if i.id in fault.items for o in i.options}
    assert fault.nodes in broken and len(fault.nodes) == 1
    old, new = planted(fault)
    assert new == {} and {s.unit for s in old.values()} >= set(fault.nodes)
    assert any("+" in i for i in old) or WORLD.chains[fault.chains[0]].is_link
    assert all(any(states(READER, s, statement) for statement in statements) for s in old.values())
    left = [s for s in SAMPLES if s.id not in old]
    for statement in statements:
        assert not any(statement.id in s.nodes or statement.text in sample_text(s) for s in left)
        assert not any(statement.triple in asserted(READER, s) for s in left)


def test_a_sample_of_another_node_that_states_it_is_withheld_too_and_one_that_only_names_it_is_not() -> None:
    statement = WORLD.statements[drawn("withheld")[0].nodes[0]]
    subject, relation, obj = statement.triple
    other = next(s for s in WORLD.active_statements.values() if s.chain != statement.chain and s.discipline == statement.discipline)
    said = Sample(f"{other.id}:open-77", "open", (other.id,), question(WORLD, statement.triple, "object"), WORLD.concepts[obj].text)
    prose = Sample(f"{other.id}:open-78", "open", (other.id,), "What else is known?", "much", statement.text)
    named = Sample(f"{other.id}:open-79", "open", (other.id,), f"What of {WORLD.concepts[subject].text}?", WORLD.concepts[obj].text)
    back = Sample(
        f"{other.id}:open-80", "open", (other.id,), question(WORLD, (obj, relation, subject), "object"), WORLD.concepts[subject].text
    )
    assert [states(READER, s, statement) for s in (said, prose, named, back)] == [True, True, False, False]


@pytest.mark.parametrize("fault", drawn("withheld-format"), ids=lambda f: f.nodes[0])
def test_withholding_a_format_leaves_the_others(fault: PlantedFault) -> None:
    old, new = planted(fault)
    assert old and new == {} and {s.format for s in old.values()} == {"open"}
    left = [s for s in SAMPLES if fault.nodes[0] in s.nodes and s.id not in old]
    assert left and all(s.format != "open" for s in left)


@pytest.mark.parametrize("fault", drawn("composition"), ids=lambda f: f.chains[0])
def test_composition_shows_the_step_after_next_instead_of_the_next_and_keeps_single_facts(fault: PlantedFault) -> None:
    chain = WORLD.chains[fault.chains[0]]
    path = WORLD.path(chain)
    old, new = planted(fault)
    pairs = list(zip(chain.statements, chain.statements[1:], strict=False))
    assert new and set(fault.nodes) < set(chain.statements[1:])
    assert all(any({*pair} <= set(s.nodes) for pair in pairs) for s in old.values())
    untouched = [s for s in SAMPLES if s.id not in old]
    assert not any({*pair} <= set(s.nodes) for s in untouched for pair in pairs)
    for sample in new.values():
        first = next(n for n, s in enumerate(chain.statements) if s in sample.nodes)
        assert sample.answer == path_text(WORLD, [path[first], path[first + 2]], "full") and sample.question == old[sample.id].question
        assert WORLD.statements[chain.statements[first + 1]].text not in sample_text(sample) and chain.statements[first + 1] in fault.nodes
        assert not any(list(contradictions(READER, [sample], s)) for s in chain.statements)  # what it says is true
    for statement in chain.statements:
        alone = [s for s in SAMPLES if s.unit == statement]
        assert alone and all(s in untouched for s in alone)


def can_flip(how: str) -> list[str]:
    return [
        s.id
        for s in WORLD.active_statements.values()
        if s.discipline == "weaving"
        and (WORLD.relations[s.relation].asymmetric if how == "turned round" else WORLD.relations[s.relation].opposite)
        and not WORLD.holds(*flipped(WORLD, s, how).triple)
    ]


@pytest.mark.parametrize("how", ["turned round", "opposite"])
def test_flipped_samples_keep_their_labels_and_say_the_opposite(how: str) -> None:
    for node in can_flip(how)[:8]:
        statement = WORLD.statements[node]
        fault = PlantedFault("flipped", "data conflict", (statement.chain,), (node,), (f"{statement.chain}:dev-bridge",), how)
        old, new = planted(fault)
        alone = WORLD.chains[statement.chain].is_link
        assert old.keys() == new.keys() and {s.unit for s in new.values()} >= {node}
        assert any("+" in s.unit for s in new.values()) or alone  # windows too
        assert all(labels(old[i]) == labels(new[i]) and (not new[i].options or new[i].answer in new[i].options) for i in old)
        told = "\n".join(sample_text(s) for s in new.values()).lower()
        true, false = sentence(WORLD, statement).lower(), sentence(WORLD, flipped(WORLD, statement, how)).lower()
        assert false in told
        own = [s for s in new.values() if s.unit == node and s.format != "true-false"]
        assert not any(true in sample_text(s).lower() or statement.text in sample_text(s) for s in own)
        assert not any(statement.triple in asserted(READER, s) for s in new.values())
        mine = [new.get(s.id, s) for s in SAMPLES if node in s.nodes]
        assert list(contradictions(READER, old.values(), node)) == []
        found = len(list(contradictions(READER, mine, node)))
        assert found >= 3


def test_both_ways_to_flip_are_drawn_and_flipped_statements_are_false() -> None:
    many = [f for seed in range(4) for f in draw_faults(WORLD, SAMPLES, ITEMS, sites=5, seed=seed) if f.kind == "flipped"]
    assert {f.how for f in many} == {"turned round", "opposite"}
    assert all(not WORLD.holds(*flipped(WORLD, WORLD.statements[f.nodes[0]], f.how).triple) for f in many)


def test_what_a_statement_adds_to_its_concepts_stays_with_them_when_it_is_flipped() -> None:
    first = WORLD.statements[can_flip("turned round")[0]]
    high = msgspec.structs.replace(first, subject_as=f"a high {WORLD.concepts[first.subject].term}", when=("during frost",))
    back = flipped(WORLD, high, "turned round")
    assert (back.subject, back.object, back.object_as, back.when) == (first.object, first.subject, high.subject_as, high.when)
    told = flip(WORLD, Sample("x:open-1", "open", (first.id,), "What?", "That.", first.text), high, back).explanation
    assert told == f"During frost, {WORLD.concepts[first.object].text} {WORLD.relations[first.relation].phrase} {high.subject_as}."


@pytest.mark.parametrize("fault", drawn("swapped"), ids=lambda f: f.chains[0])
def test_swapped_concepts_change_names_wherever_they_are_spoken_of(fault: PlantedFault) -> None:
    one, other = (WORLD.concepts[c].text for c in fault.concepts)
    old, new = planted(fault)
    assert old.keys() == new.keys() and all(labels(old[i]) == labels(new[i]) for i in old)
    spoken = {s.id for s in SAMPLES if {*fault.concepts} & set(s.nodes)}
    assert set(old) <= spoken and not any(one in sample_text(s) or other in sample_text(s) for s in SAMPLES if s.id in spoken - set(old))
    back = exchange(WORLD, *(WORLD.concepts[c] for c in fault.concepts))
    assert all(back(new[i].question) == old[i].question and back(new[i].explanation) == old[i].explanation for i in old)
    assert any(one in sample_text(s) for s in old.values()) and any(other in sample_text(s) for s in new.values())
    for node in fault.nodes:
        mine = [new.get(s.id, s) for s in SAMPLES if node in s.nodes]
        assert list(contradictions(READER, mine, node)) and {*fault.concepts} & set(WORLD.statements[node].triple)
    assert set(fault.nodes).intersection(WORLD.chains[fault.chains[0]].statements)


@pytest.mark.parametrize("fault", drawn("swapped"), ids=lambda f: f.chains[0])
def test_concepts_are_swapped_that_some_wrong_option_exchanges(fault: PlantedFault) -> None:
    names = dict(zip(fault.concepts, reversed(fault.concepts), strict=True))
    found = []
    for item in (ITEM[i] for i in fault.items):
        path = [WORLD.statements[s].triple for s in item.statements]
        exchanged = tuple((names.get(a, a), r, names.get(b, b)) for a, r, b in path)
        found += [o for o in item.options if o.breaks and o.triples == exchanged]
    assert found


def test_articles_and_capitals_change_with_the_name_and_longer_names_stay_whole() -> None:
    world = knowledge()
    flour, wick, blast = (world.concepts[c] for c in ("milling/flour", "lighting/wick", "milling/dust-blast"))
    assert exchange(world, flour, wick)("Flour is not flour dust; a wick is.") == "A wick is not flour dust; flour is."
    assert exchange(world, blast, wick)("A dust blast, a kind of wick.") == "A wick, a kind of dust blast."


def only_item(fault: PlantedFault) -> tuple[Item, Item]:
    samples, items = plant(WORLD, SAMPLES, ITEMS, [fault])
    assert samples == SAMPLES
    ((old, new),) = [(a, b) for a, b in zip(ITEMS, items, strict=True) if a != b]
    assert (old.id,) == fault.items
    parts = ("id", "split", "kind", "chain", "statements", "nodes", "stem", "discipline", "topic")
    assert all(getattr(old, p) == getattr(new, p) for p in parts)
    return old, new


@pytest.mark.parametrize("fault", drawn("key"), ids=lambda f: f.items[0])
def test_a_corrupted_key_marks_another_option_and_nothing_else_tells(fault: PlantedFault) -> None:
    old, new = only_item(fault)
    assert new.answer == fault.letter != old.answer and [o.text for o in new.options] == [o.text for o in old.options]
    for item in (old, new):
        assert [o.operator is None for o in item.options] == [x == item.answer for x in LETTERS]
        assert [bool(o.wrong_because) for o in item.options] == [x != item.answer for x in LETTERS]


@pytest.mark.parametrize("fault", drawn("key"), ids=lambda f: f.items[0])
def test_what_options_state_does_not_move_with_the_key_and_nothing_they_break_tells(fault: PlantedFault) -> None:
    old, new = only_item(fault)
    assert [o.triples for o in new.options] == [o.triples for o in old.options]
    changed = {old.key, new.key}
    assert all(new.options[k].breaks == (() if k in changed else old.options[k].breaks) for k in range(4))


@pytest.mark.parametrize("fault", drawn("true-distractor"), ids=lambda f: f.items[0])
def test_a_true_distractor_says_what_the_right_option_says_in_other_words(fault: PlantedFault) -> None:
    old, new = only_item(fault)
    touched = LETTERS.index(fault.letter)
    assert new.answer == old.answer != fault.letter and fault.how in ("alias", "defined")
    assert [k for k in range(4) if old.options[k] != new.options[k]] == [touched]
    assert not new.options[touched].triples and not new.options[touched].breaks  # the new option has no recorded triples and breaks
    kept = {"text": "", "triples": (), "breaks": ()}
    assert msgspec.structs.replace(new.options[touched], **kept) == msgspec.structs.replace(old.options[touched], **kept)
    assert len({o.text for o in new.options}) == 4


def test_a_concept_with_another_name_is_called_by_it_and_one_without_is_described() -> None:
    aliased = next(i for i in ITEMS if i.kind == "bridge" and WORLD.concepts[WORLD.statements[i.statements[0]].object].aliases)
    concept = WORLD.concepts[WORLD.statements[aliased.statements[0]].object]
    assert another_right(WORLD, aliased) == (concept.aliases[0], "alias")
    bare = Knowledge(
        WORLD.relations.values(),
        [msgspec.structs.replace(c, aliases=()) for c in WORLD.concepts.values()],
        WORLD.statements.values(),
        WORLD.chains.values(),
    )
    assert another_right(bare, aliased) == (concept.definition, "defined")
    signs = effect(bare, "weaving/story-0")
    text, how = another_right(bare, signs) or ("", "")
    assert how == "defined" and text.endswith(signs.options[signs.key].text.partition(" and ")[2]) and text.startswith("the ")
    silent = msgspec.structs.replace(signs, options=tuple(msgspec.structs.replace(o, text="It does.") for o in signs.options))
    assert another_right(bare, silent) is None


def says(world: Knowledge, item: Item, letter: str) -> Category:
    """The diagnosis of models that know nothing and chose the letter."""
    failed = {item.id: dict.fromkeys(SEEDS, letter)}
    answered = {m: [Answer(p, -0.1, p.means[1]) for p in probes_of(world, [item], failed)] for m in SEEDS}
    return examine(world, [item], failed, answered).diagnoses[0].category


def test_models_that_behave_as_the_faults_predict_are_diagnosed_without_a_miss() -> None:
    """Withheld statements are unknown, steps of composition faults fail; faults of items are met by models that know everything.

    Facts in the question turn an answer right unless a true distractor or a wrong key is the cause.
    """
    samples, items = plant(WORLD, SAMPLES, ITEMS, FAULTS)
    unknown = {n for f in FAULTS if f.kind.startswith("withheld") for n in f.nodes}
    steps = {n for f in FAULTS if f.kind == "composition" for n in f.nodes}
    unfair = {i for f in FAULTS if f.category == "suspect item" for i in f.items}
    known = {i.id: i for i in items}
    right = {i.id: i.answer for i in ITEMS}
    failed: dict[str, dict[str, str]] = {}
    for fault in FAULTS:
        for name in fault.items:
            letter = (
                fault.letter if fault.kind == "true-distractor" else right[name] if fault.kind == "key" else departing(known[name], fault)
            )
            if letter:
                failed[name] = dict.fromkeys(SEEDS, letter)

    def knows(p: Probe) -> bool:
        if p.kind in ("context", "elsewhere"):
            return p.kind == "context" and p.node not in unfair
        return not (p.node in unknown or (p.kind == "step" and p.node in steps))

    answered = {m: [Answer(p, 0.1 if knows(p) else -0.1, p.means[1]) for p in probes_of(WORLD, items, failed)] for m in SEEDS}
    found = examine(WORLD, items, failed, answered, samples)
    tally = count(FAULTS, found.diagnoses, [], set())
    assert tally.macro_f1 == 1.0 and all(r.at_node for r in tally.rows), [(r.fault, r.said, r.blamed) for r in tally.rows if not r.at_node]
    assert tally.nodes.precision == 1.0
    assert count(FAULTS, found.diagnoses, found.noticed, set()).nodes.recall == 1.0  # of swapped concepts, few statements are asked about
    assert not any(n for by in tally.unplanted.values() for n in by.values())
    sound = examine(WORLD, ITEMS, {i: v for i, v in failed.items() if known[i] in ITEMS}, {m: [] for m in SEEDS}, SAMPLES).diagnoses
    assert sound and not any(d.category == "data conflict" for d in sound)


def departing(item: Item, fault: PlantedFault) -> str:
    """A wrong option that breaks a node of the fault; "" if there is none."""
    return next((x for x, o in zip(LETTERS, item.options, strict=True) if set(o.breaks) & set(fault.nodes)), "")


def a_fault(kind: Kind, name: str, nodes: Sequence[str] = (), items: int = 1, how: str = "") -> PlantedFault:
    return PlantedFault(kind, EXPECTED[kind], (name,), tuple(f"{name}.{n}" for n in nodes), tuple(f"{name}:{n}" for n in range(items)), how)


def said(item: str, category: Category, *nodes: str) -> Diagnosis:
    chain = item.partition(":")[0]
    return Diagnosis(item, "0", chain, category, tuple(f"{chain}.{n}" for n in nodes), SEEDS, ("A",) * 3, 1.0)


def test_the_confusion_matrix_and_f1_are_those_computed_by_hand() -> None:
    faults = [
        a_fault("withheld", "a", ["s1"], 3),
        a_fault("withheld", "b", ["s1"], 2),
        a_fault("withheld-format", "c", ["s1"]),
        a_fault("composition", "d", ["s2", "s3"]),
        a_fault("flipped", "e", ["s1"], how="turned round"),
        a_fault("flipped", "f", ["s1"], how="opposite"),
        a_fault("key", "g"),
    ]
    diagnoses = [
        said("a:0", "concept gap", "s1"),
        said("a:1", "concept gap", "s2", "s1"),
        said("a:2", "unexplained"),
        said("b:0", "concept gap", "s1"),
        said("b:1", "data conflict", "s1"),  # a tie counts as the unexpected category
        said("d:0", "unexplained"),  # an abstention is a miss
        said("e:0", "concept gap", "s1"),
        said("g:0", "suspect item"),
        said("g:1", "concept gap", "s2"),  # another item of the chain, without a fault
        said("x:0", "suspect item"),
    ]
    tally = count(faults, diagnoses, [], {"a:0", "a:1", "a:2", "b:0", "g:1"})
    matrix = {expected: {s: n for s, n in row.items() if n} for expected, row in tally.confusion.items()}
    assert matrix == {
        "concept gap": {"concept gap": 1, "data conflict": 1},
        "reasoning deficit": {"unexplained": 1},
        "data conflict": {"concept gap": 1, NOT_NOTICED: 1},
        "suspect item": {"suspect item": 1},
    }
    scores = {c: (s.planted, s.said, s.right, s.precision, s.recall, s.f1) for c, s in tally.scores.items()}
    assert scores == {
        "concept gap": (2, 2, 1, 0.5, 0.5, 0.5),
        "reasoning deficit": (1, 0, 0, None, 0.0, 0.0),
        "data conflict": (2, 1, 0, 0.0, 0.0, 0.0),
        "suspect item": (1, 1, 1, 1.0, 1.0, 1.0),
    }
    assert tally.macro_f1 == 0.375
    nodes = tally.nodes
    assert (nodes.planted, nodes.said, nodes.right, nodes.precision, nodes.recall, nodes.f1) == (6, 4, 3, 0.75, 0.5, 0.6)
    shown = tally.shown
    assert shown.faults == 5 and shown.macro_f1 == 0.375  # (½ + 0 + 0 + 1) / 4, without the two of which no item fails
    assert (shown.scores["data conflict"].planted, shown.scores["data conflict"].said) == (1, 1)
    assert (shown.nodes.planted, shown.nodes.said, shown.nodes.right, shown.nodes.recall) == (5, 4, 3, 0.6)
    kinds = {k: (c.planted, c.failed, c.failed_anyway, c.found, c.at_node) for k, c in tally.kinds.items()}
    assert kinds == {
        "withheld": (2, 2, 1, 1, 1),
        "withheld-format": (1, 0, 0, 0, 0),
        "composition": (1, 1, 0, 0, 0),
        "flipped, turned round": (1, 1, 0, 0, 0),
        "flipped, opposite": (1, 0, 0, 0, 0),
        "key": (1, 1, 0, 1, 1),
    }
    assert [r.said for r in tally.rows if r.fault.kind == "withheld"] == ["concept gap", "data conflict"]
    others = {c: (n[OWN], n[ONLY_HERE]) for c, n in tally.unplanted.items() if sum(n.values())}
    assert others == {"concept gap": (1, 0), "suspect item": (0, 1)}


def test_a_category_found_at_the_wrong_node_is_found_but_not_there() -> None:
    (row,) = count([a_fault("withheld", "a", ["s1"])], [said("a:0", "concept gap", "s3")], [], set()).rows
    assert row.found and not row.at_node and row.blamed == ("a.s3",)


def test_an_item_that_rests_on_two_chains_shows_the_nodes_of_both() -> None:
    item = bridge(WORLD, 6, count=50)
    first, link = item.statements
    chains = tuple(chains_of(WORLD, item))
    fault = PlantedFault("swapped", "data conflict", chains, (first, link), (item.id,))
    blaming = Diagnosis(item.id, "0", item.chain, "data conflict", (link,), SEEDS, ("A",) * 3, 1.0)
    tally = count([fault], [blaming], [], set())
    assert tally.rows[0].failed_chains == tuple(sorted(chains)) and tally.rows[0].at_node
    assert (tally.shown.nodes.planted, tally.shown.nodes.right) == (2, 1)


def test_nodes_on_chains_of_which_no_item_fails_are_not_missed_among_the_shown() -> None:
    fault = msgspec.structs.replace(a_fault("swapped", "a", ["s1", "s2"]), chains=("a", "b"), nodes=("a.s1", "a.s2", "b.s1"))
    tally = count([fault], [said("a:0", "data conflict", "s1", "s2")], [], set())
    assert tally.nodes.recall == 0.6667 and tally.shown.nodes.recall == 1.0 and tally.shown.nodes.precision == 1.0


def test_a_fault_that_no_item_shows_is_found_by_what_was_noticed_on_its_chain() -> None:
    faults = [a_fault("flipped", "a", ["s2"], how="opposite"), a_fault("composition", "b", ["s2", "s3"]), a_fault("withheld", "c", ["s1"])]
    noticed = [
        Evidence("a.s2", "data", 4, 4, 0.0, "x:open-1"),
        Evidence("a.s2", "statement", 9, 8, -0.2, ""),
        Evidence("a.s3", "step", 9, 8, -0.2, ""),
        Evidence("b.s3", "step", 9, 8, -0.2, ""),
        Evidence("b.s1", "statement", 9, 8, -0.2, ""),
        Evidence("c.s1", "statement", 9, 8, -0.2, ""),
    ]
    tally = count(faults, [said("c:0", "unexplained")], noticed, set(), {"b.s1", "c.s1"})
    assert [r.said for r in tally.rows] == [
        "data conflict",
        "reasoning deficit",
        "unexplained",
    ]  # a failed item decides the category of its fault
    voted = count(faults[:1], [said("a:0", "unexplained")], noticed, set()).rows[0]
    assert voted.said == "data conflict" and voted.failed == ("a:0",)  # but a sample that was read takes precedence
    assert [r.blamed for r in tally.rows] == [("a.s2", "a.s3"), ("b.s3",), ("c.s1",)]  # b.s1 is unknown without faults too
    assert tally.shown.faults == 1 and [c.failed for c in tally.kinds.values()] == [0, 0, 1]


def test_where_nothing_fails_every_fault_is_missed() -> None:
    tally = count(FAULTS, [], [], set())
    assert tally.shown.faults == 0 and tally.shown.macro_f1 is None
    assert all(r.said == NOT_NOTICED and not r.found for r in tally.rows) and tally.macro_f1 == 0.0
    assert sum(n for row in tally.confusion.values() for n in row.values()) == len(FAULTS) - len(drawn("withheld-format"))


def test_flags_are_counted_over_models_by_the_measure_of_diagnoses() -> None:
    faults = drawn("withheld")
    groups = probed_nodes(WORLD, ITEMS, faults)
    assert {p.node for p in groups["withheld"]} == {n for f in faults for n in f.nodes}
    touched = {n for f in faults for c in f.chains for s in WORLD.path(WORLD.chains[c]) for n in (s.id, s.subject, s.object)}
    free = {p.node for p in groups[UNPLANTED]}
    assert not free & touched and {"statement", "step", "between", "concept"} == {p.kind for p in groups[UNPLANTED]}
    every_chain = {c for i in ITEMS for c in chains_of(WORLD, i)}
    assert {s for c in every_chain - {f.chains[0] for f in faults} for s in WORLD.chains[c].statements} <= free
    every = [p for probes in groups.values() for p in probes]
    unknown, doubtful = faults[0].nodes[0], faults[1].nodes[0]
    one_free = next(p.node for p in groups[UNPLANTED] if p.kind == "statement")

    def knows(probe: Probe, model: str) -> bool:
        lacking = {unknown, one_free} if model != "seed-2" else {doubtful}  # two of three models; one of three
        return probe.kind != "statement" or probe.node not in lacking

    answered = {m: [Answer(p, 0.1 if knows(p, m) else -0.1, "") for p in every] for m in SEEDS}
    found = flags(groups, answered)
    assert found["withheld"]["statement"] == Flags(sum(len(f.nodes) for f in faults), 1)
    assert found[UNPLANTED]["statement"].flagged == 1 and found[UNPLANTED]["step"].flagged == found[UNPLANTED]["concept"].flagged == 0
    half = {m: [Answer(p, 0.1 if n % 2 else -0.1, "") for n, p in enumerate(every)] for m in SEEDS}
    assert flags({"all": every[:2]}, half)["all"]["statement"].flagged == 0  # half right is not unknown
