"""Which chains lack cases, and what a language model is asked for.

    task = plan_cases(root, knowledge, ["physics/electromagnetic-induction"], settings, limit=3)
    task.briefs, task.full                        # what to ask for, and how many chains have enough cases

A chain is to have two cases: the benchmark puts one into dev and one into twin. Each run asks for one case of each chain that lacks some,
chains without any first. A chain that was set aside is asked for again only when the chain, the model or the prompt has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from proda.document_settings import DocumentSettings
from proda.graph import Knowledge
from proda.params import load_params
from proda.records import Chain
from proda.store.case_proposals import CaseProposals, ProposedCase, SetAside, load_case_proposals
from proda.tester.case_prompt import CaseBrief, EarlierCase, case_brief, load_case_prompt
from proda.tester.splits import sealed_chains
from proda.workflows.chosen_topics import chosen_topics

ENOUGH = 2  # cases of a chain: one for dev, one for twin
CHANGED = "The chain has changed since the case was written."


class CasesTask(msgspec.Struct, frozen=True):
    """What `proda write --cases` would do. The counts are of chains."""

    chains: int  # of the chosen topics
    full: int  # of them, those with enough cases, undecided proposals included
    sealed: int  # of the rest, those that are held out, and not asked for without `--sealed`
    set_aside: int  # of the rest, those that were set aside before
    left: int  # of the rest, those beyond the limit
    briefs: tuple[CaseBrief, ...]  # what is asked for
    proposals: Mapping[str, CaseProposals]  # by topic, with cases withdrawn whose chain has changed
    changed: frozenset[str]  # topics with a case that is withdrawn now


def plan_cases(
    root: Path, knowledge: Knowledge, topics: Sequence[str], settings: DocumentSettings, limit: int | None = None, *, sealed: bool = False
) -> CasesTask:
    """Compare the chains with their cases. `topics` are ids like physics/optics; all topics without any.

    Chains are in the order of how many cases they have, then of topic and id. Raises NotFoundError for an unknown topic.
    """
    chains: dict[str, list[Chain]] = {}
    for chain in knowledge.active_chains():
        chains.setdefault(f"{chain.discipline}/{chain.topic}", []).append(chain)
    held_out = frozenset() if sealed else sealed_chains(knowledge.chains, load_params(root / "params.yaml").items.sealed_share)
    asking = (load_case_prompt().id, settings.llm.model)
    there: dict[str, list[EarlierCase]] = {}
    for case in (case for case in knowledge.cases if case.variant == 1):
        there.setdefault(case.chain, []).append(EarlierCase(f"{case.situation} {case.question}"))
    found: Counter[str] = Counter()
    briefs: list[tuple[int, CaseBrief]] = []
    proposals: dict[str, CaseProposals] = {}
    changed: set[str] = set()
    for topic in chosen_topics(chains, topics, "chains"):
        before = load_case_proposals(root, topic)
        proposals[topic] = withdrawn(before, knowledge, topic)
        changed |= {topic} if proposals[topic] != before else set()
        for chain in chains[topic]:
            count, brief = _wanted(knowledge, chain, there.get(chain.id, ()), proposals[topic])
            what = _what(count, brief, proposals[topic].set_aside.get(local(chain.id)), held_out, asking)
            found[what] += 1
            if what == "asked":
                briefs.append((count, brief))
    ranked = [brief for _, brief in sorted(briefs, key=lambda pair: (pair[0], pair[1].discipline, pair[1].topic, pair[1].chain))]
    asked = ranked if limit is None else ranked[:limit]
    return CasesTask(
        chains=found.total(),
        full=found["full"],
        sealed=found["sealed"],
        set_aside=found["set-aside"],
        left=len(ranked) - len(asked),
        briefs=tuple(asked),
        proposals=proposals,
        changed=frozenset(changed),
    )


def withdrawn(proposals: CaseProposals, knowledge: Knowledge, topic: str) -> CaseProposals:
    """The proposals with those withdrawn whose chain is gone, retired, or not what it was when they were written."""
    discipline = topic.partition("/")[0]

    def fits(case: ProposedCase) -> bool:
        chain = knowledge.chains.get(f"{discipline}/{case.chain}")
        return chain is not None and chain.status == "active" and case.asked == case_brief(knowledge, chain, ()).key

    cases = {
        name: case if not case.is_open or fits(case) else msgspec.structs.replace(case, status="withdrawn", reason=CHANGED)
        for name, case in proposals.cases.items()
    }
    return CaseProposals(cases, {chain: why for chain, why in proposals.set_aside.items() if f"{discipline}/{chain}" in knowledge.chains})


def case_names(knowledge: Knowledge, discipline: str) -> frozenset[str]:
    """The names of the cases of a discipline, as its topic files have them."""
    return frozenset(local(case.id) for case in knowledge.cases if case.discipline == discipline)


def local(node: str) -> str:
    """An id without its discipline."""
    return node.partition("/")[2]


def _wanted(knowledge: Knowledge, chain: Chain, there: Sequence[EarlierCase], proposals: CaseProposals) -> tuple[int, CaseBrief]:
    """How many cases a chain has, undecided proposals included, and what the next one is written from. `there` are those it has."""
    mine = [case for case in proposals.cases.values() if case.chain == local(chain.id) and (case.is_open or case.status == "rejected")]
    told = [EarlierCase(f"{case.variants[0].situation} {case.question}", case.reason) for case in mine]
    return len(there) + sum(case.is_open for case in mine), case_brief(knowledge, chain, [*there, *told])


def _what(count: int, brief: CaseBrief, aside: SetAside | None, held_out: frozenset[str], asking: tuple[str, str]) -> str:
    """What becomes of a chain: "full", "sealed", "set-aside" or "asked". `asking` are the prompt and the model; the model may be empty."""
    if count >= ENOUGH:
        return "full"
    if brief.chain in held_out:
        return "sealed"
    prompt, model = asking
    if aside is not None and aside.asked == brief.key and aside.prompt == prompt and model in ("", aside.model):
        return "set-aside"
    return "asked"
