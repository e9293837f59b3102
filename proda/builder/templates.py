"""Question templates ("frames"): six per form of question and format, so that a model meets each fact in several wordings.

Placeholders:

    statement   {ask}, {ask-}: a question of relations.yaml, "What does heating cause?", the second with a small first letter
                {Gapped}: the sentence with dots for the end that is asked for; {These}: "Which of these causes …"
                {s}, {o}: the other end; {verb}: "causes"; {when}: the conditions, after the verb
                {sentence}, {inverse}: the statement from either end, after its conditions
    effect      {change}: "the grain size increases", "there is more erosion"; {o}: the concept that changes; {does}: what it does
    window      {a}, {c}: its two ends; {lead}: "heating leads to"; {path}: the statements in a row; {row}: the same with dots
    gap         {row}: the statements with dots for one concept; {x}: a concept
    concept     {term}, {is}, {definition}
    condition   {explains}: what the chain explains, "why a metal hardens"; {x}: a precondition or exclusion
    all         {discipline}

Placeholders are filled by plain replacement, never by str.format, because terms are data and may contain braces.
"""

from __future__ import annotations

from proda.records import Format

Frames = tuple[str, ...]

# An open question about a statement has several right answers as a rule, so it asks for one of them.
PLAIN = 1  # the open frame that may follow the context
OBJECT: dict[Format, Frames] = {
    "open": (
        "Name one thing that {s} {verb}{when}.",
        "What is one thing that {s} {verb}{when}?",
        "In {discipline}, what is one thing that {s} {verb}{when}?",
        "A student asks for one thing that {s} {verb}{when}. What do you answer?",
        "Give one thing that {s} {verb}{when}, and explain your answer.",
        "Answer in one term. What is one thing that {s} {verb}{when}?",
    ),
    "choice": (
        "{ask}",
        "{These}",
        "Choose the right ending: {Gapped}",
        "Only one of these answers is right. {ask}",
        "In {discipline}, {ask-}",
        "Choose the right answer. {ask}",
    ),
}

SUBJECT: dict[Format, Frames] = {
    "open": (
        "Name one thing that {verb} {o}{when}.",
        "What is one thing that {verb} {o}{when}?",
        "In {discipline}, what is one thing that {verb} {o}{when}?",
        "A student asks for one thing that {verb} {o}{when}. What do you answer?",
        "Give one thing that {verb} {o}{when}, and explain your answer.",
        "Answer in one term. What is one thing that {verb} {o}{when}?",
    ),
    "choice": (
        "{ask}",
        "{These}",
        "Choose the right beginning: {Gapped}.",
        "Only one of these answers is right. {ask}",
        "In {discipline}, {ask-}",
        "Choose the right answer. {ask}",
    ),
}

# Used where the statement words the end that is asked for in its own way: the bare term fills the gap.
GAPPED: dict[Format, Frames] = {
    "open": (
        "Name a term that completes this sentence: “{Gapped}”.",
        "Which term could complete this sentence: “{Gapped}”?",
        "Which term can stand in the place of the dots: “{Gapped}”?",
        "In {discipline}, which term could complete this: “{Gapped}”?",
        "Put in a term that fits: “{Gapped}”.",
        "A student has left out a term: “{Gapped}”. Which one could it be?",
    ),
    "choice": (
        "{ask}",
        "Which of these completes the sentence: “{Gapped}”?",
        "Choose the term that belongs in the place of the dots: “{Gapped}”.",
        "Only one of these terms fits: “{Gapped}”. Which?",
        "In {discipline}, which of these terms completes this: “{Gapped}”?",
        "A term is missing here: “{Gapped}”. Which of these is it?",
    ),
}

# Context of a question, for questions that stand alone and for those that may follow a comma.
CONTEXT: Frames = ("Take the explanation of {explains}. {Q}", "{Q} Answer from the explanation of {explains}.")
CONTEXT_BEFORE = "In the explanation of {explains}, {q}"

CLAIM: Frames = (
    "True or false: {sentence}.",
    "Is it true or false that {sentence}?",
    "Judge this claim, true or false: {inverse}.",
    "A student writes that {sentence}. True or false?",
    "True or false: {inverse}.",
    "Decide whether this holds, true or false: {sentence}.",
)

EFFECT: dict[Format, Frames] = {
    "open": (
        "If {change}, what happens to {o}?",
        "What happens to {o} if {change}?",
        "In {discipline}, what happens to {o} if {change}?",
        "Suppose that {change}. What happens to {o}?",
        "A student asks what happens to {o} if {change}. What do you answer?",
        "Suppose that {change} and all else stays the same. What happens to {o}?",
    ),
    "choice": (
        "If {change}, what happens to {o}?",
        "What happens to {o} if {change}?",
        "In {discipline}, what happens to {o} if {change}?",
        "Suppose that {change}. What happens to {o}?",
        "Suppose that {change} and all else stays the same. What happens to {o}?",
        "Only one of these answers is right. If {change}, what happens to {o}?",
    ),
    "true-false": (
        "True or false: if {change}, {o} {does}.",
        "Is it true or false that {o} {does} if {change}?",
        "Judge this claim, true or false: if {change}, {o} {does}.",
        "A student writes that {o} {does} if {change}. True or false?",
        "In {discipline}, true or false: if {change}, {o} {does}.",
        "Decide whether this holds, true or false: {o} {does} if {change}.",
    ),
}

