"""The review page in a real browser: chains that a reviewer joins, and statements that a reviewer adds from the source."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.store.proposals import Proposals, ProposedChain, load_proposals, save_proposals
from tests.review.browser import Browser, find_chromium
from tests.review.pages import HOSTILE, PLANTED, decided, select, serving, shown
from tests.reviewworld import CHAINS, SOURCE, add_source, key_of, make_review, many_proposals, proposals, source_text

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium; set PRODA_CHROMIUM to its path")
QUOTE = "A heat pump carries warmth from a cold garden into a warm house"
FIRST, SECOND, THIRD = CHAINS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    """The world without its chains."""
    root = Path(shutil.copytree(made, tmp_path / "toy"))
    save_proposals(root, without_chains())
    return root


@pytest.fixture
def page(root: Path, tmp_path: Path) -> Iterator[Browser]:
    with serving(root) as server, Browser(tmp_path / "browser") as browser:
        browser.open(server.url)
        yield browser
        assert not browser.errors, browser.errors
        assert [url for url in browser.requests if not url.startswith(server.url) and url != "data:,"] == []


def without_chains(text: str = "") -> Proposals:
    return msgspec.structs.replace(proposals(text or source_text()), chains={})


def path_is(page: Browser, *names: str) -> None:
    """Wait until the panel shows this path, by the first words of its triples."""
    page.wait(f"[...document.querySelectorAll('.path li b:first-of-type')].map((b) => b.innerText).join() === '{','.join(names)}'")


def typed(page: Browser, name: str, text: str) -> None:
    page.eval(f"document.querySelector('#card [name={name}]').focus(), document.activeElement.select?.()")
    page.type(text)


def known(page: Browser, name: str, concept: str) -> None:
    """Wait until a field has found its concept, or, with an empty id, that there is none."""
    seen = f"document.querySelector('[name={name}]').closest('.field').querySelector('.new').hidden"
    page.wait(f"document.querySelector('[name={name}]').dataset.id === '{concept}' && {seen} === {'true' if concept else 'false'}")


def test_a_chain_is_joined_by_keyboard_and_accepted(page: Browser, root: Path) -> None:
    page.press("j")
    shown(page, "heat-flow")
    page.press("c")
    path_is(page, "vapour temperature")
    assert "Two more statements are needed." in page.text("#card") and page.eval("document.querySelector('[data-do=join-save]').disabled")
    page.press("Enter")  # too short: nothing is sent
    page.press("2")  # what comes of heat flow: condensation, then comfort
    path_is(page, "vapour temperature", "heat flow")
    assert page.text("mark.current") == proposals(source_text()).statements[key_of("comfort")].evidence.quote
    page.press("Backspace")
    path_is(page, "vapour temperature")
    page.press("3")  # what leads to the vapour temperature
    path_is(page, "compression", "vapour temperature")
    page.press("Backspace")  # the last one that was chosen, at whichever end it is
    path_is(page, "vapour temperature")
    for key in "31":
        page.press(key)
    path_is(page, "compression", "vapour temperature", "heat flow")
    assert "Enter saves it." in page.text("#card")
    page.press("Enter")
    page.wait("document.querySelector('.chain')")
    name = "compression-to-condensation"
    assert load_proposals(root, SOURCE).chains[name].statements == tuple(key_of(n) for n in ("compression", "heat-flow", "condensation"))
    assert f"New chain {name}: how compression leads to condensation." in page.text("#toast")
    assert "joined by a reviewer" in page.text("#chain") and "Explains how compression leads to condensation" in page.text("#chain")
    shown(page, "compression")
    page.press("E")
    page.wait("document.activeElement.name === 'explains'")
    page.eval("document.activeElement.select()")
    page.type("how a heat pump warms a room")
    page.press("Enter")
    page.wait("!document.querySelector('#card form')")
    page.press("A")
    decided(page, 3)
    assert yaml.safe_load((root / f"knowledge/{SOURCE}.yaml").read_text())["chains"][name]["explains"] == "how a heat pump warms a room"
    page.press("u")
    page.press("u")
    page.press("u")
    page.wait("document.querySelector('#undo').disabled")
    assert page.text("#count") == "0 of 10 decided" and load_proposals(root, SOURCE) == without_chains()


def test_keys_that_are_pressed_fast_join_the_chain(page: Browser, root: Path) -> None:
    for key in ("c", "1", "1", "Enter"):
        page.press(key)
    page.wait("document.querySelector('.chain')")
    assert list(load_proposals(root, SOURCE).chains) == ["compression-to-condensation"]


def test_escape_leaves_and_nothing_is_written(page: Browser, root: Path) -> None:
    page.press("c")
    path_is(page, "compression")
    page.press("1")
    page.press("Escape")
    page.wait("!document.querySelector('.join')")
    shown(page, "compression")
    assert load_proposals(root, SOURCE) == without_chains()


def test_a_quote_in_the_source_and_a_click_choose_too(page: Browser, root: Path) -> None:
    page.press("c")
    path_is(page, "compression")
    page.eval(f"document.querySelector('mark[data-key=\"{key_of('defrost')}\"]').click()")
    page.wait("document.querySelector('#toast.shown')")
    assert "does not continue the chain" in page.text("#toast")
    page.eval(f"document.querySelector('mark[data-key=\"{key_of('heat-flow')}\"]').click()")
    path_is(page, "compression", "vapour temperature")
    page.eval("document.querySelector('.candidates button').click()")
    path_is(page, "compression", "vapour temperature", "heat flow")


def test_what_cannot_be_in_a_chain_says_why(page: Browser, root: Path) -> None:
    page.press("r")
    page.wait("document.activeElement.id === 'reason'")
    page.press("6")
    decided(page, 1)
    page.press("k")
    shown(page, "compression")
    page.press("c")
    page.wait("!document.querySelector('#banner').hidden")
    assert "The statement is rejected." in page.text("#banner") and not page.eval("document.querySelector('.join')")


def test_a_refusal_stands_in_the_panel_and_the_path_stays(root: Path, tmp_path: Path) -> None:
    """The chain that the reviewer builds shares two statements with one that there is."""
    found = proposals(source_text())
    save_proposals(root, msgspec.structs.replace(found, chains={FIRST: found.chains[FIRST]}))
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(f"{server.url}#{key_of('heat-flow')}")
        page.press("c")
        page.press("1")
        page.press("1")
        path_is(page, "vapour temperature", "heat flow", "condensation")
        page.press("Enter")
        page.wait("document.querySelector('#card .remarks')")
        assert f"heat flow causes condensation: The one before it leads to it in the chain {FIRST} too" in page.text("#card .remarks")
        path_is(page, "vapour temperature", "heat flow", "condensation")
        page.press("3")  # compression, so that the whole of the other chain is in this one
        page.wait("document.querySelectorAll('.path li').length === 4 || document.querySelectorAll('.candidates button').length")
        before = "[...document.querySelectorAll('.candidates button')].find((b) => b.innerText.includes('compression increases')).click()"
        page.eval(before)
        path_is(page, "compression", "vapour temperature", "heat flow", "condensation")
        page.press("Enter")
        page.wait("!document.querySelector('.join')")
        chains = load_proposals(root, SOURCE).chains
        assert {name: c.status for name, c in chains.items()} == {"compression-to-pressure-drop": "proposed", FIRST: "rejected"}
        assert not page.errors


def test_without_candidates_the_panel_says_so_and_a_statement_is_added_on_the_way(page: Browser, root: Path) -> None:
    for _ in range(9):
        page.press("j")
    shown(page, "comfort")
    page.press("c")
    path_is(page, "heat flow")
    page.press("1")  # vapour temperature causes heat flow, before it
    path_is(page, "vapour temperature", "heat flow")
    assert "What comes of" not in page.text("#card") and "What leads to vapour temperature?" in page.text("#card")
    select(page, QUOTE)
    page.wait("!document.querySelector('#pick').hidden")
    assert page.text("#pick") == "Add a statement\nt"
    page.press("t")
    page.wait("document.activeElement.name === 'object'")
    assert page.eval("document.querySelector('[name=quote]').value") == QUOTE
    assert page.eval("document.querySelector('[name=subject]').value") == "comfort"  # the end of the path
    page.type("house warmth")
    known(page, "object", "")
    assert "There is no concept of this name" in page.text("#card")
    typed(page, "object-definition", "the pleasant temperature of the rooms")
    page.eval("document.querySelector('[name=object-type]').value = 'state'")
    typed(page, "text", "Comfort causes house warmth, because people close their doors.")
    page.press("Enter")
    page.wait("document.querySelector('.join') && document.querySelector('.candidates')")
    path_is(page, "vapour temperature", "heat flow")
    page.press("1")
    path_is(page, "vapour temperature", "heat flow", "comfort")
    page.press("Enter")
    page.wait("document.querySelector('.chain')")
    read = load_proposals(root, SOURCE)
    (added,) = [s for s in read.statements.values() if s.added]
    assert (added.subject, added.object, added.evidence.quote) == ("comfort", "house-warmth", QUOTE)
    assert read.concepts["house-warmth"].type == "state"
    assert list(read.chains) == ["vapour-temperature-to-house-warmth"]


def test_when_nothing_continues_a_chain_it_offers_to_add_a_statement(root: Path, tmp_path: Path) -> None:
    found = without_chains()
    save_proposals(root, msgspec.structs.replace(found, statements={key_of("noise"): found.statements[key_of("noise")]}))
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        page.press("c")
        page.wait("document.querySelector('.nothing')")
        assert "No other statement of this source starts at noise or ends at compression." in page.text("#card")
        page.eval("document.querySelector('.join [data-do=add]').click()")  # without a selection the passage is typed
        page.wait("document.activeElement.name === 'quote'")
        page.press("Escape")
        page.wait("document.querySelector('.join')")
        page.press("Escape")
        page.wait("!document.querySelector('.join')")
        assert not page.errors


def test_a_statement_is_added_by_keyboard_from_a_selection_and_then_edited_like_any_other(page: Browser, root: Path) -> None:
    select(page, "carries warmth from a cold garden into a warm house — 𝛥 of some thirty kelvin")
    page.press("t")
    page.wait("document.activeElement.name === 'subject'")
    assert page.eval("CSS.highlights.has('passage')")
    page.type("heat")
    page.wait("!document.querySelector('#subject-options').hidden")
    assert page.eval("[...document.querySelectorAll('#subject-options b')].map((b) => b.innerText).join()").startswith("heat flow")
    page.press("ArrowDown")
    assert page.eval("document.activeElement.getAttribute('aria-activedescendant')") == "subject-0"
    page.press("Enter")
    known(page, "subject", "heat-flow")
    assert page.eval("document.querySelector('[name=subject]').value") == "heat flow" and page.eval(
        "document.querySelector('#subject-options').hidden"
    )
    typed(page, "object", "Air  flow")  # a name that is typed in full needs no list
    known(page, "object", "air-flow")
    page.eval("document.querySelector('[name=relation]').value = 'increases'")
    typed(page, "text", "The heat flow increases air flow, because warm air rises.")
    page.press("Enter")
    page.wait("!document.querySelector('#card form')")
    (key,) = [k for k, s in load_proposals(root, SOURCE).statements.items() if s.added]
    page.wait(f"location.hash === '#{key}'")
    assert "added by a reviewer" in page.text("#card") and page.text("#count") == "0 of 11 decided"
    assert page.text("mark.current") == "carries warmth from a cold garden into a warm house — 𝛥 of some thirty kelvin"
    assert not page.eval("CSS.highlights.has('passage')")
    page.press("e")
    page.wait("document.activeElement.name === 'text'")
    page.press("Escape")
    page.press("u")
    page.wait("document.querySelector('#count').innerText === '0 of 10 decided'")
    assert page.text("#text p").startswith(QUOTE) and not page.eval(f"document.querySelector('mark[data-key=\"{key}\"]')")


def test_a_selection_over_two_paragraphs_or_a_page_number_is_refused(page: Browser, root: Path) -> None:
    select(page, "a warm house", "How one works")
    page.press("t")
    page.wait("!document.querySelector('#banner').hidden")
    assert "more than one paragraph" in page.text("#banner") and not page.eval("document.querySelector('.add')")
    select(page, "page 1")
    page.press("t")
    page.wait("document.querySelector('#banner').innerText.includes('page number')")
    # A third click selects up to the start of the next paragraph.
    page.eval(
        "(([one, two]) => getSelection().setBaseAndExtent(one.firstChild, 0, two, 0))"
        "([...document.querySelectorAll('#text h3')].slice(0, 1).flatMap((h) => [h, h.nextElementSibling]))"
    )
    page.press("t")
    page.wait("document.querySelector('.add')")
    assert page.eval("document.querySelector('[name=quote]').value") == "How one works"


def test_what_is_wrong_stands_beside_its_field_and_the_draft_stays(page: Browser, root: Path) -> None:
    select(page, "carries warmth")
    page.press("t")
    page.wait("document.querySelector('.add')")
    typed(page, "subject", "heat flow")
    typed(page, "object", "house warmth")
    known(page, "object", "")
    page.eval("document.querySelector('details summary').click()")
    typed(page, "object_as", "it\u202e")
    page.eval("document.querySelector('[name=text]').focus()")
    page.press("Enter")
    page.wait("document.querySelector('.add .remarks')")
    near = "document.querySelector('[name={}]').closest('{}').innerText"
    assert "The quote has 2 words" in page.eval(near.format("quote", ".field"))
    assert "Empty, expected text." in page.eval(near.format("object", ".field"))  # the definition
    assert "U+202E" in page.eval(near.format("object_as", ".field"))
    assert page.eval("document.querySelector('details').open")
    assert page.eval("document.querySelector('[name=subject]').value") == "heat flow"
    typed(page, "quote", QUOTE)
    typed(page, "object_as", "")
    page.eval("document.activeElement.value = ''")
    typed(page, "object-definition", "the pleasant temperature of the rooms")
    page.press("Enter")
    page.wait("!document.querySelector('#card form')")
    assert [s.object for s in load_proposals(root, SOURCE).statements.values() if s.added] == ["house-warmth"]
    assert len(page.refusals) == 1


def test_a_draft_survives_a_look_at_another_statement(page: Browser, root: Path) -> None:
    page.press("t")
    page.wait("document.activeElement.name === 'quote'")
    page.type("typed by hand")
    page.eval(f"document.querySelector('mark[data-key=\"{key_of('noise')}\"]').click()")
    shown(page, "noise")
    assert not page.eval("document.querySelector('.add')")
    select(page, QUOTE)
    page.press("t")
    page.wait("document.querySelector('.add')")
    assert page.eval("document.querySelector('[name=quote]').value") == QUOTE
    page.press("Escape")
    page.press("t")
    page.wait("document.querySelector('.add')")


def test_more_candidates_than_digits_are_shown_in_turn(root: Path, tmp_path: Path) -> None:
    source = many_proposals(root, 48)
    found = load_proposals(root, source)
    statements = {
        k: msgspec.structs.replace(s, subject="thing-0-1") if not s.subject.startswith("thing-0-") else s
        for k, s in found.statements.items()
    }
    save_proposals(root, msgspec.structs.replace(found, statements=statements, chains={}))
    with serving(root, source) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        page.press("c")
        page.wait("document.querySelector('[data-do=join-more]')")
        digit = "[...document.querySelectorAll('.candidates button')].findIndex((b) => b.querySelector('kbd')?.innerText === '1')"
        assert page.eval(digit) == 0 and page.eval("document.querySelectorAll('.candidates kbd').length") == 9
        page.press("0")
        page.wait(f"{digit} === 9")
        page.press("2")
        page.wait("document.querySelectorAll('.path li').length === 2")
        assert not page.errors


def test_what_a_document_plants_stays_text_in_the_panel_the_form_and_the_list(root: Path, tmp_path: Path) -> None:
    text = source_text(extra=f"\n{HOSTILE} is what the page says.\n")
    add_source(root, text)
    found = without_chains(text)
    statements = {k: msgspec.structs.replace(s, text=f"{HOSTILE} {n}") for n, (k, s) in enumerate(found.statements.items())}
    concepts = {
        n: msgspec.structs.replace(c, term=f"{c.term} {HOSTILE}", definition=HOSTILE) if n in ("compression", "heat-flow") else c
        for n, c in found.concepts.items()
    }
    save_proposals(root, msgspec.structs.replace(found, statements=statements, concepts=concepts))
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        before = page.eval("document.querySelectorAll('script, img, svg, style, iframe, a').length")
        page.press("c")
        page.press("1")
        page.wait("document.querySelectorAll('.path li').length === 2")
        for part in (".path", ".candidates"):
            assert PLANTED[0] in page.text(part) and "{{7*7}}" in page.text(part), part
        select(page, f"{HOSTILE} is what the page says.")
        page.press("t")
        page.wait("document.activeElement.name === 'object'")
        assert page.eval("document.querySelector('[name=quote]').value") == f"{HOSTILE} is what the page says."
        page.type("compression")
        page.wait("!document.querySelector('#object-options').hidden")
        assert PLANTED[0] in page.text("#object-options") and "{{7*7}}" in page.text("#object-options")
        page.eval("document.activeElement.select()")
        page.type(f"{HOSTILE} new")
        known(page, "object", "")
        typed(page, "object-definition", HOSTILE)
        typed(page, "text", HOSTILE)
        page.press("Enter")
        page.wait("document.querySelector('.join')")
        (added,) = [s for s in load_proposals(root, SOURCE).statements.values() if s.added]
        assert added.text == HOSTILE and added.evidence.quote == f"{HOSTILE} is what the page says."
        assert page.eval("document.querySelectorAll('script, img, svg, style, iframe, a').length") == before
        assert page.eval("window.planted === undefined") and not page.errors
        assert all(url.startswith((server.url, "data:,")) for url in page.requests)


def test_a_character_that_cannot_be_seen_counts_as_one_in_a_selection(root: Path, tmp_path: Path) -> None:
    text = source_text(extra="\nThe soft\u00adware of the pump starts it at dawn.\n")
    add_source(root, text)
    save_proposals(root, without_chains(text))
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        select(page, "of the pump starts it")  # behind the character
        page.press("t")
        page.wait("document.querySelector('.add')")
        assert page.eval("document.querySelector('[name=quote]').value") == "of the pump starts it"
        assert not page.errors


def test_the_phone_shows_both_forms_without_sideways_scrolling(root: Path, tmp_path: Path) -> None:
    with serving(root) as server, Browser(tmp_path / "browser", width=390, height=844, phone=True) as page:
        page.open(server.url)
        page.eval("document.querySelector('#actions [data-do=join]').click()")
        page.wait("document.querySelector('.join')")
        assert page.eval("document.documentElement.scrollWidth <= innerWidth")
        page.eval("document.querySelector('.candidates button').click()")
        page.wait("document.querySelectorAll('.path li').length === 2")
        select(page, QUOTE)
        page.wait("!document.querySelector('#pick').hidden")
        inside = "(b => b.left >= 0 && b.right <= innerWidth)(document.querySelector('#pick').getBoundingClientRect())"
        assert page.eval(inside)
        page.eval("document.querySelector('#pick').click()")
        page.wait("document.querySelector('.add')")
        assert page.eval("document.documentElement.scrollWidth <= innerWidth") and not page.errors


def test_a_chain_of_accepted_statements_is_written_when_it_is_joined(root: Path, tmp_path: Path) -> None:
    found = proposals(source_text())
    accepted = {k: msgspec.structs.replace(s, status="accepted") for k, s in found.statements.items()}
    other = {"another": ProposedChain("something else", tuple(map(key_of, ("ice", "airflow", "defrost"))))}
    save_proposals(root, msgspec.structs.replace(found, statements=accepted, chains=other))
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(f"{server.url}#{key_of('compression')}")
        for key in ("c", "1", "1", "Enter"):
            page.press(key)
        page.wait("document.querySelector('#toast.shown')")
        assert f"Written to knowledge/{SOURCE}.yaml: compression-to-condensation." in page.text("#toast")
        assert "in the knowledge" in page.text("#chain") and not page.errors
