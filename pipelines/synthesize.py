"""Stage `synthesize`: write training samples from the compiled knowledge, as many as samples/allocation.yaml says.

A plan whose text is frozen in samples/written gets that text; the templates word the others.

python -m pipelines.synthesize
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pipelines.stage import stage
from proda.builder.build import build_corpus
from proda.graph import Knowledge
from proda.params import Params
from proda.store.allocation import load_allocation
from proda.store.corpus import write_corpus
from proda.store.written import load_written

ROOT = Path()


@stage("samples")
def main(params: Params) -> str:
    """Write the corpus, and return the number of samples by format."""
    corpus = build_corpus(Knowledge.load(ROOT / "build/knowledge"), load_allocation(ROOT), params, load_written(ROOT))
    changed = write_corpus(ROOT, corpus)
    formats = Counter(sample.format for group in corpus.values() for sample in group)
    shares = ", ".join(f"{formats[f]:,} {f}" for f in ("open", "choice", "true-false"))
    files = f"{changed} file{'' if changed == 1 else 's'} changed"
    return f"synthesize: {formats.total():,} samples on {len(corpus)} topics ({shares}), {files}"


if __name__ == "__main__":
    main()
