"""Words by what they do in a noun phrase: degree, reference, plural, and how much a head noun says. Everything is lower case.

is_plural_noun("mitochondria"), cannot_be_head("soluble")        # True, True
"""

from __future__ import annotations

import re
from functools import lru_cache

from proda.extraction.rules.words import is_adverb
from proda.extraction.wordsets import word_set

# Adjectives that only the sentence at hand adds: they are no part of a term.
DEGREE = word_set(
    "high higher highest large larger largest great greater greatest strong stronger strongest increased increasing elevated more"
    " extra big bigger additional excessive sufficient enough severe intense significant considerable substantial rapid sudden gradual"
    " major main principal important key common typical particular certain different various new old good excellent better best"
    " powerful useful unique famous familiar classic possible many several some most all both each every any numerous two three four"
    " five six seven eight nine ten entire whole overall actual similar so-called well-known small tiny relatively very highly"
    " extremely increasingly quite long-term short-term serious dangerous harmful potent remarkable fairly widespread leading popular"
    " prominent notable vital crucial interesting efficient continuous permanent temporary dramatic marked profound slight mild much"
    " repeated frequent"
)
COMPARATIVES = word_set(
    "higher larger greater stronger more bigger lower less lesser fewer smaller weaker longer shorter faster slower better worse"
)
# They turn a concept into another one, so they stay in its term.
LESSENING = word_set(
    "low lower lowest less lesser reduced decreased decreasing fewer insufficient inadequate weak weaker poor poorer minimal"
)
# "The next stage": what the article points to stands in another sentence.
ANAPHORIC = word_set(
    "first second third fourth fifth next last previous final above following resulting remaining original latter former given"
    " particular entire whole main same new other current actual more most best only earlier later initial present proposed described"
    " corresponding respective specific different chosen appropriate total desired observed opposite exact correct right wrong single"
    " second-largest average expected extra additional subsequent certain overall excess"
)
# Single nouns that "the" makes unique without another sentence.
UNIQUE = word_set(
    "sun moon earth atmosphere ocean oceans sky universe cosmos heart brain liver kidney kidneys lung lungs stomach pancreas spleen"
    " skin bladder uterus placenta hypothalamus thalamus cerebellum cerebrum cerebral thyroid pituitary diaphragm aorta esophagus"
    " trachea larynx pharynx cornea retina iris pupil cochlea eye ear nose tongue mouth body blood bloodstream skeleton skull spine"
    " pelvis femur tibia humerus scapula clavicle sternum duodenum jejunum ileum colon rectum appendix gallbladder testes ovaries"
    " ovary prostate vagina cervix penis scrotum medulla pons midbrain hippocampus amygdala epidermis dermis hypodermis nephron"
    " glomerulus myocardium pericardium mitochondrion nucleus cytoplasm cytoskeleton nucleolus ribosome stratosphere troposphere"
    " mesosphere ionosphere biosphere hydrosphere lithosphere asthenosphere geosphere crust mantle core equator internet web economy"
    " government constitution senate congress president presidency judiciary legislature bible quran church renaissance enlightenment"
    " reformation holocaust crusades environment galaxy photosphere chromosphere corona sarcomere sarcolemma axon soma dendrite"
    " synapse myelin ego id superego self mind soul periosteum endosteum diaphysis epiphysis vertebrate cpu gpu kernel compiler"
    " interpreter"
)
# Quantities may drop "the": "increases the temperature".
QUANTITY_NOUNS = word_set(
    "temperature pressure volume speed velocity acceleration energy density concentration entropy resistance current voltage"
    " frequency wavelength amplitude viscosity humidity salinity acidity alkalinity ph solubility conductivity permeability"
    " productivity income wealth inflation unemployment employment output demand supply price prices wages consumption investment"
    " saving savings gdp metabolism appetite heartbeat breathing mortality fertility accuracy precision variance likelihood"
)
# Heads too general to be a concept by themselves.
GENERIC = word_set(
    "thing things way ways case cases example examples result results fact facts number numbers amount amounts type types kind kinds"
    " part parts set sets series group groups one ones other others reason reasons problem problems question questions effect effects"
    " change changes process processes factor factors condition conditions aspect aspects feature features role roles point points"
    " area areas level levels use uses value values idea ideas method methods approach approaches term terms word words name names"
    " step steps stage stages form forms concept concepts issue issues matter item items object objects situation situations event"
    " events outcome outcomes consequence consequences difference differences variety range lot lots piece pieces bit pair pairs"
    " combination combinations element elements component components unit units side sides end ends place places time times day days"
    " year years period periods moment person people man men woman women individual individuals student students reader readers author"
    " authors researcher researchers scientist scientists work works study studies evidence information data section chapter book text"
    " page figure table system systems structure structures model models measure measures source sources basis means tool tools"
    " activity activities action actions state states position positions circumstance circumstances sort sorts manner degree extent"
    " majority rest remainder total sum average maximum minimum half function functions relationship relationships product products"
    " response responses decision decisions choice choices option options property properties quality qualities quantity quantities"
    " increase increases decrease decreases rise fall reduction answer answers attempt benefit benefits advantage advantages"
    " disadvantage disadvantages importance need needs ability abilities line lines list lists body bodies field fields member members"
    " class classes category categories order direction goal goals purpose purposes topic subject subjects material materials"
    " substance substances difficulty difficulties challenge challenges solution solutions technique techniques plan plans rule rules"
    " characteristic characteristics phenomenon phenomena species sense variable variables parameter parameters argument arguments"
    " statement statements opportunity opportunities experience experiences conclusion definition description explanation reaction"
    " reactions mechanism mechanisms possibility possibilities world society country countries company companies community communities"
    " size shape nature layer layers branch branches graph graphs senses setting settings nation nations region regions leader leaders"
    " movement movements culture cultures family families patient patients client clients nurse nurses participant participants friend"
    " friends child children parent parents doing being having zero unity nothing addition equivalent strain strains"
)
# Relational nouns: their "of" phrase belongs to the term ("rate of reaction").
RELATIONAL = word_set(
    "rate law conservation theory degree loss lack absence release formation production breakdown concentration risk cost movement"
    " theorem principle strength speed center centre force moment coefficient modulus index point heat energy state density flow rule"
    " probability distribution function process study science method field area volume frequency velocity amount number level quantity"
    " price supply demand balance right freedom separation division declaration bill origin act age stage layer wall membrane surface"
    " destruction synthesis transport secretion absorption diffusion transfer development growth increase decrease rise reduction"
    " change decline fall presence activity action transmission availability accumulation removal inhibition contraction relaxation"
    " dilation constriction stimulation activation expansion use consumption burning combustion oxidation evaporation condensation"
    " mass weight length size depth width height shape structure composition properties temperature pressure power axis angle"
    " wavelength elasticity sense spread onset failure deficiency excess quality standard cycle series system type form measure ratio"
    " unit inflammation infection cancer disease injury damage death fear sensation perception feeling fusion fission decay collapse"
    " evolution discovery invention emergence introduction abolition adoption exchange sector branch philosophy capacity ability"
    " tendency resistance sensitivity response exposure access susceptibility permeability conversion displacement entry inclusion"
    " mobility protection exploitation enforcement passage sum product square reaction buildup build-up collection uptake intake load"
    " yield coat lifetime stock output input"
)
# Words that look like adjectives or adverbs at the head of a phrase, and words that cannot be a head.
NO_HEAD = word_set(
    "important available likely different common able possible necessary essential responsible similar present absent due more less"
    " most least very much many well high low large small long short good bad new old early late same other such first second last"
    " next own too so also just only even still not now then again ever enough quite rather almost already away back apart together"
    " alone dependent independent visible invisible active passive positive negative free open closed full empty equal greater higher"
    " lower larger smaller faster slower better worse true false clear evident difficult easy hard impossible unable subject worth"
    " aware unique multiple single double distinct separate certain various several whole entire proper improper normal abnormal"
    " stable unstable soluble insoluble toxic acidic basic neutral hot cold warm cool wet dry thick thin wide narrow deep shallow"
    " strong weak heavy light rich poor rare frequent constant successful effective efficient sufficient insufficient significant"
    " critical crucial vital safe dangerous harmful useful helpful careful unlikely human public private bound hidden broken driven"
    " shown grown thrown drawn born worn written spoken taken given known"
)
_ADJECTIVE = re.compile(r".*(?:ous|ful|less|able|ible|ish|est)$")
ADJECTIVE_NOUNS = word_set(
    "virus fungus nucleus focus bus interest test forest west harvest pest vest nest chest contrast breast forecast request quest"
    " conquest variable vegetable table cable syllable fable consumable collapse mess mass loss glass stress process access excess"
    " success class illness darkness weakness fitness wellness mouthful handful fish polish parish dish finish british english spanish"
    " irish rubbish priest guest crest arrest unrest protest manifest bequest east beast feast yeast roast coast boast cast blast past"
)
_S_SINGULAR = word_set(
    "physics mathematics economics genetics statistics mechanics dynamics thermodynamics electronics optics ethics politics"
    " linguistics kinetics acoustics electrostatics hydraulics aerobics diabetes series species lens gas bias mass glass bus virus"
    " basis analysis news always mars venus atlas canvas chaos cosmos pancreas pelvis thymus uterus rabies measles herpes scabies aids"
    " as has its is was this us yes plus thus christmas kansas texas arkansas athens paris james charles socrates hercules achilles"
    " hippocrates sclerosis tetanus syphilis arthritis tuberculosis pathos ethos logos ares hades homeostasis corps means biceps"
    " triceps forceps mumps shingles gallows innings headquarters pharmacokinetics pharmacodynamics bioethics metaphysics robotics"
    " logistics obstetrics pediatrics orthopedics semantics phonetics aesthetics athletics gymnastics civics hydrodynamics"
    " aerodynamics electrodynamics magnetohydrodynamics bioinformatics informatics epigenetics astrophysics biophysics geophysics"
    " statics macroeconomics microeconomics graphics analytics demographics tectonics"
)
_IRREGULAR_PLURALS = word_set(
    "men women children people feet teeth mice geese lice oxen bacteria mitochondria media criteria phenomena data strata spectra"
    " quanta ova atria ganglia cilia flagella septa fimbriae larvae algae vertebrae antennae nebulae supernovae formulae nuclei fungi"
    " alveoli stimuli cacti loci radii foci bacilli cocci bronchi villi microvilli gyri sulci calculi rami tubuli hyphae pupae archaea"
    " protozoa metazoa taxa genera vertices indices matrices appendices axes crises hypotheses analyses theses bases oases police"
    " cattle chromatids alumni syllabi addenda errata maxima minima continua capillaries leaves wolves lives knives halves shelves"
    " calves loaves trabeculae lamellae papillae fossae bursae conchae maxillae scapulae venae cristae thylakoids glomeruli canaliculi"
)
NUMBERS = word_set("two three four five six seven eight nine ten eleven twelve")


