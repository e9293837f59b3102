"""The samples, items, outcomes, diagnoses and patches about one thing, read from the files that mention it and from no others.

    files = DataFiles(root)
    files.derived()["item"]                                   # ids of all items, without parsing a file
    lineage = gather(repo, files, "chain", "physics/bimetal-strip-bends")
    trace(lineage, "chain", "physics/bimetal-strip-bends")    # the same as with everything loaded

What is made from a node lists it, so a file that does not contain the id has nothing to add. Parsing everything would take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from proda.errors import InputError
from proda.graph import Knowledge
from proda.history.lineage import Lineage
from proda.history.places import disciplines_of, source_ids, topics_of
from proda.history.repairs import Repairs, read_findings
from proda.history.repository import Repository
from proda.history.round_record import round_ids
from proda.history.trace import Kind
from proda.records import Chain, Concept, Item, Outcome, Patch, Sample, Split, Wording
from proda.store.corpus import CORPUS, PATCHES, decode_sample
from proda.store.diagnoses import DIAGNOSIS
from proda.store.items import ITEMS, decode_item
from proda.store.outcomes import read_outcomes
from proda.store.patches import as_changed, changes, read_patch
from proda.store.verdicts import VERDICTS
from proda.yamlio import load_list, load_yaml, load_yaml_bytes

NODES: tuple[Kind, ...] = ("concept", "statement", "chain")
PLACES: tuple[Kind, ...] = ("topic", "discipline", "source", "passage", "round")
_ID = b"- id: "  # before the id of a sample or item
OUTCOMES = Path("benchmarks/results/outcomes")
_ENTRY = re.compile(rb"(?m)^(?=  - )")
_CHANGES = re.compile(rb"^(?:remove|override):", re.MULTILINE)


class DataFiles:
    """The files of samples, patches and items below a repository; each is read at most once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.corpus = _files(root / CORPUS, "*/*.yaml")
        self.patches = _files(root / PATCHES, "*.yaml")
        self.items = [path for split in get_args(Split) for path in _files(root / ITEMS / split, "*/*.yaml")]
        self._content: dict[Path, bytes] = {}
        self._patches: dict[Path, Patch] = {}

    def content(self, path: Path) -> bytes:
        """The bytes of a file."""
        if path not in self._content:
            self._content[path] = path.read_bytes()
        return self._content[path]

    def patch(self, path: Path) -> Patch:
        """The patch in a file. Raises InputError if the file is malformed or was edited."""
        if path not in self._patches:
            self._patches[path] = read_patch(path)
        return self._patches[path]

    def mentioning(self, paths: Iterable[Path], ids: Collection[str]) -> list[Path]:
        """Those of the files that contain one of the ids."""
        sought = [i.encode() for i in ids]
        return [path for path in paths if any(i in self.content(path) for i in sought)]

    def entries(self, path: Path, key: str, ids: Collection[str]) -> list[Any]:
        """The entries of the list `key` in a file, as plain values: those that contain one of the ids, and perhaps others.

        Entries are told apart by their layout, which is ours; a file in another layout is parsed as a whole. Raises InputError.
        """
        content, head = self.content(path), f"{key}:\n".encode()
        sought = [i.encode() for i in ids]
        if content.startswith(head):
            kept = [part for part in _ENTRY.split(content[len(head) :]) if any(i in part for i in sought)]
            try:
                raw = load_yaml_bytes(head + b"".join(kept), str(path)) if kept else {key: []}
                if isinstance(raw, dict) and isinstance(raw.get(key), list):
                    return list(raw[key])
            except InputError:  # the whole file gives the right line numbers
                pass
        return load_list(path, key)

    @cached_property
    def changing(self) -> list[Path]:
        """Patches that remove or reword derived samples."""
        return [path for path in self.patches if _CHANGES.search(self.content(path))]

    def named(self, knowledge: Knowledge) -> dict[Kind, Collection[str]]:
        """Kind → ids of all things of that kind, without samples and items."""
        patches = [path.stem for path in self.patches]
        return {
            "concept": knowledge.concepts,
            "statement": knowledge.statements,
            "chain": knowledge.chains,
            "patch": patches,
            "topic": topics_of(knowledge),
            "discipline": disciplines_of(knowledge),
            "source": source_ids(self.root),
            "round": round_ids(self.root, patches),
        }

    def derived(self) -> dict[Kind, Collection[str]]:
        """The ids of all samples and items, found by their place in the text, without parsing the files."""
        return {"sample": self._ids([*self.corpus, *self.patches]), "item": self._ids(self.items)}

    def _ids(self, paths: Iterable[Path]) -> set[str]:
        parts = (part for path in paths for part in self.content(path).split(_ID)[1:])
        return {part.partition(b"\n")[0].strip(b" '\"\r").decode("utf-8", "replace") for part in parts}

    def derived_as(self, wanted: str) -> Kind | None:
        """Whether a sample or an item has exactly this id."""
        line = _ID + wanted.encode() + b"\n"
        if any(line in self.content(path) for path in self.items):
            return "item"
        return "sample" if any(line in self.content(path) for path in (*self.corpus, *self.patches)) else None


