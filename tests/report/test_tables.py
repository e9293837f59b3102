"""JSON in a page: markup in it is inert, and it parses to what it was."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from proda.report.tables import PageTable, embedded, places


@given(st.lists(st.text() | st.sampled_from(["</script>", "<!--", "<script", "]]>", "&lt;", "\u2028", "\\u003c"]), max_size=4))
def test_embedded_json_cannot_end_its_element_and_is_read_as_it_was(texts: list[str]) -> None:
    text = embedded(PageTable(("one",), [(each,) for each in texts]))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"fields": ["one"], "rows": [[each] for each in texts]}


def test_places_are_numbers_in_the_order_given() -> None:
    assert places(["b", "a"]) == {"b": 0, "a": 1}