@lru_cache(65536)
def is_plural_noun(word: str) -> bool:
    """Whether a lower-case noun is plural in form: by its ending, with exceptions."""
    last = word.rpartition("-")[2] or word
    if last in _IRREGULAR_PLURALS:
        return True
    if last in _S_SINGULAR or not last.endswith("s") or len(last) < 3:
        return False
    return not last.endswith(("ss", "us", "is", "'s", "itis", "osis"))


# Nouns that say little without what they are directed at: "damage to blood vessels".
DIRECTED = {
    "to": word_set(
        "damage injury resistance exposure sensitivity response access adaptation susceptibility tolerance allergy harm barrier threat"
    ),
    "for": word_set("demand need risk competition search support capacity preference"),
    "in": word_set("change changes difference differences variation variations error errors confidence trust interest"),
    "between": word_set("difference differences competition interaction interactions relationship distance attraction friction"),
    "on": word_set("pressure effect effects impact dependence reliance attack tax"),
    "from": word_set("protection escape separation"),
}
_NAMING_AN_ACTION = re.compile(r".*(?:tion|sion|ment|ance|ence|ancy|ency|ity|ness|sis|ure|ship|age|ing|acy)s?$")


@lru_cache(65536)
def is_relational(word: str) -> bool:
    """Whether the "of" phrase after a lower-case noun belongs to its term: "rate of reaction", "overproduction of a hormone"."""
    return word in RELATIONAL or bool(_NAMING_AN_ACTION.match(word))


@lru_cache(65536)
def cannot_be_head(word: str) -> bool:
    """Whether a lower-case word cannot end a noun phrase: an adjective or participle by its form."""
    if word in NO_HEAD or is_adverb(word):
        return True
    if word.endswith("ed") and len(word) > 4 and word not in _ED_NOUNS and not word.endswith("eed"):
        return True
    return word not in ADJECTIVE_NOUNS and len(word) > 5 and bool(_ADJECTIVE.match(word)) and not word.endswith("ness")


_ED_NOUNS = word_set("seabed riverbed flatbed hundred infrared biped quadruped watershed bloodshed unwed hatred sacred shred newlywed")
