# ruff: noqa: E501 (a passage is one line here, as it is in a source)
"""Each filter: a passage that it rejects, and one that looks like it and passes."""

from __future__ import annotations

import pytest

from proda.curation.chunking import divide
from proda.curation.excerpt import Excerpt, excerpt_of
from proda.curation.filtering import FILTERS, rejection
from proda.document_settings import CurateSettings

SETTINGS = CurateSettings(min_words=5)
GOOD = (
    "A steel rail expands because its atoms vibrate more strongly when it is heated. If both ends are fixed, the expansion causes a stress that is"
    " proportional to the rise in temperature. Unlike a free rail, a fixed rail can buckle."
)
KEY_TERMS = (
    "- **rail**: bar of steel on which wheels roll\n- **stress**: force per area inside a body\n- **buckling**: sideways bending under load"
)

# reason → (heading, text that is rejected), (heading, text that passes this filter)
CASES: dict[str, list[tuple[str, str, str, str]]] = {
    "objectives": [
        ("Learning Objectives", "By the end of this section, you will be able to:\n\n- Explain heat\n- Measure a rail", "Objectives of a telescope", GOOD),
        ("Heat", "In this chapter, you will learn about rails and bridges.", "Heat", "In this chapter of history, rails grew. " + GOOD),
    ],
    "glossary": [
        ("Key Terms", KEY_TERMS, "Key Terms", GOOD),
        ("Glossary", "Rail: bar of steel on which wheels roll\n\nStress: force per area", "Rails", "There are three parts. " + GOOD + "\n\n" + KEY_TERMS),
        ("Rails", KEY_TERMS, "Vocabulary", "```\nvocab = Vocabulary(tokens)\nprint(len(vocab))\n```"),
    ],
    "references": [
        ("References", "Anything at all stands here.", "Sources of current", GOOD),
        (
            "Rails",
            "- Kerr, A. D. Fundamentals of Railway Track Engineering, Simmons-Boardman, 2003.\n- J. Smith, Journal of Rails 12 (1998): 3–9.",
            "Rails",
            "The stress was measured by Kerr in 2003 and it was large (Smith et al., 1998). Buckling is a danger in summer (Jones, 2001).",
        ),
    ],
    "contents": [
        (
            "Rails",
            "1 Introduction ........ 3\n\n2 Heat and steel ........ 17\n\n3 Buckling ........ 41\n\n4 Joints ........ 60",
            "Rails",
            "| Year | Length |\n| --- | --- |\n| 1998 | 12 |\n| 1999 | 13 |\n| 2000 | 14 |\n| 2001 | 15 |",
        ),
        ("Index", "buckling, 12, 45–47\n\nexpansion, 3, 9\n\nrail, 1\n\nstress, 40–44", "index", "The method `index` returns the first place of a word."),
    ],
    "boilerplate": [
        ("Rails", "© 2024 The Rail Society. All rights reserved. Access for free at openstax.org.", "Rails", "The common licence plate carries a number."),
        ("Rails", "We use cookies on this site. Read our privacy policy.", "Rails", "A cookie is a small file that a site stores because it has no memory."),
        ("Rails", "Skip to main content\n\nPrevious | Next", "Rails", "Although the previous page considered single rails, the next page is about pairs of rails in a long track."),
        ("About the Authors", "Kerr has studied rails since 1970.", "About heat", GOOD),
        ("Rails", "This book was published by the Rail Press. ISBN 978-0-00-000000-2. Printed in Canada.", "Rails", GOOD),
    ],
    "exercise": [
        ("Review Questions", GOOD, "Problems of democracy", GOOD),
        ("Exercises 3.1", GOOD, "Exercise and Bone Tissue", GOOD),
        ("Problem Solutions", "1. Calculate the stress in the rail.\n2. Why does it buckle?\n3. Find the length at 40 °C.", "Solutions to Collective Dilemmas", GOOD),
        ("Rails", "What is the stress?\n\na) 1 Pa\n\nb) 2 Pa\n\nc) 3 Pa\n\nd) 4 Pa", "Rails", "Why do rails buckle? " + GOOD),
        ("Rails", "**Example 3**\n\nA rail is 5 m long. Find its length at 40 °C.\n\n**Solution**\n\nIt is 5.002 m long.", "Rails", "**Example 1: Railways**\n\n" + GOOD),
        ("Rails", "Check Your Learning. What is the stress in the rail?\n\nAnswer: 4 Pa", "Rails", "The answer is known. " + GOOD),
        ("Rails", "**Example 2**\n\nThe rail is 5 m long at 20 °C and 5.002 m long at 40 °C.", "Rails", "Solution of salt: brine. " + GOOD),
        ("Rails", "**Solution.** The stress is 4 Pa because the force is 8 N.", "Rails", "The solution of salt in water is saturated. " + GOOD),
    ],
    "leftover": [
        ("Rails", "**Table 1**\n\n| Steel | 12 | 13 |\n| --- | --- | --- |\n| Iron | 14 | 15 |", "Rails", "| Rail | What it does when it is heated by the sun |\n| --- | --- |\n| Free | It grows longer because its atoms need more room than before |"),
        ("Rails", "```python\nfor rail in rails:\n    print(rail.length, rail.stress)\n```\n\nWe run this code.", "Rails", GOOD + "\n\n```\nprint(1)\n```"),
        ("Rails", "Figure 3: A rail in the sun. (credit: J. Smith)", "Rails", "Figure 3 is easy to read. " + GOOD),
        ("Rails", "Strong rails\n\nSteel joints\n\nHot sun\n\nWooden ties\n\nGravel bed", "Rails", GOOD),
    ],
    "short": [("Rails", "Rails are long.", "Rails", "Rails are made of steel.")],
    "language": [
        (
            "Rails",
            "Eine Schiene dehnt sich aus, weil ihre Atome stärker schwingen, wenn sie erwärmt wird. Sind beide Enden fest, so entsteht eine Spannung,"
            " die zum Anstieg der Temperatur proportional ist.",
            "Rails",
            GOOD,
        ),
        (
            "Rails",
            "Un rail se dilate parce que ses atomes vibrent plus fortement quand il est chauffé, et la contrainte est proportionnelle à la hausse de"
            " la température.",
            "Rails",
            "Schienen, Rails.",
        ),
    ],
    "low-reasoning": [
        ("Rails", "In 1830 the line opened. Crowds lined the track. The mayor spoke. A band played. The first train left at noon with forty guests.", "Rails", GOOD),
    ],
    "below-level": [
        ("Rails", "“Go, Pig! Go!” The dog ran to the red barn. The cat sat on the mat. It was hot. The sun was up. We all had fun, and then we went home to bed. "
         "It was a good day for us all, and Mum was glad.", "Rails", "Let x be a sum. If a is less than b, then a is not b. If a is b, then b is a. " * 3 + GOOD),
    ],
}  # fmt: skip


