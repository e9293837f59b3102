"""What a review of one source starts from: its proposals, its topic file, the merges, and the knowledge around it.

state = load_state(root, "physics/heat-pumps")
state.written["a1b2c3d4e5f6"]        # "heat-pump-warms-a-house.s2": it is in the knowledge
state.version                        # changes with any of the files
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

from proda.errors import InputError
from proda.knowledge.schema import LinkEntry, TopicFile, full_id
from proda.knowledge.tree import MERGES
from proda.records import Concept, Record, Triple
from proda.store.proposals import Proposals, ProposedConcept, ProposedStatement, load_proposals, proposals_path
from proda.workflows.acceptance import merged_into, topic_of
from proda.workflows.decisions import homes
from proda.workflows.known_nodes import KnownNodes, known_nodes
from proda.workflows.merge_decisions import SeenMerge, resolved, seen_merges
from proda.yamlio import load_yaml_text, read_bytes


class ReviewState(Record, frozen=True):
    """The files of a review, read together."""

    version: str
    proposals: Proposals
    topic_text: str  # empty if there is no topic file
    topic: TopicFile | None
    merges: tuple[SeenMerge, ...]
    merged: dict[str, str]  # concept → the one that it was merged into; ids in full
    known: KnownNodes
    written: dict[str, str]  # key of a statement → its id in the knowledge, without the discipline
    written_chains: frozenset[str]

    @property
    def discipline(self) -> str:
        """The discipline of the source."""
        return self.proposals.source.partition("/")[0]

    def node(self, reference: str) -> str:
        """The full id of the concept that a reference means after the confirmed merges."""
        return full_id(self.discipline, merged_into(reference, self.discipline, self.merged))

    def concept(self, reference: str) -> Concept | ProposedConcept | None:
        """The concept that a reference means after the confirmed merges: of the knowledge, or else of the proposals; None without one."""
        node = self.node(reference)
        return self.known.concepts.get(node) or self.proposals.concepts.get(node.removeprefix(f"{self.discipline}/"))

    def term(self, reference: str) -> str:
        """The term of a concept, for a message; its id if there is no such concept."""
        concept = self.concept(reference)
        return concept.term if concept else reference

    def triple(self, statement: ProposedStatement) -> Triple:
        """The triple of a statement, with full ids, after the confirmed merges."""
        return self.node(statement.subject), statement.relation, self.node(statement.object)

    def is_written(self, concept: str) -> bool:
        """Whether a concept of the proposals is in the knowledge, here or in another topic."""
        return self.node(concept) in self.known.concepts

    def is_loose(self, key: str) -> bool:
        """Whether a statement is in no chain that can still be accepted, so that it can only be a link."""
        return not homes(self.proposals, key)


def topic_path(source: str) -> str:
    """The topic file of a source, relative to the repository."""
    return f"knowledge/{source}.yaml"


def version_of(root: Path, source: str) -> str:
    """A hash of the files that decisions about a source change."""
    digest = hashlib.sha256()
    for name in (proposals_path(source), topic_path(source), MERGES):
        data = read_bytes(root / name, root) if (root / name).is_file() else b"\0"
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def load_state(root: Path, source: str, known: KnownNodes | None = None) -> ReviewState:
    """Read the files of a review. Raises NotFoundError without proposals, InputError for a file that cannot be used."""
    version = version_of(root, source)
    path = root / topic_path(source)
    text = read_bytes(path, root).decode() if path.is_file() else ""
    return make_state(version, load_proposals(root, source), text, seen_merges(root, source.partition("/")[0]), known or known_nodes(root))


def make_state(version: str, proposals: Proposals, text: str, merges: tuple[SeenMerge, ...], known: KnownNodes) -> ReviewState:
    """The state of files that have been read. Raises InputError if the topic file is none."""
    source = proposals.source
    topic = topic_of(load_yaml_text(text, topic_path(source))) if text.strip() else None
    if text.strip() and topic is None:
        raise InputError(f"{topic_path(source)}\n  Not a topic file, so nothing can be added to it. Run `proda check`, and fix it first.")
    merged = resolved(merges)
    chains = frozenset(n for n, c in proposals.chains.items() if c.status == "accepted" and topic is not None and n in topic.chains)
    written = {key: f"{name}.s{n}" for name in chains for n, key in enumerate(proposals.chains[name].statements, 1)}
    if topic is not None and topic.links:
        discipline = source.partition("/")[0]
        links = {_link_key(link): name for name, link in topic.links.items()}
        for key, statement in proposals.statements.items():
            ends = (merged_into(end, discipline, merged) for end in (statement.subject, statement.object))
            name = links.get((*ends, unicodedata.normalize("NFC", statement.evidence.quote)))
            if name is not None and statement.status == "accepted":
                written.setdefault(key, name)
    return ReviewState(version, proposals, text, topic, merges, merged, known, written, chains)


def _link_key(link: LinkEntry) -> tuple[str, ...]:
    return link.subject, link.object, unicodedata.normalize("NFC", link.evidence.quote)
