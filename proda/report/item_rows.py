"""Items and what the models answered → the table of items on the page.

    found = item_tables(lineage, nodes, shown, flipped)
    found["models"]                 # ["base", "seed-0", "seed-1", "seed-2"]
    found["items"].rows[0]          # ("physics/bimetal-strip-bends:dev-bridge", 0, 0, 13, …, "CAAB", (-99, 190, 12, -40), …)

`chosen` holds one character for each model: a letter, "-" for an answer that could not be scored, " " for no answer to the present text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proda.history.lineage import Lineage, model_order
from proda.records import LETTERS, SPLITS, Item, Option, Outcome
from proda.report.item_statistics import ItemStatistics
from proda.report.tables import NONE, PageTable, places

FIELDS = (
    *("id", "split", "kind", "discipline", "chain", "statements", "stem", "answer", "options"),
    *("chosen", "margins", "facility", "discrimination", "flip"),
)
MARGIN = 1000  # margins are stored as whole thousandths


def item_tables(
    lineage: Lineage,
    chains: Mapping[str, int],
    statements: Mapping[str, int],
    shown: Iterable[Item],
    statistics: Mapping[str, ItemStatistics],
    flipped: Mapping[str, bool],
) -> dict[str, Any]:
    """Return the table of the items in `shown`, sorted by id, with the names that its numbers stand for.

    `chains` and `statements` map an id to its row. `flipped` says of an item whether the last round fixed it (True) or broke it (False).
    """
    items = sorted(shown, key=lambda item: item.id)
    answered = [o for item in items for o in lineage.outcomes_of.get(item.id, ()) if lineage.fresh(o)]
    models = sorted({o.model for o in answered}, key=model_order)
    kinds, disciplines = sorted({i.kind for i in items}), sorted({i.discipline for i in items})
    operators = sorted({name for i in items for o in i.options for name in (o.operator, o.also) if name})
    number = {"kind": places(kinds), "discipline": places(disciplines), "operator": places(operators), "split": places(SPLITS)}
    rows = []
    for item in items:
        of_model = {o.model: o for o in lineage.outcomes_of.get(item.id, ()) if lineage.fresh(o)}
        found = statistics.get(item.id)
        rows.append(
            (
                item.id,
                number["split"][item.split],
                number["kind"][item.kind],
                number["discipline"][item.discipline],
                chains.get(item.chain, NONE),
                [statements[s] for s in item.statements if s in statements],
                item.stem,
                item.key,
                [_option(option, number["operator"], statements) for option in item.options],
                "".join(_letter(of_model.get(model)) for model in models),
                [_margin(of_model.get(model)) for model in models],
                found.facility if found else None,
                found.discrimination if found else None,
                0 if item.id not in flipped else 1 if flipped[item.id] else -1,
            )
        )
    names = {"kinds": kinds, "disciplines": disciplines, "operators": operators, "splits": SPLITS}
    return {"models": models, **names, "letters": LETTERS, "items": PageTable(FIELDS, rows)}


def _option(option: Option, operators: Mapping[str, int], statements: Mapping[str, int]) -> tuple[Any, ...]:
    """(text, numbers of its operators, why it is wrong, numbers of the statements it breaks)."""
    made_by = [operators[name] for name in (option.operator, option.also) if name]
    return option.text, made_by, option.wrong_because, [statements[s] for s in option.breaks if s in statements]


def _letter(outcome: Outcome | None) -> str:
    return " " if outcome is None else outcome.chosen or "-"


def _margin(outcome: Outcome | None) -> int | None:
    return None if outcome is None or outcome.margin is None else round(MARGIN * outcome.margin)