def gather(repo: Repository, files: DataFiles, kind: Kind, thing: str, *, sealed: bool = False) -> Lineage:
    """A lineage that holds all that the trace of this thing needs."""
    know = repo.knowledge
    if kind in PLACES:
        return _place(repo, files, kind, thing, sealed)
    # Step by step outwards: the thing itself, the nodes it rests on, then what mentions these.
    nodes = _nodes(know, thing)
    patch = files.patch(repo.root / PATCHES / f"{thing}.yaml") if kind == "patch" else None
    if patch is not None:
        touched = [*(d.sample for d in patch.remove), *(o.sample for o in patch.override)]
        samples, dropped, where = _samples(files, touched)
        items = [i for i in _items(files, patch.items) if i.id in patch.items]
        repairs = _repairs(files, [patch], patch.targets)
    else:
        if kind == "item":
            (item,) = (i for i in _items(files, [thing]) if i.id == thing)
            nodes = (item.chain, *item.statements)
        samples, dropped, where = _samples(files, [thing] if kind == "sample" else nodes)
        if kind == "sample":
            nodes = tuple(n for s in (*samples, *dropped) if s.id == thing for n in s.nodes)
        items = [item] if kind == "item" else _items(files, (*nodes, *_stated(know, thing)))
        patches = [files.patch(path) for path in files.mentioning(files.patches, (thing, *nodes))]
        repairs = _repairs(files, patches, (thing, *nodes))
    splits = tuple(sorted({i.split for i in items}))
    outcomes = [o for split in splits for o in _outcomes(repo.root, split)]
    return Lineage(know, samples, items, outcomes, where, repairs=repairs, dropped=dropped, sealed=sealed)


def _place(repo: Repository, files: DataFiles, kind: Kind, thing: str, sealed: bool) -> Lineage:
    """The lineage under a topic or discipline; sources and passages need the knowledge alone, rounds the patches."""
    know = repo.knowledge
    if kind in ("source", "passage"):
        return Lineage(know, sealed=sealed)
    if kind == "round":
        number = thing.removeprefix("round-")
        patches = [files.patch(path) for path in files.patches if path.name.startswith(f"{number}-")]
        return Lineage(know, repairs=_repairs(files, patches, ()), sealed=sealed)

    def here(node: Chain | Concept | Item) -> bool:
        return thing in (node.discipline, f"{node.discipline}/{node.topic}")

    chains = [c for c in know.chains.values() if here(c)]
    ids = [c.id for c in chains]
    nodes = [*ids, *(s for c in chains for s in c.statements), *(c.id for c in know.concepts.values() if here(c))]
    samples, dropped, where = _samples(files, nodes)
    items = [i for i in _items(files, ids) if here(i)]
    repairs = _repairs(files, [files.patch(path) for path in files.mentioning(files.patches, nodes)], nodes)
    return Lineage(know, samples, items, repo.outcomes(), where, repairs=repairs, dropped=dropped, sealed=sealed)


def _outcomes(root: Path, split: Split) -> list[Outcome]:
    path = root / OUTCOMES / f"{split}.csv"
    return read_outcomes(path) if path.is_file() else []


def _nodes(knowledge: Knowledge, thing: str) -> tuple[str, ...]:
    """The node itself; for a chain its statements too."""
    return (thing, *knowledge.chains[thing].statements) if thing in knowledge.chains else (thing,)


def _stated(knowledge: Knowledge, thing: str) -> list[str]:
    """Ids of the statements about a concept: an item that rests on one of them need not name the concept. Empty for anything else."""
    return [s.id for s in knowledge.statements.values() if thing in (s.subject, s.object)]


def _samples(files: DataFiles, mentioning: Collection[str]) -> tuple[list[Sample], list[Sample], dict[str, str]]:
    """Samples that the models train on and samples that patches remove, from files that mention these ids; and sample → its file."""
    where: dict[str, str] = {}
    changed: dict[str, Wording | None] = {}
    corpus: list[Sample] = []
    for path in files.mentioning(files.corpus, mentioning):
        corpus += [decode_sample(raw, path) for raw in files.entries(path, "samples", mentioning)]
        where |= dict.fromkeys((s.id for s in corpus if s.id not in where), path.relative_to(files.root).as_posix())
    added: list[Sample] = []
    for path in dict.fromkeys([*files.mentioning(files.patches, mentioning), *files.changing]):
        patch = files.patch(path)
        changed |= changes([patch])
        added += patch.samples
        where |= dict.fromkeys(
            [*(s.id for s in patch.samples), *(o.sample for o in patch.override)], path.relative_to(files.root).as_posix()
        )
    dropped = [s for s in corpus if s.id in changed and changed[s.id] is None]
    return [*as_changed(corpus, changed), *added], dropped, where


def _items(files: DataFiles, ids: Collection[str]) -> list[Item]:
    by_name = {str(split): split for split in get_args(Split)}
    paths = files.mentioning(files.items, ids)
    return [decode_item(raw, path, by_name[path.parts[-3]]) for path in paths for raw in files.entries(path, "items", ids)]


def _repairs(files: DataFiles, patches: Sequence[Patch], ids: Collection[str]) -> Repairs:
    """Diagnoses and evidence, if the file mentions one of the ids, and the verdicts on these patches."""
    path = files.root / DIAGNOSIS
    found = read_findings(files.root, ids) if path.is_file() and files.mentioning([path], ids) else ([], [])
    verdicts = {}
    for patch in patches:
        verdict = files.root / VERDICTS / f"{patch.id}.yaml"
        raw = load_yaml(verdict) if verdict.is_file() else None
        if raw is not None and not isinstance(raw, dict):
            raise InputError(f"{VERDICTS}/{verdict.name}\n  Not a verdict: got {type(raw).__name__}, expected a mapping. Restore the file.")
        verdicts[patch.id] = raw or {}
    return Repairs(*found, sorted(patches, key=lambda p: (p.round, p.id)), verdicts)


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files below a folder, sorted, without the hidden ones that editors and file managers leave."""
    return [path for path in sorted(folder.glob(pattern)) if not path.name.startswith(".")]
