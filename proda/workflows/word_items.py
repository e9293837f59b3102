"""Items → other wordings by a language model, checked and frozen in benchmarks/written; `proda write --items` and nothing else calls it.

    task = plan_wordings(root, knowledge, ["physics/thermal-expansion"])
    task.items, task.stale                        # what to ask for, and which frozen texts have no plan any more
    outcome = word_items(root, knowledge, task, settings)
    write_together(root, outcome.texts)           # benchmarks/written/dev/physics/thermal-expansion.yaml, …

Refused replies are asked for again, with what was wrong. A text that would give another item away, or that a training sample would give
away, is asked for again too, without saying which. What is still refused after all attempts keeps the templates' text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from proda.calls.ask import estimate
from proda.calls.checked_replies import CheckedReplies
from proda.calls.records import CallEstimate, Question
from proda.document_settings import DocumentSettings
from proda.errors import InputError
from proda.graph import Knowledge
from proda.params import load_params
from proda.records import Item
from proda.store.exceptions import load_exceptions
from proda.store.patches import load_samples
from proda.store.training_texts import training_texts
from proda.store.validation import load_validation
from proda.store.written_items import (
    WrittenItem,
    load_written_items,
    read_written_items,
    written_item_paths,
    written_items_file,
    written_items_text,
)
from proda.tester.between_items import leaks_between
from proda.tester.item_checks import ItemChecks
from proda.tester.item_prompt import ASKS, ItemReply, ask_for_item, load_item_prompt
from proda.tester.items import write_items
from proda.tester.worded import item_plan, reworded_item, with_wordings
from proda.workflows.asking_rounds import GATED, ask_in_rounds
from proda.workflows.chosen_topics import chosen_topics
from proda.workflows.leak_check import leak_check
from proda.workflows.present_items import present_items

TOO_CLOSE = "An earlier text for this task was too close to a text that is kept apart. Word the question quite differently. (Try {number}.)"


class WordingsTask(msgspec.Struct, frozen=True):
    """What `proda write --items` would do. The counts are of items."""

    planned: int  # of the chosen topics in the benchmark, cases left out
    frozen: int  # of them, those with a text in benchmarks/written
    bound: int  # of the rest, those with an exception, which was made for their present text
    sealed: int  # of the rest, those that are sealed, and not asked for without `--sealed`
    left: int  # of the rest, those beyond the limit
    read: int  # of those asked for, the ones that readers have read, and that will be unread
    items: tuple[Item, ...]  # what is asked for, as the templates word it
    others: tuple[Item, ...]  # the whole benchmark as it is worded now
    stale: Mapping[str, tuple[WrittenItem, ...]]  # file → its texts without a plan


class WordingsOutcome(msgspec.Struct, frozen=True):
    """What came of it, and the files that hold it."""

    texts: dict[str, str | None]  # path → content; None: the file is removed
    worded: int
    refused: dict[str, int]  # reason → refused replies; a reply with several faults counts for each reason
    unanswered: dict[str, int]  # reason → items that keep the templates' text
    lines: tuple[str, ...]  # calls and cost, for people
    stopped: str = ""  # why the run ended early, and how to go on


def plan_wordings(
    root: Path, knowledge: Knowledge, topics: Sequence[str], limit: int | None = None, *, sealed: bool = False
) -> WordingsTask:
    """Compare the items with benchmarks/written. `topics` are ids like physics/optics; all topics without any. Items are in order of id.

    Raises NotFoundError for a topic without items, EmptyBenchmarkError without any, InputError if they are older than the knowledge.
    """
    params, written = load_params(root / "params.yaml"), load_written_items(root)
    templated = {i.id: i for i in write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share)}
    worded = {i.id: i for i in with_wordings(templated.values(), written)}
    excepted = {entry.item for entry in load_exceptions(root)}
    present = present_items(root, knowledge)
    for item in present:
        same = item.id in templated and item.content_hash in (templated[item.id].content_hash, worded[item.id].content_hash)
        if not same and item.id not in excepted:
            raise InputError(f"benchmarks/items  {item.id}\n  The item is older than the knowledge. Run `dvc repro benchmark` first.")
    wanted = set(chosen_topics({_topic(i) for i in present}, topics, "items"))
    chosen = [i for i in present if i.kind in ASKS and _topic(i) in wanted]
    missing = [i for i in chosen if item_plan(templated[i.id]) not in written]
    free = [i for i in missing if i.id not in excepted]
    open_ones = [templated[i.id] for i in free if sealed or i.split != "sealed"]
    asked = open_ones if limit is None else open_ones[:limit]
    readings = load_validation(root).readings
    return WordingsTask(
        planned=len(chosen),
        frozen=len(chosen) - len(missing),
        bound=len(missing) - len(free),
        sealed=len(free) - len(open_ones),
        left=len(open_ones) - len(asked),
        read=sum(i.content_hash in readings for i in asked),
        items=tuple(asked),
        others=tuple(worded[i.id] if i.id not in excepted else i for i in present),
        stale=_stale(root, {item_plan(item) for item in templated.values()}, topics),
    )


def wordings_estimate(root: Path, knowledge: Knowledge, task: WordingsTask, settings: DocumentSettings) -> CallEstimate:
    """What asking would cost. Sends nothing. Raises InputError if no model is named."""
    prompt, checking = load_item_prompt(), _checking(knowledge, task)
    return estimate([ask_for_item(knowledge, item, prompt, checking[item.id]) for item in task.items], settings.llm, root)


def pruned_wordings(root: Path, task: WordingsTask) -> dict[str, str | None]:
    """The files without their stale texts: path → content, None for a file that would be empty."""
    texts: dict[str, str | None] = {}
    for name, stale in task.stale.items():
        rest = [one for one in read_written_items(root / name, root) if one not in stale]
        texts[name] = written_items_text(rest) if rest else None
    return texts


def word_items(root: Path, knowledge: Knowledge, task: WordingsTask, settings: DocumentSettings, *, quiet: bool = False) -> WordingsOutcome:
    """Ask for another wording of each item and check the replies. Writes no file but build/replies.

    Raises InputError if no model is named, and EndpointError if the endpoint cannot be used; valid replies are kept in build/replies and
    cost nothing the next time.
    """
    prompt, checking = load_item_prompt(), _checking(knowledge, task)
    items = {item.id: item for item in task.items}
    guard = load_params(root / "params.yaml").guard
    texts = list(training_texts(root, load_samples(root))) if items else []

    def ask(name: str, remarks: Sequence[str]) -> Question:
        return ask_for_item(knowledge, items[name], prompt, checking[name], remarks)

    def written(name: str, said: ItemReply) -> WrittenItem:
        return said.written(items[name], settings.llm.model, prompt.id)

    accepted: dict[str, Item] = {}

    def leaking(said: Mapping[str, ItemReply]) -> set[str]:
        new = {name: reworded_item(items[name], written(name, reply)) for name, reply in said.items()}
        found = {leak.item for leak in leak_check(knowledge, list(new.values()), texts, guard).leaks}
        while True:
            kept = accepted | {name: item for name, item in new.items() if name not in found}
            between = leaks_between(knowledge, [kept.get(item.id, item) for item in task.others])
            blamed = (item for leak in between for item in (leak.where, leak.item) if item in new and item not in found)
            if (first := next(blamed, None)) is None:
                accepted.update(kept)
                return found
            found.add(first)  # one at a time: of two new texts that give each other away, one may stay

    rounds = ask_in_rounds(list(items), ask, leaking, settings, root, remark=TOO_CLOSE, what="Items", quiet=quiet)
    refused = sum((each.refused for each in checking.values()), Counter({GATED: rounds.gated}))
    return WordingsOutcome(
        texts=_texts(root, [(items[name], written(name, said)) for name, said in rounds.accepted.items()]),
        worded=len(rounds.accepted),
        refused={reason: n for reason, n in sorted(refused.items()) if n},
        unanswered=rounds.unanswered,
        lines=rounds.lines,
        stopped=rounds.stopped,
    )


def _topic(item: Item) -> str:
    return f"{item.discipline}/{item.topic}"


def _checking(knowledge: Knowledge, task: WordingsTask) -> dict[str, CheckedReplies[WrittenItem]]:
    checks = ItemChecks(knowledge, load_item_prompt())

    def checked(item: Item) -> CheckedReplies[WrittenItem]:
        return CheckedReplies(lambda said: checks.faults(item, said))

    return {item.id: checked(item) for item in task.items}


def _stale(root: Path, plans: set[str], topics: Sequence[str]) -> dict[str, tuple[WrittenItem, ...]]:
    found: dict[str, tuple[WrittenItem, ...]] = {}
    for path in written_item_paths(root):
        name = path.relative_to(root).as_posix()
        gone = tuple(one for one in read_written_items(path, root) if one.plan not in plans)
        if gone and (not topics or f"{path.parent.name}/{path.stem}" in topics):
            found[name] = gone
    return found


def _texts(root: Path, new: Sequence[tuple[Item, WrittenItem]]) -> dict[str, str | None]:
    """The files that hold the new texts beside their old ones."""
    groups: dict[str, list[WrittenItem]] = {}
    for item, one in new:
        groups.setdefault(written_items_file(item.split, item.discipline, item.topic), []).append(one)
    texts: dict[str, str | None] = {}
    for name, group in sorted(groups.items()):
        old = read_written_items(root / name, root) if (root / name).is_file() else []
        texts[name] = written_items_text([*old, *group])
    return texts
