"""params.yaml, typed. An unknown key or a wrong value is an error that names the key; each stage prints the values that it uses.

    params = load_params(Path("params.yaml"))
    params.train.seeds                                    # (0, 1, 2)

A missing key takes the default below; `describe` says which values are defaults.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proda.errors import InputError, ParamsError, ProdaError, UsageError

if TYPE_CHECKING:
    from proda.yamlio.schema import Violation

OVERRIDABLE = ("train", "evaluate")  # only these sections can be overridden on the command line; other artefacts are not rebuilt
Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(gt=0.0)]
Amount = Annotated[float, Meta(ge=0.0)]
SuiteName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A block of params.yaml."""


class ItemParams(Section, frozen=True):
    """The benchmark. Every item depends on these values, so a change makes another benchmark."""

    sealed_share: Share = 0.2  # share of chains whose items the debugger may never read
    max_quarantined: Share = 0.05  # the build fails if the shortcut audit removes a larger share of items
    max_shortcut: Share = 0.35  # highest accuracy that a baseline solver without the knowledge may reach


class SampleParams(Section, frozen=True):
    """The corpus."""

    writer: Literal["template"] = "template"
    window: Positive = 2  # statements of a chain that one sample may show; never a whole chain
    open_share: Share = 0.6  # open : choice : true-false = 6 : 3 : 1
    choice_share: Share = 0.3


class GuardParams(Section, frozen=True):
    """The overlap gate, which compares every item with every training text."""

    ngram: Positive = 5  # words in the n-grams that are compared
    containment: Share = 0.7  # share of an item's n-grams (stem, or stem and key) above which a training text is a leak
    jaccard: Share = 0.6  # Jaccard similarity above which an item and a training text are near-duplicates


class ModelParams(Section, frozen=True):
    """The base model. `embedded`: trained here from scratch. Any other value: a path or a Hugging Face id, which is only pinned."""

    base: str = "embedded"
    revision: str | None = None
    architecture: Literal["llama", "qwen3", "gpt2"] = "llama"  # of the embedded base
    hidden_size: Positive = 128
    layers: Positive = 4
    heads: Positive = 4
    vocabulary: Positive = 2048  # tokens of a byte-level BPE trained on the training text of the base
    context: Positive = 256  # tokens
    seed: int = 0
    epochs: Positive = 1
    learning_rate: Rate = 2e-3
    batch_tokens: Positive = 2048  # tokens in one optimizer step
    optimizer: Literal["auto", "muon", "adamw"] = "auto"  # auto: muon for the matrices in full training, adamw otherwise


class CurriculumParams(Section, frozen=True):
    """The training text of the embedded base: an invented world, and the pinned reading."""

    seed: int = 0
    chains: Positive = 64  # invented chains in the base's training text
    suite_share: Share = 0.25  # share of the invented chains that the general suite asks about and replay never shows
    suite_items: Positive = 2000  # items of the general suite
    samples_per_statement: Positive = 12  # for chains that are replayed
    items_per_kind: Positive = 120  # answered items about the replayed half, so that the base knows the kinds of question
    suite_samples_per_statement: Positive = 72  # for chains of the suite, which the base must know well for forgetting to be measurable
    reading_epochs: Positive = 2  # how often the base reads the pinned sources


class TrainParams(Section, frozen=True):
    """Tuning: one training run from the same base for each seed."""

    seeds: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)] = (0, 1, 2)
    method: Literal["lora", "full", "embeddings"] = "full"  # embeddings: train only the embeddings of words that are new to the base
    lora_rank: Positive = 64
    lora_alpha: Positive = 128
    train_embeddings: Literal["none", "new", "all"] = "all"  # trained in addition to LoRA, because new words have untrained embeddings
    embedding_rate: Rate = 1.0  # learning rate of those embeddings, as a multiple of learning_rate
    epochs: Positive = 3
    learning_rate: Rate = 1e-3
    warmup_steps: Annotated[int, Meta(ge=0)] = 20
    weight_decay: Annotated[float, Meta(ge=0.0)] = 0.01
    batch_tokens: Positive = 2048  # tokens in one optimizer step
    optimizer: Literal["auto", "muon", "adamw"] = "auto"  # auto: muon for the matrices in full training, adamw otherwise
    max_length: Positive = 256  # tokens in one packed row
    replay_targets: Literal["text", "base"] = "text"  # targets of replay: the text itself, or the predictions of the base
    present_tokens_only: bool = True  # leave tokens that occur in no text of this run out of the softmax, so that they do not change
    softmax_share: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0  # share of the tokens in the softmax, drawn for each step: faster with many
    corpus_replay: Literal["all", "stratified", "disjoint"] = (
        "all"  # what is replayed from the corpus if there are patches: see proda/store/training_set.py
    )
    corpus_share: Share = 1.0  # share of those samples
    general_replay: Share = 0.25  # general samples per corpus sample
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 on GPUs that support it and on CPUs with AMX, else fp32
    # Share of what tuning changed that is kept, except in embeddings of new words (WiSE-FT, Wortsman et al. 2022).
    blend: Share = 1.0
    checkpoint_steps: Positive = 200  # optimizer steps between two points to resume from
    prompt: Literal["plain", "chat"] = (
        "plain"  # ask bare questions, or through the chat template of an instruct model; scoring does the same
    )
    parallel: Literal["data", "sharded"] = "data"  # what each of several processes holds: the whole model, or a shard of it (FSDP2)
    gradient_checkpointing: bool = False  # compute activations again in the backward pass: less memory, about a third more time


