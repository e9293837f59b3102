"""Exercises, problems, review questions and worked examples."""

from __future__ import annotations

import re

from proda.document_settings import CurateSettings
from proda.documents.excerpt import Excerpt
from proda.documents.outline import task_label

_HEADING = re.compile(
    r"(?:(?:[\d.]+|part|chapter|section|end[- ]of[- ]chapter|additional|challenge|practice|supplementary|unsolved|selected|general|python|matlab"
    r"|conceptual|group|in[- ]class|optional|coding|short|mini)\s+)*"
    r"(?:exercises?\b|problems?\W*(?:set\b.*)?$|problems? (?:sets?|solutions?)\b|problems and (?:exercises|applications|solutions)\b|review (?:questions?|exercises?|problems?)\b|(?:self[- ])?check(?:s|point)?"
    r"(?: (?:your|questions?|yourself)\b.*)?\W*$|self[- ]?(?:check|assessment|test|study|quiz)\b|check your (?:understanding|learning|knowledge)\b"
    r"|(?:critical thinking|multiple choice|short answer|free response|true[/ -]?or?[/ -]?false|fill in the blanks?|matching|essay|discussion|thought|"
    r"study|conceptual|comprehension|review|end[- ]of[- ]chapter|reflection|homework|visual connection|figuring for yourself|test prep|practice)\s+"
    r"(?:questions?|exercises?|problems?|activit\w+|tests?|assignments?)\b|critical thinking\W*$|multiple choice\W*$|short answer\W*$|true[/ -]false\W*$"
    r"|conceptual questions\b|(?:discussion |quick )?questions(?: (?:to consider|for (?:discussion|thought|review)))?\W*$|homework\b|assignments?\b|quiz(?:zes)?\b|practice(?: test| exam\w*)?\W*(?:\d+\W*)?$"
    r"|practice (?:makes perfect|problems?|exercises?|questions?|tests?)|let[’']s practice|try it(?: yourself| now)?\b|test yourself|your turn\b|answer key|answers?(?: to .*)?\W*$"
    r"|solutions?(?: (?:to|manual)\b.*)?\W*$|bringing it together|concepts in practice|programming practice\b.*|lab(?:oratory)? (?:exercise|assignment|activity)\b"
    r"|collaborative group activity|figuring for yourself|use the following information\b)",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"(?:solutions?|answers?|strategy|significance|sketch|think|solve|discuss|check)\b", re.IGNORECASE)
_ANSWERED = re.compile(r"(?m)^\*\*(?:Solution|Answer|Strategy|Check Your Learning|Proof)\b")
_QUESTION = re.compile(r"\?[\"'”’)\]]*\s*$")
_TASK = re.compile(
    r"(?:[\W\d]|\b[a-h][.)]|\([a-z]\))*(?:(?:for|in) (?:the following|each of the following|exercises?|problems?)\b.*?,\s*|(?:now|next|then|again|also|"
    r"finally|first|please|hint:)\W+|(?:using|use|given|from|based on|with|without|assuming|suppose|if|when|let)\b[^.?!]*?,\s*|\*?exercise\b[\s\d.:]*)?"
    r"(?:calculate|compute|find|determine|draw|sketch|explain|describe|discuss|list|identify|write|show(?: that| how)|prove|solve|evaluate|estimate|state|name"
    r"|compare|contrast|match|choose|select|fill|label|plot|graph|simplify|factor|verify|derive|construct|outline|define|give|summari[sz]e|predict|justify"
    r"|rewrite|expand|convert|indicate|decide|rank|arrange|classify|complete|design|implement|modify|create|repeat|extend|think (?:about|of)|try|answer|make"
    r"|consider (?:how|whether|what|why|the following)|research|investigate|analy[sz]e|interpret|test|use|express|distinguish|illustrate|propose|suggest"
    r"|what|why|how|which|who|where|can you|do you|does|is it|are there|could|would|should) ",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?:[-*+•]\s+)?\(?[A-Ea-e][.)]\s+\S")
_NUMBERED = re.compile(r"\(?\d{1,3}[.)]\s+\S")
MOST = 0.5


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
    before = 0
    for atom in excerpt.atoms if excerpt.labels else ():
        if atom.kind == "label":
            label = excerpt.text[atom.start - excerpt.atoms[0].start : atom.end - excerpt.atoms[0].start].strip("*_ :.")
            if _ANSWER.fullmatch(label.rstrip("0123456789 .()abc")):
                return f"worked example: {label}" if before <= (1 - MOST) * excerpt.words else None
        before += atom.words
    return None


def _has_task(excerpt: Excerpt) -> bool:
    answered = any(_ANSWER.match(label) for label in excerpt.labels) or _ANSWERED.search(excerpt.text) is not None
    return answered or any(_QUESTION.search(s) or _TASK.match(s) for s in excerpt.sentences)


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
    options = sum(_OPTION.match(line.strip()) is not None for line in excerpt.text.splitlines())
    if options >= 3 and asking:
        return f"{options} options to choose from"
    if total and sum(map(len, tasks)) >= MOST * total and (asking or len(tasks) > 1):
        return f"{len(tasks)} of {len(sentences)} sentences are tasks or questions"
    return None
