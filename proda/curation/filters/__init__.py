"""One filter per file: what a passage is if it is not worth extracting from, and what shows that.

Each filter takes an excerpt and the settings, and returns the detail for a reader ("4 of 5 sentences are tasks or questions"), or None if
the excerpt passes. None of them reads anything else, so a verdict depends on the passage and its headings only.
"""
