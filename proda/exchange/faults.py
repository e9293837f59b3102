"""What is wrong with imported rows: each fault with its file and line, counted by kind, with the first of each kept.

faults = Faults()
faults.add("train.jsonl", 14, "letters", "“Option B describes …”")
faults.counts["letters"]            # 1
faults.kept[0]                      # ImportFault(file="train.jsonl", line=14, kind="letters", detail="“Option B …")
"""

from __future__ import annotations

from collections import Counter

from proda.errors import printable
from proda.records import Record

KEPT = 100  # faults of one kind that are kept; all are counted, so that a large file does not fill the memory
SHOWN = 160  # characters of a detail

KINDS = {
    "malformed": "The row cannot be read.",
    "duplicate": "The row, or its question, is there already.",
    "conflict": "The same question has another answer elsewhere.",
    "no-question": "The row has no question.",
    "no-answer": "The row has no answer.",
    "no-key": "Options are given, and the answer names none of them.",
    "letter-mismatch": "The letter and the text of the answer name different options.",
    "letters": "The explanation names options by letter, which is wrong as soon as they are shuffled.",
    "other-answer": "The explanation names another option than the key as the answer.",
    "internal-id": "The text names an internal id (stmt-001), which means nothing to a reader.",
    "several-turns": "The conversation has more than one question and answer.",
    "question-leak": "A training row repeats a benchmark question of the same import.",
    "item-leak": "The row gives an item of this repository away.",
    "no-sentence": "The row has no sentence of six words that could stand alone in a source.",
    "source-full": "The source has reached its largest size.",
    "options": "The question does not have 2 to 10 different options.",
    "positional-ids": "Ids are positions in the file, so they change whenever it is made again.",
    "orphan": "Nothing refers to it: a statement without a chain, or a concept that no statement mentions.",
    "dangling-parent": "Its parent is not in the file.",
    "wrong-parent": "Its parent does not mention it.",
    "duplicate-concept": "The same concept has several entries, as spelling variants.",
    "duplicate-id": "The id is used twice.",
    "missing-quote": "No passage of the text supports the statement.",
    "quote-not-found": "The quote is not in the source, word for word.",
    "unknown-relation": "The predicate is no relation of knowledge/relations.yaml.",
    "unclear-end": "Subject or object is empty, or a pronoun.",
    "no-definition": "The concept has no definition.",
    "other-type": "The type is none that the knowledge knows; the given default is used.",
    "not-connected": "The statements of the chain do not form one path.",
    "chain-length": "The chain has fewer than 3 or more than 6 statements.",
    "obsolete": "The term is obsolete in the ontology.",
    "id-taken": "Another concept of the discipline has the id that this one would get.",
    "known": "The knowledge has the concept already; statements refer to it.",
    "self": "The statement relates a concept to itself.",
    "language": "There is no label in the wanted language.",
    "too-long": "The text is too long to be used.",
}  # fmt: skip


class ImportFault(Record, frozen=True):
    """One fault of one row."""

    file: str
    line: int  # from 1; 0 if the file as a whole, or an object of a JSON file without lines
    kind: str
    detail: str


class Faults:
    """The faults of an import."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[ImportFault] = []

    def add(self, file: str, line: int, kind: str, detail: str) -> None:
        """Count a fault, and keep it if it is among the first of its kind. `kind` is a key of KINDS."""
        assert kind in KINDS, kind
        self.counts[kind] += 1
        if self.counts[kind] <= KEPT:
            text = printable(" ".join(detail.split()))
            self.kept.append(ImportFault(file, line, kind, text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"))
