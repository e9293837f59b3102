"""The model that tuning starts from: made here from scratch (`embedded`), or pinned wherever it is.

    pin, curve = make_base(params.model, documents, Path("build/base"), cache=Path("build/cache"))
    model, tokenizer = load_base(Path("build/base"))

build/base/pin.json says which model it is and what its weights hash to:

    {"base": "embedded", "revision": null, "path": null, "hash": "3f0c…", "architecture": "llama", "parameters": 1377408, …}

An embedded base lies beside its pin, as `save_pretrained` writes it. Of any other, a path or a Hugging Face id, only the pin is kept, and
the model is loaded from where it is; if its files have changed since, that is refused.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from proda.compiler.architectures import new_model
from proda.compiler.fit import Point, Recipe, fit
from proda.compiler.packing import Document, tokenise
from proda.compiler.tokenizer import train_tokenizer
from proda.errors import InputError, NotFoundError, ProdaError
from proda.params import ModelParams
from proda.records import Record, content_hash
from proda.runtime.device import device, quiet_transformers
from proda.stable_hash import by_weight
from proda.store.files import write_file

PIN = "pin.json"
EMBEDDED = "embedded"
TOKENIZER_SHARE = 8  # how much more often the tokenizer reads plain text than invented facts: real words deserve whole tokens
# Files that decide what a model computes. Read-mes, images and other frameworks' copies of the weights do not.
WEIGHTS = (".safetensors", ".bin", ".json", ".model", ".txt", ".jinja")
IGNORED = ("README", "LICENSE", "training_args", "optimizer", "scheduler", "trainer_state", PIN)


class Pin(Record, frozen=True):
    """Which model the base is. `path` is where its files lay when it was pinned; None for the embedded one."""

    base: str
    revision: str | None
    path: str | None
    hash: str
    architecture: str
    parameters: int
    vocabulary: int


def make_base(params: ModelParams, documents: Sequence[Document], out: Path, *, cache: Path) -> tuple[Pin, list[Point]]:
    """Fill `out` with the base, or the pin of one, and return the pin and the training curve (empty for a pinned one)."""
    if params.base == EMBEDDED:
        return _embedded(params, documents, out, cache)
    path, revision = _resolve(params.base, params.revision)
    model, tokenizer = _open(path)
    shutil.rmtree(out, ignore_errors=True)
    pin = Pin(params.base, revision, str(path), hash_model(path), model.config.model_type, _parameters(model), len(tokenizer))
    _write_pin(out, pin)
    return pin, []


def load_base(folder: Path) -> tuple[Any, Any]:
    """Model (in evaluation mode, on the accelerator if there is one) and tokenizer of build/base.

    Raises NotFoundError without a pin, InputError if the model's files are gone or not those that were pinned.
    """
    pin = read_pin(folder)
    path = folder if pin.path is None else Path(pin.path)
    if not path.is_dir():
        path, _ = _resolve(pin.base, pin.revision)
    found = hash_model(path)
    if found != pin.hash:
        raise InputError(
            f"{folder / PIN}\n  The model at {path} hashes to {found[:12]}…, expected {pin.hash[:12]}…: its files have changed since it"
            " was pinned. Put them back, or run `dvc repro --force base` to pin them as they are."
        )
    model, tokenizer = _open(path)
    return model.to(device()).eval(), tokenizer


def read_pin(folder: Path) -> Pin:
    """The pin in a base folder. Raises NotFoundError if the stage `base` has not run."""
    path = folder / PIN
    if not path.is_file():
        raise NotFoundError(f"{path}\n  No base here. Run `dvc repro base` (or `make repro`) first.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pin)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}\n  Not a pin: {error}. Run `dvc repro --force base`.") from None


def hash_model(folder: Path) -> str:
    """SHA-256 over the names and contents of the files that decide what the model computes.

    A Hugging Face cache names large files by their own SHA-256; those are not read again.
    """
    digest = hashlib.sha256()
    paths = [p for p in sorted(folder.iterdir()) if p.suffix in WEIGHTS and not p.name.startswith(IGNORED)]
    if not any(p.suffix in (".safetensors", ".bin") for p in paths):
        raise InputError(f"{folder}\n  No weights here: expected *.safetensors (or *.bin) as `save_pretrained` writes them.")
    for path in paths:
        blob = path.resolve().name
        if path.is_symlink() and len(blob) == 64:
            inner = blob
        else:
            with path.open("rb") as file:
                inner = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.name}\0{inner}\n".encode())
    return digest.hexdigest()


def _embedded(params: ModelParams, documents: Sequence[Document], out: Path, cache: Path) -> tuple[Pin, list[Point]]:
    if not documents:
        raise InputError(
            "build/curriculum/documents.jsonl\n  No documents: the embedded base has nothing to learn. Run `dvc repro curriculum`."
        )
    plain = [d.completion for d in documents if not d.prompt]
    facts = [f"{d.prompt} {d.completion}" for d in documents if d.prompt]
    # Every eighth fact shows the tokenizer the invented words; all of them would take the real words' tokens away.
    tokenizer = train_tokenizer([*by_weight(facts, "tokenizer")[::TOKENIZER_SHARE], *plain], params.vocabulary, params.context)
    model = new_model(params, tokenizer).to(device())
    examples = tokenise(documents, tokenizer, params.context)
    recipe = Recipe(params.learning_rate, params.batch_tokens, params.context, optimizer=optimizer_of(params, embedded=True))
    key = content_hash([params, recipe, [(d.prompt, d.completion) for d in documents]])
    checkpoint = cache / "base" / key / "checkpoint.pt"
    curve = fit(model, [examples] * params.epochs, recipe, pad=tokenizer.pad_token_id, seed=params.seed, what="base", checkpoint=checkpoint)
    shutil.rmtree(out, ignore_errors=True)
    quiet_transformers()
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    pin = Pin(EMBEDDED, None, None, hash_model(out), model.config.model_type, _parameters(model), len(tokenizer))
    _write_pin(out, pin)
    shutil.rmtree(checkpoint.parent, ignore_errors=True)
    return pin, curve


def optimizer_of(params: Any, *, embedded: bool) -> Literal["adamw", "muon"]:
    """`optimizer` of a section of params.yaml; `auto` (the default) is muon for weights that are made here, adamw for all others.

    A pretrained model goes on with the optimizer it was trained with: muon's updates cost it what it knows.
    """
    wanted = getattr(params, "optimizer", "auto")
    if wanted == "auto":
        return "muon" if embedded else "adamw"
    return "muon" if wanted == "muon" else "adamw"


def _write_pin(out: Path, pin: Pin) -> None:
    write_file(out / PIN, msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(pin)), indent=2) + b"\n")


def _resolve(base: str, revision: str | None) -> tuple[Path, str | None]:
    """Where a model's files are, downloading them if need be, and the commit they are of."""
    if Path(base).is_dir():
        return Path(base), revision
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        path = Path(snapshot_download(base, revision=revision, ignore_patterns=["*.msgpack", "*.h5", "*.onnx", "*.gguf"]))
    except (HFValidationError, OSError, ValueError) as error:
        raise NotFoundError(
            f"params.yaml  model.base\n  '{base}' is no folder here, and not to be had from the Hugging Face hub: {error}"
            "\n  Give a folder with `config.json` and weights, an id that this machine can reach or has cached, or `embedded`."
        ) from None
    return path, path.name


def _open(path: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    quiet_transformers()
    try:
        model = AutoModelForCausalLM.from_pretrained(path, dtype="float32" if device() == "cpu" else "auto")
        tokenizer = AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError, KeyError) as error:
        raise ProdaError(f"{path}\n  Cannot be loaded as a causal language model with its tokenizer: {error}") from None
    return model, tokenizer


def _parameters(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())