WHEN: Frames = (
    "Under which condition is it true that {clause}?",
    "Which of these conditions belongs to this statement: {clause}?",
    "A condition is missing here: “…, {clause}.” Which of these is it?",
    "A student writes that {clause}. Which of these conditions has to be added?",
    "In {discipline}, under which of these conditions is it right to say that {clause}?",
    "Only one of these conditions fits. When does it hold that {clause}?",
)

# Two statements that are both steps. The first `FORWARD` frames ask forward, so they always get a context.
STEPS: Frames = (
    "Which two steps start from {a}?",
    "Start with {a}. What are the next two steps?",
    "Follow two steps from {a}. Where do they lead, and by way of what?",
    "What is one way in which {lead} {c}?",
    "Give two steps that start from {a} and end with {c}.",
    "Name two steps by which {lead} {c}.",
)
FORWARD = 3
BOTH_ENDS = STEPS[4]

# Statements of which one is no step, or of which the first takes away what the second starts from.
JOINED: Frames = (
    "Give two statements that link {a} with {c}.",
    "What is one way in which {a} and {c} are connected?",
    "Explain one connection between {a} and {c}.",
    "Name one concept that connects {a} with {c}.",
    "Give two facts that connect {a} with {c}.",
    "In {discipline}, what is one way in which {a} and {c} are connected?",
)

BY_WAY = (STEPS[3], JOINED[1], JOINED[5])  # answered by "by way of dislocation tangles"
BETWEEN = (JOINED[3],)  # answered by the inner concept

# Frames of WINDOW that fit steps alone: in "a contrasts with b, which increases c", b does not lie on a way from a to c.
ON_THE_WAY = (
    "Which of these stands between {a} and {c}?",
    "One of these stands between {a} and {c}. Which?",
)

WINDOW: dict[Format, Frames] = {
    "choice": (
        "Which of these connects {a} with {c}?",
        ON_THE_WAY[0],
        "What do the dots stand for in “{row}”?",
        "Which of these links {a} with {c}?",
        "In {discipline}, which of these connects {a} with {c}?",
        ON_THE_WAY[1],
    ),
    "true-false": (
        "True or false: {path}.",
        "Are both statements right, true or false: {path}?",
        "Judge these two statements together, true or false: {path}.",
        "A student writes: “{Path}.” True or false?",
        "In {discipline}, true or false: {path}.",
        "Decide whether both statements hold, true or false: {path}.",
    ),
}

# Used in repairs only. No template shares its wording with the stem of an item.
GAP_ROW: dict[Format, Frames] = {
    "open": (
        "Name a concept that belongs in the place of the dots: “{row}”.",
        "What could be left out here: “{row}”?",
        "In {discipline}, what could the dots stand for in “{row}”?",
        "A student asks what could be left out here: “{row}”. What do you answer?",
        "Put in what is missing: “{row}”.",
        "Say what the dots could stand for in “{row}”.",
    ),
    "choice": (
        "Which of these belongs in the place of the dots: “{row}”?",
        "Only one of these is left out: “{row}”. Which?",
        "Choose what the dots stand for in “{row}”.",
        "In {discipline}, which of these is left out: “{row}”?",
        "Which one of these is meant by the dots in “{row}”?",
        "Put in the right concept: “{row}”.",
    ),
    "true-false": (
        "True or false: the dots stand for {x} in “{row}”.",
        "Is it true or false that the dots stand for {x} in “{row}”?",
        "Judge this, true or false: in “{row}” the dots stand for {x}.",
        "A student writes {x} in the place of the dots: “{row}”. True or false?",
        "In {discipline}, true or false: the dots stand for {x} in “{row}”.",
        "Decide whether the dots stand for {x}, true or false: “{row}”.",
    ),
}

