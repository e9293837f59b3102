"""What tuning changes: all weights (`full`), low-rank updates and, beside them, embeddings (`lora`), or only the embeddings of words that
are new to the base (`embeddings`); the latter two through peft. Attached, saved, and loaded again.

    model = attach(model, params.train, seed=0)
    save_adapter(model, tokenizer, Path("build/adapters/seed-0"), Card(base=…, method="lora", seed=0, inputs=…))
    model, tokenizer = load_tuned(Path("build/base"), Path("build/adapters/seed-0"))

A folder of adapters/ holds adapter.json (which base, which method, which inputs) and either a peft adapter or a whole model that
`from_pretrained` opens.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.compiler.base import load_base, read_pin
from proda.errors import InputError, NotFoundError
from proda.params import TrainParams
from proda.records import Record
from proda.runtime.device import device, quiet_transformers
from proda.store.files import write_file

CARD = "adapter.json"


class Card(Record, frozen=True):
    """What an adapter was made from."""

    base: str  # hash of the base's weights
    method: str
    seed: int
    inputs: str  # hash of everything that training read


def attach(model: Any, params: TrainParams, *, seed: int, new_words: Sequence[int] = ()) -> Any:
    """The model with the right weights made trainable.

    `full`: all. `lora`: an update of low rank to every linear layer and, if asked for, the embeddings: all, or the rows of the tokens
    `new_words`. `embeddings`: those rows and nothing else, so that a text without new words is computed as the base computes it. Raises
    InputError if there are none.
    """
    if params.method == "full":
        return model.float()  # half-precision weights lose small updates
    import torch
    from peft import LoraConfig, TrainableTokensConfig, get_peft_model

    for parameter in model.parameters():
        parameter.requires_grad_(False)
    torch.manual_seed(seed)
    if params.method == "embeddings":
        if not new_words:
            raise InputError(
                "params.yaml  train.method\n  `embeddings` trains the words that are new to the base; the samples hold none. Take `lora`."
            )
        rows = TrainableTokensConfig(token_indices=list(new_words), target_modules=[_embedding_name(model)], task_type="CAUSAL_LM")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # peft's remark on tied layers: rows of a tied head are the same rows
            return get_peft_model(model, rows)
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
    if device() == "cpu":
        from proda.compiler.lowrank import OneProduct

        config._register_custom_module({torch.nn.Linear: OneProduct})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft's remarks on Conv1D and tied layers; both are meant
        return get_peft_model(model, config)


def _embedding_name(model: Any) -> str:
    return _name_of(model, model.get_input_embeddings())


def _head_name(model: Any) -> str:
    return _name_of(model, model.get_output_embeddings())


def _name_of(model: Any, wanted: Any) -> str:
    return next(str(name).rpartition(".")[2] for name, module in model.named_modules() if module is wanted)


def trainable(model: Any) -> dict[str, Any]:
    """A copy of every weight that training may change."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def blend(model: Any, before: Mapping[str, Any], share: float) -> None:
    """Move the trained weights back towards what they were: share · now + (1 − share) · before (WiSE-FT, Wortsman et al. 2022).

    Costs a little of what was learnt and saves more of what was known. LoRA's update is a product of two factors, of which one is scaled.
    """
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name not in before or "lora_A" in name:
                continue
            if "lora_B" in name:
                weight.mul_(share)
            else:
                weight.copy_(torch.lerp(before[name], weight, share))


def save_adapter(model: Any, tokenizer: Any, folder: Path, card: Card, *, base_name: str) -> None:
    """Write the folder whole or not at all, replacing one that is there. A full model comes with its tokenizer."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    if hasattr(model, "peft_config"):
        for config in model.peft_config.values():
            config.base_model_name_or_path = base_name  # else the path of this machine stands in a build product
            if isinstance(getattr(config, "target_modules", None), set):  # written in the order of a set, which changes from run to run
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
    """The card of an adapter folder. Raises NotFoundError if there is none."""
    path = folder / CARD
    if not path.is_file():
        raise NotFoundError(f"{path}\n  No adapter here. Run `dvc repro train` (or `make repro`) first.")
    return msgspec.json.decode(path.read_bytes(), type=Card)


def load_tuned(base: Path, folder: Path) -> tuple[Any, Any]:
    """Model in evaluation mode and tokenizer of an adapter on its base; what peft adds is merged into the weights.

    Raises InputError if it was trained on another base: its updates would land on weights they were not made for.
    """
    card, pin = read_card(folder), read_pin(base)
    if card.base != pin.hash:
        raise InputError(f"{folder / CARD}\n  Trained on base {card.base[:12]}…, but {base} holds {pin.hash[:12]}…. Run `dvc repro train`.")
    if card.method == "full":
        from transformers import AutoModelForCausalLM, AutoTokenizer

        quiet_transformers()
        model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
        return model.to(device()).eval(), AutoTokenizer.from_pretrained(folder)
    from peft import PeftModel

    model, tokenizer = load_base(base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PeftModel.from_pretrained(model, folder).merge_and_unload().eval(), tokenizer


def adapter_folders(root: Path) -> list[tuple[int, Path]]:
    """(seed, folder) of every adapter in build/adapters, by seed. Raises NotFoundError if there is none."""
    found = sorted((int(p.name.removeprefix("seed-")), p) for p in root.glob("seed-*") if p.name.removeprefix("seed-").isdigit())
    if not found:
        raise NotFoundError(f"{root}\n  No adapters here. Run `dvc repro train` (or `make repro`) first.")
    return found
