"""Ids are lower-case words joined by hyphens, and the path of a file is made of its discipline and topic."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SOURCE = re.compile(rf"{SLUG.pattern}(?:/{SLUG.pattern})+")
_MAX = 100  # characters; ids become parts of file names
_FORM = f"Use lower-case letters, digits and single hyphens, at most {_MAX} characters, as in 'thermal-expansion'."


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Ids that are not well formed, and names that differ from the path of the file."""
    for key, got, expected in (
        ("discipline", topic.discipline, context.discipline),
        ("topic", topic.topic, context.topic),
    ):
        if not _well_formed(SLUG, expected):
            yield Violation((), f"The file's {key} '{expected}' is not a well-formed id. Rename it. {_FORM}")
        elif got != expected:
            yield Violation((key,), f"Got '{got}', but the file is {context.file}. Expected '{expected}': fix one of them.")
    if not _well_formed(SOURCE, topic.source):
        yield Violation(("source",), f"'{topic.source}' is not a source id. Write '<discipline>/<name>'. {_FORM}")
    for kind, names in (("concepts", topic.concepts), ("chains", topic.chains), ("links", topic.links), ("cases", topic.cases)):
        for name in names:
            if not _well_formed(SLUG, name):
                yield Violation((kind, name), f"'{name}' is not a well-formed id. {_FORM}")


def _well_formed(form: re.Pattern[str], text: str) -> bool:
    return form.fullmatch(text) is not None and (len(text) <= _MAX or max(map(len, text.split("/"))) <= _MAX)


RULE = Rule(name="ids", description="Ids are well formed, and name the path of their file.", check_topic=check)
