"""Verbs: forms, and the ones that are never nouns, by which a noun phrase is known to end. Everything is lower case.

verb("lead", past="led").third        # "leads"
"""

from __future__ import annotations

from proda.extraction.rules.words import AUXILIARIES
from proda.extraction.wordsets import word_set
from proda.records import Record

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
    " withstand work worsen write yield accelerate acidify activate adhere administer advance affirm aggregate align allocate"
    " alleviate amplify annex approach approve argue assemble assert assign assimilate attain augment authorize bend benefit bias"
    " bleed bond boost border breed broaden buffer bypass catalyze cease circulate cite clarify classify coat code cohere coincide"
    " collide combust comply compose comprise compress conceive concentrate condense confer confine conform confront constitute"
    " constrain construct consult contradict convey corrode corrupt crystallize culminate cultivate cure damage decay declare decode"
    " dedicate deepen defend define deflect deform degrade dehydrate delete depart deplete deploy deposit depress deprive derive"
    " designate desire detach deteriorate deviate devise diagnose dictate diffract diffuse digest diminish direct disable disappear"
    " discard discharge disclose discourage disperse displace disrupt dissipate distinguish distort distribute diverge diversify"
    " dominate drain drift eject elevate elicit embed embody emerge emigrate emphasize employ empower enact encapsulate encompass"
    " encounter endorse enlarge enrich enroll entail enumerate equal erode erupt evoke exacerbate exaggerate exceed excite exclude"
    " execute exemplify exert exhale exhibit exploit export expose extinguish facilitate fertilize flourish fluctuate forbid foster"
    " fracture fulfill fuse germinate glow grasp graze harden harm harvest hasten hydrate hydrolyze ignite immigrate imply import"
    " impose incline incorporate incur indicate induce infer inhabit inhale inherit inject injure innovate insert insist inspect"
    " inspire instruct insulate intensify intercept intersect invert involve ionize irradiate irritate isolate justify lag lessen"
    " liberate manifest manipulate merge metabolize mimic mine mislead mitigate mutate narrow navigate necessitate negate neglect"
    " negotiate nourish obey obscure oscillate outweigh overcome override oversee overwhelm penetrate perpetuate persuade pertain"
    " pollute portray possess postulate precede precipitate predispose prescribe presuppose prevail probe proclaim prohibit prolong"
    " propel propose prosper provoke publish purify pursue quantify radiate rebel recall reconcile reconstruct recycle redistribute"
    " refer refine refract refuse reign reinforce reject relate relieve remind render renew reorganize repel repress reside resume"
    " retrieve reverse revert revise revive rupture saturate scatter secure seize sense sever shape shed shorten signify simulate sink"
    " slide soften solidify spawn specify starve stem stiffen stipulate strive subject subtract succumb suggest suit summarize surge"
    " surpass surrender suspend sustain swallow swap swing symbolize tackle tailor tame terminate testify thicken threaten thrust"
    " tighten tolerate transcend transition trap traverse underlie undermine unfold unify unite uphold urge utilize vanish vaporize"
    " verify vibrate violate void wander warn weaken weigh widen wrap yearn"
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
    " moderate duplicate coordinate associate contribute-d tell-tale multiply-d present direct bond boost border breed buffer bypass"
    " coat code compress cure damage decay deposit desire discharge drain drift export import equal fuse glow grasp graze harm harvest"
    " inject lag mine narrow probe reverse rupture secure shed sink slide stem subject surge swap swing thrust trap transition void"
    " approach advance advocate bend benefit bias bleed fracture diffuse aggregate precipitate manifest incline isolate merge shrink"
    " suit exhibit recall rebel reign urge conjugate concentrate construct derivative mimic digest"
)
FINITE = FINITE | {f"{v}es" if v.endswith(("s", "x", "z", "ch", "sh", "o")) else f"{v[:-1]}ies" if v[-1:] == "y" and v[-2:-1] not in "aeiou"
                   else f"{v}s" for v in INFINITIVES - _NOUNS_TOO} | word_set(
    "demonstrates constitutes comprises exhibits entails encompasses"
)  # fmt: skip
PLAIN_VERBS = INFINITIVES - _NOUNS_TOO  # base forms that are neither nouns nor adjectives


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
