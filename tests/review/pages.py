"""The review page of a repository, served and driven: what the tests of the page share.

with serving(root) as server, Browser(tmp_path / "browser") as page:
    page.open(server.url)
    page.press("a")
    decided(page, 1)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proda.review.server import ReviewServer
from tests.review.browser import Browser
from tests.reviewworld import SOURCE, key_of

PLANTED = [
    "<script>window.planted=1</script>",
    '"><img src=x onerror="window.planted=2">',
    "[click](javascript:window.planted=3)",
    "</script><script>window.planted=4</script>",
    "{{7*7}} ${7*7} <!-- --> &lt;b&gt;",
    "<style>*{display:none}</style><svg onload=window.planted=5>",
]
HOSTILE = " ".join(PLANTED)
_SELECT = """(([first, last]) => {
  const all = [...document.querySelectorAll('#text [data-block]')];
  const at = (needle, end) => {
    for (const block of all) {
      const parts = [];
      let text = '';
      const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) { parts.push([walker.currentNode, text.length]); text += walker.currentNode.data; }
      const found = text.indexOf(needle);
      if (found < 0) continue;
      const place = found + (end ? needle.length : 0);
      const [node, start] = parts.find(([n, s]) => place <= s + n.data.length);
      return [node, place - start];
    }
    throw new Error('not shown: ' + needle);
  };
  const range = document.createRange();
  range.setStart(...at(first, false));
  range.setEnd(...at(last, true));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
})(%s)"""


@contextmanager
def serving(root: Path, *sources: str) -> Iterator[ReviewServer]:
    with ReviewServer(root, sources or (SOURCE,)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def decided(page: Browser, number: int) -> None:
    page.wait(f"document.querySelector('#count').innerText.startsWith('{number} of')")


def shown(page: Browser, name: str) -> None:
    page.wait(f"location.hash === '#{key_of(name)}' && !('busy' in document.body.dataset)")


def select(page: Browser, first: str, last: str = "") -> None:
    """Select the source from the start of `first` to the end of `last`, or of `first`, as a mouse does."""
    page.eval(_SELECT % json.dumps([first, last or first]))
