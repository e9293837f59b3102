"""Words a planned sample with templates. The default writer: offline and deterministic.

    write_sample(knowledge, plan)
        Sample(question="What does heating cause?", answer="thermal expansion",
               explanation="Heating a metal strip causes thermal expansion along its length.", …)

The explanation gives the authors' sentences of the sample's own statements; it words no other statement. Half of the choice samples refute
one wrong option with its definition, after the justification and in one sentence, because a model that reads wrong answers after the right
one learns to produce them. Frame and form of the explanation rotate with the ordinal, so that the samples of a unit differ.
"""

from __future__ import annotations

from collections.abc import Callable

from proda.builder import templates
from proda.builder.phrases import (
    accepted,
    change,
    changes,
    end_text,
    gap_sentence,
    in_context,
    is_gapped,
    lead,
    one_of_several,
    open_article,
    under_all,
    varying,
    which_of_these,
)
from proda.builder.plan import Plan, Unit, left_out, settled
from proda.builder.plan import asked as asked_of_plan
from proda.builder.templates import Frames, fill
from proda.builder.wrong_options import Asked, adds_bridge, condition_text
from proda.graph import Knowledge
from proda.language.disciplines import discipline_name
from proda.language.neighbours import mentions
from proda.language.wording import (
    PathStyle,
    bare_name,
    capital,
    clause,
    conditions,
    inverse_clause,
    listing,
    name,
    object_as,
    path_text,
    path_with_gap,
    question,
    sentence,
    subject_as,
    subject_text,
    under,
)
from proda.records import Chain, Concept, Sample, Statement, content_hash
from proda.stable_hash import by_weight, fraction, seed_of

REFUTED = 0.5  # share of choice samples that refute a wrong option
LONG = 18  # words; a longer definition refutes no option


def write_sample(knowledge: Knowledge, plan: Plan) -> Sample:
    """Return the sample of a plan. Deterministic: the same plan and nodes give the same bytes."""
    if plan.form == "effect":
        return _effect(knowledge, plan)
    return WRITERS[plan.unit](knowledge, plan)


def _frame(frames: Frames, plan: Plan) -> str:
    # The two directions alternate with the ordinal; half the step lets each direction use all frames.
    step = plan.ordinal if plan.unit in ("window", "gap") else plan.ordinal // 2
    return frames[(seed_of("frame", plan.nodes) + step) % len(frames)]


def _path(knowledge: Knowledge, plan: Plan) -> list[Statement]:
    return [knowledge.statements[s] for s in plan.nodes]


def _discipline(knowledge: Knowledge, plan: Plan) -> str:
    return discipline_name(knowledge.node(plan.nodes[0]).discipline)


def _sample(
    knowledge: Knowledge,
    plan: Plan,
    asked: str,
    answer: str,
    why: str = "",
    wrong: tuple[str, ...] = (),
    accept: tuple[str, ...] = (),
    step: Statement | None = None,
) -> Sample:
    options: tuple[str, ...] = ()
    if wrong:
        ranked = by_weight(wrong, "options", plan.id)
        place = min(plan.place, len(ranked))
        options = (*ranked[:place], answer, *ranked[place:])
    statements = [knowledge.statements[n] for n in plan.nodes if n in knowledge.statements] + ([step] if step else [])
    # A condition of another statement is a wrong option; the sample does not word that statement, so its chain stands for it.
    others = (knowledge.statements[d].chain if d in knowledge.statements else d for d in plan.distractors)
    nodes = tuple(sorted({*plan.nodes, *others, *(n for s in statements for n in (s.id, s.subject, s.object))}))
    first = knowledge.node(plan.nodes[0])
    return Sample(
        plan.id,
        plan.format,
        nodes,
        capital(asked),
        answer,
        why,
        options,
        content_hash(plan),
        unit=plan.name,
        chain=first.chain if isinstance(first, Statement) else first.id if isinstance(first, Chain) else "",
        discipline=first.discipline,
        number=plan.ordinal + 1,
        accept=accept if plan.format == "open" else (),
    )


def _refuted(knowledge: Knowledge, plan: Plan) -> str:
    """A sentence that says of one wrong option what it is, after a blank; empty for half of the samples, or if no definition is short."""
    if plan.format != "choice" or fraction("refuted", plan.id) >= REFUTED:
        return ""
    question = asked_of_plan(knowledge, plan)
    said = (_something_else(knowledge, d, question) for d in plan.distractors)
    return next((text for text in said if text), "")


def _something_else(knowledge: Knowledge, concept: str, question: Asked) -> str:
    """A sentence that says what the concept is, after a blank; empty if its definition is long, or would give something away."""
    c = knowledge.concepts[concept]
    if len(c.definition.split()) > LONG or adds_bridge(knowledge, c.definition, question.own, question.course):
        return ""
    return f" {capital(c.text)} {_is(c)} something else: {c.definition}."


