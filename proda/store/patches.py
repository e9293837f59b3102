"""Repairs on disk: `samples/patches/<round>-<slug>-<hash>.yaml`, one patch per file. A file is never edited; a revert deletes it.

    for patch in load_patches(Path(".")): …
    samples = load_samples(Path("."))        # what is trained on: the corpus with all patches applied

    id: 1-thermal-expansion-3f0c9a1e
    round: 1
    category: concept gap
    targets: [physics/bimetal-strip-bends.s1]
    items: [physics/bimetal-strip-bends:dev-bridge]
    reason: Asked what heating causes, two of three seeds name thermal contraction.
    expect: {physics/bimetal-strip-bends.s1: 0f3a…, physics/bimetal-strip-bends:dev-bridge: 9b1c…}
    remove: [{sample: physics/bimetal-strip-bends.s1:open-3, hash: 77aa…}]
    override: [{sample: physics/bimetal-strip-bends.s1:open-4, hash: 51d0…, by: {question: …, answer: …, explanation: …}}]
    edits: [{file: knowledge/physics/heat.yaml, concept: physics/thermal-expansion, distinct_from: physics/thermal-contraction}]
    samples: […]

A removed sample is no longer trained on. An overridden sample keeps its place, id, format and nodes, and gets another text. If two
patches touch the same sample, neither may override it. `edits` describe what the same commit adds to knowledge/; the commit makes them.

`expect` holds hashes of what the patch was written against. A patch is stale, and rejected, if one of its nodes or items changes before
it is applied. Changes afterwards are allowed.

Files of earlier rounds do not record the unit, chain, discipline and number of their samples. These fields are filled in when a file is
read (`recovered` in store/corpus.py), and do not enter the hash as long as they say what the id says, so those patches keep their names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proda.errors import InputError
from proda.records import Concept, Dropped, Item, Overridden, Patch, Sample, Wording, content_hash
from proda.store.corpus import PATCHES, as_before, decode_overridden, decode_sample, encode_sample, encode_wording, load_corpus
from proda.store.files import data_files
from proda.yamlio import dump_yaml, load_yaml
from proda.yamlio.schema import first_fault

if TYPE_CHECKING:
    from proda.graph import Knowledge

ID = re.compile(r"[1-9][0-9]*-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{8}")
MAX_SLUG = 40
PAST = {"remove": "removed", "override": "overridden"}


def load_samples(root: Path) -> list[Sample]:
    """Read what is trained on: the corpus as changed by the patches, then the samples that they add, in order of patch."""
    return apply_patches(load_corpus(root), load_patches(root))


def load_patches(root: Path) -> list[Patch]:
    """Read all patches, sorted by round and id. Raises InputError if a file is malformed, misnamed, or was edited by hand."""
    return sorted((read_patch(path) for path in data_files(root / PATCHES, "*.yaml")), key=lambda p: (p.round, p.id))


def read_patch(path: Path) -> Patch:
    """Read one patch. Raises InputError if it is malformed, or if its content does not match the hash in its name."""
    raw = load_yaml(path)
    if not isinstance(raw, Mapping):
        raise InputError(
            f"{path}\n  Not a patch: got {type(raw).__name__}, expected a mapping with id, round, targets, … Restore the committed file."
        )
    fields = dict(raw)
    given = {key: fields.pop(key, []) for key in ("samples", "override")}
    for key, value in given.items():
        if not isinstance(value, list):
            raise InputError(f"{path}  {key}\n  Got {type(value).__name__}, expected a list. Restore the committed file.")
    samples = tuple(decode_sample(sample, path) for sample in given["samples"])
    override = tuple(decode_overridden(entry, path) for entry in given["override"])
    try:
        patch = msgspec.structs.replace(msgspec.convert(fields, Patch), samples=samples, override=override)
    except msgspec.ValidationError as error:
        fault = first_fault(fields, Patch, f"{error}.")
        raise InputError(f"{path}\n  Not a patch. {fault} Restore the committed file, or revert its commit.") from None
    if path.stem != patch.id or patch.id != name_patch(patch):
        raise InputError(
            f"{path}\n  The content has the name {name_patch(patch)}, expected {path.stem}: a patch must not be edited or renamed."
            " Restore the committed file. To change a repair, revert its commit and write another."
        )
    return patch


def name_patch(patch: Patch) -> str:
    """Return `<round>-<slug>-<hash>`: the slug is made from the first target, the hash covers the content (see the module docstring)."""
    slug = re.sub(r"[^a-z0-9]+", "-", patch.targets[0].rpartition("/")[2].lower() if patch.targets else "none")
    slug = slug[:MAX_SLUG].strip("-")
    digest = content_hash(msgspec.structs.replace(patch, id="", samples=tuple(as_before(s) for s in patch.samples)))[:8]
    return f"{patch.round}-{slug}-{digest}"


def named(patch: Patch) -> Patch:
    """Return the patch with the id that follows from its content."""
    return msgspec.structs.replace(patch, id=name_patch(patch))


def patch_text(patch: Patch) -> str:
    """Return the text of the patch file. Equal patches give equal bytes."""
    last = ("remove", "override", "edits", "samples")
    raw: dict[str, Any] = {k: v for k, v in msgspec.to_builtins(patch).items() if k not in last}
    if patch.remove:
        raw["remove"] = [msgspec.to_builtins(d) for d in patch.remove]
    if patch.override:
        raw["override"] = [{"sample": o.sample, "hash": o.hash, "by": encode_wording(o.by)} for o in patch.override]
    if patch.edits:
        raw["edits"] = [msgspec.to_builtins(e) for e in patch.edits]
    if patch.samples:
        raw["samples"] = [encode_sample(s) for s in patch.samples]
    return dump_yaml(raw)


def apply_patches(corpus: Sequence[Sample], patches: Sequence[Patch]) -> list[Sample]:
    """Return the corpus with removals and overrides applied, in its order, followed by the samples of every patch.

    A sample that two patches add with the same text is there once: two branches may repair the same statement. Raises InputError if a
    removal or override matches no sample, or one whose text has changed; if an overridden sample is touched by another entry; or if two
    samples have the same id and different texts.
    """
    known = {s.id: s for s in corpus}
    dropped = {_touched("remove", d, known, patch).id for patch in patches for d in patch.remove}
    worded = _worded(known, patches)
    samples = [worded.get(s.id, s) for s in corpus if s.id not in dropped]
    seen: dict[str, tuple[Sample, Patch | None]] = {s.id: (s, None) for s in samples}
    for patch in patches:
        for sample in patch.samples:
            if sample.id not in seen:
                seen[sample.id] = (sample, patch)
                samples.append(sample)
                continue
            there, by = seen[sample.id]
            if by is None or by is patch or sample_hash(there) != sample_hash(sample):
                other = "the corpus" if by is None else "this patch" if by is patch else _file(by)
                raise InputError(
                    f"{_file(patch)}  samples\n  '{sample.id}' is the id of another sample too, in {other}; sample ids must be unique."
                    " Two branches may have repaired the same node: keep one of the patches, and delete the other"
                    f" (`git rm {_file(patch)}`)."
                )
    return samples


def changes(patches: Iterable[Patch]) -> dict[str, Wording | None]:
    """Return id of a derived sample that a patch touches → its new text, or None if it is removed."""
    found: dict[str, Wording | None] = {}
    for patch in patches:
        found |= {d.sample: None for d in patch.remove}
        found |= {o.sample: o.by for o in patch.override}
    return found


def as_changed(corpus: Iterable[Sample], changed: Mapping[str, Wording | None]) -> list[Sample]:
    """Apply changes (see `changes`) to samples, in their order. Nothing is checked, so `corpus` may be a part of the corpus."""
    found = []
    for sample in corpus:
        by = changed.get(sample.id)
        if by is not None or sample.id not in changed:
            found.append(sample if by is None else overridden(sample, by))
    return found


def untouched(corpus: Iterable[Sample], patches: Iterable[Patch]) -> list[Sample]:
    """Return the derived samples that no patch removes or overrides."""
    touched = changes(patches)
    return [s for s in corpus if s.id not in touched]


def overridden(sample: Sample, by: Wording) -> Sample:
    """Return the sample with another text and the same id, format and nodes."""
    said = {"question": by.question, "answer": by.answer, "explanation": by.explanation, "options": by.options}
    return msgspec.structs.replace(sample, **said)


def _worded(known: Mapping[str, Sample], patches: Sequence[Patch]) -> dict[str, Sample]:
    """Id → the overridden sample."""
    touching: dict[str, list[Patch]] = defaultdict(list)
    for patch in patches:
        for touched in (*(d.sample for d in patch.remove), *(o.sample for o in patch.override)):
            touching[touched].append(patch)
    found: dict[str, Sample] = {}
    for patch in patches:
        for entry in patch.override:
            sample = _touched("override", entry, known, patch)
            if len(touching[sample.id]) > 1:
                others = sorted({p.id for p in touching[sample.id]} - {patch.id})
                by = f"by {', '.join(others)} too" if others else "twice by this patch"
                raise InputError(
                    f"{_file(patch)}  override\n  '{sample.id}' is removed or overridden {by}; expected once. Revert all of these patches"
                    " but one, then run `dvc repro diagnose`."
                )
            found[sample.id] = overridden(sample, entry.by)
    return found


def _touched(key: str, entry: Dropped | Overridden, known: Mapping[str, Sample], patch: Patch) -> Sample:
    """The sample that a patch removes or overrides. Raises InputError if it is missing or its text has changed."""
    if entry.sample not in known:
        raise InputError(
            f"{_file(patch)}  {key}\n  '{entry.sample}' is not a sample of the corpus, so nothing is {PAST[key]}. Revert the patch,"
            " then run `dvc repro diagnose`."
        )
    found = sample_hash(known[entry.sample])
    if found != entry.hash:
        raise InputError(
            f"{_file(patch)}  {key}\n  '{entry.sample}' has changed: its hash is {found}, expected {entry.hash}."
            " Revert the patch, then run `dvc repro diagnose`."
        )
    return known[entry.sample]


def _file(patch: Patch) -> str:
    return f"{PATCHES}/{patch.id}.yaml"


def sample_hash(sample: Sample) -> str:
    """Return the hash of the prompt and completion of a sample."""
    return content_hash([sample.prompt, sample.completion])


def node_hash(knowledge: Knowledge, node: str) -> str:
    """Return the hash of what a person wrote about a node. Derived fields (parents, spans) do not enter.

    `distinct_from` does not enter either: the edits of a repair change it, and must not make other patches of the round stale.
    """
    record = knowledge.node(node)
    derived = {"parents": (), "spans": (), "distinct_from": ()} if isinstance(record, Concept) else {}
    fields = msgspec.to_builtins(msgspec.structs.replace(record, **derived))
    for field in ("span", "spans"):
        fields.pop(field, None)
    return content_hash(fields)


def stale(patch: Patch, knowledge: Knowledge, items: Mapping[str, Item]) -> list[str]:
    """Return one line for each node or item that has changed since the patch was written; empty if none has."""
    found = []
    for name, digest in sorted(patch.expect.items()):
        if ":" in name:
            now = items[name].content_hash if name in items else None
        else:
            there = name in knowledge.concepts or name in knowledge.statements or name in knowledge.chains
            now = node_hash(knowledge, name) if there else None
        if now != digest:
            found.append(f"{name}: {'gone' if now is None else f'is {now}'}, expected {digest}")
    return found
