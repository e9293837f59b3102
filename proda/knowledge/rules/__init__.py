"""The rules of `proda check`, one a file: those that look at one topic file are listed in `of_topic`, those that look at the
whole base in `of_knowledge`. `schema` (and, before it, the YAML policy of `proda.yamlio`) decides whether a file can be read at all.
"""
