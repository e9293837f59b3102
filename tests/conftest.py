"""Settings for all tests: git works on the repositories that tests make, also in a git hook, and the longest files come first."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from proda.gitrepo import LOCAL_VARIABLES

# Files that take most of a minute or more, the longest first. Otherwise one worker would end with such a file while the others are done.
LONGEST = (
    "e2e/test_revert.py",
    "e2e/test_loop.py",
    "cli/test_study.py",
    "report/test_in_browser.py",
    "compiler/test_endpoint_scores.py",
    "workflows/test_upload_runs.py",
    "workflows/test_complete_run.py",
    "docs/test_runs_page.py",
    "compiler/test_tracking.py",
    "compiler/test_distributed.py",
    "compiler/test_train.py",
    "remote/test_transfers.py",
    "cli/test_attribute.py",
    "e2e/test_documents.py",
)
HERE = Path(__file__).parent

for name in LOCAL_VARIABLES:
    os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; the order is otherwise kept."""
    places = {HERE / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Collect garbage rarely, and never look at what was imported: that takes a tenth of the time of a worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
