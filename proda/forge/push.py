"""Push one branch with git, with the token of the environment where there is one.

push(root, "repair/round-3", place, os.environ)

The token reaches git through a credential helper that reads the environment, so it is in no argument, no address and no file.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from proda.forge.place import ForgeError, Place
from proda.gitrepo import LOCAL_VARIABLES

USERS = {"github": "x-access-token", "gitlab": "oauth2"}
# What git says, in lower case → what to do. The first that fits counts.
REMEDIES = (
    (
        ("non-fast-forward", "fetch first", "stale info"),
        "The branch has commits there that are not here. Run `git pull --rebase {remote} {branch}`, then run this again.",
    ),
    (
        ("authentication failed", "could not read username", "could not read password", "permission denied", "403", "access denied"),
        "The remote refuses your credentials. Set GITHUB_TOKEN (or GITLAB_TOKEN) to a token that may write, or set up git's own credentials"
        " so that `git push` works; then run this again.",
    ),
    (
        ("could not resolve", "could not connect", "failed to connect", "timed out", "unable to access", "connection refused"),
        "The remote cannot be reached. Check the network and `git remote -v`, then run this again.",
    ),
    (
        ("does not appear to be a git repository", "not found", "does not exist", "could not read from remote"),
        "There is no repository at the address of the remote, or you have no access to it. Check `git remote -v`, then run this again.",
    ),
    (("hook declined", "protected branch"), "A rule of the remote refuses the push. Push to another branch, or ask who set the rule."),
)


def push(root: Path, branch: str, place: Place | None, environ: Mapping[str, str], remote: str = "origin") -> None:
    """Push the local `branch` to a branch of the same name; never overwrites commits there. Raises ForgeError with what git said."""
    helper: list[str] = []
    if place and place.token:
        get = f'echo "username={USERS[place.kind]}"; echo "password=${{{place.token}}}"'
        helper = ["-c", "credential.helper=", "-c", f'credential.https://{place.host}.helper=!f() {{ test "$1" = get && {get}; }}; f']
    env = {name: value for name, value in environ.items() if name not in LOCAL_VARIABLES} | {"LC_ALL": "C", "LANGUAGE": "C"}
    if not os.isatty(0):
        env["GIT_TERMINAL_PROMPT"] = "0"
    command = ["git", *helper, "push", remote, f"refs/heads/{branch}:refs/heads/{branch}"]
    done = subprocess.run(command, cwd=root, env=env, stdin=None, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise ForgeError(_message(branch, remote, done.stderr))


def _message(branch: str, remote: str, said: str) -> str:
    low = said.lower()
    advice = next((what for signs, what in REMEDIES if any(sign in low for sign in signs)), "Read what git says, then run this again.")
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("hint:")]
    first = next((line for line in lines if line.startswith(("!", "fatal:", "error:", "remote: "))), lines[0] if lines else "no message")
    what = advice.format(remote=remote, branch=branch)
    return f"The branch {branch} was not pushed to {remote}: {first}\n  {what} Commits that were made stay on {branch}."
