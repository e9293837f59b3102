"""Question templates ("frames"): six per unit, format and direction, so that a model meets each fact in several wordings.

Placeholders:

    statement   {ask}, {ask-}: a question of relations.yaml, "What does heating cause?", the second with a small first letter
                {s}, {o}: subject and object; {verb}, {inverse}: the relation from either end; {clause}, {inverse-clause}: all of it
    window      {a}, {b}, {c}: its three concepts; {path}: the statements in a row
    link        {row}: the statements with dots for one concept; {x}: a concept
    concept     {term}, {is}, {definition}
    all         {discipline}

Placeholders are filled by plain replacement, never by str.format, because terms are data and may contain braces.
"""

from __future__ import annotations

from proda.records import Format

Frames = tuple[str, ...]

OBJECT: dict[Format, Frames] = {
    "open": (
        "{ask}",
        "Complete the sentence: {s} {verb} …",
        "In {discipline}, {ask-}",
        "Which concept {inverse} {s}?",
        "A student asks: “{ask}” What do you answer?",
        "Recall what you know of {s}. {ask}",
    ),
    "choice": (
        "{ask}",
        "Which of these {inverse} {s}?",
        "Choose the right ending: {s} {verb} …",
        "Only one of these answers is right. {ask}",
        "In {discipline}, {ask-}",
        "Which one of the four answers is right? {ask}",
    ),
}

SUBJECT: dict[Format, Frames] = {
    "open": (
        "{ask}",
        "Complete the sentence: {o} {inverse} …",
        "In {discipline}, {ask-}",
        "Which concept {verb} {o}?",
        "A student asks: “{ask}” What do you answer?",
        "Recall what you know of {o}. {ask}",
    ),
    "choice": (
        "{ask}",
        "Which of these {verb} {o}?",
        "Choose the right ending: {o} {inverse} …",
        "Only one of these answers is right. {ask}",
        "In {discipline}, {ask-}",
        "Which one of the four answers is right? {ask}",
    ),
}

# Used where the knowledge has several right answers.
ONE_OF_SEVERAL = {"object": "Name one concept that {s} {s-verb}.", "subject": "Name one concept that {verb} {o}."}
BOTH_ENDS = "Give the two steps that start from {a} and end with {c}."

CLAIM: Frames = (
    "True or false: {clause}.",
    "Is it true or false that {clause}?",
    "Judge this claim, true or false: {inverse-clause}.",
    "A student writes that {clause}. True or false?",
    "True or false: {inverse-clause}.",
    "Decide whether this holds, true or false: {clause}.",
)

WINDOW: dict[Format, Frames] = {
    "open": (
        "How is {a} linked to {c}?",
        "{ask} And what comes of that in turn?",
        "Give the two steps that start from {a} and end with {c}.",
        "Follow two links from {a}. Where do they lead, and by way of what?",
        "Explain the connection between {a} and {c}.",
        "Start with {a}. What are the next two steps?",
    ),
    "choice": (
        "Which concept links {a} to {c}?",
        "What comes between {a} and {c} in their explanation?",
        "What is missing: {a} {verb} …, which {verb2} {c}?",
        "Which concept joins {a} and {c}?",
        "In {discipline}, what links {a} with {c}?",
        "One of these lies on the way from {a} to {c}. Which?",
    ),
    "true-false": (
        "True or false: {path}.",
        "Are both steps right, true or false: {path}?",
        "Judge these two steps, true or false: {path}.",
        "A student writes that {path}. Is all of it true, or is it false?",
        "In {discipline}, true or false: {path}.",
        "Decide whether both steps hold, true or false: {path}.",
    ),
}

# Used in repairs only. No template shares its wording with the stem of an item.
LINK: dict[Format, Frames] = {
    "open": (
        "What belongs in the place of the dots: {row}?",
        "Name the concept that is left out: {row}.",
        "In {discipline}, what do the dots stand for: {row}?",
        "A student asks what is left out: {row}. What do you answer?",
        "Put in what is missing: {row}.",
        "Say what the dots stand for: {row}.",
    ),
    "choice": (
        "Which of these belongs in the place of the dots: {row}?",
        "Only one of these is left out: {row}. Which?",
        "Choose what the dots stand for: {row}.",
        "In {discipline}, which of these is left out: {row}?",
        "Which one of the four answers is meant by the dots: {row}?",
        "Put in the right concept: {row}.",
    ),
    "true-false": (
        "True or false: the dots stand for {x} in “{row}”.",
        "Is it true or false that the dots stand for {x}: {row}?",
        "Judge this, true or false: in “{row}” the dots stand for {x}.",
        "A student writes {x} in the place of the dots: {row}. True or false?",
        "In {discipline}, true or false: the dots stand for {x} in “{row}”.",
        "Decide whether the dots stand for {x}, true or false: {row}.",
    ),
}

TERM: dict[Format, Frames] = {  # the definition is asked for
    "open": (
        "What {is} {term}?",
        "Define {term}.",
        "In {discipline}, what {is} {term}?",
        "Say in one phrase what {term} {is}.",
        "A student asks what {term} {is}. What do you answer?",
        "How do textbooks of {discipline} define {term}?",
    ),
    "choice": (
        "What {is} {term}?",
        "Which of these defines {term}?",
        "In {discipline}, which definition fits {term}?",
        "Choose the right meaning of {term}.",
        "Only one of these says what {term} {is}. Which?",
        "How do textbooks of {discipline} define {term}?",
    ),
}

DEFINITION: dict[Format, Frames] = {  # the term is asked for
    "open": (
        "Which term names {definition}?",
        "Give the term: {definition}.",
        "What does one call {definition}?",
        "In {discipline}, which term means {definition}?",
        "Name this: {definition}.",
        "A student describes {definition}. Which concept is meant?",
    ),
    "choice": (
        "Which term names {definition}?",
        "What does one call {definition}?",
        "Choose the term for {definition}.",
        "In {discipline}, which term means {definition}?",
        "Only one of these names {definition}. Which?",
        "A student describes {definition}. Which concept is meant?",
    ),
}

MEANING: Frames = (
    "True or false: {term} {is} {definition}.",
    "Is it true or false that {term} {is} {definition}?",
    "Judge this definition, true or false: {term} {is} {definition}.",
    "A student writes that {term} {is} {definition}. True or false?",
    "In {discipline}, true or false: {term} {is} {definition}.",
    "Decide whether this is right, true or false: {term} {is} {definition}.",
)


def fill(frame: str, places: dict[str, str]) -> str:
    """Return the frame with its placeholders replaced. Braces in the replacements stay as they are."""
    out, rest = "", frame
    while "{" in rest:
        before, _, tail = rest.partition("{")
        place, _, rest = tail.partition("}")
        out += before + places[place]
    return out + rest
