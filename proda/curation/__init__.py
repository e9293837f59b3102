"""Sources → chunks: passages that are worth extracting from, and those that are not, each with the reason."""
