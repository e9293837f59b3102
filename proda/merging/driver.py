"""What git calls for a file that both sides of a merge changed.

    merged_in_place("knowledge/physics/optics.yaml", Path("base"), Path("ours"), Path("theirs"), Labels())

The merged text replaces that of our side, as git asks of a driver.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from proda.errors import InputError
from proda.gitrepo import GitError
from proda.merging.generated_parts import outdated, with_parts_of
from proda.merging.merge import Conflict, Labels, Merged, UnmergeableError, merge_file
from proda.yamlio import load_yaml_text


def merged_in_place(path: str, base: Path, ours: Path, theirs: Path, labels: Labels, *, inner: bool = False) -> tuple[Merged, str]:
    """Merge three versions of the file that the repository has at `path`, and write the result to `ours`.

    Returns what was merged, and a message: empty, or that git had to merge the text line by line, or which parts have to be written again.
    Conflicts of a text have no node. Raises GitError if git cannot merge the text either; then nothing is written.
    """
    if path.endswith(".md"):
        return _around_generated_parts(path, base, ours, theirs, labels)
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


def _around_generated_parts(path: str, base: Path, ours: Path, theirs: Path, labels: Labels) -> tuple[Merged, str]:
    """Merge a text that people wrote around parts that a command writes. The parts stay as they are on our side."""
    mine, other = (side.read_bytes().decode(errors="surrogateescape") for side in (ours, theirs))
    for side in (base, theirs):
        text = with_parts_of(mine, side.read_bytes().decode(errors="surrogateescape"))
        side.write_bytes(text.encode(errors="surrogateescape"))
    result = _as_text(base, ours, theirs, labels)
    ours.write_bytes(result.data)
    commands = " and ".join(f"`{command}`" for command in outdated(mine, other))
    kept = f"{path}\n  Its generated part stays as it is on the side that is merged into. After dvc repro, run {commands}, then commit."
    return result, kept if commands else ""


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
