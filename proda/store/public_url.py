"""Addresses of stores and servers in a form that may be printed and committed: without user, password, path, parameters or home folder.

public_url("https://ada:secret@mlflow.example.org:5000/api?token=x")       "https://mlflow.example.org:5000"
public_url("sqlite:////home/ada/repo/mlflow.db", Path("/home/ada/repo"))   "sqlite:///mlflow.db"
"""

from __future__ import annotations

import re
from pathlib import Path

HOST = re.compile(r"\[[0-9A-Fa-f:.]+\](?::\d+)?|[A-Za-z0-9._-]+(?::\d+)?")
HIDDEN = "…"


def public_url(url: str, root: Path | None = None) -> str:
    """Return scheme and host of an address, or the path of a local file relative to `root` (outside of it, its name).

    A password or parameter may hold unescaped `/`, `?` or `@`, and then it is not clear what is the host. "…" is returned in its place.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url if re.fullmatch(r"[A-Za-z0-9_-]+", url) else _local(url, root)
    if scheme.startswith(("sqlite", "file")):
        path = rest.removeprefix("/") if scheme.startswith("sqlite") else rest  # sqlite:////absolute, file:///absolute
        return f"{scheme}:///{_local(path, root)}"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    clear = "@" not in rest[len(authority) :] and HOST.fullmatch(host)
    return f"{scheme}://{host if clear else HIDDEN}"


def _local(path: str, root: Path | None) -> str:
    found = Path(re.split(r"[?#]", path, maxsplit=1)[0])
    if root is not None and found.is_absolute() and found.is_relative_to(root.resolve()):
        return found.relative_to(root.resolve()).as_posix()
    return found.as_posix() if not found.is_absolute() and ".." not in found.parts else found.name
