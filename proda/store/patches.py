"""Repairs on disk: `samples/patches/<round>-<slug>-<hash>.yaml`, one patch a file, never edited afterwards; a revert deletes the file.

    for patch in load_patches(Path(".")): …
    samples = load_samples(Path("."))        # what is trained on: the corpus as patches leave it, then what they add

    id: 1-thermal-expansion-3f0c9a1e
    round: 1
    category: concept gap
    targets: [physics/bimetal-strip-bends.s1]
    items: [physics/bimetal-strip-bends:dev-path]
    reason: Asked what heating causes, two of three seeds name thermal contraction.
    expect: {physics/bimetal-strip-bends.s1: 0f3a…, physics/bimetal-strip-bends:dev-path: 9b1c…}
    remove: [{sample: physics/bimetal-strip-bends.s1:open-3, hash: 77aa…}]
    override: [{sample: physics/bimetal-strip-bends.s1:open-4, hash: 51d0…, by: {question: …, answer: …, explanation: …}}]
    edits: [{file: knowledge/physics/heat.yaml, concept: physics/thermal-expansion, distinct_from: physics/thermal-contraction}]
    samples: […]

A removed sample trains no longer; an overridden one keeps its place, id, format and nodes and says something else. Of two patches that
touch the same sample, neither may override it. `edits` name what the same commit adds to knowledge/: they are said here, and made there.

`expect` holds hashes of what the patch was written against. Until it is applied, a patch whose nodes or items have changed since is
stale, and refused; afterwards the knowledge may move on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import InputError
from proda.graph import Knowledge
from proda.records import Concept, Dropped, Item, Overridden, Patch, Sample, Wording, content_hash
from proda.store.corpus import PATCHES, decode_overridden, decode_sample, encode_sample, encode_wording, load_corpus
from proda.store.files import data_files
from proda.yamlio import dump_yaml, load_yaml

ID = re.compile(r"[1-9][0-9]*-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{8}")
MAX_SLUG = 40
PAST = {"remove": "removed", "override": "overridden"}


def load_samples(root: Path) -> list[Sample]:
    """What is trained on: the corpus as the patches leave it, then what they add; in order of file, of patch, and within each."""
    return apply_patches(load_corpus(root), load_patches(root))


def load_patches(root: Path) -> list[Patch]:
    """Every patch, sorted by id. Raises InputError if a file is malformed, misnamed, or edited by hand."""
    return sorted((read_patch(path) for path in data_files(root / PATCHES, "*.yaml")), key=lambda p: (p.round, p.id))


def read_patch(path: Path) -> Patch:
    """The patch in a file. Raises InputError if it is malformed, or its content does not match the hash in its name."""
    raw = load_yaml(path)
    if not isinstance(raw, Mapping):
        raise InputError(
            f"{path}\n  Not a patch: got {type(raw).__name__}, expected a mapping with id, round, targets, … Revert the commit."
        )
    fields = dict(raw)
    given = {key: fields.pop(key, []) for key in ("samples", "override")}
    for key, value in given.items():
        if not isinstance(value, list):
            raise InputError(f"{path}  {key}\n  Got {type(value).__name__}, expected a list. Restore the file as it was committed.")
    samples = tuple(decode_sample(sample, path) for sample in given["samples"])
    override = tuple(decode_overridden(entry, path) for entry in given["override"])
    try:
        patch = msgspec.structs.replace(msgspec.convert(fields, Patch), samples=samples, override=override)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}\n  Not a patch: {error}. Restore the file as it was committed, or revert the commit.") from None
    if path.stem != patch.id or patch.id != name_patch(patch):
        raise InputError(
            f"{path}\n  The content is not what its name stands for ({name_patch(patch)}): a patch is never edited."
            " Restore the file as it was committed; to change a repair, revert its commit and write another."
        )
    return patch


def name_patch(patch: Patch) -> str:
    """`<round>-<slug>-<hash>`: the slug says what it is about, the hash covers everything but the id."""
    slug = re.sub(r"[^a-z0-9]+", "-", patch.targets[0].rpartition("/")[2].lower() if patch.targets else "none")
    slug = slug[:MAX_SLUG].strip("-")
    digest = content_hash(msgspec.structs.replace(patch, id=""))[:8]
    return f"{patch.round}-{slug}-{digest}"


def named(patch: Patch) -> Patch:
    """The patch under the name that its content gives it."""
    return msgspec.structs.replace(patch, id=name_patch(patch))


def patch_text(patch: Patch) -> str:
    """The file's text; equal patches give equal bytes."""
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
    """The corpus without what patches remove and with what they override in its place, in its order, then every patch's samples.

    Raises InputError where a removal or an override matches nothing, or a sample that no longer says what was replaced, where a sample
    that is overridden is touched otherwise too, or two samples share an id.
    """
    known = {s.id: s for s in corpus}
    dropped = {_touched("remove", d, known, patch).id for patch in patches for d in patch.remove}
    worded = _worded(known, patches)
    samples = [worded.get(s.id, s) for s in corpus if s.id not in dropped]
    seen = {s.id for s in samples}
    for patch in patches:
        for sample in patch.samples:
            if sample.id in seen:
                raise InputError(f"{_file(patch)}  samples\n  '{sample.id}' is there already. Sample ids are unique.")
            seen.add(sample.id)
            samples.append(sample)
    return samples