def _told(path: list[Statement]) -> str:
    """The authors' sentences."""
    return " ".join(s.text for s in path)


def _statement(knowledge: Knowledge, plan: Plan) -> Sample:
    statement = knowledge.statements[plan.nodes[0]]
    if plan.form == "condition":
        return _when(knowledge, plan, statement)
    if plan.format == "true-false":
        return _claim(knowledge, plan, statement)
    here = statement.object if plan.ask == "object" else statement.subject
    ask = open_article(question(knowledge, statement, plan.ask))
    frames = templates.GAPPED if is_gapped(statement, plan.ask) else templates.OBJECT if plan.ask == "object" else templates.SUBJECT
    places = {
        "ask": ask,
        "ask-": f"{ask[:1].lower()}{ask[1:]}",
        "Gapped": capital(gap_sentence(knowledge, statement, plan.ask)),
        "These": capital(which_of_these(knowledge, statement, plan.ask)),
        "discipline": _discipline(knowledge, plan),
        **one_of_several(knowledge, statement, plan.ask),
    }
    asked = fill(_frame(frames[plan.format], plan), places)
    accept: tuple[str, ...] = ()
    if plan.format == "open":
        plain = fill(frames["open"][templates.PLAIN], places)
        within = in_context(knowledge, [statement], plain, [here], plan.id) if plan.context else None
        asked, accept = (asked, accepted(knowledge, statement, plan.ask)) if within is None else (within, ())
    answer = end_text(knowledge, statement, plan.ask, here)
    wrong = tuple(end_text(knowledge, statement, plan.ask, c) for c in plan.distractors)
    return _sample(knowledge, plan, asked, answer, f"{statement.text}{_refuted(knowledge, plan)}", wrong, accept)


def _when(knowledge: Knowledge, plan: Plan, statement: Statement) -> Sample:
    """The choice sample about the condition of a statement."""
    wrong = tuple(condition_text(knowledge.statements[s]) for s in plan.distractors)
    places = {"clause": clause(knowledge, statement), "discipline": _discipline(knowledge, plan)}
    asked = fill(_frame(templates.WHEN, plan), places)
    return _sample(knowledge, plan, asked, condition_text(statement), statement.text, wrong)


def _claim(knowledge: Knowledge, plan: Plan, statement: Statement) -> Sample:
    said = plan.claim[0] if plan.claim else statement
    places = {
        "sentence": sentence(knowledge, said),
        "inverse": under(said, inverse_clause(knowledge, said)),
        "discipline": _discipline(knowledge, plan),
    }
    asked = fill(_frame(templates.CLAIM, plan), places)
    if not plan.claim:
        return _sample(knowledge, plan, asked, "true", statement.text)
    if said.relation != statement.relation:
        return _sample(knowledge, plan, asked, "false", f"{statement.text} The claim says the opposite.")
    if plan.distractors:
        right = bare_name(knowledge, statement.object if plan.ask == "object" else statement.subject)
        wrong = bare_name(knowledge, plan.distractors[0])
        puts = f"The claim puts “{wrong}” in the place of “{right}”."
        other = _something_else(knowledge, plan.distractors[0], asked_of_plan(knowledge, plan))
        return _sample(knowledge, plan, asked, "false", f"{statement.text} {puts}{other}")
    return _sample(knowledge, plan, asked, "false", f"{statement.text} The claim has it the wrong way round.")


def _effect(knowledge: Knowledge, plan: Plan) -> Sample:
    """The sample about the direction in which the last concept of a statement or window changes if the first one does."""
    path = _path(knowledge, plan)
    first, last = path[0].subject, path[-1].object
    same = settled(knowledge, path) == 1
    rises = same is plan.rising
    concept = knowledge.concepts[last]
    shown = rises is not plan.false
    places = {
        "change": change(knowledge, first, plan.rising),
        "o": varying(concept),
        "does": changes(concept, shown),
        "discipline": _discipline(knowledge, plan),
    }
    frames = templates.EFFECT[plan.format]
    qualified = any(conditions(s) for s in path)
    if qualified:  # the conditions stand before the question, so the frame is one of those that may follow them
        frames = tuple(f for f in frames if f.startswith(("If ", "What "))) or frames[:1]
    asked = fill(_frame(frames, plan), places)
    if qualified and plan.format == "true-false":
        asked = f"True or false: {under_all(path, fill('if {change}, {o} {does}', places))}."
    elif qualified:
        asked = under_all(path, f"{asked[:1].lower()}{asked[1:]}")
    way = "in the same direction" if same else "in opposite directions"
    why = f"{_told(path)} So {bare_name(knowledge, first)} and {bare_name(knowledge, last)} change {way}."
    if plan.format == "true-false":
        return _sample(knowledge, plan, asked, "false" if plan.false else "true", why)
    if plan.context:
        asked = in_context(knowledge, path, asked, [], plan.id) or asked
    if plan.format == "open":
        return _sample(knowledge, plan, asked, f"{varying(concept)} {changes(concept, rises)}", why)
    it = "they" if concept.plural else "it"
    stays = f"{it} stay{'' if concept.plural else 's'} the same"
    said = {up: f"{it} {changes(concept, up)}" for up in (True, False)}
    return _sample(knowledge, plan, asked, said[rises], why, (said[not rises], stays))


