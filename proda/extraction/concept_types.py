"""The type of a concept, from its name: the head noun first, then its ending.

    type_of("rate of reaction")         "quantity"
    type_of("photosynthesis")           "process"

The types are those of the knowledge (`ConceptType`). A name that says nothing gives "entity".
"""

from __future__ import annotations

from functools import lru_cache

from proda.extraction.wordsets import word_set

_KINDS = (
    (
        "quantity",
        "rate price cost amount number volume mass weight length width height depth area speed velocity acceleration force energy"
        " pressure temperature density concentration frequency wavelength amplitude current voltage resistance power work heat"
        " momentum torque income wage demand supply output level ratio coefficient index constant variable probability variance mean"
        " median mode average score quantity charge potential flux intensity period angle distance size tax debt deficit budget dose"
        " dosage sum product value function fraction percentage",
    ),
    (
        "process",
        "process cycle growth metabolism synthesis respiration diffusion osmosis transport flow evolution decay fusion fission"
        " reaction pathway cascade replication division development trade production learning training breathing digestion",
    ),
    (
        "event",
        "war revolution election collision earthquake eruption crash attack collapse strike famine plague battle treaty crisis"
        " birth death fertilization ovulation accident explosion impulse failure",
    ),
    (
        "state",
        "disease disorder syndrome condition state phase equilibrium deficiency infection injury poverty peace pregnancy health"
        " depression anxiety pain fever unemployment inflation recession monopoly",
    ),
    (
        "phenomenon",
        "effect phenomenon wave pulse field resonance interference storm wind tide weather climate light sound rainbow symptom illusion",
    ),
    (
        "substance",
        "acid base salt water gas liquid metal alloy protein enzyme hormone drug medication vitamin mineral fat lipid sugar starch"
        " compound element oxide solution solvent polymer fluid oil blood plasma serum toxin antibody antigen ion molecule fuel soil"
        " ore fiber glucose insulin oxygen hydrogen carbon nitrogen sodium calcium steel antibiotic vaccine dna rna atp",
    ),
    (
        "structure",
        "cell tissue bone muscle nerve gland organ membrane wall vessel artery vein nucleus layer crystal lattice atom joint heart"
        " liver kidney brain lung stomach skin tube duct valve root leaf stem flower seed chromosome gene receptor axon dendrite"
        " synapse galaxy star planet moon crust mantle core basin ridge fault system tract cavity lobe skeleton spine ligament"
        " tendon cartilage body orbital bond shell ring network tree graph set matrix sequence",
    ),
    (
        "organism",
        "bacterium bacteria virus fungus fungi plant animal mammal bird fish insect reptile amphibian species microbe pathogen"
        " parasite algae archaea yeast human primate vertebrate invertebrate prokaryote eukaryote organism",
    ),
    (
        "agent",
        "king queen president minister judge nurse doctor physician worker consumer producer buyer seller voter citizen firm"
        " company leader teacher scientist philosopher person people patient child parent",
    ),
    (
        "institution",
        "government bank court congress senate parliament party union university school church market agency corporation hospital"
        " army police legislature bureaucracy state-owned organization association council committee",
    ),
    (
        "law",
        "law rule principle theorem equation formula constitution amendment act statute axiom",
    ),
    (
        "theory",
        "theory model hypothesis doctrine philosophy perspective paradigm ideology view",
    ),
    (
        "method",
        "method technique test analysis procedure algorithm therapy treatment surgery experiment survey assay spectroscopy"
        " microscopy chromatography approach strategy policy protocol diet intervention",
    ),
    (
        "property",
        "property elasticity conductivity solubility viscosity stability symmetry ability capacity color hardness strength"
        " sensitivity validity reliability trait characteristic quality",
    ),
    (
        "artefact",
        "machine engine pump device instrument tool computer program telescope microscope battery circuit transistor sensor"
        " detector bridge building vehicle car contract document book map language code data file string list loop variable money"
        " currency bond stock",
    ),
)
# Head noun → type; a noun of two kinds has the first.
_HEADS = {word: kind for kind, nouns in reversed(_KINDS) for word in nouns.split()}
_ENDINGS = (
    ("property", ("ability", "ibility", "icity", "ivity", "osity", "ness", "ility", "ity")),
    ("state", ("emia", "aemia", "itis", "osis", "pathy", "plegia", "algia", "uria", "oma", "ism")),
    ("process", ("tion", "sion", "ysis", "esis", "ation", "ing", "ification", "lysis", "ment", "ance", "ence")),
    ("theory", ("ology", "isms")),
    ("method", ("graphy", "scopy", "metry", "tomy", "plasty", "therapy")),
    ("substance", ("ine", "ase", "ose", "ide", "ate", "ite", "ium", "ol", "ene", "ane", "in")),
    ("agent", ("ist", "ists", "er", "ers", "or", "ors", "ian", "ians")),
    ("structure", ("cyte", "cytes", "plast", "some", "somes")),
    ("institution", ("ocracy", "archy")),
)  # fmt: skip
_PREPOSITIONS = word_set("of to in for between on from with at by")
_PROCESSES = word_set("photosynthesis mitosis meiosis osmosis hydrolysis glycolysis homeostasis electrolysis catalysis apoptosis")


@lru_cache(16384)
def type_of(term: str, *, known: bool = False) -> str:
    """The ConceptType that a name suggests; with `known`, "entity" unless the head noun itself is on the list."""
    words = term.casefold().replace("-", " ").split()
    head = next((words[i - 1] for i in range(1, len(words)) if words[i] in _PREPOSITIONS), words[-1])
    if words[0] in ("law", "theory", "principle", "theorem"):
        return _HEADS.get(words[0], "law")
    for form in (head, head.removesuffix("s"), head.removesuffix("es"), f"{head[:-3]}y" if head.endswith("ies") else head):
        if form in _HEADS:
            return _HEADS[form]
    if known:
        return "entity"
    if head in _PROCESSES:
        return "process"
    for kind, endings in _ENDINGS:
        if head.endswith(endings) and len(head) > 4:
            return kind
    return "entity"
