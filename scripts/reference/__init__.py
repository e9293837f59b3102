"""The generated parts of docs/reference: commands, parameters and file formats, as Markdown.

    python -m scripts.reference commands          # prints one part

docs/conf.py calls `filled` when the book is built: a mark such as `<!-- generated: commands -->` in a page is replaced by the part of that
name, so the pages cannot differ from the code.
"""

from __future__ import annotations

import re
from pathlib import Path

MARK = re.compile(r"^<!-- generated: ([a-z_]+) -->$", re.MULTILINE)
PARTS = ("commands", "params", "document_settings", "formats")


def filled(page: str, root: Path) -> str:
    """The page with each mark replaced by the part that it names. Raises ValueError for a part that does not exist."""
    return MARK.sub(lambda found: part(found[1], root), page)


def part(name: str, root: Path) -> str:
    """One part of PARTS. `root` is this repository, whose files serve as examples. Raises ValueError for another name."""
    from scripts.reference import commands, formats, settings

    if name == "commands":
        return commands.page()
    if name == "params":
        return settings.params(root)
    if name == "document_settings":
        return settings.document_settings()
    if name == "formats":
        return formats.page(root)
    raise ValueError(f"There is no generated part '{name}'. There are: {', '.join(PARTS)}.")
