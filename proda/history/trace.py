"""What a thing comes from, and what it leads to: from a source passage to a model's answer, and back.

    concept    ← passages, statements                    → statements, chains, samples, items, patches, outcomes
    statement  ← passage, its two concepts               → chain, samples, items, patches, outcomes
    chain      ← passages, statements, concepts          → samples, cases, items, patches, outcomes      (a link, too)
    sample     ← nodes, the patch that adds it           → items that rest on those nodes, outcomes
    item       ← chain, statements, concepts, passages, samples that teach its statements      → patches, outcomes
    patch      ← nodes it targets, items that failed     → samples it adds, removes or overrides, edits to the knowledge

    trace(lineage, "statement", "physics/bimetal-strip-bends.s1").leads_to

The trace of a node or an item also holds the diagnoses about it and what probing found there. Topics, disciplines, sources, passages
and rounds have traces too: see proda/history/places.py and proda/history/round_record.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from proda.errors import counted
from proda.graph import Knowledge
from proda.history.index import Value, index
from proda.history.lineage import Lineage
from proda.history.repairs import targets_of
from proda.records import Case, Chain, Concept, Diagnosis, Evidence, Item, Outcome, Patch, Sample, Statement

Kind = Literal["concept", "statement", "chain", "sample", "item", "patch", "topic", "discipline", "source", "passage", "round"]


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """One neighbour: its id (a model's name for an outcome), what it says, and a remark. `via` holds the nodes that join the two."""

    id: str
    text: str = ""
    note: str = ""
    via: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """Neighbours of one sort ("statements", "samples", …), in a stable order."""

    name: str
    links: tuple[Link, ...]


class Trace(msgspec.Struct, frozen=True):
    """A thing with both directions of its lineage. Groups without links are left out.

    `thing` is a record of proda.records, proda.history.places or proda.history.round_record. `diagnoses` are those of the item, or those
    that blame the node; `noticed` is what probing found at the node, or at the statements under the item.
    """

    kind: Kind
    thing: Any
    comes_from: tuple[Group, ...] = ()
    leads_to: tuple[Group, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    noticed: tuple[Evidence, ...] = ()


def trace(lineage: Lineage, kind: Kind, thing_id: str) -> Trace:
    """The trace of a node, sample, item or patch of that id. Raises KeyError where `lineage` does not hold it."""
    know = lineage.knowledge
    match kind:
        case "concept":
            return _concept(lineage, know.concepts[thing_id])
        case "statement":
            return _statement(lineage, know.statements[thing_id])
        case "chain":
            return _chain(lineage, know.chains[thing_id])
        case "sample":
            return _sample(lineage, lineage.samples.get(thing_id) or lineage.dropped[thing_id])
        case "item":
            return _item(lineage, lineage.items[thing_id])
        case "patch":
            return _patch(lineage, lineage.repairs.patches[thing_id])
    raise KeyError(f"a {kind} is not traced here")


def made(kind: Kind, thing: Any, comes_from: Iterable[Group], leads_to: Iterable[Group], **findings: Any) -> Trace:
    """The trace, without groups that hold no link."""
    return Trace(kind, thing, tuple(g for g in comes_from if g.links), tuple(g for g in leads_to if g.links), **findings)


def _concept(lineage: Lineage, concept: Concept) -> Trace:
    statements = lineage.statements_of.get(concept.id, [])
    chains = [lineage.knowledge.chains[c] for c in dict.fromkeys(s.chain for s in statements)]
    items = lineage.items_of.get(concept.id, [])
    # Which concepts only a distractor of a sealed item names would tell its distractors from its right option.
    mentions = [i for i in lineage.mentions_of.get(concept.id, ()) if not lineage.hidden(i)]
    leads = [
        said_in(statements),
        Group("chains", tuple(explained(lineage.knowledge, c) for c in chains)),
        *_downstream(lineage, concept.id, items),
        Group("distractors", tuple(asked(i) for i in mentions)),
        *answers(lineage, items),
    ]
    return made("concept", concept, [passages(statements)], leads, **_found_at(lineage, [concept.id]))


def _statement(lineage: Lineage, statement: Statement) -> Trace:
    come = [passages([statement]), _concepts(lineage, (statement.subject, statement.object))]
    items = lineage.items_of.get(statement.id, [])
    chain = Group("chains", (explained(lineage.knowledge, lineage.knowledge.chains[statement.chain]),))
    leads = [chain, *_downstream(lineage, statement.id, items), *answers(lineage, items)]
    return made("statement", statement, come, leads, **_found_at(lineage, [statement.id]))


def _chain(lineage: Lineage, chain: Chain) -> Trace:
    path = lineage.knowledge.path(chain)
    nodes = [chain.id, *chain.statements]
    come = [passages(path), said_in(path), _concepts(lineage, (c for s in path for c in (s.subject, s.object)))]
    items = lineage.items_of.get(chain.id, [])
    taught = _merged((s.id, lineage.samples_of.get(s.id, ())) for s in path)
    leads = [
        Group("samples", _samples(lineage, taught)),
        asked_of(_resting(lineage, chain)),
        Group("items", tuple(asked(i) for i in items)),
        patches_on(lineage, nodes),
        *answers(lineage, items),
    ]
    return made("chain", chain, come, leads, **_found_at(lineage, nodes))


def _resting(lineage: Lineage, chain: Chain) -> Iterator[Case]:
    """The cases of a chain, and those with an option that breaks one of its statements."""
    for case in lineage.knowledge.cases:
        if case.chain == chain.id or any(option.breaks in chain.statements for option in case.options):
            yield case


def _sample(lineage: Lineage, sample: Sample) -> Trace:
    know = lineage.knowledge
    gone = [n for n in sample.nodes if not any(n in table for table in (know.concepts, know.statements, know.chains))]
    come = [
        Group("chains", tuple(explained(know, know.chains[n]) for n in sample.nodes if n in know.chains)),
        said_in(know.statements[n] for n in sample.nodes if n in know.statements),
        _concepts(lineage, (n for n in sample.nodes if n in know.concepts)),
        Group("missing", tuple(Link(n, note="this node no longer exists") for n in gone)),
        Group("patches", tuple(_touching(lineage, sample))),
    ]
    # A sample about a statement names its concepts too; only items of the statement then rest on it.
    # Statements of other chains are there to refute a wrong option.
    own = [n for n in sample.nodes if n in know.statements and sample.chain in ("", know.statements[n].chain)]
    stated = [n for n in sample.nodes if n in know.chains] + own
    resting = _merged((n, lineage.items_of.get(n, ())) for n in stated or sample.nodes)
    links = tuple(Link(i.id, i.stem, f"{i.split}, {i.kind}", tuple(via)) for i, via in resting)
    return made("sample", sample, come, [Group("items", links), *answers(lineage, [i for i, _ in resting])])


def _touching(lineage: Lineage, sample: Sample) -> Iterable[Link]:
    """The patches that add, override or remove a sample."""
    for patch in lineage.repairs.patches.values():
        if any(s.id == sample.id for s in patch.samples):
            yield _patched(lineage, patch.id, "adds it")
        elif any(o.sample == sample.id for o in patch.override):
            yield _patched(lineage, patch.id, "rewords it")
        elif any(d.sample == sample.id for d in patch.remove):
            yield _patched(lineage, patch.id, "removes it from training")


def _item(lineage: Lineage, item: Item) -> Trace:
    know = lineage.knowledge
    path, on_path, hidden = lineage.path(item), lineage.path_concepts(item), lineage.hidden(item)
    taught = {s.id: lineage.samples_of.get(s.id, []) for s in path}
    aside = [n for n in item.nodes if n in know.concepts and n not in on_path]
    come = [
        Group("chains", (explained(know, know.chains[item.chain]),) if item.chain in know.chains else ()),
        Group("statements", tuple(said(s, f"{counted(len(taught[s.id]), 'sample')}") for s in path)),
        _concepts(lineage, on_path),
        Group("distractors", () if hidden else _concepts(lineage, aside).links),
        passages(path),
        Group("samples", _samples(lineage, _merged(taught.items()))),
    ]
    outcomes = lineage.outcomes_of.get(item.id, ())
    shown = counts(lineage, item) if hidden else tuple(Link(o.model, note=_answer(lineage, o)) for o in outcomes)
    diagnosis = lineage.repairs.diagnosis_of.get(item.id)
    blamed = diagnosis.nodes if diagnosis else ()
    rests_on = (item.chain,) if item.kind == "condition" else item.statements
    noticed = [e for node in rests_on for e in lineage.repairs.noticed_at.get(node, ())]
    written_for = {p.id for p in lineage.repairs.patches_for.get(item.id, ())}
    patches = patches_on(lineage, [*blamed, *rests_on, *item.statements], written_for)
    findings = {"diagnoses": (diagnosis,) if diagnosis else (), "noticed": tuple(noticed)}
    return made("item", item, come, [patches, Group("outcomes", shown)], **findings)


def counts(lineage: Lineage, item: Item) -> tuple[Link, ...]:
    """How many models answered an item rightly, without what they chose: base and tuned."""
    found = [o for o in lineage.outcomes_of.get(item.id, ()) if lineage.fresh(o) and o.correct is not None]
    sides = {"base": [o for o in found if o.model == "base"], "tuned": [o for o in found if o.model != "base"]}
    return tuple(Link(name, note=f"{sum(bool(o.correct) for o in side)} of {len(side)} right") for name, side in sides.items() if side)


def _patch(lineage: Lineage, patch: Patch) -> Trace:
    know = lineage.knowledge
    items = [lineage.items[i] for i in patch.items if i in lineage.items]
    come = [
        said_in(know.statements[n] for n in patch.targets if n in know.statements),
        Group("chains", tuple(explained(know, know.chains[n]) for n in patch.targets if n in know.chains)),
        _concepts(lineage, (n for n in patch.targets if n in know.concepts)),
        Group("confusions", tuple(Link(n, note=f"taken for {c}") for n, c in sorted(patch.confusions.items()))),
        Group("items", tuple(Link(i, lineage.items[i].stem if i in lineage.items else "", "failed") for i in patch.items)),
    ]
    leads = [
        Group("adds", tuple(Link(s.id, s.question, s.format) for s in patch.samples)),
        Group("removes", tuple(Link(d.sample, _wording(lineage, d.sample)) for d in patch.remove)),
        Group("rewords", tuple(Link(o.sample, o.by.question) for o in patch.override)),
        Group("edits", tuple(Link(e.concept, e.file, f"distinct from {e.distinct_from}") for e in patch.edits)),
        *answers(lineage, items),
    ]
    nodes = [n for n in patch.targets if n in lineage.repairs.noticed_at]
    return made("patch", patch, come, leads, noticed=tuple(e for n in nodes for e in lineage.repairs.noticed_at[n]))


def _wording(lineage: Lineage, sample: str) -> str:
    found = lineage.dropped.get(sample) or lineage.samples.get(sample)
    return found.question if found else ""


def _answer(lineage: Lineage, outcome: Outcome) -> str:
    if not lineage.fresh(outcome):
        return "answered an older wording"
    if outcome.chosen is None:
        return "unscored"
    margin = "" if outcome.margin is None else f", margin {outcome.margin:+.3f}"
    operator = f" ({outcome.operator})" if outcome.operator else ""
    return f"{'right' if outcome.correct else 'wrong'}: chose {outcome.chosen}{operator}{margin}"


def _found_at(lineage: Lineage, nodes: Sequence[str]) -> dict[str, Any]:
    """The diagnoses that blame a node of these, and what probing found there."""
    blaming = {d.item: d for n in nodes for d in lineage.repairs.diagnoses_at.get(n, ())}
    noticed = [e for n in nodes for e in lineage.repairs.noticed_at.get(n, ())]
    return {"diagnoses": tuple(blaming[i] for i in sorted(blaming)), "noticed": tuple(noticed)}


def _concepts(lineage: Lineage, ids: Iterable[str]) -> Group:
    found = [lineage.knowledge.concepts[c] for c in dict.fromkeys(ids) if c in lineage.knowledge.concepts]
    return Group("concepts", tuple(Link(c.id, c.definition) for c in found))


def _downstream(lineage: Lineage, node: str, items: Sequence[Item]) -> list[Group]:
    samples = _samples(lineage, [(s, [node]) for s in lineage.samples_of.get(node, ())])
    return [Group("samples", samples), Group("items", tuple(asked(i) for i in items)), patches_on(lineage, [node])]


def patches_on(lineage: Lineage, nodes: Iterable[str], failed: Iterable[str] = ()) -> Group:
    """The patches that target these nodes, and those of the ids in `failed`, which were written because an item failed; by round and id."""
    repairs = lineage.repairs
    via = index((p.id, node) for node in dict.fromkeys(nodes) for p in repairs.patches_on.get(node, ()))
    found = [p for p in repairs.patches.values() if p.id in via or p.id in failed]
    return Group("patches", tuple(_patched(lineage, p.id, via=tuple(via.get(p.id, targets_of(p)))) for p in found))


def _patched(lineage: Lineage, patch: str, what: str = "", via: tuple[str, ...] = ()) -> Link:
    found = lineage.repairs.patches[patch]
    note = ", ".join(x for x in (what, found.category, f"verdict: {lineage.repairs.says(patch)}") if x)
    return Link(patch, found.reason, note, via)


def _samples(lineage: Lineage, found: Sequence[tuple[Sample, Sequence[str]]]) -> tuple[Link, ...]:
    notes = {s.id: f"{s.format}, {lineage.files[s.id]}" if s.id in lineage.files else s.format for s, _ in found}
    return tuple(Link(s.id, s.question, notes[s.id], tuple(via)) for s, via in found)


def answers(lineage: Lineage, items: Sequence[Item]) -> list[Group]:
    """How each model did on the items, as a group."""
    return [Group("outcomes", tuple(Link(t.model, note=str(t)) for t in lineage.tallies(items)))]


def passages(statements: Iterable[Statement]) -> Group:
    """The source passages that statements quote, each once."""
    links = {}
    for s in statements:
        link = Link(f"{s.span.source}[{s.span.start}:{s.span.end}]", s.quote)
        links[link.id] = link
    return Group("passages", tuple(links.values()))


def said_in(statements: Iterable[Statement]) -> Group:
    """Statements as a group."""
    return Group("statements", tuple(said(s) for s in statements))


def said(statement: Statement, note: str = "") -> Link:
    """A statement as a link."""
    return Link(statement.id, statement.text, note)


def explained(knowledge: Knowledge, chain: Chain) -> Link:
    """A chain, or a link of the knowledge with its statement, as a neighbour."""
    remarks = [*(["link"] if chain.is_link else []), *(["retired"] if chain.status == "retired" else [])]
    return Link(chain.id, knowledge.path(chain)[0].text if chain.is_link else chain.explains, ", ".join(remarks))


def asked_of(cases: Iterable[Case]) -> Group:
    """Cases as a group: each with its question and the number of its situations."""
    situations = index((case.id, case) for case in cases)
    notes = {name: f"{counted(len(found), 'situation')}, on {found[0].chain}" for name, found in situations.items()}
    links = (Link(name, found[0].question, notes[name]) for name, found in situations.items())
    return Group("cases", tuple(links))


def asked(item: Item) -> Link:
    """An item as a link: its stem, its split and its kind."""
    return Link(item.id, item.stem, f"{item.split}, {item.kind}")


def _merged(groups: Iterable[tuple[str, Iterable[Value]]]) -> list[tuple[Value, list[str]]]:
    """(node, things) pairs become (thing, its nodes), each thing once, in order of first appearance."""
    found: dict[str, tuple[Value, list[str]]] = {}
    for node, things in groups:
        for thing in things:
            found.setdefault(thing.id, (thing, []))[1].append(node)  # type: ignore[attr-defined]
    return list(found.values())
