"""The list of the files that the reference describes. A test finds each data file of this repository in it."""

from __future__ import annotations

import msgspec

from proda.knowledge.schema import Catalogue, RelationsFile, TopicFile
from proda.records import Diagnosis, Item, Outcome, Patch, Sample
from proda.store.allocation import AllocationFile
from proda.store.case_proposals import CaseProposals
from proda.store.exceptions import ExceptionsFile
from proda.store.merges import MergesFile
from proda.store.neutral_losses import NeutralLoss
from proda.store.proposals import Proposals
from proda.store.reading import ReadingFile
from proda.store.solved import Solved
from proda.store.suites import SuiteCard
from proda.store.validation import Validation
from proda.store.written import WrittenSample
from proda.store.written_items import WrittenItem
from proda.store.written_suites import WrittenGroup, WrittenTitle
from proda.workflows.additions import NewStatement

INTERVAL = "`ci95_low` and `ci95_high` bound a 95 % interval, from a bootstrap over chains and seeds"


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of file."""

    title: str
    pattern: str  # relative to the repository; `*` stands for one name
    names: tuple[str, ...] = ()  # what each `*` is called, if not as usual
    about: str  # who writes it, and what it is for
    record: type[msgspec.Struct] | None = None  # the type of the file, or of its entries
    keys: dict[str, str] = {}  # top-level keys or columns, where there is no record
    sometimes: tuple[str, ...] = ()  # those that only some repositories have
    module: str = ""  # whose docstring holds an example, where this repository has no such file
    lines: int = 0  # of the example; 0: the usual number

    @property
    def shown(self) -> str:
        """The pattern in words: `knowledge/<discipline>/<topic>.yaml`."""
        usual = {0: (), 1: ("name",), 2: ("discipline", "topic"), 3: ("split", "discipline", "topic")}
        parts = self.pattern.split("*")
        names = [f"<{name}>" for name in self.names or usual[len(parts) - 1]]
        return "".join(part + name for part, name in zip(parts, [*names, ""], strict=True))


FORMATS = (
    Format(
        title="Topic files",
        pattern="knowledge/*/*.yaml",
        about="Written by people, by `proda review` and by the commits of patches. One topic: its concepts, chains, links and cases. "
        "`knowledge/GUIDE.md` says what makes a good entry.",
        record=TopicFile,
        lines=34,
    ),
    Format(
        title="Relations",
        pattern="knowledge/relations.yaml",
        about="Written by people. The typed relations, with the word forms that questions and samples are worded with. The key is the id.",
        record=RelationsFile,
        lines=28,
    ),
    Format(
        title="Catalogue of sources",
        pattern="knowledge/sources/catalogue.yaml",
        about="Written by `proda ingest`, `proda new` and people. Where each text in `knowledge/sources/` "
        "comes from, and under which licence.",
        record=Catalogue,
        lines=12,
    ),
    Format(
        title="Decisions about concepts that may be one",
        pattern="knowledge/merges.yaml",
        about="`proda extract` proposes pairs; people set `status` to confirmed or refused.",
        record=MergesFile,
        module="proda.store.merges",
    ),
    Format(
        title="Proposals of a source",
        pattern="proposals/*/*.yaml",
        about="Written by `proda extract`, `proda import` and `proda review`. What was found in a source, and what reviewers decided. "
        "Nothing in it is knowledge yet.",
        record=Proposals,
        module="proda.store.proposals",
    ),
    Format(
        title="Proposed cases",
        pattern="proposals/cases/*/*.yaml",
        about="Written by `proda write --cases`. Cases that a language model wrote; `--accept KEY` copies one into its topic file.",
        record=CaseProposals,
        module="proda.store.case_proposals",
    ),
    Format(
        title="Statements to add in a review",
        pattern="more.yaml",
        about="Any file, written by a reviewer for `proda review SOURCE --add FILE`: a list of statements.",
        record=NewStatement,
        module="proda.workflows.additions_file",
    ),
    Format(
        title="Allocation",
        pattern="samples/allocation.yaml",
        about="Written by people and by `proda repair --reallocate`. How many samples each discipline gets.",
        record=AllocationFile,
        lines=6,
    ),
    Format(
        title="Corpus",
        pattern="samples/corpus/*/*.yaml",
        about="Derived: written by the stage `synthesize`. A list `samples` of the training samples of one topic. The discipline is "
        "the name of the folder and is left out in the file.",
        record=Sample,
        lines=22,
    ),
    Format(
        title="Patches",
        pattern="samples/patches/*.yaml",
        about="Written by `proda repair`, one file and one commit each, and never edited; `git revert` takes one back. The name is "
        "`<round>-<slug>-<hash>.yaml`, and the hash covers the content.",
        record=Patch,
        lines=32,
    ),
    Format(
        title="Frozen wordings of samples",
        pattern="samples/written/*/*.yaml",
        about="Written by `proda write`. A list `samples` of texts of a language model, each used as long as its plan is the same. The "
        "fields of `wording` stand beside the others in the file.",
        record=WrittenSample,
        module="proda.store.written",
    ),
    Format(
        title="Reading of the embedded base",
        pattern="samples/base/reading.yaml",
        about="Written by `proda reading`. The sentences that the embedded base learns its words from.",
        record=ReadingFile,
        lines=8,
    ),
    Format(
        title="Items",
        pattern="benchmarks/items/*/*/*.yaml",
        about="Derived: written by the stage `benchmark`. A list `items` of the questions of one topic and split. Split, discipline "
        "and topic are in the path and left out in the file; `options` is a map by letter.",
        record=Item,
        lines=30,
    ),
    Format(
        title="Frozen wordings of items",
        pattern="benchmarks/written/*/*/*.yaml",
        about="Written by `proda write --items`. A list `items`, each used as long as its plan is the same; `options` is a map by letter.",
        record=WrittenItem,
        module="proda.store.written_items",
    ),
    Format(
        title="Exceptions",
        pattern="benchmarks/exceptions.yaml",
        about="Written by people, and by patches that retire a suspect item. Items that are retired or amended, each with the reason.",
        record=ExceptionsFile,
        module="proda.store.exceptions",
    ),
    Format(
        title="Readings of items",
        pattern="benchmarks/validation.yaml",
        about="Written by `python -m proda.cli.reading_sheet --collect`. What readers answered without the key, by content hash of the "
        "item, then by reader.",
        record=Validation,
        lines=8,
    ),
    Format(
        title="Votes of solvers",
        pattern="benchmarks/solved.yaml",
        about="Written by `proda write --solve`. What language models answered with the facts and without, by content hash of the "
        "item, then by model.",
        record=Solved,
        module="proda.store.solved",
    ),
    Format(
        title="General suite",
        pattern="benchmarks/general/*.jsonl",
        about="`suite.jsonl` is derived: written by the stage `curriculum`. Others are written by `proda import`. One item in each "
        "line, with the fields of an item. It has 2 to 10 options, and `answer` is a letter from A to J.",
        record=Item,
        lines=1,
    ),
    Format(
        title="Card of an imported suite",
        pattern="benchmarks/general/*.yaml",
        about="Written by `proda import` beside the items. Where the suite comes from.",
        record=SuiteCard,
        module="proda.store.suites",
    ),
    Format(
        title="Questions of a suite written here",
        pattern="benchmarks/suites/*/items/*.yaml",
        names=("suite", "group"),
        about="Written by people. A group of questions about general ability, which `python -m scripts.write_suite` turns into a suite.",
        record=WrittenGroup,
        module="proda.store.written_suites",
        lines=8,
    ),
    Format(
        title="Title of a suite written here",
        pattern="benchmarks/suites/*/suite.yaml",
        names=("suite",),
        about="Written by people. What the card of the suite says.",
        record=WrittenTitle,
        module="proda.store.written_suites",
    ),
    Format(
        title="Readings of a suite written here",
        pattern="benchmarks/suites/*/validation.yaml",
        names=("suite",),
        about="Written by `python -m scripts.write_suite NAME --collect`. In the form of the readings of items, above.",
        record=Validation,
        lines=6,
    ),
    Format(
        title="Neutral texts",
        pattern="benchmarks/suites/neutral.yaml",
        about="Written by people. Texts about everyday things, on which the stage `evaluate` compares the loss of a tuned model with that "
        "of a pretrained base (`evaluate.neutral_text`).",
        keys={"passages": "a list of texts"},
        lines=3,
    ),
    Format(
        title="Outcomes",
        pattern="benchmarks/results/outcomes/*.csv",
        about="Derived: written by the stage `evaluate`. One line for each item and model. `chosen`, `correct` and `margin` are empty "
        "if the answer could not be scored.",
        record=Outcome,
        lines=4,
    ),
    Format(
        title="Losses on neutral text",
        pattern="benchmarks/results/outcomes/neutral-text.csv",
        about="Derived: written by the stage `evaluate` if `evaluate.neutral_text` wants it measured. One line for each passage and model. "
        "`nats` and `kl` are empty if the model gave no finite number; `kl` is empty for the base and behind an endpoint.",
        record=NeutralLoss,
    ),
    Format(
        title="Headline scores",
        pattern="benchmarks/results/headline.json",
        about="Derived: written by the stage `evaluate`. The few numbers that `dvc metrics show` prints. The "
        "last three are there if neutral text was measured.",
        keys={
            "dev": "accuracy of the tuned models on dev items, mean over seeds",
            "twin": "the same on twin items",
            "sealed": "the same on sealed items",
            "twin_low": "lower end of the 95 % interval of `twin`",
            "twin_high": "upper end",
            "twin_without_stem": "accuracy on twin items if only the options are shown",
            "twin_stem_gain": "accuracy on twin items with the stem minus that without it, on the same items and models",
            "dependence": "share right on twin items whose statements a model knows, minus the share where it does not know two or more;"
            " mean of the kinds of items, weighted by answers",
            "general": "accuracy of the tuned models on the general suite",
            "base_twin": "accuracy of the base on twin items",
            "base_general": "accuracy of the base on the general suite",
            "neutral_loss": "loss of the tuned models on neutral text, in nats per token",
            "neutral_kl": "divergence of the tuned models from the base on neutral text, KL(base ‖ tuned), in nats per token",
            "base_neutral_loss": "loss of the base on neutral text, in nats per token",
        },
        sometimes=("neutral_loss", "neutral_kl", "base_neutral_loss"),
    ),
    Format(
        title="Metrics",
        pattern="benchmarks/results/metrics.json",
        about=f"Derived: written by the stage `evaluate`. All accuracies; {INTERVAL}. `seeds` has one value for each seed.",
        keys={
            "base": "by split: number of items `n`, `accuracy`, interval, the same without the stem, and what the stem adds (`stem_gain`)",
            "tuned": "the same for the tuned models, mean over seeds",
            "general": "the general suite, for base and tuned models; `heldout_loss` in nats per token on text that was not trained on; "
            "`chance`, the accuracy of guessing, unless it is that of four options",
            "suites": "each suite of `evaluate.general` apart; left out if only the built-in suite is scored",
            "neutral_text": "if it was measured: number of passages `n` and of `tokens`, `loss` of base and tuned models; of the latter "
            "the `increase` over the base and the divergence `kl` with their intervals over passages and seeds; in nats per token",
            "dependence": "by split and kind of item: shares right where all statements are known and where two or more are not",
        },
        sometimes=("suites", "neutral_text"),
        lines=14,
    ),
    Format(
        title="Breakdowns",
        pattern="benchmarks/results/breakdowns.json",
        about="Derived: written by the stage `evaluate`. Accuracy by split, then by discipline, by kind of item, and by operator of "
        "the chosen wrong option.",
        keys={
            "base": "the untuned model",
            "tuned": "the tuned models, mean over seeds",
            "neutral_text": "if it was measured: loss, increase over the base and divergence of each tuned model, with intervals",
        },
        sometimes=("neutral_text",),
        lines=14,
    ),
    Format(
        title="Shortcuts",
        pattern="benchmarks/results/shortcuts.json",
        about="Derived: written by the stage `benchmark`. How often solvers without knowledge are right, with 95 % intervals over chains.",
        keys={
            "n": "number of items that were audited",
            "chance": "accuracy of guessing",
            "limit": "the build fails if a solver is right more often (`items.max_shortcut`)",
            "solvers": "accuracy of each solver, with its interval",
            "by_kind": "the same by kind of item",
            "quarantined": "items that were left out, each with the reason",
            "retired": "items that people have retired in exceptions.yaml",
        },
        lines=12,
    ),
    Format(
        title="Overlap",
        pattern="benchmarks/results/overlap.json",
        about="Derived: written by the stage `guard`. Training texts that are too near to an item. Training starts only if there are none.",
        keys={
            "items": "number of items that were compared",
            "texts": "number of training texts",
            "n_leaks": "number of texts that give an item away",
            "n_shown_whole": "number of items all of whose statements one sample words",
            "thresholds": "the parameters of the section `guard`",
            "leaks": "each leak: item, text, and what they share",
            "shown_whole": "each item that a sample words whole, with the sample",
            "closest": "the pairs of item and text that come nearest to the limits",
        },
        lines=12,
    ),
    Format(
        title="Diagnosis",
        pattern="benchmarks/results/diagnosis.yaml",
        about="Derived: written by the stage `diagnose`. `diagnoses` is a list with one entry for each dev item that most seeds fail. "
        "`noticed` lists nodes that most seeds do not know. The head of the file explains `probes` and `kinds`.",
        record=Diagnosis,
        lines=40,
    ),
    Format(
        title="Run",
        pattern="benchmarks/results/run.json",
        about="Written by the stages and completed by `proda runs --complete`; not an output of DVC, since it holds times.",
        keys={
            "run_id": "the MLflow run; null if MLflow could not be reached",
            "store": "the tracking store, without secrets",
            "commit": "the commit that was built",
            "branch": "its branch",
            "dirty": "whether files differed from the commit",
            "dvc_lock": "hash of dvc.lock",
            "results": "hash of the results beside it",
            "versions": "of Python and the main packages",
            "train": "seconds, hash of the inputs, number of samples; seconds and tokens by seed",
            "evaluate": "seconds, number of items, models",
            "diagnose": "seconds, number of failed items, categories",
        },
        lines=10,
    ),
    Format(
        title="Training curves",
        pattern="benchmarks/results/training.csv",
        about="Derived: written by the stage `train`, plotted by `dvc plots show`.",
        keys={
            "seed": "the training run",
            "step": "optimizer step",
            "loss": "training loss, nats per token",
            "learning_rate": "at that step",
        },
        lines=3,
    ),
    Format(
        title="Verdicts",
        pattern="benchmarks/verdicts/*.yaml",
        about="Written by `proda verify` and `proda attribute`: `round-<number>.yaml` for a round, `<patch>.yaml` for a patch. "
        "Training does not read them.",
        keys={
            "round": "the number of the round",
            "says": "helps, hurts or unproven for a round; necessary, sufficient, redundant, harmful or unproven for a patch",
            "patch": "of a patch: its id",
            "why": "of a patch: the reason, if nothing was retrained",
            "retrained": "of a patch: seeds of the trainings with and without it, and hashes of what each read",
            "items": "of a patch: what retraining showed for each item",
            "patches": "of a round: the ids of its patches",
            "before": "of a round: the commit that it is compared with",
            "reasons": "of a round: why it got this verdict",
            "splits": "of a round: by split, accuracy before and after, difference with interval, items better and worse, p-value",
            "disciplines": "of a round: the same by discipline",
            "general": "of a round: the general suite before and after",
            "suites": "of a round: the same for each suite of `evaluate.general`; left out if only the built-in suite was scored",
            "neutral_text": "of a round: loss on neutral text before and after, difference with interval, divergence from the base, in "
            "nats per token; left out if it was not measured before and after",
            "apart": "of a round: how many items cannot be compared, by reason",
        },
    ),
)
