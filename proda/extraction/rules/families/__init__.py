"""The families of patterns. Each module holds a table `PATTERNS`; a pattern whose relation the repository lacks is off."""
