"""Does a reworded stem still ask what its template asks? Told by the words that a question of each kind cannot do without.

asks_the_same("order", words("Which sequence of three steps begins at frost?"), words("Which three steps end at frost?"))
    "must ask for what follows from the start (“end”)"
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from proda.records import ItemKind


class AskedBy(NamedTuple):
    """What a stem has to hold, and what it may not hold. `message` is what the model is told."""

    message: str
    needed: tuple[frozenset[str], ...]  # at least one word of each set that the template has a word of
    barred: frozenset[str] = frozenset()


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXCLUDING = _set(
    "not cannot never no none except excluded excludes exclude beyond outside fail fails failing place inapplicable break breaks wrong stop"
    " stops unless without doesn isn won neither nor"
)
PRESUPPOSES = AskedBy(
    "must ask what the explanation presupposes",
    (
        _set(
            "presuppose presupposes presupposed condition conditions need needs needed require requires required assume assumes assumed"
            " granted case when hold holds true circumstances premise premises given rest rests"
        ),
    ),
    EXCLUDING,
)
EXCLUDES = AskedBy("must ask, with one negation, which case the explanation does not cover", (EXCLUDING,))
ASKED: dict[ItemKind, AskedBy] = {
    "bridge": AskedBy(
        "must ask for one concept that stands in both statements",
        (_set("both same one common single twice it itself turn either each"),),
    ),
    "mechanism": AskedBy(
        "must ask for the two steps between the start and the end",
        (_set("between way through from intermediate link linked links via stages steps stage step route"), _set("two both first second")),
    ),
    "order": AskedBy(
        "must ask for what follows from the start",
        (_set("begin begins beginning start starts starting from follow follows following next after sets set"),),
        _set("end ends ended ending finish finishes finally last precede precedes preceding before lead leads"),
    ),
    "effect": AskedBy(
        "must say that nothing else changes",
        (_set("else same alone only otherwise unchanged constant fixed equal"),),
    ),
    "counterfactual": AskedBy(
        "must say that something is absent, and ask what lacks one of its causes by way of other steps",
        (
            _set(
                "no without absent absence lack lacks lacked missing removed remove ruled gone out not never vanished vanish eliminated"
                " excluded"
            ),
            _set("cause causes"),
            _set("step steps"),
        ),
    ),
}


def asks_the_same(kind: ItemKind, template: Sequence[str], tokens: Sequence[str]) -> str:
    """Return what is missing in a stem, or what should not be there; empty if the stem asks what its template asks.

    Both are folded words, without those of concepts' names.
    """
    if kind == "condition":
        asked = EXCLUDES if EXCLUDING & {*template} else PRESUPPOSES
        negations = [word for word in tokens if word in EXCLUDING]
        if asked is EXCLUDES and len(negations) != 1:
            return _told(asked.message, negations)
    else:
        asked = ASKED[kind]
        if kind == "counterfactual":
            steps = {"two"} & {*template}
            if steps != {"two"} & {*tokens}:
                return "must keep the number of steps"
    if wrong := [word for word in tokens if word in asked.barred and word not in template]:
        return _told(asked.message, wrong)
    return "" if all(needed & {*tokens} or not needed & {*template} for needed in asked.needed) else asked.message


def _told(message: str, found: Collection[str]) -> str:
    return f"{message} ({', '.join(f'“{word}”' for word in dict.fromkeys(found))})" if found else message
