"""The knowledge room: topic files in, checked and compiled nodes out.

tree      which files there are
schema    what a topic file, relations.yaml and the catalogue may hold
entry     one topic file → its nodes, its findings, and the facts that rules over the whole base need
base      the facts of all topic files as columns
rules/    one rule, one file
cache     what is known about unchanged files (build/cache/check.sqlite)
compile   all of it together: check_knowledge, compile_knowledge
shards    nodes → build/knowledge/<discipline>.jsonl
shape     counts, connectivity, relation distribution
fix       what `proda check --fix` mends
"""
