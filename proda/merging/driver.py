"""What git calls for a file that both sides of a merge changed.

    merged_in_place("knowledge/physics/optics.yaml", Path("base"), Path("ours"), Path("theirs"), Labels())

The merged text replaces that of our side, as git asks of a driver.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from proda.errors import InputError
from proda.gitrepo import GitError
from proda.merging.merge import Conflict, Labels, Merged, UnmergeableError, merge_file
from proda.yamlio import load_yaml_text


def merged_in_place(path: str, base: Path, ours: Path, theirs: Path, labels: Labels, *, inner: bool = False) -> tuple[Merged, str]:
    """Merge three versions of the file that the repository has at `path`, and write the result to `ours`.

    Returns what was merged, and a message, which is empty unless git had to merge the text line by line. Conflicts of such a merge have no
    node. Raises GitError if git cannot merge the text either; then nothing is written.
    """
    try:
        result = merge_file(path, base.read_bytes(), ours.read_bytes(), theirs.read_bytes(), labels, inner=inner)
        message = ""
    except UnmergeableError as error:
        result = _as_text(base, ours, theirs, labels)
        if not result.conflicts and not error.broken and not _is_yaml(result.data):
            result = Merged(result.data, (Conflict(1, "", "", "", "", "", "the text merges, but the result is not YAML"),))
        message = f"{path}\n  Merged as text, line by line: {error}."
    ours.write_bytes(result.data)
    return result, message


def _as_text(base: Path, ours: Path, theirs: Path, labels: Labels) -> Merged:
    names = [part for name in (labels.ours, "base", labels.theirs) for part in ("-L", name)]
    command = ["git", "merge-file", "-p", "-q", f"--marker-size={labels.size}", *names, str(ours), str(base), str(theirs)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode < 0 or done.returncode > 127:
        raise GitError(f"git merge-file fails: {done.stderr.decode(errors='replace').strip()}")
    conflicts = tuple(Conflict(0, "", "", "", "", "") for _ in range(done.returncode))
    return Merged(done.stdout, conflicts)


def _is_yaml(data: bytes) -> bool:
    try:
        load_yaml_text(data.decode())
    except (InputError, UnicodeDecodeError):
        return False
    return True
