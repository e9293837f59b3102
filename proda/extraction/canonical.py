"""Names that a source uses → concepts: which names are one, under which id, in which form.

    naming = canonical(mentions, acronyms(text), known, earlier)
    naming.of("ADH").id                   # "antidiuretic-hormone"

Two names are one if they are equal but for case, Unicode form, hyphens and blanks; if the source gives one as the short form of the other,
or says "also called"; if one is the plural of the other and both occur. Nothing else is merged: no bracketed qualifier is taken off, names
that differ in a digit or numeral stay apart, and likeness of spelling only nominates a pair for people to decide (`nominations.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from proda.extraction.found import Mention
from proda.extraction.names import concept_id, differ_in_number, is_acronym, join_key, singular_keys
from proda.records import Record

VOWELS = "aeiou"


class KnownConcept(Record, frozen=True):
    """A concept that has an id already: in the knowledge, or in this source's proposals."""

    id: str  # bare within the discipline, "<discipline>/<name>" from another
    term: str
    plural: bool = False
    phrase: str | None = None
    aliases: tuple[str, ...] = ()


class NamedConcept(Record, frozen=True):
    """A concept with the form in which it is proposed."""

    id: str
    term: str
    plural: bool
    phrase: str | None
    aliases: tuple[str, ...]
    known: bool = False  # the knowledge has it, so it is not proposed


class Naming:
    """The concept of each name of a source."""

    def __init__(self, concepts: Mapping[str, NamedConcept]) -> None:
        """`concepts` maps the key of a name to its concept."""
        self._concepts = dict(concepts)

    def of(self, name: str) -> NamedConcept | None:
        """The concept of a name; None if the name was not among the mentions or gives no id."""
        return self._concepts.get(join_key(name))

    def concepts(self) -> tuple[NamedConcept, ...]:
        """All concepts, sorted by id."""
        return tuple(sorted({c.id: c for c in self._concepts.values()}.values(), key=lambda c: c.id))


def canonical(
    mentions: Sequence[Mention], short_forms: Mapping[str, str], known: Iterable[KnownConcept], earlier: Iterable[KnownConcept],
    words: frozenset[str] = frozenset(), kinds: Iterable[str] = (),
) -> Naming:  # fmt: skip
    """The concepts that `mentions` name. Ids of `known` (the knowledge's) and `earlier` (this source's proposals) are reused.

    `kinds` are terms after "is a kind of", which take the singular if their singular is among `words`, the source's lower-case words.
    Deterministic: depends on the arguments, and on the order of `mentions` only to choose between equal spellings.
    """
    groups = _Groups(_fixed(known, earlier))
    terms: dict[str, Counter[str]] = {}
    for mention in mentions:
        key = join_key(mention.term)
        if key:
            groups.add(key)
            terms.setdefault(key, Counter())[mention.term] += 1
            for alias in mention.aliases:
                groups.join(key, join_key(alias), mention.term, alias)
                terms.setdefault(join_key(alias), Counter())[alias] += 0
    for short, long in short_forms.items():
        if groups.has(join_key(short)) or groups.has(join_key(long)):
            groups.join(join_key(long), join_key(short), long, short)
            terms.setdefault(join_key(short), Counter())[short] += 0
            terms.setdefault(join_key(long), Counter())[long] += 0
    singular: dict[str, str] = {}
    for key in sorted(terms):
        for one in singular_keys(key):
            if groups.has(one) or one in groups.fixed:
                groups.join(one, key, one, key)
                singular[key] = one
                break
    for term in sorted(set(kinds)):
        key = join_key(term)
        found = next((k for k in singular_keys(key) if k.rpartition(" ")[2] in words), None)
        if key not in singular and found is not None and key not in groups.fixed:
            singular[key] = found
            groups.join(found, key, found, key)
            terms.setdefault(found, Counter())[_singular_term(term, key, found)] += 1
    return Naming(_named(groups, terms, singular, mentions, {c.id: c for c in known}, {c.id: c for c in earlier}))


class _Groups:
    """Keys that are one concept: disjoint sets, of which each has at most one id that is fixed."""

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self.fixed = dict(fixed)
        self._parent: dict[str, str] = {}
        self._id: dict[str, str] = {}  # root → fixed id

    def has(self, key: str) -> bool:
        return key in self._parent

    def add(self, key: str) -> None:
        if key not in self._parent:
            self._parent[key] = key
            if key in self.fixed:
                self._id[key] = self.fixed[key]

    def root(self, key: str) -> str:
        self.add(key)
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key

    def join(self, one: str, other: str, first: str, second: str) -> None:
        """Make two keys one concept, unless their names differ in a number or each has an id of its own."""
        if not one or not other or one == other or differ_in_number(first, second):
            return
        kept, gone = self.root(one), self.root(other)
        ids = {self._id[root] for root in (kept, gone) if root in self._id}
        if kept != gone and len(ids) < 2:
            self._parent[gone] = kept
            for name in ids:
                self._id[kept] = name

    def sets(self) -> list[tuple[list[str], str | None]]:
        """The keys of each concept, sorted, and its fixed id if it has one."""
        found: dict[str, list[str]] = {}
        for key in sorted(self._parent):
            found.setdefault(self.root(key), []).append(key)
        return sorted(((keys, self._id.get(root)) for root, keys in found.items()), key=lambda item: item[0])


