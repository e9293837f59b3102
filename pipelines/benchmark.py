"""Stage `benchmark`: write items from the compiled knowledge, and audit them for shortcuts.

python -m pipelines.benchmark
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pipelines.stage import stage
from proda.errors import counted
from proda.graph import Knowledge
from proda.params import Params
from proda.store.exceptions import load_exceptions
from proda.store.files import write_file
from proda.store.solved import load_solved
from proda.store.validation import load_validation
from proda.store.written_items import load_written_items
from proda.tester.build import AuditError, build_benchmark
from proda.tester.items import write_item_files

ROOT = Path()


@stage("items")
def main(params: Params) -> str:
    """Write items and audit, and return the number of items and the accuracy of the best baseline solver."""
    knowledge = Knowledge.load(ROOT / "build/knowledge")
    written = load_written_items(ROOT)
    try:
        built = build_benchmark(knowledge, params, load_exceptions(ROOT), load_validation(ROOT), load_solved(ROOT), written)
    except AuditError as error:
        _write_audit(error.shortcuts)  # the message refers to it; DVC leaves what a failed stage wrote
        raise
    changed = write_item_files(ROOT, built.items)
    _write_audit(built.shortcuts)
    solvers = built.shortcuts["solvers"]
    assert isinstance(solvers, dict)
    best = max(solvers, key=lambda s: float(solvers[s]["accuracy"]))
    owners = {item.chain for item in built.items}
    links = sum(knowledge.chains[owner].is_link for owner in owners)
    on = counted(len(owners) - links, "chain") + (f" and {counted(links, 'link')}" if links else "")
    audited = f"{best} {solvers[best]['accuracy']:.3f} (chance .25, limit {built.limit:.3f})"
    withheld = f"{built.unsolved:,} withheld because a model with the facts does not solve {'it' if built.unsolved == 1 else 'them'}; "
    return (
        f"benchmark: {counted(len(built.items), 'item')} on {on}, {counted(changed, 'file')} changed;"
        f" {withheld if built.unsolved else ''}best solver without knowledge: {audited}"
    )


def _write_audit(shortcuts: Mapping[str, object]) -> None:
    write_file(ROOT / "benchmarks/results/shortcuts.json", msgspec.json.format(msgspec.json.encode(shortcuts), indent=2) + b"\n")


if __name__ == "__main__":
    main()
