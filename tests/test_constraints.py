"""The pinned versions can be installed with every Python that the project supports."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_pinned_version_needs_a_newer_python_than_the_project() -> None:
    """soupsieve 4.1.3 needs Python 3.11.5, and Debian 12 has 3.11.2, so the installation failed there."""
    pinned = {_plain(name): version for name, version in PIN.findall((ROOT / "constraints.txt").read_text(encoding="utf-8"))}
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"].removeprefix(">=")
    seen, newer = 0, []
    for found in distributions():
        name, needs = _plain(found.metadata["Name"]), found.metadata.get("Requires-Python")
        if pinned.get(name) != found.version:
            continue
        seen += 1
        if needs and not SpecifierSet(needs).contains(f"{oldest}.0"):
            newer.append(f"{name} {found.version} needs Python {needs}")
    assert seen > 150 and not newer, newer
