"""Documents → the Markdown sources of the knowledge. One reader for each format; what it makes is written by `source_text.py`."""
