"""A repository in git whose knowledge and decisions are merged with the drivers of `proda merge --install`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proda.merging.install import install
from proda.yamlio import load_yaml
from tests.toyresults import commit
from tests.toyworld import ROOT, make_repository

MILLING = "knowledge/milling/milling-basics.yaml"
Edit = Callable[[Path], object]
IDENTITY = ("-c", "user.name=Toy", "-c", "user.email=toy@example.org", "-c", "commit.gpgsign=false", "-c", "core.editor=true")


def git(root: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run git as it runs for a user, with its output."""
    return subprocess.run(["git", *IDENTITY, *arguments], cwd=root, capture_output=True, text=True, check=check)


def world(folder: Path, *, installed: bool = True) -> Path:
    """Return a toy repository with .gitattributes, committed on `main`."""
    root = make_repository(folder)
    shutil.copy(ROOT / ".gitattributes", root)
    commit(root, "Attributes")
    if installed:
        install(root)
    return root


def branch(root: Path, name: str, *edits: Edit, start: str = "main") -> None:
    """Make a branch from `start` with a commit of the edits, and return to main."""
    git(root, "switch", "-q", "-c", name, start)
    for edit in edits:
        edit(root)
    commit(root, f"On {name}")
    git(root, "switch", "-q", "main")


def merge(root: Path, ours: Edit, theirs: Edit, *, as_text: bool = False) -> subprocess.CompletedProcess[str]:
    """Commit both edits, each on a branch from main, and merge `theirs` into `ours`. `as_text`: the drivers leave a file to git."""
    branch(root, "ours", ours)
    branch(root, "theirs", theirs)
    git(root, "switch", "-q", "ours")
    done = git(root, "merge", "--no-edit", "theirs", check=False)
    assert ("Merged as text" in done.stderr) == as_text, done.stderr
    return done


def replaced(old: str, new: str, file: str = MILLING) -> Edit:
    """An edit that replaces the first occurrence of a text."""

    def edit(root: Path) -> None:
        text = (root / file).read_bytes().decode()
        assert old in text, old
        (root / file).write_bytes(text.replace(old, new, 1).encode())

    return edit


def appended(text: str, file: str = MILLING) -> Edit:
    """An edit that adds a text at the end of a file."""
    return lambda root: (root / file).write_bytes((root / file).read_bytes() + text.encode())


def chain(name: str, steps: int = 2) -> str:
    """The text of a chain at the end of the toy topic file, with a comment."""
    lines = [f"  # {name} was added by hand", f"  {name}:", f"    explains: how {name} works", "    steps:"]
    for n in range(1, steps + 1):
        lines += [
            f"    - id: s{n}",
            "      subject: wind",
            "      relation: causes",
            "      object: flour   # not proven",
            "      text: T.",
        ]
        lines += ["      evidence:", "        quote: Q."]
    return "\n".join(lines) + "\n"


def concept(name: str) -> str:
    """The text of a concept."""
    return f"  {name}:\n    term: {name}\n    type: state\n    definition: what {name} is\n"


def loaded(root: Path, file: str = MILLING) -> Any:
    """What a YAML file says."""
    return load_yaml(root / file, numbers=True)


def read(root: Path, file: str = MILLING) -> str:
    return (root / file).read_bytes().decode()
