"""Disciplines → .github/CODEOWNERS, which tells GitHub and GitLab whom to ask for a review.

    planned = owners_text(root)
    planned.text         # "# Who reviews what.\\n…\\n# /knowledge/physics/  @OWNER\\n…"
    planned.missing      # ("physics",): disciplines without an owner

Lines that people filled in or added stay as they are, wherever they stand. A discipline without a line gets one that is commented out, to
be filled in. The last line that fits a file counts, so the owner of everything stands first.
"""

from __future__ import annotations

from pathlib import Path

from proda.knowledge.tree import scan
from proda.records import Record

PATH = Path(".github/CODEOWNERS")
EVERYTHING = ("/knowledge/relations.yaml", "/benchmarks/exceptions.yaml", "/params.yaml", "/dvc.yaml", "/.github/")
HEAD = """\
# Who reviews what: GitHub and GitLab ask these people when a pull request changes the files. `proda owners --write` adds new disciplines.
# Fill in a user (@ada), a team (@your-organisation/physics) or an address, and remove the # before the line. The last fitting line counts.
# Derived files (benchmarks/items, benchmarks/results, samples/corpus, dvc.lock) have no owner: nobody reviews them by hand.
"""


class Owners(Record, frozen=True):
    """The text of the file, and what it lacks."""

    text: str
    missing: tuple[str, ...]  # disciplines without an owner
    changed: bool


def owners_text(root: Path) -> Owners:
    """Return CODEOWNERS as it is, with a line for each discipline that has none."""
    path = root / PATH
    before = path.read_text(encoding="utf-8") if path.is_file() else HEAD
    disciplines = sorted({path.split("/")[1] for path in scan(root).topics})
    named = [line.lstrip("# ").split() for line in before.splitlines()]
    paths = {words[0] for words in named if words and words[0].startswith("/")}
    wanted = [*EVERYTHING, *(f"/knowledge/{name}/" for name in disciplines)]
    new = [path for path in wanted if path not in paths]
    if path.is_file():
        new = [line for line in new if line not in EVERYTHING]  # someone has taken these lines out
    width = max(map(len, wanted))
    text = before.rstrip("\n") + "\n" + "".join(f"# {line:<{width}}  @OWNER\n" for line in new)
    filled = {line.split()[0] for line in text.splitlines() if line.startswith("/") and len(line.split()) > 1}
    missing = tuple(name for name in disciplines if f"/knowledge/{name}/" not in filled)
    return Owners(text, missing, not path.is_file() or text != before)
