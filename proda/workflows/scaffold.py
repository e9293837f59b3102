"""A new topic: skeletons of its source and its topic file, its catalogue entry, and its discipline's number of samples.

    planned = plan_topic(root, "optics/lenses", Origin("Lenses", "written for this knowledge base", "CC-BY-4.0"))
    planned.texts           # {"knowledge/sources/optics/lenses.md": "# Lenses\\n…", "knowledge/optics/lenses.yaml": …, …}

`proda check` then lists what is left to write, one error each: the source still holds a placeholder, the topic has no entries. These are
errors because a discipline without a chain stops the build, and a placeholder must not become training data.

The rule for the number of samples: a discipline gets as many samples per statement as the other disciplines have on average, or
SAMPLES_PER_STATEMENT if there is no other. A new discipline counts as one chain of three statements until `plan_allocation` is run after
the statements are written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from proda.errors import InputError, UsageError, closest
from proda.knowledge.rules.drafts import PLACEHOLDER
from proda.knowledge.rules.ids import SLUG
from proda.knowledge.tree import CATALOGUE, scan, source_path
from proda.records import Record
from proda.store.allocation import ALLOCATION, load_allocation
from proda.workflows.catalogue import catalogue_text, edited_text, insert, load_catalogue_ids, quoted, require_line
from proda.workflows.file_set import require_inside
from proda.yamlio import dump_yaml, load_yaml, load_yaml_bytes, read_bytes

MAX_ID = 100  # characters of a discipline or topic
RESERVED = ("sources",)  # knowledge/sources holds texts, not topics
FIRST_CHAIN = 3  # statements that a discipline without any is given samples for
SAMPLES_PER_STATEMENT = 8  # where no other discipline tells

SOURCE = """\
# {title}

