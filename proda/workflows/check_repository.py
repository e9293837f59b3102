"""Check a repository: the knowledge, every file that the build reads, and the references between them.

checked = check_repository(Path("."))
checked.findings          # sorted by file and line; every check runs, whatever another one finds
checked.report.counts     # {"disciplines": 16, "topics": 64, …}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from proda.findings import Finding, Violation, sorted_findings
from proda.gitrepo import GitError, run_git
from proda.graph import CompiledTopic, Knowledge
from proda.knowledge.compile import check_knowledge
from proda.knowledge.report import Report
from proda.language.wording import listing
from proda.params import load_params
from proda.store.allocation import ALLOCATION, wrong_disciplines
from proda.store.case_proposals import case_proposals_file, load_case_proposals, topics_with_case_proposals
from proda.store.committed import Committed, attempted, read_committed
from proda.store.corpus import PATCHES
from proda.store.dangling import dangling
from proda.store.merges import PATH as MERGES
from proda.store.merges import Merge, load_merges
from proda.store.patches import stale
from proda.store.proposals import load_proposals, proposals_path, proposed_sources
from proda.store.solved import PATH as SOLVED
from proda.store.solved import load_solved
from proda.store.suite import missing_suite
from proda.store.validation import PATH as VALIDATION
from proda.store.validation import counted
from proda.store.written import WRITTEN, load_written, read_written, written_paths
from proda.store.written_items import WRITTEN_ITEMS, load_written_items, read_written_items, written_item_paths
from proda.workflows.freshness import LOCK, PIPELINE, read_stages
from proda.workflows.installed_code import VERSION_FILE, changed_stages
from proda.workflows.renamed_patches import renamed_patches
from proda.yamlio.schema import located

FEW_CHAINS = 20  # a knowledge base with as many chains has items


class Checked(msgspec.Struct, frozen=True):
    """All findings, and the report on the knowledge that they include."""

    findings: tuple[Finding, ...]
    report: Report


def find_root(start: Path) -> Path:
    """The repository around `start`: the nearest folder, `start` included, with knowledge/relations.yaml, else with dvc.yaml or .git.

    `start` itself if there is none.
    """
    folders = [start.resolve(), *start.resolve().parents]
    for markers in (("knowledge/relations.yaml",), ("dvc.yaml", ".git")):
        for folder in folders:
            if any((folder / marker).exists() for marker in markers):
                return folder
    return folders[0]


def check_repository(root: Path, *, shape: bool = False) -> Checked:
    """Check the repository at `root`. Never raises on bad input; with `shape`, the report holds connectivity and shares of relations.

    References to nodes are checked only if the knowledge has no errors.
    """
    report = check_knowledge(root, shape=shape, compiled=True)
    committed = read_committed(root)
    merges, unreadable = attempted(root, MERGES, lambda: load_merges(root))
    findings = [
        *report.findings,
        *committed.findings,
        *_params(root),
        *_pipeline(root),
        *_code(root),
        *_unread(committed),
        *unreadable,
        *_written(root),
        *_written_items(root),
        *_proposed_cases(root),
        *attempted(root, SOLVED.as_posix(), lambda: load_solved(root))[1],
    ]
    if report.ok:
        knowledge = _knowledge(report)
        replaced = {chain.id: chain.replaced_by for chain in knowledge.chains.values() if chain.replaced_by}
        findings += dangling(committed, frozenset({*knowledge.concepts, *knowledge.statements, *knowledge.chains}), replaced)
        findings += _stale_patches(root, committed, knowledge)
        findings += _allocation(root, committed, knowledge)
        findings += _merges(root, merges or (), knowledge)
        findings += _without_items(root, knowledge)
    return Checked(sorted_findings(findings), report)


def _params(root: Path) -> list[Finding]:
    if not (root / "params.yaml").exists() and not (root / "dvc.yaml").exists():
        return []  # knowledge without a build
    params, faults = attempted(root, "params.yaml", lambda: load_params(root / "params.yaml"))
    if params is None:
        return faults
    missing = [(index, missing_suite(root, name)) for index, name in enumerate(params.evaluate.general)]
    named = (Violation(("evaluate", "general", index), message) for index, message in missing if message)
    return [*faults, *located(named, "params.yaml", (root / "params.yaml").read_bytes(), "params")]


def _pipeline(root: Path) -> list[Finding]:
    """What keeps DVC from reading dvc.yaml or dvc.lock."""
    there = [name for name in (PIPELINE, LOCK) if (root / name).exists()]
    return [finding for name in there for finding in attempted(root, name, partial(read_stages, root, name))[1]]


def _code(root: Path) -> list[Finding]:
    """A warning if the installed ProDa is not the one that results are built with, in a repository that holds no code."""
    changed, faults = attempted(root, VERSION_FILE.as_posix(), lambda: changed_stages(root))
    if not changed:
        return faults
    message = (
        f"The installed ProDa has other code for {listing(changed)}. After an upgrade, `proda check --fix` writes it here, and `dvc repro`"
        " runs what changed. Otherwise install what the repository was built with: `pip install -r requirements.txt`."
    )
    return [Finding(VERSION_FILE.as_posix(), 0, "code", "installed-code", message, "warning")]


def _written(root: Path) -> list[Finding]:
    """What is wrong with the frozen texts of samples/written."""
    findings: list[Finding] = []
    for path in written_paths(root):
        findings += attempted(root, path.relative_to(root).as_posix(), partial(read_written, path, root))[1]
    return findings or attempted(root, WRITTEN.as_posix(), partial(load_written, root))[1]


def _written_items(root: Path) -> list[Finding]:
    """What is wrong with the frozen texts of benchmarks/written."""
    findings: list[Finding] = []
    for path in written_item_paths(root):
        findings += attempted(root, path.relative_to(root).as_posix(), partial(read_written_items, path, root))[1]
    return findings or attempted(root, WRITTEN_ITEMS.as_posix(), partial(load_written_items, root))[1]


def _proposed_cases(root: Path) -> list[Finding]:
    """What is wrong with the files of proposals/cases."""
    found = (
        attempted(root, case_proposals_file(topic), partial(load_case_proposals, root, topic))[1]
        for topic in topics_with_case_proposals(root)
    )
    return [finding for findings in found for finding in findings]


def _unread(committed: Committed) -> Iterator[Finding]:
    """A warning with the number of items that are unread or disputed, if there are any."""
    items = [item for group in committed.items.values() for item in group]
    if committed.validation is None or not items:
        return
    counts = counted(items, committed.validation)
    parts = []
    if counts.unread:
        parts.append(f"{counts.unread:,} unread (fewer than two readings; `python -m proda.cli.reading_sheet OUT --unread` draws them)")
    if counts.disputed:
        parts.append(f"{counts.disputed:,} disputed (`dvc repro benchmark` withholds them until they are mended)")
    if parts:
        yield Finding(VALIDATION.as_posix(), 0, "", "validation", f"Of {len(items):,} items: {', '.join(parts)}.", "warning")


def _knowledge(report: Report) -> Knowledge:
    decoder = msgspec.json.Decoder(CompiledTopic)
    topics = [decoder.decode(line) for shard in report.shards for line in shard.splitlines() if line]
    return Knowledge(
        report.relations,
        (c for t in topics for c in t.concepts),
        (s for t in topics for s in t.statements),
        (c for t in topics for c in t.chains),
        (c for t in topics for c in t.cases),
    )


def _allocation(root: Path, committed: Committed, knowledge: Knowledge) -> tuple[Finding, ...]:
    if committed.allocation is None:
        return ()
    disciplines = {chain.discipline for chain in knowledge.active_chains()}
    faults = wrong_disciplines(committed.allocation, disciplines)
    return located(faults, ALLOCATION.as_posix(), (root / ALLOCATION).read_bytes(), "allocation")


def _without_items(root: Path, knowledge: Knowledge) -> Iterator[Finding]:
    """A warning if there are chains, but so few that no item can be written: `dvc repro` would stop at the benchmark."""
    chains = list(islice(knowledge.active_chains(), FEW_CHAINS))
    if not chains or len(chains) == FEW_CHAINS or not (root / "dvc.yaml").is_file():
        return
    from proda.tester.build import too_small  # these load NumPy, which a check of a larger knowledge base does not need
    from proda.tester.items import write_items

    params, _ = attempted(root, "params.yaml", lambda: load_params(root / "params.yaml"))
    if params is not None and not write_items(knowledge, seed=params.seed, sealed_share=params.items.sealed_share):
        yield Finding("knowledge", 0, "", "items", too_small(knowledge), "warning")


def _merges(root: Path, merges: Sequence[Merge], knowledge: Knowledge) -> tuple[Finding, ...]:
    """Confirmed merges into a concept that neither the knowledge nor a source has, and of one that the knowledge still has."""
    confirmed = [(index, merge) for index, merge in enumerate(merges) if merge.status == "confirmed"]
    if not confirmed:
        return ()
    active = {name for name, concept in knowledge.concepts.items() if concept.status == "active"}
    missing = {merge.keep for _, merge in confirmed} - active
    proposed = _proposed(root) if missing else frozenset()
    faults = []
    for index, merge in confirmed:
        if merge.keep in missing - proposed:
            message = f"'{merge.keep}' is neither in the knowledge nor proposed. Name a concept that is, or refuse the merge."
            faults.append(Violation(("merges", index, "keep"), message))
        if merge.drop in active:
            message = f"'{merge.drop}' is still in the knowledge. Retire it with `replaced_by: {merge.keep}`, or refuse the merge."
            faults.append(Violation(("merges", index, "drop"), message))
    return located(iter(faults), MERGES, (root / MERGES).read_bytes(), "merges")


def _proposed(root: Path) -> frozenset[str]:
    """Full ids of the concepts that sources propose; files that cannot be read count as empty."""
    found: set[str] = set()
    for source in proposed_sources(root):
        proposals, _ = attempted(root, proposals_path(source), lambda source=source: load_proposals(root, source))  # type: ignore[misc]
        if proposals is not None:
            found.update(f"{source.partition('/')[0]}/{name}" for name in proposals.concepts)
    return frozenset(found)


def _stale_patches(root: Path, committed: Committed, knowledge: Knowledge) -> Iterator[Finding]:
    """Patches that are not committed yet and were written against other nodes or items. A committed patch has been applied."""
    applied = _applied(root)
    waiting = {} if applied is None else {file: patch for file, patch in committed.patches.items() if file not in applied}
    renamed = renamed_patches(root, list(waiting)) if waiting else ()
    waiting = {file: patch for file, patch in waiting.items() if file not in renamed}
    items = {item.id: item for group in committed.items.values() for item in group if item.split == "dev"} if waiting else {}
    for file, patch in sorted(waiting.items()):
        for line in stale(patch, knowledge, items):
            message = f"The patch was written for something else: {line}. Diagnose and repair again."
            yield Finding(file, 0, "expect", "patch", message)


def _applied(root: Path) -> frozenset[str] | None:
    """Paths below samples/patches in HEAD; None if git cannot say, as in the tarball of a release."""
    try:
        return frozenset(filter(None, run_git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", PATCHES.as_posix()).split("\0")))
    except GitError as error:
        return frozenset() if "valid object name" in str(error) else None  # a repository without a commit
