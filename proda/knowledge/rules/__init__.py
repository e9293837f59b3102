"""The rules of `proda check`, one in each file.

`of_topic` lists the rules that look at one topic file, `of_knowledge` those that look at all of them. Whether a file can be read at all is
decided before, by the YAML policy of `proda.yamlio` and by `schema`. `mentions` holds what the rules on texts share.
"""
