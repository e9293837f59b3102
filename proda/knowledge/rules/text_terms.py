"""A statement's text names its subject and its object, by their term or an alias. A warning: a sentence may name them in other words."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.mentions import folded, names_in_other_forms, place_of
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile
from proda.language.word_stems import stems


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Texts that name the subject or the object neither by term nor by alias. Concepts of other topics are looked for by their id."""
    for where, step in topic.statements():
        sentence = folded(step.text)
        for field, reference in (("subject", step.subject), ("object", step.object)):
            concept = topic.concepts.get(reference)
            names = (concept.term, *concept.aliases) if concept else (reference.rpartition("/")[2].replace("-", " "),)
            if place_of(sentence, names) is not None or names_in_other_forms(sentence, names):
                continue
            if concept is None and stems(names[0]) & stems(sentence):
                continue  # the term of a concept of another topic may differ from its id
            message = f"The text does not name the {field}, '{names[0]}'. Name it by its term, or add the wording as an alias."
            yield Violation((*where, "text"), message)


RULE = Rule(name="text-terms", description="A text names the subject and the object.", severity="warning", check_topic=check)
