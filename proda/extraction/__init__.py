"""Kept chunks of a source → proposals: statements with verbatim quotes, concepts, chains.

rules/           patterns over sentences; offline and deterministic
llm/             questions to an endpoint; each reply checked against the source
prompts/         the prompts of llm/, with versions and worked examples
found.py         what a backend returns for a chunk, before anything is merged
quotes.py        where a quote stands in a source, or why it is refused
names.py         canonical names of concepts, and the keys by which names are compared
acronyms.py      "deoxyribonucleic acid (DNA)" → which names are short for which
canonical.py     names → concept ids; worded.py: how a statement words its concepts
nominations.py   concepts that may be one, for people to decide in knowledge/merges.yaml
settled.py       what is known beforehand: the knowledge, merges, decisions
concept_types.py the type of a concept, from its name
definitions.py   definitions that were found, made to fit; or drafted from statements
chains.py        statements over shared concepts → chains
assemble.py      found + earlier proposals → proposals (statement_proposals.py, concept_proposals.py, chain_proposals.py)
score.py         proposals against a glossary of terms and definitions
"""
