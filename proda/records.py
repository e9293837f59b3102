"""The records that all packages share. Packages exchange these records and do not import each other.

    knowledge   files                      → Concept, Statement, Chain, Relation
    builder     nodes                      → Sample
    tester      chains; items × model      → Item; Outcome
    compiler    samples                    → an adapter (a folder, not a record)
    debugger    outcomes; probe answers    → Diagnosis, Evidence; Patch

People choose ids and never reuse them: a chain is `physics/bimetal-strip-bends`, its first statement
`physics/bimetal-strip-bends.s1`, a concept `physics/thermal-expansion`. A sample or an item is named after the node it
was made from: `physics/bimetal-strip-bends.s1:open-1`, `physics/bimetal-strip-bends:dev-bridge`.

An id is a name and is not parsed: what it suggests (discipline, chain, split, unit) is also a field of the record.

All records are immutable. `msgspec` checks types when a record is decoded, and rejects unknown fields.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

Format = Literal["open", "choice", "true-false"]
ItemKind = Literal[
    "bridge", "effect", "condition", "mechanism", "order", "counterfactual", "case",
    "recall",  # the general suite only
    "path", "missing-link",  # no longer written; results in the history have them
]  # fmt: skip
Operator = Literal[
    "half",  # right for one of the statements that the stem rests on, wrong for another
    "near",  # a concept, condition or path that is true elsewhere
    "sign",  # the effect has the opposite sign
    "authored",  # written by hand, in a case
    "substitution", "inversion", "truncation", "detour",  # the general suite, and results in the history
]  # fmt: skip
Split = Literal["dev", "twin", "sealed"]
Category = Literal["concept gap", "reasoning deficit", "data conflict", "suspect item", "unexplained"]
Status = Literal["active", "retired"]
Tense = Literal["present", "past"]

FORMATS: tuple[Format, ...] = ("open", "choice", "true-false")
ITEM_KINDS: tuple[ItemKind, ...] = ("bridge", "effect", "condition", "mechanism", "order", "counterfactual", "case")
SPLITS: tuple[Split, ...] = ("dev", "twin", "sealed")
CATEGORIES: tuple[Category, ...] = ("concept gap", "reasoning deficit", "data conflict", "suspect item", "unexplained")
LETTERS = "ABCD"  # of the options of an item of the benchmark, and of a sample
SUITE_LETTERS = "ABCDEFGHIJ"  # of the options of a question of a general suite, which may have fewer or more; begin with LETTERS

Triple = tuple[str, str, str]
"""(subject id, relation id, object id)."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base class: immutable, typed, rejects unknown fields, omits fields with default values when encoded.

    Records are not tracked by Python's garbage collector (gc=False): they are never part of a cycle, and large knowledge holds a million.
    """


class Relation(Record, frozen=True):
    """A typed relation with the word forms that templates need: `{subject} {phrase} {object}`."""

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
    past: str = ""  # "caused"; the phrase of a dated event
    past_plural: str = ""
    inverse_past: str = ""  # "was caused by"
    inverse_past_plural: str = ""
    step: bool = True  # whether it can answer "what comes of that?"; a contrast or a prerequisite cannot
    sign: Literal["+", "-", ""] = ""  # +: more of the subject gives more of the object; -: less of it; empty: neither


class Span(Record, frozen=True):
    """A passage of a source: the half-open range [start, end) in Unicode code points of the NFC text."""

    source: str  # "physics/thermal-expansion"
    start: int
    end: int


class Concept(Record, frozen=True):
    """A canonical term (L1). `parents` are the ids of the statements that mention it, sorted; `spans` are their evidence."""

    id: str
    discipline: str
    topic: str
    term: str
    type: str
    definition: str
    phrase: str | None = None  # form used inside a sentence, "a bimetal strip"; None: the term itself
    plural: bool = False
    aliases: tuple[str, ...] = ()
    distinct_from: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    status: Status = "active"
    replaced_by: str | None = None

    @property
    def text(self) -> str:
        """The form used inside a sentence: the phrase, or else the term."""
        return self.phrase or self.term


class Statement(Record, frozen=True):
    """A typed triple (L2) with the sentence that states it and the passage that supports it."""

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
    subject_as: str | None = None  # how the subject stands in this statement, "a high dislocation density"; None: its phrase
    object_as: str | None = None
    when: tuple[str, ...] = ()  # conditions: "during cold working"
    according_to: str | None = None  # the author or school whose thesis it is
    tense: Tense = "present"

    @property
    def triple(self) -> Triple:
        """(subject id, relation id, object id)."""
        return (self.subject, self.relation, self.object)


class Reference(Record, frozen=True):
    """A published work in which a reader can check what is stated."""

    author: str
    title: str
    year: int  # of the edition
    section: str | None = None


class Chain(Record, frozen=True):
    """An ordered path of statements that explains something (L3). The object of step k is the subject of step k + 1.

    A link, one statement that joins concepts of different chains, is recorded as a chain of one statement that explains nothing.
    """

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
    reference: Reference | None = None

    @property
    def is_link(self) -> bool:
        """Whether it is a link: a single statement beside the chains."""
        return not self.explains


class CaseOption(Record, frozen=True):
    """An option of one variant of a case. `breaks` is the statement that a wrong option denies, and empty for the right one."""

    text: str
    because: str  # why it is right, or wrong, in the variant's situation
    breaks: str = ""


class Case(Record, frozen=True):
    """One variant of an exam question with particulars, written by hand. Variants of a case share question and options."""

    id: str  # "physics/side-thrust-on-a-comet"; both variants have it
    variant: int  # from 1
    chain: str
    discipline: str
    topic: str
    situation: str
    question: str
    options: tuple[CaseOption, ...]  # four, in the order of the file
    answer: int  # index of the right option


Node = Concept | Statement | Chain


class Sample(Record, frozen=True):
    """One training example. *Samples train.* `nodes` are the ids of all nodes it mentions, wrong options included, sorted.

    `unit`, `chain`, `discipline` and `number` say what the sample was made from. The builder records them; a sample written by hand may
    leave them empty. They do not change what a model is trained on.
    """

    id: str
    format: Format
    nodes: tuple[str, ...]
    question: str
    answer: str
    explanation: str = ""
    options: tuple[str, ...] = ()  # choice only; `answer` is then one of them
    plan: str = ""  # hash of the plan it was worded from
    unit: str = ""  # the statement, concept, window (`….s1+2`), gap (`….s1~2`) or chain (for its conditions) it teaches
    chain: str = ""  # id of the unit's chain or link; empty for a concept, which may be on several
    discipline: str = ""
    number: int = 0  # its number among the samples of its unit, from 1; 0 if unknown
    accept: tuple[str, ...] = ()  # open only: other right answers that the knowledge holds; not trained on

    @property
    def prompt(self) -> str:
        """What the model is shown. The completion follows after one space."""
        return prompt_text(self.question, self.options)

    @property
    def completion(self) -> str:
        """What the model learns to write: the answer, then the explanation."""
        answer = self.answer
        if self.options:
            answer = f"{LETTERS[self.options.index(answer)]}. {answer}"
        stop = "" if answer.endswith((".", "?", "!")) else "."
        return f"{answer}{stop} {self.explanation}".strip()

    @property
    def key(self) -> str | None:
        """The letter of the right option; None unless the format is choice."""
        return LETTERS[self.options.index(self.answer)] if self.options else None


class Option(Record, frozen=True):
    """One of the answers of an item. A distractor names the operator that made it and why it is wrong.

    `triples` and `breaks` are recorded when the option is written: what the option states, and which of the item's statements it
    contradicts. The right option breaks none.
    """

    text: str
    operator: Operator | None = None  # None: the right answer
    also: Operator | None = None  # a second operator applied after the first, if any
    wrong_because: str = ""
    triples: tuple[Triple, ...] = ()  # what the option states, in order; empty if it states no triples, as in a case
    breaks: tuple[str, ...] = ()  # ids of the item's statements that the option denies, the first one first


class Item(Record, frozen=True):
    """One benchmark question. *Items test.* Written from the knowledge, before any training. `chain` is that of its first statement.

    Items of the benchmark have four options. A question of a general suite is an item too, and has 2 to 10.
    """

    id: str
    split: Split
    kind: ItemKind
    discipline: str
    topic: str
    chain: str
    statements: tuple[str, ...]  # ids of the statements that the answer rests on, in order; they may belong to several chains
    nodes: tuple[str, ...]  # ids of all nodes that the stem or an option mentions, sorted
    stem: str
    options: tuple[Option, ...]
    answer: str  # a letter

    @property
    def key(self) -> int:
        """Index of the right option."""
        return SUITE_LETTERS.index(self.answer)

    @property
    def content_hash(self) -> str:
        """Sixteen hex digits over stem, option texts and key. Ids and triples do not enter."""
        return content_hash([self.stem, [o.text for o in self.options], self.answer])

    @property
    def prompt(self) -> str:
        """The prompt for log-likelihood scoring. Each option is scored as its continuation."""
        return prompt_text(self.stem)

    @property
    def letter_prompt(self) -> str:
        """The prompt for letter scoring: the stem with lettered options."""
        return prompt_text(self.stem, tuple(o.text for o in self.options))


class Outcome(Record, frozen=True):
    """What one model answered to one item. `chosen` is None if the answer is not valid; such an outcome is unscored, not wrong."""

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
    """What probing found at one node: number of questions (over seeds and wordings), number of wrong answers, and what was preferred."""

    node: str  # a concept or statement, or the chain whose conditions were asked for
    probe: Literal["statement", "concept", "step", "between", "condition", "data", "link"]  # link: `between` in older results
    asked: int
    failed: int
    margin: float  # mean log-likelihood per character of the right answer minus the best wrong one; 0 if nothing was scored
    preferred: str = ""  # the concept chosen most often instead; "inversion", "skip" or "early"; for data, a contradicting sample
    expected: str = ""  # the right concept where `preferred` was chosen; empty if not a concept, or if more than one


class Diagnosis(Record, frozen=True):
    """Why an item failed. `nodes` are the blamed nodes, most likely first; empty if no node is blamed."""

    item: str
    hash: str  # Item.content_hash at the time
    chain: str
    category: Category
    nodes: tuple[str, ...]
    failed_by: tuple[str, ...]  # models: "seed-0"
    chosen: tuple[str, ...]  # their letters, in that order
    confidence: float  # share of the failing seeds whose probes indicate this category
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""  # one sentence for a reviewer


class Dropped(Record, frozen=True):
    """A derived sample that a patch removes from training. The hash covers its text; the patch is rejected if the sample has changed."""

    sample: str
    hash: str


class Wording(Record, frozen=True):
    """The text of a sample, without its id and nodes."""

    question: str
    answer: str
    explanation: str = ""
    options: tuple[str, ...] = ()  # choice only; `answer` is then one of them


class Overridden(Record, frozen=True):
    """A derived sample whose text a patch replaces; id, format and nodes stay. The hash covers the replaced text."""

    sample: str
    hash: str
    by: Wording


class Edit(Record, frozen=True):
    """One line that the commit of a patch adds to a topic file: `distinct_from: [other]` on a concept."""

    file: str  # "knowledge/physics/thermal-expansion.yaml"
    concept: str  # "physics/thermal-expansion"
    distinct_from: str  # "physics/thermal-contraction"


class Patch(Record, frozen=True):
    """One repair: what it teaches, which items failed, why, and what it was written against. Patch files are never edited."""

    id: str  # <round>-<slug>-<hash>
    round: int
    targets: tuple[str, ...]  # node ids
    items: tuple[str, ...]  # failing dev items
    category: Category
    reason: str
    expect: dict[str, str]  # node or item id → hash of what it was when the patch was written
    confusions: dict[str, str] = {}  # target → the concept it was taken for
    samples: tuple[Sample, ...] = ()  # added
    remove: tuple[Dropped, ...] = ()  # derived samples that are no longer trained on
    override: tuple[Overridden, ...] = ()  # derived samples whose text is replaced
    edits: tuple[Edit, ...] = ()  # what the same commit adds to knowledge/


def prompt_text(question: str, options: tuple[str, ...] = ()) -> str:
    """Lay out a question: `Question: …`, lettered options if any, then `Answer:`. No other function does this."""
    lines = [f"Question: {question}"]
    lines += [f"{letter}. {text}" for letter, text in zip(SUITE_LETTERS, options, strict=False)]
    return "\n".join([*lines, "Answer:"])


def content_hash(value: object) -> str:
    """Sixteen hex digits of SHA-256 over the canonical JSON of `value`."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
