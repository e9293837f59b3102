"""`proda review` on the command line: lists, decisions, commits, and the page's address."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from proda.store.proposals import load_proposals, proposals_path, save_proposals
from tests.killing import interruptible
from tests.reviewworld import CHAINS, SENTENCES, SOURCE, key_of, make_review, proposals, source_text, with_statement

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main", "review"]
FIRST, SECOND, THIRD = CHAINS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_review(tmp_path_factory.mktemp("made"), git=True)
    for name, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
        subprocess.run(["git", "config", name, value], cwd=root, check=True)
    return root


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "toy"))


def run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], cwd=root, capture_output=True, text=True, check=False)


def test_the_list_counts_sources_and_shows_keys(root: Path) -> None:
    assert run(root, "--list").stdout == f"{SOURCE}  0 of 10 decided, 0 of 3 chains accepted\n"
    (row,) = json.loads(run(root, "--list", "--json").stdout)
    assert (row["source"], row["total"], row["chains"]) == (SOURCE, 10, 3)
    text = run(root, SOURCE, "--list").stdout
    assert f"○ {FIRST}\n  ○ {key_of('compression')}  Compression increases" in text and "in no chain\n" in text
    (row,) = json.loads(run(root, SOURCE, "--list", "--json").stdout)
    assert {s["key"] for s in row["entries"]["statements"]} == set(proposals(source_text()).statements)


def test_a_concept_that_no_statement_names_is_listed_and_neither_written_nor_in_the_way(root: Path) -> None:
    section = "\nconcepts that no statement names\n  rime: white ice that grows on cold metal in moist air\n"
    assert run(root, SOURCE, "--list").stdout.endswith(section)
    others = f"{key_of('noise')},{key_of('comfort')}"
    assert run(root, SOURCE, "--accept-all", "--reject", others, "--reason", "beside the point").returncode == 0
    assert run(root, SOURCE, "--list").stdout.startswith(f"{SOURCE}  10 of 10 decided, 3 of 3 chains accepted\n")
    assert run(root, SOURCE, "--list").stdout.endswith(section)
    assert "rime" not in (root / f"knowledge/{SOURCE}.yaml").read_text() and run(root, "--list").returncode == 0
    assert subprocess.run([*COMMAND[:-1], "check"], cwd=root, capture_output=True, check=False).returncode == 0


def test_what_a_terminal_would_obey_is_printed_as_an_escape(root: Path) -> None:
    found = proposals(source_text())
    chain = found.chains.pop(FIRST)
    save_proposals(root, type(found)(**{f: getattr(found, f) for f in found.__struct_fields__} | {"chains": {"a\tb": chain}}))
    assert "a\\x09b" in run(root, SOURCE, "--list").stdout


def test_decisions_and_a_commit_in_one_call(root: Path) -> None:
    done = run(
        root,
        "--accept",
        FIRST,
        "--accept",
        f"{key_of('pressure-drop')},{key_of('evaporation')}",
        "--reject",
        key_of("noise"),
        "--reason",
        "no",
        "--commit",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"knowledge/{SOURCE}.yaml  {FIRST}\n"
    assert "6 of 10 decided" in done.stderr and "Committed" in done.stderr
    subject = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert subject == f"Review {SOURCE}: 1 chain, 5 statements accepted, 1 statement rejected\n"
    again = run(root, SOURCE, "--commit", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["commit"] is None and "Nothing to commit" in again.stderr


def test_accept_all_writes_what_it_can_and_names_the_rest(root: Path) -> None:
    done = run(root, "--accept-all", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["chains"] == sorted(CHAINS) and len(document["left_out"]) == 2
    check = subprocess.run([*COMMAND[:-1], "check"], cwd=root, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_a_drafted_definition_is_listed_and_warned_of_when_it_enters_the_knowledge(root: Path) -> None:
    drafts = "\ndrafted definitions, to be rewritten\n  air flow: the movement of outdoor air between the fins\n  comfort: "
    assert drafts in run(root, SOURCE, "--list").stdout
    assert "drafted" not in run(root, SOURCE, "--accept", FIRST).stderr
    done = run(root, SOURCE, "--accept-all", "--json")
    assert json.loads(done.stdout)["drafted"] == {"air flow": "the movement of outdoor air between the fins"}
    assert "1 definition was drafted from a statement, because the source gives none." in done.stderr
    assert f" Rewrite it in knowledge/{SOURCE}.yaml:\n" in done.stderr
    assert "\n  air flow: the movement of outdoor air between the fins\n" in done.stderr
    assert "drafted" not in run(root, SOURCE, "--accept-all").stderr, "it was warned of once"


def test_accept_all_without_a_source_takes_every_source_with_something_undecided(root: Path) -> None:
    other = type(found := proposals(source_text()))("energy/boilers", found.sha256, found.backend)
    save_proposals(root, other)
    done = run(root, "--accept-all", "--json")
    assert done.returncode == 0, done.stderr
    assert [document["source"] for document in json.loads(done.stdout)] == [SOURCE]
    assert (root / f"knowledge/{SOURCE}.yaml").is_file()
    assert run(root, "--accept-all", "--reject", "x", "--reason", "no").returncode == 2, "a decision about one needs its source"


def test_a_reason_that_several_statements_share_is_printed_once(root: Path) -> None:
    done = run(root, SOURCE, "--accept-all")
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("left out"))
    assert line.startswith("left out, 2 ×: in no accepted chain. A statement without a chain")
    assert done.stderr.count("in no accepted chain") == 1
    for name in ("noise", "comfort"):
        assert re.search(rf"^  {key_of(name)}: energy/{name}", done.stderr, re.MULTILINE), done.stderr


def test_a_refused_decision_is_exit_1_with_the_findings_and_nothing_written(root: Path) -> None:
    with_statement(root, "heat-flow", subject_as="it")
    done = run(root, SOURCE, "--accept", FIRST)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"{key_of('heat-flow')} subject_as: 'it' does not name the concept" in done.stderr
    assert not (root / f"knowledge/{SOURCE}.yaml").exists()
    assert load_proposals(root, SOURCE).chains[FIRST].status == "proposed"


ADDED = f"""\
- quote: A heat pump carries warmth from a cold garden into a warm house
  subject: condensation
  relation: increases
  object: house warmth
  text: Condensation increases house warmth, because the vapour gives its heat to the rooms.
  concepts:
    - {{term: house warmth, type: state, definition: the pleasant temperature of the rooms}}