def _excerpt(heading: str, text: str) -> Excerpt:
    source = f"# Book\n\n## {heading}\n\n{text}\n"
    return excerpt_of(source, divide(source, 1_000)[-1])


@pytest.mark.parametrize(("reason", "number"), [(reason, n) for reason, cases in CASES.items() for n in range(len(cases))])
def test_a_filter_rejects_what_it_is_for_and_lets_its_like_pass(reason: str, number: int) -> None:
    bad_heading, bad, good_heading, good = CASES[reason][number]
    settings = CurateSettings(min_words=4) if reason == "short" else SETTINGS
    detail = FILTERS[reason](_excerpt(bad_heading, bad), settings)
    assert detail
    assert FILTERS[reason](_excerpt(good_heading, good), settings) is None


def test_every_filter_has_a_case_and_good_text_passes_all() -> None:
    assert CASES.keys() == FILTERS.keys()
    assert rejection(_excerpt("Rails", GOOD), CurateSettings()) is None


def test_the_first_filter_names_the_reason() -> None:
    assert rejection(_excerpt("Key Terms", "- **rail**: a bar"), CurateSettings()) == ("glossary", "below the heading Key Terms")
    assert rejection(_excerpt("Rails", "A bar."), CurateSettings()) == ("short", "2 words, expected 40 or more")


def test_settings_move_the_thresholds() -> None:
    excerpt = _excerpt("Rails", GOOD + " The line opened in 1830. Crowds came.")
    assert FILTERS["low-reasoning"](excerpt, CurateSettings(min_reasoning=0.5)) is None
    assert (
        FILTERS["low-reasoning"](excerpt, CurateSettings(min_reasoning=0.9))
        == "3 of 5 sentences give a cause, condition, definition or comparison"
    )
    german = CASES["language"][0][1]
    assert FILTERS["language"](_excerpt("Rails", german), CurateSettings(language="de")) is None
    assert "expected de" in str(FILTERS["language"](_excerpt("Rails", GOOD), CurateSettings(language="de")))
