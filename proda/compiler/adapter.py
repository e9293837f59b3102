"""Make weights of the base trainable, save what was tuned, and load it again.

`train.method` chooses the weights: all of them (`full`), low-rank updates and optionally embeddings (`lora`), or only the embeddings of
words that are new to the base (`embeddings`). The latter two use peft.

    model = attach(model, params.train, seed=0)
    save_adapter(model, tokenizer, Path("build/adapters/seed-0"), Card(base=…, method="lora", seed=0, inputs=…))
    model, tokenizer = load_tuned(Path("build/base"), Path("build/adapters/seed-0"))

A folder of build/adapters holds adapter.json (base, method, seed and inputs) and either a peft adapter or a whole model, as
`from_pretrained` loads them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.base import load_base, open_model, read_pin
from proda.errors import InputError, NotFoundError
from proda.params import TrainParams
from proda.records import Record
from proda.runtime.causal_lm import NEW_ROWS
from proda.runtime.device import device, quiet_transformers
from proda.runtime.prompts import use_chat_template
from proda.store.files import write_file

CARD = "adapter.json"
WEIGHTS = "adapter_model.safetensors"
RETRAIN = "Run `dvc repro train`."


class Card(Record, frozen=True):
    """Inputs of the training that made an adapter."""

    base: str  # hash of the base's weights
    method: str
    seed: int
    inputs: str  # hash of everything that training read


def attach(model: Any, params: TrainParams, *, seed: int, new_words: Sequence[int] = ()) -> Any:
    """Return the model with the weights of `params.method` made trainable.

    `full` trains all weights. `lora` trains a low-rank update of every linear layer and, as `train_embeddings` says, all embeddings or
    those of the tokens `new_words`. `embeddings` trains only the latter, so that the model computes texts without new words exactly as the
    base does; raises InputError if there are no new words. Initial values are drawn by `seed`.

    Raises InputError if peft cannot change layers of the architecture, or would untie input and output embeddings that the base has tied.
    """
    if params.method == "full":
        return model.float()  # half-precision weights lose small updates
    import torch
    from peft import LoraConfig, TrainableTokensConfig, get_peft_model

    from proda.compiler.new_rows import look_up_rows

    for parameter in model.parameters():
        parameter.requires_grad_(False)
    torch.manual_seed(seed)
    if params.method == "embeddings":
        if not new_words:
            raise InputError(
                "params.yaml  train.method\n  `embeddings` trains words that are new to the base, but the samples hold none. Use `lora`."
            )
        rows = TrainableTokensConfig(token_indices=list(new_words), target_modules=[_embedding_name(model)], task_type="CAUSAL_LM")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # peft warns about tied layers; the rows of a tied head are the same rows
            model = get_peft_model(model, rows)
        look_up_rows(model)
        return model
    whole = [_embedding_name(model)] if params.train_embeddings == "all" else None
    rows = {_embedding_name(model): list(new_words)} if params.train_embeddings == "new" and new_words else None
    tied = bool(whole) and bool(getattr(model.config, "tie_word_embeddings", False))
    if whole and not tied:
        whole.append(_head_name(model))
    config = LoraConfig(
        r=params.lora_rank,
        lora_alpha=params.lora_alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        modules_to_save=whole,
        trainable_token_indices=rows,
        ensure_weight_tying=tied,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns about Conv1D and tied layers; both are intended
        try:
            model = get_peft_model(model, config)
        except (ValueError, NotImplementedError) as error:
            raise InputError(
                f"params.yaml  train.method\n  LoRA is not possible for this architecture ({model.config.model_type});"
                f" use `method: full`. peft says: {str(error).partition(chr(10))[0][:300]}"
            ) from None
    if tied and model.get_input_embeddings().weight is not model.get_output_embeddings().weight:
        # peft knows the embeddings of some architectures only, by their names, and trains a copy of the others.
        raise InputError(
            "params.yaml  train.train_embeddings\n  Got all, but peft cannot train the embeddings of this architecture"
            f" ({model.config.model_type}) and keep input and output embeddings the same, as they are in the base."
            " Use `new` or `none`, or `method: full`."
        )
    look_up_rows(model)
    return model


def _embedding_name(model: Any) -> str:
    return _name_of(model, model.get_input_embeddings())


def _head_name(model: Any) -> str:
    return _name_of(model, model.get_output_embeddings())


def _name_of(model: Any, wanted: Any) -> str:
    return next(str(name).rpartition(".")[2] for name, module in model.named_modules() if module is wanted)


def trainable(model: Any) -> dict[str, Any]:
    """Return copies of the trainable weights, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def blend(model: Any, before: Mapping[str, Any], share: float) -> None:
    """Interpolate in place between the weights before and after tuning: share · after + (1 − share) · before.

    This is WiSE-FT (Wortsman et al. 2022). It gives up a little of what was learnt and keeps more of what the base knew. For LoRA, whose
    update is a product of two matrices, one of the two is scaled. Embeddings that are trained row by row stay as trained: they are those of
    words that the base never learned.
    """
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name not in before or "lora_A" in name or NEW_ROWS in name:
                continue
            if "lora_B" in name:
                weight.mul_(share)
            else:
                weight.copy_(torch.lerp(before[name], weight, share))


