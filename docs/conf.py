"""Settings of the book: `make docs` builds docs/ into build/docs with Sphinx, offline, and stops at the first warning."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from proda import __version__  # noqa: E402
from scripts.reference import filled  # noqa: E402

project = "ProDa"
author = "The ProDa authors"
copyright = "2026, the ProDa authors. Text: CC BY 4.0"  # noqa: A001
release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # `page.md#a-heading`, as GitHub has it
suppress_warnings = ["misc.highlighting_failure"]  # blocks of YAML with `…` where lines are left out

html_theme = "furo"
html_title = "ProDa"
html_copy_source = False
html_show_sphinx = False
html_static_path: list[str] = []
html_theme_options = {"navigation_with_keys": True}


# Pages that list others in a table, which a forge shows as well. The book needs a toctree beside it: of the pages that the rows link to,
# or, where the rows link to none, of those that a pattern matches.
LISTS = {"decisions/README": "", "how-to/index": "", "explanation/index": "", "reference/index": "", "measured/README": "*"}
ROW = re.compile(r"^\| \[[^]]+\]\(([^)#]+)\.md\) \|", re.MULTILINE)


def _generate(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Generate the reference, and adapt pages that a forge shows too."""
    page = filled(source[0], ROOT).replace("](../../JOURNAL.md)", "](/explanation/journal.md)")
    if docname in LISTS:
        listed = LISTS[docname] or "\n".join(ROW.findall(page))
        page += f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{listed}\n```\n"
    source[0] = page


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _generate)