def changes(patches: Iterable[Patch]) -> dict[str, Wording | None]:
    """Derived sample that a patch touches → what it says now; None where it is removed."""
    found: dict[str, Wording | None] = {}
    for patch in patches:
        found |= {d.sample: None for d in patch.remove}
        found |= {o.sample: o.by for o in patch.override}
    return found


def as_changed(corpus: Iterable[Sample], changed: Mapping[str, Wording | None]) -> list[Sample]:
    """The samples with these changes, in their order. Nothing is checked: for samples of which a part is at hand."""
    found = []
    for sample in corpus:
        by = changed.get(sample.id)
        if by is not None or sample.id not in changed:
            found.append(sample if by is None else overridden(sample, by))
    return found


def untouched(corpus: Iterable[Sample], patches: Iterable[Patch]) -> list[Sample]:
    """The derived samples that no patch removes or overrides."""
    touched = changes(patches)
    return [s for s in corpus if s.id not in touched]


def overridden(sample: Sample, by: Wording) -> Sample:
    """The sample under its id, format and nodes, saying something else."""
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
                by = f"by {', '.join(others)} as well" if others else "by this patch twice"
                raise InputError(
                    f"{_file(patch)}  override\n  '{sample.id}' is removed or overridden {by}, expected once. Revert all but one,"
                    " then diagnose again."
                )
            found[sample.id] = overridden(sample, entry.by)
    return found


def _touched(key: str, entry: Dropped | Overridden, known: Mapping[str, Sample], patch: Patch) -> Sample:
    """The sample that a patch removes or overrides, if it is there and says what it said."""
    if entry.sample not in known:
        raise InputError(
            f"{_file(patch)}  {key}\n  '{entry.sample}' is no sample of the corpus: nothing is {PAST[key]}. Revert the patch,"
            " then diagnose again."
        )
    found = sample_hash(known[entry.sample])
    if found != entry.hash:
        raise InputError(
            f"{_file(patch)}  {key}\n  '{entry.sample}' has changed since: it is {found}, expected {entry.hash}."
            " Revert the patch, then diagnose again."
        )
    return known[entry.sample]


def _file(patch: Patch) -> str:
    return f"{PATCHES}/{patch.id}.yaml"


def sample_hash(sample: Sample) -> str:
    """Over what a sample shows and teaches."""
    return content_hash([sample.prompt, sample.completion])


def node_hash(knowledge: Knowledge, node: str) -> str:
    """Over what a person wrote of a node. What follows from other entries (a concept's mentions, where quotes stand) does not enter.

    Nor does what a concept is set apart from (`distinct_from`): it says nothing of the concept itself, and a repair's own edit of it must
    make no patch of the round stale.
    """
    record = knowledge.node(node)
    derived = {"parents": (), "spans": (), "distinct_from": ()} if isinstance(record, Concept) else {}
    fields = msgspec.to_builtins(msgspec.structs.replace(record, **derived))
    for field in ("span", "spans"):
        fields.pop(field, None)
    return content_hash(fields)


def stale(patch: Patch, knowledge: Knowledge, items: Mapping[str, Item]) -> list[str]:
    """What has changed since the patch was written, a line each; empty if it is fresh."""
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
