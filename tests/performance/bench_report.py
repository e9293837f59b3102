"""The report of this repository, and one of 14,000 items: size, and time to interactive in headless Chromium.

$ python tests/performance/bench_report.py [ROOT] [--items 14000]

The large page holds the repository's own tables several times over, with other ids: items, knowledge, samples, diagnoses, patches and
flips grow together. It needs Chromium and a repository with results. Times are medians of three page loads from disk; the first load, which
warms the disk cache, is left out. "Interactive" is the time from the request to the end of the page's script, when every key works. The
other times are those of one view each, from the change of the address to the next frame after it is drawn, the first time that view is
used. The processor time is that of the page's main thread; it depends little on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

import proda
from proda.report.page import Page, build_page
from proda.report.render import render
from proda.report.tables import NONE, PageTable
from tests.review.browser import Browser

LOADS = 3
DRAWN = """(async () => {
  const start = performance.now();
  location.hash = %s;
  await new Promise((done) => addEventListener("hashchange", done, { once: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
})()"""
VIEWS = (
    ("list of items", "list/items"),
    ("one item", "item/{item}"),
    ("graph of a chain", "node/{chain}"),
    ("search for “pressure”", "search?q=pressure"),
)


def renamed(value: Any, copy: int) -> Any:
    """An id in one of the copies; the first copy keeps its ids."""
    return f"{value}-copy{copy}" if copy and value else value


def moved(number: int, by: int) -> int:
    """The number of a row in one of the copies."""
    return number if number == NONE else number + by


def multiplied(page: Page, least: int) -> Page:
    """The page with its tables several times over, so that it holds `least` items or more."""
    blocks = page.blocks
    items, nodes, samples, repairs = blocks["items"]["items"], blocks["nodes"], blocks["samples"], blocks["repairs"]
    copies = -(-least // max(len(items.rows), 1))
    sizes = {name: len(nodes[name].rows) for name in ("concepts", "statements", "chains")}
    found: dict[str, list[Any]] = {name: [] for name in ("items", *sizes, "samples", "diagnoses", "noticed", "patches", "audit")}
    for k in range(copies):
        s, c, n = k * sizes["statements"], k * sizes["chains"], k * sizes["concepts"]

        def named(ids: Any, k: int = k) -> list[Any]:
            return [renamed(i, k) for i in ids]

        for row in items.rows:
            options = [(text, made, why, [b + s for b in breaks]) for text, made, why, breaks in row[8]]
            found["items"].append((renamed(row[0], k), *row[1:4], moved(row[4], c), [x + s for x in row[5]], *row[6:8], options, *row[9:]))
        found["concepts"] += [(renamed(row[0], k), *row[1:]) for row in nodes["concepts"].rows]
        for row in nodes["statements"].rows:
            ends = (moved(row[1], c), moved(row[2], n), row[3], moved(row[4], n))
            taught = [x + k * len(samples.rows) for x in row[8]]
            found["statements"].append((renamed(row[0], k), *ends, *row[5:8], taught, *row[9:]))
        found["chains"] += [(renamed(row[0], k), *row[1:4], [x + s for x in row[4]], *row[5:]) for row in nodes["chains"].rows]
        found["samples"] += [(renamed(row[0], k), *row[1:4], moved(row[4], k * len(repairs["patches"].rows))) for row in samples.rows]
        for row in repairs["diagnoses"].rows:
            evidence = [(renamed(e[0], k), *e[1:]) for e in row[7]]
            found["diagnoses"].append((renamed(row[0], k), row[1], named(row[2]), *row[3:7], evidence))
        found["noticed"] += [(renamed(row[0], k), *row[1:]) for row in repairs["noticed"].rows]
        for row in repairs["patches"].rows:
            failed = [(renamed(i, k), state) for i, state in row[5]]
            found["patches"].append((renamed(row[0], k), *row[1:4], named(row[4]), failed, named(row[6]), *row[7:]))
        found["audit"] += [(renamed(row[0], k), *row[1:6], renamed(row[6], k), row[7], named(row[8])) for row in repairs["audit"].rows]
    tables = {name: PageTable(table.fields, found[name]) for name, table in {**nodes, **repairs}.items() if name in found}
    large = {
        "items": {**blocks["items"], "items": PageTable(items.fields, found["items"])},
        "nodes": {**nodes, **{name: tables[name] for name in sizes}},
        "samples": PageTable(samples.fields, found["samples"]),
        "repairs": {**repairs, **{name: tables[name] for name in ("diagnoses", "noticed", "patches", "audit")}},
    }
    return msgspec.structs.replace(page, blocks=large)


def measured(file: Path, page: Page, folder: Path) -> dict[str, tuple[float, float]]:
    """(elapsed, processor time of the page's thread) in milliseconds: to interactive, and for the first use of each view."""
    items, chains = page.blocks["items"]["items"].rows, page.blocks["nodes"]["chains"].rows
    names = {"item": items[len(items) // 2][0], "chain": chains[0][0]}
    times: dict[str, list[tuple[float, float]]] = {}
    with Browser(folder, width=1280, height=900) as browser:
        browser.call("Performance.enable", timeDomain="threadTicks")

        def busy() -> float:
            found = browser.call("Performance.getMetrics")["metrics"]
            return float(next(each["value"] for each in found if each["name"] == "TaskDuration")) * 1000

        for load in range(LOADS + 1):
            browser.call("Page.navigate", url="about:blank")
            browser.open(file.as_uri())
            found = {"interactive": (float(browser.eval("Number(document.documentElement.dataset.ready)")), busy())}
            for name, view in VIEWS:
                before = busy()
                elapsed = float(browser.eval(DRAWN % msgspec.json.encode(view.format(**names)).decode()))
                found[name] = (elapsed, busy() - before)
            assert not browser.errors, browser.errors
            for name, took in found.items():
                if load:
                    times.setdefault(name, []).append(took)
    return {name: (statistics.median(t[0] for t in all_), statistics.median(t[1] for t in all_)) for name, all_ in times.items()}


def main() -> None:
    """Build both pages, measure them, print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=".")
    parser.add_argument("--items", type=int, default=14_000)
    options = parser.parse_args()
    start = time.perf_counter()
    page = build_page(proda.open(options.root))
    print(f"{platform.platform()}, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f}")
    print(f"repository read in {time.perf_counter() - start:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        for number, shown in enumerate((page, multiplied(page, options.items))):
            start = time.perf_counter()
            file = Path(folder) / f"{number}.html"
            file.write_text(render(shown))
            rendered = time.perf_counter() - start
            tables = (shown.blocks["items"]["items"], shown.blocks["nodes"]["statements"], shown.blocks["samples"])
            held = ", ".join(f"{len(t.rows):,} {n}" for t, n in zip(tables, ("items", "statements", "samples"), strict=True))
            print(f"{held}: {file.stat().st_size / 1e6:.1f} MB, written in {rendered:.1f} s")
            print(f"  {'':<22}{'elapsed':>11}{'processor':>12}")
            for name, (elapsed, busy) in measured(file, shown, Path(folder) / f"profile-{number}").items():
                print(f"  {name:<22}{elapsed:8.0f} ms{busy:9.0f} ms")


if __name__ == "__main__":
    main()