class EndpointParams(Section, frozen=True):
    """An OpenAI-compatible endpoint that serves the models to be scored. The key comes from the environment and is never written here."""

    url: str = ""  # "http://127.0.0.1:8000/v1"; empty: the address of OPENAI_BASE_URL, or OpenAI's own
    base_model: str = ""  # the name under which the endpoint serves the base
    tuned_model: str = ""  # the name of a tuned model; {seed} stands for its seed: "physics-{seed}"
    key_variable: str = ""  # the environment variable that holds the key; empty: PRODA_API_KEY, or else OPENAI_API_KEY
    request: Literal["chat", "completion"] = "chat"  # letter scoring: the kind of request
    concurrency: Positive = 64  # requests in flight at most; fewer when the endpoint asks for it
    timeout_s: Amount = 120.0  # of one request
    retries: Annotated[int, Meta(ge=0)] = 5  # after 429, 5xx, a time-out or a lost connection
    input_price: Amount = 0.0  # for a million tokens, in the currency of max_cost
    output_price: Amount = 0.0
    max_cost: Amount | None = None  # scoring stops before all models together cost more
    max_calls: Positive | None = None  # the same, in requests


class EvaluateParams(Section, frozen=True):
    """Scoring."""

    scoring: Literal["loglikelihood", "letter"] = "loglikelihood"
    backend: Literal["local", "endpoint"] = "local"  # where the models run
    endpoint: EndpointParams = EndpointParams()
    general: Annotated[tuple[SuiteName, ...], Meta(min_length=1)] = ("suite",)  # suites in benchmarks/general that are scored
    neutral_text: Literal["auto", "on", "off"] = "auto"  # measure the loss on neutral text; auto: unless the base is embedded
    batch_tokens: Positive = 2048  # tokens scored at once; does not change the scores
    letter_tokens: Positive = 15  # letter scoring: tokens generated at most
    bootstrap: Positive = 2000  # resamples for an interval


