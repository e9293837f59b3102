"""The nouns that every room shares. A room reads some of them and makes others; none imports another room.

    knowledge   files                      → Concept, Statement, Chain, Relation
    builder     nodes                      → Sample
    tester      chains; items × model      → Item; Outcome
    compiler    samples                    → an adapter (a folder, not a record)

Ids are chosen by people and never reused: a chain is `physics/bimetal-strip-bends`, its first statement
`physics/bimetal-strip-bends.s1`, a concept `physics/thermal-expansion`. A sample or an item is named after the node it
was made from: `physics/bimetal-strip-bends.s1:open-1`, `physics/bimetal-strip-bends:dev-path`.

All records are immutable. `msgspec` checks types when one is decoded and refuses unknown fields.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

Format = Literal["open", "choice", "true-false"]
ItemKind = Literal["path", "missing-link", "order", "counterfactual", "recall"]  # recall: the general suite only
Operator = Literal["substitution", "inversion", "truncation", "detour"]
Split = Literal["dev", "twin", "sealed"]
Category = Literal["concept gap", "reasoning deficit", "data conflict", "suspect item", "unexplained"]
Status = Literal["active", "retired"]

FORMATS: tuple[Format, ...] = ("open", "choice", "true-false")
ITEM_KINDS: tuple[ItemKind, ...] = ("path", "missing-link", "order", "counterfactual")
OPERATORS: tuple[Operator, ...] = ("substitution", "inversion", "truncation", "detour")
SPLITS: tuple[Split, ...] = ("dev", "twin", "sealed")
CATEGORIES: tuple[Category, ...] = ("concept gap", "reasoning deficit", "data conflict", "suspect item", "unexplained")
LETTERS = "ABCD"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, typed, refuses unknown fields; leaves defaults out when written."""


class Relation(Record, frozen=True):
    """A typed relation and the forms templates need: `{subject} {phrase} {object}`."""

    id: str
    kind: Literal["causal", "definitional", "prerequisite", "compositional", "temporal", "quantitative"]
    phrase: str  # singular subject: "causes"
    plural: str  # plural subject: "cause"
    inverse: str  # from the object's side: "is caused by"
    inverse_plural: str
    ask_object: str  # "What {does} {s} cause?"
    ask_subject: str  # "What causes {o}?"
    subject_role: str  # "a cause"
    object_role: str  # "an effect"
    asymmetric: bool = False
    transitive: bool = False
    symmetric: bool = False
    generative: bool = False
    bare_object: bool = False
    opposite: str | None = None


class Span(Record, frozen=True):
    """A passage of a source: half-open [start, end) in Unicode code points of the NFC text."""

    source: str  # "physics/thermal-expansion"
    start: int
    end: int


class Concept(Record, frozen=True):
    """A canonical term (L1). `parents` are the statements that mention it, sorted; `spans` their evidence."""

    id: str
    discipline: str
    topic: str
    term: str
    type: str
    definition: str
    phrase: str | None = None  # how it stands in a sentence, "a bimetal strip"; None: the bare term
    plural: bool = False
    aliases: tuple[str, ...] = ()
    distinct_from: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    status: Status = "active"
    replaced_by: str | None = None

    @property
    def text(self) -> str:
        """The concept as it stands inside a sentence."""
        return self.phrase or self.term


class Statement(Record, frozen=True):
    """A typed triple (L2) with the sentence that says it and the passage that supports it."""

    id: str
    chain: str
    discipline: str
    topic: str
    subject: str  # concept id
    relation: str  # relation id
    object: str  # concept id
    text: str
    quote: str
    span: Span

    @property
    def triple(self) -> tuple[str, str, str]:
        """(subject id, relation id, object id)."""
        return (self.subject, self.relation, self.object)


class Chain(Record, frozen=True):
    """An ordered path of statements that explains something (L3). Step k's object is step k+1's subject."""

    id: str
    discipline: str
    topic: str
    explains: str
    statements: tuple[str, ...]  # statement ids, in order
    preconditions: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    status: Status = "active"
    replaced_by: str | None = None


Node = Concept | Statement | Chain


class Sample(Record, frozen=True):
    """One training example. *Samples train.* `nodes` are all nodes that it speaks of, wrong options included, sorted."""

    id: str
    format: Format
    nodes: tuple[str, ...]
    question: str
    answer: str
    explanation: str = ""
    options: tuple[str, ...] = ()  # choice only; `answer` is then one of them
    plan: str = ""  # hash of the plan it was worded from

    @property
    def prompt(self) -> str:
        """What the model is shown; the completion follows it after one blank."""
        return prompt_text(self.question, self.options)

    @property
    def completion(self) -> str:
        """What the model learns to say: the answer, then why."""
        answer = self.answer
        if self.options:
            answer = f"{LETTERS[self.options.index(answer)]}. {answer}"
        stop = "" if answer.endswith((".", "?", "!")) else "."
        return f"{answer}{stop} {self.explanation}".strip()

    @property
    def key(self) -> str | None:
        """The letter of the right option, for a choice sample."""
        return LETTERS[self.options.index(self.answer)] if self.options else None