def _window(knowledge: Knowledge, plan: Plan) -> Sample:
    path = _path(knowledge, plan)
    first, last = path[0], path[-1]
    ends = {"a": subject_text(knowledge, first), "c": object_as(last) or name(knowledge, last.object)}
    places = {
        **ends,
        "lead": lead(knowledge, path),
        "row": open_article(path_with_gap(knowledge, path, 1)),
        "discipline": _discipline(knowledge, plan),
    }
    here = first.object
    if plan.format == "open":
        return _window_open(knowledge, plan, path, places)
    if plan.format == "choice":
        frames = templates.WINDOW["choice"]
        frame = _frame(frames if _steps(knowledge, path) else tuple(f for f in frames if f not in templates.ON_THE_WAY), plan)
        asked = fill(frame, places)
        if mentions(asked, knowledge.concepts[here]):
            asked = fill(templates.WINDOW["choice"][0], places)
        bare = "{row}" in frame and (object_as(first) is not None or subject_as(path[1]) is not None)
        shown = bare_name if bare else name
        wrong = tuple(shown(knowledge, d) for d in plan.distractors)
        return _sample(knowledge, plan, asked, shown(knowledge, here), f"{_told(path)}{_refuted(knowledge, plan)}", wrong)
    told = path_text(knowledge, plan.claim or path, "which")
    asked = fill(_frame(templates.WINDOW["true-false"], plan), {**places, "path": told, "Path": capital(told)})
    if not plan.claim:
        return _sample(knowledge, plan, asked, "true", _told(path))
    puts = f"The claim puts “{bare_name(knowledge, plan.distractors[0])}” in the place of “{bare_name(knowledge, here)}”."
    other = _something_else(knowledge, plan.distractors[0], asked_of_plan(knowledge, plan))
    return _sample(knowledge, plan, asked, "false", f"{_told(path)} {puts}{other}")


def _window_open(knowledge: Knowledge, plan: Plan, path: list[Statement], places: dict[str, str]) -> Sample:
    frames = templates.STEPS if _steps(knowledge, path) else templates.JOINED
    frame = _frame(frames, plan)
    forward, inner = frame in templates.STEPS[: templates.FORWARD], [s.object for s in path[:-1]]
    asked = fill(frame, places)
    if forward or plan.context:
        within = in_context(knowledge, path, asked, [*inner, path[-1].object] if forward else inner, plan.id)
        if within is None and forward:  # without its explanation the question has several answers, so it names the end as well
            within = fill(templates.BOTH_ENDS, places)
        asked = within or asked
    between = listing([name(knowledge, c) for c in inner])
    if frame in (*templates.BETWEEN, *templates.BY_WAY):
        return _sample(knowledge, plan, asked, between if frame in templates.BETWEEN else f"by way of {between}", _told(path))
    style: PathStyle = "which" if plan.ordinal % 2 == 0 else "full"
    answer = path_text(knowledge, path, style)
    # Where the authors' sentences are the bare statements, the answer has said all.
    repeats = all(s.text == f"{capital(sentence(knowledge, s))}." for s in path)
    return _sample(knowledge, plan, asked, answer, "" if repeats else _told(path))


def _steps(knowledge: Knowledge, path: list[Statement]) -> bool:
    """Whether each statement is a step that goes on from what the one before brings about, not from what it takes away."""
    kinds = [knowledge.relations[s.relation] for s in path]
    return all(kind.step for kind in kinds) and all(kind.sign != "-" for kind in kinds[:-1])


