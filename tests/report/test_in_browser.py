"""The report in a real browser: from a failure to the run by link and by key; search, filters, graph, heat map; phone; both schemes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2
import pytest

import proda
from proda.errors import counted
from proda.records import Item
from proda.report.page import Page, build_page
from proda.report.render import render
from proda.report.tables import PageTable
from proda.store.items import write_items_tree
from tests.report.repaired import failing, make_repaired
from tests.report.test_report import blocks_of, rows_of
from tests.review.browser import Browser, find_chromium
from tests.review.pages import HOSTILE, PLANTED
from tests.toyresults import commit, make_items_and_samples, make_outcomes
from tests.toyworld import make_repository

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium; set PRODA_CHROMIUM to its path")
LARGE = 14_000
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repaired(make_repository(tmp_path_factory.mktemp("browser")))


@pytest.fixture(scope="module")
def built(root: Path) -> Page:
    return build_page(proda.open(str(root)))


@pytest.fixture(scope="module")
def file(built: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(render(built))
    return path


@pytest.fixture
def page(file: Path, tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "browser", width=1100, height=800) as browser:
        browser.open(file.as_uri())
        yield browser
        assert not browser.errors, browser.errors
        assert {url.partition("#")[0] for url in browser.requests} <= {file.as_uri(), "data:,"}


@pytest.fixture
def item(root: Path) -> Item:
    return failing(root)


def choose(page: Browser, number: int, value: str) -> None:
    """Choose a value in the control of that number among those that are shown."""
    page.eval(
        f"(() => {{ const s = [...document.querySelectorAll('.controls select')].filter((e) => e.checkVisibility())[{number}];"
        f" s.value = {json.dumps(value)}; s.dispatchEvent(new Event('change')); }})()"
    )


def go(page: Browser, to: str) -> None:
    """Follow an address within the page, and wait until it is shown."""
    page.eval(f"void (location.hash = {json.dumps(to)})")
    page.wait(f"location.hash === new URL({json.dumps('#' + to)}, location.href).hash")
    page.eval("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def follow(page: Browser, link: str) -> str:
    """Click the first visible link of a selector, see that its target is shown, and return the target's id."""
    selector = json.dumps(link)
    before = page.eval("location.hash")
    page.eval(f"document.querySelector({selector}).click()")
    page.wait(f"location.hash !== {json.dumps(before)}")
    target = "document.getElementById(decodeURIComponent(location.hash.slice(1)))"
    page.wait(f"{target} && {target}.getBoundingClientRect().height > 0")
    return str(page.eval(f"{target}.id"))


def test_a_failure_can_be_walked_from_the_item_to_the_run(page: Browser, item: Item, root: Path) -> None:
    go(page, "failures")
    page.eval("document.querySelector('#failures a[href^=\"#list/items?diagnosis=\"]').click()")
    page.wait("document.querySelector('.found')?.innerText === '1 item'")
    assert follow(page, ".rows .row") == f"item/{item.id}"
    text = page.text("#view")
    assert item.stem in text and all(option.text in text for option in item.options)
    assert "concept gap" in text and "8 of 10 probe answers are wrong." in text and "chosen by base, seed-0, seed-1" in text
    statement = follow(page, "#view .options .chosen a").removeprefix("node/")
    assert "8 of 10 answers are wrong, most often “flour”." in page.text("#view")
    page.eval("document.querySelector('#view details').open = true")
    follow(page, '#view a[href$=":open-1001"]')
    assert "What the patch answers." in page.text("#view")
    patch = follow(page, '#view a[href^="#patch/"]')
    text = page.text("#view")
    assert statement in text and "Not known before." in text and "unproven" in text and "still fails" in text
    go(page, patch)
    assert follow(page, '#view a[href^="#round-"]') == "round-1" and "Round 1: helps" in page.text("#round-1")
    go(page, patch)
    follow(page, '#view a[href^="#commit/"]')
    assert "Repair the toy" in page.text("#view h1") and patch.removeprefix("patch/") in page.text("#view")
    assert follow(page, '#view a[href="#run"]') == "run" and "4f1c2e7a" in page.text("#run")


