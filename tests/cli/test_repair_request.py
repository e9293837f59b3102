"""`proda repair --push --pr` and `proda pr --open` in real git with a bare remote, against a loopback server that speaks GitHub's API."""

from __future__ import annotations

import html
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proda.cli.request_body import END, LIMIT, START, body_of
from proda.cli.request_comment import length
from proda.records import Item, Patch
from proda.store.exceptions import Exemption
from proda.store.patches import load_patches
from proda.workflows.branch_repairs import BranchRepairs
from tests.forge.server import PERSON, Forge, environment, git, serving, with_remote
from tests.toyresults import commit, make_diagnoses, make_results
from tests.toyworld import make_repository

pytest.importorskip("github")


def proda(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "GH_", "CI_"))}
    command = [sys.executable, "-P", "-m", "proda.cli.main", *arguments]
    done = subprocess.run(command, cwd=root, env={**kept, **variables}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def dev_wrong(item: Item, model: str) -> bool:
    return model != "base" and item.split == "sealed"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge(user=dict(PERSON))) as served:
        yield served


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_results(make_repository(tmp_path / "work"), dev_wrong)
    make_diagnoses(root)
    commit(root, "Built")
    return root


def test_the_request_is_opened_with_its_evidence_and_updated_by_a_second_run(root: Path, tmp_path: Path, forge: Forge) -> None:
    bare = with_remote(root, tmp_path / "bare.git")
    done = proda(root, "repair", "--max", "2", "--push", "--pr", **environment(forge))
    assert done.returncode == 0 and "Opened pull request 21: https://github.com/team/data/pull/21" in done.stderr, done.stderr
    assert git(bare, "rev-parse", "repair/round-1") == git(root, "rev-parse", "HEAD")
    (pull,) = forge.pulls
    body = pull["body"]
    assert (pull["head"]["ref"], pull["base"]["ref"]) == ("repair/round-1", "main") and pull["title"].startswith(
        "Repair round 1: 2 patches"
    )
    plain = html.unescape(body).replace("\u2060", "")
    for patch in load_patches(root):
        assert f"samples/patches/{patch.id}.yaml" in plain and "Evidence from probes: Not known." in plain
        assert all(item in plain for item in patch.items[:4])
    assert "Blamed: " in body and "| concept gap | 2 |" in body
    assert "dvc repro\nproda verify\nproda audit main..repair/round-1" in body
    pull["body"] = f"By Ada: please read.\n\n{body}"
    again = proda(root, "repair", "--max", "3", "--push", "--pr", **environment(forge))
    assert again.returncode == 0 and "Updated pull request 21" in again.stderr, again.stderr
    assert len(forge.pulls) == 1 and forge.pulls[0]["body"].startswith("By Ada: please read.") and "| concept gap | 3 |" in pull["body"]


def test_without_remote_forge_or_token_nothing_is_committed(root: Path, tmp_path: Path, forge: Forge) -> None:
    before = git(root, "rev-parse", "HEAD"), git(root, "branch")
    no_remote = proda(root, "repair", "--push", "--pr", GITHUB_TOKEN="x")
    git(root, "remote", "add", "origin", str(tmp_path / "bare.git"))
    no_forge = proda(root, "repair", "--push", "--pr", GITHUB_TOKEN="x")
    git(root, "remote", "set-url", "origin", "https://github.com/team/data.git")
    no_token = proda(root, "repair", "--push", "--pr")
    for done, said in (
        (no_remote, "no remote 'origin'"),
        (no_forge, "on GitHub or GitLab"),
        (no_token, "GITHUB_TOKEN or GH_TOKEN is not set"),
    ):
        assert (done.returncode == 1 and said in done.stderr and "run this again" in done.stderr) or said == "on GitHub or GitLab", (
            done.stderr
        )
    assert (git(root, "rev-parse", "HEAD"), git(root, "branch")) == before
    misuse = proda(root, "repair", "--pr")
    assert misuse.returncode == 2 and "--pr needs --push" in misuse.stderr


def test_what_fails_after_the_commits_leaves_them_and_open_goes_on_from_there(root: Path, tmp_path: Path, forge: Forge) -> None:
    bare = with_remote(root, tmp_path / "bare.git")
    git(bare, "branch", "repair/round-1", "main~1")
    git(bare, "update-ref", "refs/heads/repair/round-1", git(bare, "commit-tree", "-m", "another", "main^{tree}"))
    refused = proda(root, "repair", "--max", "2", "--push", "--pr", **environment(forge))
    assert refused.returncode == 1 and "has commits there that are not here" in refused.stderr and not forge.pulls
    made = git(root, "rev-list", "main..repair/round-1").splitlines()
    assert len(made) == 2 and "Commits that were made stay on repair/round-1" in refused.stderr
    git(bare, "update-ref", "-d", "refs/heads/repair/round-1")
    wrong = proda(root, "pr", "main", "--open", **environment(forge, GITHUB_TOKEN="old"))
    assert wrong.returncode == 1 and "is refused" in wrong.stderr and "run `proda pr main --open` on it" in wrong.stderr
    assert git(bare, "rev-parse", "repair/round-1") == made[0]  # the branch was pushed nevertheless
    done = proda(root, "pr", "main", "--open", **environment(forge))
    assert done.returncode == 0 and done.stdout == "https://github.com/team/data/pull/21\n"
    assert "Repair round 1: 2 patches" in forge.pulls[0]["title"]
    assert git(root, "rev-list", "main..repair/round-1").splitlines() == made


def test_a_branch_of_edits_is_proposed_with_its_commits(root: Path, tmp_path: Path, forge: Forge) -> None:
    with_remote(root, tmp_path / "bare.git")
    nothing = proda(root, "pr", "main", "--open", **environment(forge))
    assert nothing.returncode == 1 and "holds no commit that main lacks" in nothing.stderr
    git(root, "switch", "-q", "-c", "edit")
    topic = root / "knowledge/milling/milling-basics.yaml"
    topic.write_text(topic.read_text().replace("the 2th thing", "the second thing"))
    git(root, "commit", "-q", "-am", "Say @everyone <b>second</b> [x](y)")
    assert proda(root, "pr", "main", "--open", **environment(forge)).returncode == 0
    body = forge.pulls[0]["body"]
    assert "@everyone" not in body and "<b>" not in body and "](" not in body and "second" in body
    assert forge.pulls[0]["title"] == "Say @everyone <b>second</b> [x](y)"  # GitHub shows a title as plain text


def test_a_large_round_fits_and_says_what_is_left_out() -> None:
    items = tuple(f"physics/some-rather-long-chain-name-{n}:dev-bridge" for n in range(40))
    patches = tuple(
        Patch(f"1-node-{n}-3f0c9a1e", 1, (f"physics/chain-{n}.s1",), items, "concept gap", "x`@<" * 120, {}) for n in range(900)
    )
    retired = tuple(Exemption(item=item, hash="0" * 16, action="retire", reason="@ada " * 80) for item in items)
    texts = {f"physics/chain-{n}.s1": "A **bold** claim @everyone." * 8 for n in range(900)}
    body = body_of(BranchRepairs("0" * 40, (("1", "x"),), patches, retired, texts), "repair/round-1", "main")
    assert length(body) <= LIMIT and body.startswith(START) and body.endswith(END) and "more patches" in body
    assert body.count("<details>") == body.count("</details>") and "@everyone" not in body and "proda verify" in body
