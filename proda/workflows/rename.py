"""Rename a concept, a chain, a link or a topic wherever people or repairs have written its id.

    planned = plan_rename(root, "physics/heating", "warming")
    planned.places          # {"knowledge/physics/heat.yaml": 3, "samples/patches/1-….yaml": 12}: file → ids that change in it
    planned.texts           # file → new text; None for a file that is removed

What changes:

    knowledge/               the entry, and every reference to it. The old id stays as a retired entry with `replaced_by`, since
                             ids are never reused. A retired chain keeps no steps: its statements follow the new id. A retired link
                             keeps its statement, without which it would be no link.
    benchmarks/exceptions.yaml
                             the items of a chain or link. Hashes stay, so the build stops where a judged item reads differently afterwards.
    samples/patches/         ids, and therefore hash and name, of each patch; `expect` keeps its hashes of what the patch was made for.
    benchmarks/verdicts/     names and ids of the patches, ids of the items.
    proposals/, knowledge/merges.yaml
                             what waits for review, and decisions about it (proda/workflows/renamed_proposals.py).

Items, samples and results are derived: `dvc repro` writes them. Their wording is drawn by id, so the items and samples of a renamed node
are worded differently afterwards. Items keep their split: a chain inherits it from the retired chain that it replaces (tester/splits.py).
`replaced_by` of an earlier retired chain is left alone, because the split follows the ids one by one.

Renaming a node back gives its first id back: the retired entry becomes the active one again. Everything but retired entries is then as it
was. A chain's abandoned id keeps no `replaced_by` in that case, because its hash must not decide the split.

Where the old id is retired and replaced by the new one already, what still names the old id is renamed, except proposals: a branch with
patches may have been merged with one that renamed their chain.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from proda.errors import InputError, NotFoundError, UsageError, closest
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.knowledge.roundtrip import edited
from proda.knowledge.rules.ids import SLUG
from proda.knowledge.schema import full_id, local_name, statements_in
from proda.knowledge.tree import scan
from proda.params import load_params
from proda.records import Chain, Concept, Patch, Record
from proda.store.corpus import PATCHES
from proda.store.exceptions import PATH as EXCEPTIONS
from proda.store.files import data_files
from proda.store.patches import load_patches, named
from proda.store.verdicts import VERDICTS
from proda.tester.splits import sealed_chains
from proda.workflows.renamed_proposals import rename_in_proposals
from proda.workflows.yaml_scalars import replace_scalars
from proda.yamlio import dump_yaml, load_yaml, load_yaml_bytes, read_bytes

Kind = Literal["concept", "chain", "link", "topic"]
MAX_ID = 100  # characters of a name without its discipline
TEXTS = {"question", "answer", "explanation", "options", "by"}  # keys of a patch that hold text, not ids
KEPT = {  # fields of a retired entry, those that it must have
    "concept": ("term", "type", "definition"),
    "chain": ("explains",),
    "link": ("subject", "relation", "object", "text", "evidence"),
}


class Renaming(Record, frozen=True):
    """What is renamed; both ids are written in full."""

    kind: Kind
    old: str
    new: str
    back: bool = False  # the new id is the node's earlier one
    finish: bool = False  # the entry is renamed already, by a branch that was merged: only what still names the old id changes

    def __call__(self, text: str) -> str:
        """`text` with the new id wherever it holds the old one: of the node, its statements, items or samples; or the topic's file."""
        old, new = (f"knowledge/{name}.yaml" if self.kind == "topic" else name for name in (self.old, self.new))
        return re.sub(rf"(?<![\w/.-]){re.escape(old)}(?![\w/-])", new, text)


class Planned(Record, frozen=True):
    """All texts of a rename, computed before anything is written."""

    renaming: Renaming
    texts: dict[str, str | None]
    places: dict[str, int]  # by the file's name before the rename


