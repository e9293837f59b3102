"""`proda show` of links, their statements, and what has links and cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from proda.cli.main import cli
from proda.knowledge.fix import fix_knowledge
from tests.toyworld import LINKED, make_repository

TEXT = "At night, a long wick increases lamp reach."


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy world with a link and a case."""
    root = make_repository(tmp_path_factory.mktemp("links"), git=False)
    with (root / "knowledge/lighting/lighting-basics.yaml").open("a") as file:
        file.write(LINKED)
    fix_knowledge(root)
    return root


def show(root: Path, *arguments: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(cli, ["show", *arguments, "--root", str(root)], env={"COLUMNS": "110"})
    assert done.exit_code == 0, done.output
    return done.output


def test_a_link_shows_its_statement_with_conditions_its_evidence_and_its_reference(root: Path) -> None:
    text = show(root, "wick-widens-reach")
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "link  lighting/wick-widens-reach"
    assert lines[1:3] == [TEXT, "at night, a long wick increases lamp reach"]
    assert "“People in the valley often speak of wick.” lighting/lighting-notes[465:506]" in text
    assert "see Miller, Lamps (1901)" in lines
    assert "lighting/wick-widens-reach.s1" in text and "lighting/lamp-reach" in text
    assert "lighting/a-trimmed-wick" in text.partition("leads to")[2]


def test_the_statement_of_a_link_leads_to_it(root: Path) -> None:
    text = show(root, "lighting/wick-widens-reach.s1")
    assert text.startswith(f"statement  lighting/wick-widens-reach.s1\n  {TEXT}\n  at night, a long wick increases lamp reach\n")
    assert f"lighting/wick-widens-reach  link  {TEXT}" in " ".join(text.split()).replace(" link ", "  link  ")


def test_a_concept_says_which_links_it_is_on(root: Path) -> None:
    leads = json.loads(show(root, "lighting/lamp-reach", "--json"))["leads_to"]
    assert {link["id"]: link.get("note", "") for link in leads["chains"]} == {
        "lighting/soot-dims-glass": "",
        "lighting/wick-widens-reach": "link",
    }


def test_a_topic_and_a_discipline_count_links_and_cases_and_a_topic_lists_them(root: Path) -> None:
    text = show(root, "topic:lighting/lighting-basics")
    assert "2 chains, 1 link, 1 case, 8 statements" in " ".join(text.split())
    data = json.loads(show(root, "topic:lighting/lighting-basics", "--json"))
    assert (data["chains"], data["links"], data["cases"], data["statements"]) == (2, 1, 1, 8)
    leads = data["leads_to"]
    assert [link["id"] for link in leads["chains"]] == ["lighting/oil-feeds-flame", "lighting/soot-dims-glass"]
    assert [(link["id"], link["text"]) for link in leads["links"]] == [("lighting/wick-widens-reach", TEXT)]
    assert [(link["id"], link["text"], link["note"]) for link in leads["cases"]] == [
        ("lighting/a-trimmed-wick", "What happens to the light?", "2 situations, on lighting/soot-dims-glass")
    ]
    assert "2 chains, 1 link, 1 case" in show(root, "discipline:lighting")
    plain = show(root, "discipline:milling")
    assert "link" not in plain and "case" not in plain


def test_a_chain_leads_to_its_cases_and_to_those_whose_options_break_it(root: Path) -> None:
    for chain in ("lighting/soot-dims-glass", "milling/frost-halts-mill"):
        cases = json.loads(show(root, chain, "--json"))["leads_to"]["cases"]
        assert [link["id"] for link in cases] == ["lighting/a-trimmed-wick"]
    assert "cases" not in json.loads(show(root, "milling/wind-grinds-grain", "--json"))["leads_to"]
