"""Send the files that entries of DVC's run cache name, after `dvc push --run-cache`.

    python -m proda.workflows.dvc_command push --run-cache      # sends them too

DVC sends the entries, and the outputs in dvc.lock. An entry also names outputs that git tracks (benchmarks/results/training.csv) and
outputs of other builds; without them a teammate's DVC finds the entry, cannot restore it, and trains again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def remote_named(arguments: Sequence[str]) -> str | None:
    """Return the remote that the arguments of `dvc push` name; None for the default remote."""
    for here, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if here in ("-r", "--remote"):
            return following
        if here.startswith("--remote="):
            return here.partition("=")[2]
    return None


def push_outputs(remote: str | None) -> int:
    """Send every cached output that an entry of the run cache names and the remote lacks; returns how many files were sent.

    Outputs that are no longer in the local cache are left out. Raises DVC's UploadError if some could not be sent.
    """
    from dvc.exceptions import UploadError
    from dvc.repo import Repo

    with Repo() as repo, repo.lock:
        runs = Path(repo.cache.legacy.path) / "runs"
        entries = [(entry.parent.name, entry.name) for entry in sorted(runs.glob("*/*/*"))]
        # Without `force`, DVC stops at a folder whose listing is not here, as in a clone that pulled the run cache alone.
        named = {each for found in repo.stage_cache.get_used_objs(entries, force=True).values() for each in found}
        here = {each for each in named if repo.cache.local.exists(each.value)}
        if not here:
            return 0
        result = repo.cloud.push(here, remote=remote)
    if result.failed:
        raise UploadError(len(result.failed))
    return len(result.transferred)
