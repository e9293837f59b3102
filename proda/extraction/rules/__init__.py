"""Statements from sentence patterns: offline, deterministic, conservative.

read.py           chunk → statements and definitions
sentences.py      a chunk's text → sentences with their place in the source; tokens.py, casing.py: their words
fronts.py         what stands before the main clause: connectives, conditions
phrases.py        noun phrases; mentions.py: the concept that one names
patterns.py       what a pattern is; families/: the tables, one module for each family
groups.py         a relation word with what belongs to its verb
clauses.py        subject, relation word and object; subjects.py, objects.py: the two sides; consequences.py: what follows from a clause
statements.py     a clause → statements; amounts.py: more or less of something; texts.py: the sentence of a statement
glosses.py        wordings that give a definition
words.py          closed word classes; nouns.py, verbs.py: lists of words by what they do in a phrase
"""