def _fixed(known: Iterable[KnownConcept], earlier: Iterable[KnownConcept]) -> dict[str, str]:
    """Key → id of the concepts that have one; the knowledge goes before the proposals, a term before an alias."""
    found: dict[str, str] = {}
    for group in (tuple(known), tuple(earlier)):
        for concept in group:
            found.setdefault(join_key(concept.term), concept.id)
        for concept in group:
            for alias in concept.aliases:
                found.setdefault(join_key(alias), concept.id)
    return found


def _named(
    groups: _Groups, terms: Mapping[str, Counter[str]], singular: Mapping[str, str], mentions: Sequence[Mention],
    known: Mapping[str, KnownConcept], earlier: Mapping[str, KnownConcept],
) -> dict[str, NamedConcept]:  # fmt: skip
    by_key: dict[str, list[Mention]] = {}
    for mention in mentions:
        by_key.setdefault(join_key(mention.term), []).append(mention)
    found: dict[str, NamedConcept] = {}
    taken: set[str] = {*known, *earlier}
    for keys, fixed in groups.sets():
        concept: NamedConcept | None
        if fixed is not None and fixed in known:
            kept = known[fixed]
            concept = NamedConcept(kept.id, kept.term, kept.plural, kept.phrase, kept.aliases, known=True)
        elif fixed is not None:
            old = earlier[fixed]
            concept = NamedConcept(old.id, old.term, old.plural, old.phrase, old.aliases)
        else:
            concept = _new(keys, terms, singular, by_key, taken)
        if concept is not None:
            taken.add(concept.id)
            found |= dict.fromkeys(keys, concept)
    return found


def _new(
    keys: list[str], terms: Mapping[str, Counter[str]], singular: Mapping[str, str], by_key: Mapping[str, list[Mention]], taken: set[str]
) -> NamedConcept | None:
    names = {k: _written(terms[k]) for k in keys if k in terms}
    if not names:
        return None
    plurals = {k for k in keys if k in singular}
    chosen = min(names, key=lambda k: (k in plurals, all(map(is_acronym, names[k].split())), -sum(terms[k].values()), names[k]))
    term = names[chosen]
    name = concept_id(term)
    if not name or name in taken:
        return None
    seen = [m for k in keys for m in by_key.get(k, ())]
    plural = chosen not in plurals and bool(by_key.get(chosen)) and all(m.plural for m in by_key[chosen])
    aliases = tuple(names[k] for k in sorted(names) if k != chosen and k not in plurals and names[k].casefold() != term.casefold())
    return NamedConcept(name, term, plural, _phrase(term, seen, plural), aliases)


def _written(forms: Counter[str]) -> str:
    return min(forms, key=lambda text: (-forms[text], text))


def _phrase(term: str, seen: Sequence[Mention], plural: bool) -> str | None:
    """The term with its article, as most mentions have it: "a heat pump"; None without one."""
    if plural:
        return None
    articles = Counter(m.article for m in seen if not m.plural)
    if articles["a"]:
        return f"{indefinite(term)} {term}"
    return f"the {term}" if articles["the"] and not articles[""] else None


def indefinite(term: str) -> str:
    """The indefinite article of a term: "an" before a vowel and before acronyms that begin with one when spelt."""
    first = term.split(" ", maxsplit=1)[0]
    if is_acronym(first):
        return "an" if first[0] in "AEFHILMNORSX" else "a"
    word = first.lower()
    if word.startswith(("uni", "use", "usu", "eu", "one", "ubiq", "uti", "ute", "ura")) and not word.startswith(("unin", "unim")):
        return "a"
    return "an" if word[:1] in VOWELS or word.startswith(("hour", "hono", "heir")) else "a"


def _singular_term(term: str, key: str, one: str) -> str:
    """A term with the word that its key has in the plural put into the singular."""
    words, plural, single = term.split(), key.split(), one.split()
    if len(words) != len(plural) or len(plural) != len(single):
        return one
    return " ".join(s if p != s else w for w, p, s in zip(words, plural, single, strict=True))
