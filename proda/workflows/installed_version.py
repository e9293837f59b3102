"""What `proda --version` prints: the version, and for a checkout its folder and commit.

    proda, version 0.1.0                                                  # an installed wheel
    proda, version 0.1.0, from /home/ada/proda at commit 1c77e02d4        # a checkout, or an editable install of one

The version is that of the code that runs. The metadata of an editable install may be older than its code.
"""

from __future__ import annotations

from pathlib import Path

from proda import __version__
from proda.gitrepo import GitError, run_git

CODE = ("proda", "pipelines", "pyproject.toml")
HOME = Path(__file__).resolve().parents[2]
"""The folder that holds the package: a checkout, or site-packages."""


def version_text(home: Path = HOME) -> str:
    """Return the version as a line of text. Where git cannot be used in a checkout, only its folder is named."""
    text = f"proda, version {__version__}"
    if not ((home / ".git").exists() and (home / "pyproject.toml").is_file()):
        return text
    try:
        commit = run_git(home, "rev-parse", "--short=9", "HEAD").strip()
        changed = bool(run_git(home, "status", "--porcelain", "--untracked-files=no", "--", *CODE).strip())
    except GitError:
        return f"{text}, from {home}"
    return f"{text}, from {home} at commit {commit}{', with uncommitted changes' if changed else ''}"