{placeholder} write 600 to 1,700 words as knowledge/GUIDE.md says, one line per paragraph. Each statement quotes a passage of this text.
"""

TOPIC = """\
discipline: {discipline}
topic: {topic}
source: {source}
# Write concepts and chains in the place of the two {{}}; knowledge/GUIDE.md says what makes a good entry. An example, to be removed:
#
# concepts:
#   heating:
#     term: heating
#     type: process
#     definition: the transfer of energy to a body that raises its temperature
#   expansion:
#     term: thermal expansion
#     type: process
#     definition: the increase in the size of a body as it becomes hotter
#   thermal-stress:
#     term: thermal stress
#     type: quantity
#     definition: the force per area inside a body that is kept from changing its size
#   buckling:
#     term: buckling
#     type: event
#     definition: the sudden sideways bending of a long body under pressure
# chains:
#   heat-bends-rails:
#     explains: how a hot day bends a railway track
#     reference: {{author: Kerr, title: Fundamentals of Railway Track Engineering, year: 2003}}
#     steps:
#       - id: s1
#         subject: heating
#         relation: causes
#         object: expansion
#         text: Heating a steel rail causes thermal expansion.
#         evidence: {{quote: "When the sun heats a rail, the steel grows longer."}}
#       - id: s2
#         subject: expansion
#         subject_as: hindered thermal expansion
#         relation: causes
#         object: thermal-stress
#         text: Hindered thermal expansion causes thermal stress in a rail whose ends are fixed.
#         evidence: {{quote: "A fixed rail cannot grow, so its expansion turns into stress."}}
#       - id: s3
#         subject: thermal-stress
#         relation: causes
#         object: buckling
#         when: [in a rail that is held too loosely]
#         text: Thermal stress causes buckling in a rail that is held too loosely.
#         evidence: {{quote: "When the stress is too large, the rail buckles."}}
#
# The object of a step is the subject of the next. A quote is verbatim from the source. `proda check --fix` adds its place, the span.
# A reference is a published work in which a reader can check the chain. `links:` and `cases:` may follow the chains.
concepts: {{}}
chains: {{}}
"""


class Origin(Record, frozen=True):
    """What the catalogue records of a source. The author states all three; none has a default."""

    title: str
    origin: str
    licence: str


class Share(Record, frozen=True):
    """How many samples a discipline has and would have by its number of statements."""

    discipline: str
    statements: int
    before: int | None  # None: not in the allocation yet
    after: int
    by_statements: int
    per_statement: float  # mean of the other disciplines, or SAMPLES_PER_STATEMENT
    alone: bool = False  # no other discipline has both samples and statements, so there is no mean


class NewTopic(Record, frozen=True):
    """The files to write, relative to the repository, and what happens to the allocation."""

    texts: dict[str, str]
    share: Share
    closest: str = ""  # for a new discipline, an existing one with a similar name


def plan_topic(root: Path, topic_id: str, origin: Origin, samples: int | None = None) -> NewTopic:
    """The files that a new topic needs; writes nothing. `samples` sets the discipline's number instead of the rule.

    Raises UsageError for an id or a field that cannot be used, InputError if a file or catalogue entry exists already.
    """
    discipline, topic = parse_topic(topic_id)
    require_origin(origin)
    source, entry = source_path(topic_id), f"knowledge/{topic_id}.yaml"
    require_inside(root, (source, entry, CATALOGUE, ALLOCATION.as_posix()))
    existing = [name for name in (source, entry) if (root / name).exists()]
    if existing:
        raise InputError("\n".join(existing) + "\n  Exists already, and nothing is overwritten. Choose another topic, or edit the file.")
    text = SOURCE.format(title=origin.title, placeholder=PLACEHOLDER)
    texts = {
        source: text,
        entry: TOPIC.format(discipline=_scalar(discipline), topic=_scalar(topic), source=topic_id),
        CATALOGUE: catalogue_with(root, topic_id, origin, text),
    }
    share, allocation = plan_allocation(root, discipline, samples)
    close = None if share.before is not None else closest(discipline, load_allocation(root))
    return NewTopic(texts | allocation, share, close or "")


def plan_allocation(
    root: Path, discipline: str, samples: int | None = None, update: bool = False, statements: Counter[str] | None = None
) -> tuple[Share, dict[str, str]]:
    """The discipline's share of samples and the new text of samples/allocation.yaml; no text if it stays as it is.

    A discipline that has a number keeps it, unless `samples` gives another or `update` asks for the share by statements. `statements` are
    those of each discipline, if they have been counted; otherwise all topic files are read.
    """
    allocation = load_allocation(root)
    statements = statement_counts(root) if statements is None else statements
    others = [name for name in allocation if name != discipline and statements[name]]
    known = sum(statements[name] for name in others)
    rate = sum(allocation[name] for name in others) / known if known else SAMPLES_PER_STATEMENT
    wanted = round(rate * (statements[discipline] or FIRST_CHAIN))
    before = allocation.get(discipline)
    after = samples if samples is not None else wanted if update or before is None else before
    share = Share(discipline, statements[discipline], before, after, wanted, rate, alone=not known)
    if after == before:
        return share, {}
    raw = load_yaml(root / ALLOCATION, root=root)

    def edit(document: Any) -> None:
        key = quoted({discipline: discipline})[discipline] if hasattr(document, "ca") else discipline
        insert(document["samples"], key, str(after) if hasattr(document, "ca") else after)

    return share, {ALLOCATION.as_posix(): edited_text(ALLOCATION.as_posix(), (root / ALLOCATION).read_text(encoding="utf-8"), raw, edit)}


def statement_counts(root: Path) -> Counter[str]:
    """Discipline → number of statements in its active chains. Topic files that cannot be read count as empty."""
    counts: Counter[str] = Counter()
    for file in scan(root).topics:
        try:
            raw = load_yaml_bytes(read_bytes(root / file, root), file)
            active = [chain for chain in (raw.get("chains") or {}).values() if chain.get("status") != "retired"]
            counts[file.split("/")[1]] += sum(len(chain["steps"]) for chain in active)
        except (InputError, AttributeError, KeyError, TypeError):
            continue
    return counts


def parse_topic(topic_id: str) -> tuple[str, str]:
    """`optics/lenses` as (discipline, topic). Raises UsageError if it is not two well-formed ids."""
    discipline, _, topic = topic_id.partition("/")
    if not all(SLUG.fullmatch(part) and len(part) <= MAX_ID for part in (discipline, topic)):
        raise UsageError(
            f"Got '{topic_id[:200]}', expected DISCIPLINE/TOPIC, each of lower-case letters, digits and single hyphens, at most {MAX_ID}"
            " characters, as in optics/lenses."
        )
    if discipline in RESERVED:
        raise UsageError(f"'{discipline}' cannot be a discipline: knowledge/{discipline} has another use. Choose another name.")
    return discipline, topic


def require_id(option: str, given: str) -> None:
    """Raise UsageError naming the option unless the value is one well-formed part of an id."""
    if not SLUG.fullmatch(given) or len(given) > MAX_ID:
        raise UsageError(
            f"{option}: got '{given[:200]}', expected lower-case letters, digits and single hyphens, at most {MAX_ID} characters,"
            " such as physics."
        )


def require_origin(origin: Origin) -> None:
    """Raise UsageError unless title, origin and licence are each one line of text, without a password."""
    for field, value in (("title", origin.title), ("origin", origin.origin), ("licence", origin.licence)):
        require_line(field, value)


def catalogue_with(root: Path, source: str, origin: Origin, text: str, *, replace: bool = False) -> str:
    """The catalogue with an entry for a source, in its place by name. Raises InputError if there is one, unless `replace` is set."""
    if source in load_catalogue_ids(root) and not replace:
        raise InputError(f"{CATALOGUE}  sources.{source}\n  There is an entry already. Remove it, or choose another topic.")
    fields = {"title": origin.title, "origin": origin.origin, "licence": origin.licence}
    return catalogue_text(root, {source: fields | {"sha256": hashlib.sha256(text.encode()).hexdigest()}})


def _scalar(name: str) -> str:
    """An id as it is written in YAML: `12` and `no` need quotes."""
    return dump_yaml(name).rstrip("\n")
