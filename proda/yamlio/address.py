"""The address of an OpenAI-compatible endpoint, as a value of a committed document."""

from __future__ import annotations

from urllib.parse import urlsplit


def address_fault(url: str) -> str:
    """Return what is wrong with an address, and what to do; empty if nothing is. A value that may hold a password is not repeated."""
    try:
        found = urlsplit(url)
        secret = found.username is not None or found.password is not None or bool(found.query)
    except ValueError:
        found, secret = urlsplit(""), False
    if secret:
        return "The address holds a user name, a password or a query, and this file is committed. Use PRODA_API_KEY."
    if found.scheme not in ("http", "https") or not found.netloc:
        got = "no address" if "@" in url or "?" in url else f"'{url:.80}'"
        return f"Got {got}, expected an address like http://127.0.0.1:8000/v1. Fix it, or leave it empty."
    return ""