def plan_rename(root: Path, old: str, new: str, *, topic: bool = False) -> Planned:
    """What renaming `old` (an id with its discipline) to `new` would write; writes nothing.

    `topic` renames a topic where a concept or chain has the same id. Raises NotFoundError for an unknown id, UsageError for an id that
    cannot be used, InputError if the knowledge has errors, the new id is taken, or a file cannot be edited without loss.
    """
    knowledge = Repository.open(root).knowledge
    renaming = _renaming(root, knowledge, old, new, topic)
    if renaming.kind in ("chain", "link") and not renaming.finish:
        _require_same_split(root, knowledge, renaming)
    texts, places = _patches(root, renaming)
    if renaming.kind == "topic":
        before, after = f"knowledge/{renaming.old}.yaml", f"knowledge/{renaming.new}.yaml"
        texts |= {after: _topic_text(root, before, renaming), before: None}
        places[before] = 1
    else:
        for file in scan(root).topics:
            text, count = _node_text(root, file, renaming)
            if count:
                texts[file], places[file] = text, count
        text, count = _scalars(root, EXCEPTIONS.as_posix(), renaming)
        if count:
            texts[EXCEPTIONS.as_posix()], places[EXCEPTIONS.as_posix()] = text, count
    if renaming.finish:
        if not texts:
            raise UsageError(f"'{renaming.old}' is replaced by '{renaming.new}' already, and nothing else names it. Nothing to rename.")
        return Planned(renaming, texts, dict(sorted(places.items())))
    topics = {file: text for file, text in texts.items() if file.startswith("knowledge/") and text is not None}
    waiting, named_there = rename_in_proposals(root, renaming.kind, renaming.old, renaming.new, knowledge, topics)
    return Planned(renaming, texts | waiting, dict(sorted({**places, **named_there}.items())))


def _renaming(root: Path, knowledge: Knowledge, old: str, new: str, topic: bool) -> Renaming:
    topics = {file.removeprefix("knowledge/").removesuffix(".yaml") for file in scan(root).topics}
    discipline, _, _ = old.partition("/")
    target = full_id(discipline, new)
    if old in knowledge.statements and not topic:
        chain = knowledge.statements[old].chain
        what = "link" if knowledge.chains[chain].is_link else "chain"
        raise UsageError(f"'{old}' is a statement, and its id follows its {what}. Rename the {what}: proda mv {chain} NEW.")
    kind: Kind
    if topic or not (old in knowledge.concepts or old in knowledge.chains):
        kind = "topic"
        if old not in topics:
            known = topics if topic else {*knowledge.concepts, *knowledge.chains, *topics}
            close = closest(old, known)
            hint = f"Closest: '{close}'." if close else "`proda check` counts what there is."
            raise NotFoundError(f"'{old}' is no {'topic' if topic else 'concept, chain, link or topic'} of this knowledge. {hint}")
    elif old in knowledge.concepts:
        kind = "concept"
    else:
        kind = "link" if knowledge.chains[old].is_link else "chain"
    if target == old:
        raise UsageError(f"The new id is the old one: '{old}'. Nothing to rename.")
    name = target.removeprefix(f"{discipline}/")
    if not SLUG.fullmatch(name) or len(name) > MAX_ID:
        raise UsageError(
            f"Got '{new[:200]}', expected an id of the discipline {discipline}: lower-case letters, digits and single hyphens, at most"
            f" {MAX_ID} characters, as in 'thermal-expansion'."
        )
    if kind == "topic":
        if target in topics:
            raise InputError(f"knowledge/{target}.yaml\n  There is a topic of that name already. Choose another.")
        return Renaming(kind, old, target)
    if _replaced(knowledge, old) == target:
        return Renaming(kind, old, target, finish=True)
    return Renaming(kind, old, target, _gives_back(knowledge, old, target))


def _replaced(knowledge: Knowledge, old: str) -> str | None:
    """The id that replaced a concept, chain or link; None if it is not retired, or nothing replaced it."""
    node = knowledge.concepts.get(old) or knowledge.chains[old]
    return node.replaced_by if node.status == "retired" else None


def _gives_back(knowledge: Knowledge, old: str, new: str) -> bool:
    """Whether `new` is the id that the node had before. Raises InputError if it is taken or retired otherwise, or `old` is retired."""
    nodes: dict[str, Concept | Chain] = {**knowledge.concepts, **knowledge.chains}
    if nodes[old].status == "retired":
        by = nodes[old].replaced_by
        advice = f"Rename '{by}', which replaced it." if by else "Nothing replaced it, so there is nothing to rename."
        raise InputError(f"'{old}' is retired, and a retired id stays as it is. {advice}")
    if new not in nodes:
        return False
    if nodes[new].status == "retired" and nodes[new].replaced_by == old:
        return True
    what = "retired, and ids are never reused" if nodes[new].status == "retired" else "in use"
    raise InputError(f"'{new}' is {what}. Choose another id.")


