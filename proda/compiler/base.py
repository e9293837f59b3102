"""The base: the untuned model, either trained here from scratch (`embedded`) or an existing model, which is only pinned.

    pin, curve = make_base(params.model, documents, Path("build/base"), cache=Path("build/cache"))
    model, tokenizer = load_base(Path("build/base"))

build/base/pin.json names the model and the hash of its files:

    {"base": "embedded", "revision": null, "path": null, "hash": "3f0c…", "architecture": "llama", "parameters": 1377408, …}

An embedded base is saved beside its pin by `save_pretrained`. It is also kept in build/cache/base/<hash of its inputs>, from where it is
copied instead of trained again: DVC deletes outputs before a stage runs, also when only code has changed. For any other model, a folder or
a Hugging Face id, only the pin is written, and the model is loaded from its own folder; loading fails if its files have changed since. Code
that comes with a model is never run, and safetensors files are preferred over pickled ones.
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
from proda.runtime.causal_lm import context_length
from proda.runtime.device import device, quiet_transformers
from proda.runtime.prompts import use_chat_template
from proda.stable_hash import by_weight
from proda.store.files import write_file

RECIPE = 2  # of the embedded base; raise when a change of code makes the same inputs train differently
PIN = "pin.json"
RECORD = "run.json"
EMBEDDED = "embedded"
TOKENIZER_SHARE = 8  # the tokenizer reads one invented fact in eight, so that real words get whole tokens
FOLDER = "Give the folder that `save_pretrained` writes: config.json, weights (*.safetensors) and tokenizer files."
GGUF = f"GGUF is a format for inference, and such models cannot be tuned here. {FOLDER}"
# Tokenizers of all kinds have a file that begins or ends so.
TOKENIZER, TOKENIZER_ENDINGS = ("tokenizer", "vocab", "merges", "spiece", "sentencepiece", "tekken"), (".model", ".tiktoken", ".bpe")
NO_TOKENIZER = "There are no tokenizer files (tokenizer.json, …) in the folder: save the model's tokenizer beside its weights"
SHOWN = 3  # names of missing weights in a message
# By whether weights are in single precision: largest difference of logits, relative to the largest one, that is put down to rounding.
TOLERANCE = {True: 1e-3, False: 2e-2}
# Files that decide what a model computes. Read-mes, images and other frameworks' copies of the weights do not.
WEIGHTS = (".safetensors", ".bin", ".json", ".model", ".txt", ".jinja")
IGNORED = ("README", "LICENSE", "training_args", "optimizer", "scheduler", "trainer_state", PIN)


class _Trained(Record, frozen=True):
    """An embedded base in the cache: the hash of its files, and its training curve."""

    hash: str
    curve: tuple[Point, ...]


class Pin(Record, frozen=True):
    """Name, location and hash of the base. `path` is the folder it was pinned in; None for the embedded base."""

    base: str
    revision: str | None
    path: str | None
    hash: str
    architecture: str
    parameters: int
    vocabulary: int
    prompt: Literal["plain", "chat"] = "plain"  # how the model is asked: see proda/runtime/prompts.py


def make_base(
    params: ModelParams, documents: Sequence[Document], out: Path, *, cache: Path, prompt: Literal["plain", "chat"] = "plain"
) -> tuple[Pin, list[Point]]:
    """Train the embedded base or pin an existing model into the folder `out`.

    `prompt` says whether the model is asked bare questions or through its chat template. Returns the pin and the training curve, which is
    empty for a pinned model. Raises NotFoundError if the model cannot be found, InputError if it cannot be used (see `open_model`), if it
    is to be asked through a chat template that does not serve, or if there are no documents to train the embedded base on.
    """
    if params.base == EMBEDDED:
        return _embedded(params, documents, out, cache)
    path, revision = _resolve(params.base, params.revision)
    model, tokenizer = open_model(path)
    if prompt == "chat":
        use_chat_template(tokenizer, str(path))
    _try_out(path, model, tokenizer)
    shutil.rmtree(out, ignore_errors=True)
    pin = Pin(params.base, revision, str(path), hash_model(path), model.config.model_type, _parameters(model), len(tokenizer), prompt)
    _write_pin(out, pin)
    return pin, []


def load_base(folder: Path, *, on: str | None = None) -> tuple[Any, Any]:
    """Return model and tokenizer of build/base; the model is in evaluation mode.

    It is on the device `on`, by default the accelerator if there is one, else the CPU.
    Raises NotFoundError without a pin or a model, InputError if the model's files differ from those that were pinned or cannot be loaded.
    """
    pin = read_pin(folder)
    path = _pinned(folder, pin)
    model, tokenizer = open_model(path)
    if pin.prompt == "chat":
        use_chat_template(tokenizer, str(path))
    return model.to(on or device()).eval(), tokenizer


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer that `load_base` gives, without loading the model. Raises as `load_base` does."""
    pin = read_pin(folder)
    path = _pinned(folder, pin)
    tokenizer = open_tokenizer(path, embedded=pin.base == EMBEDDED)
    if pin.prompt == "chat":
        use_chat_template(tokenizer, str(path))
    return tokenizer


