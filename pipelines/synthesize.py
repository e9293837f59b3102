"""Stage `synthesize`: write training samples from the compiled knowledge, as many as samples/allocation.yaml says.

A plan whose text is frozen in samples/written gets that text; the templates word the others. Only topics that a change since the last
run can reach are planned again (proda/builder/incremental.py).

python -m pipelines.synthesize
"""

from __future__ import annotations

from pathlib import Path

from pipelines.stage import stage
from proda.builder.incremental import sample_files
from proda.errors import counted
from proda.params import Params
from proda.store.allocation import load_allocation
from proda.store.corpus import CORPUS
from proda.store.files import write_tree
from proda.store.written import load_written

ROOT = Path()


@stage("samples")
def main(params: Params) -> str:
    """Write the corpus, and return the number of samples by format."""
    made = sample_files(ROOT, load_allocation(ROOT), params, load_written(ROOT))
    changed = write_tree(ROOT / CORPUS, made.files, ".yaml", kept=made.kept)
    shares = ", ".join(f"{count:,} {fmt}" for fmt, count in made.formats.items())
    topics = len(made.files) + len(made.kept)
    files = f"{counted(changed, 'file')} changed"
    return f"synthesize: {sum(made.formats.values()):,} samples on {counted(topics, 'topic')} ({shares}), {files}"


if __name__ == "__main__":
    main()
