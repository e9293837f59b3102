"""The report: what was built, how it scored, and what fails, on one page that works offline."""