def base_context(folder: Path) -> int:
    """Return the number of positions of the base, or 2**30 if its config states no limit. Raises as `load_base` does."""
    from types import SimpleNamespace

    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(_pinned(folder, read_pin(folder)), trust_remote_code=False)
    return context_length(SimpleNamespace(config=config))


def _pinned(folder: Path, pin: Pin) -> Path:
    """The folder of the model that is pinned. Raises InputError if its files are others now."""
    path = folder if pin.path is None else Path(pin.path)
    if not path.is_dir():
        path, _ = _resolve(pin.base, pin.revision)
    found = hash_model(path)
    if found != pin.hash:
        raise InputError(
            f"{folder / PIN}\n  The files of the model in {path} have changed: got hash {found[:12]}…, expected {pin.hash[:12]}…."
            " Restore them, or run `dvc repro --single-item --force base` to pin the files as they are now."
        )
    return path


def read_pin(folder: Path) -> Pin:
    """Read the pin in a base folder. Raises NotFoundError if there is none, InputError if it is damaged."""
    path = folder / PIN
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There is no base yet. Run `dvc repro base` (or `make repro`) first.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pin)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}\n  The pin of the base is damaged: {error}. Run `dvc repro base`.") from None


def hash_model(folder: Path) -> str:
    """Return the SHA-256 over names and contents of the files that decide what the model computes.

    A Hugging Face cache names large files by their own SHA-256, so these are not read again. Raises InputError if there are no weights.
    """
    digest = hashlib.sha256()
    paths = [p for p in sorted(folder.iterdir()) if p.suffix in WEIGHTS and p.is_file() and not p.name.startswith(IGNORED)]
    if not any(p.suffix in (".safetensors", ".bin") for p in paths):
        raise InputError(f"{folder}\n  The folder holds no weights, expected *.safetensors (or *.bin) as `save_pretrained` writes them.")
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
            "build/curriculum/documents.jsonl\n  The file holds no documents to train the embedded base on. Run `dvc repro curriculum`."
        )
    plain = [d.completion for d in documents if not d.prompt]
    facts = [f"{d.prompt} {d.completion}" for d in documents if d.prompt]
    # All facts together would fill the vocabulary with invented words and leave real words in pieces.
    tokenizer = train_tokenizer([*by_weight(facts, "tokenizer")[::TOKENIZER_SHARE], *plain], params.vocabulary, params.context)
    model = new_model(params, tokenizer).to(device())
    examples = tokenise(documents, tokenizer, params.context)
    # In single precision everywhere: a model this small gains nothing from bf16, and a machine with AMX would train other weights.
    optimizer = optimizer_of(params, embedded=True)
    recipe = Recipe(params.learning_rate, params.batch_tokens, params.context, precision="fp32", optimizer=optimizer)
    key = content_hash([RECIPE, params, recipe, [(d.prompt, d.completion) for d in documents]])
    kept = cache / "base" / key
    found = _kept(kept)
    if found is None:
        checkpoint = kept / "checkpoint.pt"
        pad = tokenizer.pad_token_id
        curve = fit(model, [examples] * params.epochs, recipe, pad=pad, seed=params.seed, what="base", checkpoint=checkpoint)
        quiet_transformers()
        model.save_pretrained(kept / "model")
        tokenizer.save_pretrained(kept / "model")
        found = _Trained(hash_model(kept / "model"), tuple(curve))
        write_file(kept / RECORD, msgspec.json.encode(found))  # written last, so that it exists only beside a complete model
        checkpoint.unlink(missing_ok=True)
    pin = Pin(EMBEDDED, None, None, found.hash, model.config.model_type, _parameters(model), len(tokenizer))
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(kept / "model", out)
    _write_pin(out, pin)
    return pin, list(found.curve)


