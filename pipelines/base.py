"""Stage `base`: train the embedded base, or pin the model that params.yaml names, in build/base.

python -m pipelines.base
"""

from __future__ import annotations

from pathlib import Path

from pipelines.stage import stage
from proda.compiler.base import EMBEDDED, make_base
from proda.compiler.packing import load_documents
from proda.params import Params

ROOT = Path()
OUT = ROOT / "build/base"


@stage("model")
def main(params: Params) -> str:
    """Train or pin the base, and return its architecture, size and hash."""
    documents = load_documents(ROOT / "build/curriculum/documents.jsonl") if params.model.base == EMBEDDED else []
    pin, curve = make_base(params.model, documents, OUT, cache=ROOT / "build/cache", prompt=params.train.prompt)
    how = f"trained on {len(documents):,} documents to a loss of {curve[-1].loss:.2f}" if curve else f"pinned as {pin.base}"
    return f"base: {pin.architecture}, {pin.parameters:,} parameters, {how}, hash {pin.hash[:12]}"


if __name__ == "__main__":
    main()
