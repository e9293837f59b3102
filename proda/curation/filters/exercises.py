"""Exercises, problems, review questions and worked examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from proda.curation.excerpt import Excerpt
from proda.curation.outline import task_label

if TYPE_CHECKING:
    from proda.document_settings import CurateSettings

_HEADING = re.compile(
    r"(?:(?:[\d.]+|part|chapter|section|end[- ]of[- ]chapter|additional|challenge|practice|supplementary|unsolved|selected|general|python"
    r"|matlab|conceptual|group|in[- ]class|optional|coding|short|mini)\s+)*"
    r"(?:"
    r"exercises?(?: \d[\d.]*)?\W*(?::.*)?$|exercises (?:for|on) |problems?\W*(?:sets?\b.*)?$|problems and (?:exercises|applications"
    r"|solutions)\b"
    r"|(?:review|critical thinking|multiple choice|short answer|free response|fill in the blanks?|matching|essay|discussion|thought"
    r"|study|conceptual"
    r"|comprehension|end[- ]of[- ]chapter|reflection|homework|visual connection|test prep|practice|self[- ]?check|personal connection)\s+"
    r"(?:questions?|exercises?|problems?|activit(?:y|ies)|tests?|quiz(?:zes)?|assignments?)\b"
    r"|self[- ]?(?:check|assessment|test|quiz)\b|check (?:your|yourself)\b|checkpoint\W*\d*\W*$|test yourself\b"
    r"|critical thinking\W*$|multiple choice\W*$|short answer\W*$|true[/ -](?:or[/ -])?false\W*$"
    r"|(?:discussion |quick |conceptual )?questions?(?: (?:to consider|for (?:discussion|thought|review)))?\W*\d*\W*$"
    r"|homework\b|assignments?\W*\d*\W*$|quiz(?:zes)?\W*\d*\W*$|practice(?: test| exam\w*)?\W*\d*\W*$|practice makes perfect\b"
    r"|let[’']s practice\b|try it(?: yourself| now)?\b|your turn\b|concepts in practice\b|programming practice\b|bringing it together\b"
    r"|answers?(?: key| to .*)?\W*$|solutions? (?:manual|(?:to|for) (?:the )?(?:odd|even|selected|review|exercises?|problems?"
    r"|questions?)\b.*)"
    r"|lab(?:oratory)? (?:exercise|assignment|activity)\b|collaborative group activity|figuring for yourself"
    r")",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"^(?:\*\*(?P<bold>(?:solutions?|answers?|strategy|check your learning)\b[^*\n]{0,20})\*\*"
    r"|(?P<plain>(?:solutions?|answers?|strategy|check your learning)(?: (?:for |to )?(?:part )?\(?[a-h1-9]\)?)?)[.:](?=\s))",
    re.MULTILINE | re.IGNORECASE,
)
_POSED = re.compile(
    r"(?:let[’']?s?|consider|suppose|assume|given|we (?:want|wish|would like|are given|now|will)|identify|follow|use|complete|select"
    r"|flip|roll)\b",
    re.IGNORECASE,
)
MOST_NUMBERS = 0.06  # share of numbers among the words from which what is labelled an example is a calculation
_QUESTION = re.compile(r"\?[\"'”’)\]]*\s*$")
# Tasks of textbooks. Verbs that steps of a procedure begin with as well ("Select the largest", "Repeat") are left out.
_TASK = re.compile(
    r"(?:\([a-z]\)|\b[a-h][.)]|[\W\d])*+"
    r"(?:(?:for|in) (?:the following|each of the following|exercises?|problems?)\b.*?,\s*|(?:now|next|then|again|also|finally|please"
    r"|hint:)\W+"
    r"|(?:using|use|given|from|based on|with|without|assuming|suppose|if|when|let)\b[^.?!]*?,\s*|\*?exercise\b[\s\d.:]*)?"
    r"(?:calculate|compute|find|determine|draw|sketch|explain|describe|discuss|list|write|show (?:that|how)|prove|solve|evaluate"
    r"|estimate|state|name"
    r"|compare|contrast|match|label|plot|graph|simplify|factor|verify|derive|outline|define|summari[sz]e|predict|justify|rewrite"
    r"|decide|classify"
    r"|answer|consider (?:how|whether|what|why|the following)|research|investigate|analy[sz]e|interpret|distinguish|illustrate"
    r"|propose|suggest) ",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?:[-*+•]\s+)?\(?[A-Ea-e][.)]\s+\S")
_NUMBERED = re.compile(r"\(?\d{1,3}[.)]\s+\S")
MOST = 0.5
LONGEST_OPTION = 80  # characters; the steps of an argument are longer


def exercise(excerpt: Excerpt, _settings: CurateSettings) -> str | None:
    """Tasks for the reader: by the heading, or by what most of the passage consists of; worked examples and their solutions too."""
    for title in excerpt.heading[-2:]:
        if _HEADING.match(title):
            return f"below the heading {title}"
    return _worked(excerpt) or _asked(excerpt)


def _worked(excerpt: Excerpt) -> str | None:
    """An example with its solution, or an exercise: labelled so, and the label stands above most of the passage."""
    label = task_label(excerpt.text)
    if label and _has_task(excerpt):
        return f"worked example or exercise: {label}"
    answer = _ANSWERED.search(excerpt.text)
    if answer is not None and answer.start() <= (1 - MOST) * len(excerpt.text):
        return f"worked example: {(answer['bold'] or answer['plain']).strip(' .:')}"
    return None


def _has_task(excerpt: Excerpt) -> bool:
    """Whether a passage that is labelled an example asks, instructs or calculates, rather than illustrates."""
    if _ANSWERED.search(excerpt.text) or any(_QUESTION.search(s) or _TASK.match(s) or _POSED.match(s) for s in excerpt.sentences):
        return True
    tokens = [token for sentence in excerpt.tokens for token in sentence]
    return sum(map(str.isdigit, tokens)) >= MOST_NUMBERS * len(tokens)


def _asked(excerpt: Excerpt) -> str | None:
    """Sentences that ask or instruct make up most of it."""
    sentences = excerpt.sentences
    total = sum(map(len, sentences))
    asking = [s for s in sentences if _QUESTION.search(s)]
    if not asking and excerpt.share("list") == 0 and not excerpt.labels:
        tasks = [s for s in sentences if _TASK.match(s)]
        if len(tasks) < 3:
            return None
    else:
        tasks = [s for s in sentences if _QUESTION.search(s) or _TASK.match(s)]
    options = sum(_OPTION.match(line.strip()) is not None and len(line) <= LONGEST_OPTION for line in excerpt.text.splitlines())
    if options >= 3 and asking:
        return f"{options} options to choose from"
    # By both measures, so that one long rhetorical question does not make an essay an exercise.
    if total and sum(map(len, tasks)) >= MOST * total and len(tasks) >= MOST * len(sentences) and (asking or len(tasks) > 1):
        return f"{len(tasks)} of {len(sentences)} sentences are tasks or questions"
    return None
