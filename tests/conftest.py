"""Settings for all tests: git works on the repositories that tests make, also where the tests run in a git hook."""

from __future__ import annotations

import os

from proda.gitrepo import LOCAL_VARIABLES

for name in LOCAL_VARIABLES:
    os.environ.pop(name, None)
