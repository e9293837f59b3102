"""The report: what was built, how it scored, what it still gets wrong, on one page that works offline."""
