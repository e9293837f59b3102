"""Every reason why git cannot be used is one message with the remedy, and no setting of a user changes what is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proda.errors import InputError, NotFoundError
from proda.gitrepo import (
    LOCAL_VARIABLES,
    GitError,
    NoRepositoryError,
    ShallowError,
    check_top,
    find_commit,
    missing_identity,
    open_git,
    run_git,
    under_way,
)
from proda.history.repository import Repository
from proda.history.rounds import before_round, reallocations
from tests.cli.test_repair import git, proda
from tests.toyresults import commit, make_outcomes, make_patch, make_results
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three commits: results, a patch, other results."""
    root = make_results(make_repository(tmp_path_factory.mktemp("git")))
    commit(root, "Built")
    make_patch(root)
    commit(root, "Repaired")
    make_outcomes(root, lambda item, model: False)
    commit(root, "Rebuilt")
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(whole, tmp_path / "copy"))
    git(copy, "config", "user.name", "Ada")
    git(copy, "config", "user.email", "ada@example.org")
    return copy


def item_of(root: Path) -> str:
    return Repository.open(root).items("dev")[0].id


def test_the_variables_that_git_hands_to_hooks_are_the_ones_left_out() -> None:
    listed = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True).stdout.split()
    assert set(listed) - {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"} <= set(LOCAL_VARIABLES)


def test_a_command_in_a_hook_of_another_repository_reads_and_writes_its_own(root: Path, tmp_path: Path, whole: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    env = {**os.environ, "GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git/index"), "GIT_WORK_TREE": str(other)}
    command = [sys.executable, "-P", "-m", "proda.cli.main", "bisect", item_of(root), "--json"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == proda(root, "bisect", item_of(root), "--json").stdout
    assert not (other / ".git/index").exists()


SETTINGS = {
    "log.showSignature": "true",
    "log.showRoot": "false",
    "log.decorate": "full",
    "log.date": "relative",
    "log.abbrevCommit": "true",
    "color.ui": "always",
    "core.quotePath": "true",
    "diff.renames": "copies",
    "diff.noprefix": "true",
    "diff.relative": "true",
    "diff.mnemonicPrefix": "true",
    "status.short": "true",
    "status.branch": "true",
    "status.showUntrackedFiles": "all",
    "status.relativePaths": "true",
    "i18n.logOutputEncoding": "latin-1",
    "core.autocrlf": "true",
    "core.pager": "false",
    "trailer.separators": "#",
}


def test_settings_that_change_gits_output_change_no_command(root: Path) -> None:
    commands = (["bisect", item_of(root), "--json"], ["audit", "HEAD~2..HEAD", "--json"], ["diff", "HEAD~2", "HEAD", "--json"], ["status"])
    before = [proda(root, *command).stdout for command in commands]
    shutil.rmtree(root / "build/cache")
    with (root / ".git/config").open("a") as config:
        for name, value in SETTINGS.items():
            section, _, key = name.partition(".")
            config.write(f"[{section}]\n\t{key} = {value}\n")
    after = [proda(root, *command) for command in commands]
    assert [done.stdout for done in after] == before and all(before), [done.stderr for done in after]


def test_a_shallow_clone_is_named_as_the_cause_and_what_needs_no_history_works(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    clone = tmp_path / "shallow"
    repo = open_git(clone)
    with pytest.raises(ShallowError, match="unshallow"):
        find_commit(repo, "HEAD~1")
    with pytest.raises(ShallowError, match="fetch-depth"):
        before_round(clone, 1)
    done = proda(clone, "bisect", item_of(clone))
    assert done.returncode == 0 and "shallow" in done.stderr
    for command in (["audit"], ["verify", "--dry-run"], ["diff", "HEAD~1"]):
        done = proda(clone, *command)
        assert done.returncode == 1 and "shallow" in done.stderr and "Traceback" not in done.stderr, done.stderr
    for command in (["report"], ["status"], ["show", "milling/flour"], ["diff"]):
        done = proda(clone, *command)
        assert done.returncode == 0, done.stderr


def test_a_folder_without_git_is_said_to_have_no_history(root: Path) -> None:
    shutil.rmtree(root / ".git")
    with pytest.raises(NoRepositoryError, match="Not a git repository"):
        open_git(root)
    assert reallocations(root) == {}
    for command in (["audit"], ["verify", "--dry-run"], ["diff"], ["bisect", item_of(root)]):
        done = proda(root, *command)
        assert done.returncode == 1 and "git" in done.stderr and "Traceback" not in done.stderr, done.stderr
    for command in (["check"], ["report"], ["show", "milling/flour"], ["status"]):
        assert proda(root, *command).returncode == 0, command


def test_without_a_git_program_one_message_names_it(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for command in (["audit"], ["diff"], ["repair", "--dry-run"], ["bisect", item_of(root)]):
        done = proda(root, *command)
        assert done.returncode == 1 and "`git` is not on PATH" in done.stderr and "Traceback" not in done.stderr, done.stderr
    for command in (["check"], ["report"], ["status"], ["show", "milling/flour"]):
        assert proda(root, *command).returncode == 0, command


def test_a_folder_of_a_larger_repository_is_refused_with_its_root(root: Path, tmp_path: Path) -> None:
    mono = tmp_path / "mono"
    shutil.copytree(root, mono / "facts", ignore=shutil.ignore_patterns(".git"))
    git(mono, "init", "-q", "-b", "main")
    commit(mono, "One")
    with pytest.raises(GitError, match="larger git repository"):
        open_git(mono / "facts")
    done = proda(mono / "facts", "diff", "HEAD")
    assert done.returncode == 1 and str(mono) in done.stderr
    assert proda(mono / "facts", "status").returncode == proda(mono / "facts", "check").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give the checkout to another user")
def test_another_users_checkout_names_safe_directory(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    item = item_of(root)
    subprocess.run(["chown", "-R", "1234:1234", str(root)], check=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    check_top.cache_clear()
    with pytest.raises(GitError, match=r"dubious ownership[\s\S]*safe\.directory"):
        open_git(root)
    for command in (["diff"], ["bisect", item], ["audit"], ["status"]):
        done = proda(root, *command)
        assert "safe.directory" in done.stderr and "Traceback" not in done.stderr


def test_worktrees_and_operations_under_way(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "side"), "-b", "side")
    assert open_git(tmp_path / "side").active_branch.name == "side"
    assert proda(tmp_path / "side", "status").stdout.startswith("on side (")
    folder = Path(git(root, "rev-parse", "--absolute-git-dir"))
    for state, name in (("MERGE_HEAD", "merge"), ("rebase-merge", "rebase"), ("rebase-apply/applying", "am"), ("rebase-apply", "rebase")):
        (folder / state).parent.mkdir(exist_ok=True)
        (folder / state).mkdir() if name == "rebase" else (folder / state).write_text("0" * 40 + "\n")
        try:
            assert under_way(open_git(root)) == name and f"a {name} is under way" in proda(root, "status").stdout
        finally:
            shutil.rmtree(folder / "rebase-apply", ignore_errors=True)
            shutil.rmtree(folder / "rebase-merge", ignore_errors=True)
            (folder / "MERGE_HEAD").unlink(missing_ok=True)
    assert under_way(open_git(root)) == ""


def test_an_identity_counts_in_whatever_way_it_is_given(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert missing_identity(root) == ""
    git(root, "config", "user.email", "")
    assert "user.email" in missing_identity(root)
    git(root, "config", "--remove-section", "user")
    assert missing_identity(root)
    (tmp_path / "who").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    (tmp_path / ".gitconfig").write_text(f'[includeIf "gitdir:{root}/"]\n\tpath = {tmp_path / "who"}\n')
    assert missing_identity(root) == ""
    (tmp_path / ".gitconfig").unlink()
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    for number, (key, value) in enumerate((("user.name", "Ada"), ("user.email", "ada@example.org"))):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    assert missing_identity(root) == ""
    monkeypatch.delenv("GIT_CONFIG_COUNT")
    for who in ("AUTHOR", "COMMITTER"):
        assert missing_identity(root)
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    assert missing_identity(root) == ""


def test_links_in_an_old_revision_are_left_out_or_named(root: Path) -> None:
    (root / "benchmarks/raw").symlink_to("/mnt/data/outcomes")
    (root / "samples/up").symlink_to("../../elsewhere")
    commit(root, "Links")
    with pytest.raises(InputError, match="samples/up"):
        Repository.open(root, "HEAD")
    git(root, "rm", "-q", "samples/up")
    commit(root, "One link less")
    assert Repository.open(root, "HEAD").items()
    assert not (Repository.open(root, "HEAD").root / "benchmarks/raw").exists()


def test_a_revision_is_what_git_means_by_it_and_never_an_option(root: Path) -> None:
    repo = open_git(root)
    git(root, "tag", "-a", "v1", "-m", "One", "HEAD~1")
    assert find_commit(repo, "v1").hexsha == find_commit(repo, ":/Repaired").hexsha == git(root, "rev-parse", "HEAD~1")
    assert find_commit(repo, "@").hexsha == find_commit(repo, "HEAD^{/Rebuilt}").hexsha
    for wrong in ("nonsense", "--all", "-h", "", "HEAD:knowledge", "HEAD~99", "a\nb"):
        with pytest.raises(NotFoundError, match="No revision"):
            find_commit(repo, wrong)


def test_git_errors_that_nothing_else_explains_are_passed_on(root: Path) -> None:
    with pytest.raises(GitError, match=r"git failed: fatal: Needed a single revision"):
        run_git(root, "rev-parse", "--verify", "refs/not-there^{commit}", "--")