def _gap(knowledge: Knowledge, plan: Plan) -> Sample:
    """The sample of a row of statements with one concept left out."""
    path, gap = _path(knowledge, plan), left_out(plan.nodes, plan.ordinal)
    bare = object_as(path[gap - 1]) is not None or subject_as(path[gap]) is not None
    shown = bare_name if bare else name
    here, wrong = shown(knowledge, path[gap].subject), tuple(shown(knowledge, d) for d in plan.distractors)
    places = {
        "row": open_article(path_with_gap(knowledge, path, gap)),
        "x": wrong[0] if wrong else here,
        "discipline": _discipline(knowledge, plan),
    }
    asked = fill(_frame(templates.GAP_ROW[plan.format], plan), places)
    told = f"{capital(path_text(knowledge, path, 'which' if plan.ordinal % 2 == 0 else 'full'))}."
    if plan.format == "true-false":
        why = f"{told} The dots stand for {here}." if plan.false else told
        return _sample(knowledge, plan, asked, "false" if plan.false else "true", why)
    return _sample(knowledge, plan, asked, here, f"{told}{_refuted(knowledge, plan)}", wrong if plan.format == "choice" else ())


def _concept(knowledge: Knowledge, plan: Plan) -> Sample:
    concept = knowledge.concepts[plan.nodes[0]]
    others = [knowledge.concepts[c] for c in plan.distractors]
    described = others[0] if plan.format == "true-false" and plan.false else concept
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
            return _sample(knowledge, plan, asked, "true", full)
        return _sample(knowledge, plan, asked, "false", f"That describes {described.text}. {full}")
    if plan.ask == "object":
        asked = fill(_frame(templates.TERM[plan.format], plan), places)
        against = others and (plan.format == "open" or fraction("refuted", plan.id) < REFUTED)
        it = "They differ" if concept.plural else "It differs"
        why = f"{it} from {others[0].text}, which {_is(others[0])} {others[0].definition}." if against else ""
        wrong = tuple(o.definition for o in others) if plan.format == "choice" else ()
        return _sample(knowledge, plan, asked, concept.definition, why, wrong)
    asked = fill(_frame(templates.DEFINITION[plan.format], plan), places)
    accept = tuple(sorted({*concept.aliases} - {concept.text}))
    return _sample(knowledge, plan, asked, concept.text, f"{full}{_refuted(knowledge, plan)}", tuple(o.text for o in others), accept)


def _is(concept: Concept) -> str:
    return "are" if concept.plural else "is"


def _condition(knowledge: Knowledge, plan: Plan) -> Sample:
    """The sample about what an explanation presupposes, or does not cover."""
    chain = knowledge.chains[plan.nodes[0]]
    holds = plan.form == "preconditions"
    here, there = (chain.preconditions, chain.exclusions) if holds else (chain.exclusions, chain.preconditions)
    right = here[seed_of("side", plan.id) % len(here)]
    wrong = tuple(_limit(knowledge, chain, c, holds, there, plan) for c in plan.distractors)
    whole = templates.PRECONDITION if holds else templates.EXCLUSION
    by_step = templates.PRECONDITION_OF_STEP if holds else templates.EXCLUSION_OF_STEP
    # Two samples name what the chain explains, the next two one of its steps. The sides of the chain alternate within each two.
    turn, second = divmod(plan.ordinal // 2, 2)
    frames = (by_step if second else whole)[plan.format]
    path = chain.statements
    step = knowledge.statements[path[(seed_of("step", plan.name) + turn) % len(path)]] if second else None
    places = {
        "clause": sentence(knowledge, step) if step else "",
        "explains": chain.explains,
        "x": wrong[0] if plan.false else right,
        "discipline": _discipline(knowledge, plan),
    }
    asked = fill(frames[(seed_of("frame", plan.nodes) + turn) % len(frames)], places)
    rests = f"The explanation presupposes this: {_row(chain.preconditions)}." if chain.preconditions else ""
    leaves = f"It does not cover this: {_row(chain.exclusions)}." if chain.exclusions else ""
    why = f"{rests} {leaves}".strip()
    if plan.format == "open":
        return _sample(knowledge, plan, asked, right, why, accept=tuple(sorted({*here} - {right})), step=step)
    if plan.format == "true-false":
        return _sample(knowledge, plan, asked, "false" if plan.false else "true", why, step=step)
    return _sample(knowledge, plan, asked, right, why, wrong, step=step)


def _limit(knowledge: Knowledge, chain: Chain, other: str, holds: bool, there: tuple[str, ...], plan: Plan) -> str:
    """The wrong option that a chain gives: for the sample's own chain one of its other side, for another chain one of the same side."""
    found = knowledge.chains[other]
    side = there if other == chain.id else found.preconditions if holds else found.exclusions
    return side[seed_of("other side", plan.id) % len(side)]


def _row(parts: tuple[str, ...]) -> str:
    return "; ".join(parts) if any("," in p or " and " in p for p in parts) else listing(parts)


WRITERS: dict[Unit, Callable[[Knowledge, Plan], Sample]] = {
    "statement": _statement,
    "window": _window,
    "gap": _gap,
    "concept": _concept,
    "condition": _condition,
}
