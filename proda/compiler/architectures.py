"""Create a causal language model with random weights, in one of three architectures.

    model = new_model(ModelParams(architecture="qwen3"), tokenizer)

All three tie input and output embeddings and use no dropout, so that the same seed gives the same weights and the same training.
"""

from __future__ import annotations

from typing import Any

from proda.errors import ParamsError
from proda.params import ModelParams

WIDTH = 3  # hidden units of a feed-forward layer, as a multiple of the hidden size (gated architectures)


def new_model(params: ModelParams, tokenizer: Any) -> Any:
    """Return a model with random weights drawn by `params.seed`. Raises ParamsError if the heads do not divide the hidden size."""
    import torch
    from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, Qwen3Config

    if params.hidden_size % (2 * params.heads):
        raise ParamsError(
            f"params.yaml  model.hidden_size\n  {params.hidden_size} does not divide into {params.heads} heads of even size."
            f" Choose a multiple of {2 * params.heads}."
        )
    marks = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
    }
    modern = {
        "vocab_size": len(tokenizer),
        "hidden_size": params.hidden_size,
        "intermediate_size": WIDTH * params.hidden_size,
        "num_hidden_layers": params.layers,
        "num_attention_heads": params.heads,
        "num_key_value_heads": params.heads,
        "max_position_embeddings": params.context,
        "head_dim": params.hidden_size // params.heads,
        **marks,
    }
    config: Any
    if params.architecture == "llama":
        config = LlamaConfig(**modern)
    elif params.architecture == "qwen3":
        config = Qwen3Config(**modern)
    else:
        config = GPT2Config(
            vocab_size=len(tokenizer),
            n_embd=params.hidden_size,
            n_layer=params.layers,
            n_head=params.heads,
            n_positions=params.context,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            **marks,
        )
    torch.manual_seed(params.seed)
    return AutoModelForCausalLM.from_config(config)
