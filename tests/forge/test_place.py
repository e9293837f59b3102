"""Addresses of remotes and the environment → forge, API and token; and pushing with git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proda.forge.place import ForgeError, find_place, require_token, split_address
from proda.forge.push import push
from tests.forge.server import git, with_remote


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a").write_text("1")
    git(root, "add", "a")
    git(root, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "one")
    return root


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://github.com/team/data.git", ("github.com", "team/data")),
        ("https://ada:secret@github.com/team/data", ("github.com", "team/data")),
        ("git@github.com:team/data.git", ("github.com", "team/data")),
        ("ssh://git@gitlab.example.org:2222/group/inner/data.git", ("gitlab.example.org", "group/inner/data")),
        ("/srv/git/data.git", ("", "")),
        ("file:///srv/git/data.git", ("", "")),
        ("../data.git", ("", "")),
    ],
)
def test_an_address_names_host_and_repository(address: str, expected: tuple[str, str]) -> None:
    assert split_address(address) == expected


def test_the_forge_is_that_of_the_remote_or_of_the_environment(root: Path) -> None:
    git(root, "remote", "add", "origin", "git@github.com:team/data.git")
    place = find_place(root, {"GH_TOKEN": "x"})
    assert (place.kind, place.api, place.repository, place.token) == ("github", "https://api.github.com", "team/data", "GH_TOKEN")
    git(root, "remote", "set-url", "origin", "https://gitlab.com/team/data.git")
    assert find_place(root, {}).kind == "gitlab" and find_place(root, {}).api == "https://gitlab.com"
    git(root, "remote", "set-url", "origin", "https://code.example.org/team/data.git")
    assert find_place(root, {"GITHUB_API_URL": "https://code.example.org/api/v3"}).api == "https://code.example.org/api/v3"
    in_action = {"GITHUB_REPOSITORY": "other/data", "GITHUB_API_URL": "https://api.github.com", "GITHUB_SERVER_URL": "https://github.com"}
    assert find_place(root, in_action).repository == "other/data"
    in_job = {"CI_PROJECT_PATH": "group/inner/data", "CI_SERVER_URL": "https://code.example.org"}
    assert (find_place(root, in_job).kind, find_place(root, in_job).api) == ("gitlab", "https://code.example.org")


def test_no_remote_no_forge_and_no_token_are_three_messages(root: Path) -> None:
    with pytest.raises(ForgeError, match=r"There is no remote 'origin'.*git remote add origin ADDRESS"):
        find_place(root, {})
    git(root, "remote", "add", "origin", "/srv/git/data.git")
    with pytest.raises(ForgeError, match=r"got one of a folder.*use the text of `proda pr --markdown`"):
        find_place(root, {})
    git(root, "remote", "set-url", "origin", "https://github.com/team/data")
    with pytest.raises(ForgeError, match=r"GITHUB_TOKEN or GH_TOKEN is not set"):
        require_token(find_place(root, {}))


def test_a_push_brings_the_branch_and_never_overwrites_what_is_there(root: Path, tmp_path: Path) -> None:
    bare = with_remote(root, tmp_path / "bare.git")
    git(root, "switch", "-q", "-c", "repair/round-1")
    git(root, "commit", "-q", "--allow-empty", "-m", "two")
    place = find_place(root, {"GITHUB_TOKEN": "x"})
    push(root, "repair/round-1", place, {"PATH": "/usr/bin:/bin", "GITHUB_TOKEN": "x"})
    assert git(bare, "rev-parse", "repair/round-1") == git(root, "rev-parse", "HEAD")
    git(root, "commit", "-q", "--amend", "--allow-empty", "-m", "other")
    before = git(bare, "rev-parse", "repair/round-1")
    with pytest.raises(ForgeError, match=r"has commits there that are not here. Run `git pull --rebase origin repair/round-1`"):
        push(root, "repair/round-1", place, {"PATH": "/usr/bin:/bin"})
    assert git(bare, "rev-parse", "repair/round-1") == before


def test_a_remote_that_is_not_there_and_one_that_cannot_be_reached_are_named(root: Path, tmp_path: Path) -> None:
    git(root, "remote", "add", "origin", str(tmp_path / "nowhere.git"))
    with pytest.raises(ForgeError, match=r"no repository at the address"):
        push(root, "main", None, {"PATH": "/usr/bin:/bin"})
    git(root, "remote", "set-url", "origin", "http://127.0.0.1:9/team/data.git")
    with pytest.raises(ForgeError, match=r"The remote cannot be reached.*Commits that were made stay on main"):
        push(root, "main", None, {"PATH": "/usr/bin:/bin"})


def test_the_token_reaches_git_from_the_environment_and_is_in_no_argument(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "arguments"
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nexec /usr/bin/git "$@"\n')
    wrapper.chmod(0o755)
    with_remote(root, tmp_path / "bare.git")
    env = {"PATH": f"{wrapper.parent}:/usr/bin:/bin", "GITHUB_TOKEN": "very-secret"}
    push(root, "main", find_place(root, env), env)
    said = log.read_text()
    assert "very-secret" not in said and "${GITHUB_TOKEN}" in said
    helper = next(line for line in said.splitlines() if line.startswith("credential.https://github.com.helper="))
    asked = ["git", "-c", "credential.helper=", "-c", helper, "credential", "fill"]
    done = subprocess.run(asked, input="protocol=https\nhost=github.com\n\n", env=env, capture_output=True, text=True, check=True)
    assert "username=x-access-token\npassword=very-secret" in done.stdout
    other = subprocess.run(
        asked,
        input="protocol=https\nhost=example.org\n\n",
        env={**env, "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "very-secret" not in other.stdout