def _require_same_split(root: Path, knowledge: Knowledge, renaming: Renaming) -> None:
    """Raise InputError if some chain's items would move into the sealed set or out of it."""
    share = load_params(root / "params.yaml").items.sealed_share
    before = sealed_chains(knowledge.chains, share)
    chains: dict[str, Chain] = dict(knowledge.chains)
    moved = chains.pop(renaming.old)
    chains[renaming.new] = msgspec.structs.replace(moved, id=renaming.new)
    replaced_by = None if renaming.back else renaming.new
    chains[renaming.old] = msgspec.structs.replace(moved, status="retired", replaced_by=replaced_by)
    after = sealed_chains(chains, share)
    active = {path.id for path in knowledge.active_paths()}
    changed = sorted(c for c in active if (c in before) != ((renaming.new if c == renaming.old else c) in after))
    if changed:
        raise InputError(
            f"The rename would move the items of {changed[0]} {'out of' if changed[0] in before else 'into'} the sealed split, because"
            " another chain was merged into it. Choose another id."
        )


def _node_text(root: Path, file: str, renaming: Renaming) -> tuple[str, int]:
    """A topic file with the new id, and in how many places it changed."""
    data = read_bytes(root / file, root)
    if local_name(renaming.old).encode() not in data:
        return "", 0
    raw = load_yaml_bytes(data, file)
    discipline = file.split("/")[1]
    count = _edit_topic(copy.deepcopy(raw), discipline, renaming)
    if not count:
        return "", 0

    def edit(document: Any) -> None:
        _edit_topic(document, discipline, renaming)

    return _kept(file, edited(data.decode(), raw, edit)), count


def _edit_topic(document: Any, discipline: str, renaming: Renaming) -> int:
    """Rename in a loaded topic file, round-trip or plain; returns the number of places that change."""
    count = 0

    def renamed(reference: Any) -> Any:
        nonlocal count
        if full_id(discipline, reference) != renaming.old:
            return reference
        count += 1
        if "/" in reference:
            return type(reference)(renaming.new)
        name = _written(renaming.new)
        # The author's quotes stay, unless the old id needed them.
        return name if type(name) is not str or type(_written(renaming.old)) is not str else type(reference)(name)

    def broken(reference: Any) -> Any:
        """What an option of a case breaks: `<chain>.<step>`, or a link."""
        path, dot, step = reference.partition(".")
        other = renamed(type(reference)(path))
        return reference if other == path else type(reference)(f"{other}{dot}{step}")

    concepts = document.get("concepts") or {}
    if renaming.kind == "concept":
        for name, concept in concepts.items():
            if full_id(discipline, name) == renaming.new:
                continue  # the retired entry that is taken back
            for place, other in enumerate(concept.get("distinct_from") or ()):
                concept["distinct_from"][place] = renamed(other)
            if "replaced_by" in concept:
                concept["replaced_by"] = renamed(concept["replaced_by"])
        for statement in statements_in(document):
            for end in ("subject", "object"):
                statement[end] = renamed(statement[end])
    else:
        for case in (document.get("cases") or {}).values():
            case["chain"] = renamed(case["chain"])
            for wrong in (wrong for variant in case["variants"] for wrong in variant["wrong"].values()):
                wrong["breaks"] = broken(wrong["breaks"])
    section = document.get(f"{renaming.kind}s") or {}
    home, _, local = renaming.old.partition("/")
    if home == discipline and local in section and not renaming.finish:
        _replace_entry(section, local, renaming)
        count += 1
    return count


def _replace_entry(section: Any, local: str, renaming: Renaming) -> None:
    """The entry under its new id, in its place; the old id as a retired entry at the end."""
    new = _written(renaming.new)
    if renaming.back:
        del section[new]
    entry = section[local]
    _rename_key(section, local, new)
    retired: dict[str, Any] = {field: copy.deepcopy(entry[field]) for field in KEPT[renaming.kind]}
    if renaming.kind == "chain":
        retired["steps"] = []
    retired["status"] = "retired"
    if renaming.kind == "concept" or not renaming.back:
        retired["replaced_by"] = new
    section[_written(renaming.old)] = retired


