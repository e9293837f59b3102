"""Counts the import arrows between the rooms of the code.

    python -m scripts.import_arrows           # prints the number of rooms and of arrows
    python -m scripts.import_arrows --list    # one line per arrow: "proda/cli → proda/history", …

A room is a folder of Python files in proda/, pipelines/ or scripts/, or a single module directly in proda/. There is an arrow from one room
to another if a module of the first imports a module of the second, at module level or inside a function. Imports under `if TYPE_CHECKING`
never run and do not count. The package's own proda/__init__.py is no room. tests/test_architecture.py holds an upper bound.
"""

from __future__ import annotations

import sys
from pathlib import Path

from proda.store.code_version import imported_names
from scripts.stage_deps import OURS

TOP = ("proda", "pipelines", "scripts")


def modules(root: Path) -> dict[str, Path]:
    """Returns the file of every module below proda/, pipelines/ and scripts/, by dotted name."""
    found = {}
    for top in TOP:
        for path in sorted((root / top).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(path: Path, root: Path) -> str:
    """Returns the room of a file: its folder, or the file itself if it is directly in proda/."""
    relative = path.relative_to(root)
    return relative.as_posix() if relative.parent == Path("proda") else relative.parent.as_posix()


def arrows(root: Path) -> set[tuple[str, str]]:
    """Returns all pairs of rooms of which the first imports the second."""
    files = modules(root)
    del files["proda"]
    found = set()
    for path in files.values():
        names = {name for name in imported_names(path, OURS) if name in files}
        # `from proda.store import items` names the package too, but only its module `items` is imported.
        named = {name for name in names if not any(other.startswith(f"{name}.") for other in names)}
        found |= {(room_of(path, root), room_of(files[name], root)) for name in named}
    return {(a, b) for a, b in found if a != b}


def main(root: Path = Path(), *, listed: bool = False) -> None:
    """Prints the number of rooms and arrows, and with `listed` the arrows."""
    found = arrows(root)
    rooms = {room_of(path, root) for name, path in modules(root).items() if name != "proda"}
    if listed:
        print("\n".join(f"{a} → {b}" for a, b in sorted(found)))
    print(f"{len(rooms)} rooms, {len(found)} arrows")


if __name__ == "__main__":
    main(listed="--list" in sys.argv[1:])
