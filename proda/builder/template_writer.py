"""Words a planned sample with templates. The default writer: offline and deterministic.

    write_sample(knowledge, plan)
        Sample(question="What does heating cause?", answer="thermal expansion",
               explanation="Heating a metal strip causes thermal expansion along its length.", …)

The explanation justifies the answer with the author's sentence; for a choice it also refutes the distractors with a true statement about
one of them. Frame and form of the explanation rotate with the ordinal, so that the samples of a unit differ.
"""

from __future__ import annotations

from collections.abc import Callable

from proda.builder import templates
from proda.builder.plan import Plan, Unit, left_out, row
from proda.builder.templates import fill
from proda.graph import Knowledge
from proda.language.wording import (
    Triple,
    capital,
    clause,
    inverse_clause,
    inverse_verb,
    name,
    object_name,
    path_text,
    path_with_gap,
    question,
    verb,
)
from proda.records import Concept, Sample, Statement, content_hash
from proda.stable_hash import by_weight, seed_of


def write_sample(knowledge: Knowledge, plan: Plan) -> Sample:
    """Return the sample of a plan. Deterministic: the same plan and nodes give the same bytes."""
    return WRITERS[plan.unit](knowledge, plan)


def _frame(frames: tuple[str, ...], plan: Plan) -> str:
    # The two directions alternate with the ordinal; half the step lets each direction use all frames.
    step = plan.ordinal if plan.unit in ("window", "link") else plan.ordinal // 2
    return frames[(seed_of("frame", plan.nodes) + step) % len(frames)]


def _discipline(knowledge: Knowledge, plan: Plan) -> str:
    """The discipline's name in a sentence."""
    return knowledge.node(plan.nodes[0]).discipline.replace("-", " ")


def _sample(knowledge: Knowledge, plan: Plan, question_text: str, answer: str, why: str, wrong: tuple[str, ...], used: set[str]) -> Sample:
    options: tuple[str, ...] = ()
    if wrong:
        ranked = by_weight(wrong, "options", plan.id)
        place = min(plan.place, len(ranked))
        options = (*ranked[:place], answer, *ranked[place:])
    nodes = tuple(sorted({*plan.nodes, *plan.distractors, *used, *(c for t in plan.triples for c in (t[0], t[2]))}))
    first = knowledge.node(plan.nodes[0])
    return Sample(
        plan.id,
        plan.format,
        nodes,
        capital(question_text),
        answer,
        why,
        options,
        content_hash(plan),
        unit=row(plan.unit, plan.nodes).name if plan.unit in ("window", "link") else first.id,
        chain=first.chain if isinstance(first, Statement) else "",
        discipline=first.discipline,
        number=plan.ordinal + 1,
    )


def _statement(knowledge: Knowledge, plan: Plan) -> Sample:
    triple, text = plan.triples[0], knowledge.statements[plan.nodes[0]].text
    subject, relation, obj = triple
    if plan.format == "true-false":
        return _claim(knowledge, plan, triple, text)
    kind = knowledge.relations[relation]
    about_object = plan.ask == "object"
    ask = question(knowledge, triple, plan.ask)
    answer = name(knowledge, obj if about_object else subject)
    frames = templates.OBJECT if about_object else templates.SUBJECT
    places = {
        "ask": ask,
        "ask-": ask[:1].lower() + ask[1:],
        "s": name(knowledge, subject),
        "o": name(knowledge, obj),
        "s-verb": verb(knowledge, subject, relation),
        # "Which …" asks for one thing, so the verb is singular even if the term is plural.
        "verb": kind.phrase if not about_object else verb(knowledge, subject, relation),
        "inverse": kind.inverse if about_object else inverse_verb(knowledge, obj, relation),
        "discipline": _discipline(knowledge, plan),
    }
    wrong = tuple(name(knowledge, c) for c in plan.distractors)
    why, used = _because(knowledge, plan, triple, text)
    frame = _frame(frames[plan.format], plan)
    if plan.format == "open" and _answers(knowledge, triple, about_object) > 1:
        frame = templates.ONE_OF_SEVERAL[plan.ask]
    return _sample(knowledge, plan, fill(frame, places), answer, why, wrong, used)


