"""What a branch repairs, as git has it: patches, retired items and the verdict that are on the branch and not on its base.

found = branch_repairs(root, "main")
found.patches        # (Patch(id="1-bimetal-strip-bends-s1-3f0c9a1e", …), …)
found.retired        # (Exemption(item="physics/bimetal-strip-bends:dev-bridge", reason="…", …),)
"""

from __future__ import annotations

from pathlib import Path

from proda.errors import ProdaError
from proda.gitrepo import run_git
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.records import Patch, Record
from proda.store.corpus import PATCHES
from proda.store.exceptions import Exemption, load_exceptions
from proda.store.patches import read_patch
from proda.store.verdicts import read_rounds
from proda.workflows.request_report import fork_point


class BranchRepairs(Record, frozen=True):
    """The repairs of a branch. `says` and `reasons` are the verdict on its last round; empty if it has none yet."""

    start: str  # commit at which the branch left its base
    commits: tuple[tuple[str, str], ...]  # (short hash, subject), oldest first
    patches: tuple[Patch, ...]
    retired: tuple[Exemption, ...]
    texts: dict[str, str]  # id of a statement or concept → its text
    says: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def round(self) -> int:
        """The last round that the patches belong to; 0 without patches."""
        return max((patch.round for patch in self.patches), default=0)


def branch_repairs(root: Path, base: str) -> BranchRepairs:
    """Read what HEAD holds and `base` does not. Raises NotFoundError if `base` does not exist, InputError if the data is malformed."""
    start = fork_point(root, base)
    log = run_git(root, "log", "--reverse", "--no-merges", "--format=%h%x09%s", f"{start}..HEAD").splitlines()
    new = run_git(root, "diff", "--name-only", "-z", "--diff-filter=A", start, "HEAD", "--", PATCHES.as_posix()).split("\0")
    patches = [read_patch(root / name) for name in new if name.endswith(".yaml") and (root / name).is_file()]
    before = {entry.item for entry in load_exceptions(Repository.open(root, start).root)}
    retired = [entry for entry in load_exceptions(root) if entry.item not in before]
    verdict = read_rounds(root).get(max((patch.round for patch in patches), default=0), {})
    return BranchRepairs(
        start,
        tuple((line.partition("\t")[0], line.partition("\t")[2]) for line in log),
        tuple(sorted(patches, key=lambda patch: (-len(patch.items), patch.id))),
        tuple(retired),
        _texts(root, patches),
        str(verdict.get("says", "")),
        tuple(map(str, verdict.get("reasons") or ())),
    )


def _texts(root: Path, patches: list[Patch]) -> dict[str, str]:
    """The texts of the nodes that patches repair; empty if the knowledge has errors, since the request is opened all the same."""
    try:
        knowledge: Knowledge = Repository.open(root).knowledge
    except ProdaError:
        return {}
    found = {}
    for target in {target for patch in patches for target in patch.targets}:
        if target in knowledge.statements:
            found[target] = knowledge.statements[target].text
        elif target in knowledge.chains:
            found[target] = f"the conditions for explaining {knowledge.chains[target].explains}"
        elif target in knowledge.concepts:
            found[target] = f"{knowledge.concepts[target].term}: {knowledge.concepts[target].definition}"
    return found
