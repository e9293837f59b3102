"""Plans → texts by a language model, checked and frozen in samples/written; `proda write` and nothing else calls it.

    task = plan_writing(root, knowledge, ["physics/thermal-expansion"])
    task.briefs, task.stale                       # what to ask for, and how many frozen texts have no plan any more
    outcome = word_samples(root, knowledge, task, settings)
    write_together(root, outcome.texts)           # samples/written/physics/thermal-expansion.yaml

Refused replies are asked for again, with what was wrong. A text that gives a benchmark item away is asked for again too, without saying
which item. What is still refused after all attempts keeps the templates' text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from proda.builder.briefs import Brief, brief_of, plan_key, reworded
from proda.builder.build import planned
from proda.builder.llm_writer import WordedReply, ask_for_wording, invented_names, load_sample_prompt
from proda.builder.reply_checks import WordingChecks
from proda.calls.ask import estimate
from proda.calls.checked_replies import CheckedReplies
from proda.calls.records import CallEstimate, Question
from proda.calls.task_prompts import TaskPrompt
from proda.document_settings import DocumentSettings
from proda.graph import Knowledge
from proda.params import load_params
from proda.records import Wording
from proda.store.allocation import load_allocation
from proda.store.patches import load_patches
from proda.store.training_texts import Text, sample_text
from proda.store.written import Topic, WrittenSample, load_written_by_topic, written_file, written_text
from proda.workflows.asking_rounds import GATED, ask_in_rounds
from proda.workflows.chosen_topics import chosen_topics
from proda.workflows.leak_check import leak_check
from proda.workflows.present_items import present_items

TOO_CLOSE = "An earlier text for this task was too close to a text that is kept apart. Word the question quite differently. (Try {number}.)"


class WritingTask(msgspec.Struct, frozen=True):
    """What `proda write` would do."""

    planned: int  # samples of the chosen topics
    frozen: int  # of them, those with a text in samples/written
    patched: int  # of the rest, those that a patch removes or rewords, whose text must not change
    left: int  # of the rest, those beyond the limit
    briefs: tuple[Brief, ...]  # what is asked for
    written: Mapping[Topic, tuple[WrittenSample, ...]]  # all files
    stale: Mapping[Topic, tuple[WrittenSample, ...]]  # of the chosen topics


class WritingOutcome(msgspec.Struct, frozen=True):
    """What came of it, and the files that hold it."""

    texts: dict[str, str | None]  # path → content; None: the file is removed
    worded: int
    refused: dict[str, int]  # reason → refused replies; a reply with several faults counts for each reason
    unanswered: dict[str, int]  # reason → samples that keep the templates' text
    lines: tuple[str, ...]  # calls and cost, for people
    stopped: str = ""  # why the run ended early, and how to go on


def plan_writing(root: Path, knowledge: Knowledge, topics: Sequence[str], limit: int | None = None) -> WritingTask:
    """Compare the plans with samples/written. `topics` are ids like physics/thermal-expansion; all topics without any.

    The samples to ask for are in order of topic and id, at most `limit`. Raises NotFoundError for an unknown topic.
    """
    plans = planned(knowledge, load_allocation(root), load_params(root / "params.yaml"))
    written = {topic: tuple(group) for topic, group in load_written_by_topic(root).items()}
    names = {f"{discipline}/{topic}": (discipline, topic) for discipline, topic in {*plans, *written}}
    chosen = [names[name] for name in chosen_topics(names, topics, "samples")]
    patches = load_patches(root)
    patched = {d.sample for p in patches for d in p.remove} | {o.sample for p in patches for o in p.override}
    keys = {topic: {plan_key(knowledge, plan): plan for plan in plans.get(topic, ())} for topic in chosen}
    frozen = {one.plan for group in written.values() for one in group}
    missing = [(key, plan) for topic in chosen for key, plan in keys[topic].items() if key not in frozen]
    free = [plan for _, plan in missing if plan.id not in patched]
    asked = free if limit is None else free[:limit]
    stale = {topic: tuple(one for one in written.get(topic, ()) if one.plan not in keys[topic]) for topic in chosen}
    count = sum(map(len, keys.values()))
    return WritingTask(
        planned=count,
        frozen=count - len(missing),
        patched=len(missing) - len(free),
        left=len(free) - len(asked),
        briefs=tuple(brief_of(knowledge, plan) for plan in asked),
        written=written,
        stale={topic: group for topic, group in stale.items() if group},
    )


def writing_estimate(root: Path, knowledge: Knowledge, task: WritingTask, settings: DocumentSettings) -> CallEstimate:
    """What asking would cost. Sends nothing. Raises InputError if no model is named."""
    checks, prompt = _checks(knowledge)
    return estimate([ask_for_wording(b, knowledge, prompt, _checking(checks, b)) for b in task.briefs], settings.llm, root)


def pruned(task: WritingTask) -> dict[str, str | None]:
    """The files without their stale texts: path → content, None for a file that would be empty."""
    texts: dict[str, str | None] = {}
    for topic, stale in task.stale.items():
        gone = {one.plan for one in stale}
        rest = [one for one in task.written[topic] if one.plan not in gone]
        texts[written_file(topic)] = written_text(rest) if rest else None
    return texts


def word_samples(root: Path, knowledge: Knowledge, task: WritingTask, settings: DocumentSettings, *, quiet: bool = False) -> WritingOutcome:
    """Ask for the text of each brief and check the replies. Writes no file but build/replies.

    Raises EmptyBenchmarkError without benchmark items, InputError if they are older than the knowledge or no model is named, and
    EndpointError if the endpoint cannot be used; valid replies are kept in build/replies and cost nothing the next time.
    """
    items = present_items(root, knowledge)
    params = load_params(root / "params.yaml").guard
    checks, prompt = _checks(knowledge)
    briefs = {brief.sample.id: brief for brief in task.briefs}
    checking = {name: _checking(checks, brief) for name, brief in briefs.items()}

    def ask(name: str, remarks: Sequence[str]) -> Question:
        return ask_for_wording(briefs[name], knowledge, prompt, checking[name], remarks)

    def leaking(said: Mapping[str, WordedReply]) -> set[str]:
        texts = [Text(name, sample_text(reworded(briefs[name].sample, frozen(name, one)))) for name, one in said.items()]
        return {leak.where for leak in leak_check(knowledge, items, texts, params).leaks}

    def frozen(name: str, said: WordedReply) -> WrittenSample:
        return WrittenSample(name, briefs[name].sample.format, said.wording(), briefs[name].key, settings.llm.model, prompt.id)

    found = ask_in_rounds(list(briefs), ask, leaking, settings, root, remark=TOO_CLOSE, what="Samples", quiet=quiet)
    accepted = {name: frozen(name, said) for name, said in found.accepted.items()}
    refused = sum((checker.refused for checker in checking.values()), Counter({GATED: found.gated}))
    topics = {b.sample.id: _topic(knowledge, b) for b in task.briefs}
    return WritingOutcome(
        texts=_texts(task, accepted, topics),
        worded=len(accepted),
        refused={reason: n for reason, n in sorted(refused.items()) if n},
        unanswered=found.unanswered,
        lines=found.lines,
        stopped=found.stopped,
    )


def _checks(knowledge: Knowledge) -> tuple[WordingChecks, TaskPrompt]:
    prompt = load_sample_prompt()
    return WordingChecks(knowledge, invented_names(prompt)), prompt


def _checking(checks: WordingChecks, brief: Brief) -> CheckedReplies[Wording]:
    return CheckedReplies(lambda said: checks.faults(brief, said))


def _topic(knowledge: Knowledge, brief: Brief) -> Topic:
    node = knowledge.node(brief.plan.nodes[0])
    return (node.discipline, node.topic)


def _texts(task: WritingTask, accepted: Mapping[str, WrittenSample], topics: Mapping[str, Topic]) -> dict[str, str | None]:
    new: dict[Topic, list[WrittenSample]] = {}
    for sample, one in accepted.items():
        new.setdefault(topics[sample], []).append(one)
    return {written_file(topic): written_text([*task.written.get(topic, ()), *group]) for topic, group in sorted(new.items())}
