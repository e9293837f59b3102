"""`proda show` on a real repository, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import proda
from proda.cli.main import cli
from proda.errors import NotFoundError
from tests.toyresults import make_results
from tests.toyworld import make_repository


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_results(make_repository(tmp_path_factory.mktemp("show"), git=False))


def shown(root: Path, *args: str) -> str:
    done = CliRunner().invoke(cli, ["show", "--root", str(root), *args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def item_of(root: Path, split: str) -> str:
    data = json.loads(shown(root, "lighting/oil-feeds-flame", "--json"))
    return next(str(link["id"]) for link in data["leads_to"]["items"] if f":{split}-path" in link["id"])


def test_a_concept_shows_its_definition_first_then_both_directions(root: Path) -> None:
    lines = shown(root, "milling/flour").splitlines()
    assert lines[0].startswith("concept  milling/flour") and "flour: the" in lines[1]
    assert lines.index("comes from") < lines.index("leads to")


def test_a_chain_shows_each_step_with_its_evidence_and_source(root: Path) -> None:
    text = shown(root, "milling/wind-grinds-grain")
    assert "  1  Wind causes sail rotation in the valley." in text
    assert "“Wind causes sail rotation in the valley.” milling/milling-notes[" in text
    assert "how wind grinds grain" in text


def test_an_item_shows_options_reasons_and_who_chose_what(root: Path) -> None:
    name = item_of(root, "dev")
    text = shown(root, name)
    item = next(i for i in proda.open(root).items("dev") if i.id == name)
    reasons = [o.wrong_because for o in item.options if o.operator]
    assert "✓" in text and all(" ".join(reason.split()[:4]) in text for reason in reasons)
    assert "chosen by seed-0, seed-1" in text and "chosen by base" in text
    assert "right: chose" in text and "margin -0.125" in text


def test_a_sample_shows_prompt_completion_and_the_items_that_rest_on_it(root: Path) -> None:
    data = json.loads(shown(root, "milling/wind-grinds-grain.s1", "--json"))
    sample = data["leads_to"]["samples"][0]
    text = shown(root, sample["id"])
    assert "Question: " in text and "Answer:" in text and "items" in text
    assert "samples/corpus/milling/milling-basics.yaml" in sample["note"]


def test_all_lists_what_is_otherwise_cut(root: Path) -> None:
    assert "more (--all)" in shown(root, "milling/flour")
    assert "more (--all)" not in shown(root, "milling/flour", "--all")
    data = json.loads(shown(root, "milling/flour", "--json"))
    every = shown(root, "milling/flour", "--all")
    assert all(link["id"] in every for links in data["leads_to"].values() for link in links)


def test_reading_only_files_that_name_the_id_loses_nothing(root: Path) -> None:
    import proda
    from proda.cli.show import gather
    from proda.history.lineage import Lineage

    repo = proda.open(str(root))
    whole = Lineage(repo.knowledge, repo.samples, repo.items(), repo.outcomes())
    some = [*repo.knowledge.concepts, *repo.knowledge.statements, *repo.knowledge.chains, *list(whole.samples)[::7], *whole.items]
    for thing in some:
        part = gather(repo, thing)
        whole.files = part.files
        assert part.trace(thing).leads_to == whole.trace(thing).leads_to, thing
        assert part.trace(thing).comes_from == whole.trace(thing).comes_from, thing


def test_an_unknown_id_offers_three_and_fails(root: Path) -> None:
    with pytest.raises(NotFoundError, match="Closest: milling/flour, ") as caught:
        shown(root, "milling/fluor")
    assert caught.value.exit_code == 1 and str(caught.value).partition("Closest")[2].count(",") == 2


def test_off_a_terminal_there_is_no_colour(root: Path) -> None:
    text = shown(root, "milling/flour")
    assert text == click.unstyle(text)


def test_it_shows_without_loading_a_model_library_or_pandas(root: Path) -> None:
    heavy = ("torch", "transformers", "peft", "mlflow", "pandas", "git", "jinja2")
    code = f"""
import sys
sys.argv = ["proda", "show", "milling/flour", "--root", {str(root)!r}]
from proda.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("concept") and done.stdout.splitlines()[-1] == "[]"
    # The exit status as a shell sees it.
    code = f"import sys; sys.argv = ['proda', 'show', 'no/such', '--root', {str(root)!r}]; from proda.cli.main import main; main()"
    missing = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert missing.returncode == 1 and not missing.stdout and "Closest:" in missing.stderr
