"""A run of endpoint scoring in a separate process, which a test can kill.

python -P -m tests.compiler.score_by_endpoint ROOT PARAMS COUNT      # EvaluateParams as JSON; prints the outcomes as JSON
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from proda.params import EvaluateParams
from proda.tester.endpoint_scores import EndpointScorer
from tests.compiler.word_items import items

if __name__ == "__main__":
    params = msgspec.json.decode(sys.argv[2], type=EvaluateParams)
    found = EndpointScorer(params, Path(sys.argv[1])).outcomes("base", items(int(sys.argv[3])))
    print(msgspec.json.encode(found).decode())
