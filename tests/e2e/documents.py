"""Documents for the tests from a document to a model, and the chains that a reviewer builds from them.

    material = GENERATED
    material.write(folder)                   # [folder / "heat-pumps.html", folder / "power-grids.docx"]
    material.chains["energy/heat-pumps"]     # chains, each in order; statements that the extractor does not find are added

`corpus()` is None where the corpus of textbook sections is not there (PRODA_CORPUS, or ../shared/corpus beside the repository).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Said(NamedTuple):
    """A statement of a document, as a reviewer writes it."""

    quote: str
    subject: str
    relation: str
    object: str
    text: str

    @property
    def triple(self) -> tuple[str, str, str]:
        """The triple as the proposals have it."""
        return self.subject.replace(" ", "-"), self.relation, self.object.replace(" ", "-")


class Material(NamedTuple):
    """Two documents of one discipline."""

    discipline: str
    write: Callable[[Path], Sequence[Path]]
    chains: Mapping[str, Sequence[Sequence[Said]]]  # by source
    concepts: Mapping[str, tuple[str, str]]  # term → type and definition, of the concepts that the chains name


HEAT_PUMPS = """\
<!doctype html>
<html><head><title>Heat pumps</title></head><body>
<h1>Heat pumps</h1>
<p>A heat pump moves warmth from a cold garden into a warm house, and needs little electricity for it. Engineers have built such machines
since the nineteenth century, because they give more heat than an electric stove of the same power. This chapter explains what happens
between the compressor and the radiators, and why frost is the enemy of the machine in winter.</p>
<h2>From the compressor to the room</h2>
<p>Compressor work increases vapour pressure, because the piston squeezes the gas into a smaller volume. Vapour pressure increases vapour
temperature, since the work that was done on the gas stays in it. High vapour temperature causes heat release in the radiators, because
heat runs from a warm body to a cold one. Heat release increases room temperature, as long as the windows are shut.</p>
<h2>What frost does</h2>
<p>Moist air causes coil frost when the outdoor coil is colder than the dew point. Coil frost reduces air flow, because ice fills the gaps
between the fins. Low air flow, in turn, leaves the liquid in the coil without the warmth that it needs, so that evaporation slows down.
Slow evaporation reduces heat uptake from the garden, which is the reason why the machine has to turn itself round from time to time.</p>
</body></html>
"""
POWER_GRIDS = {
    "Power grids": (
        "A power grid connects power stations and houses by lines that hang between tall towers. Nothing stores the electricity on its way,"
        " so that what is used must be produced in the same second. This chapter explains how a hot summer day or a single stroke of"
        " lightning can end in a dark town."
    ),
    "A hot day": (
        "Peak demand increases line current, because more machines draw power through the same lines. Line current increases line heating,"
        " since the metal resists the flow. Line heating causes line sag, because the metal grows longer as it warms. Line sag causes short"
        " circuits, as the line comes too near to a tree."
    ),
    "A stroke of lightning": (
        "Lightning causes voltage surges on every line that it meets. Voltage surges trigger insulation breakdown, because the air between"
        " the line and the tower starts to conduct. After such a breakdown the current finds its way to the ground through the tower, and"
        " the protection of the line opens the breakers within a tenth of a second. Breaker opening reduces line current at once, and it"
        " cuts the houses behind it off, so that the load which they were is lost. Load loss triggers frequency rise in the rest of the"
        " grid, because the turbines are suddenly pushed harder than they are braked."
    ),
}


def _write_generated(folder: Path) -> list[Path]:
    import docx

    html, word = folder / "heat-pumps.html", folder / "power-grids.docx"
    html.write_text(HEAT_PUMPS)
    document = docx.Document()
    for heading, paragraph in POWER_GRIDS.items():
        document.add_heading(heading, level=1 if heading == "Power grids" else 2)
        document.add_paragraph(paragraph)
    document.save(str(word))
    return [html, word]


GENERATED = Material(
    "energy",
    _write_generated,
    {
        "energy/heat-pumps": ((
            Said(
                "Moist air causes coil frost when the outdoor coil is colder than the dew point.",
                "moist air", "causes", "coil frost", "Moist air causes coil frost, because its water freezes on cold metal.",
            ),
            Said(
                "Coil frost reduces air flow, because ice fills the gaps between the fins.",
                "coil frost", "decreases", "air flow", "Coil frost decreases air flow, because ice fills the gaps between the fins.",
            ),
            Said(
                "Low air flow, in turn, leaves the liquid in the coil without the warmth that it needs, so that evaporation slows down.",
                "air flow", "enables", "evaporation", "Air flow enables evaporation, because it brings the warmth that the liquid needs.",
            ),
            Said(
                "Slow evaporation reduces heat uptake from the garden",
                "evaporation", "increases", "heat uptake", "Evaporation increases heat uptake, because the gas carries the warmth away.",
            ),
        ),),
        "energy/power-grids": ((
            Said(
                "Lightning causes voltage surges on every line that it meets.",
                "lightning", "causes", "voltage surges", "Lightning causes voltage surges, because it brings charge onto the line.",
            ),
            Said(
                "Voltage surges trigger insulation breakdown, because the air between the line and the tower starts to conduct.",
                "voltage surges", "triggers", "insulation breakdown",
                "Voltage surges trigger insulation breakdown, because the air starts to conduct.",
            ),
            Said(
                "the protection of the line opens the breakers within a tenth of a second",
                "insulation breakdown", "triggers", "breaker opening",
                "Insulation breakdown triggers breaker opening, because the protection sees the current to the ground.",
            ),
            Said(
                "cuts the houses behind it off, so that the load which they were is lost",
                "breaker opening", "causes", "load loss", "Breaker opening causes load loss, because houses are cut off behind it.",
            ),
            Said(
                "Load loss triggers frequency rise in the rest of the grid",
                "load loss", "triggers", "frequency rise", "Load loss triggers frequency rise, because nothing brakes the turbines.",
            ),
        ),),
    },
    {
        "moist air": ("substance", "outdoor gas that carries much water vapour"),
        "coil frost": ("substance", "a crust of ice on the outdoor part of the machine"),
        "air flow": ("process", "the movement of outdoor gas between the fins"),
        "evaporation": ("process", "the change of a liquid into a gas"),
        "heat uptake": ("process", "the gain of warmth from the garden"),
        "lightning": ("phenomenon", "a giant spark between a cloud and the ground"),
        "voltage surges": ("event", "short and steep increases of the electric tension of a line"),
        "insulation breakdown": ("event", "the failure of what keeps a line apart from its tower"),
        "breaker opening": ("event", "the parting of the contacts of a switch that protects a line"),
        "load loss": ("event", "a sudden end of the demand that a part of the grid had"),
        "frequency rise": ("event", "an increase in how often the current changes its direction each second"),
    },
)  # fmt: skip
SECTIONS = ("114-m46685-the-endocrine-pancreas.md", "175-m46414-electrolyte-balance.md")


def corpus() -> Material | None:
    """Two sections of a textbook of medicine."""
    folder = Path(os.environ.get("PRODA_CORPUS", ROOT.parent / "shared" / "corpus")) / "medicine/anatomy-and-physiology-2e"
    if not all((folder / name).is_file() for name in SECTIONS):
        return None
    return TEXTBOOK._replace(write=lambda out: [Path(shutil.copy(folder / name, out / name)) for name in SECTIONS])


DYSFUNCTION = Said(
    "Dysfunction of insulin production and secretion, as well as the target cells’ responsiveness to insulin, can lead to a"
    " condition called diabetes mellitus.",
    "insulin dysfunction", "causes", "diabetes mellitus",
    "Insulin dysfunction causes diabetes mellitus, because cells then take too little sugar from the blood.",
)  # fmt: skip
DIABETES = Said(
    "target cell resistance to the effects of insulin causes diabetes mellitus, a disorder characterized by high blood glucose"
    " levels.",
    "diabetes mellitus", "increases", "blood glucose levels",
    "Diabetes mellitus increases blood glucose levels, because little sugar leaves the blood.",
)  # fmt: skip
SUGAR = Said(
    "persistently high levels of glucose in the blood injure tissues throughout the body",
    "blood glucose levels", "causes", "blood vessel damage",
    "Blood glucose levels cause blood vessel damage, because sugar injures the lining of the vessels.",
)  # fmt: skip
VESSELS = Said(
    "Blood vessel damage also reduces circulation to the limbs",
    "blood vessel damage", "decreases", "circulation",
    "Blood vessel damage decreases circulation, because narrow vessels let less blood through.",
)  # fmt: skip
FASTING = Said(
    "such as during periods of fasting or during prolonged labor or exercise. In response, the alpha cells of the pancreas secrete the"
    " hormone glucagon",
    "fasting", "triggers", "glucagon secretion", "Fasting triggers glucagon secretion, because receptors sense the lack of sugar.",
)  # fmt: skip
GLUCAGON = Said(
    "It stimulates the liver to convert its stores of glycogen back into glucose. This response is known as glycogenolysis.",
    "glucagon secretion", "triggers", "glycogenolysis", "Glucagon secretion triggers glycogenolysis, because the liver opens its stores.",
)  # fmt: skip
GLYCOGEN = Said(
    "Taken together, these actions increase blood glucose levels.",
    "glycogenolysis", "increases", "blood glucose levels", "Glycogenolysis increases blood glucose levels, because sugar leaves the liver.",
)  # fmt: skip
TEXTBOOK = Material(
    "medicine",
    lambda _: (),
    {
        "medicine/the-endocrine-pancreas": ((DYSFUNCTION, DIABETES, SUGAR, VESSELS), (FASTING, GLUCAGON, GLYCOGEN, SUGAR)),
        "medicine/electrolyte-balance": ((
            Said(
                "water retention related to edema or congestive heart failure",
                "congestive heart failure", "causes", "water retention",
                "Congestive heart failure causes water retention, because the kidneys get too little blood.",
            ),
            Said(
                "a dilution of sodium due to water retention related to edema",
                "water retention", "causes", "hyponatremia", "Water retention causes hyponatremia, because it dilutes the sodium.",
            ),
            Said(
                "hyponatremia results in increased entry of water into cells by osmosis",
                "hyponatremia", "increases", "entry of water",
                "Hyponatremia increases the entry of water, because the cells then hold more solutes than the blood.",
            ),
            Said(
                "The excess water causes swelling of the cells",
                "entry of water", "causes", "cell swelling", "Entry of water causes cell swelling, because the membranes stretch.",
            ),
            Said(
                "the swelling of neurons in the brain can result in brain damage or even death",
                "cell swelling", "causes", "brain damage", "Cell swelling causes brain damage, because the skull leaves no room.",
            ),
        ),),
    },
    {
        "insulin dysfunction": ("process", "a failure of the hormone that lowers sugar in the blood"),
        "diabetes mellitus": ("state", "a disease in which the body cannot keep the sugar in its blood at a normal level"),
        "blood glucose levels": ("quantity", "how much sugar the blood holds"),
        "blood vessel damage": ("process", "injury to the lining of arteries and veins"),
        "circulation": ("process", "the flow of blood through the body"),
        "fasting": ("process", "a time without food"),
        "glucagon secretion": ("process", "the release of a hormone of the alpha cells into the blood"),
        "glycogenolysis": ("process", "the conversion of stored starch of the liver into sugar"),
        "congestive heart failure": ("state", "a weakness of the pump of the blood, so that fluid gathers in the tissues"),
        "water retention": ("process", "the keeping back of fluid that the body would otherwise excrete"),
        "hyponatremia": ("state", "a shortage of sodium in the blood"),
        "entry of water": ("process", "the passage of fluid through the membrane of a cell"),
        "cell swelling": ("process", "the growth in volume of the smallest living parts of the body"),
        "brain damage": ("state", "a lasting injury to the organ of thought"),
    },
)  # fmt: skip
