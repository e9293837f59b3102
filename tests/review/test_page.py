"""The review page in a real browser: a review by keyboard is written to files, and markup in documents is shown as text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from proda.store.proposals import load_proposals, proposals_path, save_proposals
from tests.review.browser import Browser, find_chromium
from tests.review.pages import HOSTILE, PLANTED, decided, serving, shown
from tests.reviewworld import CHAINS, SOURCE, add_source, key_of, make_review, many_proposals, proposals, source_text, with_statement

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium; set PRODA_CHROMIUM to its path")
FIRST, SECOND, THIRD = CHAINS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_review(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(tmp_path: Path, made: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "toy"))


@pytest.fixture
def page(root: Path, tmp_path: Path) -> Iterator[Browser]:
    with serving(root) as server, Browser(tmp_path / "browser") as browser:
        browser.open(server.url)
        yield browser
        assert not browser.errors, browser.errors
        assert [url for url in browser.requests if not url.startswith(server.url) and url != "data:,"] == []


def test_a_review_by_keyboard(page: Browser, root: Path) -> None:
    """Accept three, reject one with a reason, edit one."""
    assert page.text("#count") == "0 of 10 decided" and "compression" in page.text("#card h2")
    page.press("a")
    shown(page, "heat-flow")
    page.press("a")
    shown(page, "condensation")
    page.press("a")
    shown(page, "pressure-drop")
    assert "Written to knowledge/energy/heat-pumps.yaml" in page.text("#toast")
    chain = yaml.safe_load((root / f"knowledge/{SOURCE}.yaml").read_text())["chains"][FIRST]
    assert [step["id"] for step in chain["steps"]] == ["s1", "s2", "s3"]
    page.press("r")
    page.wait("document.activeElement.id === 'reason'")
    page.press("Enter")
    assert page.eval("document.querySelector('#reject').open")  # no reason, no rejection
    page.type("the valve is a detail")
    page.press("Enter")
    decided(page, 4)
    shown(page, "evaporation")
    page.press("e")
    page.wait("document.activeElement.name === 'text'")
    page.eval("document.activeElement.select()")
    page.type("The pressure drop triggers evaporation, because the liquid boils when the pressure falls.")
    page.press("Enter")
    page.wait("!document.querySelector('#card form')")
    read = load_proposals(root, SOURCE)
    assert read.statements[key_of("pressure-drop")].status == "rejected"
    assert read.statements[key_of("pressure-drop")].reason == "the valve is a detail"
    assert read.statements[key_of("evaporation")].text.endswith("because the liquid boils when the pressure falls.")
    assert sum(s.status == "accepted" for s in read.statements.values()) == 3


def test_keys_that_are_pressed_fast_are_all_carried_out(page: Browser, root: Path) -> None:
    for key in "aaa":
        page.press(key)
    decided(page, 3)
    page.press("u")
    page.press("u")
    decided(page, 1)
    assert not (root / f"knowledge/{SOURCE}.yaml").exists()
    assert [k for k, s in load_proposals(root, SOURCE).statements.items() if s.status == "accepted"] == [key_of("compression")]


def test_a_whole_chain_is_accepted_and_moving_search_and_help_need_no_mouse(page: Browser, root: Path) -> None:
    page.press("j")
    page.press("j")
    shown(page, "condensation")
    page.press("k")
    shown(page, "heat-flow")
    page.press("A")
    shown(page, "pressure-drop")
    assert load_proposals(root, SOURCE).chains[FIRST].status == "accepted"
    page.press("k")
    shown(page, "condensation")
    page.press("n")
    shown(page, "pressure-drop")
    page.press("/")
    page.type("rime")
    page.wait("document.querySelector('#unnamed').textContent.startsWith('Concepts that no statement names: rime.')")
    page.eval("document.querySelector('#words').select()")
    page.type("defrost cycle")
    page.wait("document.querySelectorAll('#hits li').length === 1")
    page.press("Enter")
    shown(page, "defrost")
    page.press("?")
    assert page.eval("document.querySelector('#help').open")
    page.press("Escape")
    page.press("r")
    page.press("3")  # the third of the reasons that are offered
    decided(page, 4)
    assert load_proposals(root, SOURCE).statements[key_of("defrost")].reason == "wrong way round"


def test_the_quote_is_marked_and_in_view_with_the_position_in_the_chain(page: Browser) -> None:
    for name in ("compression", "heat-flow", "condensation", "pressure-drop"):
        shown(page, name)
        statement = proposals(source_text()).statements[key_of(name)]
        assert page.eval("[...document.querySelectorAll('mark.current')].map(m => m.textContent).join('')") == statement.evidence.quote
        inside = "(b => b.top >= 0 && b.bottom <= innerHeight)(document.querySelector('mark.current').getBoundingClientRect())"
        assert page.eval(inside)
        page.press("j")
    page.press("k")
    shown(page, "pressure-drop")
    assert "Statement 2 of 4 of a chain" in page.text("#card") and page.text("#chain li.current").splitlines() == [
        "○",
        "condensation enables pressure drop",
    ]
    assert "page 2, “Frost & noise”" in page.text("#card figcaption")


def test_a_refusal_stands_beside_its_field_and_can_be_mended_there(root: Path, tmp_path: Path) -> None:
    with_statement(root, "compression", subject_as="it")
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        page.press("a")
        page.wait("!document.querySelector('#banner').hidden")
        assert "does not name the concept" in page.text("#card .remarks") and "subject_as" in page.text("#card .remarks")
        assert page.text("#count") == "0 of 10 decided"
        page.press("e")
        page.wait("document.querySelector('#card [name=subject_as]')")
        assert "does not name the concept" in page.eval("document.querySelector('#card [name=subject_as]').closest('.field').innerText")
        page.eval("document.querySelector('#card [name=subject_as]').focus(), document.activeElement.select()")
        page.type("fast compression")
        page.press("Enter", ctrl=True)
        shown(page, "heat-flow")
        statement = load_proposals(root, SOURCE).statements[key_of("compression")]
        assert (statement.status, statement.subject_as) == ("accepted", "fast compression")
        assert not page.errors and len(page.refusals) == 1


def test_a_conflict_is_told_nothing_is_lost_and_the_draft_stays(root: Path, tmp_path: Path) -> None:
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        page.press("e")
        page.wait("document.activeElement.name === 'text'")
        page.eval("document.activeElement.select()")
        page.type("Compression increases the vapour temperature, as work becomes heat.")
        path = root / proposals_path(SOURCE)
        path.write_text(path.read_text().replace("explains: how a heat pump warms a room", "explains: how it warms a hall"))
        page.press("Enter")
        page.wait("!document.querySelector('#banner').hidden")
        assert "Nothing was written" in page.text("#banner") and "how it warms a hall" in page.text("#chain")
        assert page.eval("document.querySelector('#card [name=text]').value").endswith("as work becomes heat.")
        assert load_proposals(root, SOURCE).statements[key_of("compression")].text.endswith("stays in it.")
        page.eval("document.querySelector('#card [name=text]').focus()")
        page.press("Enter")
        page.wait("!document.querySelector('#card form')")
        read = load_proposals(root, SOURCE)
        assert read.statements[key_of("compression")].text.endswith("as work becomes heat.")
        assert read.chains[FIRST].explains == "how it warms a hall"
        assert not page.errors


def test_what_a_document_plants_is_shown_as_text_and_does_nothing(root: Path, tmp_path: Path) -> None:
    text = source_text(extra=f"\n## {HOSTILE}\n\n{HOSTILE} is what the page says.\n")
    add_source(root, text)
    found = proposals(text)
    quote = f"{HOSTILE} is what the page says."
    evidence = msgspec.structs.replace(
        found.statements[key_of("noise")].evidence, quote=quote, span=(text.index(quote), text.index(quote) + len(quote))
    )
    planted = msgspec.structs.replace(
        found.statements[key_of("compression")],
        text=HOSTILE,
        evidence=evidence,
        subject_as=HOSTILE,
        when=(HOSTILE,),
        according_to=HOSTILE,
        status="rejected",
        reason=HOSTILE,
    )
    concept = msgspec.structs.replace(found.concepts["compression"], term=HOSTILE, definition=HOSTILE, aliases=(HOSTILE,), phrase=HOSTILE)
    chain = msgspec.structs.replace(found.chains[FIRST], explains=HOSTILE, preconditions=(HOSTILE,))
    save_proposals(
        root,
        msgspec.structs.replace(
            found,
            statements={**found.statements, key_of("compression"): planted},
            concepts={**found.concepts, "compression": concept},
            chains={**found.chains, FIRST: chain},
        ),
    )
    (root / "knowledge/merges.yaml").write_text(
        yaml.safe_dump({"merges": [{"drop": "energy/compression", "keep": "energy/rime", "status": "proposed", "why": HOSTILE}]})
    )
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        before = page.eval("document.querySelectorAll('script, img, svg, style, iframe, a').length")
        assert "{{7*7}}" in page.text("#card")  # the merge
        page.press("j")
        shown(page, "compression")
        for part in ("#card .triple", "#card .sentence", "#card blockquote", "#card .reason", "#card .concept", "#chain h3", "#text"):
            assert PLANTED[0] in page.text(part) and "{{7*7}}" in page.text(part), part
        page.press("e")
        page.wait("document.activeElement.name === 'text'")
        assert page.eval("document.querySelector('#card [name=definition]').value") == HOSTILE
        page.press("Escape")
        page.press("/")
        page.type("7*7")
        page.wait("document.querySelector('#hits li')")
        page.press("Escape")
        page.press("j")
        shown(page, "heat-flow")
        page.press("r")
        page.wait("document.activeElement.id === 'reason'")
        page.type(HOSTILE)
        page.press("Enter")
        decided(page, 2)
        assert load_proposals(root, SOURCE).statements[key_of("heat-flow")].reason == HOSTILE
        assert page.eval("document.querySelectorAll('script, img, svg, style, iframe, a').length") == before
        assert page.eval("window.planted === undefined") and not page.errors
        assert all(url.startswith((server.url, "data:,")) for url in page.requests)


def test_overrides_of_direction_are_shown_as_numbers_and_never_kept(root: Path, tmp_path: Path) -> None:
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        page.press("r")
        page.wait("document.activeElement.id === 'reason'")
        page.type("a\u202egnorw\u202c b")
        page.press("Enter")
        page.wait("!document.querySelector('#banner').hidden")
        assert "U+202E" in page.text("#card") and page.text("#count") == "0 of 10 decided"
        assert "\u202e" not in page.eval("document.body.textContent")


def test_a_source_that_cannot_be_shown_says_why(root: Path, tmp_path: Path) -> None:
    add_source(root, source_text() + "\u202e hidden\n")
    with serving(root) as server, Browser(tmp_path / "browser") as page:
        page.open(server.url)
        assert "U+202E" in page.text("#text") and "not found in the source" in page.text("#card")
        assert "has changed since" in page.text("#banner") and not page.errors


def test_the_phone_shows_source_card_and_buttons_without_sideways_scrolling(root: Path, tmp_path: Path) -> None:
    with serving(root) as server, Browser(tmp_path / "browser", width=390, height=844, phone=True) as page:
        page.open(server.url)
        assert page.eval("document.documentElement.scrollWidth <= innerWidth")
        accept = "document.querySelector('#actions .accept').getBoundingClientRect()"
        assert page.eval(f"{accept}.height >= 40 && {accept}.bottom <= innerHeight")
        bottom = "document.querySelector('{}').getBoundingClientRect().bottom"
        assert page.eval(f"{bottom.format('mark.current')} <= {bottom.format('#text')}")
        page.eval("document.querySelector('#actions .accept').click()")
        decided(page, 1)


@pytest.mark.slow
def test_a_thousand_proposals_are_ready_for_the_keyboard_within_a_second(root: Path, tmp_path: Path) -> None:
    source = many_proposals(root, 1000)
    with serving(root, source) as server, Browser(tmp_path / "browser") as page:
        server.review(source)
        times = []
        for _ in range(5):
            page.open(server.url)
            times.append(page.eval("Number(document.documentElement.dataset.ready)"))
            page.call("Page.navigate", url="about:blank")
        assert min(times) <= 1000, times