def test_every_link_of_every_view_is_shown_when_it_is_followed(page: Browser, built: Page) -> None:
    """Follows all links from the summary on, each address once."""
    seen: set[str] = set()
    todo = ["#top"]
    while todo:
        address = todo.pop()
        if address in seen:
            continue
        seen.add(address)
        go(page, address.removeprefix("#"))
        assert "Not on this page" not in page.text("#view"), address
        if not address.startswith(("#list", "#search")):
            assert page.eval(f"document.getElementById(decodeURIComponent({json.dumps(address[1:])})) !== null"), address
        todo += page.eval("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
    kinds = {re.split(r"[/#]", address)[1] for address in seen}
    assert {"item", "node", "sample", "patch", "commit", "list", "run", "glossary"} <= kinds | {"sample"}
    nodes = built.blocks["nodes"]
    concepts = {address for address in seen if address.startswith("#node/")}
    assert len(concepts) > len(nodes["concepts"].rows) / 2


def test_the_keyboard_reaches_a_list_an_item_the_graph_and_the_help(page: Browser) -> None:
    page.press("?")
    page.wait("document.querySelector('#help').open")
    assert "search" in page.text("#help") and "heat map" in page.text("#help")
    page.press("Escape")
    page.wait("!document.querySelector('#help').open")
    page.press("2")
    page.wait("document.querySelectorAll('.rows .row').length > 3")
    page.press("j")
    page.wait("document.activeElement.dataset.place === '0'")
    page.press("j")
    page.press("ArrowDown")
    page.press("k")
    assert page.eval("document.activeElement.dataset.place") == "1"
    wanted = page.eval("document.activeElement.getAttribute('href')")
    page.press("Enter")
    page.wait("document.querySelector('#view article')")
    assert page.eval("location.hash") == wanted
    page.press("n")
    page.wait(f"location.hash !== {json.dumps(wanted)}")
    page.press("p")
    page.wait(f"location.hash === {json.dumps(wanted)}")
    page.press("b")
    page.wait(f"location.hash !== {json.dumps(wanted)}")
    page.press("b")
    page.wait(f"location.hash === {json.dumps(wanted)}")
    page.press("b")
    page.wait("location.hash.startsWith('#list/items') && document.activeElement.dataset.place === '1'")
    page.press("Enter")
    page.wait("document.querySelector('#view article')")
    pressed = "for (const key of 'npnp') document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))"
    page.eval(f"{{ {pressed} }}")
    assert page.eval("location.hash") == wanted, "keys pressed faster than the page follows"
    page.press("b")
    page.press("1")
    page.wait("!document.querySelector('#summary').hidden")


def test_a_search_finds_every_entry_that_holds_all_words(page: Browser, root: Path) -> None:
    page.press("/")
    page.type("wind GRAIN")
    page.wait("document.querySelectorAll('.rows .row').length > 0")
    know = proda.open(str(root)).knowledge

    def holds(text: str) -> bool:
        return all(word in text.lower() for word in ("wind", "grain"))

    found = page.text(".found")
    statements = sum(holds(f"{s.id} {s.text}") for s in know.statements.values())
    chains = sum(holds(f"{c.id} {c.explains}") for c in know.chains.values())
    assert f"{statements} statement" in found and f"{chains} chain" in found
    page.press("ArrowDown")
    page.wait("document.activeElement.classList.contains('row')")
    page.press("Enter")
    page.wait("document.querySelector('#view article')")
    page.press("/")
    page.type("nothing-holds-this")
    page.wait("document.querySelector('.found')?.innerText === 'Nothing holds all of these words.'")


def test_filters_narrow_the_list_and_stand_in_the_address(page: Browser, file: Path) -> None:
    rows = rows_of(blocks_of(file.read_text())["items"]["items"])
    go(page, "list/items")
    assert page.text(".found") == f"{len(rows)} items"
    letters = "ABCD"
    failed = [row for row in rows if letters[row["answer"]] not in row["chosen"][1:]]
    choose(page, 0, "failed")
    page.wait(f"document.querySelector('.found').innerText === '{len(failed)} items'")
    assert 0 < len(failed) < len(rows) and page.eval("location.hash") == "#list/items?state=failed"
    word = failed[0]["stem"].split()[-1].strip("?.”").lower()
    page.press("f")
    page.type(word)
    wanted = [row for row in failed if word in " ".join([row["id"], row["stem"], *(o[0] for o in row["options"])]).lower()]
    page.wait(f"document.querySelector('.found').innerText.split(' ')[0] === '{len(wanted)}'")
    page.press("Enter")
    page.wait("document.activeElement.classList.contains('row')")
    page.press("Enter")
    page.wait("document.querySelector('#view article')")
    page.press("b")
    page.wait("document.querySelector('#filter')")
    assert page.eval("document.querySelector('#filter').value") == word
    assert page.text(".found").split(" ")[0] == str(len(wanted))


def test_the_heat_map_shows_shares_of_its_groups_and_leads_to_their_items(page: Browser, file: Path) -> None:
    found = blocks_of(file.read_text())["items"]
    rows = rows_of(found["items"])
    kind = found["kinds"].index("bridge")
    discipline = next(row["discipline"] for row in rows if row["kind"] == kind)
    name = found["disciplines"][discipline]
    group = [row for row in rows if row["kind"] == kind and row["discipline"] == discipline]
    answers = [letter == "ABCD"[row["answer"]] for row in group for letter in row["chosen"][1:]]
    go(page, "disciplines")
    page.press("h")
    page.wait("document.activeElement.closest('.heat td')")
    cell = f"document.querySelector('.heat').tBodies[0].rows[{discipline}].cells[{kind + 1}]"
    for _ in range(discipline):
        page.press("ArrowDown")
    for _ in range(kind):
        page.press("ArrowRight")
    assert page.eval(f"{cell}.contains(document.activeElement)")
    share = 100 * sum(answers) / len(answers)
    assert (
        page.text(".readout")
        == f"{name}, bridge: {share:.1f}\u00a0% right, {sum(answers)} of {len(answers)} answers to {counted(len(group), 'item')}"
    )
    assert page.eval(f"{cell}.innerText") == f"{share:.0f}"
    page.press("Enter")
    page.wait("document.querySelector('.found')")
    assert page.text(".found").split(" ")[0] == str(len(group))
    go(page, "disciplines")
    choose(page, 1, "operator")
    page.wait("document.querySelector('.heat thead').innerText.includes('half')")
    operators = page.eval("[...document.querySelectorAll('.heat thead th')].map((th) => th.innerText)")
    assert operators == ["discipline", *found["operators"], "all"]


def test_the_graph_shows_the_chain_and_its_neighbours_and_is_walked_by_key_and_click(page: Browser, root: Path) -> None:
    know = proda.open(str(root)).knowledge
    chain = max(know.active_chains(), key=lambda c: len(c.statements))
    path = [know.statements[s] for s in chain.statements]
    go(page, f"node/{chain.id}")
    page.wait("document.querySelectorAll('.graph .middle').length > 0")
    middle = page.eval("[...document.querySelectorAll('.graph .middle')].map((a) => a.getAttribute('href'))")
    assert middle == [f"#node/{c}" for c in (path[0].subject, *(s.object for s in path))]
    arrows = page.eval("[...document.querySelectorAll('.graph .arrow')].map((a) => a.getAttribute('href'))")
    assert [a for a in arrows if a.removeprefix("#node/") in chain.statements] == [f"#node/{s.id}" for s in path]
    others = {a.removeprefix("#node/") for a in arrows} - set(chain.statements)
    ends = {path[0].subject, *(s.object for s in path)}
    assert all(ends & {know.statements[s].subject, know.statements[s].object} for s in others)
    page.press("g")
    page.wait("document.activeElement.classList.contains('middle')")
    page.press("ArrowDown")
    assert page.eval("document.activeElement.classList.contains('arrow')")
    page.press("ArrowDown")
    assert page.eval("document.activeElement.getAttribute('href')") == middle[1]
    page.press("Enter")
    page.wait(f"location.hash === {json.dumps(middle[1])}")
    page.wait("document.querySelectorAll('.graph .middle').length === 1")
    concept = middle[1].removeprefix("#node/")
    active = [s for s in know.active_statements.values() if concept in (s.subject, s.object)]
    arrows = page.eval("[...document.querySelectorAll('.graph .arrow')].map((a) => a.getAttribute('href'))")
    assert set(arrows) == {f"#node/{s.id}" for s in active}
    page.eval("document.querySelector('.graph .arrow .hit').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    page.wait("location.hash.match(/[.]s[0-9]+$/)")


def test_the_theme_is_that_of_the_system_until_the_key_changes_it(page: Browser) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.eval(background)
    page.press("t")
    page.wait(f"{background} !== {json.dumps(light)}")
    page.press("t")
    page.wait(f"{background} === {json.dumps(light)}")


VIEWS = ("top", "list/items", "list/patches", "list/audit", "search?q=a")


def views(built: Page) -> list[str]:
    """An address of each sort of view."""
    repairs, nodes = built.blocks["repairs"], built.blocks["nodes"]
    diagnosed, patch = repairs["diagnoses"].rows[0][0], repairs["patches"].rows[0]
    ids = [nodes[sort].rows[0][0] for sort in ("concepts", "statements", "chains")]
    return [
        *VIEWS,
        f"item/{diagnosed}",
        *(f"node/{i}" for i in ids),
        f"patch/{patch[0]}",
        f"sample/{patch[6][0]}",
        f"commit/{repairs['commits'].rows[0][0]}",
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_has_sufficient_contrast(file: Path, built: Page, tmp_path: Path, dark: bool) -> None:
    """WCAG 2: at least 4.5 to 1, and 3 to 1 for large text."""
    with Browser(tmp_path / "browser", width=1100, height=800, dark=dark) as page:
        page.open(file.as_uri())
        page.eval("for (const folded of document.querySelectorAll('details')) folded.open = true")
        seen = 0
        for view in views(built):
            go(page, view)
            texts: list[dict[str, Any]] = page.eval(CONTRAST)
            seen += len(texts)
            poor = [text for text in texts if text["ratio"] < text["least"]]
            assert not poor, (view, poor[:5])
        assert seen > 300
        go(page, "disciplines")
        for step in "0123456789"[:9]:
            for scale in "qd":
                page.eval(f"document.querySelectorAll('.heat td').forEach((cell) => {{ cell.className = '{scale}{step}'; }})")
                cells = [text for text in page.eval(CONTRAST) if text["cell"]]
                assert cells and all(text["ratio"] >= text["least"] for text in cells), (scale, step, cells[:2])


def test_nothing_is_wider_than_a_phone(file: Path, built: Page, tmp_path: Path) -> None:
    with Browser(tmp_path / "browser", width=360, height=740, phone=True) as page:
        page.open(file.as_uri())
        page.eval("for (const folded of document.querySelectorAll('details')) folded.open = true")
        for view in views(built):
            go(page, view)
            assert page.eval("[document.documentElement.scrollWidth, innerWidth]") == [360, 360], view
        assert not page.errors


PRINTED = ("Scores of each version", "Rounds of repair", "Round 1: helps", "Change by discipline", "Glossary")


def printed(page: Browser) -> list[str]:
    """The text of each page that the browser prints, with A4 paper and without backgrounds, which is what browsers do unless asked."""
    pdf = page.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)["data"]
    return [sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(base64.b64decode(pdf))]


def test_a_printed_page_has_the_summary_the_rounds_and_all_tables_black_on_white_without_controls(
    file: Path, built: Page, tmp_path: Path
) -> None:
    with Browser(tmp_path / "browser", width=1100, height=800, dark=True) as page:
        page.open(file.as_uri())
        tables = page.eval("[...document.querySelectorAll('#summary table')].map((t) => t.querySelector('td').textContent.trim())")
        text = "".join("".join(printed(page)).split())  # a PDF breaks lines where it likes
        for told in (built.claim, *PRINTED, *tables):
            assert "".join(told.split()) in text, told
        page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        shown = page.eval("[...document.querySelectorAll('header, nav, button, select, input')].filter((e) => e.checkVisibility()).length")
        assert shown == 0
        texts: list[dict[str, Any]] = page.eval(CONTRAST)
        poor = [one for one in texts if one["ratio"] < one["least"]]
        assert len(texts) > 100 and not poor, poor[:5]
        colours = page.eval("['backgroundColor', 'color'].map((name) => getComputedStyle(document.documentElement)[name])")
        assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_printing_a_list_or_an_item_leaves_no_sheet_empty(page: Browser, item: Item) -> None:
    for view, shown in (("list/items", ".rows .row .line"), (f"item/{item.id}", "#view h1")):
        go(page, view)
        page.wait(f"document.querySelector({json.dumps(shown)})")
        told = page.text(shown)
        sheets = printed(page)
        assert told and "".join(told.split()) in "".join("".join(sheets).split()), view
        assert all(sheet.strip() for sheet in sheets), view


def test_planted_markup_is_text_in_every_view(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path))
    for topic in (root / "knowledge/milling").glob("*.yaml"):
        text = topic.read_text()
        text = re.sub(r"(?m)^(\s+)explains: .*$", lambda m: f"{m[1]}explains: {json.dumps(HOSTILE)}", text)
        topic.write_text(re.sub(r"(?m)^(\s+)definition: .*$", lambda m: f"{m[1]}definition: {json.dumps(HOSTILE)}", text))
    items = [
        msgspec.structs.replace(
            i,
            stem=f"{HOSTILE} {i.id}",
            options=tuple(msgspec.structs.replace(o, text=o.text + HOSTILE, wrong_because=HOSTILE) for o in i.options),
        )
        for i in proda.open(str(root)).items()
    ]
    write_items_tree(root, items)
    make_outcomes(root, lambda item, model: False)
    commit(root, HOSTILE)
    built = build_page(proda.open(str(root)))
    concept = next(row for row in built.blocks["nodes"]["concepts"].rows if HOSTILE in row[3])
    chain = next(row for row in built.blocks["nodes"]["chains"].rows if HOSTILE in row[1])
    file = tmp_path / "hostile.html"
    file.write_text(render(built))
    with Browser(tmp_path / "browser") as page:
        page.open(file.as_uri())
        shown = ""
        item = built.blocks["items"]["items"].rows[0][0]
        commits = built.blocks["repairs"]["commits"].rows[0][0]
        for view in (
            "top",
            "list/items",
            f"item/{item}",
            f"node/{concept[0]}",
            f"node/{chain[0]}",
            f"commit/{commits}",
            "search?q=onerror",
        ):
            go(page, view)
            text = page.text("body")
            assert all(" ".join(part.split()) in " ".join(text.split()) for part in PLANTED), view
            shown += text
            assert page.eval("window.planted ?? 0") == 0 and page.eval("document.querySelectorAll('main img, main script').length") == 0, (
                view
            )
        go(page, f"item/{PLANTED[0]}")
        assert PLANTED[0] in page.text("#view") and page.eval("window.planted ?? 0") == 0
        assert not page.errors, page.errors


def test_a_repository_without_results_has_a_page_whose_views_say_what_to_run(tmp_path: Path) -> None:
    file = tmp_path / "empty.html"
    file.write_text(render(build_page(proda.open(str(make_repository(tmp_path, git=False))))))
    with Browser(tmp_path / "browser") as page:
        page.open(file.as_uri())
        for view, told in (("list/items", "dvc repro benchmark"), ("list/patches", "proda repair"), ("list/audit", "no round of repair")):
            go(page, view)
            assert told in page.text("#view"), view
        go(page, "disciplines")
        assert "No model has answered an item yet." in page.text("#disciplines")
        assert not page.errors, page.errors


def test_a_list_of_14_000_items_holds_the_rows_in_sight_only(built: Page, tmp_path: Path) -> None:
    items = built.blocks["items"]["items"]
    rows = [(f"toy/item-{n:05}", *items.rows[n % len(items.rows)][1:]) for n in range(LARGE)]
    blocks = {**built.blocks, "items": {**built.blocks["items"], "items": PageTable(items.fields, rows)}}
    file = tmp_path / "large.html"
    file.write_text(render(msgspec.structs.replace(built, blocks=blocks)))
    with Browser(tmp_path / "browser", width=1100, height=800) as page:
        page.open(file.as_uri())
        go(page, "list/items?sort=id")
        assert page.text(".found") == "14,000 items"
        assert page.eval("document.querySelectorAll('.rows .row').length") < 40
        page.press("j")
        page.press("End")
        page.wait(f"document.activeElement.dataset.place === '{LARGE - 1}'")
        assert page.eval("document.querySelectorAll('.rows .row').length") < 40
        assert page.eval("document.activeElement.parentElement.getAttribute('aria-posinset')") == str(LARGE)
        page.press("f")
        page.type("item-13998")
        page.wait("document.querySelector('.found').innerText === '1 item'")
        assert not page.errors, page.errors
