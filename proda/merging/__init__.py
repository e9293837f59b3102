"""Merges the YAML files that people and tools write, entry by entry, as drivers that git calls."""
