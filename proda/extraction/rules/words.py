"""Closed word classes of English, and forms of verbs. Everything is lower case.

verb("lead", past="led").third        "leads"
is_plural_noun("mitochondria")        True
"""

from __future__ import annotations

import re
from functools import lru_cache

from proda.extraction.wordsets import word_set
from proda.records import Record

ARTICLES = word_set("a an the")
DEMONSTRATIVES = word_set("this these that those such")
QUANTIFIERS = word_set("some many most several all both each every any numerous various certain multiple")
DENIERS = word_set("no neither nor few little none not never hardly rarely seldom scarcely barely without nothing cannot n't")
POSSESSIVES = word_set("its their his her our your my whose one's")
PRONOUNS = word_set(
    "it they he she them him itself themselves himself herself they're it's there here who whom what which whoever whatever something"
    " anything everything someone anyone everyone somebody one ones others another each-other"
)
PERSONAL = word_set(
    "i we you us me our your my ours yours mine ourselves yourself myself let let's we'll you'll we've you've you're we're i'm"
)
PREPOSITIONS = word_set(
    "of in on at by for from to with into onto upon within between among across through throughout over under above below during"
    " after before against toward towards around about along inside outside behind beyond near via per despite except besides beneath"
    " beside amid until till since off out up down versus than as like unlike concerning regarding amongst underneath"
)
CONJUNCTIONS = word_set(
    "and/or and or but nor yet so because although though while whereas if unless when whenever where wherever whether once that"
)
RELATIVES = word_set("that which who whom whose where when how why what")
BE_PRESENT = word_set("is are")
BE_PAST = word_set("was were")
BE = BE_PRESENT | BE_PAST | word_set("be been being am")
HAVE = word_set("has have had having")
DO = word_set("does do did")
MODALS = word_set("can could may might will would shall should must ought cannot can't couldn't won't wouldn't shouldn't mustn't")
POSSIBLE = word_set("can")  # carried as a condition
DOUBTFUL = word_set("could may might would shall should must ought")  # not stated
AUXILIARIES = BE | HAVE | DO | MODALS