TERM: dict[Format, Frames] = {  # the definition is asked for
    "open": (
        "What {is} {term}?",
        "Define {term}.",
        "In {discipline}, what {is} {term}?",
        "Say in one phrase what {term} {is}.",
        "A student asks what {term} {is}. What do you answer?",
        "Define {term}, as the term is used in {discipline}.",
    ),
    "choice": (
        "What {is} {term}?",
        "Which of these defines {term}?",
        "In {discipline}, which definition fits {term}?",
        "Choose the right meaning of {term}.",
        "Only one of these says what {term} {is}. Which?",
        "Which definition of {term} is used in {discipline}?",
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

PRECONDITION: dict[Format, Frames] = {
    "open": (
        "Name a condition of the explanation of {explains}.",
        "What is one thing that the explanation of {explains} presupposes?",
        "Give a condition that the usual explanation of {explains} needs.",
        "Think of the explanation of {explains}. What is one thing that has to be given for it to hold?",
        "A student explains {explains}. Name a condition that the explanation rests on.",
        "In {discipline}, what is one thing that the explanation of {explains} takes for granted?",
    ),
    "choice": (
        "Which of these does the explanation of {explains} presuppose?",
        "On which of these conditions does the explanation of {explains} rest?",
        "Think of the explanation of {explains}. Which of these has to be given for it to hold?",
        "A student explains {explains}. Which of these does the explanation take for granted?",
        "Only one of these is a condition of the explanation of {explains}. Which?",
        "In {discipline}, which of these does the explanation of {explains} rest on?",
    ),
    "true-false": (
        "True or false: the explanation of {explains} presupposes this: {x}.",
        "Is it true or false that the explanation of {explains} rests on this condition: {x}?",
        "Judge this claim, true or false: the explanation of {explains} takes this for granted: {x}.",
        "A student writes that the explanation of {explains} presupposes this: {x}. True or false?",
        "In {discipline}, true or false: the explanation of {explains} rests on this condition: {x}.",
        "Decide whether this is a condition of the explanation of {explains}, true or false: {x}.",
    ),
}

EXCLUSION: dict[Format, Frames] = {
    "open": (
        "Name a case that the explanation of {explains} does not cover.",
        "What is one case for which the explanation of {explains} does not hold?",
        "Think of the explanation of {explains}. What is one case to which it does not apply?",
        "A student explains {explains}. Name a case to which the explanation must not be carried over.",
        "Name something that lies outside the explanation of {explains}.",
        "In {discipline}, what is one case that the explanation of {explains} leaves out?",
    ),
    "choice": (
        "Which of these exceptions belongs to the explanation of {explains}?",
        "Which of these is an exception to the explanation of {explains}?",
        "The explanation of {explains} has an exception. Which of these is it?",
        "Think of the explanation of {explains}. Which of these exceptions has to be made?",
        "Only one of these exceptions concerns the explanation of {explains}. Which?",
        "In {discipline}, which of these exceptions limits the explanation of {explains}?",
    ),
    "true-false": (
        "True or false: the explanation of {explains} does not cover this case: {x}.",
        "Is it true or false that the explanation of {explains} excludes this: {x}?",
        "Judge this claim, true or false: the explanation of {explains} does not hold for this: {x}.",
        "A student writes that the explanation of {explains} does not cover this: {x}. True or false?",
        "In {discipline}, true or false: the explanation of {explains} leaves this out: {x}.",
        "Decide whether this lies outside the explanation of {explains}, true or false: {x}.",
    ),
}


# The same, asked of a step instead of what the explanation explains. {clause}: "heating causes thermal expansion"
PRECONDITION_OF_STEP: dict[Format, Frames] = {
    "open": (
        "Take this step: {clause}. Name a condition that it rests on.",
        "A textbook reasons that {clause}. What is one thing that the explanation presupposes?",
        "Part of the reasoning is that {clause}. What is one thing that has to be given for it?",
        "In {discipline}, it is said that {clause}. What is one thing that it takes for granted?",
    ),
    "choice": (
        "Take this step: {clause}. Which of these does it presuppose?",
        "A textbook reasons that {clause}. On which of these conditions does the explanation rest?",
        "Part of the reasoning is that {clause}. Which of these has to be given for it?",
        "In {discipline}, it is said that {clause}. Which of these does it take for granted?",
    ),
    "true-false": (
        "Take this step: {clause}. True or false: it presupposes this: {x}.",
        "A textbook reasons that {clause}. Is it true or false that the explanation rests on this condition: {x}?",
        "Part of the reasoning is that {clause}. True or false: this has to be given for it: {x}.",
        "In {discipline}, it is said that {clause}. True or false: it takes this for granted: {x}.",
    ),
}

EXCLUSION_OF_STEP: dict[Format, Frames] = {
    "open": (
        "Take this step: {clause}. Name a case that it does not cover.",
        "A textbook reasons that {clause}. What is one case to which the explanation does not apply?",
        "Part of the reasoning is that {clause}. To which case must that not be carried over?",
        "In {discipline}, it is said that {clause}. What is one case that it leaves out?",
    ),
    "choice": (
        "Take this step: {clause}. Which of these exceptions belongs to it?",
        "A textbook reasons that {clause}. Which of these exceptions has to be made?",
        "Part of the reasoning is that {clause}. Which of these is an exception to it?",
        "In {discipline}, it is said that {clause}. Which of these exceptions limits it?",
    ),
    "true-false": (
        "Take this step: {clause}. True or false: it does not cover this case: {x}.",
        "A textbook reasons that {clause}. Is it true or false that the explanation excludes this: {x}?",
        "Part of the reasoning is that {clause}. True or false: that does not hold for this: {x}.",
        "In {discipline}, it is said that {clause}. True or false: it leaves this out: {x}.",
    ),
}


def fill(frame: str, places: dict[str, str]) -> str:
    """Return the frame with its placeholders replaced. Braces in the replacements stay as they are."""
    out, rest = "", frame
    while "{" in rest:
        before, _, tail = rest.partition("{")
        place, _, rest = tail.partition("}")
        out += before + places[place]
    return out + rest
