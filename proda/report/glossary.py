"""The terms of the report, each explained once. The page links to them by `#term-<name>`.

An entry begins with the first clause of the same entry in docs/glossary.md; a test compares them.
"""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("base", "The untuned model. It has been trained on no sample; every score is compared with it."),
    ("baseline solver", "A rule that answers items without any knowledge, for example “the longest option”. It measures shortcuts."),
    (
        "statement",
        "One fact: a triple (concept, relation, concept) with qualifiers, the sentence that states it, and the passage that supports it.",
    ),
    ("concept", "A canonical term with a type and a definition. A statement relates two concepts."),
    ("chain", "Three to six consecutive statements that explain something; the object of each is the subject of the next."),
    ("link", "A single statement, in no chain, that joins concepts of different chains."),
    (
        "case",
        "An exam question with particulars, written by hand beside its chain, in two or more variants that share question and options and"
        " have different answers.",
    ),
    ("node", "A concept, statement, chain or link; it has a stable id."),
    ("sample", "One training example: a question, its answer and an explanation. Samples train."),
    (
        "item",
        "One multiple-choice question of the benchmark, written from statements that may belong to several chains and links. Items test.",
    ),
    ("dev", "Items that the debugger may read. Repairs are written for their failures, so dev scores may be optimistic."),
    (
        "twin",
        "Other questions about statements of the dev items, never read by the debugger. They show whether a repair generalises.",
    ),
    (
        "sealed",
        "Items that rest on a statement of a held-out chain; they are counted and, without `--sealed`, not listed, so that no work is aimed"
        " at them.",
    ),
    ("general suite", "Questions about what the base knew before tuning. Training must not lower their score."),
    ("seed", "One training run; scores are given for each seed and as their mean."),
    (
        "interval",
        "A 95 % confidence interval, from a bootstrap that draws chains and seeds. Items of one chain tend to pass or fail together."
        " A change whose interval contains zero may be due to chance.",
    ),
    ("margin", "Log-likelihood per character of the right option minus that of the best wrong option. Below zero the answer is wrong."),
    (
        "dependence",
        "Share of right answers where the model knows every statement that the item rests on, minus the share where it does not know two or"
        " more of them; for a condition item, one unknown condition counts. Near zero, the items are answered without the knowledge that"
        " they are meant to test.",
    ),
    (
        "facility",
        "Share of the models that answer an item right. An item at the floor (no model right) or at the ceiling (all models right) does"
        " not tell models apart.",
    ),
    (
        "discrimination",
        "Correlation, over models, of being right on an item with the share of right answers on the other items (corrected item–rest"
        " correlation). Below zero, the poorer models are right and the better ones wrong: the key may be wrong. It is not defined where"
        " all models agree.",
    ),
    (
        "reading",
        "One reader's answer to an item whose key is not shown, with an estimate of how likely an outsider picks the key, and any second"
        " option that can be defended.",
    ),
    (
        "solver vote",
        "A language model's answer to an item, open-book (with the statements of the item's chains given) or closed-book (without). An item"
        " that it does not solve open-book is withheld; the share of right closed-book votes tells how hard the item is.",
    ),
    (
        "distractor",
        "A wrong option. It is half right (right for one of the statements that the item rests on, wrong for another), true elsewhere, of"
        " the opposite sign, or written by hand in a case; each records which statements it breaks.",
    ),
    (
        "leak",
        "A training text that gives an item away, or an item that prints the key of another item in a different split or of another sealed"
        " one. The build stops at the former and leaves the latter out.",
    ),
    (
        "probe",
        "A question put to a model about one statement or concept, about the next step of a chain, about the concept between two steps, or"
        " about a condition of a chain. Probes find what the model does not know.",
    ),
    (
        "diagnosis",
        "Why an item failed: category, blamed nodes, evidence. A concept gap: something is not known. A reasoning deficit: the statements"
        " are known, but not combined. A data conflict: samples contradict the knowledge. A suspect item: the question may be wrong."
        " Unexplained: no evidence points anywhere.",
    ),
    ("blamed statement", "A statement that a diagnosis names as the cause of a failure."),
    ("confidence", "The share of the failing seeds whose probes support the diagnosis."),
    (
        "patch",
        "One repair: target nodes, samples to add, samples to remove or override; one file and one commit. It may mark two concepts as"
        " distinct.",
    ),
    ("round", "One branch of patches, rebuilt and judged together."),
    (
        "verdict",
        "Helps, hurts or unproven for a round; necessary, sufficient, redundant, harmful or unproven for a patch. The scores before and"
        " after a round are compared; a patch is unproven until proda attribute has trained with and without it.",
    ),
)
