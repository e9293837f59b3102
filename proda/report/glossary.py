"""The terms of the report, each explained once. The page links to them by `#term-<name>`."""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("base", "The untuned model, before it is trained on any sample. Every score is compared with it."),
    ("baseline solver", "A rule that answers items without any knowledge, for example “the longest option”. It measures shortcuts."),
    ("statement", "One fact: a subject, a relation and an object, with the sentence that says it and the source passage that supports it."),
    ("concept", "A term with a definition. A statement relates two concepts."),
    ("chain", "Three to five statements that explain something. Each one starts from the concept at which the one before it ends."),
    ("sample", "One training example, written from statements. Samples train."),
    ("item", "One multiple-choice question about a chain, written before any training. Items test."),
    ("dev", "Items that the debugger may read. Repairs are written for failures on dev, so dev scores may be optimistic."),
    ("twin", "Other questions about the chains of dev. The debugger never reads them, so they show whether a repair generalises."),
    (
        "sealed",
        "Items about chains that no other item asks about. They are counted and, without `--sealed`, not listed, so that no work is"
        " aimed at them.",
    ),
    ("general suite", "Items about what the base already knows. Training must not lower their score."),
    ("seed", "One training run. Several seeds are trained on the same samples; scores are given for each seed and as their mean."),
    (
        "interval",
        "A 95 % confidence interval, from a bootstrap over chains, since items of one chain tend to pass or fail together."
        " A change whose interval contains zero may be due to chance.",
    ),
    ("margin", "Log-likelihood per character of the right option minus that of the best wrong one. Below zero the answer is wrong."),
    (
        "dependence",
        "The share of right answers by models that know every statement an item rests on, minus the share by models that do not know two"
        " or more of them (for a condition, that condition). Near zero, the items are answered without the knowledge that they are meant to"
        " test.",
    ),
    (
        "facility",
        "The share of the models that answer an item right. An item at the floor (no model right) or at the ceiling (all models right) does"
        " not tell models apart.",
    ),
    (
        "discrimination",
        "The correlation, over models, of being right on an item with the share of the other items that a model answers right. Below zero,"
        " the poorer models are right and the better ones wrong: the key may be wrong. It is not defined where all models agree.",
    ),
    (
        "reading",
        "One reader's answer to an item whose key is not shown, with any second option that the reader can defend.",
    ),
    (
        "solver vote",
        "A language model's answer to an item, with the statements of its chains given (open-book) or without (closed-book). An item that"
        " it does not solve open-book is withheld; the share of right closed-book votes tells how hard the item is.",
    ),
    (
        "distractor",
        "A wrong option. It is half right (true of one of the statements that the item rests on, false of another), true elsewhere, of the"
        " opposite sign, or written by hand in a case; each records which statements it breaks.",
    ),
    ("leak", "A training text that gives away the answer to an item. The build stops if there is one."),
    ("probe", "A closed-book question to the model about one statement, concept or step. Probes find what the model does not know."),
    (
        "diagnosis",
        "Why most seeds fail a dev item, by what probes find: a concept gap (a fact is unknown), a reasoning deficit (the facts are known,"
        " but not how they combine), a data conflict (samples contradict a statement), a suspect item (the question may be wrong), or"
        " unexplained.",
    ),
    ("blamed statement", "A statement that a diagnosis names as the cause of a failure."),
    ("confidence", "The share of the failing seeds whose probes support the diagnosis."),
    ("patch", "One repair in one file and one commit. It adds, removes or rewords samples, or marks two concepts as distinct."),
    ("round", "A branch of patches that are trained and judged together."),
    (
        "verdict",
        "What was found of a round by comparing scores before and after it (helps, hurts, unproven), or of a patch by training with and"
        " without it (necessary, sufficient, redundant, harmful). A patch is unproven until proda attribute has judged it.",
    ),
)
