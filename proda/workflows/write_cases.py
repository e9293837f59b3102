"""Chains → cases by a language model, checked and proposed in proposals/cases; `proda write --cases` and nothing else calls it.

    outcome = propose_cases(root, knowledge, task, settings)      # task: proda/workflows/plan_cases.py
    write_together(root, outcome.texts)                           # proposals/cases/physics/electromagnetic-induction.yaml

Refused replies are asked for again, with what was wrong. A case that gives an item away, or that an item or a training sample gives away,
is asked for again too, without saying which. A chain for which no reply passes is set aside with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from proda.calls.ask import estimate
from proda.calls.checked_replies import CheckedReplies
from proda.calls.records import CallEstimate, Question
from proda.calls.task_prompts import TaskPrompt
from proda.document_settings import DocumentSettings
from proda.graph import Knowledge
from proda.store.case_proposals import CaseProposals, ProposedCase, SetAside, case_proposals_file, case_proposals_text
from proda.tester.case_checks import CaseChecks
from proda.tester.case_prompt import CaseBrief, CaseReply, ask_for_case, load_case_prompt
from proda.workflows.asking_rounds import GATED, NotAccepted, ask_in_rounds
from proda.workflows.case_entries import CaseRules, checked_cases, unused
from proda.workflows.case_leaks import CaseLeaks
from proda.workflows.plan_cases import CasesTask, case_names, local

TOO_CLOSE = (
    "An earlier case for this task was too close to a text that is kept apart. Choose quite different circumstances. (Try {number}.)"
)
LASTING = ("truncated", "context-length", "refused", "empty", "not-json", "invalid", GATED)  # the model would do the same again
RULES = "rules"  # the reason of a case that `proda check` refuses


class CasesOutcome(msgspec.Struct, frozen=True):
    """What came of it, and the files that hold it."""

    texts: dict[str, str | None]  # path → content
    proposed: dict[str, tuple[str, ...]]  # topic → keys
    refused: dict[str, int]  # reason → refused replies; a reply with several faults counts for each reason
    unanswered: dict[str, int]  # reason → chains for which there is no case; those with a lasting reason are set aside
    lines: tuple[str, ...]  # calls and cost, for people
    stopped: str = ""  # why the run ended early, and how to go on


def cases_estimate(root: Path, knowledge: Knowledge, task: CasesTask, settings: DocumentSettings) -> CallEstimate:
    """What asking would cost. Sends nothing. Raises InputError if no model is named."""
    prompt = load_case_prompt()
    checking = _checking(root, knowledge, task, prompt)
    return estimate([ask_for_case(brief, prompt, checking[brief.chain]) for brief in task.briefs], settings.llm, root)


def propose_cases(root: Path, knowledge: Knowledge, task: CasesTask, settings: DocumentSettings, *, quiet: bool = False) -> CasesOutcome:
    """Ask for a case of each brief and check the replies. Writes no file but build/replies.

    Raises EmptyBenchmarkError without benchmark items, InputError if they are older than the knowledge or no model is named, and
    EndpointError if the endpoint cannot be used; valid replies are kept in build/replies and cost nothing the next time.
    """
    prompt, model = load_case_prompt(), settings.llm.model
    leaks = CaseLeaks(root, knowledge)
    briefs = {brief.chain: brief for brief in task.briefs}
    checking = _checking(root, knowledge, task, prompt)

    def ask(chain: str, remarks: Sequence[str]) -> Question:
        return ask_for_case(briefs[chain], prompt, checking[chain], remarks)

    def case(chain: str, reply: CaseReply) -> ProposedCase:
        return reply.case(briefs[chain], model, prompt.id)

    def leaking(said: Mapping[str, CaseReply]) -> frozenset[str]:
        return leaks.found({chain: case(chain, reply) for chain, reply in said.items()}, {c: briefs[c].discipline for c in said})

    rounds = ask_in_rounds(list(briefs), ask, leaking, settings, root, remark=TOO_CLOSE, what="Cases", quiet=quiet)
    left = {chain: why for chain, why in rounds.left.items() if why.reason in LASTING}
    new: dict[str, dict[str, ProposedCase]] = {topic: {} for topic in task.proposals}
    for chain, reply in rounds.accepted.items():
        mine = new[briefs[chain].where]
        taken = {*task.proposals[briefs[chain].where].cases, *mine, *case_names(knowledge, briefs[chain].discipline)}
        mine[unused(reply.name(), taken)] = case(chain, reply)
    for topic, cases in new.items():
        new[topic], faults = checked_cases(root, topic, cases)
        left |= {f"{topic.partition('/')[0]}/{cases[name].chain}": NotAccepted(RULES, why) for name, why in faults.items()}
    aside = {chain: SetAside(why.reason, why.detail, model, prompt.id, briefs[chain].key) for chain, why in left.items()}
    refused = sum((each.refused for each in checking.values()), Counter({GATED: rounds.gated}))
    unanswered = Counter(why.reason for why in {**rounds.left, **left}.values())
    return CasesOutcome(
        texts={name: text for topic in task.proposals for name, text in _text(task, topic, new[topic], aside)},
        proposed={topic: tuple(sorted(cases)) for topic, cases in new.items() if cases},
        refused={reason: n for reason, n in sorted(refused.items()) if n},
        unanswered=dict(sorted(unanswered.items())),
        lines=rounds.lines,
        stopped=rounds.stopped,
    )


def _checking(root: Path, knowledge: Knowledge, task: CasesTask, prompt: TaskPrompt) -> dict[str, CheckedReplies[ProposedCase]]:
    checks = CaseChecks(knowledge, prompt, CaseRules(root, knowledge))

    def checked(brief: CaseBrief) -> CheckedReplies[ProposedCase]:
        return CheckedReplies(lambda said: checks.faults(brief, said))

    return {brief.chain: checked(brief) for brief in task.briefs}


def _text(task: CasesTask, topic: str, new: Mapping[str, ProposedCase], aside: Mapping[str, SetAside]) -> Iterator[tuple[str, str | None]]:
    """The file of a topic if it changes. A chain with a new case is no longer set aside."""
    before = task.proposals[topic]
    answered = {case.chain for case in new.values()}
    kept = {chain: why for chain, why in before.set_aside.items() if chain not in answered}
    now = {local(brief.chain): aside[brief.chain] for brief in task.briefs if brief.where == topic and brief.chain in aside}
    after = CaseProposals({**before.cases, **new}, {**kept, **now})
    if after != before or topic in task.changed:
        yield case_proposals_file(topic), case_proposals_text(after)