class Params(Section, frozen=True):
    """The whole file."""

    seed: int = 0  # of items and samples
    items: ItemParams = ItemParams()
    samples: SampleParams = SampleParams()
    guard: GuardParams = GuardParams()
    model: ModelParams = ModelParams()
    curriculum: CurriculumParams = CurriculumParams()
    train: TrainParams = TrainParams()
    evaluate: EvaluateParams = EvaluateParams()


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Parameters of the repository. Raises ParamsError with every fault: the line, the key, what it holds, what was expected."""
    from proda.yamlio import load_yaml_bytes, read_bytes
    from proda.yamlio.schema import decoded, refuse

    try:
        data = read_bytes(path)
        raw = load_yaml_bytes(data, str(path), numbers=True)
        params = decoded({} if raw is None else raw, Params, str(path), data)
        refuse(_faults(params), str(path), data, "params")
    except InputError as error:
        raise ParamsError(str(error), error.findings) from None
    return params


def _faults(params: Params) -> Iterator[Violation]:
    """Values that the types allow and that cannot be used together."""
    from proda.yamlio.schema import Violation

    if len(set(params.train.seeds)) < len(params.train.seeds):
        yield Violation(("train", "seeds"), f"Got {list(params.train.seeds)}, in which a seed occurs twice. Name each seed once.")
    if params.samples.open_share + params.samples.choice_share > 1:
        shares = f"{params.samples.open_share} + {params.samples.choice_share}"
        yield Violation(("samples", "open_share"), f"open_share + choice_share is {shares}, expected at most 1. Lower one of them.")
    if params.model.base == "embedded" and params.train.prompt == "chat":
        yield Violation(("train", "prompt"), "Got 'chat', but the embedded base has no chat template. Use 'plain'.")
    if "://" in params.model.base:  # the value is not repeated: an address may hold a password
        yield Violation(("model", "base"), "Got an address, expected 'embedded', a folder, or an id of the Hugging Face hub. Name one.")
    if params.model.base == "embedded" and params.model.hidden_size % (2 * params.model.heads):
        got = f"{params.model.hidden_size} with {params.model.heads} heads"
        yield Violation(("model", "hidden_size"), f"Got {got}, expected a multiple of twice the number of heads. Change one of them.")
    if len(set(params.evaluate.general)) < len(params.evaluate.general):
        named = list(params.evaluate.general)
        yield Violation(("evaluate", "general"), f"Got {named}, in which a suite occurs twice. Name each suite once.")
    if params.evaluate.backend == "endpoint":
        if params.evaluate.neutral_text == "on" and params.evaluate.scoring == "letter":
            message = "Got 'on', but letter scoring gets no log-probabilities of a text from an endpoint. Use 'off' or 'auto'."
            yield Violation(("evaluate", "neutral_text"), message)
        yield from _endpoint_faults(params)


def _endpoint_faults(params: Params) -> Iterator[Violation]:
    """Values of evaluate.endpoint that cannot be used. An address that may hold a password is not repeated."""
    from proda.yamlio.address import address_fault
    from proda.yamlio.schema import Violation

    endpoint, at = params.evaluate.endpoint, ("evaluate", "endpoint")
    for key in ("base_model", "tuned_model"):
        if not getattr(endpoint, key):
            yield Violation((*at, key), "Got nothing, expected the name of a model that the endpoint serves. Name it.")
    pattern = endpoint.tuned_model
    if pattern and len(params.train.seeds) > 1 and "{seed}" not in pattern:
        seeds = ", ".join(map(str, params.train.seeds))
        message = f"Got '{pattern}' for the seeds {seeds}, expected {{seed}} in it, for example 'tuned-{{seed}}'. Add it."
        yield Violation((*at, "tuned_model"), message)
    if endpoint.url and (fault := address_fault(endpoint.url)):
        yield Violation((*at, "url"), fault)
    if endpoint.max_cost is not None and not (endpoint.input_price or endpoint.output_price):
        message = "max_cost needs prices. Give input_price and output_price for a million tokens, or use max_calls."
        yield Violation((*at, "max_cost"), message)


def describe(section: Section, name: str, raw: dict[str, Any] | None) -> str:
    """The values of a section in one line: `train: seeds=[0, 1, 2], epochs=3 (default), …`. Of a block in it, those that are set."""
    given = (raw or {}).get(name) or {}
    parts = []
    for field in msgspec.structs.fields(section):
        value = msgspec.to_builtins(getattr(section, field.name))
        if isinstance(getattr(section, field.name), Section):
            value = {key: value[key] for key in given.get(field.name) or {}}
            if not value:
                continue
        parts.append(f"{field.name}={value}" + ("" if field.name in given else " (default)"))
    return f"{name}: " + ", ".join(parts)


def announce(params: Params, *names: str, path: Path = Path("params.yaml")) -> None:
    """Print the values of the named sections to standard error, and which of them are defaults."""
    from proda.yamlio import load_yaml

    raw = load_yaml(path, numbers=True) or {}
    for name in names:
        print("  " + describe(getattr(params, name), name, raw), file=sys.stderr)


def with_settings(params: Params, changes: Sequence[str]) -> Params:
    """The parameters with each NAME=VALUE applied. Raises UsageError for an unknown name or a value of the wrong type."""
    from proda.yamlio import load_yaml_text

    document = msgspec.to_builtins(params)
    for change in changes:
        name, is_one, value = change.partition("=")
        section, _, key = name.strip().partition(".")
        if not is_one or section not in OVERRIDABLE or key not in document[section]:
            known = ", ".join(f"{s}.{k}" for s in OVERRIDABLE for k in document[s])
            raise UsageError(f"--set-param {change}: expected NAME=VALUE. There are: {known}.")
        try:
            document[section][key] = load_yaml_text(f"value: {value}", numbers=True)["value"]
        except ProdaError:
            raise UsageError(f"--set-param {change}: {value!r} is not a value in YAML.") from None
    try:
        return msgspec.convert(document, Params)
    except msgspec.ValidationError as error:
        raise UsageError(f"--set-param {' '.join(changes)}: {error}.") from None
