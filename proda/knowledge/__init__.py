"""Read, check and compile the knowledge: topic files in, nodes out.

tree        which files there are
schema      what a topic file, relations.yaml and the catalogue may hold
vocabulary  relations.yaml and the catalogue, read
read_topic  one topic file → its entry
entry       the nodes of one topic file, its findings, and the facts that rules over all topics need
columns     the facts of all topic files, as columns of integers
characters  characters that a reader cannot see or tell apart
rules/      one rule in each file
cache       what is known about unchanged files (build/cache/check.sqlite)
fanout      entries of many files, on several cores
compile     check_knowledge and compile_knowledge
shards      nodes → build/knowledge/<discipline>.jsonl
report      the result of a check
shape       counts, connectivity, shares of relations
fix         what `proda check --fix` changes; layout and roundtrip keep comments and the order of keys
distinct    the edit that sets two concepts apart
"""