def _written(node: str) -> str:
    """The id without its discipline, to be quoted in YAML if a reader could take it for a number or a word such as `no`."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    name = local_name(node)
    return name if dump_yaml(name) == f"{name}\n" else DoubleQuotedScalarString(name)


def _rename_key(mapping: Any, old: str, new: str) -> None:
    """Give an entry another key and keep its place and, in a round-trip document, its comments."""
    place = list(mapping).index(old)
    if hasattr(mapping, "ca"):
        notes = mapping.ca.items.pop(old, None)
        mapping.insert(place, new, mapping.pop(old))
        if notes is not None:
            mapping.ca.items[new] = notes
        return
    entries = [(new if key == old else key, value) for key, value in mapping.items()]
    mapping.clear()
    mapping.update(entries)


def _topic_text(root: Path, file: str, renaming: Renaming) -> str:
    data = read_bytes(root / file, root)
    name = _written(renaming.new)

    def edit(document: Any) -> None:
        document["topic"] = name

    return _kept(file, edited(data.decode(), load_yaml_bytes(data, file), edit))


def _kept(file: str, text: str | None) -> str:
    if text is None:
        raise InputError(
            f"{file}\n  Cannot be edited without losing a comment or a value. Nothing was written. Run `proda check --fix` and commit, then"
            " run this again."
        )
    return text


def _patches(root: Path, renaming: Renaming) -> tuple[dict[str, str | None], dict[str, int]]:
    """Patches and verdicts with the new ids, under the patches' new names. Raises InputError if a patch needs old wording."""
    texts: dict[str, str | None] = {}
    places: dict[str, int] = {}
    names: dict[str, str] = {}
    for patch in load_patches(root):
        moved, count = rename_in_patch(patch, renaming)
        if not count:
            continue
        changed = [*(d.sample for d in patch.remove), *(o.sample for o in patch.override)]
        touched = [sample for sample in changed if renaming(sample) != sample]
        before = f"{PATCHES.as_posix()}/{patch.id}.yaml"
        if touched:
            raise InputError(
                f"{before}\n  The patch removes or overrides {touched[0]}, whose wording is drawn by the id and changes with it. Revert the"
                " patch's commit, rename, rebuild with `dvc repro`, then diagnose and repair again."
            )
        names[patch.id] = moved.id
        places[before] = _renamed_fields(load_yaml(root / before, root=root), renaming)[1]
        texts |= {f"{PATCHES.as_posix()}/{moved.id}.yaml": _patch_text(root, before, moved, renaming), before: None}

    def renamed(text: str) -> str:
        return names.get(
            text, re.sub(r"(?<![\w-])[1-9][0-9]*-[a-z0-9-]+-[0-9a-f]{8}(?![\w-])", lambda m: names.get(m[0], m[0]), renaming(text))
        )

    for path in data_files(root / VERDICTS, "*.yaml"):
        file = path.relative_to(root).as_posix()
        text, count = _scalars(root, file, renamed)
        name = f"{VERDICTS.as_posix()}/{names[path.stem]}.yaml" if path.stem in names else file
        if count or name != file:
            places[file] = count
            texts |= {name: text} if name == file else {name: text, file: None}
    return texts, places


def rename_in_patch(patch: Patch, renamed: Callable[[str], str]) -> tuple[Patch, int]:
    """Return the patch with other ids, under the name that follows from its new content, and the number of ids that change. Texts stay."""
    raw, count = _renamed_fields(msgspec.to_builtins(patch), renamed)
    return (named(msgspec.convert(raw, Patch)), count) if count else (patch, 0)


def _patch_text(root: Path, before: str, moved: Patch, renamed: Callable[[str], str]) -> str:
    """The file of a patch with other ids. Made from the file itself, which may hold fewer fields than a patch written today."""
    raw, _ = _renamed_fields(load_yaml(root / before, root=root), renamed)
    return dump_yaml(raw | {"id": moved.id})


def _renamed_fields(value: Any, renamed: Callable[[str], str], key: str = "") -> tuple[Any, int]:
    """A patch as plain data with other ids, and the number of strings that change."""
    if isinstance(value, str):
        after = renamed(value)
        return after, int(after != value)
    if isinstance(value, Mapping):
        entries, count = {}, 0
        for name, inner in value.items():
            new_name, changed = _renamed_fields(name, renamed)
            entries[new_name], inside = (inner, 0) if name in TEXTS else _renamed_fields(inner, renamed, name)
            count += changed + inside
        return entries, count
    if isinstance(value, list | tuple):
        found = [_renamed_fields(inner, renamed) for inner in value]
        strings = [inner for inner, _ in found]
        return (sorted(strings) if key == "nodes" else strings), sum(count for _, count in found)
    return value, 0


def _scalars(root: Path, file: str, renamed: Callable[[str], str]) -> tuple[str, int]:
    """A YAML file with other scalars and everything else as it is, and how many scalars changed; ("", 0) if there is no file."""
    if not (root / file).is_file():
        return "", 0
    return replace_scalars(read_bytes(root / file, root).decode(), renamed, file)
