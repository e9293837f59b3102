"""What scores the models of an endpoint as params.yaml says: in the chat template of the base, if the models are trained in it.

    scorer = endpoint_scorer(params, Path("."))
    scorer.outcomes("base", items)

With `train.prompt: chat` the prompts of /completions are written here, with the tokenizer of the base: that of the folder in
build/base/pin.json, or of `model.base`. Of a model on the Hugging Face hub only the files of the tokenizer are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from proda.errors import NotFoundError, ParamsError, ProdaError
from proda.params import ModelParams, Params
from proda.runtime.prompts import AFTER, BEFORE, PROBE, answer_text, answer_tokens, prompt_text, prompt_tokens, use_chat_template

if TYPE_CHECKING:
    from proda.tester.endpoint_scores import EndpointScorer

WAY_OUT = "Use `scoring: letter` with `endpoint.request: chat`, where the server writes the template, or `backend: local`."


def endpoint_scorer(params: Params, root: Path) -> EndpointScorer:
    """Return what scores the models of `params`. Raises ParamsError if they are trained in a chat template that cannot be had here."""
    from proda.tester.endpoint_scores import EndpointScorer

    chat = params.train.prompt == "chat"
    by_server = params.evaluate.scoring == "letter" and params.evaluate.endpoint.request == "chat"
    tokenizer = _chat_tokenizer(params.model, root) if chat and not by_server else None
    return EndpointScorer(params.evaluate, root, chat=chat, tokenizer=tokenizer)


def _chat_tokenizer(model: ModelParams, root: Path) -> Any:
    """The tokenizer of the base, which writes prompts in its chat template."""
    from proda.compiler.base import open_tokenizer

    where, revision = _place(model, root)
    try:
        tokenizer = open_tokenizer(where, revision=revision)
        use_chat_template(tokenizer, str(where))
    except ProdaError as error:
        raise _refused(str(error)) from None
    prompt = f"{BEFORE}Why?{AFTER}"
    (asked,), (answer,) = prompt_tokens(tokenizer, [prompt]), answer_tokens(tokenizer, [PROBE])
    text = prompt_text(tokenizer, prompt) + answer_text(tokenizer, PROBE)
    if tokenizer(text, verbose=False)["input_ids"] != [*asked, *answer]:
        raise _refused(
            f"{where}\n  A server would give the model other tokens than it was trained on: the tokenizer puts tokens around each text, but"
            " the chat template has none there."
        )
    return tokenizer


def _place(model: ModelParams, root: Path) -> tuple[Path | str, str | None]:
    """The folder of the base, or its id on the hub and the revision."""
    from proda.compiler.base import read_pin

    if Path(model.base).is_dir():
        return Path(model.base), None
    try:
        pin = read_pin(root / "build/base")
    except NotFoundError:
        return model.base, model.revision
    if (pin.base, model.revision or pin.revision) != (model.base, pin.revision):
        return model.base, model.revision
    return (Path(pin.path), None) if pin.path and Path(pin.path).is_dir() else (model.base, pin.revision)


def _refused(why: str) -> ParamsError:
    return ParamsError(
        "params.yaml  evaluate.backend\n  Got endpoint with train.prompt chat. The prompts are written in the chat template of model.base,"
        f" which cannot be had here:\n  {why}\n  {WAY_OUT}"
    )