def save_adapter(model: Any, tokenizer: Any, folder: Path, card: Card, *, base_name: str) -> None:
    """Write an adapter folder atomically, replacing an existing one. A fully tuned model is saved with its tokenizer."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    if hasattr(model, "peft_config"):
        for config in model.peft_config.values():
            config.base_model_name_or_path = base_name  # otherwise a path of this machine would be saved
            if isinstance(getattr(config, "target_modules", None), set):  # a set has another order in each run
                config.target_modules = sorted(config.target_modules)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save_pretrained(temporary, save_embedding_layers=False)
        (temporary / "README.md").unlink(missing_ok=True)
    else:
        quiet_transformers()
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
    write_file(temporary / CARD, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(temporary, folder)


def read_card(folder: Path) -> Card:
    """Read the card of an adapter folder. Raises NotFoundError if there is none, InputError if it is damaged."""
    path = folder / CARD
    if not path.is_file():
        raise NotFoundError(f"{path}\n  There is no adapter yet. Run `dvc repro train` (or `make repro`) first.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}\n  The card of the adapter is damaged: {error}. {RETRAIN}") from None


def hash_adapter(folder: Path) -> str:
    """Return sixteen hex digits over the names and contents of the files of an adapter folder: two models with this hash are the same.

    The card is one of the files, so the hash covers the base that the adapter belongs to. `Card.inputs` does not say as much: the same
    inputs train other weights on another processor. Raises NotFoundError if the folder does not exist.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder}\n  There is no adapter yet. Run `dvc repro train` (or `make repro`) first.")
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def load_tuned(base: Path, folder: Path) -> tuple[Any, Any]:
    """Return the tuned model, in evaluation mode with peft's updates merged into the weights, and its tokenizer.

    Raises InputError if the adapter was trained on another base, or its files are damaged or incomplete.
    """
    card, pin = read_card(folder), read_pin(base)
    if card.base != pin.hash:
        raise InputError(f"{folder / CARD}\n  Trained on base {card.base[:12]}…, but {base} holds {pin.hash[:12]}…. Run `dvc repro train`.")
    if card.method == "full":
        model, tokenizer = open_model(folder)
        if pin.prompt == "chat":
            use_chat_template(tokenizer, str(folder))
        return model.float().to(device()), tokenizer
    model, tokenizer = load_base(base)
    return _with_adapter(model, folder).merge_and_unload().eval(), tokenizer


def _with_adapter(model: Any, folder: Path) -> Any:
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tuned = PeftModel.from_pretrained(model, folder)
            expected = get_peft_model_state_dict(tuned, save_embedding_layers=False).keys()
        with safe_open(folder / WEIGHTS, framework="pt") as saved:
            missing = sorted(expected - set(saved.keys()))
    except Exception as error:  # peft, safetensors and torch raise many types for damaged files
        raise InputError(f"{folder}\n  The adapter cannot be loaded: {str(error).partition(chr(10))[0][:300]}\n  {RETRAIN}") from None
    if missing:
        raise InputError(f"{folder / WEIGHTS}\n  The adapter lacks weights: {', '.join(missing[:3])}. {RETRAIN}")
    return tuned


def adapter_folders(root: Path) -> list[tuple[int, Path]]:
    """Return (seed, folder) of every adapter in build/adapters, sorted by seed. Raises NotFoundError if there is none."""
    found = sorted((int(p.name.removeprefix("seed-")), p) for p in root.glob("seed-*") if p.name.removeprefix("seed-").isdigit())
    if not found:
        raise NotFoundError(f"{root}\n  There are no adapters yet. Run `dvc repro train` (or `make repro`) first.")
    return found