def _answers(knowledge: Knowledge, triple: Triple, about_object: bool) -> int:
    """Number of concepts in the knowledge that answer the statement's question."""
    subject, relation, obj = triple
    if about_object:
        return len({s.object for s in knowledge.by_subject[subject] if s.relation == relation})
    return len({s.subject for s in knowledge.by_object[obj] if s.relation == relation})


def _because(knowledge: Knowledge, plan: Plan, triple: Triple, text: str) -> tuple[str, set[str]]:
    """The explanation, and the ids of other nodes that it mentions."""
    forms: tuple[Callable[[], str], ...] = (
        lambda: text,
        lambda: f"{capital(clause(knowledge, triple))}.",
        lambda: f"{text} In short, {clause(knowledge, triple)}." if _differs(text, clause(knowledge, triple)) else text,
        lambda: f"{text} In other words, {inverse_clause(knowledge, triple)}.",
    )
    why = forms[(seed_of("because", plan.nodes) + plan.ordinal) % len(forms)]()
    if plan.format != "choice" or not plan.distractors:
        return why, set()
    refutation, used = _refutation(knowledge, plan)
    return f"{why} {refutation}", used


def _differs(text: str, said: str) -> bool:
    """Whether the author's sentence differs from the bare statement."""
    return text.rstrip(".").lower() != said.lower()


def _refutation(knowledge: Knowledge, plan: Plan) -> tuple[str, set[str]]:
    """A sentence that refutes the distractors with a true statement about one of them, and the id of that statement.

    The other distractors are not repeated, because a model that reads wrong answers after the right one learns to produce them.
    """
    chain = knowledge.chains[knowledge.statements[plan.nodes[0]].chain] if plan.unit != "concept" else None
    own = {c for s in knowledge.path(chain) for c in (s.subject, s.object)} if chain else set(plan.nodes)
    for other in plan.distractors:
        elsewhere = [s for s in knowledge.by_subject.get(other, ()) if s.object not in own]
        if elsewhere:
            shown = elsewhere[plan.ordinal % len(elsewhere)]
            does = f"{verb(knowledge, other, shown.relation)} {object_name(knowledge, shown.relation, shown.object)}"
            ruled_out = "None of the others fits; " if len(plan.distractors) > 1 else ""
            return f"{capital(ruled_out + name(knowledge, other))} instead {does}.", {shown.id}
    return "None of the others fits.", set()


def _claim(knowledge: Knowledge, plan: Plan, triple: Triple, text: str) -> Sample:
    said = plan.claim or triple
    places = {
        "clause": clause(knowledge, said),
        "inverse-clause": inverse_clause(knowledge, said),
        "discipline": _discipline(knowledge, plan),
    }
    if plan.claim is None:
        answer, why = "true", text
    elif plan.distractors:
        wrong = name(knowledge, plan.distractors[0])
        end = triple[2] if said[0] == triple[0] else triple[0]
        answer, why = "false", f"{text} It is {name(knowledge, end)}, not {wrong}."
    else:
        answer, why = "false", f"{text} The claim has it the wrong way round."
    return _sample(knowledge, plan, fill(_frame(templates.CLAIM, plan), places), answer, why, (), set())


