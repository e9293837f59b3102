"""Where sentences end: one line for each kind of stop, and properties on any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.curation.sentences import sentence_spans, without_math

# `|` stands where a sentence must end; nowhere else may one end.
CASES = [
    "Heat flows.| It stops.",
    "Some metals, e.g. Iron and Copper, expand.| Others do not.",
    "It differs (i.e. The rate falls) when cold.| Then it stops.",
    "See Fig. 3 for the curve.| Figs. 4 and 5 show more.",
    "By Eq. (2) and Sec. A the force is zero.| This holds.",
    "Smith et al. (1998) measured it.| Jones et al. Found it too.",
    "It was measured by Smith et al.| The result was clear.",
    "The rod is 1.5 m long and 0.3 m wide.| Its mass is 2.25 kg.",
    "J. R. Smith and Mary B. Jones agreed.| So did Dr. Brown and Mr. Green.",
    "It boils at 300 K.| Metals melt later.",
    "Blood of type O.| The others are A and B.",
    "He asked, “Why does it rise?”| She did not know.",
    "“Does it rise?” he asked.| She said “No.”| That was all.",
    "It rises (as shown in the figure.)| Then it falls.",
    "The law $F = ma. B$ holds.| Also $E = mc^2$.| Both are old.",
    "The value is 5.| $x$ is unknown.",
    "Coffee costs $3 or $4.| Tea costs $2.",
    "Call `a.b. C` first.| Then stop.",
    "The U.S. Census counts people.| It is the largest in the U.S.| The next is near.",
    "They use acids, bases, etc. in water.| They use salts, etc.| The rest is water.",
    "1. Mix the acid.| Then wait.",
    "It happened in 1998.| The war ended.",
    "Wait… what is it?| It is iron.",
    "Is it iron?!| Yes.",
    "The **mean**.| *Variance* is next.",
    "It was shown.[3]| The next study failed.",
    "Actually, no.| Beef is better.| See no. 5 and No. 14008.",
    "It lasts 270 ms.| At the end it stops.",
    "One sentence without a stop",
]


@pytest.mark.parametrize("marked", CASES)
def test_a_sentence_ends_where_a_reader_ends_it(marked: str) -> None:
    text = marked.replace("|", "")
    assert [text[a:b] for a, b in sentence_spans(text)] == [part.strip() for part in marked.split("|")]


@given(st.text(alphabet='aB. ?!$`"”)(1\n,', max_size=80))
def test_sentences_cover_the_text_in_order_without_overlap(text: str) -> None:
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert start >= position and end > start
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_equations_and_code_are_taken_out_and_prices_are_not() -> None:
    assert without_math("a $x+1$ b `c.d` e").split() == ["a", "b", "e"]
    assert without_math("from $3 to $4") == "from $3 to $4"
