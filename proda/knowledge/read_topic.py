"""Make the entry of one topic file: its nodes as JSON, its own findings, and facts as integers for rules over all files.

    bytes of knowledge/physics/optics.yaml  →  Entry(digest, findings, nodes, concept_rows, …)

An entry depends only on the file, the sources that it quotes and the relations. It is made once and kept until one of them changes. Ids
are stored as 64-bit hashes, because columns of integers let rules over 458,622 nodes finish in a fraction of a second. Nodes are sorted
by id, whatever their order in the file.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path

import msgspec

from proda.errors import InputError
from proda.findings import MAX_PER_FILE, Finding, path_text, rest_of_file
from proda.knowledge.entry import CASE, DISTINCT_FROM, REPLACED_BY, Entry, TopicNodes, key_of, normalised, sorted_spans
from proda.knowledge.rules.evidence import nfc
from proda.knowledge.rules.of_topic import TOPIC_RULES
from proda.knowledge.rules.rule import Context, SourceText
from proda.knowledge.schema import CaseEntry, ChainEntry, LinkEntry, ReferenceEntry, StatementEntry, TopicFile, full_id
from proda.records import Case, CaseOption, Chain, Concept, Reference, Relation, Span, Statement
from proda.yamlio import load_yaml_bytes, read_bytes
from proda.yamlio.policy import RefusedError, check_bytes
from proda.yamlio.schema import faults, located

_ROWS = ("concept_rows", "chain_rows", "term_rows", "statement_rows", "ref_rows")
LINK_STEP = "s1"  # the statement of the link `physics/x` is `physics/x.s1`
_UNREADABLE = "unreadable"  # in place of the hash, for a source that is refused before it is read


def make_entry(file: str, data: bytes, relations: Mapping[str, Relation], source: Callable[[str], SourceText | None]) -> Entry:
    """The entry of the topic file `file` (its path in the repository) with content `data`. Never raises on bad input."""
    sha256 = hashlib.sha256(data).digest()
    try:
        raw = load_yaml_bytes(data, file)
    except InputError as error:
        return Entry(file, sha256, False, tuple(f for f in error.findings if isinstance(f, Finding)))
    try:
        topic = msgspec.convert(raw, TopicFile)
    except msgspec.ValidationError:
        return Entry(file, sha256, False, located(faults(raw, TopicFile), file, data))
    used: dict[str, SourceText | None] = {}

    def noted(name: str) -> SourceText | None:
        if name not in used:
            used[name] = source(name)
        return used[name]

    context = Context(file, relations, noted)
    findings = _findings(topic, context, data)
    return _entry(topic, context, sha256, findings, {k: v.sha256 if v else "" for k, v in sorted(used.items())})


def _findings(topic: TopicFile, context: Context, data: bytes) -> tuple[Finding, ...]:
    broken = [
        (rule, found)
        for rule in TOPIC_RULES
        if rule.check_topic is not None and (found := list(islice(rule.check_topic(topic, context), MAX_PER_FILE + 1)))
    ]
    if not broken:
        return ()
    from proda.yamlio.positions import line_map, line_of

    lines = line_map(data)
    findings: list[Finding] = []
    for rule, found in broken:
        for fault in found[:MAX_PER_FILE]:
            line = fault.line if fault.file else line_of(lines, fault.path)
            path = "" if fault.file else path_text(fault.path)
            findings.append(Finding(fault.file or context.file, line, path, rule.name, fault.message, rule.severity))
        findings += rest_of_file(context.file, rule.name, len(found) > MAX_PER_FILE, rule.severity)
    return tuple(findings)


def _entry(topic: TopicFile, context: Context, sha256: bytes, findings: tuple[Finding, ...], uses: dict[str, str]) -> Entry:
    discipline, name = context.discipline, context.topic
    key = lru_cache(None)(key_of)
    concepts: list[Concept] = []
    rows: dict[str, list[int]] = {name: [] for name in _ROWS}
    concept_rows, chain_rows, term_rows, statement_rows, ref_rows = rows.values()
    touches = {discipline}
    for ordinal, (local, c) in enumerate(sorted(topic.concepts.items())):
        concept = Concept(
            f"{discipline}/{local}", discipline, name, c.term, c.type, c.definition, c.phrase, c.plural, c.aliases,
            tuple(sorted(full_id(discipline, d) for d in c.distinct_from)), (), (), c.status,
            full_id(discipline, c.replaced_by) if c.replaced_by else None,
        )  # fmt: skip
        concepts.append(concept)
        concept_rows += (key(concept.id), c.status == "active")
        if c.status == "active":
            for term in {normalised(t) for t in (c.term, *c.aliases)}:
                term_rows += (key(term), ordinal)
        for other in concept.distinct_from:
            ref_rows += (key(other), DISTINCT_FROM, 0, ordinal)
        if concept.replaced_by:
            ref_rows += (key(concept.replaced_by), REPLACED_BY, 0, ordinal)
    chains: list[Chain] = []
    statements: list[Statement] = []
    paths: list[tuple[str, ChainEntry | LinkEntry]] = [*topic.chains.items(), *topic.links.items()]
    paths.sort(key=lambda pair: pair[0])
    for ordinal, (local, entry) in enumerate(paths):
        chain, steps = _chain(f"{discipline}/{local}", entry, topic.source, discipline, name)
        chains.append(chain)
        statements += steps
        active = entry.status == "active"
        chain_rows += (key(chain.id), active, chain.is_link)
        for s in steps:
            statement_rows += (key(s.subject), key(s.relation), key(s.object), ordinal, active)
            touches.add(s.subject.split("/", 1)[0])
            touches.add(s.object.split("/", 1)[0])
        if chain.replaced_by:
            ref_rows += (key(chain.replaced_by), REPLACED_BY, 1, ordinal)
    cases = tuple(c for local, case in sorted(topic.cases.items()) for c in _cases(f"{discipline}/{local}", case, discipline, name))
    for ordinal, case in enumerate(cases):
        ref_rows += (key(case.chain), CASE, 2, ordinal)
    nodes = msgspec.json.encode(TopicNodes(discipline, name, topic.source, tuple(concepts), tuple(chains), tuple(statements), cases))
    blobs = {name: array("q", numbers).tobytes() for name, numbers in rows.items()}
    digest = hashlib.sha256(nodes).digest()
    return Entry(context.file, sha256, True, findings, uses, tuple(sorted(touches)), digest, nodes, **blobs)


def _chain(chain_id: str, entry: ChainEntry | LinkEntry, source: str, discipline: str, topic: str) -> tuple[Chain, list[Statement]]:
    """The chain or link and its statements. A missing span, which is a finding, becomes [0, 0)."""
    steps: list[tuple[str, StatementEntry]] = (
        [(LINK_STEP, entry)] if isinstance(entry, LinkEntry) else [(step.id, step) for step in entry.steps]
    )
    statements = []
    for name, step in steps:
        start, end = step.evidence.span or (0, 0)
        statements.append(
            Statement(
                f"{chain_id}.{name}", chain_id, discipline, topic, full_id(discipline, step.subject), step.relation,
                full_id(discipline, step.object), step.text, nfc(step.evidence.quote),
                Span(step.evidence.source or source, start, end),
                step.subject_as, step.object_as, step.when, step.according_to, step.tense,
            )
        )  # fmt: skip
    replaced_by = full_id(discipline, entry.replaced_by) if entry.replaced_by else None
    explained = (entry.explains, entry.preconditions, entry.exclusions) if isinstance(entry, ChainEntry) else ("", (), ())
    chain = Chain(
        chain_id, discipline, topic, explained[0], tuple(s.id for s in statements), *explained[1:],
        sorted_spans([s.span for s in statements]), entry.status, replaced_by, _reference(entry.reference),
    )  # fmt: skip
    return chain, statements


def _reference(entry: ReferenceEntry | None) -> Reference | None:
    return Reference(entry.author, entry.title, entry.year, entry.section) if entry else None


def _cases(case_id: str, entry: CaseEntry, discipline: str, topic: str) -> list[Case]:
    """The variants of a case as records. `breaks` that names a link names its statement."""
    letters = sorted(entry.options)
    made = []
    for number, variant in enumerate(entry.variants, start=1):
        options = tuple(
            CaseOption(entry.options[letter], wrong.because, statement_id(discipline, wrong.breaks))
            if (wrong := variant.wrong.get(letter)) is not None
            else CaseOption(entry.options[letter], variant.because)
            for letter in letters
        )
        answer = letters.index(variant.answer) if variant.answer in letters else 0
        chain = full_id(discipline, entry.chain)
        made.append(Case(case_id, number, chain, discipline, topic, variant.situation, entry.question, options, answer))
    return made


def statement_id(discipline: str, reference: str) -> str:
    """The id of the statement that `reference` names: `<chain>.<step>`, or a link by its own id."""
    wanted = full_id(discipline, reference)
    return wanted if "." in wanted else f"{wanted}.{LINK_STEP}"


def read_source(path: Path, root: Path) -> SourceText | None:
    """The source text at `path` below `root`, or why it cannot be used; None if there is no file."""
    if not path.is_file():
        return None
    try:
        data = unix_lines(read_bytes(path, root))
    except InputError as error:
        finding = error.findings[0]
        return SourceText(None, _UNREADABLE, finding.message if isinstance(finding, Finding) else str(error))
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        return SourceText(nfc(check_bytes(data)), sha256)
    except RefusedError as refusal:
        return SourceText(None, sha256, refusal.reason)


def source_hash(path: Path, root: Path) -> str:
    """The hash that `read_source` gives, without decoding the text."""
    try:
        return hashlib.sha256(unix_lines(read_bytes(path, root))).hexdigest()
    except InputError:
        return _UNREADABLE


def unix_lines(data: bytes) -> bytes:
    """`data` with line feeds for line ends. Git for Windows may rewrite line ends, which must change neither spans nor hashes."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
