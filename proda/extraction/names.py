"""Names of concepts: the key by which two names are one, the id, and singular forms.

    join_key("X-ray  Diffraction")        "x ray diffraction"
    join_key("nucleus (of a comet)")      "nucleus ( of a comet )": a qualifier in brackets is part of the name
    concept_id("Young's modulus")         "youngs-modulus"
    singulars("hypotheses")               ("hypothesis", …): candidates, of which one must be attested elsewhere
    differ_in_number("angiotensin I", "angiotensin II")        True

A key is for comparing and is never shown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DASHES = re.compile(r"[-‐‑‒–—−/_]+")
_APOSTROPHES = str.maketrans("", "", "'’‘`´")
_BRACKETS = re.compile(r"\s*([()\[\]])\s*")
_OTHER = re.compile(r"[^\w\s()\[\]+#.°′]")
_DOT = re.compile(r"\.(?!\w)|(?<!\w)\.")
_SLUG = re.compile(r"[^a-z0-9]+")
_ROMAN = re.compile(r"(?:[ivx]{1,4}|[a-z]|\d+[a-z]?|alpha|beta|gamma|delta)")
_NUMBER = re.compile(r"\d+")
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu",
          "π": "pi", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "delta",
          "Σ": "sigma", "Ω": "omega"}  # fmt: skip
MAX_ID = 80  # characters
_ARTICLE = re.compile(r"^(?:an?|the) (?=\S)", re.IGNORECASE)
_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "geese": "goose", "oxen": "ox", "lice": "louse", "genera": "genus", "data": "datum", "viscera": "viscus", "corpora": "corpus",
}  # fmt: skip
# Endings of plurals and what the singular may end in. All candidates are tried; only an attested one counts.
_ENDINGS = (
    ("ies", ("y",)), ("ves", ("f", "fe", "ve")), ("ices", ("ex", "ix")), ("ses", ("s", "se", "sis")), ("xes", ("x", "xis")),
    ("zes", ("z", "ze")), ("ches", ("ch", "che")), ("shes", ("sh",)), ("oes", ("o", "oe")), ("s", ("",)),
    ("i", ("us",)), ("ae", ("a",)), ("a", ("um", "on")), ("es", ("is",)), ("eaux", ("eau",)),
)  # fmt: skip
_NOT_PLURAL = ("ss", "us", "is", "ics")


@lru_cache(65536)
def join_key(name: str) -> str:
    """What equal names share: case, Unicode form, hyphens and blanks, apostrophes and a leading article do not count.

    An acronym keeps its capitals, so that AIDS is no plural of "aid". Brackets and digits count.
    """
    text = unicodedata.normalize("NFKC", name).translate(_APOSTROPHES)
    text = _DASHES.sub(" ", text)
    text = _BRACKETS.sub(r" \1 ", text)
    text = _OTHER.sub(" ", text)
    text = _DOT.sub(" ", text)
    text = _ARTICLE.sub("", " ".join(text.split()), count=1)
    return " ".join(word if is_acronym(word) else word.casefold() for word in text.split())


def is_acronym(word: str) -> bool:
    """Whether a word is written as an acronym: two to six characters, most of them capitals."""
    capitals = sum(c.isupper() for c in word)
    return 2 <= len(word) <= 6 and capitals >= 2 and word[0].isupper() and capitals * 2 > len(word)


def concept_id(name: str) -> str:
    """The id of a concept of that name: lower-case ASCII words joined by hyphens; empty if nothing remains."""
    text = "".join(_GREEK.get(c, c) for c in name).translate(_APOSTROPHES)
    plain = unicodedata.normalize("NFKD", _ARTICLE.sub("", text.strip(), count=1)).encode("ascii", "ignore").decode().lower()
    slug = _SLUG.sub("-", plain).strip("-")
    return slug if len(slug) <= MAX_ID else slug[:MAX_ID].rpartition("-")[0]


def singulars(word: str) -> tuple[str, ...]:
    """What the singular of a lower-case word may be, if the word is a plural. They are candidates: "hypotheses" gives three."""
    if word in _IRREGULAR:
        return (_IRREGULAR[word],)
    found: list[str] = []
    if len(word) < 4 or word.endswith(_NOT_PLURAL):
        return ()
    for ending, others in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            found += [word[: -len(ending)] + other for other in others]
    return tuple(dict.fromkeys(found))


def singular_keys(key: str) -> tuple[str, ...]:
    """The keys that a name would have in the singular: of its last word, and of the word before "of"."""
    words = key.split(" ")
    places = [len(words) - 1]
    if "of" in words[1:]:
        places = [words.index("of", 1) - 1]
    found = []
    for place in places:
        for one in singulars(words[place]):
            found.append(" ".join([*words[:place], one, *words[place + 1 :]]))
    return tuple(found)


def differ_in_number(one: str, other: str) -> bool:
    """Whether two names differ in a digit, a Roman numeral or a single letter: they are never one concept."""
    first, second = join_key(one).casefold().split(), join_key(other).casefold().split()
    if sorted(_NUMBER.findall(one)) != sorted(_NUMBER.findall(other)):
        return True
    mine, theirs = ([w for w in words if _ROMAN.fullmatch(w)] for words in (first, second))
    return mine != theirs


_OPPOSED = ("in", "im", "ir", "il", "un", "non", "a", "an", "dis", "anti", "hyper", "hypo", "inter", "intra", "macro", "micro",
            "pre", "post",
            "exo", "endo", "extra", "sub", "super", "over", "under", "mono", "poly", "uni", "multi", "de", "re", "co", "ad", "ab",
            "homo", "hetero", "iso", "bi", "tri", "di", "semi", "pro", "eu", "ex", "e", "im")  # fmt: skip


def opposed(one: str, other: str) -> bool:
    """Whether two names differ in a prefix that changes the meaning: "voluntary" and "involuntary"."""
    first, second = join_key(one).split(), join_key(other).split()
    if len(first) != len(second):
        return False
    return any(_prefixed(a, b) for a, b in zip(first, second, strict=True) if a != b)


def _prefixed(one: str, other: str) -> bool:
    for a, b in ((one, other), (other, one)):
        if any(b == prefix + a for prefix in _OPPOSED):
            return True
    return any(
        one.startswith(p) and other.startswith(q) and one[len(p) :] == other[len(q) :] and len(one) > len(p) + 2
        for p in _OPPOSED
        for q in _OPPOSED
        if p != q
    )
