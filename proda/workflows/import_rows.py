"""Training rows → a source of their explanations and a list of faults."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proda.exchange.faults import Faults
from proda.exchange.json_rows import json_rows
from proda.exchange.markdown_text import paragraph, source_text
from proda.exchange.training_rows import AnsweredRow, RowError, RowFormat, folded, read_row, row_faults, sentence_of
from proda.history.repository import Repository
from proda.params import load_params
from proda.store.items import load_items
from proda.store.training_texts import Text
from proda.workflows.import_plan import ImportPlan, PlannedImport, backend_of, origin_of, source_texts, topic_id
from proda.workflows.leak_check import leak_check

MAX_WORDS = 200_000  # of a source; one source is one topic
PORTION = 50_000  # rows that are compared with the items at once


class RowTally:
    """Rows, one after the other: their faults, and the sentences that can stand in a source.

    Of each row only hashes are kept, and its sentence while the source has room. `finish` compares all texts with the items.
    """

    def __init__(self, root: Path, plan: ImportPlan, faults: Faults) -> None:
        self.root, self.faults = root, faults
        self.form: RowFormat = plan.kind if plan.kind in ("sharegpt", "messages", "alpaca") else "rows"
        self.read = self.good = 0
        self.sentences: dict[str, str] = {}  # sentence → where it is from
        self.answers: dict[bytes, bytes] = {}  # hash of a question → hash of its answer
        self.asked_in_benchmark: set[bytes] = set()
        self.trained_on: dict[bytes, tuple[str, int]] = {}
        self.words = 0
        self.leaks: set[str] = set()
        self.leaks_checked = False
        self._gate = _Gate(root)

    def add(self, row: Mapping[str, Any], file: str, line: int) -> None:
        """Read one row."""
        self.read += 1
        try:
            answered = read_row(row, self.form)
        except RowError as error:
            self.faults.add(file, line, error.kind, str(error))
            return
        if "chain_id" in row:  # a benchmark question of the public implementation
            self.asked_in_benchmark.add(_hash(answered.question))
            return
        self.trained_on.setdefault(_hash(answered.question), (file, line))
        self._judge(answered, file, line)

    def finish(self) -> None:
        """Compare training rows with the benchmark questions of the import, and all rows with the items of the repository."""
        for question in self.asked_in_benchmark & self.trained_on.keys():
            file, line = self.trained_on[question]
            self.faults.add(file, line, "question-leak", "The question is in the benchmark too.")
        for where, item in self._gate.leaks():
            name, _, number = where.rpartition(":")
            self.faults.add(name, int(number), "item-leak", item)
            self.leaks.add(where)
        self.leaks_checked = self._gate.open
        self.sentences = {sentence: where for sentence, where in self.sentences.items() if where not in self.leaks}

    def _judge(self, row: AnsweredRow, file: str, line: int) -> None:
        found = list(row_faults(row))
        for kind, detail in found:
            self.faults.add(file, line, kind, detail)
        question, answer = _hash(f"{row.question}\n{folded(' '.join(row.options.values()))}"), _hash(row.answer or row.key)
        before = self.answers.setdefault(question, answer)
        if before != answer:
            self.faults.add(file, line, "conflict", row.question)
        elif question in self._gate.seen:
            self.faults.add(file, line, "duplicate", row.question)
            return
        self._gate.seen.add(question)
        self._gate.add(f"{file}:{line}", row.text)
        if any(kind in ("no-key", "letter-mismatch", "other-answer") for kind, _ in found) or before != answer:
            return
        self.good += 1
        sentence = paragraph(sentence_of(row))
        if not sentence:
            self.faults.add(file, line, "no-sentence", row.answer)
        elif sentence not in self.sentences:
            self.words += len(sentence.split())
            if self.words > MAX_WORDS:
                self.faults.add(file, line, "source-full", f"It has {MAX_WORDS:,} words. Import the rest under another --topic.")
            else:
                self.sentences[sentence] = f"{file}:{line}"


class _Gate:
    """The leak check of the repository, in portions, so that the texts of a large file are not all in memory."""

    def __init__(self, root: Path) -> None:
        self.items = load_items(root)
        self.open = bool(self.items)
        self.seen: set[bytes] = set()
        self._texts: list[Text] = []
        self._found: dict[tuple[str, str], None] = {}
        self._root = root
        self._repo: Repository | None = None

    def add(self, where: str, text: str) -> None:
        if self.open:
            self._texts.append(Text(where, text))
            if len(self._texts) >= PORTION:
                self._check()

    def leaks(self) -> Iterator[tuple[str, str]]:
        """(place, what the row gives away), by place."""
        if self._texts:
            self._check()
        yield from sorted(self._found)

    def _check(self) -> None:
        self._repo = self._repo or Repository(self._root, "working tree", None)
        guard = load_params(self._root / "params.yaml").guard
        for leak in leak_check(self._repo.knowledge, self.items, self._texts, guard).leaks:
            self._found[leak.where, f"{leak.item} ({leak.how} {leak.value:.2f})"] = None
        self._texts = []


def plan_rows(root: Path, plan: ImportPlan, faults: Faults) -> PlannedImport:
    """Rows → a source with one paragraph for each explanation that stands alone. Rows that give an item away are left out."""
    origin = origin_of(plan, f"Answers of {plan.files[0].name}")
    tally = RowTally(root, plan, faults)
    for path in plan.files:
        for line, row in json_rows(path, plan.encoding, faults):
            tally.add(row, path.name, line)
    tally.finish()
    notes = () if tally.leaks_checked else ("There are no items yet, so the rows were not compared with them.",)
    texts: dict[str, str] = {}
    if tally.sentences:
        texts = source_texts(root, topic_id(plan), origin, source_text(origin.title, tally.sentences), None, backend_of(plan))
        notes = (*notes, "The source is text like any other: `proda curate` and `proda extract` find statements in it, for review.")
    return PlannedImport(texts, tally.read, len(tally.sentences), {}, dict(faults.counts), tuple(faults.kept), notes)


def _hash(text: str) -> bytes:
    return hashlib.sha256(folded(text).encode()).digest()[:16]
