"""Exports samples or items of a repository, at any revision, with their provenance.

    plan = ExportPlan("messages", Path("out"), name="proda")
    export(Path("."), plan)          # Exported(rows={"train": 4160}, files=5, …)

Samples are those that `train` reads: the corpus as changed by the patches, with the replay that params.yaml asks for. If it asks for all
of the corpus, as it does by default, one corpus file after the other is read, so memory does not grow with the corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from proda.document_settings import load_document_settings
from proda.errors import EmptyBenchmarkError, InputError
from proda.exchange import item_rows, lm_eval, sample_rows
from proda.exchange.dataset_card import CardFacts, SourceLine, dataset_card
from proda.exchange.export_folder import ExportFiles, export_folder, require_ours
from proda.exchange.row_files import write_jsonl, write_parquet, write_text
from proda.exchange.sample_rows import Columns, Row, RowOrigin, SampleFormat
from proda.gitrepo import GitError, run_git
from proda.history.repository import Repository
from proda.knowledge.rules.ids import SLUG
from proda.knowledge.schema import Catalogue
from proda.knowledge.tree import CATALOGUE
from proda.params import load_params
from proda.records import Item, Patch, Record, Sample, Split
from proda.store.corpus import CORPUS, decode_sample, load_corpus
from proda.store.files import data_files
from proda.store.items import load_items
from proda.store.patches import apply_patches, as_changed, changes, load_patches
from proda.store.training_set import mix
from proda.workflows.export_texts import ABOUT, ITEMS_ARE, SAMPLES_ARE, SEALED_ARE
from proda.yamlio import load_as, load_list

ExportFormat = Literal[SampleFormat, "lm-eval"]
FORMATS: tuple[ExportFormat, ...] = (*get_args(SampleFormat), "lm-eval")


class ExportPlan(Record, frozen=True):
    """What to export, and where to."""

    form: ExportFormat
    out: Path
    name: str = "proda"  # of the data set or the task group
    splits: tuple[Split, ...] = ()  # items of these splits; empty: samples
    parquet: bool = False  # huggingface only
    bare: bool = False  # rows hold only what the format's readers know; provenance.jsonl has the rest, line by line
    revision: str | None = None


class Exported(Record, frozen=True):
    """What was exported, or would be."""

    rows: dict[str, int]  # split → rows
    licences: dict[str, int]  # licence → sources; "" for sources without an entry in the catalogue
    knowledge_commit: str
    files: int = 0  # 0 for a dry run


class RowOrigins:
    """Where nodes come from, and how many rows mention each source."""

    def __init__(self, repo: Repository, commit: str) -> None:
        knowledge = repo.knowledge
        self.commit = commit
        self.of: dict[str, frozenset[str]] = {s.id: frozenset((s.span.source,)) for s in knowledge.statements.values()}
        self.of |= {c.id: frozenset(span.source for span in c.spans) for c in knowledge.concepts.values()}
        self.of |= {c.id: frozenset(span.source for span in c.spans) for c in knowledge.chains.values()}
        path = repo.root / CATALOGUE
        self.catalogue = load_as(path, Catalogue).sources if path.is_file() else {}
        self.mentioned: Counter[str] = Counter()

    def lineage(self, nodes: Iterable[str], patch: str = "") -> RowOrigin:
        """The lineage of a row that mentions these nodes; counts its sources. Retired nodes that are gone have none."""
        sources = sorted({source for node in nodes for source in self.of.get(node, ())})
        self.mentioned.update(sources)
        return RowOrigin(tuple(sources), self.commit, patch)

    def lines(self) -> list[SourceLine]:
        """The sources mentioned so far, by name."""
        found = []
        for source, rows in sorted(self.mentioned.items()):
            entry = self.catalogue.get(source)
            title, origin, licence = (entry.title, entry.origin, entry.licence) if entry else ("", "", "")
            found.append(SourceLine(source, title, origin, licence, rows))
        return found

    def licences(self) -> dict[str, int]:
        """Licence → number of sources."""
        return dict(sorted(Counter(line.licence for line in self.lines()).items()))


def export(root: Path, plan: ExportPlan, *, dry_run: bool = False) -> Exported:
    """Export to the folder `plan.out`, or only count what would be exported.

    Raises InputError if the folder exists and is no export of ours, or if the knowledge has errors; EmptyBenchmarkError if there are no
    items, GitError or NotFoundError for a revision that cannot be read. The folder is complete or untouched.
    """
    repo = Repository.open(root, plan.revision)
    origins = RowOrigins(repo, knowledge_commit(root, plan.revision))
    if dry_run:
        require_ours(plan.out)
        return _counted(repo, plan, origins)
    splits: list[str] = [*plan.splits] or ["train"]
    about = {"format": plan.form, "name": plan.name, "splits": splits, "knowledge_commit": origins.commit}
    with export_folder(plan.out, about) as folder:
        rows = _write_items(folder, repo, plan, origins) if plan.splits else _write_samples(folder, repo, plan, origins)
        encoded = (msgspec.to_builtins(line) for line in origins.lines())
        folder.add("sources.jsonl", write_jsonl(folder.path / "sources.jsonl", encoded))
        files = len(folder.files) + 1
    return Exported(rows, origins.licences(), origins.commit, files)


def knowledge_commit(root: Path, revision: str | None) -> str:
    """The last commit that changed knowledge/, seen from `revision`; with `+changes` if the working tree has changes there.

    Empty outside a git repository.
    """
    try:
        commit = run_git(root, "log", "-1", "--format=%H", revision or "HEAD", "--", "knowledge").strip()
        changed = not revision and run_git(root, "status", "--porcelain", "--", "knowledge").strip()
    except GitError:
        return ""
    return f"{commit}+changes" if changed else commit


def training_samples(root: Path) -> Iterator[tuple[Sample, str]]:
    """Yield every sample that `train` reads, with the id of the patch that added or reworded it; in the order of training.

    Raises InputError, at the latest after the last sample, for a patch that does not fit the corpus.
    """
    patches = load_patches(root)
    params = load_params(root / "params.yaml").train
    by = {sample: patch.id for patch in patches for sample in (*(o.sample for o in patch.override), *(s.id for s in patch.samples))}
    if patches and (params.corpus_replay != "all" or params.corpus_share < 1):
        seed = load_params(root / "params.yaml").seed
        mixture = mix(load_corpus(root), patches, strategy=params.corpus_replay, share=params.corpus_share, seed=seed)
        yield from ((sample, by.get(sample.id, "")) for sample in mixture.samples)
        return
    for sample in _streamed(root, patches):
        yield sample, by.get(sample.id, "")


def _streamed(root: Path, patches: Sequence[Patch]) -> Iterator[Sample]:
    """The samples in the order of `apply_patches`, one corpus file in memory at a time."""
    changed = changes(patches)
    added = {sample.id for patch in patches for sample in patch.samples}
    met: list[Sample] = []  # those of the corpus that a patch touches, or whose id a patch uses again
    for path in data_files(root / CORPUS, "*/*.yaml"):
        samples = [decode_sample(raw, path) for raw in load_list(path, "samples")]
        met += [s for s in samples if s.id in changed or s.id in added]
        yield from as_changed(samples, changed)
    apply_patches(met, patches)  # raises where a patch does not fit
    for patch in patches:
        yield from patch.samples


def _write_samples(folder: ExportFiles, repo: Repository, plan: ExportPlan, origins: RowOrigins) -> dict[str, int]:
    form: SampleFormat = msgspec.convert(plan.form, SampleFormat)
    file = f"{'data/' if form == 'huggingface' else ''}train.{'parquet' if plan.parquet else 'jsonl'}"
    counts: Counter[str] = Counter()
    known = sample_rows.COLUMNS[form]
    columns = {name: kind for name, kind in known.items() if not plan.bare or name not in sample_rows.PROVENANCE}

    def rows() -> Iterator[Row]:
        for sample, patch in training_samples(repo.root):
            lineage = origins.lineage(sample.nodes, patch)
            counts[sample.format] += 1
            row = sample_rows.FORMATS[form](sample)
            yield row if plan.bare else row | sample_rows.provenance(sample, lineage)

    written = write_parquet(folder.path / file, rows(), columns) if plan.parquet else write_jsonl(folder.path / file, rows())
    folder.add(file, written)
    if plan.bare:
        beside = (
            sample_rows.provenance(s, RowOrigin(_sources(origins, s.nodes), origins.commit, p)) for s, p in training_samples(repo.root)
        )
        folder.add("provenance.jsonl", write_jsonl(folder.path / "provenance.jsonl", beside))
    if form != "huggingface":
        text = msgspec.json.format(msgspec.json.encode(sample_rows.registry(plan.name, form, file)), indent=2).decode()
        folder.add("dataset_info.json", write_text(folder.path / "dataset_info.json", f"{text}\n"))
    _card(folder, repo, plan, origins, {"train": (file, written.rows)}, columns, counts, SAMPLES_ARE, "question-answering")
    return {"train": written.rows}


def _sources(origins: RowOrigins, nodes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({source for node in nodes for source in origins.of.get(node, ())}))


def _write_items(folder: ExportFiles, repo: Repository, plan: ExportPlan, origins: RowOrigins) -> dict[str, int]:
    items = _items(repo, plan)
    groups: dict[str, dict[str, list[Item]]] = {split: {} for split in plan.splits}
    for item in items:
        groups[item.split].setdefault(item.discipline, []).append(item)
    if plan.form == "lm-eval":
        for split, found in groups.items():
            for discipline, group in sorted(found.items()):
                file = lm_eval.items_file(split, discipline)
                rows = (item_rows.lm_eval_row(i, origins.lineage(i.nodes)) for i in group)
                folder.add(file, write_jsonl(folder.path / file, rows))
        disciplines = {split: sorted(found) for split, found in groups.items() if found}
        for name, text in lm_eval.task_files(plan.name, disciplines).items():
            folder.add(name, write_text(folder.path / name, text))
    else:
        files: dict[str, tuple[str, int]] = {}
        for split in plan.splits:
            file = f"data/{split}.{'parquet' if plan.parquet else 'jsonl'}"
            hf_rows = (item_rows.huggingface_row(i, origins.lineage(i.nodes)) for i in items if i.split == split)
            path = folder.path / file
            written = write_parquet(path, hf_rows, item_rows.COLUMNS) if plan.parquet else write_jsonl(path, hf_rows)
            folder.add(file, written)
            files[split] = (file, written.rows)
        what = (*ITEMS_ARE, *(SEALED_ARE if "sealed" in plan.splits else ()))
        _card(folder, repo, plan, origins, files, item_rows.COLUMNS, Counter(i.kind for i in items), what, "multiple-choice")
    return {split: sum(i.split == split for i in items) for split in plan.splits}


def _items(repo: Repository, plan: ExportPlan) -> list[Item]:
    items = load_items(repo.root, plan.splits)
    if not items:
        raise EmptyBenchmarkError(f"There are no items of {', '.join(plan.splits)} to export. Run `dvc repro benchmark` first.")
    if wrong := sorted({item.discipline for item in items if not SLUG.fullmatch(item.discipline)}):
        raise InputError(f"benchmarks/items\n  '{wrong[0]}' is no well-formed name of a discipline. Run `proda check`.")
    return items


def _card(
    folder: ExportFiles,
    repo: Repository,
    plan: ExportPlan,
    origins: RowOrigins,
    splits: Mapping[str, tuple[str, int]],
    columns: Columns,
    counts: Mapping[str, int],
    what: Sequence[str],
    task: str,
) -> None:
    facts = CardFacts(
        title=f"{plan.name}: {'items' if plan.splits else 'samples'}",
        what=what,
        splits=splits,
        columns=columns,
        counts=dict(sorted(counts.items())),
        sources=origins.lines(),
        knowledge_commit=origins.commit,
        task=task,
        language=load_document_settings(repo.root).curate.language,
        about=ABOUT,
    )
    folder.add("README.md", write_text(folder.path / "README.md", dataset_card(facts)))


def _counted(repo: Repository, plan: ExportPlan, origins: RowOrigins) -> Exported:
    rows: Counter[str] = Counter()
    if plan.splits:
        for item in _items(repo, plan):
            origins.lineage(item.nodes)
            rows[item.split] += 1
    else:
        for sample, patch in training_samples(repo.root):
            origins.lineage(sample.nodes, patch)
            rows["train"] += 1
    return Exported(dict(rows), origins.licences(), origins.commit)