def _kept(folder: Path) -> _Trained | None:
    """The base in a folder of the cache, or None if there is none or its files are damaged."""
    try:
        found = msgspec.json.decode((folder / RECORD).read_bytes(), type=_Trained)
        whole = found.hash == hash_model(folder / "model")
    except (OSError, InputError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if whole else None


def optimizer_of(params: Any, *, embedded: bool) -> Literal["adamw", "muon"]:
    """Return the optimizer that a section of params.yaml asks for. `auto` is muon for weights trained here from scratch, else adamw.

    A pretrained model is tuned with adamw, because muon's updates make it forget what it knows.
    """
    wanted = getattr(params, "optimizer", "auto")
    if wanted == "auto":
        return "muon" if embedded else "adamw"
    return "muon" if wanted == "muon" else "adamw"


def _write_pin(out: Path, pin: Pin) -> None:
    write_file(out / PIN, msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(pin)), indent=2) + b"\n")


def _resolve(base: str, revision: str | None) -> tuple[Path, str | None]:
    """Return the folder of a model, downloaded if necessary, and its revision. Raises InputError for a file, and a folder of GGUF files."""
    if Path(base).is_file():
        raise InputError(f"params.yaml  model.base\n  '{base}' is a file, expected a folder. {GGUF if base.endswith('.gguf') else FOLDER}")
    if Path(base).is_dir():
        names = {p.suffix for p in Path(base).iterdir() if p.is_file()}
        if ".gguf" in names and not names & {".safetensors", ".bin"}:
            raise InputError(f"params.yaml  model.base\n  '{base}' holds weights as *.gguf only. {GGUF}")
        return Path(base), revision
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        path = Path(snapshot_download(base, revision=revision, ignore_patterns=["*.msgpack", "*.h5", "*.onnx", "*.gguf"]))
    except (HFValidationError, OSError, ValueError) as error:
        raise NotFoundError(
            f"params.yaml  model.base\n  '{base}' is not a folder, and cannot be loaded from the Hugging Face hub: {error}"
            "\n  Give a folder with config.json and weights, an id that this machine can reach or has cached, or `embedded`."
        ) from None
    return path, path.name


