"""Closed word classes of English, and adverbs. Everything is lower case.

is_adverb("rapidly"), is_adverb("supply")        # True, False
"""

from __future__ import annotations

from functools import lru_cache

from proda.extraction.wordsets import word_set

ARTICLES = word_set("a an the")
DEMONSTRATIVES = word_set("this these that those such")
QUANTIFIERS = word_set("much some many most several all both each every any numerous various certain")
DENIERS = word_set("no neither nor few little none not never hardly rarely seldom scarcely barely without nothing cannot n't")
POSSESSIVES = word_set("its their his her our your my whose one's")
PRONOUNS = word_set(
    "i it they he she them him itself themselves himself herself they're it's there here who whom what which whoever whatever"
    " something anything everything someone anyone everyone somebody one ones others another each-other"
)
PERSONAL = word_set(
    "we you us me our your my ours yours mine ourselves yourself myself let let's we'll you'll we've you've you're we're i'm"
)
PREPOSITIONS = word_set(
    "according of in on at by for from to with into onto upon within between among across through throughout over under above below"
    " during after before against toward towards around about along inside outside behind beyond near via per despite except besides"
    " beneath beside amid until till since off out up down versus than as like unlike concerning regarding amongst underneath"
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
    "so also then thus therefore thereby hence directly indirectly immediately eventually ultimately finally subsequently effectively"
    " actually clearly consequently itself simply basically essentially naturally spontaneously significantly substantially greatly"
    " strongly considerably dramatically sharply rapidly quickly slowly gradually markedly further automatically normally continuously"
    " constantly inevitably necessarily always physically chemically biologically additionally furthermore drastically steadily"
    " primarily mainly chiefly largely principally collectively together thereafter profoundly severely readily easily temporarily"
    " permanently specifically only still now even both either later initially soon powerfully heavily similarly selectively actively"
    " structurally functionally anatomically positively negatively accordingly otherwise nevertheless nonetheless however meanwhile"
)
CHANGING_ADVERBS = word_set(
    "then only positively negatively still now even later otherwise both either similarly initially"
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
# Adverbs end in "-ly", and these do too.
NOT_ADVERBS = word_set(
    "family assembly supply anomaly monopoly butterfly fly jelly belly ally reply july italy early daily friendly elderly likely only"
    " monthly weekly yearly living-ly oligopoly homily lily bully folly rally tally holy ugly hilly curly costly deadly lively homely"
    " lonely lovely orderly scholarly bodily timely worldly duopoly panoply poly gully doily multiply apply comply imply rely sly"
)


@lru_cache(65536)
def is_adverb(word: str) -> bool:
    """Whether a lower-case word is an adverb by its ending, or one of the adverbs of verb groups."""
    return word in PLAIN_ADVERBS or word in OFTEN or (word.endswith("ly") and len(word) > 4 and word not in NOT_ADVERBS)
