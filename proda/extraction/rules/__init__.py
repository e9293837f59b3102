"""Statements from sentence patterns: offline, deterministic, conservative. One module for each family of patterns.

words.py       closed word classes, verb forms
sentences.py   a chunk's text → sentences with their place in the source
tokens.py      a sentence → tokens
phrases.py     noun phrases
fronts.py      what stands before the main clause: connectives, conditions
clauses.py     subject, verb group and object around a relation word
patterns.py    what a pattern is; `families/` holds the tables
read.py        chunk → statements and definitions
"""
