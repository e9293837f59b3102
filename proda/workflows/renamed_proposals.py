"""Rename a node or a topic in what waits for review, and in decisions about it.

    texts, places = rename_in_proposals(root, "concept", "physics/heating", "physics/warming", knowledge, topic_texts)

What changes:

    proposals/<discipline>/<source>.yaml
                             a concept that the source proposes, and every reference to it; a chain that was accepted from there.
    proposals/cases/<discipline>/<topic>.yaml
                             the chain of a case, the chains and links that its wrong options break, and chains without a case. The hash
                             of a chain that is as it was asked about becomes that of the renamed one, so that its cases stay open. A topic
                             takes its file along.
    knowledge/merges.yaml    the pairs of concepts that may be one.

The key of a statement in proposals is a hash of the words of its sentence and holds no id, so extracting again finds every decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from proda.errors import InputError
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.knowledge.schema import full_id, local_name
from proda.store.case_proposals import case_proposals_file, load_case_proposals, topics_with_case_proposals
from proda.store.merges import PATH as MERGES
from proda.store.proposals import Proposals, load_proposals, proposals_path, proposed_sources
from proda.tester.case_prompt import case_brief
from proda.workflows.would_be import would_be
from proda.workflows.yaml_scalars import KEY, Place, replace_scalars_at
from proda.yamlio import read_bytes

Found = Iterator[tuple[str, str, int]]
"""File, its new text, number of strings that change."""


def rename_in_proposals(
    root: Path, kind: str, old: str, new: str, knowledge: Knowledge, topics: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str, int]]:
    """Return the new texts of the files that name `old`, and how many strings change in each; writes nothing.

    `kind` is "concept", "chain", "link" or "topic"; ids are in full. `knowledge` is that before the renaming, `topics` are the texts of the
    topic files that it changes. Raises InputError if a file cannot be read, or if `new` is proposed already.
    """
    if kind == "topic":
        before, after = case_proposals_file(old), case_proposals_file(new)
        if not (root / before).is_file():
            return {}, {}
        return {after: read_bytes(root / before, root).decode(), before: None}, {before: 1}
    texts: dict[str, str | None] = {}
    places: dict[str, int] = {}
    cases = _cases(root, kind, old, new, knowledge, topics)
    for file, text, count in (*_sources(root, kind, old, new), *cases, *_merges(root, kind, old, new)):
        if count:
            texts[file], places[file] = text, count
    return texts, places


def _sources(root: Path, kind: str, old: str, new: str) -> Found:
    """What sources propose."""
    if kind == "link":  # proposals do not name the link that an accepted statement became
        return
    for source in proposed_sources(root):
        discipline = source.partition("/")[0]
        proposals = load_proposals(root, source)
        if full_id(discipline, local_name(new)) == new:
            _require_free(proposals, kind, old, new)
        renamed = _references(discipline, old, new)
        own = full_id(discipline, local_name(old)) == old

        def edit(place: Place, text: str, own: bool = own, renamed: Callable[[str], str] = renamed, source: Proposals = proposals) -> str:
            if kind == "chain":
                taken = own and place == ("chains", KEY) and text in source.chains and source.chains[text].status == "accepted"
                return renamed(text) if taken else text
            match place:
                case ("concepts", last) if last == KEY and own:
                    return renamed(text)
                case ("concepts", _, "distinct_from") | ("statements", _, "subject" | "object"):
                    return renamed(text)
            return text

        yield _edited(root, proposals_path(source), edit)


def _require_free(proposals: Proposals, kind: str, old: str, new: str) -> None:
    """Raise InputError if a source proposes another concept or chain under the new id."""
    entries = proposals.concepts if kind == "concept" else proposals.chains
    there = entries.get(local_name(new))
    if there is not None and (local_name(old) in entries or there.status in ("proposed", "accepted")):
        raise InputError(
            f"{proposals_path(proposals.source)}  {kind}s.{local_name(new)}\n  Got the new id {new}, which this source proposes for another"
            f" {kind}. Nothing was written. Choose another id."
        )


def _cases(root: Path, kind: str, old: str, new: str, knowledge: Knowledge, topics: Mapping[str, str]) -> Found:
    """Cases that a language model proposes."""
    found = topics_with_case_proposals(root)
    hashes = _renamed_hashes(root, found, old, new, knowledge, topics) if found else {}
    for topic in found:
        renamed = _references(topic.partition("/")[0], old, new) if kind != "concept" else lambda text: text

        def edit(place: Place, text: str, renamed: Callable[[str], str] = renamed) -> str:
            match place:
                case ("cases", _, "chain"):
                    return renamed(text)
                case ("set_aside", last) if last == KEY:
                    return renamed(text)
                case ("cases", _, "variants", "wrong", _, "breaks"):
                    chain, dot, step = text.partition(".")
                    return f"{renamed(chain)}{dot}{step}"
                case ("cases" | "set_aside", _, "asked"):
                    return hashes.get(text, text)
            return text

        yield _edited(root, case_proposals_file(topic), edit)


def _renamed_hashes(
    root: Path, topics: tuple[str, ...], old: str, new: str, knowledge: Knowledge, texts: Mapping[str, str]
) -> dict[str, str]:
    """Hash of a chain that a model was asked about → its hash after the renaming, for the chains that are as they were then."""
    asked: dict[str, str] = {}  # hash → chain
    for topic in topics:
        proposals, discipline = load_case_proposals(root, topic), topic.partition("/")[0]
        entries = [(case.chain, case.asked) for case in proposals.cases.values()]
        entries += [(chain, aside.asked) for chain, aside in proposals.set_aside.items()]
        for name, was in entries:
            chain = knowledge.chains.get(full_id(discipline, name))
            if chain is not None and case_brief(knowledge, chain, ()).key == was:
                asked[was] = chain.id
    if not asked:
        return {}
    with would_be(root, texts) as tree:
        compile_knowledge(tree, tree / "compiled", jobs=None).raise_errors()
        after = Knowledge.load(tree / "compiled")
    names = {chain: new if chain == old else chain for chain in asked.values()}
    return {was: case_brief(after, after.chains[names[chain]], ()).key for was, chain in asked.items()}


def _merges(root: Path, kind: str, old: str, new: str) -> Found:
    """Decisions about concepts that may be one."""
    if kind != "concept" or not (root / MERGES).is_file():
        return

    def edit(place: Place, text: str) -> str:
        match place:
            case ("merges", "keep" | "drop") | ("merges", "evidence", "concept"):
                return new if text == old else text
        return text

    yield _edited(root, MERGES, edit)


def _references(discipline: str, old: str, new: str) -> Callable[[str], str]:
    """What renames a reference in a file of the discipline, and leaves others as they are."""

    def renamed(text: str) -> str:
        if full_id(discipline, text) != old:
            return text
        return new if "/" in text else local_name(new)

    return renamed


def _edited(root: Path, file: str, edit: Callable[[Place, str], str]) -> tuple[str, str, int]:
    text, count = replace_scalars_at(read_bytes(root / file, root).decode(), edit, file)
    return file, text, count