# Adverbs that may stand inside a verb group and change nothing, and those that limit how often it holds.
PLAIN_ADVERBS = word_set(
    "also then thus therefore thereby hence directly indirectly immediately eventually ultimately finally subsequently effectively"
    " actually clearly consequently itself simply basically essentially naturally spontaneously significantly substantially greatly"
    " strongly considerably dramatically sharply rapidly quickly slowly gradually markedly further automatically normally continuously"
    " constantly inevitably necessarily always physically chemically biologically additionally furthermore drastically steadily"
    " primarily mainly chiefly largely principally collectively together thereafter profoundly severely readily easily temporarily"
    " permanently specifically only still now even both either later initially soon powerfully heavily similarly selectively actively"
    " structurally functionally anatomically positively negatively accordingly otherwise nevertheless nonetheless however meanwhile"
)
CHANGING_ADVERBS = word_set(
    "only positively negatively still now even later otherwise both either similarly initially"
)  # the claim is not plain
OFTEN = {
    "usually": "in most cases", "typically": "in most cases", "generally": "in most cases", "commonly": "in many cases",
    "often": "in many cases", "frequently": "in many cases", "sometimes": "in some cases", "occasionally": "in some cases",
    "mostly": "in most cases", "normally": "in most cases",
}  # fmt: skip
DOUBT = word_set(
    "perhaps possibly probably likely unlikely maybe seem seems seemed appear appears appeared suggest suggests suggested believe"
    " believes believed thought think thinks supposedly allegedly reportedly apparently presumably hypothetical hypothesized"
    " hypothesize speculate speculated argue argues argued claim claims claimed propose proposes proposed assume assumes assumed"
    " assuming suppose supposed imagine consider tend tends tended partly partially relatively seemingly arguably ostensibly"
    " purportedly potentially"
)
# Words that point outside the sentence.
POINTING = word_set(
    "this these those here there above below former latter following previous previously preceding aforementioned another other"
    " others such too likewise instead otherwise figure fig eq respectively today yesterday tomorrow recently currently nowadays ago"
    " yet same"
)
# Adjectives that only the sentence at hand adds: they are no part of a term.
DEGREE = word_set(
    "high higher highest large larger largest great greater greatest strong stronger strongest increased increasing elevated more"
    " extra big bigger additional excessive sufficient enough severe intense significant considerable substantial rapid sudden gradual"
    " major main principal important key common typical particular certain different various new old good excellent better best"
    " powerful useful unique famous familiar classic possible many several some most all both each every any numerous multiple two"
    " three four five six seven eight nine ten entire whole overall actual similar so-called well-known small tiny relatively very"
    " highly extremely increasingly quite long-term short-term serious dangerous harmful potent remarkable fairly widespread leading"
    " popular prominent notable vital crucial interesting efficient continuous permanent temporary dramatic marked profound slight"
    " mild"
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
    " combined second-largest average expected extra additional subsequent certain overall"
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
    " friends child children parent parents"
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
    " mobility protection exploitation enforcement passage sum product square reaction buildup build-up collection"
)
# Finite verbs that are never nouns; a noun phrase cannot hold them.
FINITE = AUXILIARIES | word_set(
    "becomes became begins began comes came gives gave gets got goes went makes made takes took sees saw says said knows knew thinks"
    " keeps kept lets seems appears remains includes contains consists occurs happens happen provides allows requires depends"
    " describes represents involves follows refers helps moves leads produces brings brought feels felt finds found holds held tells"
    " told believes creates decides defines differs eliminates enables ensures enters establishes exists expects explains gains"
    " generates grows grew identifies ignores illustrates implies improves indicates introduces learns leaves loses lost maintains"
    " means meets obtains opens performs persists predicts prefers prevents promotes proposes protects proves puts reaches reacts"
    " receives recognizes reduces reflects relates relies removes replaces resides resists reveals rises rose runs ran selects sends"
    " sent separates serves shows showed shrinks sits solves speaks stands stood starts stays stimulates suffers suggests supplies"
    " surrounds survives teaches tends thrives transports travels treats turns understands varies wants wins wore works writes wrote"
    " consist exist occur include contain depend require provide allow become begin occurred existed belongs belong combine combines"
    " carries carry binds bind breaks broke adds applies apply argues arises arise arose asks attaches attracts avoids behaves builds"
    " built calculates chooses chose collects compares compute computes converts corresponds covers crosses decomposes delivers"
    " derives derive describe destroys detects develops develop devises digests displays dissolves distinguishes eats emits encourages"
    " engages equals erodes evaluates evolves excretes exerts experiences expands extends faces fails falls feeds fights fills fits"
    " forces gathers governs guides helped hydrolyzes inhibits inherits inserts interacts interact interprets invades joins lacks lies"
    " lived lives lowers matches migrates mimics obeys observes offers operates owns participates pays penetrates permits plays"
    " possesses precedes preserves proceeds processes pulls pushes raises reads regulates rejects remembers repels resembles returns"
    " rotates satisfies saves secretes seeks settles shifts slows sounds spreads stems stores strikes supposes swells switches"
    " synthesizes transfers transforms transmits triggers undergoes undergo uses used utilizes violates wait absorbs accelerates"
    " accepts accompanies accounts achieves acquires activates acts affects affect agrees aims alters"
)
# Verbs that follow "to"; other words after "to" are read as nouns.
INFINITIVES = word_set(
    "abandon absorb accept access accomplish account achieve acquire act adapt add address adjust adopt affect aggravate aid allow"
    " alter analyze answer appear apply arrange ask assess assist assume attach attack attract avoid balance be become begin behave"
    " believe bind block boil break breathe bring build burn buy calculate call carry catch cause change charge check choose clean"
    " climb close collapse collect combat combine come communicate compare compete compensate complete compute conduct confirm connect"
    " conserve consider consume contain continue contract contribute control convert cool cope copy correct cover create cross cut"
    " deal decide decline decompose decrease deliver demonstrate deny depend describe destroy detect determine develop die differ"
    " differentiate dilate discover discuss display dissolve divide do draw drink drive drop earn eat eliminate emit enable encode"
    " encourage end enforce engage enhance ensure enter escape establish estimate evaluate evaporate evolve examine exchange excrete"
    " exist expand expect experience explain explore express extend extract face fail fall feed feel fight fill find fire fit fix flee"
    " float flow focus fold follow form freeze function gain generate get give go govern grow handle have heal hear help hide hold"
    " identify ignore illustrate implement improve include increase infect influence inform inhibit initiate interact interfere"
    " introduce invade invest investigate join keep kill know lead learn leave lie lift limit link live locate look lose lower"
    " lubricate maintain make manage manufacture mature maximize measure meet melt migrate minimize mobilize modify monitor move"
    " multiply need neutralize note obtain occur offer open operate oppose organize oxidize participate pass pay perceive perform"
    " permit persist place play pose predict prepare preserve prevent proceed process produce promote propagate protect prove provide"
    " pump purchase push put raise reach react read receive recognize recover recruit reduce reflect regain regulate relax release"
    " rely remain remember remove repair repeat replace replicate represent reproduce require resemble resist resolve respond rest"
    " restore result retain return reveal rise rotate run save say search secrete see seek select sell send separate serve set settle"
    " share shift show shrink signal simplify sit sleep slow solve speak speed spend split spread stabilize stand start stay steal"
    " stimulate stop store strengthen stretch strike study submit succeed suffer supply support suppress surround survive swell swim"
    " switch synthesize take talk target teach tell tend test think thrive track trade train transcribe transfer transform translate"
    " transmit transport travel treat trigger try turn undergo understand use vary view visit vote walk want warm wear win withdraw"
    " withstand work worsen write yield"
)
# Of these, the ones whose third person is a plural noun as well: "forms", "limits".
_NOUNS_TOO = word_set(
    "abandon access account act address aid answer attack balance block boil break burn call catch cause challenge change charge"
    " check climb close combat compound conduct contact contract control copy cover cut deal decline decrease delay demand display"
    " divide draw drink drop echo end escape estimate exchange experience express extract face fall feed fight fill find fire fit flow"
    " focus fold form function gain grow guide hand heat help hold impact increase influence interest judge kick kill lead leave lie"
    " lift limit link load look lower measure move need note object offer pass place plan plant play point practice process produce"
    " progress project promise pump purchase push question range rate reach read record release remain repair repeat report request"
    " rest result return reveal rise run sail save search sense set shape share shift show signal sleep slow sound speed split spread"
    " stand start stay step stop store stretch strike study supply support surround swim switch talk target taste teach test think"
    " trace track trade train transfer transform transport travel treat trigger try turn use value view visit vote walk want warm"
    " watch wear win wish work yield strengthen fix float open freeze filter cycle count cost carry cross lack matter mean model name"
    " order sample state stress structure surface live complete separate mature correct clean lubricate adopt elaborate alternate"
    " moderate duplicate coordinate associate contribute-d tell-tale multiply-d present direct"
)
FINITE = FINITE | {f"{v}es" if v.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{v[:-1]}ies" if v[-1:] == "y" and v[-2:-1] not in "aeiou"
                   else f"{v}s" for v in INFINITIVES - _NOUNS_TOO} | word_set(
    "demonstrates constitutes comprises exhibits entails encompasses"
)  # fmt: skip
PLAIN_VERBS = INFINITIVES - _NOUNS_TOO  # base forms that are neither nouns nor adjectives
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
    " critical crucial vital safe dangerous harmful useful helpful careful unlikely human public private"
)
_ADJECTIVE = re.compile(r".*(?:ous|ful|less|able|ible|ish|est)$")
ADJECTIVE_NOUNS = word_set(
    "virus fungus nucleus focus bus interest test forest west harvest pest vest nest chest contrast breast forecast request quest"
    " conquest variable vegetable table cable syllable fable consumable collapse mess mass loss glass stress process access excess"
    " success class illness darkness weakness fitness wellness mouthful handful fish polish parish dish finish british english spanish"
    " irish rubbish priest guest crest arrest unrest protest manifest bequest east beast feast yeast roast coast boast cast blast past"
)
# Adverbs end in "-ly", and these do too.
NOT_ADVERBS = word_set(
    "family assembly supply anomaly monopoly butterfly fly jelly belly ally reply july italy early daily friendly elderly likely only"
    " monthly weekly yearly living-ly oligopoly homily lily bully folly rally tally holy ugly hilly curly costly deadly lively homely"
    " lonely lovely orderly scholarly bodily timely worldly duopoly panoply poly gully doily multiply apply comply imply rely sly"
)
_S_SINGULAR = word_set(
    "physics mathematics economics genetics statistics mechanics dynamics thermodynamics electronics optics ethics politics"
    " linguistics kinetics acoustics electrostatics hydraulics aerobics diabetes series species lens gas bias mass glass bus virus"
    " basis analysis news always mars venus atlas canvas chaos cosmos pancreas pelvis thymus uterus rabies measles herpes scabies aids"
    " as has its is was this us yes plus thus christmas kansas texas arkansas athens paris james charles socrates hercules achilles"
    " hippocrates sclerosis tetanus syphilis arthritis tuberculosis pathos ethos logos ares hades homeostasis corps means biceps"
    " triceps forceps mumps shingles gallows innings headquarters"
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
    return not last.endswith(("ss", "us", "is", "'s", "ics", "itis", "osis"))


_NAMING_AN_ACTION = re.compile(r".*(?:tion|sion|ment|ance|ence|ancy|ency|ity|ness|sis|ure|ship|age|ing|acy)s?$")


@lru_cache(65536)
def is_relational(word: str) -> bool:
    """Whether the "of" phrase after a lower-case noun belongs to its term: "rate of reaction", "overproduction of a hormone"."""
    return word in RELATIONAL or bool(_NAMING_AN_ACTION.match(word))


@lru_cache(65536)
def is_adverb(word: str) -> bool:
    """Whether a lower-case word is an adverb by its ending, or one of the adverbs of verb groups."""
    return word in PLAIN_ADVERBS or word in OFTEN or (word.endswith("ly") and len(word) > 4 and word not in NOT_ADVERBS)


@lru_cache(65536)
def cannot_be_head(word: str) -> bool:
    """Whether a lower-case word cannot end a noun phrase: an adjective or participle by its form."""
    if word in NO_HEAD or is_adverb(word):
        return True
    if word.endswith("ed") and len(word) > 4 and word not in _ED_NOUNS and not word.endswith(("eed", "bed")):
        return True
    return word not in ADJECTIVE_NOUNS and len(word) > 5 and bool(_ADJECTIVE.match(word)) and not word.endswith("ness")


_ED_NOUNS = word_set("hundred infrared biped quadruped watershed bloodshed unwed hatred sacred shred newlywed embed")


class VerbForms(Record, frozen=True):
    """The forms of a verb."""

    base: str
    third: str
    past: str
    participle: str
    gerund: str


def verb(base: str, *, third: str = "", past: str = "", participle: str = "", gerund: str = "") -> VerbForms:
    """The forms of a verb, regular where not given."""
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        regular = f"{base}es"
    elif base.endswith("y") and base[-2] not in "aeiou":
        regular = f"{base[:-1]}ies"
    else:
        regular = f"{base}s"
    if base.endswith("e"):
        ed, ing = f"{base}d", f"{base[:-1]}ing"
    elif base.endswith("y") and base[-2] not in "aeiou":
        ed, ing = f"{base[:-1]}ied", f"{base}ing"
    else:
        ed, ing = f"{base}ed", f"{base}ing"
    return VerbForms(base, third or regular, past or ed, participle or past or ed, gerund or ing)
