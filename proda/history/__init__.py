"""Revisions of the repository as data: opened, compared, traced, audited, bisected, rebuilt. Read-only."""