def _window(knowledge: Knowledge, plan: Plan) -> Sample:
    texts = [knowledge.statements[s].text for s in plan.nodes]
    first, second = plan.triples[0], plan.triples[-1]
    a, b, c = first[0], first[2], second[2]
    shown = list(plan.triples)
    if plan.claim is not None:
        shown = [plan.claim, (plan.claim[2], shown[1][1], shown[1][2]), *shown[2:]]
    places = {
        "a": name(knowledge, a),
        "c": name(knowledge, c),
        "ask": question(knowledge, first, "object"),
        "verb": verb(knowledge, a, first[1]),
        "verb2": verb(knowledge, b, second[1]),
        "path": path_text(knowledge, shown, "which"),
        "discipline": _discipline(knowledge, plan),
    }
    frame = _frame(templates.WINDOW[plan.format], plan)
    if plan.format == "open" and len(knowledge.by_subject[a]) > 1:
        frame = templates.BOTH_ENDS  # the first concept has several successors, so the question names the end as well
    asked = fill(frame, places)
    path = path_text(knowledge, plan.triples, "which" if plan.ordinal % 2 == 0 else "full")
    if plan.format == "open":
        return _sample(knowledge, plan, asked, path, texts[plan.ordinal % len(texts)], (), set())
    if plan.format == "choice":
        wrong = tuple(name(knowledge, d) for d in plan.distractors)
        refutation, used = _refutation(knowledge, plan) if wrong else ("", set())
        return _sample(knowledge, plan, asked, name(knowledge, b), f"{capital(path)}. {refutation}".strip(), wrong, used)
    answer = "true" if plan.claim is None else "false"
    why = f"{capital(path)}." if plan.claim is None else f"It is {name(knowledge, b)} that comes between: {path}."
    return _sample(knowledge, plan, asked, answer, why, (), set())


def _link(knowledge: Knowledge, plan: Plan) -> Sample:
    """The sample of a link: a row of statements with one concept left out."""
    gap = left_out(plan.nodes, plan.ordinal)
    here = name(knowledge, plan.triples[gap][0])
    wrong = tuple(name(knowledge, d) for d in plan.distractors)
    places = {
        "row": path_with_gap(knowledge, plan.triples, gap),
        "x": wrong[0] if wrong else here,
        "discipline": _discipline(knowledge, plan),
    }
    asked = fill(_frame(templates.LINK[plan.format], plan), places)
    path = path_text(knowledge, plan.triples, "which" if plan.ordinal % 2 == 0 else "full")
    if plan.format == "true-false":
        why = f"{capital(path)}." if not wrong else f"It is {here} that is left out: {path}."
        return _sample(knowledge, plan, asked, "false" if wrong else "true", why, (), set())
    if plan.format == "open":
        return _sample(knowledge, plan, asked, here, f"{capital(path)}.", (), set())
    refutation, used = _refutation(knowledge, plan)
    return _sample(knowledge, plan, asked, here, f"{capital(path)}. {refutation}", wrong, used)


def _concept(knowledge: Knowledge, plan: Plan) -> Sample:
    concept = knowledge.concepts[plan.nodes[0]]
    others = [knowledge.concepts[c] for c in plan.distractors]
    described = others[0] if plan.format == "true-false" and others else concept
    places = {
        "term": concept.text,
        "is": _is(concept),
        "definition": described.definition,
        "discipline": _discipline(knowledge, plan),
    }
    full = f"{capital(concept.text)} {_is(concept)} {concept.definition}."
    if plan.format == "true-false":
        asked = fill(_frame(templates.MEANING, plan), places)
        if described is concept:
            return _sample(knowledge, plan, asked, "true", full, (), set())
        return _sample(knowledge, plan, asked, "false", f"That describes {described.text}. {full}", (), {described.id})
    about_meaning = plan.ask == "object"
    frames = templates.TERM if about_meaning else templates.DEFINITION
    answer = concept.definition if about_meaning else concept.text
    wrong = tuple(o.definition if about_meaning else o.text for o in others)
    why, used = ("" if about_meaning else full), set[str]()  # if the meaning is asked for, `full` would repeat the answer
    if others:
        why = f"{why} {capital(others[0].text)} {_is(others[0])} {others[0].definition}.".strip()
        used = {others[0].id}
    return _sample(knowledge, plan, fill(_frame(frames[plan.format], plan), places), answer, why, wrong, used)


def _is(concept: Concept) -> str:
    return "are" if concept.plural else "is"


WRITERS: dict[Unit, Callable[[Knowledge, Plan], Sample]] = {
    "statement": _statement,
    "window": _window,
    "concept": _concept,
    "link": _link,
}
