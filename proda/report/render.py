"""The report as HTML: one file that loads nothing from elsewhere.

    html = render(build_page(proda.open(".")))

The template escapes all text from data, and the tables for the script are JSON in which markup is inert. The page's content policy allows
its one style sheet and its one script by their hashes, and no text as markup, so that nothing else can run. Equal pages give equal bytes.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from proda.errors import counted
from proda.report import svg
from proda.report.glossary import GLOSSARY
from proda.report.page import Page
from proda.report.scores import percent, points
from proda.report.tables import embedded

SCRIPTS = ("dom", "data", "format", "theme", "rows", "lists", "search", "item", "node", "repair", "graph", "heatmap", "keys", "route")
STYLES = ("page", "charts", "views", "graph", "small", "print")


def render(page: Page) -> str:
    """Return the page as HTML."""
    loader = jinja2.PackageLoader("proda.report", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, points=points, route=route)
    environment.globals.update(
        strip=svg.strip, axis=svg.axis, change=svg.change, scale=svg.scale, panel=svg.panel, counted=counted, glossary=GLOSSARY
    )
    style = _joined("styles", "css", STYLES)
    script = f'"use strict";\n(() => {{\n{_joined("scripts", "js", SCRIPTS)}}})();\n'
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    blocks = {name: Markup(embedded(block)) for name, block in page.blocks.items()}
    return environment.get_template("page.html").render(
        page=page, policy=Markup(policy), style=Markup(style), script=Markup(script), blocks=blocks
    )


def route(thing_id: str) -> str:
    """An id as it stands in a link of the page, as `encodeURIComponent` writes it but for "/" and ":"."""
    return quote(thing_id, safe="/:!'()*")


def _joined(folder: str, suffix: str, names: tuple[str, ...]) -> str:
    """The files of one folder, in order, as one text."""
    return "".join(files("proda.report").joinpath(folder, f"{name}.{suffix}").read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