- quote: {SENTENCES["comfort"]}
  subject: house warmth
  relation: causes
  object: comfort
  text: House warmth causes comfort, because nobody shivers.
"""


def test_statements_are_added_joined_and_accepted(root: Path) -> None:
    (root / "more.yaml").write_text(ADDED)
    done = run(root, "--add", "more.yaml")
    assert done.returncode == 0, done.stderr
    rows = [line.split("  ", 2) for line in done.stdout.splitlines()]
    assert [(place, text[:12]) for place, _, text in rows] == [
        (proposals_path(SOURCE), "Condensation"),
        (proposals_path(SOURCE), "House warmth"),
    ]
    keys = f"{key_of('condensation')},{rows[0][1]}, {rows[1][1]}"
    joined = run(root, "--join", keys, "--explains", "how the coil pleases people")
    assert joined.returncode == 0, joined.stderr
    assert joined.stdout == f"{proposals_path(SOURCE)}  heat-flow-to-comfort  how the coil pleases people\n"
    assert f"Next: `proda review {SOURCE} --accept heat-flow-to-comfort`." in joined.stderr
    assert "already" in run(root, "--join", keys).stderr
    done = run(root, "--accept", "heat-flow-to-comfort")
    assert done.returncode == 0 and done.stdout == f"knowledge/{SOURCE}.yaml  heat-flow-to-comfort\n", done.stderr
    check = subprocess.run([*COMMAND[:-1], "check"], cwd=root, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_a_chain_is_joined_and_accepted_in_one_call_and_told_as_json(root: Path) -> None:
    keys = ",".join(key_of(n) for n in ("pressure-drop", "evaporation", "ice", "airflow"))
    done = run(root, "--reject", f"{SECOND},{THIRD}", "--reason", "too long", "--reopen", keys, "--join", keys,
               "--accept", "condensation-to-air-flow", "--json")  # fmt: skip
    document = json.loads(done.stdout)
    assert done.returncode == 0 and document["joined"] == document["chains"] == ["condensation-to-air-flow"] and document["added"] == []


def test_what_is_refused_is_named_with_its_statement_and_leaves_everything(root: Path) -> None:
    before = (root / proposals_path(SOURCE)).read_bytes()
    done = run(root, "--join", f"{key_of('compression')},{key_of('evaporation')},{key_of('ice')}")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert (
        f"{key_of('evaporation')}: It starts at 'pressure drop', but {key_of('compression')} ends at 'vapour temperature'." in done.stderr
    )
    bad = ADDED.replace("from a cold garden", "from a chilly garden").replace("relation: causes", "relations: causes")
    bad += "- 3\n- {quote: the fins are cold, subject: x, relation: causes, object: y, text: X causes y.}\n"
    (root / "more.yaml").write_text(bad)
    done = run(root, "--add", "more.yaml")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("more.yaml")] == [
        "more.yaml:1  [0].quote", "more.yaml:8  [1]", "more.yaml:13  [2]", "more.yaml:14  [3]",
    ]  # fmt: skip
    assert "'relations' is not a known key here. Closest: 'relation'" in done.stderr and "relation: " not in done.stderr.split("[3]")[0]
    assert "quote: The quote is not in the source" in done.stderr and "subject: 'x' is no concept" in done.stderr
    assert (root / proposals_path(SOURCE)).read_bytes() == before
    for text, said in (
        ("", "Got nothing, expected a list"),
        ("[]", "an empty list"),
        ("statements: []", "Got keys and values"),
        ("- [", "more.yaml"),
    ):
        (root / "more.yaml").write_text(text)
        done = run(root, "--add", "more.yaml")
        assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--reject", "x"), 2, "--reject needs --reason"),
        (("--reason", "x"), 2, "--reason is for --reject"),
        (("--accept-all", "--accept", "x"), 2, "leave out --accept"),
        (("--list", "--commit"), 2, "--list decides nothing"),
        (("--list", "--join", "a,b,c"), 2, "--list decides nothing"),
        (("--explains", "how"), 2, "--explains is for one chain"),
        (("--explains", "how", "--join", "a,b,c", "--join", "d,e,f"), 2, "--explains is for one chain"),
        (("--join", "a,b"), 1, "Got 2 statements, expected 3 to 6"),
        (("--add", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("--json",), 2, "--json needs"),
        (("--accept", "nothing"), 1, "There is no statement 'nothing'"),
        (("energy/other", "--accept", "x"), 1, "proda extract energy/other"),
        (("energy/../x", "--accept", "x"), 2, "expected DISCIPLINE/TOPIC"),
        (("energy/../x", "--list"), 2, "expected DISCIPLINE/TOPIC"),
        (("--port", "70000"), 2, "70000"),
    ],
)
def test_a_wrong_call_says_what_to_do(root: Path, args: tuple[str, ...], code: int, said: str) -> None:
    done = run(root, *args)
    assert done.returncode == code and said in done.stderr and "Traceback" not in done.stderr


def test_without_proposals_it_says_what_to_run(root: Path) -> None:
    shutil.rmtree(root / "proposals")
    assert run(root, "--list").returncode == 0
    done = run(root, "--no-browser")
    assert done.returncode == 1 and "proda extract" in done.stderr


def test_the_page_is_served_until_it_is_interrupted(root: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--no-browser"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,  # noqa: PLW1509
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", url)
        with urllib.request.urlopen(url) as page:
            assert b"<title>Review</title>" in page.read()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url[:-3] + "/")
        assert refused.value.code == 403
        port = url.split("/")[2].rpartition(":")[2]
        taken = run(root, "--no-browser", "--port", port)
        assert taken.returncode == 2 and "Choose another" in taken.stderr
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0 and "Stopped." in said and "Traceback" not in said
    finally:
        process.kill()
        process.communicate()