def open_model(path: Path) -> tuple[Any, Any]:
    """Load a causal language model and its tokenizer from a folder, in evaluation mode on the CPU.

    Never runs code from the folder and never asks a question. Raises InputError naming the folder if the files are damaged, incomplete or
    quantised, or need code of their own.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    quiet_transformers()
    safetensors = True if any(path.glob("*.safetensors")) else None
    try:
        config = AutoConfig.from_pretrained(path, trust_remote_code=False)
        method = _quantised(config)
        if method:
            raise InputError(f"{path}\n  The weights are quantised ({method}) and cannot be tuned. Use the model's unquantised weights.")
        model, loaded = AutoModelForCausalLM.from_pretrained(
            path,
            config=config,
            dtype="float32" if device() == "cpu" else "auto",
            trust_remote_code=False,
            use_safetensors=safetensors,
            output_loading_info=True,
        )
        tokenizer = open_tokenizer(path)
    except ProdaError:
        raise
    except Exception as error:  # transformers and safetensors raise many types for damaged files
        raise _not_loaded(path, error) from None
    if missing := sorted(loaded["missing_keys"]):
        names = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        raise InputError(
            f"{path}\n  The checkpoint lacks weights, which would be random numbers: {names}. Check that the download is complete, and that"
            " config.json fits the weights (tie_word_embeddings)."
        )
    return model.eval(), tokenizer


def open_tokenizer(path: Path | str, *, embedded: bool = False, revision: str | None = None) -> Any:
    """Load a tokenizer from a folder, without running code from there. Raises InputError naming the folder if that fails.

    `path` may also be an id of the Hugging Face hub: then only the tokenizer's files of `revision` are loaded. With `embedded` it is a
    tokenizer that `proda.compiler.tokenizer` has made, which can be loaded without importing torch.
    """
    quiet_transformers()
    try:
        if embedded:
            from transformers import PreTrainedTokenizerFast

            return PreTrainedTokenizerFast.from_pretrained(path)
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(path, revision=revision or "main", trust_remote_code=False)
    except Exception as error:  # transformers and tokenizers raise many types for damaged files
        raise _not_loaded(path, error) from None


def _not_loaded(path: Path | str, error: Exception) -> InputError:
    what = "folder" if Path(path).is_dir() else "model"
    if what == "folder" and not _has_tokenizer(Path(path)):
        return InputError(f"{path}\n  {NO_TOKENIZER}.")
    return InputError(f"{path}\n  The {what} cannot be loaded as a causal language model with its tokenizer: {_first_line(error)}")


def _has_tokenizer(folder: Path) -> bool:
    return any(p.name.startswith(TOKENIZER) or p.suffix in TOKENIZER_ENDINGS for p in folder.iterdir())


def _quantised(config: Any) -> str:
    """The quantisation method that a config names; empty if its weights are not quantised."""
    found = getattr(config, "quantization_config", None)
    if not found:
        return ""
    values = found if isinstance(found, dict) else found.to_dict()
    return str(values.get("quant_method") or "unknown method")


def _try_out(path: Path, model: Any, tokenizer: Any) -> None:
    """Compute the logits of a short text.

    Raises InputError if tokenizer and model do not fit each other, weights are not numbers, or a prediction depends on later tokens.
    """
    import torch

    try:
        tokens = tokenizer("Question: what?", add_special_tokens=False, verbose=False)["input_ids"]
        rows = int(model.get_input_embeddings().weight.shape[0])
        if not tokens:
            raise ValueError("its tokenizer gives no tokens for a text" if _has_tokenizer(path) else NO_TOKENIZER)
        known = int(tokenizer.vocab_size)  # without tokens that a tokenizer class adds and no text holds
        if max(known, max(tokens) + 1) > rows:
            raise ValueError(f"its tokenizer has {known:,} tokens, but the model has embeddings for {rows:,}")
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokens], device=model.device)).logits
        if not bool(torch.isfinite(logits).all()):
            raise ValueError("its logits are not finite numbers, so its weights are damaged")
        if not _is_causal(model, tokens):
            kind = model.config.model_type
            raise ValueError(
                f"its predictions depend on later tokens, so it is no causal language model, such as Llama, but an encoder, such as BERT"
                f" (model_type {kind})"
            )
    except Exception as error:  # as above: what a model raises depends on its architecture
        raise InputError(f"{path}\n  The model cannot be used: {_first_line(error)}.") from None


def _is_causal(model: Any, tokens: Sequence[int]) -> bool:
    """Whether the predictions for these tokens stay the same, but for rounding, if other tokens follow."""
    import torch

    rows = int(model.get_input_embeddings().weight.shape[0])
    other = [(token + 1) % rows for token in tokens]
    with torch.inference_mode():
        found, again = (
            model(input_ids=torch.tensor([[*tokens, *after]], device=model.device)).logits[:, : len(tokens)].float()
            for after in (tokens, other)
        )
    tolerance = TOLERANCE[model.dtype == torch.float32]
    return bool((found - again).abs().max() <= tolerance * found.abs().max())


def _first_line(error: Exception) -> str:
    """The first line of an error's text that says something, with the next one if it only leads to it, cut to a readable length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    count = next((n for n, line in enumerate(lines, start=1) if not line.endswith(":")), len(lines))
    return (" ".join(lines[:count]) or type(error).__name__)[:300]


def _parameters(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())