class Option(Record, frozen=True):
    """One of an item's four answers. A distractor names the operator that made it and why it is wrong."""

    text: str
    operator: Operator | None = None  # None: the right answer
    also: Operator | None = None  # a second operator applied on top, where there is one
    wrong_because: str = ""


class Item(Record, frozen=True):
    """One benchmark question. *Items test.* Written from a chain alone, before any training."""

    id: str
    split: Split
    kind: ItemKind
    discipline: str
    topic: str
    chain: str
    statements: tuple[str, ...]  # the statement ids of the path it asks for
    nodes: tuple[str, ...]  # every node that its text or its distractors mention, sorted
    stem: str
    options: tuple[Option, ...]
    answer: str  # a letter

    @property
    def key(self) -> int:
        """Index of the right option."""
        return LETTERS.index(self.answer)

    @property
    def content_hash(self) -> str:
        """Sixteen hex digits over what an examinee sees and what counts as right; ids do not enter."""
        return content_hash([self.stem, [o.text for o in self.options], self.answer])

    @property
    def prompt(self) -> str:
        """The stem as log-likelihood scoring shows it; each option is scored as its continuation."""
        return prompt_text(self.stem)

    @property
    def letter_prompt(self) -> str:
        """The stem with its lettered options, as letter scoring shows it."""
        return prompt_text(self.stem, tuple(o.text for o in self.options))


class Outcome(Record, frozen=True):
    """What one model did on one item. `chosen` is None when the answer could not be read: unscored, not wrong."""

    item: str
    hash: str  # Item.content_hash at the time
    model: str  # "base" or "seed-N"
    split: Split
    discipline: str
    chain: str
    kind: ItemKind
    answer: str
    chosen: str | None
    correct: bool | None
    margin: float | None  # log-likelihood per character of the right option minus the best wrong one; > 0 means right
    operator: str = ""  # operator of the chosen distractor; empty when right or unscored


class Evidence(Record, frozen=True):
    """What probing found at one node: how often it was asked, over seeds and wordings, how often wrongly answered, and what instead."""

    node: str  # a concept or statement id
    probe: Literal["statement", "concept", "step", "link", "data"]
    asked: int
    failed: int
    margin: float  # mean log-likelihood per character of the right answer minus the best wrong one; 0 where nothing was scored
    preferred: str = ""  # the concept taken for the right one; "inversion", "skip", "early", or the sample that says otherwise


class Diagnosis(Record, frozen=True):
    """Why an item failed. `nodes` are blamed, most likely first; empty where nobody is."""

    item: str
    hash: str  # Item.content_hash at the time
    chain: str
    category: Category
    nodes: tuple[str, ...]
    failed_by: tuple[str, ...]  # models: "seed-0"
    chosen: tuple[str, ...]  # their letters, in that order
    confidence: float  # share of the failing seeds whose probes say the same
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""  # one sentence for a reviewer


class Dropped(Record, frozen=True):
    """A derived sample that a patch takes out of training. The hash is of its text: a sample that has changed since is refused."""

    sample: str
    hash: str


class Wording(Record, frozen=True):
    """What a sample says, without what it is called and what it is made from."""

    question: str
    answer: str
    explanation: str = ""
    options: tuple[str, ...] = ()  # choice only; `answer` is then one of them


class Overridden(Record, frozen=True):
    """A derived sample that a patch words anew in its place: id, format and nodes stay. The hash is of the text that is replaced."""

    sample: str
    hash: str
    by: Wording


class Edit(Record, frozen=True):
    """One line that a patch's commit adds to a topic file: `distinct_from: [other]` on a concept."""

    file: str  # "knowledge/physics/thermal-expansion.yaml"
    concept: str  # "physics/thermal-expansion"
    distinct_from: str  # "physics/thermal-contraction"


class Patch(Record, frozen=True):
    """One repair: what it teaches, which items failed, why, and what it was written against. Its file is never edited afterwards."""

    id: str  # <round>-<slug>-<hash>
    round: int
    targets: tuple[str, ...]  # node ids
    items: tuple[str, ...]  # failing dev items
    category: Category
    reason: str
    expect: dict[str, str]  # node or item id → hash of what it was when the patch was written
    confusions: dict[str, str] = {}  # target → the concept it was taken for
    samples: tuple[Sample, ...] = ()  # added
    remove: tuple[Dropped, ...] = ()  # derived samples that train no longer
    override: tuple[Overridden, ...] = ()  # derived samples that say something else now
    edits: tuple[Edit, ...] = ()  # what the same commit adds to knowledge/


def prompt_text(question: str, options: tuple[str, ...] = ()) -> str:
    """The one place that lays out a question: `Question: …`, lettered options if any, then `Answer:`."""
    lines = [f"Question: {question}"]
    lines += [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False)]
    return "\n".join([*lines, "Answer:"])


def content_hash(value: object) -> str:
    """Sixteen hex digits of SHA-256 over the canonical JSON of `value`."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
