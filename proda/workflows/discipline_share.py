"""A discipline that the knowledge would have → its number of samples, if samples/allocation.yaml must change for it.

with_share(root, tree, "optics")          # {"samples/allocation.yaml": "samples:\\n  …\\n  optics: 26\\n"}
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from proda.errors import InputError
from proda.gitrepo import GitError, run_git
from proda.knowledge.compile import check_knowledge
from proda.store.allocation import ALLOCATION, load_allocation
from proda.store.files import write_file
from proda.workflows.scaffold import plan_allocation
from proda.workflows.would_be import compiled_topics
from proda.yamlio import load_yaml_text


def with_share(root: Path, tree: Path, discipline: str) -> dict[str, str]:
    """The new text of the allocation, written into `tree` too; nothing if it stays as it is, or if `root` has no such file.

    `tree` holds the knowledge as it would be (see `would_be`). A discipline that is not committed yet gets the share of its statements
    each time, unless a person has given it another number; any other discipline keeps its number.
    """
    if not (root / ALLOCATION).is_file():
        return {}
    if discipline in load_allocation(root) and (discipline in _committed(root) or not _by_rule(root, discipline)):
        return {}
    _, texts = plan_allocation(tree, discipline, update=True, statements=_counted(tree))
    for name, text in texts.items():
        write_file(tree / name, text)
    return texts


def _by_rule(root: Path, discipline: str) -> bool:
    """Whether the discipline has the number that `proda new --allocate` would give it now."""
    share, _ = plan_allocation(root, discipline, update=True, statements=_counted(root))
    return share.before == share.by_statements


def _counted(root: Path) -> Counter[str] | None:
    """Discipline → statements of its active chains; None if the knowledge has errors."""
    report = check_knowledge(root, compiled=True)
    if not report.ok:
        return None
    chains = [chain for topic in compiled_topics(report) for chain in topic.chains if chain.status == "active" and not chain.is_link]
    counts: Counter[str] = Counter()
    for chain in chains:
        counts[chain.discipline] += len(chain.statements)
    return counts


def _committed(root: Path) -> frozenset[str]:
    """The disciplines of the allocation in HEAD; those of the file where git cannot say."""
    try:
        raw = load_yaml_text(run_git(root, "show", f"HEAD:./{ALLOCATION.as_posix()}"))
        return frozenset(raw["samples"])
    except GitError as error:
        return (
            frozenset()
            if "exists on disk, but not in" in str(error) or "does not exist" in str(error)
            else frozenset(load_allocation(root))
        )
    except (InputError, KeyError, TypeError):
        return frozenset()
