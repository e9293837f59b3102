"""Where a sentence names a concept or words a relation: shared by the rules that compare text, triple and quote.

    place_of("heating a rail causes thermal expansion.", ("thermal expansion", "heat expansion"))      # (22, 39)
    names_in_other_forms("the rail heats", ("heating of a rail",))                                        # True

English only. These functions err on the side of finding something, because a warning that is usually wrong is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from proda.language.word_stems import MINOR, WORD, stem, stems
from proda.records import Relation

_SAME = str.maketrans({"’": "'", "‘": "'", "–": "-", "‑": "-", "—": "-"})

# Other words for a relation: what a plain sentence may say in the place of the phrase in relations.yaml.
_WORDED: dict[str, str] = {
    "acts-on": r"act\w*|appl(?:y|ies|ied)\b|work\w*",
    "becomes": r"bec[ao]m\w*|turn\w*|chang\w*|develop\w*",
    "causes": r"caus\w*|leads?\b|led\b|brings?\b|brought\b|results?\b|makes?\b|made\b",
    "consists-of": r"consist\w*|compos\w*|made\b|compris\w*|contain\w*",
    "contrasts-with": r"contrast\w*|differ\w*|unlike\b|whereas\b|distinct\w*|opposed\b",
    "decreases": r"decreas\w*|lower\w*|reduc\w*|lessen\w*|weaken\w*|diminish\w*|shorten\w*|cuts?\b|slow\w*|shrink\w*",
    "depends-on": r"depend\w*|rest(?:s|ed)?\b|rel(?:y|ies|ied)\b|hing\w*",
    "enables": r"enabl\w*|possible\b|allow\w*|permit\w*|lets?\b",
    "exceeds": r"exceed\w*|greater\b|higher\b|larger\b|more\b|above\b",
    "explains": r"expla\w*|account\w*",
    "gives-way-to": r"g[ia]v\w* way\b|replac\w*|yield\w*|succeed\w*",
    "increases": r"increas\w*|rais\w*|rises?\b|strengthen\w*|heighten\w*|enlarg\w*|lengthen\w*|boost\w*|speeds?\b|add(?:s|ed)?\b",
    "inversely-proportional-to": r"invers\w*|proportional\w*",
    "is-a": r"is\b|are\b|was\b|were\b",
    "is-defined-by": r"defin\w*",
    "is-part-of": r"part\w*|belong\w*|component\w*|contain\w*|includ\w*",
    "limits": r"limit\w*|bound\w*|caps?\b|restrict\w*|constrain\w*",
    "measures": r"measur\w*|gaug\w*|quantif\w*",
    "precedes": r"preced\w*|before\b|earlier\b|after\b|follow\w*",
    "prevents": r"prevent\w*|stop\w*|block\w*|inhibit\w*|preclud\w*|keeps?\b|kept\b|bars?\b",
    "produces": r"produc\w*|yield\w*|generat\w*|creat\w*|forms?\b|gives?\b|gave\b|makes?\b",
    "proportional-to": r"proportional\w*",
    "requires": r"requir\w*|needs?\b|needed\b|must\b",
    "triggers": r"trigger\w*|sets? off\b|start\w*|initiat\w*|provok\w*|prompt\w*",
}


def folded(text: str) -> str:
    """`text` in lower case, with one form of apostrophe and dash."""
    return (text if text.isascii() else text.translate(_SAME)).lower()


def place_of(sentence: str, names: Iterable[str]) -> tuple[int, int] | None:
    """Start and end of the first of `names` that stands in the folded `sentence` from the start of a word; longest names first."""
    for name in sorted(map(folded, names), key=len, reverse=True):
        at = sentence.find(name)
        while at > 0 and sentence[at - 1].isalnum():
            at = sentence.find(name, at + 1)
        if at >= 0:
            return at, at + len(name)
    return None


def names_in_other_forms(sentence: str, names: Iterable[str]) -> bool:
    """Whether the words of one of `names` all stand in `sentence`, in any order and with any ending."""
    there = stems(sentence)
    return any(own and own <= there for own in map(stems, names))


@lru_cache(512)
def worded(relation: Relation) -> re.Pattern[str]:
    """A pattern that finds the relation in a folded sentence: the words of its phrases, and common words for it."""
    own = {w for phrase in (relation.phrase, relation.plural, relation.inverse) for w in WORD.findall(folded(phrase)) if w not in MINOR}
    own -= {"are", "be", "than"}
    patterns = [rf"{re.escape(stem(word))}\w*" for word in sorted(own)]
    return re.compile(rf"\b(?:{'|'.join([*patterns, *filter(None, [_WORDED.get(relation.id)])]) or '(?!)'})")
